"""The claims of the study of LeNet-5 on digits."""

from lookalike.claims.claim import Claim, Rule, Test, above, below, within
from lookalike.claims.measures import alone, gain, more_accurate
from lookalike.claims.quantities import Terms, accuracy_lost, error_terms, lost_by_shift

STUDY = "lenet"
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


def small_loss_test(network: str, terms: Terms, cause: str, *, control: bool = False) -> Test:
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


def corruption_tests(family: str) -> tuple[Test, Test]:
    """The tests of how LeNet-5 holds up under a family of corruptions, and how mnist-net does, as a control."""
    terms, control = accuracy_lost(FAMILIES[family]), family not in SHOWN
    return small_loss_test("lenet5", terms, family, control=control), small_loss_test(
        "mnist-net", terms, family, control=True
    )


CLAIMS = (
    Claim(
        "H1",
        STUDY,
        "LeNet-5 reaches about 1 % test error.",
        "learning curve",
        "0.95 % after about 10 epochs",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "cbb4d1c595c6"),
        (
            Test(
                "",
                "test error of lenet5",
                within(QUARTER_POINT, of=0.0095),
                alone("lenet5", error_terms),
                ("lenet5",),
                "lenet5 gets {} of the test images wrong",
                scale="percent",
            ),
        ),
    ),
    Claim(
        "H2",
        STUDY,
        "LeNet-5 holds up under noise and distortion.",
        "outputs of every layer for distorted digits",
        "pictures",
        Rule("2026-11-29", "7bfe933", "of an earlier version", "715ac11d1885"),
        tuple(test for family in FAMILIES for test in corruption_tests(family)),
    ),
    Claim(
        "H7",
        STUDY,
        "Convolutional networks recognise objects that are not in the centre.",
        "AlexNet's eight images; shared weights and subsampling",
        "pictures",
        Rule("2026-11-29", "7bfe933", "no", "cda012f9d596"),
        (
            small_loss_test("lenet5", lost_by_shift(SHIFT), f"a shift of {SHIFT} pixels"),
            Test(
                "against mnist-mlp",
                f"share of its accuracy that each loses by a shift of {SHIFT} pixels, mnist-mlp minus lenet5",
                above(TENTH),
                gain("mnist-mlp", "lenet5", lost_by_shift(SHIFT)),
                ("mnist-mlp", "lenet5"),
                "mnist-mlp loses {} more|less of its accuracy than lenet5",
            ),
        ),
    ),
    Claim(
        "H9",
        STUDY,
        "A convolutional network beats a fully connected one because it uses spatial structure.",
        "text: a fully connected network loses spatial information",
        "no number",
        Rule("2026-11-29", "7bfe933", "no", "e3bf5da511b9"),
        (
            more_accurate("lenet5", "mnist-mlp", HALF_A_POINT, "as they are"),
            Test(
                "permuted",
                "test accuracy after one fixed permutation of all pixels, lenet5-permuted minus mnist-mlp-permuted",
                below(HALF_A_POINT),
                gain("lenet5-permuted", "mnist-mlp-permuted"),
                ("lenet5-permuted", "mnist-mlp-permuted"),
                "with permuted pixels lenet5 is {} more|less accurate than mnist-mlp",
            ),
        ),
    ),
    Claim(
        "H10",
        STUDY,
        "LeNet-5 is better than the earlier network with 4 and 12 feature maps.",
        "history of LeNet",
        "no number (LeCun et al. 1998: 0.95 against 1.7 % test error)",
        Rule("2026-11-29", "7bfe933", "no", "008c2eb35d07"),
        (more_accurate("lenet5", "lenet1", QUARTER_POINT),),
    ),
)
