"""The page's explorer of single images: what stands in the page for it, and the files beside the page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.sprites import COLUMNS, as_shown, load_sprites, searchable
from lookalike.evaluation.groups import group_numbers
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Explorer, Json, Prose, Section, count, section
from lookalike.reporting.explorer.packs import Held, pack, pack_file, packed
from lookalike.reporting.explorer.pictures import Steps, sheet, steps_of, to_webp

FOLDER = "explorer"  # beside the page
PHOTOGRAPHS = 200  # that the explorer holds of more
INTRO = (
    "Choose images by their class and by what two models call them. The explorer shows the probability that each "
    "model gives each class, what speaks for its answer (green) and against it (purple), and the images that lie "
    "nearest in the t-SNE map of its features. First seeds; probabilities before temperature scaling."
)

Files = dict[str, bytes]


@dataclass(frozen=True)
class Explored:
    """One study: its JSON, and the packs of all variants by name, of which the page itself has those of `both`."""

    study: str
    data: Json
    packs: dict[str, Json]
    both: tuple[str, str]
    pictures: Files


def explorer(studies: Sequence[Found]) -> tuple[Section, Files]:
    """The section of the page, and the files beside the page by their path."""
    explored = [explore(found) for found in studies]
    files: Files = {}
    data: Json = {"studies": [one.data for one in explored], "packs": {}}
    for one in explored:
        files |= one.pictures
        for name, content in one.packs.items():
            key = f"{one.study}--{name}"
            if name in one.both:
                data["packs"][key] = content
            else:
                files[f"{FOLDER}/{key}.js"] = pack_file(key, content)
    found = finding(studies[0]) if studies else ""
    return section("explorer", "Explorer", Prose(INTRO), Explorer(data), finding=found), files


def explore(found: Found) -> Explored:
    """What the explorer needs of one study."""
    held, both = hold(found), default_pair(found)
    steps = steps_of(found, held)
    return Explored(
        study=found.study,
        data=study_data(found, held, both, steps),
        packs={name: pack(found, name, held) for name in found.evaluated},
        both=both,
        pictures=pictures_beside(found, held, steps),
    )


def hold(found: Found) -> Held:
    """The images that can be chosen: all test images if a page can hold so many, and photographs."""
    total, shown = len(found.labels), np.sort(found.test_set.shown)
    tests = np.arange(total) if searchable(total, len(found.class_names)) else shown
    photos = found.test_set.photos
    if not found.figures.photos or photos is None:
        return Held(tests, np.zeros(0, np.int64), "")
    step = -(-len(photos.about) // PHOTOGRAPHS)
    return Held(tests, np.arange(0, len(photos.about), step), found.figures.photos["chosen"]["recipe"])


def default_pair(found: Found) -> tuple[str, str]:
    """The variants that the explorer opens with: the first pair above chance, else the first two."""
    pairs = found.params.studies[found.study].pairs
    learnt = [pair for pair in pairs if set(pair) <= set(found.learnt)]
    first, second = learnt[0] if learnt else (found.evaluated[0], found.evaluated[:2][-1])
    return first, second


def study_data(found: Found, held: Held, both: tuple[str, str], steps: Steps) -> Json:
    """One study: what its images and variants are."""
    groups, test_set = found.params.groups_of(found.data), found.test_set
    order = np.argsort(test_set.shown)
    return {
        "name": found.study,
        "title": f"{found.data}: {found.params.studies[found.study].title}",
        "classes": found.class_names,
        "groups": list(groups),
        "groupOf": group_numbers(groups, found.class_names).tolist(),
        "total": len(found.labels),
        "indices": None if len(held.tests) == len(found.labels) else held.tests.tolist(),  # None: all
        "labels": packed(found.labels[held.tests], "u2"),
        "shown": test_set.shown[order].tolist(),
        "sheet": sheet(as_shown(test_set.images[order])),
        "sprites": (found.root / "sprites" / found.study).is_dir() and len(held.tests) == len(found.labels),
        "columns": COLUMNS,
        "photographs": photographs(found, held, steps) if len(held.photographs) else None,
        "variants": [{"name": name, "color": found.looks[name]["color"]} for name in found.evaluated],
        "both": list(both),
    }


def photographs(found: Found, held: Held, steps: Steps) -> Json:
    """What the photographs are, and by which recipes they were prepared."""
    photos = found.test_set.photos
    assert photos is not None  # since some are held
    names = photos.attributes["name"]
    return {
        "total": len(names),
        "names": [names[k] for k in held.photographs],
        "labels": photos.labels[held.photographs].tolist(),
        "recipes": list(photos.recipes),
        "chosen": held.recipe,
        "steps": steps.layout,
    }


def pictures_beside(found: Found, held: Held, steps: Steps) -> Files:
    """Sprites of the classes and of the photographs by each recipe, and the photographs with their steps."""
    files: Files = {}
    if len(held.tests) == len(found.labels):
        sprites = load_sprites(found.root / "sprites" / found.study)
        files |= {f"{FOLDER}/{found.study}-{number}.webp": webp for number, webp in sprites.items()}
    if len(held.photographs) and (photos := found.test_set.photos):
        for recipe, images in photos.recipes.items():
            name = f"{FOLDER}/{found.study}-photographs-{recipe}.webp"
            files[name] = to_webp(as_shown(images[held.photographs]), COLUMNS)
        files |= {f"{FOLDER}/{found.study}-photograph-{k}.webp": webp for k, webp in enumerate(steps.pictures)}
    return files


def finding(found: Found) -> str:
    """On how many test images the models of the default pair differ, and how often either of them is right there."""
    both = default_pair(found)
    first, second = (found.evaluation(name).test_logits[0].argmax(axis=1) for name in both)
    differ: NDArray[np.bool_] = first != second
    right = [int((differ & (said == found.labels)).sum()) for said in (first, second)]
    return (
        f"{both[0]} and {both[1]} disagree on {count(int(differ.sum()))} of {count(len(differ))} test images of "
        f"{found.data}; {both[0]} is right on {count(right[0])} of them, {both[1]} on {count(right[1])}."
    )
