"""A study's photographs: accuracies, choices, ablations and failures by hand, and photographs of no class."""

import json
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import roc_auc_score

from lookalike.artifacts.evaluations import PhotoOutputs
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.artifacts.test_sets import TestSet
from lookalike.data.failed_preparations import STRENGTHS, WAYS
from lookalike.evaluation.pairs import Side, as_json, compare_pair
from lookalike.evaluation.selective_prediction import accuracy_by_quantile, area_under_risk_coverage, risk_coverage
from lookalike.evaluation.statistics import proportion, resample, resample_clusters, share_difference
from lookalike.photographs import comparison as photo_study
from lookalike.photographs.accuracy import best_recipe, photograph_figures
from lookalike.photographs.comparison import collector_share, study_photos

COUNT = 48
CLASSES = tuple("abcdefghij")
GROUP_OF = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])
RECIPES = ("plain", "cut")
WITHOUT = Preparation("plain", "mask"), Preparation("cut", "centre"), Preparation("cut", "mask")
COLLECTOR = 6  # "g"
RNG = np.random.default_rng(5)
LABELS = RNG.choice([-1, 0, 1, 2, 4, 9], COUNT)
HALVES = RNG.choice(["choose", "score"], COUNT)
LABELLED = np.flatnonzero(LABELS >= 0)
PHOTOS = PhotoSet(
    preparations=(Preparation("plain", ""), *WITHOUT[:1], Preparation("cut", ""), *WITHOUT[1:]),
    images=np.zeros((5, COUNT, 28, 28), np.uint8),
    labels=LABELS,
    class_names=CLASSES,
    about=[
        {
            "name": f"{k}.jpg",
            "half": str(half),
            "doubtful": "yes" if k % 5 == 0 else "no",
            "background": "plain" if k % 3 else "textured",
            "items": "single",
            "view": "",
            "worn": "no",
        }
        for k, half in enumerate(HALVES)
    ],
    provenance={"source": "drawn", "licence": "none"},
)
NONE = np.zeros(0, np.int64)
TESTED = TestSet("drawn", CLASSES, np.arange(20) % 10, NONE, np.zeros((0, 8, 8), np.uint8), NONE, NONE, "d" * 64, {})
TEMPERATURES = {"cnn": np.array([2.0, 0.5, 1.5]), "vit": np.array([0.7, 3.0]), "late": np.array([1.2])}
PAIRS = [("cnn", "vit"), ("late", "cnn")]
Json = dict[str, Any]


def lean(seeds: int, strength: float) -> NDArray[np.float32]:
    """Logits (seeds, COUNT, 10) that lean to the labels; photographs of no class to none."""
    logits = RNG.normal(0, 1, (seeds, COUNT, 10)).astype(np.float32)
    logits[:, LABELLED, LABELS[LABELLED]] += strength
    return logits


def outputs(name: str, strengths: dict[str, float], *, probed: bool) -> PhotoOutputs:
    """What a variant of that accuracy makes of the photographs, and of 20 test images."""
    return PhotoOutputs(
        logits={recipe: lean(len(TEMPERATURES[name]), strength) for recipe, strength in strengths.items()},
        ablations={way: lean(1, 1)[0].argmax(axis=1) for way in WITHOUT} if probed else {},
        distances={recipe: RNG.uniform(0.2, 1.5, COUNT) for recipe in strengths},
        test_distances=RNG.uniform(0, 1, 30),
        garments={way: RNG.integers(0, 10, (len(STRENGTHS), 20)) for way in WAYS} if probed else {},
    )


OUTPUTS = {
    "cnn": outputs("cnn", {"plain": 0.5, "cut": 1.5}, probed=True),
    "vit": outputs("vit", {"plain": 2.5, "cut": 1.2}, probed=True),
    "late": outputs("late", {"plain": 0.1, "cut": 0.2}, probed=False),
}


@pytest.fixture(scope="module")
def sides() -> dict[str, Side]:
    rng = np.random.default_rng(0)
    return {name: Side(rng.normal(size=(len(t), 20, 10)), t) for name, t in TEMPERATURES.items()}


def study(sides: dict[str, Side], photos: PhotoSet | None = PHOTOS, **changes: PhotoOutputs) -> Json:
    """The whole study, with other `photos` or other outputs of a variant."""
    test_set = replace(TESTED, photos=photos)
    return study_photos(OUTPUTS | changes, sides, test_set, GROUP_OF, PAIRS, CLASSES[COLLECTOR])


@pytest.fixture(scope="module")
def found(sides: dict[str, Side]) -> Json:
    return study(sides)


