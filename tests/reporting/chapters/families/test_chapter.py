"""The chapter on families: a finding and a figure for all that was measured, from invented evidence of every kind."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from blocks import figures, header, marked, prose, rows, tables, walk
from conftest import ROOT
from descriptions import described
from scipy.special import softmax
from two_families import BOTH, CNN, CONDITIONS, POSITIONS, VIT, TwoFamilies, two_families, write_two_families

from lookalike.artifacts.comparisons import save_families
from lookalike.artifacts.explanations import PairMaps
from lookalike.artifacts.models import SeedRecord
from lookalike.claims.claim import Claim, Measurement, Test, above
from lookalike.claims.judging import Answer, Judged
from lookalike.evaluation.cues import keep_cue
from lookalike.evaluation.hierarchical import Seeds, UncertainValue
from lookalike.evaluation.statistics import Estimate
from lookalike.families.all_findings import study_families
from lookalike.families.crossings import Crossing, NoCrossing
from lookalike.families.findings import Contrasted, FamilyFindings, LearningCurves, VariantErrors
from lookalike.reporting.chapters import study_results as results_module
from lookalike.reporting.chapters.families import cues, errors, learning, maps, trust
from lookalike.reporting.chapters.families.chapter import (
    claim_sentences,
    families_chapter,
    first_family_comparison,
    opening,
)
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison, estimate_text
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.comparison import StudyArtifacts, to_measured_study
from lookalike.reporting.document import Fold, Illustration, Section, Table
from lookalike.reporting.figures.rendering import stored_chart
from lookalike.reporting.leaderboard import Standing, make_standing
from lookalike.reporting.measurements import StudyMeasurements
from lookalike.studies import CLAIMS

NAMES = (
    *("error-consistency", "separability", "cues", "learning-curves"),
    *("representations", "attribution", "contrast-maps", "doubtful-labels"),
)


@dataclass(frozen=True)
class Made:
    """The study, its findings, and where both are written."""

    study: TwoFamilies
    findings: FamilyFindings
    results: StudyResults


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Not to be changed."""
    root = tmp_path_factory.mktemp("families")
    study = two_families(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))
    write_two_families(root, study)
    groups = study.params.groups["fashion_mnist"]
    collected = StudyArtifacts(study.test_set, study.models, study.evaluations, study.explanations, {}, groups)
    findings = study_families(to_measured_study(collected, study.params, "fashion"))
    save_families(root / "comparisons/fashion", findings)
    standings = [standing_of(name) for name in (*BOTH, POSITIONS)]
    return Made(study, findings, StudyResults("fashion", study.params, root, StudyMeasurements(), {}, standings))


def standing_of(name: str) -> Standing:
    """A variant above chance."""
    times = [{"seed": 0, "epoch": 0, "seconds": 1.0, "images_per_second": 1.0}]
    summary = {"seeds": 3, "diverged": 0, "accuracy": 0.9, "accuracy_low": 0.8, "accuracy_high": 0.95}
    return make_standing("fashion", name, summary, described(seeds=(SeedRecord(0, 1, None),)), times)


@pytest.fixture(scope="module")
def compared(made: Made) -> FamilyComparison:
    return of(made)


def of(made: Made, sentences: Mapping[str, str] | None = None, **changes: Any) -> FamilyComparison:
    """What the parts are written from, with other findings."""
    return FamilyComparison(made.results, replace(made.findings, **changes), (CNN, VIT), sentences or {})


@pytest.fixture(scope="module")
def chapter(made: Made) -> Section:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results_module, "render_chart", lambda figure: stored_chart(marked("drawn")))
        found = families_chapter(
            [made.results], {"fashion": {"L1": "κ is 0.2 smaller. Reproduced.", "L3": "Not *so*."}}
        )
    assert found is not None
    return found


