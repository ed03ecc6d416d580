"""The claims of the study of look-alikes: CNN against ViT on Fashion-MNIST and on photographs.

The smallest differences that matter are one for each kind of quantity, the same in all claims: half a point of accuracy
on the test images (a network's own spread over seeds is of this order), two points on photographs, one point of
probability, and five hundredths of a correlation.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.seed_findings import SeedFindings
from lookalike.claims.claim import Claim, Rule, Test, above, away_from_zero
from lookalike.claims.evidence import StudyEvidence
from lookalike.claims.measures import Measure, alone, gain, in_study, mean_of_seeds, of_explanation, photograph_gain
from lookalike.claims.quantities import SeedValue, from_pairs, overconfidence_terms, seed_value
from lookalike.evaluation.groups import probability_shares
from lookalike.evaluation.hierarchical import Term
from lookalike.evaluation.metrics import Floats, softmax

STUDY = "fashion"
CNN, VIT = "fashion-cnn", "fashion-vit"
BOTH = (CNN, VIT)
AUTHOR_S_RECIPE = "report"  # chosen before any photograph was looked at here
FEWER = {"a hundredth": "1pct", "a tenth": "10pct"}  # of the training images, and the variants' names

ACCURACY, ON_PHOTOGRAPHS, PROBABILITY, CORRELATION = 0.005, 0.02, 0.01, 0.05  # the smallest differences that matter

READINGS = {  # what the source may have shown, by the version of Keras that it ran in; and what it took it for
    "embedded patches": "embedded patches",
    "first attention's output": "first attention output",
    "attention itself": "last attention",
}
SAME_WRONG = "test images with the same wrong prediction"
BOTH_RIGHT = "test images of classes that have look-alikes and that both get right"
ALIKE = "rank correlation of the ViT's maps ({}) on their own grid, the mean map taken away: "
ONE_CLASS = "two images of one class, minus two of different groups"
MORE_ACCURATE = "the CNN is {} more|less accurate than the ViT"


def probability_gain(where: str, part: str, *, more: str, calibrated: bool = False) -> Measure:
    """How much more probability `more` gives to `part` than the other model, mean over all pairs of their seeds and
    over the images that both predict alike and `where` says: "wrong", "right", or "right among look-alikes"."""

    def term(study: StudyEvidence, first: str, second: str) -> Term:
        ours, theirs = (probabilities_of(study, name, part, calibrated=calibrated) for name in (first, second))
        about = predicted_alike(study, first, second, where)
        return Term((ours[:, None] - theirs[None]) * about, about)

    def images(study: StudyEvidence) -> int:
        return round(float(predicted_alike(study, more, less, where).sum(axis=2).mean()))

    less = VIT if more == CNN else CNN
    return in_study([more, less], lambda study: from_pairs(study, more, less, term), images)


def probabilities_of(study: StudyEvidence, name: str, part: str, *, calibrated: bool) -> Floats:
    """The probability (S, N) that each seed gives to a part of the classes: "true", "look_alikes", "outside", or the
    highest, "confidence"."""
    evaluation = study.finished[name]
    temperatures = evaluation.temperatures if calibrated else np.ones(len(evaluation.seeds))
    pairs = zip(evaluation.test_logits.astype(np.float64), temperatures, strict=True)
    probabilities = np.stack([softmax(logits / temperature) for logits, temperature in pairs])
    if part == "confidence":
        return probabilities.max(axis=2)
    return probability_shares(probabilities, study.labels, study.group_of)[part]


def predicted_alike(study: StudyEvidence, first: str, second: str, where: str) -> NDArray[np.bool_]:
    """Which images (A, B, N) each pair of seeds predicts alike, of those that are meant."""
    one, other = (study.finished[name].test_logits.argmax(axis=2) for name in (first, second))
    same, right = one[:, None] == other[None], (one == study.labels)[:, None]
    if where == "wrong":
        return same & ~right
    has_look_alikes = (np.bincount(study.group_of)[study.group_of] > 1)[study.labels]
    return same & right & (has_look_alikes if where == "right among look-alikes" else True)


def map_similarity_contrast(method: str, contrast: str) -> Measure:
    """A contrast of how alike the ViT's maps by `method` are, see `artifacts.seed_findings.MapSimilarity`."""

    def of_seed(seed: SeedFindings) -> SeedValue | None:
        maps = (seed.similarity or {}).get(method)
        return None if maps is None else seed_value(getattr(maps, contrast))

    return mean_of_seeds(of_explanation(of_seed), VIT)


def with_and_without_temperature(
    key: str, measure: str, quantity: Callable[..., Measure], sentence: str
) -> tuple[Test, Test]:
    """A test of probabilities as the models give them; and its control after each model's temperature, which removes
    what is only sharpness."""
    plain, calibrated = (quantity(calibrated=after) for after in (False, True))
    after = ", after temperature scaling"
    return (
        Test(key, measure, above(PROBABILITY), plain, BOTH, sentence),
        Test(
            f"{key}, calibrated".removeprefix(", "),
            f"{measure}, after each model's temperature",
            above(PROBABILITY),
            calibrated,
            BOTH,
            sentence + after,
            control=True,
            overturns=True,
        ),
    )


