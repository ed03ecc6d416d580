"""Fitting the model for photographs, and its accuracy on photographs of senders that it was not fitted to."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from lookalike.artifacts.photo_model import Ablation, About, Gain, Measured, PartAccuracy
from lookalike.evaluation.distance import knn_distance
from lookalike.evaluation.statistics import bootstrap_mean, resample_clusters, share_where
from lookalike.photographs.photo_model import (
    NEIGHBOURS,
    USUAL,
    Floats,
    Head,
    PhotoModel,
)

PENALTIES = (0.0003, 0.001, 0.003, 0.01)  # values of C
FOLDS, INNER_FOLDS, SPLITS = 10, 3, 3
VIEWS = {"as it is": [0], "as it is, mirrored": [0, 1], "padded, mirrored": [2, 3], "all four": [0, 1, 2, 3]}
ALL = "all four"
MASKED, DRAWN = f"{ALL}, background masked", f"{ALL}, fitted to drawings too"

Labels = NDArray[np.str_]
Senders = NDArray[np.int64]


@dataclass(frozen=True)
class Drawings:
    """Features (M, 1280) of M drawn photographs, means over their views, and the class names (M,)."""

    features: Floats
    labels: Labels


@dataclass(frozen=True)
class LabelledFeatures:
    """Features (N, 4, 1280) of the views of N photographs, their class names (N,) and senders (N,).

    Attributes:
        attributes: what else is known of them, (N,) each.
        masked: their features (N, 4, 1280) with the background masked.
        drawn: drawings of the same classes.
    """

    features: Floats
    labels: Labels
    senders: Senders
    attributes: dict[str, Labels]
    masked: Floats
    drawn: Drawings


def fit_photo_model(data: LabelledFeatures, backbone_sha256: str, class_names: Sequence[str]) -> PhotoModel:
    """The head for all photographs of `data`, with its accuracy measured by leaving senders out; without map scores."""
    averaged = data.features.mean(axis=1)
    right = {name: cross_validate(data.features[:, which].mean(axis=1), data, name) for name, which in VIEWS.items()}
    right[MASKED] = cross_validate(data.masked.mean(axis=1), data, MASKED)
    right[DRAWN] = cross_validate(averaged, data, DRAWN, data.drawn)
    c = choose_penalty(averaged, data.labels, data.senders, seed=0)
    present = set(data.labels)
    classes = tuple(name for name in class_names if name in present)
    head = fit_head(averaged, data.labels, c, classes)
    far = float(np.quantile(distances_to_others(averaged, data.senders), USUAL))
    about = About(classes, c, far, backbone_sha256, summarise(right, data, classes), faithfulness=None)
    return PhotoModel(head, averaged, about)


def cross_validate(
    features: Floats, data: LabelledFeatures, what: str, drawn: Drawings | None = None
) -> NDArray[np.float64]:
    """Whether each photograph is answered rightly by a head fitted to other senders' photographs: (SPLITS, N).

    Each head is also fitted to the drawings, if `drawn` has some.
    """
    right = np.zeros((SPLITS, len(features)))
    for seed in tqdm(range(SPLITS), desc=what, unit="split"):
        for fit, score in GroupKFold(FOLDS, shuffle=True, random_state=seed).split(features, groups=data.senders):
            c = choose_penalty(features[fit], data.labels[fit], data.senders[fit], seed, drawn)
            predicted = fit_with(drawn, c, features[fit], data.labels[fit]).predict(features[score])
            right[seed, score] = predicted == data.labels[score]
    return right


def choose_penalty(
    features: Floats, labels: Labels, senders: Senders, seed: int, drawn: Drawings | None = None
) -> float:
    """The C that is right for most photographs of senders left out."""
    folds = list(GroupKFold(INNER_FOLDS, shuffle=True, random_state=seed).split(features, groups=senders))

    def correct(c: float) -> int:
        fitted = ((fit_with(drawn, c, features[fit], labels[fit]), score) for fit, score in folds)
        return sum(int((one.predict(features[score]) == labels[score]).sum()) for one, score in fitted)

    return max(PENALTIES, key=correct)


def fit_with(drawn: Drawings | None, c: float, features: Floats, labels: Labels):  # type: ignore[no-untyped-def]
    """The classifier, fitted to these photographs and to drawn ones."""
    if drawn:
        features, labels = np.concatenate([features, drawn.features]), np.concatenate([labels, drawn.labels])
    return classifier(c).fit(features, labels)


def classifier(c: float):  # type: ignore[no-untyped-def]  # scikit-learn has no types
    """Logistic regression on standardised features, in the space that the photographs span: it loses nothing."""
    return make_pipeline(StandardScaler(), PCA(), LogisticRegression(C=c, max_iter=1000))


def fit_head(features: Floats, labels: Labels, c: float, classes: Sequence[str]) -> Head:
    """The classifier as one linear layer on the features, its outputs in the order of `classes`."""
    fitted = classifier(c).fit(features, labels)
    scaler, rotation, regression = (step for _, step in fitted.steps)
    weight = regression.coef_ @ rotation.components_ / scaler.scale_
    shift = regression.coef_ @ (rotation.components_ @ rotation.mean_)
    bias = regression.intercept_ - weight @ scaler.mean_ - shift
    order = [list(regression.classes_).index(name) for name in classes]
    return Head(weight[order].astype(np.float32), bias[order].astype(np.float32))


def distances_to_others(features: Floats, senders: Senders) -> NDArray[np.float64]:
    """The distance (N,) of each photograph to those of all other senders."""
    distances = np.zeros(len(features))
    for sender in np.unique(senders):
        own = senders == sender
        distances[own] = knn_distance(features[own], features[~own], NEIGHBOURS)
    return distances


def summarise(right: dict[str, NDArray[np.float64]], data: LabelledFeatures, classes: Sequence[str]) -> Measured:
    """The accuracies of heads that were right or not (SPLITS, N), by their views."""
    per_photograph, weights = right[ALL].mean(axis=0), resample_clusters(data.senders)

    def part(where: NDArray[np.bool_]) -> PartAccuracy:
        estimate = share_where(per_photograph, where, weights)
        assert estimate is not None  # every class and value has photographs
        return PartAccuracy(int(where.sum()), estimate.value, estimate.low, estimate.high)

    return Measured(
        senders=len(np.unique(data.senders)),
        all=part(np.full(len(data.labels), fill_value=True)),
        by_split=tuple(float(split.mean()) for split in right[ALL]),
        folds=FOLDS,
        classes={name: part(data.labels == name) for name in classes},
        attributes={
            name: {str(value): part(values == value) for value in np.unique(values) if value}
            for name, values in data.attributes.items()
        },
        ablation=tuple(
            Ablation(
                name,
                float(one.mean()),
                tuple(float(split.mean()) for split in one),
                Gain(**asdict(bootstrap_mean(one.mean(axis=0) - per_photograph, weights))),
            )
            for name, one in right.items()
        ),
    )