def test_every_kind_of_evidence_has_a_figure_under_its_finding(chapter: Section) -> None:
    shown = figures(chapter)
    assert tuple(name.removeprefix("fashion-") for name in shown) == NAMES
    assert {one.stage for one in shown.values()} == {"report"}
    assert not any(one.main for one in shown.values())
    text = prose(chapter)[0]
    assert text.startswith("This chapter compares `fashion-cnn` (CNN, 3 seeds) with `fashion-vit` (ViT, 3 seeds)")
    assert "on 300 test images of fashion_mnist" in text
    assert "9 pairs of look-alikes" in text
    assert "above chance" not in text
    first, second, *_ = (one.words.finding for one in shown.values())
    assert first.startswith("A CNN and a ViT err on ")
    assert second.startswith("By AUROC the CNN separates ")
    assert chapter.finding == first


def test_what_became_of_claims_follows_the_figure_folded_away(chapter: Section) -> None:
    _, figure, fold, following = chapter.blocks[:4]
    assert isinstance(figure, Illustration)
    assert isinstance(fold, Fold)
    assert isinstance(following, Illustration)
    assert fold.title == "Verdicts on this figure"
    assert prose(fold) == ["[L1](#claims): κ is 0.2 smaller. Reproduced.", r"[L3](#claims): Not \*so\*."]
    assert [block.title for block in walk([chapter]) if isinstance(block, Fold)] == [
        "Verdicts on this figure",
        "How far probabilities can be trusted: calibration, selective prediction, images of no class",
    ]


def test_variants_at_chance_are_named(made: Made) -> None:
    weak = [replace(row, accuracy_low=0.05) if row.variant == VIT else row for row in made.results.standings]
    compared = replace(of(made), study=replace(made.results, standings=weak))
    assert "look-alikes. **`fashion-vit` is not above chance in this run.** " in opening(compared).text
    neither = replace(of(made), study=replace(made.results, standings=[]))
    assert "**`fashion-cnn` and `fashion-vit` are not above chance in this run.**" in opening(neither).text


def test_no_two_tables_have_one_name(chapter: Section) -> None:
    behind = [table.label for figure in figures(chapter).values() for table in figure.numbers]
    assert len(set(behind)) == len(behind) > len(NAMES)
    assert list(tables(chapter)) == [
        "Classwise calibration",
        "Selective prediction by group of look-alikes",
        "Detection of images of no class",
    ]


def test_without_two_families_there_is_no_chapter(made: Made, tmp_path: Path) -> None:
    save_families(tmp_path / "comparisons/fashion", replace(made.findings, compared=None))
    alone = replace(made.results, root=tmp_path)
    assert families_chapter([alone], {}) is None
    assert families_chapter([], {}) is None
    second = first_family_comparison([alone, made.results], {"fashion": {"L1": "so"}})
    assert second is not None
    assert (second.study, second.both, second.sentences) == (made.results, BOTH, {"L1": "so"})


@pytest.mark.usefixtures("quick")
def test_what_was_not_measured_is_left_out(made: Made, tmp_path: Path) -> None:
    """As of results that were kept before most of this was measured."""
    bare = {
        name: replace(one, cues=None, readouts=None, outside=None, suspects=None)
        for name, one in made.study.evaluations.items()
        if name in BOTH
    }
    study = replace(made.study, evaluations=bare, explanations={})
    write_two_families(tmp_path, study)
    models = {name: made.study.models[name] for name in BOTH}
    groups = study.params.groups["fashion_mnist"]
    params = study.params.only(BOTH)
    findings = study_families(
        to_measured_study(StudyArtifacts(study.test_set, models, bare, {}, {}, groups), params, "fashion")
    )
    save_families(tmp_path / "comparisons/fashion", findings)
    found = families_chapter([replace(made.results, root=tmp_path, params=params)], {})
    assert [*figures(found)] == ["fashion-error-consistency", "fashion-separability"]
    assert "Detection of images of no class" not in tables(found)


NAMES_WITH_MARKUP = (
    "cost $5_$",
    "_x^{2}_",
    "100 %",
    "<b>bold</b>",
    "R&D",
    "**stars** `ticks`",
    "[a](b) |",
    "שלום",
    "👕",
    "y" * 99,
)