def on_maps(reading: str, method: str) -> tuple[Test, ...]:
    """The tests of the claim on maps, for one of the maps that may be meant, and whether its maps say more than the
    controls."""
    asked = (
        ("one class", ONE_CLASS, "class_contrast", "maps of one class are {} more alike than maps of two groups"),
        (
            "look-alikes",
            "two images of look-alike classes, minus two of different groups",
            "group_contrast",
            "maps of look-alikes are {} more alike than maps of two groups",
        ),
        (
            "photograph",
            "a photograph and a test image of its class, minus one of another group",
            "photographs",
            "a photograph's map is {} more like maps of its class than like those of other groups",
        ),
        (
            "more than pixels",
            f"{ONE_CLASS}; minus the same of raw pixels averaged over the patches",
            "over_raw_pixels",
            "maps of one class are {} more alike than their pixels are",
        ),
        (
            "more than untrained",
            f"{ONE_CLASS}; minus the same of the untrained model's maps",
            "over_untrained",
            "maps of one class are {} more alike than those of the untrained model",
        ),
    )
    return tuple(
        Test(
            f"{reading}: {key}",
            ALIKE.format(method) + words,
            above(CORRELATION),
            map_similarity_contrast(method, contrast),
            (VIT,),
            sentence.replace("{} more", "{} more|less"),
            "number",
            control=key.startswith("more than"),
            overturns=key.startswith("more than"),
            reading=reading,
        )
        for key, words, contrast, sentence in asked
    )


def with_few_data(share: str, suffix: str) -> Test:
    """The test of the CNN's lead with a share of the training images."""
    first, second = f"{CNN}-{suffix}", f"{VIT}-{suffix}"
    return Test(
        share,
        f"accuracy with {share} of the training images and as many epochs, CNN minus ViT, mean over seeds",
        above(ACCURACY),
        gain(first, second),
        (first, second),
        f"with {share} of the training images {MORE_ACCURATE}",
    )


CLAIMS = (
    Claim(
        "F1",
        STUDY,
        "The CNN is more accurate than the ViT on the test set.",
        "table of test accuracies",
        "91.11 against 89.26 %",
        Rule("2026-11-29", "7bfe933", "yes", "b896ff7c5740"),
        (Test("", "accuracy, CNN minus ViT, mean over seeds", above(ACCURACY), gain(CNN, VIT), BOTH, MORE_ACCURATE),),
    ),
    Claim(
        "F2",
        STUDY,
        "On real photographs the ViT is better.",
        "the author's own sneaker and T-shirt",
        "two photographs: CNN none, ViT both",
        Rule("2026-11-29", "7bfe933", "yes", "71a14fadaf8f"),
        (
            Test(
                "",
                f"accuracy on all labelled photographs (recipe {AUTHOR_S_RECIPE}), ViT minus CNN, mean over seeds",
                above(ON_PHOTOGRAPHS),
                photograph_gain(VIT, CNN, AUTHOR_S_RECIPE),
                BOTH,
                "on photographs the ViT is {} more|less accurate than the CNN",
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
        Rule("2026-11-29", "7bfe933", "yes", "3ea098cf8852"),
        (
            *with_and_without_temperature(
                "true class",
                f"probability of the true class, ViT minus CNN, {SAME_WRONG}",
                partial(probability_gain, "wrong", "true", more=VIT),
                "the ViT gives {} more|less probability to the true class",
            ),
            *with_and_without_temperature(
                "outside",
                f"probability outside the group, CNN minus ViT, {SAME_WRONG}",
                partial(probability_gain, "wrong", "outside", more=CNN),
                "the ViT gives {} less|more probability to classes outside the group",
            ),
        ),
    ),
    Claim(
        "F4",
        STUDY,
        "Where both are right, the ViT separates look-alikes better.",
        "a coat",
        "35 points of confidence apart",
        Rule("2026-11-29", "7bfe933", "yes", "be41ef7a2523"),
        with_and_without_temperature(
            "",
            f"probability of the look-alikes, CNN minus ViT, {BOTH_RIGHT}",
            partial(probability_gain, "right among look-alikes", "look_alikes", more=CNN),
            "the ViT gives {} less|more probability to look-alikes",
        ),
    ),
    Claim(
        "F5",
        STUDY,
        "Accuracy is not confidence.",
        "comparison of single images",
        "no number",
        Rule("2026-11-29", "7bfe933", "yes", "a518d5483770"),
        (
            Test(
                "between models",
                "confidence, CNN minus ViT, test images that both get right",
                away_from_zero(PROBABILITY),
                probability_gain("right", "confidence", more=CNN),
                BOTH,
                "where both are right, the CNN is {} more|less confident than the ViT",
                reading="two models",
            ),
            *(
                Test(
                    name,
                    f"confidence minus accuracy of the {name} on the test images, before temperature scaling",
                    away_from_zero(PROBABILITY),
                    alone(variant, overconfidence_terms),
                    (variant,),
                    f"the {name} is {{}} more|less confident than accurate",
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
        Rule("2026-11-29", "7bfe933", "yes", "8392cd7cf77e"),
        tuple(test for reading, method in READINGS.items() for test in on_maps(reading, method)),
    ),
    Claim(
        "F7",
        STUDY,
        "With few training data the CNN is better than the ViT.",
        "premise of the report, called known",
        "no number",
        Rule("2026-11-29", "74ac646", "of an earlier version", "3a3d72336b3e"),
        tuple(with_few_data(share, suffix) for share, suffix in FEWER.items()),
    ),
)
