"""The first screen: its sentences for made numbers, and what it says where numbers are missing."""

from dataclasses import replace

import numpy as np
import pytest
from blocks import figures, rows
from small_study import CNN, FEW

from lookalike.reporting.chapters import summary as module
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.chapters.summary import (
    Lead,
    highest_sentence,
    lead_accuracy_sentence,
    lead_of,
    maps_sentence,
    mistakes_sentence,
    seed_deviation_sentence,
    summary_chapter,
    within_group_by_chance,
)
from lookalike.reporting.chapters.summary import lead_photographs_sentence as on_photos
from lookalike.reporting.document import BulletList, Json
from lookalike.reporting.figures.summary import Row


def estimate(value: float, low: float, high: float) -> Json:
    return {"value": value, "low": low, "high": high}


@pytest.fixture
def lead(results: StudyResults) -> Lead:
    return Lead(results, (CNN, FEW))


def with_difference(lead: Lead, difference: Json, first: str = CNN, second: str = FEW) -> Lead:
    pair = {"first": first, "second": second, "accuracy_difference": difference}
    known = {**lead.study.measurements.look_alikes, "pairs": [pair]}
    return replace(lead, study=replace(lead.study, measurements=replace(lead.study.measurements, look_alikes=known)))


def test_the_lead_is_a_pair_above_chance_or_the_best_variant(results: StudyResults) -> None:
    lead = lead_of([results])
    assert lead is not None
    assert lead.variants == (CNN, FEW)
    assert lead.names == {CNN: f"`{CNN}`", FEW: f"`{FEW}`"}
    alone = [replace(row, accuracy_low=0.0) if row.variant == FEW else row for row in results.standings]
    single = lead_of([replace(results, standings=alone)])
    assert single is not None
    assert single.variants == (CNN,)
    none = [replace(row, accuracy_low=0.0 if row.accuracy else None) for row in results.standings]
    assert lead_of([replace(results, standings=none)]) is None
    assert "nothing was found" in summary_chapter([replace(results, standings=none)], []).finding


def test_the_better_variant_comes_first_and_equal_ones_are_called_equal(lead: Lead) -> None:
    ahead = with_difference(lead, estimate(0.02, 0.01, 0.03))
    where = "30 test images of fashion_mnist: 75.0 % and 75.0 %"
    assert lead_accuracy_sentence(ahead) == f"`{CNN}` is 2.0 points (1.0 to 3.0) more accurate than `{FEW}` on {where}."
    behind = with_difference(lead, estimate(-0.02, -0.03, -0.01))
    assert lead_accuracy_sentence(behind).startswith(f"`{FEW}` is 2.0 points (1.0 to 3.0) more accurate than `{CNN}`")
    turned = with_difference(lead, estimate(-0.02, -0.03, -0.01), FEW, CNN)
    assert lead_accuracy_sentence(turned).startswith(f"`{CNN}` is 2.0 points (1.0 to 3.0) more accurate than `{FEW}`")
    level = with_difference(lead, estimate(0.01, -0.01, 0.03))
    assert lead_accuracy_sentence(level).endswith(f"on {where}, a difference of 1.0 points (−1.0 to 3.0).")


def test_without_a_comparison_both_accuracies_are_said(lead: Lead) -> None:
    apart = with_difference(lead, estimate(0, 0, 0), "other", FEW)
    assert (
        lead_accuracy_sentence(apart)
        == f"`{CNN}` and `{FEW}` are right in 75.0 % and 75.0 % of 30 test images of fashion_mnist."
    )
    alone = replace(lead, variants=(CNN,))
    assert lead_accuracy_sentence(alone).startswith(f"`{CNN}` is right in 75.0 % of 30 test images")


