"""The claims of the study of model families on photographs."""

from lookalike.claims.claim import Claim, Test, above, apart
from lookalike.claims.measures import more_accurate

STUDY = "zoo"

CLAIMS = (
    Claim(
        "Z1",
        STUDY,
        "Neither CNNs nor transformers always win: it depends on the kind and size of the data.",
        "discussion",
        "no number",
        (
            Test(
                "",
                "difference of accuracy, a transformer minus a CNN, between kinds and sizes of data",
                apart(0.005),
                None,
            ),
        ),
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
                above(0.005),
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
        (Test("", "accuracy and multiply-accumulates with and without each idea", apart(0.005), None),),
    ),
)
