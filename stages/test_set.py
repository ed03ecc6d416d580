"""Stage test_set@<study>: its data and the photographs -> test_sets/<study>/ and sprites/<study>/.

Statistics and pictures read what is kept here, and need neither the data set nor the photographs.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lookalike.artifacts.datasets import load_dataset
from lookalike.artifacts.image_files import small_images
from lookalike.artifacts.photos import PhotoSet, load_photos, load_refused
from lookalike.artifacts.sprites import save_sprites
from lookalike.artifacts.test_sets import TestSet, save_test_set
from lookalike.command import run_for_study
from lookalike.evaluation.cases import first_of_each_class
from lookalike.evaluation.duplicates import which_are_repeated
from lookalike.params import Params


def keep(params: Params, study: str, out: Path) -> None:
    """Keep labels, the images that the report shows, which test images are training images, and sprites of all."""
    dataset, photos = load_dataset(Path("data") / params.studies[study].data), Path("photos")
    shown = first_of_each_class(dataset.test_labels.astype(int), params.active.explain.images_per_class)
    twice, near = which_are_repeated(dataset)
    photographed = params.photographed(study)
    test_set = TestSet(
        name=dataset.name,
        class_names=dataset.class_names,
        labels=dataset.test_labels.astype(np.int64),
        shown=shown,
        images=small_images(dataset.test_images, shown),
        repeated=np.flatnonzero(twice),
        near=np.flatnonzero(near),
        digest=dataset.digest,
        provenance=dataset.provenance,
        photos=by_whole_recipes(load_photos(photos)) if photographed else None,
        refused=tuple((row["file"], row["reason"]) for row in load_refused(photos)) if photographed else (),
    )
    save_test_set(out, test_set)
    save_sprites(Path("sprites") / study, dataset)


def by_whole_recipes(photos: PhotoSet) -> PhotoSet:
    """The photographs without those preparations of which a step was left out."""
    whole = [k for k, way in enumerate(photos.preparations) if not way.without]
    return replace(photos, preparations=tuple(photos.preparations[k] for k in whole), images=photos.images[whole])


if __name__ == "__main__":
    run_for_study(keep, "test_sets")