def test_mistakes_within_the_group_are_two_minus_their_severity(lead: Lead) -> None:
    measured = lead.study.measurements
    severe = {name: {"severity": estimate(1.2, 1.1, 1.4)} for name in (CNN, FEW)}
    severe[FEW] = {"severity": None}
    known = {**measured.look_alikes, "variants": severe}
    made = replace(lead, study=replace(lead.study, measurements=replace(measured, look_alikes=known)))
    chance = f"{100 * within_group_by_chance(lead.study):.0f} %"
    said = f"80 % (60 to 90) of the mistakes of `{CNN}` stay within a group of look-alikes; random mistakes would in"
    assert mistakes_sentence(made) == f"{said} {chance}."


def test_random_mistakes_are_counted_over_the_other_classes(results: StudyResults) -> None:
    """Three images: classes 0 and 1 are alike, class 2 is alone, so that of two wrong classes one, one and none is."""
    small = replace(results)
    small.__dict__["group_of"] = np.array([0, 0, 1])
    small.__dict__["test_set"] = replace(results.test_set, labels=np.array([0, 1, 2]))
    assert within_group_by_chance(small) == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)


def test_maps_are_held_against_a_spot_in_the_middle(lead: Lead) -> None:
    def explained(low: float, high: float) -> Json:
        shown = {"gain": estimate(0.22, 0.2, 0.3), "over_centre": estimate(0.0, low, high)}
        return {"shown": "CAM", "faithfulness": {"methods": {"CAM": shown, "centre": {"gain": {"value": 0.3}}}}}

    known = {CNN: explained(-0.2, -0.1), FEW: explained(-0.1, 0.1)}
    made = replace(lead, study=replace(lead.study, measurements=replace(lead.study.measurements, explanations=known)))
    assert maps_sentence(made) == (
        f"maps by CAM explain `{CNN}` less well than a spot in the middle does (gain in faithfulness 0.22 against "
        f"0.30) and `{FEW}` no better than a spot in the middle does (0.22 against 0.30)."
    )
    none = replace(lead, study=replace(lead.study, measurements=replace(lead.study.measurements, explanations={})))
    assert maps_sentence(none) is None


def test_photographs_are_left_out_where_there_are_none(lead: Lead) -> None:
    said = on_photos(lead)
    assert said is not None
    assert said.startswith("on ")
    assert f"`{CNN}` " in said
    none = replace(lead, study=replace(lead.study, measurements=replace(lead.study.measurements, photos={})))
    assert on_photos(none) is None


def test_the_variation_from_seed_to_seed_is_said_where_it_is_known(lead: Lead) -> None:
    assert seed_deviation_sentence(lead) == "Each variant was trained once."
    varied = [replace(row, accuracy_sd=0.0123) if row.variant == CNN else row for row in lead.study.standings]
    said = seed_deviation_sentence(replace(lead, study=replace(lead.study, standings=varied)))
    assert said == f"From seed to seed the accuracy varies with a standard deviation of 1.2 points ({CNN})."


def test_the_figure_says_which_accuracies_are_the_highest() -> None:
    first = Row("a", estimate(0.914, 0.90, 0.92), (), estimate(0.5, 0.4, 0.6), estimate(0.51, 0.42, 0.58))
    second = replace(first, variant="b", accuracy=estimate(0.919, 0.91, 0.92), photographs=estimate(0.4, 0.3, 0.5))
    assert highest_sentence([first, second]) == (
        "The highest accuracy is 91.9 % (91.0 to 92.0) on test images (b) and 51 % (42 to 58) on photographs (a)."
    )
    unphotographed = [replace(first, photographs=None), replace(second, accuracy=None, photographs=None)]
    said = "The highest accuracy is 91.4 % (90.0 to 92.0) on test images (a)."
    assert highest_sentence(unphotographed) == said


@pytest.mark.usefixtures("quick")
def test_the_section_is_a_list_of_sentences_and_one_figure(results: StudyResults) -> None:
    part = summary_chapter([results], [])
    (said,) = [block for block in part.blocks if isinstance(block, BulletList)]
    assert 3 <= len(said.sentences) <= 5
    assert all(one[0] in "`ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" and one.endswith(".") for one in said.sentences)
    (figure,) = figures(part).values()
    assert [row[0] for row in rows(figure.numbers[0])] == [CNN, FEW]
    assert module.MOST_ROWS == 7
