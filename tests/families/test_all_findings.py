"""The findings of a small study are those of the plain functions; what was not measured is left out."""

from dataclasses import replace

import numpy as np
import pytest
from families.small_families import (
    CLASSES,
    CONDITIONS,
    IMAGES,
    LABELS,
    LAYERS,
    NAMES,
    logits_of,
    study,
    without_evidence,
)
from scipy.special import softmax
from sklearn.metrics import cohen_kappa_score, roc_auc_score

from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.statistics import Estimate
from lookalike.families.all_findings import study_families
from lookalike.families.by_variant import cue_labels
from lookalike.families.findings import FamilyFindings
from lookalike.families.learning_curves import fit_power_law
from lookalike.families.measured import MeasuredStudy, matrix_rows
from lookalike.families.representations import all_pairs

FULL = study()


@pytest.fixture(scope="module")
def found() -> FamilyFindings:
    """The findings of the whole study."""
    return study_families(FULL)


def test_the_focus_variants_of_two_families_are_compared(found: FamilyFindings) -> None:
    assert found.families == {"cnn": "CNN", "cnn-tenth": "CNN", "vit": "ViT", "vit-tenth": "ViT"}
    assert found.seeds == dict.fromkeys(NAMES, 3)
    assert found.compared == ("cnn", "vit")
    turned = replace(FULL, focus=("vit", "vit-tenth", "cnn-tenth"))
    assert turned.compared == ("vit", "cnn-tenth")


def test_errors_are_compared_of_all_models(found: FamilyFindings) -> None:
    right = np.concatenate([logits_of(name).argmax(axis=2) == LABELS for name in NAMES])
    assert found.consistency.variants == tuple(np.repeat(NAMES, 3))
    expected = [[cohen_kappa_score(one, other) for other in right] for one in right]
    np.testing.assert_allclose(np.array(found.consistency.matrix, float), expected)


def test_families_err_on_different_images(found: FamilyFindings) -> None:
    complementary = found.complementary
    assert complementary is not None
    assert complementary.consistency is not None
    assert complementary.consistency.difference.high < 0
    assert complementary.averaging is not None
    assert complementary.averaging.difference.low > 0
    assert [one.pair for one in complementary.by_pair] == [("Pullover", "Coat"), ("Sandal", "Sneaker")]
    sizes = [(one.curve, one.train_images, one.variants) for one in complementary.by_size]
    assert sizes == [
        ("equal epochs", 100, ("cnn-tenth", "vit-tenth")),
        ("equal epochs", 1000, ("cnn", "vit")),
    ]
    assert complementary.by_size[1].consistency == complementary.consistency


def test_pairs_are_separated_as_by_scikit_learn(found: FamilyFindings) -> None:
    one = found.separability[1]
    assert one.pair == ("Sandal", "Sneaker")
    images = np.isin(LABELS, (2, 3))
    expected = {}
    for name in ("cnn", "vit"):
        logits = logits_of(name).astype(float)[:, images]
        expected[name] = [roc_auc_score(LABELS[images] == 2, seed[:, 2] - seed[:, 3]) for seed in logits]
        np.testing.assert_allclose(one.variants[name].auroc_by_seed, expected[name])
        readouts = FULL.evaluations[name].readouts
        assert readouts is not None
        probe, neighbours = one.variants[name].probe, one.variants[name].neighbours
        assert probe is not None
        assert neighbours is not None
        assert probe.value == pytest.approx(readouts.probe[:, 1, images].mean())
        assert neighbours.value == pytest.approx(readouts.neighbours[:, 1, images].mean())
    assert one.auroc_difference is not None
    assert one.auroc_difference.value == pytest.approx(np.mean(expected["cnn"]) - np.mean(expected["vit"]))
    assert one.probe_difference is not None
    assert one.probe_difference.low < one.probe_difference.value < one.probe_difference.high


def test_cues_are_of_the_first_images_of_each_class(found: FamilyFindings) -> None:
    cues = FULL.evaluations["cnn"].cues
    assert cues is not None
    first = first_of_each_class(LABELS, 20)
    np.testing.assert_array_equal(cue_labels(cues, FULL), LABELS[first])
    one = found.cues["cnn"]
    assert one.conditions == CONDITIONS
    clean = one.accuracy[0]
    assert clean is not None
    assert clean.value == pytest.approx((logits_of("cnn").argmax(axis=2) == LABELS)[:, first].mean(), abs=0.02)
    assert one.kept[0] == Estimate(1, 1, 1)
    assert one.kept[1] is not None
    assert one.kept[1].value < 1
    assert len(one.difference) == 3
    assert found.cues["vit"].difference == ()
    assert [pair.pair for pair in one.pairs] == [("Pullover", "Coat"), ("Sandal", "Sneaker")]


def test_learning_curves_are_of_the_seeds_of_each_size(found: FamilyFindings) -> None:
    curves = found.learning["equal epochs"]
    points = curves.points[0]
    assert [(one.variant, one.train_images) for one in points] == [("cnn-tenth", 100), ("cnn", 1000)]
    errors = [(logits_of(one.variant).argmax(axis=2) != LABELS).mean(axis=1) for one in points]
    for one, expected in zip(points, errors, strict=True):
        assert one.errors == pytest.approx(tuple(expected))
    assert curves.first is not None
    assert curves.first.curve == fit_power_law(np.array([100.0, 1000]), np.array([error.mean() for error in errors]))
    assert curves.crossing is not None


