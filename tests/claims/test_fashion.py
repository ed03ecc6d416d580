"""Every claim reads the quantity it names with the sign it names: findings set by hand, among many that mislead."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from lookalike.claims.claim import Findings, Json, put_to_test
from lookalike.claims.claim import Tested as Row
from lookalike.claims.fashion import CLAIMS

CNN, VIT = "fashion-cnn", "fashion-vit"
RECIPES = ("zalando", "report", "naive", "fitted")
SHARES = ("true", "look_alikes", "outside", "confidence")
IMAGES = ("both_right", "both_right_with_look_alikes", "both_wrong")
Where = tuple[str, ...]
METHODS = {  # how a claim names the map that may be meant -> the method
    "embedded patches": "embedded patches",
    "first attention's output": "first attention output",
    "attention itself": "last attention",
}
ON_MAPS: dict[str, Where] = {  # claim -> its figure within a method's similarity
    "class": ("maps", "class_contrast"),
    "look-alikes": ("maps", "group_contrast"),
    "photograph": ("photographs", "class_contrast"),
    "more than pixels": ("over_raw_pixels", "class_contrast"),
    "more than untrained": ("over_untrained", "class_contrast"),
}
MAPS = {
    f"F6, {claim} ({reading})": ("explanations", VIT, "similarity", "spearman", method, *figure)
    for reading, method in METHODS.items()
    for claim, figure in ON_MAPS.items()
}

# key: where its quantity stands (CNN minus ViT where it is one of two models), and whether it is turned around
QUANTITIES: dict[str, tuple[Where, int]] = {
    "F1": (("pair", "accuracy_difference"), 1),
    "F2": (("photographs", "accuracy_difference"), -1),
    "F3, true class": (("pair", "both_wrong", "true"), -1),
    "F3, outside": (("pair", "both_wrong", "outside"), 1),
    "F4": (("pair", "both_right_with_look_alikes", "look_alikes"), 1),
    "F3, true class, calibrated": (("pair", "calibrated", "both_wrong", "true"), -1),
    "F3, outside, calibrated": (("pair", "calibrated", "both_wrong", "outside"), 1),
    "F4, calibrated": (("pair", "calibrated", "both_right_with_look_alikes", "look_alikes"), 1),
    "F5, between models": (("pair", "both_right", "confidence"), 1),
    "F5, CNN": (("variants", CNN, "overconfidence"), 1),
    "F5, ViT": (("variants", VIT, "overconfidence"), 1),
    **{key: (where, 1) for key, where in MAPS.items()},
}
TWO_SIDED = {"F5, between models", "F5, CNN", "F5, ViT"}  # a difference either way supports them
MISLEADING = {"value": 99.0, "low": -98.0, "high": 100.0}  # stands wherever no claim should look


def comparison() -> Json:
    """What is known of two models, all of it misleading."""

    def shares() -> Json:
        return {images: {"images": 7} | {name: dict(MISLEADING) for name in SHARES} for images in IMAGES}

    names = ("accuracy_difference", "error_consistency", "divergence", "divergence_calibrated", "confidence_gap")
    return shares() | {"calibrated": shares()} | {name: dict(MISLEADING) for name in names}


def explanation() -> Json:
    """What is known of a model's maps, all of it misleading."""
    parts = ("maps", "raw_pixels", "over_raw_pixels", "untrained", "over_untrained", "photographs", "mistakes")
    figures = ("within_class", "look_alikes", "between_groups", "class_contrast", "group_contrast")
    methods = (*METHODS.values(), "Grad-CAM", "HiResCAM", "rollout", "gradient rollout")

    def measure() -> Json:
        return {name: {part: {f: dict(MISLEADING) for f in figures} for part in parts} for name in methods}

    return {"similarity": {name: measure() for name in ("spearman", "ssim", "top_k_overlap")}}


def quantity(index: int, sign: int) -> Json:
    """Wholly on one side of zero, and unlike that of any other index."""
    low, value, high = sorted(sign * (index + 1 + part) for part in (0.125, 0.25, 0.5))
    return {"value": value, "low": low, "high": high}


