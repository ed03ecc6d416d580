"""A variant's figures: against SciPy and scikit-learn, means by hand, and the same from evidence that was reloaded."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import log_softmax, softmax
from scipy.stats import t
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support, top_k_accuracy_score

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import (
    Corrupted,
    Evaluation,
    PhotoOutputs,
    Validation,
    load_evaluation,
    load_evaluations,
    round_confidence,
    save_evaluation,
)
from lookalike.artifacts.evidence import in_half
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.artifacts.test_sets import TestSet
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES
from lookalike.data.failed_preparations import STRENGTHS, WAYS
from lookalike.evaluation import metrics
from lookalike.evaluation.calibration import HOTTEST, calibration_error
from lookalike.evaluation.complementary_errors import study_complementary_errors
from lookalike.evaluation.hierarchical import SeedSpread
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.scores import (
    SeedScores,
    accuracy_interval,
    describe_seed,
    score_seed,
    score_variant,
    summary_of_seeds,
)
from lookalike.evaluation.statistics import resample, wilson_interval
from lookalike.photographs.comparison import study_photos

Logits = tuple[NDArray[np.float32], NDArray[np.uint8]]
SCORES = SeedScores(0, 0.8, 0.9, 1.0, 0.5, 0.1, 2.0, 0.9, 0.4, 0.05)
NAMES = tuple("vwxyz")
VIEWS = {name: {"value": 0.1 + 0.2, "low": 0.1, "high": 0.4} for name in ("one", "ten", "difference")}


def noisy(seed: int, scale: float, count: int = 200) -> Logits:
    """Logits of five classes that lean to their labels, `scale` times too sure."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 5, count).astype(np.uint8)
    logits = rng.normal(0, 1, (count, 5))
    logits[np.arange(count), labels] += 1
    return (scale * logits).astype(np.float32), labels


