"""The command that fits the model for photographs."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from lookalike.artifacts.pictures import open_picture
from lookalike.data.labelled_clothing import published_photographs
from lookalike.explain.photo_model import map_faithfulness, one_per_sender
from lookalike.photographs.fit_photo_model import Drawings, LabelledFeatures, fit_photo_model
from lookalike.photographs.lite0_package import SHA256
from lookalike.photographs.photo_model import Floats, PhotoModel, backbone, save_photo_model, view_features
from lookalike.photographs.photo_model_steps import drawings, masked

ATTRIBUTES = ("background", "items", "view")


def fit_released(folder: Path, class_names: tuple[str, ...], cache: Path, mirror: str | None) -> PhotoModel:
    """Fit the model to the published photographs that have a class, score its maps, and write it into `folder`.

    Raises:
        InputError: the photographs or the package with the weights cannot be had.
    """
    network = backbone()
    labelled = [one for one in published_photographs(cache, mirror) if one.label]
    labels = np.array([one.label for one in labelled])
    drawn = [one for one in drawings() if class_names[one.label] in labels]

    def features(pictures: Iterable[Image.Image], what: str) -> Floats:
        return np.stack([view_features(network, picture).features for picture in tqdm(pictures, desc=what)])

    data = LabelledFeatures(
        features((open_picture(one.path) for one in labelled), "features"),
        labels,
        np.array([int(one.about["sender"]) for one in labelled]),
        {name: np.array([one.about[name] for one in labelled]) for name in ATTRIBUTES},
        features((masked(open_picture(one.path)) for one in labelled), "masked"),
        Drawings(
            features((Image.fromarray(one.image) for one in drawn), "drawn").mean(axis=1),
            np.array([class_names[one.label] for one in drawn]),
        ),
    )
    fitted = fit_photo_model(data, SHA256, class_names)
    chosen = tqdm(one_per_sender(data.senders), desc="maps")
    faithfulness = map_faithfulness(network, fitted.head, (open_picture(labelled[k].path) for k in chosen))
    model = replace(fitted, about=replace(fitted.about, faithfulness=faithfulness))
    save_photo_model(folder, model)
    return model
