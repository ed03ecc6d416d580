"""The command that fits the model for photographs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from lookalike.artifacts.pictures import open_picture
from lookalike.data.labelled_clothing import published_photographs
from lookalike.explain.photo_model import map_faithfulness, one_per_sender
from lookalike.photographs.fit_photo_model import LabelledFeatures, fit_photo_model
from lookalike.photographs.lite0_package import SHA256
from lookalike.photographs.photo_model import PhotoModel, backbone, save_photo_model, view_features

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
    chosen = tqdm(one_per_sender(data.senders), desc="maps")
    faithfulness = map_faithfulness(network, fitted.head, (open_picture(labelled[k].path) for k in chosen))
    model = replace(fitted, about=replace(fitted.about, faithfulness=faithfulness))
    save_photo_model(folder, model)
    return model