def renamed(value: Any, new: Mapping[str, str]) -> Any:
    """Parameters with other names for classes, wherever they stand."""
    if isinstance(value, dict):
        return {key: renamed(one, new) for key, one in value.items()}
    if isinstance(value, list):
        return [renamed(one, new) for one in value]
    return new.get(value, value) if isinstance(value, str) else value


def test_names_of_classes_are_text(tmp_path: Path) -> None:
    raw = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    classes = raw["datasets"]["fashion_mnist"]["classes"]
    study = two_families(renamed(raw, dict(zip(classes, NAMES_WITH_MARKUP, strict=True))))
    write_two_families(tmp_path, study)
    evidence = StudyArtifacts(
        *(study.test_set, study.models, study.evaluations, study.explanations, {}),
        study.params.groups["fashion_mnist"],
    )
    save_families(
        tmp_path / "comparisons/fashion", study_families(to_measured_study(evidence, study.params, "fashion"))
    )
    found = families_chapter([StudyResults("fashion", study.params, tmp_path, StudyMeasurements(), {}, [])], {})
    assert found is not None
    assert all(figure.picture.wide.webp.startswith(b"RIFF") for figure in figures(found).values())
    shown = figures(found)["fashion-separability"].words.finding
    assert any(f"pair is {one} and {other} (CNN" in shown for one in NAMES_WITH_MARKUP for other in NAMES_WITH_MARKUP)
    table = figures(found)["fashion-doubtful-labels"].numbers[0]
    assert set(column(table, "label")) <= set(NAMES_WITH_MARKUP)


def test_sentences_are_those_of_claims_of_which_something_was_measured() -> None:
    test = Test("", "a number", above(0.0), None, (CNN,), "it is {}", scale="number")
    known = Answer(test, Measurement(UncertainValue(0.5, 0.01, 9, (Seeds(3, None),)), (3, 3), 9), "reproduced")
    unknown = Answer(test, None, "not tested", reason="no data")
    claims = {
        key: Claim(key, study, "so", "here", "1", CLAIMS[0].rule, (test,))
        for key, study in (("A", "a"), ("B", "a"), ("C", "c"))
    }
    judged = [Judged(claims["A"], (known, unknown)), Judged(claims["B"], (unknown,)), Judged(claims["C"], (known,))]
    said = claim_sentences(judged)
    assert said == {study: {key: "In 3 + 3 runs it is 0.50. Reproduced."} for study, key in (("a", "A"), ("c", "C"))}


# The parts.


def column(table: Table, title: str) -> list[str]:
    return [row[header(table).index(title)] for row in rows(table)]


def numbers(part: ChapterPart | None) -> dict[str, Table]:
    assert part is not None
    return {table.label: table for table in part.numbers}


def test_charts_show_both_variants_and_those_paired_with_them(compared: FamilyComparison) -> None:
    assert compared.shown(compared.findings.cues) == [*BOTH, POSITIONS]
    assert compared.shown({VIT: 0, POSITIONS: 0}) == [VIT, POSITIONS]
    alone = replace(compared, study=replace(compared.study, standings=[]))
    assert alone.shown(compared.findings.cues) == [*BOTH]
    assert compared.looks([VIT]) == {VIT: compared.study.looks[VIT]}


def test_kappa_of_a_variant_with_another_is_that_of_their_runs(compared: FamilyComparison) -> None:
    matrix = compared.findings.consistency.matrix
    names = compared.findings.consistency.variants
    expected = [
        matrix[i][j] for i, one in enumerate(names) for j, other in enumerate(names) if (one, other) == (CNN, VIT)
    ]
    assert errors.consistency_between(compared, CNN, VIT) == pytest.approx(np.mean(np.array(expected, float)))
    own = [matrix[i][j] for i in range(3) for j in range(3) if i != j]
    assert names[:3] == (CNN,) * 3
    assert errors.consistency_between(compared, CNN, CNN) == pytest.approx(np.mean(np.array(own, float)))
    assert errors.consistency_between(compared, CNN, "none") is None


