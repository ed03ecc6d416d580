"""From artifacts on disk to the content of the report."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lookalike import provenance
from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import PLOTTED, save_findings, save_metrics
from lookalike.artifacts.findings import save_found
from lookalike.artifacts.folders import write_bytes, write_json, write_text
from lookalike.artifacts.models import Epoch, Timing, save_model, save_run
from lookalike.artifacts.photos import PhotoSet, Preparation, save_photos
from lookalike.claims import fashion
from lookalike.claims.claim import Claim
from lookalike.data.garments import draw_garments
from lookalike.evaluation.absorption import SPOILERS
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.photo_study import study_photos
from lookalike.evaluation.photo_variant import STRENGTHS, PhotoOutputs
from lookalike.evaluation.photographs import DESCRIBED_BY
from lookalike.explain.subject import Images, Subject
from lookalike.explain.variant import explain_variant
from lookalike.models.registry import create_model
from lookalike.params import Params, parse_params
from lookalike.reporting import chapters, representations
from lookalike.reporting.assemble import DRAWN, assemble, cut_short, data_row, origin, training
from lookalike.reporting.embeddings import CLUSTERINGS
from lookalike.reporting.leaderboard import standing
from lookalike.reporting.report import Chapter, Illustration, to_html, to_markdown
from lookalike.runtime import Runtime

MEASURED = {"accuracy": 0.75, "accuracy_low": 0.7, "accuracy_high": 0.8, "nll": 0.5}
CLASS = {"class": "Bag", "precision": 0.5, "recall": 0.25, "f1": 1 / 3, "support": 9}
COMMIT = "0123456789" * 4
EVALUATED = ("fashion-cnn", "fashion-cnn-10pct")  # of them the first alone is probed
GROUP_OF = np.arange(10) // 3
DRAWN_CLOSELY = {
    f"explanations/fashion/figures/{'--'.join(EVALUATED)}/cases.png": b"cases of the pair",
    "explanations/fashion/figures/fashion-cnn/maps.png": b"maps of fashion-cnn",
    "explanations/fashion/figures/photographs-fitted.png": b"photographs by fitted",
    "embeddings/fashion/figures/fashion-cnn/map.png": b"map of fashion-cnn",
}
Json = dict[str, Any]
Findings = tuple[Json, Json]


@pytest.fixture
def params(raw_params: dict[str, Any]) -> Params:
    """The real parameters with three of their variants, that which diverged first."""
    variants, study = raw_params["variants"], raw_params["studies"]["fashion"]
    raw_params["variants"] = {name: variants[name] for name in ("fashion-vit", *EVALUATED)}
    raw_params["studies"] = {"fashion": study | {"pairs": [EVALUATED], "probes": EVALUATED[:1]}}
    return parse_params(raw_params)


@pytest.fixture(scope="module")
def photos(dataset: Dataset) -> PhotoSet:
    """Twenty photographs by two recipes, one of them with a step left out as well."""
    ways = (Preparation("fitted", ""), Preparation("fitted", "crop"), Preparation("plain", ""))
    about = dict.fromkeys(DESCRIBED_BY, "some") | {"doubtful": "no", "name": "one"}
    return PhotoSet(
        preparations=ways,
        images=np.zeros((3, 20, 28, 28), np.uint8),
        labels=np.arange(20) % 11 - 1,
        class_names=dataset.class_names,
        about=[about | {"half": ("choose", "score")[k % 2]} for k in range(20)],
        provenance={"citation": "drawn for a test"},
    )


@pytest.fixture(scope="module")
def findings(dataset: Dataset, photos: PhotoSet) -> Findings:
    """What the evaluation finds of two variants that lean to the truth, on test images and on photographs."""
    rng = np.random.default_rng(3)

    def logits(labels: Any, seeds: int) -> Any:
        drawn = rng.normal(0, 1, (seeds, 20, 10)).astype(np.float32)
        drawn[:, np.arange(20), labels] += 1.5
        return drawn

    sides, outputs = {}, {}
    for name in EVALUATED:
        probed = name == EVALUATED[0]
        sides[name] = Side(logits(dataset.test_labels, 2), np.array([1.5, 0.5]))
        outputs[name] = PhotoOutputs(
            logits={recipe: logits(photos.labels, 2) for recipe in photos.recipes},
            ablations={way: logits(photos.labels, 1)[0] for way in photos.ablations} if probed else {},
            distances={recipe: rng.uniform(0, 1, 20) for recipe in photos.recipes},
            test_distances=rng.uniform(0, 1, 20),
            spoiled={way: rng.integers(0, 10, (len(STRENGTHS), 20)) for way in SPOILERS} if probed else {},
        )
    look_alikes, _ = study_look_alikes(sides, dataset, GROUP_OF, [EVALUATED])
    on_photos = study_photos(
        outputs, sides, photos, dataset, group_of=GROUP_OF, pairs=[EVALUATED], absorber=dataset.class_names[8]
    )
    return look_alikes, on_photos


@pytest.fixture(scope="module")
def explained(dataset: Dataset) -> Json:
    """What is found of the maps of an untrained network, which is the probed variant's."""
    pixels, labels = draw_garments(20, seed=3)[0], np.arange(20) % 10
    models = [create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval() for _ in range(2)]
    subject = Subject(*models, dataset, Runtime(torch.device("cpu")), Images(pixels, labels, labels))
    return {EVALUATED[0]: explain_variant(subject, subject.images, GROUP_OF, scored=2, heads_scored=1).found}


