"""What stages wrote becomes the claims' evidence: read back as it was, and in the shapes that the claims read."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from claims.invented import Json, answers, ended, history
from conftest import CLASSES, TINY_VIT
from descriptions import described

from lookalike.artifacts.costs import save_costs
from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.embeddings import Embedding, save_embedding
from lookalike.artifacts.evaluations import PhotoOutputs, save_findings, save_metrics
from lookalike.artifacts.explanations import Explanation, save_explanation
from lookalike.artifacts.folders import replacing_folder
from lookalike.artifacts.models import Epoch, save_model
from lookalike.artifacts.test_sets import TestSet
from lookalike.claims import cifar, fashion
from lookalike.claims.claim import Evidence
from lookalike.claims.evidence import evidence_of, gather
from lookalike.data.garments import draw_garments
from lookalike.embedding.study import Settings, embed
from lookalike.errors import InputError
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.photo_study import compared
from lookalike.evaluation.scores import score_seed, summarise
from lookalike.evaluation.statistics import resample
from lookalike.explain.subject import Images, Subject
from lookalike.explain.variant import explain_variant
from lookalike.models.registry import create_model
from lookalike.params import Params, parse_params
from lookalike.runtime import Runtime

VARIANTS = {"fashion": ("fashion-cnn", "fashion-vit"), "second": ("second-cnn",)}
GROUP_OF = np.array([0, 1, 0, 2, 0, 3, 0, 3, 4, 3])
COUNT = 30
LABELS = np.arange(COUNT) % 10
PHOTO_LABELS, LABELLED = np.where(np.arange(COUNT) < 7, -1, LABELS), COUNT - 7


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    """The real parameters with two studies, of three variants together."""
    study, cnn = raw_params["studies"]["fashion"], raw_params["variants"]["fashion-cnn"]
    raw_params["studies"] = {
        "fashion": study | {"pairs": [VARIANTS["fashion"]], "probes": VARIANTS["fashion"]},
        "second": study | {"pairs": [], "probes": VARIANTS["second"]},
    }
    raw_params["variants"] = dict.fromkeys(VARIANTS["fashion"], cnn) | {"second-cnn": cnn | {"study": "second"}}
    raw_params["costs"] = {"study": "second"}
    return parse_params(raw_params)


def epochs(rows: Sequence[Json]) -> list[Epoch]:
    return [Epoch(**row | {name: int(row[name]) for name in ("seed", "epoch")}) for row in rows]


def save(root: Path, study: str, evidence: Evidence) -> None:
    """Write as the stages do, and beside it what no claim reads."""
    save_metrics(root / "comparisons" / study, evidence.metrics, {"details": study})
    save_findings(root / "comparisons" / study, evidence.look_alikes, evidence.photos, evidence.robustness)
    for kind in ("explanations", "embeddings"):
        (root / kind / study).mkdir(parents=True)
    for variant, found in evidence.explanations.items():
        with replacing_folder(root / "explanations" / study / variant) as part:
            own = {name: value for name, value in found.items() if name != "shown"}
            save_explanation(part, Explanation(own, found["shown"], "", np.arange(2), {}, None, None))
    for variant, found in evidence.embeddings.items():
        with replacing_folder(root / "embeddings" / study / variant) as part:
            save_embedding(part, Embedding(found, np.arange(2), np.zeros((2, 2)), np.zeros((2, 2)), {}))
    with replacing_folder(root / "embeddings" / study / "dead") as part:
        save_embedding(part, None)  # of a network whose features do not vary
    for variant, rows in evidence.histories.items():
        save_model(root / "models" / study / variant, described(), {}, epochs(rows))


def told(study: str) -> Evidence:
    """Evidence in which every part says what it is."""
    names = ("metrics", "look_alikes", "photos", "explanations", "embeddings", "robustness")
    parts: dict[str, Json] = {name: {f"{name} of {study}": [0.1 + 0.2, None]} for name in names}
    for name in ("explanations", "embeddings"):
        parts[name] = {VARIANTS[study][0]: parts[name] | ({"shown": "CAM"} if name == "explanations" else {})}
    return Evidence(**parts, histories={name: ended(1 / 3, len(name) / 100) for name in VARIANTS[study]})


def test_evidence_is_what_the_stages_wrote_of_each_study(tmp_path: Path, params: Params) -> None:
    counted = {"separable": [{"inputs": 1}]}
    expected = {study: replace(told(study), costs=counted) for study in VARIANTS}
    for study, evidence in expected.items():
        save(tmp_path, study, evidence)
    save_costs(tmp_path, counted, {"device": "none"})
    save(tmp_path, "fashion-old", told("second"))  # of a study that is no longer among the parameters
    save_model(tmp_path / "models" / "fashion" / "gone", described(), {}, [])
    assert gather(params, tmp_path) == {study: replace(found, others=expected) for study, found in expected.items()}
    assert evidence_of("second", params, tmp_path) == expected["second"]


def test_evidence_lies_below_the_present_folder_unless_told(
    tmp_path: Path, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    for study in VARIANTS:
        save(tmp_path, study, told(study))
    monkeypatch.chdir(tmp_path)
    assert gather(params) == gather(params, tmp_path)


def test_a_training_that_left_no_rows_and_one_that_diverged_are_read(tmp_path: Path, params: Params) -> None:
    rows = history(0, [0.1], [0.1], [np.nan])
    evidence = Evidence(histories={"fashion-cnn": [], "fashion-vit": rows})
    save(tmp_path, "fashion", evidence)
    found = evidence_of("fashion", params, tmp_path).histories
    assert found["fashion-cnn"] == []
    assert list(map(str, found["fashion-vit"])) == list(map(str, rows))  # NaN is not equal to itself


@pytest.mark.parametrize(
    "gone",
    [
        "comparisons/fashion/metrics.json",
        "comparisons/fashion/look_alikes.json",
        "comparisons/fashion/photos.json",
        "comparisons/fashion/robustness.json",
        "explanations/fashion",
        "embeddings/fashion",
        "models/fashion/fashion-vit/history.csv",
    ],
)
def test_a_stage_that_did_not_run_is_an_error_and_not_missing_data(tmp_path: Path, params: Params, gone: str) -> None:
    for study in VARIANTS:
        save(tmp_path, study, told(study))
    (tmp_path / gone).rename(tmp_path / "gone")
    with pytest.raises((FileNotFoundError, InputError), match=gone):
        gather(params, tmp_path)


@pytest.mark.parametrize("kind", ["explanations", "embeddings"])
def test_a_stage_that_left_nothing_of_any_variant_is_no_error(tmp_path: Path, params: Params, kind: str) -> None:
    for study in VARIANTS:
        save(tmp_path, study, told(study))
    for folder in (tmp_path / kind / "fashion").iterdir():
        shutil.rmtree(folder)
    assert getattr(evidence_of("fashion", params, tmp_path), kind) == {}


# what the stages find is what the claims read


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Claims read no p-values."""
    monkeypatch.setattr("lookalike.explain.similarity.PERMUTATIONS", 9)


