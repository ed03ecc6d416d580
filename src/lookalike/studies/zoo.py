"""The claims of the study of model families on photographs, one of which is about all studies."""

from lookalike.claims.claim import Claim, Rule, Test, above
from lookalike.claims.evidence import Evidence
from lookalike.claims.measures import corrected, counted, gain, mean_of_seeds, most, of_history
from lookalike.evaluation.histories import training_error

STUDY = "zoo"
POINT = 0.005  # the smallest difference of accuracies that matters
EQUAL = 0.02  # accuracy that may be lost where a cheaper network is to be as good
KINDS_AND_SIZES = (  # a transformer and a convolutional network on the same data
    ("fashion-vit", "fashion-cnn"),
    ("fashion-vit-10pct", "fashion-cnn-10pct"),
    ("fashion-vit-1pct", "fashion-cnn-1pct"),
    ("zoo-vit", "zoo-resnet"),
)
DATA = "all, a tenth and a hundredth of Fashion-MNIST, and photographs"


def leads_somewhere(ahead: str, behind: str, *, transformer_first: bool) -> Test:
    """The test of whether one family leads on some data."""
    pairs = [pair if transformer_first else pair[::-1] for pair in KINDS_AND_SIZES]
    return Test(
        f"a {ahead} leads somewhere",
        f"accuracy, a {ahead} minus a {behind}, where that is most ({DATA})",
        above(POINT),
        most(*(gain(*pair) for pair in pairs)),
        tuple(name for pair in KINDS_AND_SIZES for name in pair),
        f"at best a {ahead} is {{}} more|less accurate than a {behind}",
    )


def separable_saving(evidence: Evidence) -> float | None:
    """How many times the multiply-accumulates of a separable convolution a plain one takes: the least over layers."""
    ratios = [row["standard"]["macs"] / row["separable"]["macs"] for row in evidence.costs.get("separable", ())]
    return min(ratios, default=None)


def bottleneck_saving(evidence: Evidence) -> float | None:
    """How many times the multiply-accumulates of a bottleneck what it replaces takes: the least over designs."""
    ratios = [row["plain"]["macs"] / row["reduced"]["macs"] for row in evidence.costs.get("designs", ())]
    return min(ratios, default=None)


def cheaper(idea: str, name: str) -> Test:
    """The test of whether the family that an idea belongs to is as accurate as one that costs more."""
    return Test(
        idea,
        f"accuracy of {name}, which takes fewer multiply-accumulates, minus that of zoo-resnet",
        above(-EQUAL),
        gain(name, "zoo-resnet"),
        (name, "zoo-resnet"),
        f"{name} is {{}} more|less accurate than zoo-resnet",
    )


CLAIMS = (
    Claim(
        "Z1",
        STUDY,
        "Neither CNNs nor transformers always win: it depends on the kind and size of the data.",
        "discussion",
        "no number",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "4d788bb0f79c"),
        (
            leads_somewhere("transformer", "CNN", transformer_first=True),
            leads_somewhere("CNN", "transformer", transformer_first=False),
        ),
    ),
    Claim(
        "Z2",
        STUDY,
        "What the transformer gets wrong, the hybrid gets right.",
        "one photograph",
        "one case",
        Rule("2026-11-29", "7bfe933", "no", "98f12ddd1f7f"),
        (
            Test(
                "",
                "accuracy, zoo-hybrid minus zoo-vit: corrected minus newly broken images, as a share of all",
                above(POINT),
                gain("zoo-hybrid", "zoo-vit"),
                ("zoo-hybrid", "zoo-vit"),
                "the hybrid is {} more|less accurate than the transformer",
            ),
            Test(
                "more than a second seed",
                "share of the transformer's errors that the hybrid corrects, minus the share that a second seed of the "
                "transformer corrects",
                above(POINT),
                corrected("zoo-hybrid", "zoo-vit"),
                ("zoo-hybrid", "zoo-vit"),
                "the hybrid corrects {} more|less of the transformer's errors than a second seed does",
                control=True,
                overturns=True,
            ),
        ),
    ),
    Claim(
        "Z3",
        STUDY,
        "Each family's idea pays: skip connections help depth, bottlenecks and depthwise convolutions cut cost, "
        "compound scaling pays.",
        "case studies",
        "no number",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "499b5fcd21de"),
        (
            Test(
                "skip connections",
                "training error in the last epoch, plain-56 minus residual-56",
                above(POINT),
                mean_of_seeds(of_history(training_error), "plain-56", "residual-56"),
                ("plain-56", "residual-56"),
                "the training error of plain-56 is {} higher|lower than that of residual-56",
            ),
            cheaper("depthwise convolutions", "zoo-mobilenet"),
            cheaper("bottlenecks", "zoo-googlenet"),
            Test(
                "compound scaling",
                "accuracy at equal cost, EfficientNet-B1 minus B0",
                above(POINT),
                None,
                ("zoo-efficientnet",),
                "",
            ),
            Test(
                "cost of depthwise convolutions",
                "multiply-accumulates, a plain convolution as a multiple of a separable one: the least of four layers",
                above(1),
                counted(separable_saving),
                (),
                "a plain convolution takes at least {} as many multiply-accumulates as a separable one",
                scale="times",
                control=True,
            ),
            Test(
                "cost of bottlenecks",
                "multiply-accumulates, convolutions as a multiple of a bottleneck in their place: the least of two",
                above(1),
                counted(bottleneck_saving),
                (),
                "what a bottleneck replaces takes at least {} as many multiply-accumulates",
                scale="times",
                control=True,
            ),
        ),
    ),
)
