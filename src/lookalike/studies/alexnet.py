"""The claims of the study of AlexNet: its parts, ReLU against tanh, small filters and depth."""

from lookalike.artifacts.seed_findings import SeedFindings
from lookalike.claims.claim import Claim, Rule, Test, above, below
from lookalike.claims.measures import alone, mean_of_seeds, more_accurate, of_explanation, times_longer
from lookalike.claims.quantities import SeedValue, look_alikes_among, seed_value

STUDY = "alexnet"
PARTS = {
    "normalisation": "alexnet-nolrn",
    "dropout": "alexnet-nodropout",
    "cropping and mirroring": "alexnet-noaug",
}
POINT = 0.01
HALF_A_POINT = 0.005  # the smallest difference of accuracies that matters


def rise(seed: SeedFindings, field: str) -> SeedValue | None:
    """A figure of the last convolution minus that of the first; None where one of them is not known."""
    if not seed.depth:
        return None
    figures = (getattr(row, field) for row in (seed.depth[0], seed.depth[-1]))
    first, last = (SeedValue(one) if isinstance(one, float) else seed_value(one) for one in figures)
    if first is None or last is None:
        return None
    return SeedValue(last.value - first.value, first.image_variance + last.image_variance)


def by_depth(key: str, words: str, field: str, *, rises: bool) -> Test:
    """The test of whether a figure rises or falls from AlexNet's first convolution to its last."""
    return Test(
        key,
        f"{words}, last convolution of alexnet minus first",
        above(5 * POINT) if rises else below(-5 * POINT),
        mean_of_seeds(of_explanation(lambda seed: rise(seed, field)), "alexnet"),
        ("alexnet",),
        f"from the first to the last convolution the {words} rises|falls by {{}}",
    )


def look_alikes_test(answers: int) -> Test:
    """The test of whether look-alikes are frequent among AlexNet's wrong answers."""
    return Test(
        f"top {answers}",
        f"share of look-alikes among the wrong ones of alexnet's {answers} most probable classes, minus their share "
        "among all other classes",
        above(5 * POINT),
        alone("alexnet", look_alikes_among(answers)),
        ("alexnet",),
        f"among the wrong ones of {answers} answers look-alikes are {{}} more|less frequent than by chance",
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
        (look_alikes_test(2), look_alikes_test(5)),
    ),
)
