"""All photographs, prepared by all recipes: drawn, published or a person's own."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tqdm import tqdm

from lookalike.artifacts.folders import replacing_folder
from lookalike.artifacts.photos import HALVES, PhotoSet, Preparation, Refused, sender_of
from lookalike.data import labelled_clothing
from lookalike.data.labelled_clothing import Photograph
from lookalike.drawn.garments import CLASSES as GARMENTS
from lookalike.drawn.photographs import draw_snapshots
from lookalike.errors import InputError, RejectedError
from lookalike.params import PhotoProfile, Recipe
from lookalike.photographs.own_folder import own_photographs
from lookalike.photographs.recipes import MaskedPicture, Preparer, final_image, leave_one_step_out

Stages = list[tuple[str, MaskedPicture]]
Draw = Callable[[Stages], bytes]
Ways = dict[Preparation, Recipe]

OWN_FOLDER = "photographs"
DRAWING_SEED = 13
ON_ITS_SIDE = 5  # every so many drawings lie on their side in the file, as phones save them
ORIENTATION, QUARTER_TURN = 0x0112, 6  # EXIF: "turn by 90 degrees to the right"


@dataclass(frozen=True)
class Prepared:
    """One photograph: images (R, 28, 28), a picture (PNG) of the steps of each whole recipe, and the photograph itself,
    upright and small: (H, W, 3)."""

    images: NDArray[np.uint8]
    strips: dict[str, bytes]
    original: NDArray[np.uint8]


def find_photographs(
    profile: PhotoProfile, classes: Sequence[str], cache: Path, mirror: str | None
) -> tuple[list[Photograph], Refused, dict[str, str]]:
    """The photographs that `profile` names, those refused so far, and where they come from.

    Raises:
        InputError: they cannot be had.
    """
    if profile.source == "official":
        found = labelled_clothing.published_photographs(cache, mirror)
        return found, [], {"source": "official", **labelled_clothing.ABOUT}
    if profile.source == "own":
        found, refused = own_photographs(Path(OWN_FOLDER), classes)
        return found, refused, {"source": "own", "citation": f"the folder {OWN_FOLDER}/", "licence": "their owner's"}
    if len(classes) != len(GARMENTS):
        raise InputError(
            f"photos.dataset: garments are drawn in {len(GARMENTS)} classes, not {len(classes)}; name another"
        )
    assert profile.count is not None  # validated with the parameters
    draw_folder(cache / "drawn", profile.count, classes)
    found, refused = own_photographs(cache / "drawn", classes)
    licence = "that of this project"
    return found, refused, {"source": "embedded", "citation": "garments drawn by this project", "licence": licence}


def draw_folder(folder: Path, count: int, classes: Sequence[str]) -> None:
    """Draw `count` pictures with labels.csv into `folder`, as a person would bring them."""
    lines = ["file,label,worn,background,items,doubtful"]
    with replacing_folder(folder) as part:
        for k, shot in enumerate(draw_snapshots(count, DRAWING_SEED)):
            image, exif = Image.fromarray(shot.image), Image.Exif()
            if k % ON_ITS_SIDE == 0:
                image = image.transpose(Image.Transpose.ROTATE_90)
                exif[ORIENTATION] = QUARTER_TURN
            image.save(part / f"{k:04d}.jpg", quality=92, exif=exif)
            lines.append(f"{k:04d}.jpg,{classes[shot.label]},no,{shot.background},{shot.items},no")
        (part / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def all_preparations(recipes: dict[str, Recipe]) -> Ways:
    """Every whole recipe, then each recipe with one step left out at a time."""
    whole = {Preparation(name, ""): recipe for name, recipe in recipes.items()}
    parts = {
        Preparation(name, step): changed
        for name, recipe in recipes.items()
        for step, changed in leave_one_step_out(recipe).items()
    }
    return whole | parts


def prepare_photographs(
    photographs: Sequence[Photograph], recipes: Ways, draw: Draw, *, threads: int | None = None
) -> tuple[list[Photograph], list[Prepared], Refused]:
    """Prepare each photograph by all `recipes`, on all cores; a photograph that one recipe refuses is refused by all.

    Returns:
        The photographs that were prepared, what came out, and name and reason of those refused; in the given order.
    """
    cv2.setNumThreads(1)  # a photograph a thread, not a row of pixels a thread

    def attempt(photograph: Photograph) -> Prepared | RejectedError:
        try:
            return prepare_photograph(photograph.path, recipes, draw)
        except RejectedError as error:
            return error

    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        outcomes = list(tqdm(pool.map(attempt, photographs), total=len(photographs), desc="photographs", disable=None))
    pairs = list(zip(photographs, outcomes, strict=True))
    good = [(photograph, outcome) for photograph, outcome in pairs if isinstance(outcome, Prepared)]
    refused = [(photograph.name, str(outcome)) for photograph, outcome in pairs if isinstance(outcome, RejectedError)]
    return [photograph for photograph, _ in good], [outcome for _, outcome in good], refused


def prepare_photograph(path: Path, recipes: Ways, draw: Draw) -> Prepared:
    """One photograph, prepared by all `recipes`.

    Raises:
        RejectedError: it cannot be read, or a whole recipe finds no garment in it.
    """
    preparer = Preparer.open(path)
    images, strips = [], {}
    for way, recipe in recipes.items():
        stages = preparer.prepare(recipe)
        images.append(final_image(stages[-1][1]))
        if not way.without:
            strips[way.recipe] = draw(stages)
    return Prepared(np.stack(images), strips, preparer.sources[True])


def photo_set(
    photographs: Sequence[Photograph],
    prepared: Sequence[Prepared],
    recipes: Ways,
    classes: Sequence[str],
    provenance: dict[str, str],
) -> PhotoSet:
    """What was prepared, with labels, halves and what is known of each photograph.

    Raises:
        InputError: no photograph with a label is left.
    """
    if not any(one.label for one in photographs):
        raise InputError("photographs: none that has a label could be prepared; at least one is needed to score models")
    images = np.stack([one.images for one in prepared])
    halves = split_halves(photographs)
    return PhotoSet(
        preparations=tuple(recipes),
        images=np.ascontiguousarray(images.swapaxes(0, 1)),  # (N, R, 28, 28) -> (R, N, 28, 28)
        labels=np.array([classes.index(one.label) if one.label else -1 for one in photographs], np.int64),
        class_names=tuple(classes),
        about=[
            {"name": one.name, "label": one.label, "half": half, **one.about}
            for one, half in zip(photographs, halves, strict=True)
        ],
        provenance=provenance,
    )


def split_halves(photographs: Sequence[Photograph]) -> list[str]:
    """The half of each photograph: recipes and models are chosen on one half and scored on the other.

    All photographs of a sender are in one half, since they resemble each other. Senders with the most labelled
    photographs come first, those with equally many in the order of their names' hashes; each joins the half that has
    fewer photographs of its classes. So the split does not depend on the order of the photographs, and one photograph
    more moves few others.
    """
    senders = [sender_of(one.name, one.about) for one in photographs]
    counts: dict[str, Counter[str]] = {sender: Counter() for sender in senders}
    for sender, one in zip(senders, photographs, strict=True):
        counts[sender][one.label] += 1
    half_of, surplus = dict[str, str](), Counter[str]()  # of the first half over the second, by class
    labelled = {sender: of.total() - of[""] for sender, of in counts.items()}
    for sender in sorted(counts, key=lambda name: (-labelled[name], hashlib.md5(name.encode()).digest())):
        first = sum(surplus[label] * count for label, count in counts[sender].items()) <= 0
        half_of[sender] = HALVES[not first]
        (surplus.update if first else surplus.subtract)(counts[sender])
    return [half_of[sender] for sender in senders]
