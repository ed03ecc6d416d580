"""The claims of the study from LeNet to AlexNet."""

from lookalike.claims.claim import Claim, Test, above, within
from lookalike.claims.measures import accuracy, epochs_to, more_accurate, more_robust, times_less

DIGITS, OBJECTS = "lenet", "alexnet"  # the study's two parts in the parameters
PARTS = {
    "normalisation": "alexnet-nolrn",
    "dropout": "alexnet-nodropout",
    "cropping and mirroring": "alexnet-noaug",
}

CLAIMS = (
    Claim(
        "H1",
        DIGITS,
        "LeNet-5 reaches about 1 % test error.",
        "learning curve",
        "0.95 % after about 10 epochs",
        (Test("", "test error of lenet5", within(0.0025, of=0.0095), accuracy("lenet5", wrong=True), "percent"),),
    ),
    Claim(
        "H2",
        DIGITS,
        "LeNet-5 holds up under noise and distortion.",
        "outputs of every layer for distorted digits",
        "pictures",
        (
            Test(
                "",
                "accuracy on corrupted digits, lenet5 minus mnist-net",
                above(0.005),
                more_robust("lenet5", "mnist-net"),
            ),
        ),
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
                times_less("race-relu", "race-tanh", epochs_to(0.25)),
                "times",
            ),
        ),
    ),
    Claim(
        "H4",
        OBJECTS,
        "Local response normalisation, dropout and cropping each help AlexNet.",
        "description of AlexNet",
        "no number",
        tuple(
            Test(part, f"test accuracy, alexnet minus {without}", above(0.005), more_accurate("alexnet", without))
            for part, without in PARTS.items()
        ),
    ),
)