def test_few_seeds_have_a_kappa_without_interval(made: Made) -> None:
    complementary = made.findings.complementary
    assert complementary is not None
    unsure = replace(complementary, consistency=None, averaging=None, by_pair=(), by_size=())
    compared = of(made, complementary=unsure)
    part = errors.consistency_part(compared)
    assert part is not None
    value = errors.consistency_between(compared, CNN, VIT)
    assert part.words.finding == f"Error consistency κ between a CNN and a ViT is {value:.2f}, mean over pairs of runs."
    assert list(numbers(part)) == ["Error consistency κ of each variant with the two compared"]
    assert errors.consistency_part(of(made, complementary=None)) is None


def test_contrasts_are_tabulated_for_pairs_and_sizes(compared: FamilyComparison) -> None:
    table = numbers(errors.consistency_part(compared))["Error consistency κ within and between families"]
    images = column(table, "images")
    assert images[0] == "all test images"
    assert "of Coat, Shirt" in images
    assert images[-1] == "all, 48,000 training images, 10 epochs each"
    assert len(images) == 1 + 9 + 5


def test_the_hardest_pair_has_the_lowest_area(compared: FamilyComparison) -> None:
    part = errors.separability_part(compared)
    assert part is not None
    areas = {one.pair: [one.variants[name].auroc.value for name in BOTH] for one in compared.findings.separability}
    hardest = min(areas, key=lambda pair: sum(areas[pair]))
    better = sum(ours > theirs for ours, theirs in areas.values())
    ours, theirs = areas[hardest]
    assert part.words.finding == (
        f"By AUROC the CNN separates {better} of 9 pairs of look-alikes better than the ViT; the hardest pair is "
        f"{' and '.join(hardest)} (CNN {ours:.3f}, ViT {theirs:.3f})."
    )
    separated = numbers(part)["How well each variant separates look-alikes"]
    assert column(separated, "variant")[:3] == [*BOTH, POSITIONS]
    assert len(separated.rows) == 9 * 3


def test_the_strip_shows_one_image_with_every_cue(compared: FamilyComparison) -> None:
    test_set = compared.study.test_set
    strip = cues.condition_images(test_set, CONDITIONS)
    assert list(strip) == list(CONDITIONS)
    np.testing.assert_array_equal(strip["", 0], test_set.images[0])
    np.testing.assert_array_equal(strip["edges", 2], keep_cue(test_set.images[:1], "edges", 2, seed=0)[0][0])
    black = replace(test_set, images=np.zeros((1, 28, 28), np.uint8))
    assert list(cues.condition_images(black, CONDITIONS)) == [("", 0)]


def test_the_finding_on_cues_is_where_families_differ_most(compared: FamilyComparison) -> None:
    part = cues.cue_part(compared)
    assert part is not None
    ours, theirs = (compared.findings.cues[name].kept for name in BOTH)
    gaps = [abs(one.value - other.value) if one and other else 0 for one, other in zip(ours, theirs, strict=True)]
    most = int(np.argmax(gaps))
    assert cues.condition_text(CONDITIONS[most]) in part.words.finding
    assert ours[most] is not None
    assert f"the CNN keeps {100 * ours[most].value:.0f} %" in part.words.finding
    by_pair = numbers(part)["Choices between two look-alikes by cue"]
    assert len(by_pair.rows) == 9 * len(CONDITIONS)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (("", 0), "images as they are"),
        (("silhouette", 1), "silhouettes"),
        (("shuffled", 4), "4×4 shuffled patches"),
        (("edges", 2), "edges (strength 2)"),
        (("low-pass", 3), "low-pass filtered images (strength 3)"),
    ],
)
def test_conditions_in_words(condition: tuple[str, int], words: str) -> None:
    assert cues.condition_text(condition) == words


def test_cues_of_one_family_alone_are_not_shown(made: Made) -> None:
    assert cues.cue_part(of(made, cues={CNN: made.findings.cues[CNN]})) is None


