"""The claims of the study of look-alikes: CNN against ViT on Fashion-MNIST and on photographs."""

from collections.abc import Callable
from functools import partial

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


def difference(images: str, part: str, *, more: str, calibrated: bool = False) -> Callable[[Findings], Json | None]:
    """How much more probability `more` gives to `part`, over the images that both predict alike and `images` says."""

    def measured(findings: Findings) -> Json | None:
        pair = between(findings)
        estimate = pair and (pair["calibrated"] if calibrated else pair)[images][part]
        return estimate if more == CNN else opposite(estimate)

    return measured


def overconfidence(variant: str) -> Callable[[Findings], Json | None]:
    """Confidence minus accuracy of one variant on the test images."""

    def measured(findings: Findings) -> Json | None:
        figures = findings.look_alikes["variants"].get(variant)
        return figures and figures["overconfidence"]

    return measured


def with_and_without_temperature(
    key: str, statement: str, reported: str, measure: str, quantity: Callable[..., Callable[[Findings], Json | None]]
) -> tuple[Claim, Claim]:
    """A claim on probabilities as the models give them, and after each model's temperature, which takes away what is
    only sharpness."""
    plain, calibrated = (quantity(calibrated=after) for after in (False, True))
    after = f"{measure}, after each model's temperature"
    return (
        Claim(key, statement, reported, measure, plain),
        Claim(f"{key}, calibrated", statement, reported, after, calibrated),
    )


def likeness(of: str, method: str, contrast: str) -> Callable[[Findings], Json | None]:
    """A contrast of how alike the ViT's maps by `method` are, from what is known of the similarity `of` these maps."""

    def measured(findings: Findings) -> Json | None:
        known = findings.explanations.get(VIT)
        return known and known["similarity"]["spearman"][method][of][contrast]

    return measured


def on_maps(reading: str, method: str) -> tuple[Claim, ...]:
    """The claim on maps, for one of the maps that may be meant, and whether its maps say more than the controls."""
    alike = f"rank correlation of the ViT's maps ({method}) on their own grid, the mean map taken away: "
    gap = "two images of one class, minus two of different groups"
    return (
        Claim(
            f"F6, class ({reading})",
            "The attention maps of two images of one class look alike.",
            "single images",
            alike + gap,
            likeness("maps", method, "class_contrast"),
        ),
        Claim(
            f"F6, look-alikes ({reading})",
            "Shoes' maps look like shoes' and unlike shirts'.",
            "single images",
            f"{alike}two images of look-alike classes, minus two of different groups",
            likeness("maps", method, "group_contrast"),
        ),
        Claim(
            f"F6, photograph ({reading})",
            "A photograph's map looks like those of test images of its class.",
            "a photograph of a T-shirt",
            f"{alike}a photograph and a test image of its class, minus one of another group",
            likeness("photographs", method, "class_contrast"),
        ),
        Claim(
            f"F6, more than pixels ({reading})",
            "Control: maps of one class are more alike than the images themselves are.",
            "not controlled",
            f"{alike}{gap}; minus the same of raw pixels averaged over the patches",
            likeness("over_raw_pixels", method, "class_contrast"),
        ),
        Claim(
            f"F6, more than untrained ({reading})",
            "Control: maps of one class are more alike than the untrained model's are.",
            "not controlled",
            f"{alike}{gap}; minus the same of the untrained model's maps",
            likeness("over_untrained", method, "class_contrast"),
        ),
    )


SAME_WRONG = "test images with the same wrong prediction"
SURE_AS_RIGHT = "Accuracy is not confidence: a model is not as sure as it is right."
BOTH_RIGHT = "test images of classes that have look-alikes and that both get right"

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
    *with_and_without_temperature(
        "F3, true class",
        "Where both make the same wrong prediction, the ViT gives more probability to the true class.",
        "single images",
        f"probability of the true class, ViT minus CNN, {SAME_WRONG}",
        partial(difference, "both_wrong", "true", more=VIT),
    ),
    *with_and_without_temperature(
        "F3, outside",
        "Where both make the same wrong prediction, the ViT gives less to classes outside the group.",
        "single images",
        f"probability outside the group, CNN minus ViT, {SAME_WRONG}",
        partial(difference, "both_wrong", "outside", more=CNN),
    ),
    *with_and_without_temperature(
        "F4",
        "Where both are right, the ViT separates look-alikes better.",
        "a coat: 35 points of confidence apart",
        f"probability of the look-alikes, CNN minus ViT, {BOTH_RIGHT}",
        partial(difference, "both_right_with_look_alikes", "look_alikes", more=CNN),
    ),
    Claim(
        "F5, between models",
        "Accuracy is not confidence: two models that are both right are not equally sure.",
        "single images",
        "confidence, CNN minus ViT, test images that both get right",
        difference("both_right", "confidence", more=CNN),
        two_sided=True,
    ),
    Claim(
        "F5, CNN",
        SURE_AS_RIGHT,
        "no number",
        "confidence minus accuracy of the CNN on the test images, before temperature scaling",
        overconfidence(CNN),
        two_sided=True,
    ),
    Claim(
        "F5, ViT",
        SURE_AS_RIGHT,
        "no number",
        "confidence minus accuracy of the ViT on the test images, before temperature scaling",
        overconfidence(VIT),
        two_sided=True,
    ),
    # What the source report shows as attention is one of the first two, by the version of Keras that it ran in.
    *on_maps("embedded patches", "embedded patches"),
    *on_maps("first attention's output", "first attention output"),
    *on_maps("attention itself", "last attention"),
)
