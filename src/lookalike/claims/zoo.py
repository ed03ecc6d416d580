"""The claims of the study of model families on photographs, one of which is about all studies."""

from lookalike.claims.claim import Claim, Evidence, Measured, Test, above
from lookalike.claims.measures import Measure, elsewhere, less_over_seeds, more_accurate, most, training_error

STUDY, GARMENTS, OBJECTS = "zoo", "fashion", "alexnet"  # in the parameters
POINT = 0.005  # the smallest difference of accuracies that matters
KINDS_AND_SIZES = (  # a transformer and a convolutional network on the same data, and the study that compares them
    ("fashion-vit", "fashion-cnn", GARMENTS),
    ("fashion-vit-10pct", "fashion-cnn-10pct", GARMENTS),
    ("fashion-vit-1pct", "fashion-cnn-1pct", GARMENTS),
    ("zoo-vit", "zoo-resnet", STUDY),
)


def led_by_most(transformer_first: bool) -> Measure:
    """The greatest lead that a family has over the other among all data."""
    leads = []
    for transformer, cnn, study in KINDS_AND_SIZES:
        ahead, behind = (transformer, cnn) if transformer_first else (cnn, transformer)
        leads.append(elsewhere(study, more_accurate(ahead, behind)))
    return most(*leads)


def separated(evidence: Evidence) -> Measured | None:
    """How many times the multiply-accumulates of a separable convolution a plain one takes: the least over layers."""
    ratios = [row["standard"]["macs"] / row["separable"]["macs"] for row in evidence.costs.get("separable", ())]
    return counted(min(ratios), len(ratios)) if ratios else None


def narrowed(evidence: Evidence) -> Measured | None:
    """How many times the multiply-accumulates of a bottleneck what it replaces takes: the least over places."""
    ratios = [row["plain"]["macs"] / row["reduced"]["macs"] for row in evidence.costs.get("designs", ())]
    return counted(min(ratios), len(ratios)) if ratios else None


def counted(value: float, layers: int) -> Measured:
    """What is counted has no interval."""
    return Measured(value, value, value, layers, "layers")


CLAIMS = (
    Claim(
        "Z1",
        STUDY,
        "Neither CNNs nor transformers always win: it depends on the kind and size of the data.",
        "discussion",
        "no number",
        (
            Test(
                "a transformer leads somewhere",
                "accuracy, a transformer minus a CNN, where that is most (all, a tenth, a hundredth of Fashion-MNIST, "
                "and photographs)",
                above(POINT),
                led_by_most(transformer_first=True),
            ),
            Test(
                "a CNN leads somewhere",
                "accuracy, a CNN minus a transformer, where that is most (the same data)",
                above(POINT),
                led_by_most(transformer_first=False),
            ),
        ),
        everywhere=True,
    ),
    Claim(
        "Z2",
        STUDY,
        "What the transformer gets wrong, the hybrid gets right.",
        "one photograph",
        "one case",
        (
            Test(
                "",
                "accuracy, zoo-hybrid minus zoo-vit: mistakes repaired less mistakes made anew, a share of the images",
                above(POINT),
                more_accurate("zoo-hybrid", "zoo-vit"),
            ),
        ),
    ),
    Claim(
        "Z3",
        STUDY,
        "Each family's idea pays: skip connections help depth, bottlenecks and depthwise convolutions cut cost.",
        "case studies",
        "no number",
        (
            Test(
                "skip connections",
                "training error, plain-56 minus residual-56",
                above(POINT),
                elsewhere(OBJECTS, less_over_seeds("residual-56", "plain-56", training_error)),
            ),
            Test(
                "depthwise convolutions",
                "multiply-accumulates, a plain convolution as a multiple of a separable one: the least of four layers",
                above(1.0),
                separated,
                "times",
            ),
            Test(
                "bottlenecks",
                "multiply-accumulates, convolutions as a multiple of a bottleneck in their place: the least of two",
                above(1.0),
                narrowed,
                "times",
            ),
            Test("compound scaling", "accuracy, EfficientNet-B1 minus B0", above(POINT), None),
        ),
        everywhere=True,
    ),
)