def right(variant: str, recipe: str) -> NDArray[np.bool_]:
    """(S, N)."""
    return OUTPUTS[variant].logits[recipe].argmax(axis=2) == LABELS


def test_findings_become_json(found: Json) -> None:
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["provenance"] == PHOTOS.provenance
    assert (found["photographs"], found["labelled"]) == (COUNT, len(LABELLED))
    assert 20 < len(LABELLED) < COUNT


def test_accuracies_are_means_over_seeds_and_labelled_photographs(found: Json) -> None:
    assert list(found["figures"]) == list(OUTPUTS)
    for variant, recipes in found["figures"].items():
        assert tuple(recipes) == RECIPES
        for recipe, figures in recipes.items():
            whole = figures["all"]
            assert whole["images"] == len(LABELLED)
            assert whole["accuracy"]["value"] == pytest.approx(right(variant, recipe)[:, LABELLED].mean())
            logits = OUTPUTS[variant].logits[recipe]
            expected = photograph_figures(
                logits, LABELS, PHOTOS.attributes, CLASSES, GROUP_OF, resample(COUNT)
            )  # resampled with the photographs of no class
            assert figures == asdict(expected)


def test_the_choice_is_made_on_one_half_and_scored_on_the_other(found: Json) -> None:
    scores = {
        half: {
            (variant, recipe): right(variant, recipe)[:, (LABELS >= 0) & (half == HALVES)].mean()
            for variant in OUTPUTS
            for recipe in RECIPES
        }
        for half in ("choose", "score")
    }
    best = max(scores["choose"], key=lambda pair: scores["choose"][pair])
    chosen = found["chosen"]
    assert (chosen["variant"], chosen["recipe"]) == best == ("vit", "plain")
    for half, shares in scores.items():
        assert chosen[half]["accuracy"]["value"] == pytest.approx(shares[best])
        assert chosen[half]["images"] == ((LABELS >= 0) & (half == HALVES)).sum()
    assert scores["choose"][best] != scores["score"][best]


def test_the_recipe_is_the_one_by_which_photographs_are_explained(found: Json, sides: dict[str, Side]) -> None:
    """The stage `explain` chooses it from the logits alone."""
    halves = PHOTOS.attributes["half"]
    known = OUTPUTS
    assert best_recipe({name: one.logits for name, one in known.items()}, LABELS, halves) == found["chosen"]["recipe"]
    for seed in range(8):
        rng = np.random.default_rng(seed)
        drawn = {recipe: rng.normal(0, 1, (2, COUNT, 10)).astype(np.float32) for recipe in RECIPES}
        for values in drawn.values():
            values[:, LABELLED, LABELS[LABELLED]] += rng.uniform(2, 4)
        known = OUTPUTS | {"late": replace(OUTPUTS["late"], logits=drawn)}
        chosen = photo_study.best_on_first_half(figures_of(known))
        assert best_recipe({name: one.logits for name, one in known.items()}, LABELS, halves) == chosen["recipe"]


def figures_of(known: dict[str, PhotoOutputs]) -> dict[str, dict[str, Json]]:
    """As `study_photos` computes them, with few draws."""
    about = (LABELS, PHOTOS.attributes, CLASSES, GROUP_OF, resample(COUNT, draws=5))
    return {
        name: {recipe: asdict(photograph_figures(logits, *about)) for recipe, logits in one.logits.items()}
        for name, one in known.items()
    }


def test_a_study_that_is_shown_no_photographs_has_no_findings(sides: dict[str, Side]) -> None:
    assert study(sides, None) == {}


def test_the_other_half_has_no_say_in_the_choice(sides: dict[str, Side], found: Json) -> None:
    """A variant that is always right, but only on the half to score on."""
    scored = HALVES == "score"
    logits = {recipe: values.copy() for recipe, values in OUTPUTS["late"].logits.items()}
    logits["cut"][:, scored] = 50 * np.eye(10)[LABELS[scored]]
    again = study(sides, late=replace(OUTPUTS["late"], logits=logits))
    assert again["figures"]["late"]["cut"]["halves"]["score"]["accuracy"]["value"] == 1
    assert again["chosen"] == found["chosen"]
    logits["cut"][:, ~scored] = 50 * np.eye(10)[LABELS[~scored]]
    again = study(sides, late=replace(OUTPUTS["late"], logits=logits))
    assert (again["chosen"]["variant"], again["chosen"]["recipe"]) == ("late", "cut")


