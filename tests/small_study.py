"""A small study whose artifacts lie on disk as the stages leave them; its models are untrained and its figures made up.

Of three variants the first diverged and the second alone is a focus variant.
"""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from blocks import marked
from descriptions import described
from numpy.typing import NDArray

from lookalike.artifacts.comparisons import save_families, save_findings, save_metrics
from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.dvc_tables import PLOTTED
from lookalike.artifacts.embeddings import Embedding, SeedAgreement, save_embedding
from lookalike.artifacts.evaluations import (
    Corrupted,
    Evaluation,
    PhotoOutputs,
    Validation,
    round_confidence,
    save_evaluation,
)
from lookalike.artifacts.explanations import Explanation, save_explanation
from lookalike.artifacts.folders import replacing_folder, write_bytes, write_json
from lookalike.artifacts.models import Epoch, SeedRecord, Timing, save_model, save_run
from lookalike.artifacts.photos import PhotoSet, Preparation
from lookalike.artifacts.test_sets import TestSet, save_test_set
from lookalike.data.corruptions import CORRUPTIONS, SEVERITIES, SHIFT_PIXELS, SHIFTS
from lookalike.data.failed_preparations import STRENGTHS, WAYS
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.complementary_errors import study_complementary_errors
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.look_alikes import study_look_alikes
from lookalike.evaluation.metrics import softmax
from lookalike.evaluation.pairs import Side
from lookalike.evaluation.robustness import study_robustness
from lookalike.evaluation.scores import describe_seed
from lookalike.explain.explain_variant import explain_variant
from lookalike.explain.focus import examine_focus_variant
from lookalike.explain.seeds import SeedSetup, measure_seed
from lookalike.explain.subject import Images, Subject
from lookalike.families.all_findings import study_families
from lookalike.families.measured import MeasuredStudy
from lookalike.models.registry import create_model
from lookalike.params import Params, parse_params
from lookalike.photographs.accuracy import DESCRIBED_BY
from lookalike.photographs.comparison import study_photos
from lookalike.primer.page import primer_numbers
from lookalike.reporting.figures.embeddings import CLUSTERINGS
from lookalike.runtime import Runtime

Json = dict[str, Any]

DIVERGED = "fashion-vit"
CNN, FEW = EVALUATED = ("fashion-cnn", "fashion-cnn-10pct")
PAIR = f"{CNN}--{FEW}"
MACS = {CNN: 3_000_000, FEW: 2_000_000}
TESTED, PHOTOGRAPHED, A_CLASS = 30, 20, 2
LABELS = (7 * np.arange(TESTED) + 3) % 10  # so that the first of each class stand in another order than the classes
CHOSEN = first_of_each_class(LABELS, A_CLASS)
RECIPES = ("fitted", "plain")
SHOWN = "HiResCAM"
TEMPERATURES = np.array([1.5, 0.5])
MEASURED = {"accuracy": 0.75, "accuracy_low": 0.7, "accuracy_high": 0.8, "nll": 0.5}
COMMIT = "0123456789" * 4
LENGTHS = {DIVERGED: (1, 200), CNN: (4, 9), FEW: (30, 1)}  # epochs and training images
FIGURES = "comparisons/fashion/figures"
PICTURES = (
    f"{FIGURES}/{CNN}/reliability",
    f"comparisons/fashion/pairs/{PAIR}/divergence",
    f"{FIGURES}/{PAIR}/cases",
    *(f"{FIGURES}/{CNN}/{kind}" for kind in ("maps", "contrast", "classes-Grad-CAM")),
    *(f"{FIGURES}/{CNN}/{kind}" for kind in ("filters-first", "features-last")),
    *(f"{FIGURES}/{CNN}/{kind}" for kind in ("layers", "responses")),
    f"{FIGURES}/alike",
    *(f"{FIGURES}/photographs-{recipe}" for recipe in RECIPES),
    *(f"{FIGURES}/{CNN}/{kind}" for kind in ("map", "clusters", "sweep")),
    *(f"primer/{name}" for name in ("channels", "poolings", "activations")),
)  # each holds its own path


