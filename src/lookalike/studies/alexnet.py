"""The claims of the study of AlexNet: its parts, ReLU against tanh, small filters and depth."""

from lookalike.artifacts.explanations import LayerReadout
from lookalike.claims.claim import Claim, Rule, Test, above, below
from lookalike.claims.evidence import StudyEvidence
from lookalike.claims.measures import Measure, alone, figure, more_accurate, of_every_seed, times_longer
from lookalike.claims.quantities import Figure, figure_of, look_alikes_among

STUDY = "alexnet"
PARTS = {
    "normalisation": "alexnet-nolrn",
    "dropout": "alexnet-nodropout",
    "cropping and mirroring": "alexnet-noaug",
}
POINT = 0.01
HALF_A_POINT = 0.005  # the smallest difference of accuracies that matters


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
        "H3",
        STUDY,
        "ReLU is several times faster than tanh to a training error of 25 %.",
        "figure 1 of the AlexNet paper",
        "about 7 times (the paper: 6)",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "6f8b40877017"),  # its variants were renamed since
        (
            Test(
                "",
                "epochs to 25 % training error, four-layer-tanh as a multiple of four-layer-relu",
                above(2),
                times_longer("four-layer-tanh", "four-layer-relu", 0.25),
                ("four-layer-relu", "four-layer-tanh"),
                "tanh takes {} as many epochs as ReLU",
                scale="times",
            ),
        ),
    ),
    Claim(
        "H4",
        STUDY,
        "Local response normalisation, dropout and cropping each help AlexNet.",
        "description of AlexNet",
        "no number",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "73da9bbd122a"),
        tuple(more_accurate("alexnet", without, HALF_A_POINT, part) for part, without in PARTS.items()),
    ),
    Claim(
        "H5",
        STUDY,
        "Stacked small filters do better than one large filter.",
        "text on the size of filters",
        "no number",
        Rule("2026-11-29", "7bfe933", "no", "9774d8a44e83"),
        (more_accurate("cnn-3x3-3x3", "cnn-5x5", HALF_A_POINT),),
    ),
    Claim(
        "H6",
        STUDY,
        "Deeper layers respond to more complex, class-related things.",
        "pictures of what filters of layers 1, 3 and 5 respond to",
        "edges and blobs, textures, parts, classes",
        Rule("2026-11-29", "7bfe933", "no", "e35a9d38cebf"),
        (
            by_depth("classes", "accuracy of a linear probe of the class", "probe_accuracy", rises=True),
            by_depth("selectivity", "selectivity of channels for a class", "class_selectivity", rises=True),
            by_depth("orientation", "accuracy of a linear probe of orientation", "orientation_decoded", rises=False),
            by_depth("colour", "accuracy of a linear probe of colour", "colour_decoded", rises=False),
        ),
    ),
    Claim(
        "H8",
        STUDY,
        "The other answers among AlexNet's top five are look-alikes of the true class.",
        "AlexNet's eight images",
        "leopard: jaguar, cheetah",
        Rule("2026-11-29", "7bfe933", "no", "25c21fba3b94"),
        (among(2), among(5)),
    ),
)