@pytest.mark.parametrize(
    ("crossing", "words"),
    [
        (None, "there is no fit"),
        (NoCrossing("second", 0.5), "the ViT errs less at all sizes tried (in 50 % of the resamples)"),
        (
            Crossing(1234.5, 900.0, None, "first", 0.97),
            "the CNN errs less from 1,234 training images on (95 % interval 900 to beyond the sizes tried; the fits "
            "cross in 97 % of the resamples)",
        ),
        (
            Crossing(1234.5, None, None, "second", 0.0),
            "the ViT errs less from 1,234 training images on (95 % interval beyond the sizes tried at both ends; the "
            "fits cross in 0 % of the resamples)",
        ),
    ],
)
def test_crossings_in_words(compared: FamilyComparison, crossing: Crossing | NoCrossing | None, words: str) -> None:
    assert learning.crossing_clause(LearningCurves(((), ()), None, None, crossing), compared) == words


def test_curves_are_tabulated_with_their_errors(compared: FamilyComparison) -> None:
    found = numbers(learning.learning_curve_part(compared))
    learned = found["Test error by training images"]
    assert column(learned, "variant") == [
        f"{name}{end}" for name in BOTH for end in ("-1pct-10epochs", "-3pct-10epochs", "-10pct-10epochs", "-30pct", "")
    ]
    (first, *_), _ = compared.findings.learning["10 epochs each"].points
    assert column(learned, "test error, mean, %")[0] == f"{100 * np.mean(first.errors):.2f}"
    assert column(found["Fits of the learning curves"], "family") == ["CNN", "ViT"]


def test_the_finding_on_curves_is_a_sentence_for_each_kind(made: Made) -> None:
    (points, *_) = made.findings.learning.values()
    curves = replace(points, crossing=NoCrossing("second", 0.5))
    part = learning.learning_curve_part(of(made, learning={"10 epochs each": curves, "about 9 steps each": curves}))
    assert part is not None
    assert part.words.finding == (
        "With 10 epochs each the ViT errs less at all sizes tried (in 50 % of the resamples); with about 9 steps each "
        "the ViT errs less at all sizes tried (in 50 % of the resamples)."
    )


def test_without_curves_of_both_families_none_is_shown(made: Made) -> None:
    one = LearningCurves(((VariantErrors(CNN, 5, (0.1,)),), ()), None, None, None)
    assert learning.learning_curve_part(of(made, learning={"e": one})) is None


def test_features_are_compared_with_interval_or_without(made: Made) -> None:
    part = learning.representation_part(of(made))
    assert part is not None
    found = made.findings.representations
    assert found is not None
    assert found.contrast is not None
    assert f"{found.contrast.between.value:.2f} (" in part.words.finding
    single = replace(found, contrast=None)
    assert learning.representation_sentence(single, of(made)) == (
        f"Linear CKA of the last layers is {found.last_layers[0][1]:.2f} between a CNN and a ViT."
    )
    unknown = replace(single, compared=None)
    assert "was not measured" in learning.representation_sentence(unknown, of(made))
    assert learning.representation_part(of(made, representations=None)) is None
    reach = numbers(part)["How far attention reaches"]
    assert column(reach, "variant") == [VIT, VIT]
    blocks = np.array([seed.attention_distance for seed in made.study.explanations[VIT].seeds])
    assert column(reach, "mean over heads, pixels") == [f"{value:.3f}" for value in blocks.mean(axis=(0, 2))]


def test_gains_are_means_over_seeds_with_both_kinds_of_chance(made: Made) -> None:
    explanation = made.study.explanations[CNN]
    found = maps.gains_of(explanation)
    assert list(found) == ["gradient x input", "integrated gradients", "SmoothGrad", "occlusion", "centre"]
    values = [(seed.attribution or {})["occlusion"]["value"] for seed in explanation.seeds]
    estimate = found["occlusion"]
    assert estimate.value == pytest.approx(np.mean(values))
    alone = maps.seed_mean([{"value": 0.2, "low": 0.15, "high": 0.25}] * 2, 10_000)
    assert alone == Estimate(pytest.approx(0.2), pytest.approx(0.15, abs=1e-4), pytest.approx(0.25, abs=1e-4))
    assert estimate.high - estimate.low > 0.1, "wider than that over images: seeds vary"
    assert maps.gains_of(replace(explanation, seeds=())) == {}
    hits = maps.located_of(explanation, "hits", ("SmoothGrad", "occlusion", "centre", "unknown"))
    assert list(hits) == ["SmoothGrad", "occlusion", "centre"]
    assert all(0 <= one.low <= one.value <= one.high <= 1 for one in hits.values())


