"""Steps that the model for photographs does not use: masks and drawings. The ablation measures what they would gain."""

import cv2
import numpy as np
from PIL import Image

from lookalike.data.masks import grabcut
from lookalike.drawn.photographs import Snapshot, draw_snapshots
from lookalike.photographs.recipes import EMPTY, FULL, to_working_size

DRAWINGS, SEED = 300, 13


def masked(photograph: Image.Image) -> Image.Image:
    """The photograph with its background in the background's mean colour; as it is where no garment is found."""
    pixels = np.asarray(photograph)
    mask = grabcut(to_working_size(pixels)).astype(np.float32)
    if not EMPTY <= mask.mean() <= FULL:
        return photograph
    coverage = cv2.resize(mask, photograph.size, interpolation=cv2.INTER_LINEAR)[..., None]
    ground = (pixels * (1 - coverage)).sum(axis=(0, 1)) / (1 - coverage).sum()
    return Image.fromarray((coverage * pixels + (1 - coverage) * ground).round().astype(np.uint8))


def drawings() -> list[Snapshot]:
    """Drawn photographs of all classes, as the demonstration uses."""
    return draw_snapshots(DRAWINGS, SEED)
