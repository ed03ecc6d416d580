"""The claims on look-alikes: each test reads the quantity it names with the sign it names, among many that mislead."""

import copy
from dataclasses import dataclass, replace
from typing import Any

import pytest
from claims.invented import CONFUSION, Json, answers, comparison, estimate, misleading, verdicts

from lookalike.claims.claim import NO_DATA, NO_STUDY, Evidence, Measured
from lookalike.claims.fashion import CLAIMS
from lookalike.evaluation.groups import LookAlikeFigures
from lookalike.explain.similarity import Excess, Kinship, Mistakes

CNN, VIT = "fashion-cnn", "fashion-vit"
OTHER_RECIPES = ("zalando", "naive", "fitted")
TESTED, LABELLED, EXPLAINED = 10_000, 350, 500
WRONG, RIGHT, WITH_LOOK_ALIKES = 300, 8500, 6000  # images that both models predict alike
METHODS = {  # how a test names the map that may be meant -> the method
    "embedded patches": "embedded patches",
    "first attention's output": "first attention output",
    "attention itself": "last attention",
}
PARTS = ("maps", "raw_pixels", "over_raw_pixels", "untrained", "over_untrained", "mistakes", "photographs")
Where = tuple[str | int, ...]
PLACE = 2  # of the two models among all that are compared


@dataclass(frozen=True)
class Quantity:
    """Where a test's quantity stands, CNN minus ViT where it is one of two models.

    Attributes:
        where: the steps to it from the field of the evidence.
        least: what it must exceed.
        count: the images, or what `unit` says, that it is a mean of.
        sign: -1 if the test turns it around.
        either: whether it may exceed `least` on either side of zero.
        control: whether it decides nothing.
    """

    where: Where
    least: float
    count: int
    unit: str = "images"
    sign: int = 1
    either: bool = False
    control: bool = False


def of_pair(*where: str, count: int, sign: int = 1, least: float = 0.01, **more: bool) -> Quantity:
    return Quantity(("look_alikes", "pairs", PLACE, *where), least, count, sign=sign, **more)


def of_maps(reading: str) -> dict[str, Quantity]:
    """The tests on the maps of one reading."""

    def figure(*where: str, control: bool = False) -> Quantity:
        known = ("explanations", VIT, "similarity", "spearman", METHODS[reading], *where)
        photographs = where[0] == "photographs"
        count, unit = (LABELLED, "photographs") if photographs else (EXPLAINED, "images")
        return Quantity(known, 0.05, count, unit, control=control)

    return {
        f"F6 {reading}: one class": figure("maps", "class_contrast"),
        f"F6 {reading}: look-alikes": figure("maps", "group_contrast"),
        f"F6 {reading}: photograph": figure("photographs", "class_contrast"),
        f"F6 {reading}: more than pixels": figure("over_raw_pixels", "class_contrast", control=True),
        f"F6 {reading}: more than untrained": figure("over_untrained", "class_contrast", control=True),
    }


LOOK_ALIKES = ("both_right_with_look_alikes", "look_alikes")
OVERCONFIDENCE = {name: ("look_alikes", "variants", name, "overconfidence") for name in (CNN, VIT)}
QUANTITIES = {
    "F1": of_pair("accuracy_difference", count=TESTED, least=0.005),
    "F2": Quantity(("photos", "comparisons", PLACE, "accuracy_difference"), 0.02, LABELLED, "photographs", -1),
    "F3 true class": of_pair("both_wrong", "true", count=WRONG, sign=-1),
    "F3 true class, calibrated": of_pair("calibrated", "both_wrong", "true", count=WRONG, sign=-1, control=True),
    "F3 outside": of_pair("both_wrong", "outside", count=WRONG),
    "F3 outside, calibrated": of_pair("calibrated", "both_wrong", "outside", count=WRONG, control=True),
    "F4": of_pair(*LOOK_ALIKES, count=WITH_LOOK_ALIKES),
    "F4 calibrated": of_pair("calibrated", *LOOK_ALIKES, count=WITH_LOOK_ALIKES, control=True),
    "F5 between models": of_pair("both_right", "confidence", count=RIGHT, either=True),
    "F5 CNN": Quantity(OVERCONFIDENCE[CNN], 0.01, TESTED, either=True),
    "F5 ViT": Quantity(OVERCONFIDENCE[VIT], 0.01, TESTED, either=True),
    **{name: quantity for reading in METHODS for name, quantity in of_maps(reading).items()},
}
OF_TWO = [name for name, quantity in QUANTITIES.items() if PLACE in quantity.where]
OF_MAPS = [name for name in QUANTITIES if name.startswith("F6")]
EACH = pytest.mark.parametrize("name", QUANTITIES)


