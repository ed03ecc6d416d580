"""The command that fits the model for photographs."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from lookalike.artifacts.pictures import open_picture
from lookalike.data.labelled_clothing import Photograph, published_photographs
from lookalike.explain.photo_model import map_faithfulness, one_per_sender
from lookalike.photographs.fit_photo_model import LabelledFeatures, fit_photo_model
from lookalike.photographs.lite0_package import SHA256
from lookalike.photographs.photo_model import PADDED, PhotoModel, backbone, save_photo_model, view_features, views

ATTRIBUTES = ("background", "items", "view")


def fit_released(folder: Path, class_names: tuple[str, ...], cache: Path, mirror: str | None) -> PhotoModel:
    """Fit the model to the published photographs that have a class, score its maps, and write it into `folder`.

    Raises:
        InputError: the photographs or the package with the weights cannot be had.
    """
    network = backbone()
    labelled = [one for one in published_photographs(cache, mirror) if one.label]
    data = LabelledFeatures(
        np.stack([view_features(network, open_picture(one.path)).features for one in tqdm(labelled, desc="features")]),
        np.array([one.label for one in labelled]),
        np.array([int(one.about["sender"]) for one in labelled]),
        {name: np.array([one.about[name] for one in labelled]) for name in ATTRIBUTES},
    )
    fitted = fit_photo_model(data, SHA256, class_names)
    images = padded_views([labelled[k] for k in one_per_sender(data.senders)])
    faithfulness = map_faithfulness(network, fitted.head, images)
    model = replace(fitted, about=replace(fitted.about, faithfulness=faithfulness))
    save_photo_model(folder, model)
    return model


def padded_views(photographs: Sequence[Photograph]) -> Tensor:
    """The padded view of each photograph, not mirrored: (N, 3, 224, 224)."""
    chosen = (next(islice(views(open_picture(one.path)), PADDED, None)) for one in photographs)
    return torch.from_numpy(np.stack(list(chosen)))
