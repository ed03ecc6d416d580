"""The explorer of single images: its section of the page, and the files beside the page."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lookalike.artifacts.sprites import COLUMNS, invert_grey, is_searchable, load_sprites
from lookalike.evaluation.groups import group_numbers
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Explorer, Json, Prose, Section, section
from lookalike.reporting.explorer.packs import SelectableImages, pack_file, pack_variant, packed
from lookalike.reporting.explorer.pictures import Steps, images_to_webp, load_steps, thumbnail_sheet
from lookalike.reporting.forms import count

FOLDER = "explorer"  # beside the page
PHOTOGRAPHS = 200  # that the explorer holds of more
INTRO = (
    "Choose images by their class and by what two models call them. The explorer shows the probability that each "
    "model gives each class, what speaks for its answer (green) and against it (purple), and the images that lie "
    "nearest in the t-SNE map of its features. First seeds; probabilities before temperature scaling."
)

Files = dict[str, bytes]


def explorer_section(studies: Sequence[StudyResults]) -> tuple[Section, Files]:
    """The section of the page, and the files beside the page by their path: pictures, and the packs of variants.

    The page itself has the packs of the variants that the explorer opens with.
    """
    files: Files = {}
    data: Json = {"studies": [], "packs": {}}
    for study in studies:
        held, both = select_images(study), default_pair(study)
        steps = load_steps(study, held)
        data["studies"].append(study_data(study, held, both, steps))
        files |= pictures_beside(study, held, steps)
        for name in study.evaluated:
            key, content = f"{study.name}--{name}", pack_variant(study, name, held)
            if name in both:
                data["packs"][key] = content
            else:
                files[f"{FOLDER}/{key}.js"] = pack_file(key, content)
    sentence = disagreement_sentence(studies[0]) if studies else ""
    return section("explorer", "Explorer", Prose(INTRO), Explorer(data), finding=sentence), files


def select_images(study: StudyResults) -> SelectableImages:
    """The images that can be chosen: all test images if a page can hold so many, and photographs."""
    total, shown = len(study.labels), np.sort(study.test_set.shown)
    tests = np.arange(total) if is_searchable(total, len(study.class_names)) else shown
    photos = study.test_set.photos
    if not study.measurements.photos or photos is None:
        return SelectableImages(tests, np.zeros(0, np.int64), "")
    step = -(-len(photos.about) // PHOTOGRAPHS)
    return SelectableImages(tests, np.arange(0, len(photos.about), step), study.measurements.photos["chosen"]["recipe"])


def default_pair(study: StudyResults) -> tuple[str, str]:
    """The variants that the explorer opens with: the first pair above chance, else the first two."""
    pairs = study.params.studies[study.name].pairs
    learnt = [pair for pair in pairs if set(pair) <= set(study.learnt)]
    first, second = learnt[0] if learnt else (study.evaluated[0], study.evaluated[:2][-1])
    return first, second


def study_data(study: StudyResults, held: SelectableImages, both: tuple[str, str], steps: Steps) -> Json:
    """The images and variants of one study as JSON."""
    groups, test_set = study.params.groups[study.data], study.test_set
    order = np.argsort(test_set.shown)
    return {
        "name": study.name,
        "title": f"{test_set.title}: {study.params.studies[study.name].title}",
        "classes": study.class_names,
        "groups": list(groups),
        "groupOf": group_numbers(groups, study.class_names).tolist(),
        "total": len(study.labels),
        "indices": None if len(held.tests) == len(study.labels) else held.tests.tolist(),  # None: all
        "labels": packed(study.labels[held.tests], "u2"),
        "shown": test_set.shown[order].tolist(),
        "sheet": thumbnail_sheet(invert_grey(test_set.images[order])),
        "sprites": (study.root / "sprites" / study.name).is_dir() and len(held.tests) == len(study.labels),
        "columns": COLUMNS,
        "photographs": photographs(study, held, steps) if len(held.photographs) else None,
        "variants": [{"name": name, "color": study.looks[name]["color"]} for name in study.evaluated],
        "both": list(both),
    }


def photographs(study: StudyResults, held: SelectableImages, steps: Steps) -> Json:
    """The names, labels and recipes of the photographs."""
    photos = study.test_set.photos
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


def pictures_beside(study: StudyResults, held: SelectableImages, steps: Steps) -> Files:
    """Sprites of the classes and of the photographs by each recipe, and the photographs with their steps."""
    files: Files = {}
    if len(held.tests) == len(study.labels):
        sprites = load_sprites(study.root / "sprites" / study.name)
        files |= {f"{FOLDER}/{study.name}-{number}.webp": webp for number, webp in sprites.items()}
    if len(held.photographs) and (photos := study.test_set.photos):
        for recipe, images in photos.recipes.items():
            name = f"{FOLDER}/{study.name}-photographs-{recipe}.webp"
            files[name] = images_to_webp(invert_grey(images[held.photographs]), COLUMNS)
        files |= {f"{FOLDER}/{study.name}-photograph-{k}.webp": webp for k, webp in enumerate(steps.pictures)}
    return files


def disagreement_sentence(study: StudyResults) -> str:
    """On how many test images the default pair disagrees, and how often each model is right there."""
    both = default_pair(study)
    first, second = (study.evaluation(name).test_logits[0].argmax(axis=1) for name in both)
    differ: NDArray[np.bool_] = first != second
    right = [int((differ & (said == study.labels)).sum()) for said in (first, second)]
    return (
        f"{both[0]} and {both[1]} disagree on {count(int(differ.sum()))} of {count(len(differ))} test images of "
        f"{study.test_set.title}; {both[0]} is right on {count(right[0])} of them, {both[1]} on {count(right[1])}."
    )