def maps() -> Json:
    """What is known of a model's maps, all of it misleading."""
    kinds = {"over_raw_pixels": Excess, "over_untrained": Excess, "mistakes": Mistakes}
    methods = (*METHODS.values(), "Grad-CAM", "HiResCAM", "rollout", "gradient rollout")
    similarity = {
        measure: {name: {part: misleading(kinds.get(part, Kinship)) for part in PARTS} for name in methods}
        for measure in ("spearman", "ssim", "top_k_overlap")
    }
    return {"faithfulness": {"images": 7}, "heads": {"images": 7}, "sanity": {}, "similarity": similarity}


def misled() -> Evidence:
    """Evidence without a figure that a claim should look at."""
    pair = comparison(CNN, VIT)
    for part in (pair, pair["calibrated"]):
        for images, count in (
            ("both_wrong", WRONG),
            ("both_right", RIGHT),
            ("both_right_with_look_alikes", WITH_LOOK_ALIKES),
        ):
            if images in part:
                part[images]["images"] = count
    others = [(VIT, "fashion-vit-pos"), (CNN, "fashion-cnn-grouped"), ("fashion-cnn-10pct", VIT)]
    variants = (CNN, VIT, "fashion-vit-pos", "fashion-cnn-10pct")
    pairs = [comparison(*names) for names in others]
    pairs.insert(PLACE, pair)
    photographs = [comparison(CNN, VIT) | {"recipe": recipe} for recipe in OTHER_RECIPES]
    photographs += [comparison(*names) | {"recipe": "report"} for names in others]
    photographs.insert(PLACE, comparison(CNN, VIT) | {"recipe": "report"})
    return Evidence(
        metrics={name: {"seeds": 1, "accuracy": 99.0} for name in variants},
        look_alikes={
            "variants": {name: misleading(LookAlikeFigures) for name in variants},
            "confusions": {name: CONFUSION if name in (CNN, VIT) else [[7]] for name in variants},
            "pairs": pairs,
        },
        photos={"photographs": 7000, "labelled": LABELLED, "comparisons": photographs},
        explanations={name: maps() | {"images": EXPLAINED if name == VIT else 7} for name in variants},
    )


def put(evidence: Evidence, where: Where, figure: Json | None) -> None:
    """Set one figure."""
    field, *steps, last = where
    place: Any = getattr(evidence, str(field))
    for step in steps:
        place = place[step]
    assert last in place  # the stages write it
    place[last] = figure


def favouring(name: str) -> Measured:
    """What holds a test, more than its least and unlike that of any other."""
    quantity, index = QUANTITIES[name], list(QUANTITIES).index(name)
    low = quantity.least * 1.0625 + index
    return Measured(low + 0.125, low, low + 0.5, quantity.count, quantity.unit)


def as_stored(name: str, measured: Measured) -> Json:
    """The figure that a test reads as `measured`."""
    if QUANTITIES[name].sign > 0:
        return estimate(measured.value, measured.low, measured.high)
    return estimate(-measured.value, -measured.high, -measured.low)


def favoured(**changed: Measured | None) -> Evidence:
    """Evidence that holds every test but those in `changed`, whose quantities are these."""
    evidence = misled()
    for name, quantity in QUANTITIES.items():
        measured = changed.get(name, favouring(name))
        put(evidence, quantity.where, None if measured is None else as_stored(name, measured))
    return evidence


def expected(**changed: str) -> dict[str, str]:
    return dict.fromkeys(QUANTITIES, "reproduced") | changed


def turned(measured: Measured) -> Measured:
    return replace(measured, value=-measured.value, low=-measured.high, high=-measured.low)


def test_every_test_is_tried_here() -> None:
    assert list(answers(CLAIMS, None)) == list(QUANTITIES)
    controls = {name for name, answer in answers(CLAIMS, None).items() if answer.test.control}
    assert controls == {name for name, quantity in QUANTITIES.items() if quantity.control}


def test_evidence_that_favours_all_claims_reproduces_them() -> None:
    assert verdicts(CLAIMS, favoured()) == expected()


@EACH
def test_a_test_says_what_it_measured_and_on_how_many(name: str) -> None:
    assert answers(CLAIMS, favoured())[name].measured == favouring(name)


@EACH
def test_a_test_hangs_on_its_own_quantity_alone(name: str) -> None:
    quantity = turned(favouring(name))
    before, after = answers(CLAIMS, favoured()), answers(CLAIMS, favoured(**{name: quantity}))
    assert after[name].measured == quantity
    assert after[name].verdict == ("reproduced" if QUANTITIES[name].either else "contradicted")
    assert [other for other in QUANTITIES if after[other] != before[other]] == [name]