@dataclass(frozen=True)
class SmallStudy:
    """All that the stages found.

    Attributes:
        evaluations: by variant.
        details: of the evaluated variants.
        explanation, embedding: of the focus variant.
    """

    test_set: TestSet
    photos: PhotoSet
    evaluations: dict[str, Evaluation]
    details: Json
    look_alikes: Json
    on_photos: Json
    on_corrupted: Json
    explanation: Explanation
    embedding: Embedding

    @property
    def class_names(self) -> list[str]:
        """Of the data set."""
        return list(self.test_set.class_names)

    def logits(self, name: str) -> NDArray[np.floating]:
        """What the first seed of an evaluated variant says of the test images: (TESTED, 10)."""
        return self.evaluations[name].test_logits[0]

    def photo_logits(self, name: str) -> NDArray[np.floating]:
        """What it says of the photographs by the first recipe: (PHOTOGRAPHED, 10)."""
        outputs = self.evaluations[name].photos
        assert outputs is not None
        return outputs.logits[RECIPES[0]][0]


def small_params(raw: Json) -> Params:
    """The real parameters with three of their variants, that which diverged first."""
    study, profile = raw["studies"]["fashion"], raw["profiles"]["demo"]
    profile["explain"] |= {"images_per_class": A_CLASS}
    return parse_params(
        raw
        | {
            "variants": {name: raw["variants"][name] for name in (DIVERGED, *EVALUATED)},
            "studies": {"fashion": study | {"pairs": [EVALUATED], "focus": [CNN]}},
            "costs": {"study": "fashion"},
            "profile": "demo",
        }
    )


def make_study(tiny: Dataset, params: Params) -> SmallStudy:
    """Evaluate what two variants that lean to the truth might say, explain the first, and make up its embedding."""
    names, rng = params.datasets["fashion_mnist"].classes, np.random.default_rng(3)
    group_of = group_numbers(params.groups["fashion_mnist"], names)
    images, photos = draw_garments(TESTED, seed=2)[0], make_photos(names)
    test_set = TestSet(
        name="fashion_mnist",
        class_names=names,
        labels=LABELS,
        shown=CHOSEN,
        images=images[CHOSEN],
        repeated=np.array([3]),
        near=np.array([5, 8]),
        digest="d1",
        provenance={"about": "drawn garments", "licence": "MIT"},
        photos=photos,
        refused=(("no.jpg", "no garment"),),
    )
    evaluations = {name: evaluate(rng, photos, probed=name == CNN) for name in EVALUATED}
    sides = {name: Side(one.test_logits, one.temperatures) for name, one in evaluations.items()}
    look_alikes, _ = study_look_alikes(sides, test_set, group_of, [EVALUATED])
    look_alikes["complementary_errors"] = study_complementary_errors(evaluations, MACS, LABELS, [EVALUATED])
    outputs = {name: one.photos for name, one in evaluations.items() if one.photos}
    on_photos = study_photos(outputs, sides, test_set, group_of, [EVALUATED], params.photos.collector)
    on_photos["chosen"] |= {"recipe": RECIPES[0]}
    corrupted = {name: one.corrupted for name, one in evaluations.items() if one.corrupted}
    said = evaluations[CNN].test_logits[0].argmax(axis=1)
    nothing = Evaluation((), 1, np.zeros(0), np.zeros((0, TESTED, 10), np.float16))
    return SmallStudy(
        test_set=test_set,
        photos=photos,
        evaluations={DIVERGED: nothing, **evaluations},
        details={
            name: {
                "seeds": [{"accuracy": 0.7}, {"accuracy": 0.8}],
                "first_seed": describe_seed(one.test_logits[0], LABELS, 1.5, names),
            }
            for name, one in evaluations.items()
        },
        look_alikes=look_alikes,
        on_photos=on_photos,
        on_corrupted=study_robustness(corrupted, [EVALUATED]),
        explanation=explain(replace(tiny, class_names=names), Images(images, LABELS, said), photos, group_of),
        embedding=embed(rng),
    )