def test_layers_are_alike_as_far_as_they_follow_the_image(found: FamilyFindings) -> None:
    layers = found.representations
    assert layers is not None
    assert layers.variants["cnn"].layers == LAYERS
    assert np.shape(layers.variants["cnn"].between_layers) == (2, 2)
    stem, features = layers.variants["cnn"].between_seeds
    assert stem is not None
    assert features is not None
    assert stem > features
    assert np.shape(layers.last_layers) == (4, 4)
    assert layers.last_layers[0][0] == pytest.approx(features)
    assert layers.compared is not None
    assert layers.last_layers[0][2] == pytest.approx(layers.compared[1][1])
    assert layers.contrast is not None
    first, second = (FULL.explanations[name].representations for name in ("cnn", "vit"))
    assert first is not None
    assert second is not None
    alike = all_pairs(first.products, second.products)[:, -1, :, -1]
    assert layers.contrast.between.value == pytest.approx(alike[~np.eye(*alike.shape, dtype=bool)].mean())
    assert layers.contrast.difference.low < layers.contrast.difference.high


def test_layers_of_other_images_are_not_compared() -> None:
    other = FULL.explanations["vit"]
    assert other.representations is not None
    moved = replace(other, representations=replace(other.representations, indices=np.arange(24) + 1))
    layers = study_families(replace(FULL, explanations=dict(FULL.explanations) | {"vit": moved})).representations
    assert layers is not None
    assert "vit" not in layers.variants
    assert layers.compared is None
    assert layers.contrast is None


def test_labels_are_judged_by_the_focus_variants(found: FamilyFindings) -> None:
    errors = found.label_errors
    assert errors is not None
    assert errors.judges == ("cnn", "vit")
    assert np.sum(errors.joint) <= IMAGES
    for cleaned in errors.variants.values():
        assert cleaned.all_images is not None
        assert cleaned.without is not None
        assert cleaned.without.value >= cleaned.all_images.value


def test_trust_is_measured_by_group(found: FamilyFindings) -> None:
    one = found.calibration["cnn"]
    assert [group.classes for group in one.groups] == [CLASSES[:2], CLASSES[2:4]]
    full = one.groups[0].selective.accuracies[-1]
    images = np.isin(LABELS, (0, 1))
    assert full.value == pytest.approx((logits_of("cnn").argmax(axis=2) == LABELS)[:, images].mean())
    assert one.groups[0].area_difference is not None
    assert found.calibration["vit"].groups[0].area_difference is None
    assert one.error.value != one.calibrated_error.value


def test_other_images_are_detected(found: FamilyFindings) -> None:
    one = found.outside["cnn"]
    assert one.name == "digits"
    logits, outside = logits_of("cnn").astype(float), FULL.evaluations["cnn"].outside
    assert outside is not None
    truth = np.repeat([1, 0], [IMAGES, 150])
    sides = zip(logits, outside.logits.astype(float), strict=True)
    expected = [roc_auc_score(truth, np.concatenate([a.max(axis=1), b.max(axis=1)])) for a, b in sides]
    assert one.scores["maximum logit"].auroc.value == pytest.approx(np.mean(expected))
    assert one.differences["energy"] is not None
    assert one.differences["nearest neighbours"] is None  # it is of one seed
    assert found.outside["vit"].differences == {}


def test_effective_ranks_are_of_each_seed(found: FamilyFindings) -> None:
    readouts = FULL.evaluations["vit"].readouts
    assert readouts is not None
    assert found.effective_rank["vit"] == tuple(readouts.effective_rank.tolist())


def test_what_was_not_measured_is_left_out() -> None:
    found = study_families(without_evidence(FULL))
    assert found.cues == {}
    assert found.outside == {}
    assert found.effective_rank == {}
    assert found.learning == {}
    assert found.representations is None
    assert found.separability[0].variants["cnn"].probe is None
    assert found.separability[0].probe_difference is None
    assert found.complementary is not None
    assert found.complementary.by_size == ()


@pytest.mark.parametrize("focus", [(), ("cnn", "cnn-tenth")])
def test_without_two_families_nothing_is_compared(focus: tuple[str, ...]) -> None:
    found = study_families(replace(FULL, focus=focus))
    assert found.compared is None
    assert found.complementary is None
    assert found.separability[0].auroc_difference is None
    assert found.cues["cnn"].difference == ()
    assert (found.label_errors is None) == (not focus)


def test_with_two_seeds_there_are_values_and_no_differences() -> None:
    found = study_families(study(seeds=2))
    assert found.complementary is not None
    assert found.complementary.consistency is None
    assert found.separability[0].variants["cnn"].auroc.value > 0.5
    assert found.separability[0].auroc_difference is None
    assert found.calibration["cnn"].groups[0].area_difference is None


def test_variants_that_diverged_have_no_part() -> None:
    lost = replace(
        FULL.evaluations["vit"], seeds=(), test_logits=np.zeros((0, IMAGES, 5), np.float16), temperatures=np.zeros(0)
    )
    found = study_families(replace(FULL, evaluations=dict(FULL.evaluations) | {"vit": lost}))
    assert "vit" not in found.families
    assert found.compared is None
    points = found.learning["equal epochs"].points[1]
    assert [one.variant for one in points] == ["vit-tenth"]


def test_a_study_without_a_finished_variant_has_no_findings() -> None:
    found = study_families(MeasuredStudy({}, {}, {}, {}, LABELS, CLASSES, FULL.group_of, ()))
    assert found.families == {}
    assert found.consistency.matrix == ()
    assert all(one.variants == {} for one in found.separability)


def test_probabilities_are_those_of_each_seed() -> None:
    logits = logits_of("vit").astype(float)
    np.testing.assert_allclose(FULL.probabilities("vit"), softmax(logits, axis=2))
    np.testing.assert_allclose(FULL.probabilities("vit", calibrated=True), softmax(logits / 1.5, axis=2))


def test_what_is_no_number_is_none_in_a_matrix() -> None:
    assert matrix_rows(np.array([[1.0, np.nan], [np.inf, 2]])) == ((1, None), (None, 2))
