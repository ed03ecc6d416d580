"""The claims of the study from LeNet to AlexNet."""

from lookalike.artifacts.explanations import LayerReadout
from lookalike.claims.claim import Claim, Test, above, below, within
from lookalike.claims.evidence import StudyEvidence
from lookalike.claims.measures import Measure, alone, figure, gain, of_every_seed, times_longer
from lookalike.claims.quantities import (
    Figure,
    Terms,
    accuracy_lost,
    error,
    figure_of,
    look_alikes_among,
    lost_by_shift,
)

DIGITS, OBJECTS = "lenet", "alexnet"  # the study's two parts in the parameters
PARTS = {
    "normalisation": "alexnet-nolrn",
    "dropout": "alexnet-nodropout",
    "cropping and mirroring": "alexnet-noaug",
}
POINT = 0.01
HALF_A_POINT = 0.005  # the smallest difference of accuracies that matters
QUARTER_POINT = 0.0025  # the same where errors are about one percent
TENTH = 0.1  # of the accuracy: what may be lost by a network that holds up
FAMILIES = {  # of corruptions; the first two are what the source shows
    "noise": ("gaussian noise", "shot noise", "impulse noise"),
    "distortion": ("rotate", "shear", "scale", "translate"),
    "blur": ("blur", "motion blur"),
    "light": ("brightness", "contrast"),
    "covering": ("zigzag", "occlusion"),
}
SHOWN = ("noise", "distortion")
SHIFT = 4  # pixels, a seventh of the width


def loss(network: str, terms: Terms, cause: str, *, control: bool = False) -> Test:
    """The test of whether a network loses less than a tenth of its accuracy."""
    return Test(
        f"{network}, {cause}",
        f"share of its accuracy that {network} loses by {cause}",
        below(TENTH),
        alone(network, terms),
        (network,),
        f"{network} loses {{}} of its accuracy by {cause}",
        scale="percent",
        control=control,
    )


def under(family: str) -> tuple[Test, Test]:
    """The tests of how LeNet-5 holds up under a family of corruptions, and mnist-net beside it."""
    terms, control = accuracy_lost(FAMILIES[family]), family not in SHOWN
    return loss("lenet5", terms, family, control=control), loss("mnist-net", terms, family, control=True)


def better(first: str, second: str, least: float, key: str = "") -> Test:
    """The test of whether one variant is more accurate than another by more than `least`."""
    return Test(
        key,
        f"test accuracy, {first} minus {second}",
        above(least),
        gain(first, second),
        (first, second),
        f"{first} is {{}} more accurate than {second}",
        f"{first} is {{}} less accurate than {second}",
    )


def read_out(name: str, field: str) -> Measure:
    """By how much a figure of the layers is larger at the last convolution than at the first."""

    def figures(study: StudyEvidence, variant: str) -> list[Figure] | None:
        explanation = study.explanations.get(variant)
        layers = [seed.depth for seed in explanation.seeds] if explanation else []
        return of_every_seed([rise(rows, field) if rows else None for rows in layers])

    return figure(name, figures)


def rise(rows: tuple[LayerReadout, ...], field: str) -> Figure | None:
    """The figure of the last layer minus that of the first; None where it is not known."""
    first, last = (getattr(row, field) for row in (rows[0], rows[-1]))
    if first is None or last is None:
        return None
    one, other = (Figure(value) if isinstance(value, float) else figure_of(value) for value in (first, last))
    return Figure(other.value - one.value, one.image_variance + other.image_variance)


def by_depth(key: str, words: str, field: str, *, rises: bool) -> Test:
    """The test of whether a figure rises or falls from AlexNet's first convolution to its last."""
    return Test(
        key,
        f"{words}, last convolution of alexnet minus first",
        above(5 * POINT) if rises else below(-5 * POINT),
        read_out("alexnet", field),
        ("alexnet",),
        f"from the first to the last convolution the {words} rises by {{}}",
        f"from the first to the last convolution the {words} falls by {{}}",
    )


def among(answers: int) -> Test:
    """The test of whether look-alikes are frequent among AlexNet's wrong answers."""
    return Test(
        f"top {answers}",
        f"share of look-alikes among the wrong ones of alexnet's {answers} most probable classes, minus their share "
        "among all other classes",
        above(5 * POINT),
        alone("alexnet", look_alikes_among(answers)),
        ("alexnet",),
        f"among the wrong ones of {answers} answers look-alikes are {{}} more frequent than by chance",
        f"among the wrong ones of {answers} answers look-alikes are {{}} less frequent than by chance",
    )