def embedded() -> Json:
    """What is found of the probed variant's features, as far as it is told."""
    score = {"value": 0.321, "low": 0.2, "high": 0.4}
    scores = dict.fromkeys(("ari", "ami", "v_measure", "hungarian_accuracy"), score)
    found = {
        "images": 400,
        "trustworthiness": 0.987,
        "neighbour_preservation": score,
        "chosen": {"components": 7, "covariance": "tied"},
        "clusterings": {name: {"labels": scores, "groups": scores} for name in CLUSTERINGS},
    }
    return {EVALUATED[0]: found}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures of the chapters are drawn, but not made into PNG."""
    for module in (chapters, representations):
        monkeypatch.setattr(module, "to_png", lambda figure: b"PNG")


def write_variant(root: Path, name: str, *, epochs: int, train_images: int) -> None:
    seeds = [{"seed": 0, "epochs": epochs, "diverged_in": None}]
    description = {"parameters": 7, "macs": 8, "train_images": train_images, "seeds": seeds}
    save_model(root / "models/fashion" / name, description, {}, [Epoch(0, 0, 0.1, *[0.5] * len(PLOTTED))])
    about = {
        "variant": name,
        "fingerprint": f"mark of {name}",
        "commit": COMMIT,
        "dirty": False,
        "finished": "2026-01-02T03:04:05+00:00",
        "host": "here",
        "device": {"name": "a CPU", "threads": 2},
    }
    save_run(root / "runs/fashion" / name, about, [Timing(0, 0, 3.0, 2.0)])
    for drawn in DRAWN:
        if drawn != "samples" or name == EVALUATED[0]:
            write_bytes(root / "evaluations/fashion/figures" / name / f"{drawn}.png", f"{drawn} of {name}".encode())


@pytest.fixture
def root(tmp_path: Path, photos: PhotoSet, findings: Findings, explained: Json) -> Path:
    """Artifacts of two evaluated variants and of one whose only seed diverged."""
    for name, epochs, images in (("fashion-cnn", 4, 9), ("fashion-vit", 1, 600), ("fashion-cnn-10pct", 30, 1)):
        write_variant(tmp_path, name, epochs=epochs, train_images=images)
    evaluated = MEASURED | {"seeds": 1, "diverged": 0}
    details = {name: {"seeds": [{}], "first_seed": {"classes": [CLASS]}} for name in EVALUATED}
    save_metrics(
        tmp_path / "evaluations/fashion",
        {"fashion-vit": {"seeds": 0, "diverged": 1}, **dict.fromkeys(EVALUATED, evaluated)},
        {"fashion-vit": {"seeds": []}, **details},
    )
    save_findings(tmp_path / "evaluations/fashion", *findings)
    pair = "--".join(EVALUATED)
    write_bytes(tmp_path / "evaluations/fashion/pairs" / pair / "divergence.png", b"divergence of the pair")
    save_found(tmp_path / "explanations/fashion", explained, {})
    save_found(tmp_path / "embeddings/fashion", embedded(), {})
    for path, content in DRAWN_CLOSELY.items():
        write_bytes(tmp_path / path, content)
    save_photos(tmp_path / "photos", photos, [("no.jpg", "no garment")], {"samples/fitted": b"steps of fitted"})
    about = {"digest": "d1", "provenance": {"about": "drawn garments", "licence": "MIT"}}
    write_json(tmp_path / "data/fashion_mnist/dataset.json", about)
    write_json(tmp_path / "published.json", {"tracking": "local store", "runs": {"fashion-cnn": {"0": "feedbeef"}}})
    return tmp_path


@pytest.mark.usefixtures("quick")
def test_the_report_says_what_the_stages_found(root: Path, params: Params, findings: Findings, explained: Json) -> None:
    report = assemble(params, "text of the file", root)
    assert (report.profile, report.demonstration, report.parameters) == ("demo", True, "text of the file")
    (study,) = report.studies
    assert (study.name, study.title) == ("fashion", params.studies["fashion"].title)
    vit, cnn, few = study.standings
    assert (vit.variant, vit.seeds, vit.diverged, vit.accuracy) == ("fashion-vit", 0, 1, None)
    assert (cnn.variant, cnn.seeds, cnn.diverged, cnn.accuracy, cnn.nll) == ("fashion-cnn", 1, 0, 0.75, 0.5)
    assert (cnn.parameters, cnn.macs, cnn.train_images, cnn.training_seconds) == (7, 8, 9, 3)
    assert few.variant == "fashion-cnn-10pct"
    assert study.short == {"fashion-cnn": (4, 10)}  # one ran all its epochs, and one was cut by its loss
    assert study.capped == {"fashion-vit"}, "600 are all that the heavy budget of the demonstration allows"
    assert study.look_alikes.found == findings[0]
    assert study.photographs.found == findings[1] | {"refused": [{"file": "no.jpg", "reason": "no garment"}]}
    assert study.explanations.found == explained
    assert study.embeddings.found == embedded()
    assert report.data == [{"name": "fashion_mnist", "about": "drawn garments", "licence": "MIT", "digest": "d1"}]
    assert [(run["variant"], run["mlflow"]) for run in report.runs] == [
        ("fashion-vit", {}),
        ("fashion-cnn", {"0": "feedbeef"}),
        ("fashion-cnn-10pct", {}),
    ]


@pytest.mark.parametrize(
    ("seeds", "diverged", "ran", "short"),
    [(2, 0, 4, (4, 10)), (1, 1, 4, (4, 10)), (2, 0, 10, None), (0, 2, 4, None)],
)
def test_epochs_are_cut_short_by_a_budget_and_not_by_divergence(
    params: Params, seeds: int, diverged: int, ran: int, short: tuple[int, int] | None
) -> None:
    summary = MEASURED | {"seeds": seeds, "diverged": diverged}
    description = {"parameters": 7, "macs": 8, "train_images": 9, "seeds": [{"seed": 0, "epochs": ran}]}
    timings = [{"seed": 0, "seconds": 1.0, "images_per_second": 1.0}]
    row = standing("fashion", "fashion-cnn", summary, description, timings)
    assert cut_short(row, params.variants["fashion-cnn"]) == short


@pytest.mark.usefixtures("quick")
def test_claims_are_tested_on_what_was_found(
    root: Path, params: Params, findings: Findings, explained: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = {claim.key: claim for claim in assemble(params, "", root).claims}
    assert list(claims) == [claim.key for claim in fashion.CLAIMS]
    measured = claims["F5, CNN"]
    assert measured.estimate == findings[0]["variants"]["fashion-cnn"]["overconfidence"]
    assert measured.verdict != "not tested"
    assert {claims[key].verdict for key in ("F1", "F2", "F4", "F5, ViT")} == {"not tested"}  # the ViT diverged
    assert {claim.verdict for key, claim in claims.items() if key.startswith("F6")} == {"not tested"}
    gain = explained["fashion-cnn"]["faithfulness"]["methods"]["centre"]["gain"]
    on_maps = Claim("M", "", "", "", lambda found: gain if found.explanations == explained else None)
    monkeypatch.setattr("lookalike.reporting.assemble.CLAIMS", {"fashion": (on_maps,)})
    assert [claim.estimate for claim in assemble(params, "", root).claims] == [gain]
    monkeypatch.setattr("lookalike.reporting.assemble.CLAIMS", {"another study": fashion.CLAIMS})
    assert assemble(params, "", root).claims == []


@pytest.mark.usefixtures("quick")
def test_figures_are_those_of_the_evaluated_variants(root: Path, params: Params) -> None:
    report = assemble(params, "", root)
    (study,) = report.studies
    assert study.curves.name == "fashion-curves"
    assert study.curves.png.startswith(b"\x89PNG")
    assert [(one.name, contents(one.pictures)) for one in study.variants] == [
        (EVALUATED[0], {name: f"{name} of fashion-cnn" for name in DRAWN}),
        (EVALUATED[1], {name: f"{name} of fashion-cnn-10pct" for name in DRAWN if name != "samples"}),
    ]
    for section in study.variants:
        for name, picture in section.pictures.items():
            assert picture.name == f"{section.name}-{name}"
            assert section.name in picture.caption
            assert section.name in picture.alt
        assert section.classes == [CLASS]
    pair = "--".join(EVALUATED)
    assert contents(study.look_alikes.pictures) == {
        **dict.fromkeys(("errors", "shares", "pairs", "sizes"), "PNG"),
        f"{pair}-cases": "cases of the pair",
        f"{pair}-divergence": "divergence of the pair",
    }
    drawn = ("accuracy", "classes", "ablation", "distance", "abstention", "absorption")
    assert contents(study.photographs.pictures) == {
        **{f"photo-{name}": "PNG" for name in drawn},
        "samples-fitted": "steps of fitted",
    }
    assert contents(study.explanations.pictures) == {
        **dict.fromkeys(("faithfulness", "sanity", "similarity", "class-contrast", "fashion-cnn-curves"), "PNG"),
        "fashion-cnn-maps": "maps of fashion-cnn",
        "photographs": "photographs by fitted",
    }
    assert contents(study.embeddings.pictures) == {"agreement": "PNG", "fashion-cnn-map": "map of fashion-cnn"}
    names = [picture.name for picture in report.illustrations]
    assert len(set(names)) == len(names) == 1 + 6 + 7 + 7 + 2 + 5


def contents(pictures: dict[str, Illustration]) -> dict[str, str]:
    return {name: picture.png.decode() for name, picture in pictures.items()}


def test_the_report_has_an_origin_of_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": True})
    monkeypatch.setenv("LOOKALIKE_HOST", "a quiet machine")
    found = origin(root, {"tracking": "local store"})
    assert found["from commit"] == "c0ffee with uncommitted changes"
    assert (found["on"], found["MLflow"], found["dvc.lock (SHA-256)"]) == ("a quiet machine", "local store", "none yet")
    assert f"torch {provenance.versions()['torch']}" in found["versions"]
    monkeypatch.setattr(provenance, "commit", lambda: {"commit": "c0ffee", "dirty": False})
    write_text(root / "dvc.lock", "schema: '2.0'\n")
    found = origin(root, {"tracking": "local store"})
    assert found["from commit"] == "c0ffee"
    assert found["dvc.lock (SHA-256)"] == provenance.lock_digest(root)


def test_a_store_that_failed_is_told_and_leaves_no_runs(root: Path) -> None:
    failed = {"tracking": "local store", "error": "disk full"}
    assert origin(root, failed)["MLflow"] == "disk full"
    assert training(root, "fashion", "fashion-cnn", failed)["mlflow"] == {}


def test_published_data_are_named_by_citation_and_homepage(root: Path) -> None:
    known = {"citation": "Xiao et al., 2017", "homepage": "example.org", "licence": "MIT"}
    write_json(root / "data/fashion_mnist/dataset.json", {"digest": "d1", "provenance": known})
    assert data_row(root, "fashion_mnist")["about"] == "Xiao et al., 2017; example.org"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_what_is_assembled_can_be_written(root: Path, params: Params, write: Callable[..., str]) -> None:
    text = write(assemble(params, "a: 1 # <b>", root))
    assert all(name in text for name in ("fashion-cnn", "fashion-vit", "75.00", "33.33", "mark of fashion-cnn"))
    assert "4 of 10: cut short" in text
    assert "1 of 10" not in text
    assert "not tested" in text
    assert "drawn for a test" in text
    assert all(told in text for told in ("HiResCAM", "0.987", "7 tied", "0.32 (0.20 to 0.40)", "mixture-on-tsne"))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("write", [to_html, to_markdown])
def test_a_study_with_nothing_explained_or_embedded_has_no_such_chapters(
    root: Path, params: Params, write: Callable[..., str]
) -> None:
    for stage in ("explanations", "embeddings"):
        shutil.rmtree(root / stage)
        save_found(root / stage / "fashion", {}, {})
    report = assemble(params, "", root)
    (study,) = report.studies
    assert study.explanations == study.embeddings == Chapter({}, {})
    text = write(report)
    assert "What the models look at" not in text
    assert "What the features cluster into" not in text