def evaluate(rng: np.random.Generator, photos: PhotoSet, *, probed: bool) -> Evaluation:
    """What a variant that leans to the truth might say; the test images serve as validation images as well."""
    logits = leaning(rng, LABELS, 2)
    right, confidence = logits.argmax(axis=2) == LABELS, np.stack([softmax(one).max(axis=1) for one in logits])
    corruptions = ((kind, severity) for kind in CORRUPTIONS for severity in SEVERITIES)
    conditions = ("", 0), *corruptions, *((kind, pixels) for kind in SHIFTS for pixels in SHIFT_PIXELS)
    return Evaluation(
        seeds=(0, 1),
        diverged=0,
        temperatures=TEMPERATURES,
        test_logits=logits,
        validation=Validation(right, round_confidence(confidence)),
        train_right=right,
        corrupted=Corrupted(
            conditions,
            rng.integers(0, 2, (2, len(conditions), TESTED)).astype(bool),
            np.tile([0.2, 0.1, 0.3], (len(conditions), 1)),
        ),
        photos=photo_outputs(rng, photos, probed=probed),
    )


def leaning(rng: np.random.Generator, labels: NDArray[Any], seeds: int) -> NDArray[np.float16]:
    """Logits (seeds, N, 10)."""
    drawn = rng.normal(0, 1, (seeds, len(labels), 10))
    drawn[:, np.arange(len(labels)), labels] += 1.5
    return drawn.astype(np.float16)


def make_photos(class_names: tuple[str, ...]) -> PhotoSet:
    """Twenty photographs by two recipes; two fit none of the classes."""
    about = dict.fromkeys(DESCRIBED_BY, "some") | {"doubtful": "no"}
    return PhotoSet(
        preparations=tuple(Preparation(recipe, "") for recipe in RECIPES),
        images=np.random.default_rng(4).integers(0, 256, (2, PHOTOGRAPHED, 28, 28), dtype=np.uint8),
        labels=np.arange(PHOTOGRAPHED) % 11 - 1,
        class_names=class_names,
        about=[about | {"name": f"photo {k}", "half": ("choose", "score")[k % 2]} for k in range(PHOTOGRAPHED)],
        provenance={"citation": "drawn for a test"},
    )


def photo_outputs(rng: np.random.Generator, photos: PhotoSet, *, probed: bool) -> PhotoOutputs:
    """What a variant might make of the photographs."""
    return PhotoOutputs(
        logits={recipe: leaning(rng, photos.labels, 2) for recipe in RECIPES},
        ablations={Preparation("fitted", "crop"): leaning(rng, photos.labels, 1)[0].argmax(axis=1)} if probed else {},
        distances={recipe: rng.uniform(0, 1, PHOTOGRAPHED) for recipe in RECIPES},
        test_distances=rng.uniform(0, 1, TESTED),
        garments={way: rng.integers(0, 10, (len(STRENGTHS), TESTED)) for way in WAYS} if probed else {},
    )


def explain(dataset: Dataset, images: Images, photos: PhotoSet, group_of: NDArray[np.int64]) -> Explanation:
    """The evidence of the maps of an untrained network."""
    torch.manual_seed(0)
    models = [create_model("fashion_cnn", {}, input_shape=(1, 28, 28), num_classes=10).eval() for _ in range(2)]
    photographs = Images(photos.recipes[RECIPES[0]], photos.labels, np.arange(PHOTOGRAPHED) % 10)
    subject = Subject(*models, dataset, Runtime(torch.device("cpu")), images)
    explained = explain_variant(subject.part(CHOSEN), photographs, group_of, scored=2, heads_scored=1, corrupt=True)
    evidence = explained.evidence(CHOSEN, RECIPES[0], examine_focus_variant(subject, CHOSEN, group_of, 4))
    found = measure_seed(0, subject.part(CHOSEN), SeedSetup(photographs, group_of, None, focus=True, attributed=2))
    return replace(evidence, seeds=(found, replace(found, seed=1)))


