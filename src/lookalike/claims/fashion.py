"""The claims of the study of look-alikes: CNN against ViT on Fashion-MNIST and on photographs.

The smallest differences that matter are one for each kind of quantity, the same in all claims: half a point of accuracy
on the test images (a network's own spread over seeds is of this order), two points on photographs, one point of
probability, and five hundredths of a correlation.
"""

from collections.abc import Callable
from functools import partial

from lookalike.claims.claim import Claim, Evidence, Measured, Test, above, apart, opposite
from lookalike.claims.measures import Measure, images_tested, measured, more_accurate, pair_of

STUDY = "fashion"
CNN, VIT = "fashion-cnn", "fashion-vit"
AUTHOR_S_RECIPE = "report"  # chosen before any photograph was looked at here

ACCURACY, ON_PHOTOGRAPHS, PROBABILITY, CORRELATION = 0.005, 0.02, 0.01, 0.05  # the smallest differences that matter

READINGS = {  # what the source may have shown, by the version of Keras that it ran in; and what it took it for
    "embedded patches": "embedded patches",
    "first attention's output": "first attention output",
    "attention itself": "last attention",
}
SAME_WRONG = "test images with the same wrong prediction"
BOTH_RIGHT = "test images of classes that have look-alikes and that both get right"


def photograph_gain(evidence: Evidence) -> Measured | None:
    """ViT minus CNN on all labelled photographs, prepared as the source's author did."""
    for row in evidence.photos.get("comparisons", ()):
        if {row["first"], row["second"]} == {CNN, VIT} and row["recipe"] == AUTHOR_S_RECIPE:
            gain = measured(row["accuracy_difference"], evidence.photos["labelled"], "photographs")
            return gain if row["first"] == VIT else opposite(gain)
    return None


def difference(images: str, part: str, *, more: str, calibrated: bool = False) -> Measure:
    """How much more probability `more` gives to `part`, over the images that both predict alike and `images` says."""

    def measure(evidence: Evidence) -> Measured | None:
        found = pair_of(evidence.look_alikes, CNN, VIT)
        if found is None:
            return None
        pair, sign = found
        differences = (pair["calibrated"] if calibrated else pair)[images]
        of_first = measured(differences[part], differences["images"])
        return of_first if (more == CNN) == (sign > 0) else opposite(of_first)

    return measure


def overconfidence(variant: str) -> Measure:
    """Confidence minus accuracy of one variant on the test images."""

    def measure(evidence: Evidence) -> Measured | None:
        figures = evidence.look_alikes.get("variants", {}).get(variant)
        return figures and measured(figures["overconfidence"], images_tested(evidence, variant))

    return measure


def likeness(of: str, method: str, contrast: str) -> Measure:
    """A contrast of how alike the ViT's maps by `method` are, from what is known of the similarity `of` these maps."""

    def measure(evidence: Evidence) -> Measured | None:
        known = evidence.explanations.get(VIT)
        if known is None:
            return None
        figure = known["similarity"]["spearman"][method][of][contrast]
        if of == "photographs":
            return measured(figure, evidence.photos["labelled"], of)  # which are drawn anew, and the images are not
        return measured(figure, known["images"])

    return measure


def with_and_without_temperature(key: str, measure: str, quantity: Callable[..., Measure]) -> tuple[Test, Test]:
    """A test of probabilities as the models give them; and its control, after each model's temperature, which takes
    away what is only sharpness."""
    plain, calibrated = (quantity(calibrated=after) for after in (False, True))
    return (
        Test(key, measure, above(PROBABILITY), plain),
        Test(
            f"{key}, calibrated".removeprefix(", "),
            f"{measure}, after each model's temperature",
            above(PROBABILITY),
            calibrated,
            control=True,
        ),
    )