CLAIMS = (
    Claim(
        "H1",
        DIGITS,
        "LeNet-5 reaches about 1 % test error.",
        "learning curve",
        "0.95 % after about 10 epochs",
        (
            Test(
                "",
                "test error of lenet5",
                within(QUARTER_POINT, of=0.0095),
                alone("lenet5", error),
                ("lenet5",),
                "lenet5 gets {} of the test images wrong",
                scale="percent",
            ),
        ),
    ),
    Claim(
        "H2",
        DIGITS,
        "LeNet-5 holds up under noise and distortion.",
        "outputs of every layer for distorted digits",
        "pictures",
        tuple(test for family in FAMILIES for test in under(family)),
    ),
    Claim(
        "H3",
        OBJECTS,
        "ReLU is several times faster than tanh to a training error of 25 %.",
        "figure 1 of the AlexNet paper",
        "about 7 times (the paper: 6)",
        (
            Test(
                "",
                "epochs to 25 % training error, race-tanh as a multiple of race-relu",
                above(2),
                times_longer("race-tanh", "race-relu", 0.25),
                ("race-relu", "race-tanh"),
                "tanh takes {} as many epochs as ReLU",
                scale="times",
            ),
        ),
    ),
    Claim(
        "H4",
        OBJECTS,
        "Local response normalisation, dropout and cropping each help AlexNet.",
        "description of AlexNet",
        "no number",
        tuple(better("alexnet", without, HALF_A_POINT, part) for part, without in PARTS.items()),
    ),
    Claim(
        "H5",
        OBJECTS,
        "Stacked small filters do better than one large filter.",
        "text on the size of filters",
        "no number",
        (better("cnn-3x3-3x3", "cnn-5x5", HALF_A_POINT),),
    ),
    Claim(
        "H6",
        OBJECTS,
        "Deeper layers respond to more complex, class-related things.",
        "pictures of what filters of layers 1, 3 and 5 respond to",
        "edges and blobs, textures, parts, classes",
        (
            by_depth("classes", "accuracy of a linear probe of the class", "probe_accuracy", rises=True),
            by_depth("selectivity", "selectivity of channels for a class", "class_selectivity", rises=True),
            by_depth("orientation", "accuracy of a linear probe of orientation", "orientation_decoded", rises=False),
            by_depth("colour", "accuracy of a linear probe of colour", "colour_decoded", rises=False),
        ),
    ),
    Claim(
        "H7",
        DIGITS,
        "Convolutional networks recognise objects that are not in the centre.",
        "AlexNet's eight images; shared weights and subsampling",
        "pictures",
        (
            loss("lenet5", lost_by_shift(SHIFT), f"a shift of {SHIFT} pixels"),
            Test(
                "against mnist-mlp",
                f"share of its accuracy that each loses by a shift of {SHIFT} pixels, mnist-mlp minus lenet5",
                above(TENTH),
                gain("mnist-mlp", "lenet5", lost_by_shift(SHIFT)),
                ("mnist-mlp", "lenet5"),
                "mnist-mlp loses {} more of its accuracy than lenet5",
                "mnist-mlp loses {} less of its accuracy than lenet5",
            ),
        ),
    ),
    Claim(
        "H8",
        OBJECTS,
        "The other answers among AlexNet's top five are look-alikes of the true class.",
        "AlexNet's eight images",
        "leopard: jaguar, cheetah",
        (among(2), among(5)),
    ),
    Claim(
        "H9",
        DIGITS,
        "A convolutional network beats a fully connected one because it uses spatial structure.",
        "text: a fully connected network loses spatial information",
        "no number",
        (
            better("lenet5", "mnist-mlp", HALF_A_POINT, "as they are"),
            Test(
                "permuted",
                "test accuracy after one fixed permutation of all pixels, lenet5-permuted minus mnist-mlp-permuted",
                below(HALF_A_POINT),
                gain("lenet5-permuted", "mnist-mlp-permuted"),
                ("lenet5-permuted", "mnist-mlp-permuted"),
                "with permuted pixels lenet5 is {} more accurate than mnist-mlp",
                "with permuted pixels lenet5 is {} less accurate than mnist-mlp",
            ),
        ),
    ),
    Claim(
        "H10",
        DIGITS,
        "LeNet-5 is better than the earlier network with 4 and 12 feature maps.",
        "history of LeNet",
        "no number (LeCun et al. 1998: 0.95 against 1.7 % test error)",
        (better("lenet5", "lenet1", QUARTER_POINT),),
    ),
)