def findings(flipped: str = "") -> Findings:
    """Findings that support every claim, but the quantity of `flipped` lies on the other side of zero."""
    known: dict[str, Any] = {
        "pair": comparison(),
        "photographs": comparison(),
        "variants": {
            name: {"overconfidence": dict(MISLEADING), "margin": dict(MISLEADING)}
            for name in ("fashion-vit-pos", CNN, VIT, "fashion-cnn-10pct")
        },
        "explanations": {name: explanation() for name in ("fashion-vit-pos", CNN, VIT, "fashion-transfg")},
    }
    for index, (key, (path, sign)) in enumerate(QUANTITIES.items()):
        place = known
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = quantity(index, -sign if key == flipped else sign)
    others = [(VIT, CNN), (VIT, "fashion-vit-pos"), (CNN, "fashion-cnn-grouped"), ("fashion-cnn-10pct", VIT)]
    pairs = [{"first": first, "second": second} | comparison() for first, second in others]
    photos = [
        {"first": first, "second": second, "recipe": recipe} | comparison()
        for first, second in [*others, (CNN, VIT)]
        for recipe in RECIPES
        if (first, second, recipe) != (CNN, VIT, "report")
    ]
    pairs.insert(2, {"first": CNN, "second": VIT} | known["pair"])
    photos.insert(9, {"first": CNN, "second": VIT, "recipe": "report"} | known["photographs"])
    return Findings({"variants": known["variants"], "pairs": pairs}, {"comparisons": photos}, known["explanations"])


def by_key(found: Findings) -> dict[str, Row]:
    return {row.key: row for row in put_to_test(CLAIMS, found)}


def without(found: Findings, first: str, second: str) -> Findings:
    """The findings of a study that does not compare these two variants."""

    def others(rows: list[Json]) -> Iterator[Json]:
        return (row for row in rows if (row["first"], row["second"]) != (first, second))

    return Findings(
        found.look_alikes | {"pairs": list(others(found.look_alikes["pairs"]))},
        found.photos | {"comparisons": list(others(found.photos["comparisons"]))},
        found.explanations,
    )


def test_every_claim_of_the_source_is_there_and_has_its_own_key() -> None:
    keys = [claim.key for claim in CLAIMS]
    assert len(set(keys)) == len(keys)
    assert {key[:2] for key in keys} == {"F1", "F2", "F3", "F4", "F5", "F6"}
    assert set(keys) == set(QUANTITIES)
    for claim in CLAIMS:
        assert claim.statement.endswith(".")
        assert all((claim.statement, claim.reported, claim.measure))


def test_findings_that_favour_all_claims_support_them() -> None:
    rows = by_key(findings())
    assert {key: row.verdict for key, row in rows.items()} == dict.fromkeys(QUANTITIES, "supported")


@pytest.mark.parametrize("key", QUANTITIES)
def test_a_claim_hangs_on_its_own_quantity_alone(key: str) -> None:
    before, after = by_key(findings()), by_key(findings(flipped=key))
    assert after[key].verdict == ("supported" if key in TWO_SIDED else "contradicted")
    assert [other for other in QUANTITIES if after[other] != before[other]] == [key]


@pytest.mark.parametrize(("key", "index"), [(key, index) for index, key in enumerate(QUANTITIES)])
def test_a_claim_reports_its_quantity_in_the_direction_that_supports_it(key: str, index: int) -> None:
    assert by_key(findings())[key].estimate == quantity(index, 1)
    assert by_key(findings(flipped=key))[key].estimate == quantity(index, -1)


def test_models_that_are_not_compared_leave_what_is_said_of_each() -> None:
    rows = by_key(without(findings(), CNN, VIT))
    decided = {key for key, row in rows.items() if row.verdict != "not tested"}
    assert decided == {"F5, CNN", "F5, ViT", *MAPS}
    assert all(rows[key].estimate is None for key in set(QUANTITIES) - decided)


def test_photographs_prepared_otherwise_do_not_test_the_claim_about_them() -> None:
    found = findings()
    rows = [row for row in found.photos["comparisons"] if row["recipe"] != "report"]
    verdicts = {key: row.verdict for key, row in by_key(replace(found, photos={"comparisons": rows})).items()}
    assert verdicts == dict.fromkeys(QUANTITIES, "supported") | {"F2": "not tested"}