def embed(rng: np.random.Generator) -> Embedding:
    """What might be found of the features of one image a class, and where these lie."""
    score = {"value": 0.321, "low": 0.2, "high": 0.4}
    scores = dict.fromkeys(("ari", "ami", "v_measure", "hungarian_accuracy"), score)
    found = {
        "images": 10,
        "trustworthiness": 0.987,
        "neighbour_preservation": score,
        "sweep": [{"components": k, "covariance": "tied", "bic": 1000.0 * k, "converged": True} for k in (2, 3)],
        "chosen": {"components": 3, "covariance": "tied"},
        "clusterings": {
            name: {"labels": scores, "groups": scores, "table": rng.integers(0, 9, (3, 10)).tolist()}
            for name in CLUSTERINGS
        },
    }
    indices = CHOSEN[5:15]  # the last five of one image, and the first five of another
    clusters = {name: np.arange(10) % 3 for name in CLUSTERINGS}
    components, tsne = rng.normal(0, 2, (10, 3)), rng.normal(0, 30, (10, 2))
    agreements = tuple(SeedAgreement(seed, score, score) for seed in (0, 1))
    return Embedding(found, indices, components, tsne, clusters, agreements)


def write_study(root: Path, study: SmallStudy) -> None:
    """Write it all."""
    comparison = root / "comparisons/fashion"
    for name, (epochs, images) in LENGTHS.items():
        write_training(root, name, epochs, images)
    for name, evaluation in study.evaluations.items():
        with replacing_folder(root / "evaluations/fashion" / name) as part:
            save_evaluation(part, evaluation)
    with replacing_folder(root / "test_sets/fashion") as part:
        save_test_set(part, study.test_set)
    write_explanation(root, study.explanation)
    write_embedding(root, study.embedding)
    summaries: Json = {DIVERGED: {"seeds": 0, "diverged": 1}}
    summaries |= {name: MEASURED | {"seeds": 2, "diverged": 0} for name in EVALUATED}
    save_metrics(comparison, summaries, {DIVERGED: {"seeds": []}, **study.details})
    save_findings(comparison, study.look_alikes, study.on_photos, study.on_corrupted)
    save_families(comparison, study_families(measured(study)))
    for path in PICTURES:
        write_bytes(root / f"{path}.webp", marked(path))
    for recipe in RECIPES:
        write_bytes(root / f"photos/samples/{recipe}.webp", marked(f"steps of {recipe}"))
    write_json(root / "primer/found.json", worked_out())
    write_json(root / "published.json", {"tracking": "local store", "runs": {CNN: {"0": "feedbeef", "1": "cafe"}}})


def measured(study: SmallStudy) -> MeasuredStudy:
    """Its evidence on families, of which only one finished, with no class like another."""
    return MeasuredStudy(
        evaluations=study.evaluations,
        explanations={CNN: study.explanation},
        models={name: name.removesuffix("-10pct").replace("-", "_") for name in study.evaluations},
        train_images={name: images for name, (_, images) in LENGTHS.items()},
        labels=study.test_set.labels,
        class_names=study.class_names,
        group_of=np.arange(len(study.class_names)),
        focus=[CNN],
    )


def write_explanation(root: Path, explanation: Explanation) -> None:
    """Write that of the focus variant."""
    with replacing_folder(root / "explanations/fashion" / CNN) as part:
        save_explanation(part, explanation)


def write_embedding(root: Path, embedding: Embedding | None) -> None:
    """Write that of the focus variant."""
    with replacing_folder(root / "embeddings/fashion" / CNN) as part:
        save_embedding(part, embedding)


@cache
def worked_out() -> Json:
    """The primer's numbers, which take seconds."""
    return primer_numbers()


def write_training(root: Path, name: str, epochs: int, train_images: int) -> None:
    """What is left of a variant's training; a history of two epochs and seeds."""
    description = described(train_images=train_images, seeds=(SeedRecord(0, epochs, None),))
    steps = [(seed, epoch) for seed in range(2) for epoch in range(2)]
    history = [Epoch(*step, 0.1, *[0.1 * (k + 2 * sum(step)) for k in range(len(PLOTTED))]) for step in steps]
    save_model(root / "models/fashion" / name, description, {}, history)
    about = {
        "variant": name,
        "fingerprint": f"mark of {name}",
        "commit": COMMIT,
        "dirty": name == DIVERGED,
        "finished": "2026-01-02T03:04:05+00:00",
        "host": "here",
        "device": {"name": "a CPU", "precision": "float32", "threads": 2, "processes": 1},
    }
    save_run(root / "runs/fashion" / name, about, [Timing(0, 0, 3.0, 2.0)])