def test_comparisons_are_over_labelled_photographs(sides: dict[str, Side], found: Json) -> None:
    order = [(first, second, recipe) for first, second in PAIRS for recipe in RECIPES]
    assert [(row["first"], row["second"], row["recipe"]) for row in found["comparisons"]] == order
    weights = resample(len(LABELLED))
    for row, (first, second, recipe) in zip(found["comparisons"], order, strict=True):
        ours, theirs = (Side(OUTPUTS[name].logits[recipe][:, LABELLED], TEMPERATURES[name]) for name in (first, second))
        expected = as_json(compare_pair(ours, theirs, LABELS[LABELLED], GROUP_OF, weights))
        del expected["ranking"]
        assert row == {"first": first, "second": second, "recipe": recipe} | expected
        gap = right(first, recipe)[:, LABELLED].mean() - right(second, recipe)[:, LABELLED].mean()
        assert row["accuracy_difference"]["value"] == pytest.approx(gap)


def test_photographs_of_no_class_change_no_comparison(sides: dict[str, Side], found: Json) -> None:
    changed = {}
    for name, one in OUTPUTS.items():
        logits = {recipe: values.copy() for recipe, values in one.logits.items()}
        for values in logits.values():
            values[:, LABELS < 0] = values[:, LABELS < 0, ::-1] * 3
        changed[name] = replace(one, logits=logits)
    again = study(sides, **changed)
    assert {key for key in found if again[key] != found[key]} == {"distance"}


def test_an_ablation_is_after_minus_before_of_the_first_seed(found: Json) -> None:
    assert list(found["ablations"]) == ["cnn", "vit"]  # those that were probed
    weights = resample(len(LABELLED))
    for variant, rows in found["ablations"].items():
        assert [(row["recipe"], row["step"]) for row in rows] == [(way.recipe, way.without) for way in WITHOUT]
        for row, way in zip(rows, WITHOUT, strict=True):
            after = (OUTPUTS[variant].ablations[way] == LABELS)[LABELLED].astype(float)
            before = right(variant, way.recipe)[0, LABELLED].astype(float)
            expected = proportion(int(after.sum()), len(LABELLED))
            assert row["accuracy"] == pytest.approx(asdict(expected))
            assert row["difference"] == asdict(share_difference(after, before, weights))
            assert row["difference"]["value"] == pytest.approx(after.mean() - before.mean())
            assert row["difference"]["value"] != 0


def test_a_step_that_changes_nothing_differs_by_nothing(sides: dict[str, Side]) -> None:
    idle = {way: OUTPUTS["cnn"].logits[way.recipe][0].argmax(axis=1) for way in WITHOUT}
    rows = study(sides, cnn=replace(OUTPUTS["cnn"], ablations=idle))["ablations"]["cnn"]
    for difference in (row["difference"] for row in rows):
        assert (difference["value"], difference["low"]) == (0, pytest.approx(-difference["high"]))
        assert 0 < difference["high"] < 0.15


