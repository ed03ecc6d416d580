"""What claims on look-alikes measure of probabilities, against loops over seeds and images."""

from dataclasses import replace

import numpy as np
import pytest
from claims.invented import GROUP_OF, Variant, alike, evaluation, evidence, images_of, interval
from scipy.special import softmax

from lookalike.artifacts.seed_findings import MapSimilarity
from lookalike.claims.claim import Claim, Measurement
from lookalike.claims.evidence import Evidence, StudyEvidence
from lookalike.claims.judging import judge
from lookalike.claims.quantities import overconfidence_terms
from lookalike.studies.fashion import CLAIMS, CNN, READINGS, VIT, probability_gain

IMAGES, SINGLE = 60, 9  # the last class has no look-alike
LABELS = np.arange(IMAGES) % 10
GROUPS = np.array([*GROUP_OF[:8], 4, 5])
CLAIM: dict[str, Claim] = {claim.key: claim for claim in CLAIMS}
TEMPERATURES = {CNN: np.array([1.0, 2.0, 3.0]), VIT: np.array([0.5, 1.5])}


def noisy(seeds: int, seed: int) -> np.ndarray:
    """Logits that are often right, and wrong alike."""
    rng = np.random.default_rng(seed)
    common = np.random.default_rng(9).normal(0, 1, (IMAGES, 10))
    return common + rng.normal(0, 0.5, (seeds, IMAGES, 10)) + 2 * np.eye(10)[LABELS]


STUDY = StudyEvidence(
    images_of(LABELS, LABELS),
    GROUPS,
    {name: evaluation(noisy(len(of), k), temperatures=of) for k, (name, of) in enumerate(TEMPERATURES.items())},
)


def looped(where: str, part: str, more: str, *, calibrated: bool) -> tuple[float, float]:
    """The mean difference, and how many images a pair of seeds is about on average."""
    differences, pairs = [], 0
    for cnn, its in zip(STUDY.evaluations[CNN].test_logits, TEMPERATURES[CNN], strict=True):
        for vit, own in zip(STUDY.evaluations[VIT].test_logits, TEMPERATURES[VIT], strict=True):
            pairs += 1
            for k, label in enumerate(LABELS):
                right = cnn[k].argmax() == label
                if cnn[k].argmax() != vit[k].argmax() or right != (where != "wrong"):
                    continue
                if where == "right among look-alikes" and (GROUPS[label] == GROUPS).sum() == 1:
                    continue
                slopes = (its, own) if calibrated else (1, 1)
                shares = [
                    share(softmax(one[k] / slope), label, part) for one, slope in zip((cnn, vit), slopes, strict=True)
                ]
                differences.append((shares[0] - shares[1]) * (1 if more == CNN else -1))
    return float(np.mean(differences)), len(differences) / pairs


def share(probabilities: np.ndarray, label: int, part: str) -> float:
    group = GROUPS[label] == GROUPS
    return {
        "true": probabilities[label],
        "look_alikes": probabilities[group].sum() - probabilities[label],
        "outside": probabilities[~group].sum(),
        "confidence": probabilities.max(),
    }[part]


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize(
    ("where", "part", "more"),
    [
        ("wrong", "true", VIT),
        ("wrong", "outside", CNN),
        ("right among look-alikes", "look_alikes", CNN),
        ("right", "confidence", CNN),
    ],
)
def test_probabilities_are_compared_where_both_predict_the_same(
    where: str, part: str, more: str, *, calibrated: bool
) -> None:
    found = probability_gain(where, part, more=more, calibrated=calibrated)(Evidence({"all": STUDY}))
    value, images = looped(where, part, more, calibrated=calibrated)
    assert found is not None
    assert found.quantity.value == pytest.approx(value)
    assert (found.images, found.runs) == (round(images), (3, 2) if more == CNN else (2, 3))
    low, high = found.quantity.interval()
    assert low < value < high


