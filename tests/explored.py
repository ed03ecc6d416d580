"""The explorer's page of two small studies and the files beside it; the second study has no photographs.

The first has a third variant, whose pack lies next to the page. All test images have sprites.
"""

import io
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from conftest import ROOT
from numpy.typing import NDArray
from PIL import Image
from small_study import (
    CNN,
    LABELS,
    RECIPES,
    TESTED,
    SmallStudy,
    evaluate,
    make_study,
    small_params,
    write_explanation,
    write_study,
)

from lookalike.artifacts.datasets import Dataset
from lookalike.artifacts.evaluations import Evaluation, save_evaluation
from lookalike.artifacts.explanations import PairMaps
from lookalike.artifacts.folders import replacing_folder, write_bytes
from lookalike.artifacts.sprites import save_sprites
from lookalike.drawn.garments import draw_garments
from lookalike.evaluation.metrics import softmax
from lookalike.reporting.assemble import load_study_results
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.explorer.section import explorer_section
from lookalike.reporting.report import Page, Report, to_html

THIRD, AGAIN = "fashion-cnn-grouped", "again"  # a variant of the first study, and the second study
STRIP = (300, 100)  # pixels of a recipe's steps


@dataclass(frozen=True)
class Truth:
    """What the artifacts say of all images of the first study: test images, then photographs by the first recipe.

    Attributes:
        names: of the images.
        labels: their classes, -1 for none.
        shares: by variant (items, classes).
    """

    names: list[str]
    labels: NDArray[np.int64]
    shares: dict[str, NDArray[np.floating]]

    def said(self, name: str) -> NDArray[np.int64]:
        """The predicted classes."""
        return self.shares[name].argmax(axis=1)

    @property
    def tests(self) -> NDArray[np.bool_]:
        """Which of the images are test images."""
        return np.arange(len(self.labels)) < TESTED


@dataclass(frozen=True)
class Site:
    """A folder with `index.html` and what it loads."""

    folder: Path
    study: SmallStudy
    truth: Truth

    @property
    def address(self) -> str:
        """Of the page on this disk."""
        return (self.folder / "index.html").as_uri()


def make_site(base: Path, tiny: Dataset, *, kept: bool = True) -> Site:
    """Write the artifacts and the page; of a published report pictures are not `kept`."""
    params = small_params(yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8")))
    study, root = make_study(tiny, params), base / "artifacts"
    write_study(root, study)
    pairs = PairMaps(((0, 6),), np.random.default_rng(9).normal(0, 1, (1, 2, 28, 28)).astype(np.float32))
    write_explanation(root, replace(study.explanation, pair_maps=pairs))
    third = evaluate(np.random.default_rng(8), study.photos, probed=False)
    with replacing_folder(root / "evaluations/fashion" / THIRD) as part:
        save_evaluation(part, third)
    if kept:
        images = draw_garments(TESTED, seed=2)[0]
        labelled = replace(tiny, class_names=tuple(study.class_names), test_images=images, test_labels=LABELS)
        save_sprites(root / "sprites/fashion", labelled)
        write_steps(root / "photos", study)
    one = load_study_results("fashion", params, root)
    variants = {**params.variants, THIRD: params.variants[CNN]}
    standings = [*one.standings, replace(one.standings[-1], variant=THIRD)]
    found = replace(one, params=params.model_copy(update={"variants": variants}), standings=standings)
    write_page(base / "report", [found, again(one)])
    return Site(base / "report", study, truth_of(study, {**study.evaluations, THIRD: third}))


def truth_of(study: SmallStudy, evaluations: dict[str, Evaluation]) -> Truth:
    """What the first seeds say."""
    photographs = [f"photograph {row['name']}" for row in study.photos.about]
    logits = {
        name: np.concatenate([one.test_logits[0], one.photos.logits[RECIPES[0]][0]])
        for name, one in evaluations.items()
        if one.photos is not None
    }
    return Truth(
        names=[*(f"test image {k}" for k in range(TESTED)), *photographs],
        labels=np.concatenate([LABELS, study.photos.labels]),
        shares={name: softmax(one.astype(np.float64)) for name, one in logits.items()},
    )


def again(results: StudyResults) -> StudyResults:
    """The same as a study of another name, without photographs."""
    for kind in ("test_sets", "evaluations", "explanations", "embeddings"):
        shutil.copytree(results.root / kind / "fashion", results.root / kind / AGAIN)
    variants = {name: one.model_copy(update={"study": AGAIN}) for name, one in results.params.variants.items()}
    title = {"title": "the same again"}
    studies = {AGAIN: results.params.studies["fashion"].model_copy(update=title)}
    params = results.params.model_copy(update={"variants": variants, "studies": studies})
    return replace(results, name=AGAIN, params=params, measurements=replace(results.measurements, photos={}))


def write_steps(folder: Path, study: SmallStudy) -> None:
    """The original of each photograph, red, and its steps by each recipe, of which the second is blue."""
    for row in study.photos.about:
        write_bytes(folder / "originals" / f"{row['name']}.png", plain((120, 160), "red"))
        for recipe, colour in zip(RECIPES, ("green", "blue"), strict=True):
            write_bytes(folder / "steps" / recipe / f"{row['name']}.png", plain(STRIP, colour))


def plain(size: tuple[int, int], colour: str) -> bytes:
    """A picture in one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


def write_page(folder: Path, studies: list[StudyResults]) -> None:
    """The page of the explorer alone, and the files beside it."""
    part, files = explorer_section(studies)
    report = Report("demo", True, (Page("index.html", "Explorer", (part,)),), files)
    write_bytes(folder / "index.html", to_html(report)["index.html"].encode())
    for path, content in files.items():
        write_bytes(folder / path, content)