@pytest.fixture(scope="module")
def garments() -> TestSet:
    """Drawn test images that are large enough to be explained; all of them are shown."""
    return TestSet(
        name="garments",
        class_names=CLASSES,
        labels=LABELS,
        shown=np.arange(COUNT),
        images=draw_garments(COUNT, seed=COUNT)[0],
        repeated=np.array([0]),
        near=np.array([], np.int64),
        digest="",
        provenance={},
    )


def look_alikes_of(garments: TestSet, names: tuple[str, str]) -> tuple[Json, Json, dict[str, Side]]:
    """Metrics, look-alikes and sides of two variants."""
    rng = np.random.default_rng(2)
    alike = np.eye(10)[LABELS] + rng.normal(0, 1, (COUNT, 10))  # so that they share mistakes
    logits = (alike + rng.normal(0, 0.5, (2, 2, COUNT, 10))).astype(np.float32)
    sides = {name: Side(seeds, np.array([1.5, 0.5])) for name, seeds in zip(names, logits, strict=True)}
    scores = {
        name: [score_seed(seed, side.logits[seed], side.temperatures[seed], LABELS) for seed in range(2)]
        for name, side in sides.items()
    }
    metrics = {name: summarise(scores[name], COUNT) | {"diverged": 0} for name in names}
    return metrics, study_look_alikes(sides, garments, GROUP_OF, [names])[0], sides