@EACH
def test_a_difference_too_small_to_matter_contradicts_the_claim_that_there_is_one(name: str) -> None:
    small = replace(favouring(name), value=0.5 * QUANTITIES[name].least, low=0, high=0.9375 * QUANTITIES[name].least)
    assert verdicts(CLAIMS, favoured(**{name: small})) == expected(**{name: "contradicted"})


@EACH
def test_a_quantity_across_what_matters_leaves_its_test_inconclusive(name: str) -> None:
    least, count = QUANTITIES[name].least, QUANTITIES[name].count
    wide = replace(favouring(name), value=2 * least, low=0.5 * least, high=3 * least)
    found = favoured(**{name: wide})
    assert verdicts(CLAIMS, found) == expected(**{name: "inconclusive"})
    assert answers(CLAIMS, found)[name].needed == pytest.approx(2.25 * count, abs=1)


@EACH
def test_a_quantity_without_images_is_not_measured(name: str) -> None:
    found = favoured(**{name: None})
    assert verdicts(CLAIMS, found) == expected(**{name: "not run"})
    assert answers(CLAIMS, found)[name].reason == NO_DATA


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.key)
def test_the_controls_of_a_claim_come_with_a_test_and_say_what_they_change(claim: Any) -> None:
    measures = {test.key: test.measure for test in claim.tests}
    assert len(set(measures.values())) == len(measures)
    for test in (test for test in claim.tests if test.control):
        plain = test.key.removesuffix("calibrated").removesuffix(", ").replace("more than pixels", "one class")
        plain = plain.replace("more than untrained", "one class")
        assert test.measure.startswith(measures[plain])
        assert not next(other for other in claim.tests if other.key == plain).control


# what is missing


def without(evidence: Evidence, **changed: Any) -> dict[str, str]:
    """The verdicts of all that is not reproduced when a part of the evidence is another."""
    found = verdicts(CLAIMS, replace(evidence, **changed))
    return {name: verdict for name, verdict in found.items() if verdict != "reproduced"}


def test_models_that_are_not_compared_leave_what_is_said_of_each() -> None:
    found = favoured()
    del found.look_alikes["pairs"][PLACE], found.photos["comparisons"][PLACE]
    assert without(found) == dict.fromkeys(OF_TWO, "not run")


def test_photographs_prepared_otherwise_do_not_test_the_claim_about_them() -> None:
    found = favoured()
    rows = [row for row in found.photos["comparisons"] if row["recipe"] != "report"]
    assert len(rows) == len(OTHER_RECIPES)
    assert without(found, photos=found.photos | {"comparisons": rows}) == {"F2": "not run"}


@pytest.mark.parametrize(("variant", "name"), [(CNN, "F5 CNN"), (VIT, "F5 ViT")])
def test_of_a_model_that_diverged_nothing_is_said(variant: str, name: str) -> None:
    found = favoured()
    del found.look_alikes["variants"][variant]
    assert without(found) == {name: "not run"}


def test_of_a_model_that_was_not_explained_nothing_is_said_about_maps() -> None:
    found = favoured()
    del found.explanations[VIT]
    assert without(found) == dict.fromkeys(OF_MAPS, "not run")


@pytest.mark.parametrize(
    "evidence",
    [Evidence(), Evidence(look_alikes={"variants": {}, "confusions": {}, "pairs": []}, photos={"comparisons": []})],
)
def test_a_study_without_findings_answers_nothing(evidence: Evidence) -> None:
    found = answers(CLAIMS, evidence)
    assert {(answer.verdict, answer.reason, answer.measured) for answer in found.values()} == {
        ("not run", NO_DATA, None)
    }


def test_a_study_that_is_not_among_the_parameters_answers_nothing() -> None:
    assert {answer.reason for answer in answers(CLAIMS, None).values()} == {NO_STUDY}


# the pair the other way round


def test_the_pair_may_be_stored_the_other_way_round() -> None:
    found = favoured()
    other = replace(found, look_alikes=copy.deepcopy(found.look_alikes), photos=copy.deepcopy(found.photos))
    for row in (other.look_alikes["pairs"][PLACE], other.photos["comparisons"][PLACE]):
        row |= {"first": VIT, "second": CNN}
    for name in OF_TWO:
        stored = favouring(name) if QUANTITIES[name].sign < 0 else turned(favouring(name))
        put(other, QUANTITIES[name].where, estimate(stored.value, stored.low, stored.high))
    assert answers(CLAIMS, other) == answers(CLAIMS, found)