@pytest.mark.parametrize(("variant", "key"), [(CNN, "F5, CNN"), (VIT, "F5, ViT")])
def test_of_a_model_that_diverged_nothing_is_said(variant: str, key: str) -> None:
    found = findings()
    del found.look_alikes["variants"][variant]
    assert {name for name, row in by_key(found).items() if row.verdict == "not tested"} == {key}


def test_a_study_without_findings_tests_nothing() -> None:
    rows = put_to_test(CLAIMS, Findings({"variants": {}, "pairs": []}, {"comparisons": []}, {}))
    assert [row.key for row in rows] == [claim.key for claim in CLAIMS]
    assert {(row.verdict, row.estimate) for row in rows} == {("not tested", None)}


@pytest.mark.parametrize(
    ("images", "part", "key"),
    [
        ("both_wrong", "true", "F3, true class"),
        ("both_wrong", "outside", "F3, outside"),
        ("both_right_with_look_alikes", "look_alikes", "F4"),
        ("both_right", "confidence", "F5, between models"),
    ],
)
def test_a_quantity_without_images_is_not_tested(images: str, part: str, key: str) -> None:
    found = findings()
    pair = next(row for row in found.look_alikes["pairs"] if (row["first"], row["second"]) == (CNN, VIT))
    pair[images][part] = None
    assert [name for name, row in by_key(found).items() if row.verdict == "not tested"] == [key]


@pytest.mark.parametrize("key", MAPS)
def test_a_figure_of_maps_without_pairs_is_not_tested(key: str) -> None:
    found, (*_, method, part, contrast) = findings(), MAPS[key]
    found.explanations[VIT]["similarity"]["spearman"][method][part][contrast] = None
    assert [name for name, row in by_key(found).items() if row.verdict == "not tested"] == [key]


def test_of_a_model_that_was_not_explained_nothing_is_said_about_maps() -> None:
    found = findings()
    del found.explanations[VIT]
    rows = by_key(found)
    assert {name for name, row in rows.items() if row.verdict == "not tested"} == set(MAPS)
    assert all(rows[key].estimate is None for key in MAPS)


@pytest.mark.parametrize("key", QUANTITIES)
def test_a_quantity_across_zero_leaves_its_claim_undecided(key: str) -> None:
    found, (where, _) = findings(), QUANTITIES[key]
    place: Any = {
        "pair": next(row for row in found.look_alikes["pairs"] if (row["first"], row["second"]) == (CNN, VIT)),
        "photographs": found.photos["comparisons"][9],
        "variants": found.look_alikes["variants"],
        "explanations": found.explanations,
    }
    for step in where[:-1]:
        place = place[step]
    place[where[-1]] = {"value": 0.5, "low": -0.5, "high": 1.0}
    verdicts = {name: row.verdict for name, row in by_key(found).items()}
    assert verdicts == dict.fromkeys(QUANTITIES, "supported") | {key: "undecided"}


def test_claims_after_the_temperature_say_so_and_what_they_are_claims_of() -> None:
    claims = {claim.key: claim for claim in CLAIMS}
    calibrated = [key for key in claims if key.endswith(", calibrated")]
    assert len(calibrated) == 3
    for key in calibrated:
        plain = claims[key.removesuffix(", calibrated")]
        assert (claims[key].statement, claims[key].reported) == (plain.statement, plain.reported)
        assert claims[key].measure == f"{plain.measure}, after each model's temperature"


def test_claims_on_maps_claim_the_same_of_every_map_that_may_be_meant() -> None:
    words = {claim.key: (claim.statement, claim.reported, claim.measure) for claim in CLAIMS}
    for claim in ON_MAPS:
        assert len({words[f"F6, {claim} ({reading})"][:2] for reading in METHODS}) == 1
    for reading in METHODS:
        assert len({words[f"F6, {claim} ({reading})"][2] for claim in ON_MAPS}) == len(ON_MAPS)