def explained(dataset: Dataset, garments: TestSet, model: str, arguments: Json) -> Json:
    """What is found of the maps of an untrained model."""
    models = [create_model(model, arguments, input_shape=(1, 28, 28), num_classes=10).eval() for _ in range(2)]
    images = Images(garments.images, LABELS, LABELS)
    scaled = replace(dataset, mean=(0.3,), std=(0.4,))
    subject = Subject(*models, scaled, Runtime(torch.device("cpu")), images)
    photographs = replace(images, labels=PHOTO_LABELS)
    return explain_variant(subject, photographs, GROUP_OF, scored=4, heads_scored=1).found


def test_what_the_stages_find_of_look_alikes_answers_all_claims_on_them(dataset: Dataset, garments: TestSet) -> None:
    pair = fashion.CNN, fashion.VIT
    metrics, look_alikes, sides = look_alikes_of(garments, pair)
    outputs = {
        name: PhotoOutputs({"report": side.logits}, {}, {"report": np.zeros(COUNT)}, np.zeros(COUNT), {})
        for name, side in sides.items()
    }
    weights = resample(LABELLED, draws=50)
    photographs = [compared(pair, "report", outputs, sides, PHOTO_LABELS, GROUP_OF, weights)]
    found = answers(
        fashion.CLAIMS,
        Evidence(
            metrics,
            look_alikes,
            {"labelled": LABELLED, "comparisons": photographs},
            {fashion.VIT: explained(dataset, garments, "fashion_vit", TINY_VIT)},
        ),
    )
    measured = {name: answer.measured for name, answer in found.items()}
    assert None not in measured.values()
    cnn, vit = (metrics[name]["accuracy"] for name in pair)
    assert cnn != vit
    assert measured["F1"].value == pytest.approx(cnn - vit)
    right = {name: (side.predicted == PHOTO_LABELS).sum(axis=1).mean() for name, side in sides.items()}
    assert measured["F2"].value == pytest.approx((right[fashion.VIT] - right[fashion.CNN]) / LABELLED)
    on_photographs = {"F2", *(f"F6 {reading}: photograph" for reading in fashion.READINGS)}
    for name, one in measured.items():
        assert one.unit == ("photographs" if name in on_photographs else "images")
        if name[:2] in {"F1", "F2", "F6"}:
            assert one.count == (LABELLED if name in on_photographs else COUNT)
    for name, answer in found.items():
        assert answer.measured.low <= answer.measured.high, name


def test_what_the_stages_find_of_regularisation_answers_all_claims_on_it(dataset: Dataset, garments: TestSet) -> None:
    metrics, look_alikes, _ = look_alikes_of(garments, ("vgg11-bn", "vgg11-plain"))
    for name in cifar.WITH_BATCH_NORM:
        metrics[name] = metrics["vgg11-bn"]
        look_alikes["confusions"][name] = look_alikes["confusions"]["vgg11-bn"]
    rng = np.random.default_rng(3)
    settings = Settings((3,), ("diag",), starts=1, perplexity=5, mixture_dims=3, tsne_dims=4)
    embedding = embed(rng.normal(LABELS[:, None] % 3, 1, (COUNT, 6)), np.arange(COUNT), LABELS, GROUP_OF, settings, 0)
    assert embedding is not None
    trained = (*cifar.LADDER, *cifar.WITH_BATCH_NORM, "vgg11-l2", "vgg11-bn-l2", "vgg11-bn-lr2", "vgg11-bn-lralt")
    evidence = Evidence(
        metrics,
        look_alikes,
        {},
        {
            name: explained(dataset, garments, model, {"batch_norm": True, "max_channels": 8})
            for name, model in (("vgg11-bn", "vgg"), ("cnn-bn", "simple_cnn"))
        },
        {"vgg11-bn": embedding.found},
        {name: ended(0.9, 0.8) for name in trained},
    )
    found = answers(cifar.CLAIMS, evidence)
    assert [name for name, answer in found.items() if answer.measured is None] == []
    plain, normed = (metrics[name]["accuracy"] for name in ("vgg11-plain", "vgg11-bn"))
    assert plain != normed
    assert found["C1 plain"].measured.value == pytest.approx(plain - 0.1)
    assert found["C1 batch norm"].measured.value == pytest.approx(normed - plain)
    assert {answer.measured.count for answer in found.values() if answer.measured} == {3, 4, COUNT}