def expected_error(probabilities: NDArray[np.float64], labels: NDArray[np.integer]) -> float:
    """The expected calibration error, bin by bin."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    total = 0.0
    for k in range(15):
        part = (confidence > k / 15) & (confidence <= (k + 1) / 15)
        total += part.sum() / len(labels) * abs(right[part].mean() - confidence[part].mean()) if part.any() else 0
    return total


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_scores_are_those_of_scipy_and_scikit_learn(kind: type) -> None:
    logits, labels = noisy(0, 3)
    logits = logits.astype(kind)
    exact, truth = logits.astype(float), np.eye(5)[labels]
    scores = score_seed(7, logits, 2.5, labels)
    assert (scores.seed, scores.temperature) == (7, 2.5)
    assert scores.accuracy == (logits.argmax(axis=1) == labels).mean()
    assert scores.top2_accuracy == pytest.approx(top_k_accuracy_score(labels, exact, k=2))
    for prefix, temperature in (("", 1.0), ("calibrated_", 2.5)):
        probabilities = softmax(exact / temperature, axis=1)
        assert getattr(scores, f"{prefix}nll") == pytest.approx(log_loss(labels, probabilities))
        brier = ((probabilities - truth) ** 2).sum(axis=1).mean()
        assert getattr(scores, f"{prefix}brier") == pytest.approx(brier)
        assert getattr(scores, f"{prefix}ece") == pytest.approx(expected_error(probabilities, labels))
    assert scores.calibrated_nll < scores.nll


def test_a_summary_holds_means_and_deviation() -> None:
    scores = [replace(SCORES, seed=k, accuracy=a, nll=n) for k, a, n in ((0, 0.5, 1), (1, 0.6, 2), (4, 0.7, 6))]
    summary = summary_of_seeds(scores)
    assert summary["seeds"] == 3
    assert summary["accuracy"] == pytest.approx(0.6)
    assert summary["accuracy_sd"] == pytest.approx(0.1)
    assert summary["nll"] == 3
    same = set(asdict(SCORES)) - {"seed", "accuracy", "nll"}
    assert {name: summary[name] for name in same} == pytest.approx({name: getattr(SCORES, name) for name in same})


def test_temperatures_have_a_geometric_mean_and_those_at_a_bound_are_counted() -> None:
    fitted, at_bound = (replace(SCORES, seed=k, temperature=t) for k, t in enumerate((1.0, HOTTEST)))
    for scores, mean, count in (([fitted], 1, 0), ([fitted, at_bound], 10, 1), ([at_bound, at_bound], 100, 2)):
        summary = summary_of_seeds(scores)
        assert summary["temperature"] == pytest.approx(mean)
        assert summary["temperature_at_bound"] == count


def test_one_seed_has_no_deviation() -> None:
    summary = summary_of_seeds([SCORES])
    assert (summary["seeds"], summary["accuracy"]) == (1, 0.8)
    assert "accuracy_sd" not in summary
    assert "seed" not in summary


def test_the_interval_of_an_accuracy_holds_seeds_and_images() -> None:
    """Three seeds that differ by ten points each, and images that are right or wrong by chance."""
    right = np.random.default_rng(0).random((3, 1000)) < np.array([[0.5], [0.6], [0.7]])
    (low, high), seeds = accuracy_interval(right, None), right.mean(axis=1)
    error = np.hypot(np.std(seeds, ddof=1) / np.sqrt(3), np.std(right.mean(axis=0)) / np.sqrt(1000))
    assert high - low == pytest.approx(2 * t.ppf(0.975, 2.1) * error, rel=0.1)
    low, high = accuracy_interval(right[:1], SeedSpread(0.1, 6))
    assert high - low == pytest.approx(2 * t.ppf(0.975, 6.3) * np.hypot(0.1, 0.0158), rel=0.1)
    alone, wilson = accuracy_interval(right[:1], None), wilson_interval(int(right[0].sum()), 1000)
    assert alone == pytest.approx(wilson, abs=2e-3)


def test_of_few_images_and_of_none_right_it_is_wilson_s() -> None:
    assert accuracy_interval(np.ones((3, 1000), bool), None) == wilson_interval(1000, 1000)
    assert accuracy_interval(np.arange(20)[None] < 5, None) == wilson_interval(5, 20)


@pytest.mark.parametrize("kind", [np.float16, np.float32])
def test_a_described_seed_counts_images_by_class(kind: type) -> None:
    logits, labels = noisy(2, 2)
    logits = logits.astype(kind)
    about, predicted = describe_seed(logits, labels, 1.7, NAMES), logits.argmax(axis=1)
    assert json.loads(json.dumps(about)) == about
    assert about["confusion"] == confusion_matrix(labels, predicted).tolist()
    assert [row["class"] for row in about["classes"]] == list(NAMES)
    theirs = precision_recall_fscore_support(labels, predicted)
    for name, values in zip(("precision", "recall", "f1", "support"), theirs, strict=True):
        assert [row[name] for row in about["classes"]] == pytest.approx(values.tolist())
    for table, temperature in (("reliability", 1.0), ("calibrated_reliability", 1.7)):
        expected = metrics.reliability(metrics.softmax(logits.astype(float) / temperature), labels)
        assert about[table] == {name: values.tolist() for name, values in asdict(expected).items()}


def evaluated(scales: tuple[float, ...], temperatures: tuple[float, ...], **others: Any) -> Evaluation:
    """Evidence of seeds 0, 2, 4, ..., which lean to the labels of `noisy(9, 1)`."""
    labels = noisy(9, 1)[1]
    logits = np.stack([scale * (noisy(k, 1)[0] + np.eye(5)[labels]) for k, scale in enumerate(scales)])
    seeds = tuple(range(0, 2 * len(scales), 2))
    return Evaluation(seeds, diverged=1, temperatures=np.array(temperatures), test_logits=in_half(logits), **others)


def test_a_variant_is_scored_seed_by_seed() -> None:
    labels = noisy(9, 1)[1]
    evaluation = evaluated((1, 2, 3), (0.8, 1.5, 2.5), views=VIEWS)
    scored = score_variant(evaluation, labels, NAMES)
    seeds = scored.details["seeds"]
    assert json.loads(json.dumps([scored.summary, scored.details], allow_nan=False)) == [scored.summary, scored.details]
    assert [(one["seed"], one["temperature"]) for one in seeds] == [(0, 0.8), (2, 1.5), (4, 2.5)]
    for logits, temperature, one in zip(evaluation.test_logits, evaluation.temperatures, seeds, strict=True):
        assert one["accuracy"] == (logits.argmax(axis=1) == labels).mean()
        likelihoods = log_softmax(logits.astype(float) / temperature, axis=1)[np.arange(200), labels]
        assert one["calibrated_nll"] == pytest.approx(-likelihoods.mean())
    assert (scored.summary["seeds"], scored.summary["diverged"]) == (3, 1)
    assert scored.summary["accuracy"] == pytest.approx(np.mean([one["accuracy"] for one in seeds]))
    assert scored.summary["accuracy_sd"] == pytest.approx(np.std([one["accuracy"] for one in seeds], ddof=1))
    assert scored.summary["temperature"] == pytest.approx(3 ** (1 / 3))
    assert scored.summary["temperature_at_bound"] == 0
    error = calibration_error(evaluation.test_logits, labels, resample(200))
    assert scored.summary["ece"] == pytest.approx(error.value)
    assert (scored.summary["ece_low"], scored.summary["ece_high"]) == (error.low, error.high)
    assert 0 < error.low < error.high
    assert scored.details["first_seed"] == describe_seed(evaluation.test_logits[0], labels, 0.8, NAMES)
    assert scored.details["views"] == VIEWS
    assert "views" not in score_variant(replace(evaluation, views=None), labels, NAMES).details


def test_a_variant_whose_every_seed_diverged_has_counts_alone() -> None:
    nothing = Evaluation((), 3, np.zeros(0), np.zeros((0, 200, 5), np.float16))
    scored = score_variant(nothing, noisy(9, 1)[1], NAMES)
    assert (scored.summary, scored.details) == ({"seeds": 0, "diverged": 3}, {"seeds": []})


STUDY = ("cnn", "vit")
RECIPES = ("plain", "cut")
WITHOUT = Preparation("plain", "mask"), Preparation("cut", "centre")
GROUP_OF = np.array([0, 1, 0, 2, 1, 0, 3, 3, 0, 4])
CONDITIONS = (("", 0), *((kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES))


def photographs(class_names: tuple[str, ...]) -> PhotoSet:
    """40 photographs, some of no class, prepared by two recipes and with a step left out of each."""
    rng = np.random.default_rng(4)
    columns = {"half": ("choose", "score"), "doubtful": ("yes", "no"), "background": ("plain", ""), "items": ("one",)}
    columns |= {"view": ("",), "worn": ("yes", "no")}
    drawn = [{name: str(rng.choice(values)) for name, values in columns.items()} for _ in range(40)]
    about = [{"name": f"photo {k}"} | row for k, row in enumerate(drawn)]
    ways = (*(Preparation(recipe, "") for recipe in RECIPES), *WITHOUT)
    return PhotoSet(ways, np.zeros((4, 40, 28, 28), np.uint8), rng.integers(-1, 10, 40), class_names, about, {})


def everything(seed: int, largest: float, photos: PhotoSet, dataset: Dataset) -> Evaluation:
    """Evidence of two seeds that were asked everything; logits lean to the labels and reach `largest`."""
    rng = np.random.default_rng(seed)

    def lean(seeds: int, labels: NDArray[np.integer]) -> NDArray[np.float16] | NDArray[np.float32]:
        logits = rng.normal(0, 1, (seeds, len(labels), 10)) + 1.5 * np.eye(10)[labels]
        logits[0, 0, 0] = largest
        return in_half(logits)

    return Evaluation(
        seeds=(0, 3),
        diverged=1,
        temperatures=rng.uniform(0.5, 3, 2),
        test_logits=lean(2, dataset.test_labels),
        validation=Validation(rng.random((2, 24)) < 0.7, round_confidence(rng.uniform(0.2, 1, (2, 24)))),
        train_right=rng.random((2, 21)) < 0.8,
        views=VIEWS,
        corrupted=Corrupted(CONDITIONS, rng.random((2, len(CONDITIONS), 13)) < 0.6, rng.random((len(CONDITIONS), 3))),
        photos=PhotoOutputs(
            logits={recipe: lean(2, photos.labels) for recipe in RECIPES},
            ablations={way: rng.integers(0, 10, 40) for way in WITHOUT},
            distances={recipe: rng.uniform(0, 2, 40) for recipe in RECIPES},
            test_distances=rng.uniform(0, 2, 20),
            garments={way: rng.integers(0, 10, (len(STRENGTHS), 20)) for way in WAYS},
        ),
    )


def all_figures(evaluations: dict[str, Evaluation], photos: PhotoSet, dataset: Dataset) -> dict[str, Any]:
    """All that a study computes from the evidence of its two variants."""
    sides = {name: Side(one.test_logits, one.temperatures) for name, one in evaluations.items()}
    corrupted = {name: one.corrupted for name, one in evaluations.items() if one.corrupted is not None}
    outputs = {name: one.photos for name, one in evaluations.items() if one.photos is not None}
    assert corrupted.keys() == outputs.keys() == evaluations.keys()
    labels, collector = dataset.test_labels.astype(np.int64), dataset.class_names[6]
    near, shown = np.array([3, 5]), np.arange(20)
    tested = TestSet("drawn", dataset.class_names, labels, shown, dataset.test_images, near, near + 1, "", {}, photos)
    return {
        "scores": {
            name: asdict(score_variant(one, dataset.test_labels, dataset.class_names))
            for name, one in evaluations.items()
        },
        "look-alikes": study_look_alikes(sides, tested, GROUP_OF, [STUDY])[0],
        "complementary_errors": study_complementary_errors(
            evaluations, {"cnn": 5, "vit": 70}, dataset.test_labels, [STUDY]
        ),
        "robustness": study_robustness(corrupted, [STUDY]),
        "photographs": study_photos(outputs, sides, tested, GROUP_OF, [STUDY], collector),
    }


def widened(evaluation: Evaluation) -> Evaluation:
    """The same numbers, all logits in double precision."""
    photos = evaluation.photos
    assert photos is not None
    wide: Any = {key: logits.astype(np.float64) for key, logits in photos.logits.items()}
    logits: Any = evaluation.test_logits.astype(np.float64)
    return replace(evaluation, test_logits=logits, photos=replace(photos, logits=wide))


Study = tuple[dict[str, Evaluation], PhotoSet]


@pytest.fixture
def study(dataset: Dataset) -> Callable[[float], Study]:
    """The evidence of two variants whose logits reach a number, and the photographs that they saw."""

    def draw(largest: float) -> Study:
        photos = photographs(dataset.class_names)
        return {name: everything(k, largest, photos, dataset) for k, name in enumerate(STUDY)}, photos

    return draw


@pytest.mark.parametrize(("largest", "kind"), [(9.0, np.float16), (7e4, np.float32)])
def test_figures_of_reloaded_evidence_are_those_from_before_it_was_saved(
    tmp_path: Path, dataset: Dataset, study: Callable[[float], Study], largest: float, kind: type
) -> None:
    evaluations, photos = study(largest)
    before = all_figures(evaluations, photos, dataset)
    json.dumps(before, allow_nan=False)
    for name, one in evaluations.items():
        assert one.test_logits.dtype == kind
        (tmp_path / name).mkdir()
        save_evaluation(tmp_path / name, one)
    after = all_figures(load_evaluations(tmp_path, STUDY), photos, dataset)
    for part, figures in before.items():
        assert after[part] == figures, part


def test_saving_what_was_reloaded_writes_the_same_bytes(
    tmp_path: Path, dataset: Dataset, study: Callable[[float], Study]
) -> None:
    one = study(9.0)[0]["cnn"]
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        save_evaluation(tmp_path / name, one)
        one = load_evaluation(tmp_path / name)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in ("first", "second"))
    assert first == second


def test_no_figure_is_computed_in_half_precision(dataset: Dataset, study: Callable[[float], Study]) -> None:
    """The same numbers in double precision give exactly the same figures."""
    evaluations, photos = study(9.0)
    half = all_figures(evaluations, photos, dataset)
    wide = all_figures({name: widened(one) for name, one in evaluations.items()}, photos, dataset)
    for part, figures in half.items():
        assert wide[part] == figures, part


def test_figures_need_no_torch() -> None:
    modules = ("scores", "robustness", "complementary_errors", "look_alikes")
    imports = "; ".join(f"import lookalike.evaluation.{name}" for name in modules)
    imports += "; import lookalike.photographs.comparison"
    command = f"import sys; {imports}; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