def test_maps_are_compared_by_pearson_s_correlation(made: Made) -> None:
    first, second = (made.study.explanations[name].pair_maps for name in BOTH)
    assert first is not None
    assert second is not None
    found = maps.correlations(first, second)
    for (pair, side), value in np.ndenumerate(found):
        ours, theirs = (one.maps[pair, side].astype(float).ravel() for one in (first, second))
        assert value == pytest.approx(np.corrcoef(ours, theirs)[0, 1])
    blank = replace(first, maps=np.zeros_like(first.maps))
    assert np.isnan(maps.correlations(blank, second)).all()
    assert maps.map_agreement_sentence([float("nan")]) == "The maps of both families are blank."
    assert maps.map_agreement_sentence([0.25, -0.5]) == (
        "Over 2 pairs of look-alikes the maps of both families correlate with −0.12 in the mean (−0.50 to 0.25)."
    )


def test_class_means_are_those_of_the_images_shown(compared: FamilyComparison) -> None:
    test_set = compared.study.test_set
    labels = test_set.labels[test_set.shown]
    found = maps.class_means(compared, [(6, 2)])
    assert found.shape == (1, 2, 28, 28)
    for side, label in enumerate((6, 2)):
        expected = np.mean([image for image, own in zip(test_set.images, labels, strict=True) if own == label], axis=0)
        np.testing.assert_array_equal(found[0, side], np.round(expected))


def test_judges_are_averaged_over_seeds_and_variants(made: Made, compared: FamilyComparison) -> None:
    labels = compared.findings.label_errors
    assert labels is not None
    indices = list(labels.candidates[:3])
    expected = np.mean(
        [softmax(made.study.evaluations[name].test_logits.astype(float), axis=2).mean(axis=0) for name in BOTH], axis=0
    )
    for one in trust.judged_labels(compared, labels, indices):
        row, label = expected[one.index], made.study.test_set.labels[one.index]
        names = made.study.test_set.class_names
        assert (one.label, one.judged) == (names[label], names[row.argmax()])
        assert (one.label_share, one.judged_share) == pytest.approx((row[label], row.max()))


def test_doubtful_labels_are_shown_the_worst_first(made: Made, compared: FamilyComparison) -> None:
    part = trust.doubtful_label_part(compared)
    labels = compared.findings.label_errors
    assert labels is not None
    found = numbers(part)
    assert column(found["Doubtful test labels"], "test image") == [f"{index}" for index in labels.candidates[:20]]
    assert column(found["Accuracy with and without doubtful labels"], "variant") == list(made.findings.families)
    count = len(labels.candidates)
    assert part is not None
    assert part.words.finding.startswith(f"{count} of 300 test labels ({count / 3:.1f} %) are doubtful; without them")
    none = replace(labels, candidates=())
    assert trust.doubtful_label_part(of(made, label_errors=none)) is None


def test_an_estimate_in_a_sentence() -> None:
    assert estimate_text(Estimate(-0.123, -0.2, -0.001)) == "−0.12 (−0.20 to 0.00)"


def test_contrasts_that_are_not_known_have_no_row() -> None:
    one = Contrasted(*[Estimate(0.1, 0.0, 0.2)] * 3)
    (row,) = errors.contrast_rows({"a": None, "b": one})
    assert row["images"] == "b"
    assert row["within"] == one.within


def test_contrast_maps_are_means_over_cells(made: Made) -> None:
    averages = np.arange(2 * 2 * 28 * 28, dtype=np.float32).reshape(2, 2, 28, 28)
    found = maps.in_cells(PairMaps(((0, 1), (0, 2)), averages)).maps
    assert found.shape == (2, 2, 14, 14)
    assert found[1, 0, 2, 3] == pytest.approx(averages[1, 0, 4:6, 6:8].mean())
    uneven = PairMaps(((0, 1),), np.zeros((1, 2, 29, 28), np.float32))
    assert maps.in_cells(uneven) is uneven
