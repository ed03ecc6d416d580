"""The claims of the study of regularisation: a simple CNN and VGG11 on CIFAR-10."""

from dataclasses import replace
from itertools import pairwise

from lookalike.claims.claim import Claim, Test, above, below, within
from lookalike.claims.measures import (
    accuracy,
    cluster_agreement,
    gain_over_centre,
    gap,
    least,
    less_over_seeds,
    more_accurate,
    narrowing,
    times_less,
    trained_to,
    unrest,
)

STUDY = "cifar"
CHANCE = 0.1
POINT = 0.01
LADDER = ("cnn-plain", "cnn-bn", "cnn-bn-l2", "cnn-bn-l2-aug")
WITH_BATCH_NORM = ("vgg11-bn", "vgg11-bn-dropout", "vgg11-bn-aug")
GAP = "training accuracy (running mean, in training mode) minus validation accuracy in the last epoch"


def on_l2(name: str) -> tuple[Test, ...]:
    """The tests of the claim on L2, for one of the variants that may be meant."""
    smallest = least(*(less_over_seeds(name, other, gap) for other in WITH_BATCH_NORM))
    tests = (
        Test(f"{name}: gap", f"{GAP}, the least of {', '.join(WITH_BATCH_NORM)}, minus {name}", above(POINT), smallest),
        Test(
            f"{name}: underfits",
            f"training accuracy in the last epoch, vgg11-bn minus {name}",
            above(POINT),
            less_over_seeds(name, "vgg11-bn", trained_to),
        ),
    )
    return tuple(replace(test, reading=name) for test in tests)


CLAIMS = (
    Claim(
        "C1",
        STUDY,
        "Plain VGG11 does not train; batch norm makes it.",
        "table of test accuracies and learning curves",
        "about 10 % against about 80 %",
        (
            Test(
                "plain",
                "test accuracy of vgg11-plain above chance",
                within(2 * POINT),
                accuracy("vgg11-plain", minus=CHANCE),
            ),
            Test(
                "batch norm",
                "test accuracy, vgg11-bn minus vgg11-plain",
                above(10 * POINT),
                more_accurate("vgg11-bn", "vgg11-plain"),
            ),
        ),
    ),
    Claim(
        "C2",
        STUDY,
        "Batch norm narrows the activations.",
        "histograms of activations before and after",
        "a picture",
        tuple(
            Test(
                name,
                f"deviation of {name}'s activations after batch norm as a multiple of that before, after training, "
                "geometric mean over convolutions",
                below(1),
                narrowing(name),
                "times",
            )
            for name in ("cnn-bn", "vgg11-bn")
        ),
    ),
    Claim(
        "C3",
        STUDY,
        "Batch norm, L2 and augmentation each narrow the simple CNN's gap between training and validation.",
        "learning curves",
        "pictures",
        tuple(
            Test(
                f"{more} after {less}",
                f"{GAP}, {less} minus {more}",
                above(POINT),
                less_over_seeds(more, less, gap),
            )
            for less, more in pairwise(LADDER)
        ),
    ),
    Claim(
        "C4",
        STUDY,
        "The three variants with batch norm end within a point or two of 80 %.",
        "table of test accuracies",
        "about 80 % each",
        tuple(
            Test(name, f"test accuracy of {name} minus 80 %", within(2 * POINT), accuracy(name, minus=0.8))
            for name in WITH_BATCH_NORM
        ),
    ),
    Claim(
        "C5",
        STUDY,
        "L2 has the smallest gap and underfits.",
        "learning curves; whether with batch norm is not said",
        "a picture",
        tuple(test for name in ("vgg11-l2", "vgg11-bn-l2") for test in on_l2(name)),
    ),
    Claim(
        "C6",
        STUDY,
        "The vectors of well trained models cluster by label; the mixture's clusters differ from the labels.",
        "t-SNE by label and by cluster",
        "pictures",
        (
            Test(
                "cluster by label",
                "adjusted Rand index of labels and k-means clusters of vgg11-bn's vectors",
                above(0.5),
                cluster_agreement("vgg11-bn", "k_means", "ari"),
            ),
            Test(
                "mixture differs",
                "adjusted Rand index of labels and of a mixture with one Gaussian a class, of vgg11-bn's vectors",
                below(0.9),
                cluster_agreement("vgg11-bn", "mixture_by_class", "ari"),
            ),
        ),
    ),
    Claim(
        "C7",
        STUDY,
        "The CAM lies on the object.",
        "CAM of one plane",
        "one picture",
        (
            Test(
                "",
                "gain of vgg11-bn's Grad-CAM over that of a Gaussian in the middle (there are no masks of objects)",
                above(5 * POINT),
                gain_over_centre("vgg11-bn", "Grad-CAM"),
            ),
        ),
    ),
    Claim(
        "C8",
        STUDY,
        "A learning rate of 1e-3 is the most stable.",
        "learning curves",
        "a picture",
        tuple(
            Test(
                name,
                f"variance of the validation loss over epochs: {name} as a multiple of vgg11-bn",
                above(1.5),
                times_less("vgg11-bn", name, unrest),
                "times",
            )
            for name in ("vgg11-bn-lr2", "vgg11-bn-lralt")
        ),
    ),
)
