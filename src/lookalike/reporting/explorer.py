"""Images to choose from, with what every model of a study says of them: the data of the page's explorer."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.artifacts.embeddings import load_embedding
from lookalike.artifacts.explanations import load_explanation
from lookalike.artifacts.test_sets import positions_of
from lookalike.evaluation.groups import group_numbers
from lookalike.evaluation.metrics import softmax
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Explorer, Json, Prose, Section, amounts, section

COLUMNS = 32  # images side by side in the sheet
SMALL = 48  # pixels: larger images are photographs
INTRO = (
    "Any of the images that the report looks at closely, test images and photographs, with what two models make of "
    "it: the probability of each class, what speaks for the answer (orange) and against it (purple), and the images "
    "that lie nearest in the t-SNE map of the model's features. First seeds; probabilities before temperature "
    "scaling."
)


@dataclass(frozen=True)
class Items:
    """The images of one study to choose from: T test images, then P photographs (0 if its models saw none).

    Attributes:
        indices: (T,), into the test images.
        pixels: uint8 (T + P, H, W) or (T + P, H, W, 3).
        labels: (T + P,); -1 where none of the classes fits.
        photographs: what each is called.
        recipe: by which they were prepared.
    """

    indices: NDArray[np.int64]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    photographs: list[str]
    recipe: str

    @property
    def names(self) -> list[str]:
        """What to call each."""
        return [f"test image {k}" for k in self.indices] + self.photographs


def explorer(studies: Sequence[Found]) -> Section:
    """The section of the page."""
    collected = [(found, collect(found)) for found in studies]
    data = {
        "sheets": {found.data: sheet(items.pixels) for found, items in collected},  # one for all studies of a data set
        "studies": [study_data(found, items) for found, items in collected],
    }
    return section("explorer", "Explorer", Prose(INTRO), Explorer(data))


def study_data(found: Found, items: Items) -> Json:
    """One study: what its images are and what each variant says of them."""
    groups = found.params.groups_of(found.data)
    return {
        "name": found.study,
        "data": found.data,
        "title": f"{found.data}: {found.params.studies[found.study].title}",
        "classes": found.class_names,
        "groups": list(groups),
        "groupOf": group_numbers(groups, found.class_names).tolist(),
        "pairs": [pair for pair in found.params.studies[found.study].pairs if set(pair) <= set(found.evaluated)],
        "names": items.names,
        "labels": items.labels.tolist(),
        "testImages": len(items.indices),
        "variants": {name: variant_data(found, name, items) for name in found.evaluated},
    }


def collect(found: Found) -> Items:
    """The test images that are shown, and all photographs by the chosen recipe."""
    test_set = found.test_set
    order = np.argsort(test_set.shown)
    indices, test = test_set.shown[order], test_set.images[order]
    if not found.figures.photos or test_set.photos is None:
        return Items(indices, test, found.labels[indices], [], "")
    photos, recipe = test_set.photos, found.figures.photos["chosen"]["recipe"]
    return Items(
        indices,
        np.concatenate([test, photos.recipes[recipe]]),
        np.concatenate([found.labels[indices], photos.labels]),
        [row["name"] for row in photos.about],
        recipe,
    )


def variant_data(found: Found, name: str, items: Items) -> Json:
    """What one variant says: probabilities (T + P, C), maps and t-SNE positions, the latter two null where not made."""
    shares = found.probabilities(name)[items.indices]
    if items.photographs:
        logits = found.photo_logits(name, items.recipe)
        shares = np.concatenate([shares, softmax(logits)])
    return {
        "probabilities": packed(shares.astype(np.float32)),
        "maps": maps(found, name, items),
        "tsne": positions(found, name, items.indices),
    }


def maps(found: Found, name: str, items: Items) -> Json | None:
    """A variant's maps of test images and photographs by the method that is shown, with its score; each map's values in
    units of its own largest, as int8 hundredths. Maps that were not made are blank."""
    if name not in found.figures.explanations:
        return None
    known = load_explanation(found.root / "explanations" / found.study / name)
    of_test = known.maps[known.shown].astype(np.float32)
    values = np.zeros((len(items.names), *of_test.shape[1:]), np.float32)
    made = np.isin(items.indices, known.indices)
    values[: len(made)][made] = of_test[positions_of(known.indices, items.indices[made])]
    if items.photographs and known.photo_maps is not None and known.recipe == items.recipe:
        values[len(made) :] = known.photo_maps
    largest = np.abs(values).max(axis=(1, 2), keepdims=True)
    scaled = np.round(100 * values / np.where(largest > 0, largest, 1)).astype(np.int8)
    scores = known.found["faithfulness"]["methods"]
    controls = ", ".join(f"{control} {scores[control]['gain']['value']:z.2f}" for control in ("random", "centre"))
    return {
        "method": known.shown,
        "score": f"gain {amounts(scores[known.shown]['gain'])}; {controls}".replace("-", "−"),
        "rows": scaled.shape[1],
        "columns": scaled.shape[2],
        "values": packed(scaled),
    }


def positions(found: Found, name: str, indices: NDArray[np.int64]) -> str | None:
    """Where the test images lie on the t-SNE map: float32 (T, 2), NaN for one that was not embedded."""
    if name not in found.figures.embeddings:
        return None
    embedding = load_embedding(found.root / "embeddings" / found.study / name)
    assert embedding is not None  # by contract: something was found
    rows, made = np.full((len(indices), 2), np.nan, np.float32), np.isin(indices, embedding.indices)
    rows[made] = embedding.tsne[positions_of(embedding.indices, indices[made])]
    return packed(rows)


def packed(array: NDArray[Any]) -> str:
    """An array's bytes, little-endian, in base64."""
    return base64.b64encode(array.astype(array.dtype.newbyteorder("<")).tobytes()).decode()


def sheet(pixels: NDArray[np.uint8]) -> Json:
    """All images in one picture, `COLUMNS` side by side, as a data URI; grey ones dark on light, as they are printed.

    Photographs become a JPEG, a tenth as large.
    """
    shown = 255 - pixels if pixels.ndim == 3 else pixels
    rows = -(-len(shown) // COLUMNS)
    filled = np.zeros((rows * COLUMNS, *shown.shape[1:]), np.uint8)
    filled[: len(shown)] = shown
    height, width = shown.shape[1:3]
    grid = filled.reshape(rows, COLUMNS, *shown.shape[1:]).swapaxes(1, 2)  # (R, C, H, W[, 3]) -> (R, H, C, W[, 3])
    out = io.BytesIO()
    picture, kind = Image.fromarray(grid.reshape(rows * height, COLUMNS * width, *shown.shape[3:])), "PNG"
    if height > SMALL:
        kind = "JPEG"
    picture.save(out, kind, optimize=True)
    uri = f"data:image/{kind.lower()};base64," + base64.b64encode(out.getvalue()).decode()
    return {"uri": uri, "columns": COLUMNS, "size": height}