def test_the_claims_ask_for_these() -> None:
    found = {claim.key: judge(claim, Evidence({"all": STUDY})).answers for claim in CLAIMS}
    asked = [("wrong", "true", VIT), ("wrong", "outside", CNN)]
    expected = [looped(*one, calibrated=after)[0] for one in asked for after in (False, True)]
    assert values(found["F3"]) == pytest.approx(expected)
    alike = "right among look-alikes", "look_alikes", CNN
    assert values(found["F4"]) == pytest.approx([looped(*alike, calibrated=after)[0] for after in (False, True)])
    over = []
    for name in (CNN, VIT):
        logits = STUDY.evaluations[name].test_logits
        over.append(softmax(logits, axis=2).max(axis=2).mean() - (logits.argmax(axis=2) == LABELS).mean())
    assert values(found["F5"]) == pytest.approx([looped("right", "confidence", CNN, calibrated=False)[0], *over])
    assert overconfidence_terms(STUDY, CNN)  # of logits as they are


def values(answers: tuple) -> list[float]:  # type: ignore[type-arg]
    measured = [one.measured for one in answers]
    assert all(isinstance(one, Measurement) for one in measured)
    return [one.quantity.value for one in measured]


def test_without_an_image_that_both_get_wrong_nothing_is_measured() -> None:
    sure = evaluation(np.tile(5 * np.eye(10)[LABELS], (3, 1, 1)))
    both = replace(STUDY, evaluations={CNN: sure, VIT: sure})
    assert probability_gain("wrong", "true", more=VIT)(Evidence({"all": both})) is None
    assert probability_gain("right", "true", more=VIT)(Evidence({"all": both})) is not None


# --- maps -------------------------------------------------------------------------------------------------------------

CONTRASTS = {  # the test's key, and the field that it reads
    "one class": "class_contrast",
    "look-alikes": "group_contrast",
    "photograph": "photographs",
    "more than pixels": "over_raw_pixels",
    "more than untrained": "over_untrained",
}


def test_each_question_about_maps_reads_its_own_method_and_contrast() -> None:
    expected, methods = {}, {}
    for k, (reading, method) in enumerate(READINGS.items()):
        of = {field: 0.1 * k + 0.01 * n for n, field in enumerate(CONTRASTS.values())}
        methods[method] = MapSimilarity(**{field: interval(value) for field, value in of.items()})
        expected |= {f"{reading}: {key}": of[field] for key, field in CONTRASTS.items()}
    found = evidence({VIT: Variant(findings=lambda off: {"similarity": methods})})
    answers = judge(CLAIM["F6"], found).answers
    assert dict(zip([one.test.key for one in answers], values(answers), strict=True)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("contrast", "over", "verdict"),
    [
        (0.3, 0.3, "reproduced"),
        (0.3, 0.0, "explained by a control"),  # pixels are as much alike
        (0.3, 0.05, "reproduced"),  # a control that decides nothing
        (0.0, 0.0, "contradicted"),
    ],
)
def test_maps_that_say_no_more_than_the_controls_are_explained_by_them(
    contrast: float, over: float, verdict: str
) -> None:
    found = evidence({VIT: Variant(findings=alike([*READINGS.values()], contrast, over=over))})
    assert judge(CLAIM["F6"], found).verdict == verdict


def test_one_reading_that_differs_leaves_the_maps_undecided() -> None:
    first, *others = READINGS.values()

    def findings(off: float) -> dict:  # type: ignore[type-arg]
        return {"similarity": {**alike([first], 0.0)(off)["similarity"], **alike(others, 0.3)(off)["similarity"]}}

    judged = judge(CLAIM["F6"], evidence({VIT: Variant(findings=findings)}))
    assert judged.by_reading("embedded patches") == "contradicted"
    assert judged.by_reading("attention itself") == "reproduced"
    assert judged.verdict == "inconclusive"
