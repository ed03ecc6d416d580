"""The claims of the study of look-alikes: CNN against ViT on Fashion-MNIST and on photographs."""

from collections.abc import Callable

from lookalike.claims.claim import Claim, Findings, Json, opposite

CNN, VIT = "fashion-cnn", "fashion-vit"
AUTHOR_S_RECIPE = "report"  # chosen before any photograph was looked at here


def between(findings: Findings) -> Json | None:
    """The comparison of the two models on the test images."""
    pairs = findings.look_alikes["pairs"]
    return next((pair for pair in pairs if (pair["first"], pair["second"]) == (CNN, VIT)), None)


def on_photographs(findings: Findings) -> Json | None:
    """Their comparison on all labelled photographs, prepared as the source's author did."""
    wanted = (CNN, VIT, AUTHOR_S_RECIPE)
    rows = findings.photos["comparisons"]
    return next((row for row in rows if (row["first"], row["second"], row["recipe"]) == wanted), None)


def accuracy_gain(findings: Findings) -> Json | None:
    """CNN minus ViT on the test images."""
    pair = between(findings)
    return pair and pair["accuracy_difference"]


def photograph_gain(findings: Findings) -> Json | None:
    """ViT minus CNN on photographs."""
    row = on_photographs(findings)
    return opposite(row and row["accuracy_difference"])


def difference(images: str, part: str, *, more: str) -> Callable[[Findings], Json | None]:
    """How much more probability `more` gives to `part`, over the images that both predict alike and `images` says."""

    def measured(findings: Findings) -> Json | None:
        pair = between(findings)
        estimate = pair and pair[images][part]
        return estimate if more == CNN else opposite(estimate)

    return measured


def confidence_gap(findings: Findings) -> Json | None:
    """Mean absolute difference of confidence where both are right."""
    pair = between(findings)
    return pair and pair["confidence_gap"]


def overconfidence(variant: str) -> Callable[[Findings], Json | None]:
    """Confidence minus accuracy of one variant on the test images."""

    def measured(findings: Findings) -> Json | None:
        figures = findings.look_alikes["variants"].get(variant)
        return figures and figures["overconfidence"]

    return measured


CLAIMS = (
    Claim(
        "F1",
        "The CNN is more accurate than the ViT on the test set.",
        "91.11 against 89.26 %",
        "accuracy, CNN minus ViT, mean over seeds",
        accuracy_gain,
    ),
    Claim(
        "F2",
        "On real photographs the ViT is better.",
        "two photographs: CNN none, ViT both",
        f"accuracy on all labelled photographs (recipe {AUTHOR_S_RECIPE}), ViT minus CNN, mean over seeds",
        photograph_gain,
    ),
    Claim(
        "F3, true class",
        "Where both make the same wrong prediction, the ViT gives more probability to the true class.",
        "single images",
        "probability of the true class, ViT minus CNN, test images with the same wrong prediction",
        difference("both_wrong", "true", more=VIT),
    ),
    Claim(
        "F3, outside",
        "Where both make the same wrong prediction, the ViT gives less to classes outside the group.",
        "single images",
        "probability outside the group, CNN minus ViT, test images with the same wrong prediction",
        difference("both_wrong", "outside", more=CNN),
    ),
    Claim(
        "F4",
        "Where both are right, the ViT separates look-alikes better.",
        "a coat: 35 points of confidence apart",
        "probability of the look-alikes, CNN minus ViT, test images of classes that have some and that both get right",
        difference("both_right_with_look_alikes", "look_alikes", more=CNN),
    ),
    Claim(
        "F5, between models",
        "Accuracy is not confidence: two models that are both right are not equally sure.",
        "single images",
        "absolute difference of confidence, test images that both get right",
        confidence_gap,
    ),
    Claim(
        "F5, CNN",
        "Accuracy is not confidence: a model is surer than it is right.",
        "no number",
        "confidence minus accuracy of the CNN on the test images, before temperature scaling",
        overconfidence(CNN),
    ),
    Claim(
        "F5, ViT",
        "Accuracy is not confidence: a model is surer than it is right.",
        "no number",
        "confidence minus accuracy of the ViT on the test images, before temperature scaling",
        overconfidence(VIT),
    ),
)