def test_senders_are_resampled_not_photographs(sides: dict[str, Side], found: Json) -> None:
    about = [row | {"sender": str(k // 6)} for k, row in enumerate(PHOTOS.about)]
    photos = replace(PHOTOS, about=about)
    again, senders = study(sides, photos), np.arange(COUNT) // 6
    logits = OUTPUTS["vit"].logits["cut"]
    expected = photograph_figures(logits, LABELS, photos.attributes, CLASSES, GROUP_OF, resample_clusters(senders))
    assert again["figures"]["vit"]["cut"] == asdict(expected)
    weights = resample_clusters(senders[LABELLED])
    row = again["comparisons"][0]
    right_of = [right(row[side], row["recipe"])[:, LABELLED].mean(axis=0) for side in ("first", "second")]
    assert row["accuracy_difference"] == asdict(share_difference(*right_of, weights))
    assert again["ablations"] != found["ablations"]
    assert again["chosen"]["recipe"] == found["chosen"]["recipe"]


def test_failures_is_the_share_of_other_classes_test_images(found: Json) -> None:
    failures = found["failed_preparations"]
    assert (failures["collector"], failures["strengths"]) == (CLASSES[COLLECTOR], list(STRENGTHS))
    assert list(failures["ways"]) == list(WAYS)
    others = [i for i, label in enumerate(TESTED.labels) if label != COLLECTOR]
    assert len(others) == 18
    for way, variants in failures["ways"].items():
        assert list(variants) == ["cnn", "vit"]
        for name, estimates in variants.items():
            counts = [sum(predicted[i] == COLLECTOR for i in others) for predicted in OUTPUTS[name].garments[way]]
            assert estimates == [asdict(proportion(int(count), 18)) for count in counts]


def test_failures_counts_the_images_that_were_corrupted(
    monkeypatch: pytest.MonkeyPatch, sides: dict[str, Side]
) -> None:
    monkeypatch.setattr(photo_study, "GARMENTS", 9)
    everywhere = {way: np.full((len(STRENGTHS), 9), COLLECTOR) for way in WAYS}
    some = {way: np.arange(45).reshape(5, 9) % 10 for way in WAYS}
    changes = {
        "cnn": replace(OUTPUTS["cnn"], garments=everywhere),
        "vit": replace(OUTPUTS["vit"], garments=some),
    }
    ways = study(sides, **changes)["failed_preparations"]["ways"]
    others = int((TESTED.labels[:9] != COLLECTOR).sum())
    assert others == 8
    assert ways["turn"]["cnn"] == [asdict(proportion(8, 8))] * 5
    assert ways["turn"]["vit"][1]["value"] == pytest.approx(1 / 8)  # predicted 9, 0, 1, ... 7


def test_without_probes_nothing_is_ablated_or_absorbed(sides: dict[str, Side], found: Json) -> None:
    idle = {name: replace(one, ablations={}, garments={}) for name, one in OUTPUTS.items()}
    again = study(sides, **idle)
    assert again["ablations"] == again["failed_preparations"]["ways"] == {}
    assert again["comparisons"] == found["comparisons"]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("variant", OUTPUTS)
def test_what_is_far_and_what_is_unsure_is_of_the_first_seed(found: Json, variant: str, recipe: str) -> None:
    one, where = OUTPUTS[variant], LABELS >= 0
    sureness = found["distance"][variant][recipe]
    logits, distances = one.logits[recipe][0], one.distances[recipe]
    correct = logits.argmax(axis=1) == LABELS
    scores = {"confidence": softmax(logits.astype(float), axis=1).max(axis=1), "distance": -distances}
    kinds = np.repeat([1, 0], [COUNT, 30])
    far = roc_auc_score(kinds, np.concatenate([distances, one.test_distances]))
    assert sureness["from_test_images"]["value"] == pytest.approx(far)
    assert far > 0.6
    quantiles = accuracy_by_quantile(distances[where], correct[where])
    assert sureness["quantiles"] == [asdict(part) for part in quantiles]
    assert sum(part["count"] for part in sureness["quantiles"]) == len(LABELLED)
    for name, score in scores.items():
        known = roc_auc_score(where, score)
        assert sureness["from_none_of_the_classes"][name]["value"] == pytest.approx(known)
        sorted_out = roc_auc_score(correct[where], score[where])
        assert sureness["right_from_wrong"][name]["value"] == pytest.approx(sorted_out)
        curve = asdict(risk_coverage(score[where], correct[where]))
        assert sureness["abstention"][name] == {part: pytest.approx(values) for part, values in curve.items()}
        assert sureness["aurc"][name] == pytest.approx(area_under_risk_coverage(score[where], correct[where]))


def test_photographs_that_all_show_a_class_have_no_others_to_compare_with(sides: dict[str, Side]) -> None:
    labels = np.where(LABELS < 0, 3, LABELS)
    found = study(sides, replace(PHOTOS, labels=labels))
    assert found["labelled"] == COUNT
    for recipes in found["distance"].values():
        for sureness in recipes.values():
            assert sureness["from_none_of_the_classes"] == {"confidence": None, "distance": None}
            assert sureness["right_from_wrong"]["confidence"] is not None
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("shift", [0, 1])
def test_a_model_that_is_always_right_or_wrong_has_nothing_to_tell_apart(sides: dict[str, Side], shift: int) -> None:
    logits = {recipe: 9 * np.eye(10, dtype=np.float32)[(LABELS + shift) % 10][None] for recipe in RECIPES}
    found = study(sides, late=replace(OUTPUTS["late"], logits=logits))
    for recipe in RECIPES:
        assert found["distance"]["late"][recipe]["right_from_wrong"] == {"confidence": None, "distance": None}
        assert found["distance"]["late"][recipe]["aurc"] == pytest.approx({"confidence": shift, "distance": shift})
    json.dumps(found, allow_nan=False)


def test_only_images_of_other_classes_are_counted() -> None:
    labels = np.array([8, 8, 8, 0, 1, 2, 3, -1])
    predicted = np.array([8, 8, 1, 8, 8, 2, 8, 8])
    assert collector_share(predicted, labels, 8) == proportion(3, 4)
    assert collector_share(predicted, labels, 5) == proportion(0, 7)
    with pytest.raises(ValueError, match="0 of 0"):
        collector_share(predicted[:3], labels[:3], 8)