def on_maps(reading: str, method: str) -> tuple[Test, ...]:
    """The tests of the claim on maps, for one of the maps that may be meant, and whether its maps say more than the
    controls."""
    alike = f"rank correlation of the ViT's maps ({method}) on their own grid, the mean map taken away: "
    gap = "two images of one class, minus two of different groups"
    asked = (
        ("one class", gap, "maps", "class_contrast"),
        ("look-alikes", "two images of look-alike classes, minus two of different groups", "maps", "group_contrast"),
        (
            "photograph",
            "a photograph and a test image of its class, minus one of another group",
            "photographs",
            "class_contrast",
        ),
        (
            "more than pixels",
            f"{gap}; minus the same of raw pixels averaged over the patches",
            "over_raw_pixels",
            "class_contrast",
        ),
        (
            "more than untrained",
            f"{gap}; minus the same of the untrained model's maps",
            "over_untrained",
            "class_contrast",
        ),
    )
    return tuple(
        Test(
            f"{reading}: {key}",
            alike + words,
            above(CORRELATION),
            likeness(of, method, contrast),
            control=key.startswith("more than"),
            reading=reading,
        )
        for key, words, of, contrast in asked
    )


CLAIMS = (
    Claim(
        "F1",
        STUDY,
        "The CNN is more accurate than the ViT on the test set.",
        "table of test accuracies",
        "91.11 against 89.26 %",
        (Test("", "accuracy, CNN minus ViT, mean over seeds", above(ACCURACY), more_accurate(CNN, VIT)),),
    ),
    Claim(
        "F2",
        STUDY,
        "On real photographs the ViT is better.",
        "the author's own sneaker and T-shirt",
        "two photographs: CNN none, ViT both",
        (
            Test(
                "",
                f"accuracy on all labelled photographs (recipe {AUTHOR_S_RECIPE}), ViT minus CNN, mean over seeds",
                above(ON_PHOTOGRAPHS),
                photograph_gain,
            ),
        ),
    ),
    Claim(
        "F3",
        STUDY,
        "Where both make the same wrong prediction, the ViT gives more probability to the true class and less to "
        "classes outside the group.",
        "a sneaker and an ankle boot, both taken for a sandal",
        "an ankle boot: CNN 0 %, ViT 10 %",
        (
            *with_and_without_temperature(
                "true class",
                f"probability of the true class, ViT minus CNN, {SAME_WRONG}",
                partial(difference, "both_wrong", "true", more=VIT),
            ),
            *with_and_without_temperature(
                "outside",
                f"probability outside the group, CNN minus ViT, {SAME_WRONG}",
                partial(difference, "both_wrong", "outside", more=CNN),
            ),
        ),
    ),
    Claim(
        "F4",
        STUDY,
        "Where both are right, the ViT separates look-alikes better.",
        "a coat",
        "35 points of confidence apart",
        with_and_without_temperature(
            "",
            f"probability of the look-alikes, CNN minus ViT, {BOTH_RIGHT}",
            partial(difference, "both_right_with_look_alikes", "look_alikes", more=CNN),
        ),
    ),
    Claim(
        "F5",
        STUDY,
        "Accuracy is not confidence.",
        "comparison of single images",
        "no number",
        (
            Test(
                "between models",
                "confidence, CNN minus ViT, test images that both get right",
                apart(PROBABILITY),
                difference("both_right", "confidence", more=CNN),
                reading="two models",
            ),
            *(
                Test(
                    name,
                    f"confidence minus accuracy of the {name} on the test images, before temperature scaling",
                    apart(PROBABILITY),
                    overconfidence(variant),
                    reading="one model",
                )
                for name, variant in (("CNN", CNN), ("ViT", VIT))
            ),
        ),
    ),
    Claim(
        "F6",
        STUDY,
        "The attention maps of two images of one class look alike; shoes' maps look like shoes' and unlike shirts'.",
        "heat maps of the fourth layer, which is not attention: see the readings",
        "single images",
        tuple(test for reading, method in READINGS.items() for test in on_maps(reading, method)),
    ),
)
