"""The models that the pipeline trained here, to classify your own photos with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import Description, load_description, read_rows
from lookalike.errors import InputError
from lookalike.params import Params

MODELS, EVALUATIONS, EXPLANATIONS = Path("models"), Path("evaluations"), Path("explanations")
REPRO = "run `dvc repro` first"


@dataclass(frozen=True)
class TrainedModel:
    """One seed of a variant, and what is needed to run it.

    Attributes:
        folder: of its weights.
        description: the variant's `model.json`.
        evaluation, explanation: folders of what `evaluate` and `explain` found of the variant, which may be missing.
        mean, std: normalisation of its images, one number per channel, in units of [0, 1] pixels.
        valid_accuracy: after the last epoch, in [0, 1].
    """

    variant: str
    folder: Path
    seed: int
    description: Description
    evaluation: Path
    explanation: Path
    mean: tuple[float, ...]
    std: tuple[float, ...]
    valid_accuracy: float

    @property
    def epochs(self) -> int:
        """Those that the seed was trained for."""
        return next(one.epochs for one in self.description.seeds if one.seed == self.seed)


def find_models(params: Params, *, every: bool = True) -> list[TrainedModel]:
    """The first seed of each variant for photographs that was trained here, in the order of the parameters.

    Without `every`, only the focus variants, if any of them is trained. Models that were trained on other images than
    those in `data/` now, such as another profile's, are ignored.

    Raises:
        InputError: there is none, or the data are not those of the active profile.
    """
    dataset = photographed_dataset(params)
    folders = {name: MODELS / one.study / name for name, one in params.variants.items() if one.dataset == dataset}
    trained = {name: folder for name, folder in folders.items() if (folder / "model.json").is_file()}
    models = []
    if trained:
        data = read_dataset_json(dataset, params.active.data.source)
        models = [model for name, folder in trained.items() for model in first_seed(name, folder, data)]
    if not models:
        raise InputError(f"{MODELS}: no model of {dataset} is trained for profile {params.profile}; {REPRO}")
    focus = [model for model in models if model.variant in focus_variants(params)]
    return models if every or not focus else focus


def photographed_dataset(params: Params) -> str:
    """The data set whose models take photographs.

    Raises:
        InputError: there is none.
    """
    if params.photos is None:
        raise InputError("params.yaml: photos: null, so that no model is for photographs")
    return params.photos.dataset


def look_alike_groups(params: Params) -> list[list[str]]:
    """The groups of look-alike classes of the data set whose models take photographs."""
    return [list(group) for group in params.groups[photographed_dataset(params)].values()]


def focus_variants(params: Params) -> list[str]:
    """The focus variants of the studies whose models take photographs."""
    return [name for study, one in params.studies.items() if params.photographed(study) for name in one.focus]


def read_dataset_json(dataset: str, source: str) -> dict[str, Any]:
    """The content of the data set's `dataset.json`; the data set must come from `source`."""
    folder = Path("data") / dataset
    if not (folder / "dataset.json").is_file():
        raise InputError(f"{folder}: not found; {REPRO}")
    data: dict[str, Any] = read_json(folder / "dataset.json")
    if (found := data["provenance"]["source"]) != source:
        raise InputError(f"{folder}: its source is {found}, that of the active profile {source}; {REPRO}")
    return data


def first_seed(variant: str, folder: Path, data: dict[str, Any]) -> list[TrainedModel]:
    """The first seed that did not diverge; none if the model was trained on other data."""
    description = load_description(folder)
    seeds = description.finished_seeds
    if not seeds or description.dataset_digest != data["digest"]:
        return []
    last = [row for row in read_rows(folder / "history.csv") if row["seed"] == seeds[0]][-1]
    normalised = (tuple(data["mean"]), tuple(data["std"]))
    evaluation, explanation = (parent / description.study / variant for parent in (EVALUATIONS, EXPLANATIONS))
    found = evaluation, explanation, *normalised
    return [TrainedModel(variant, folder, seeds[0], description, *found, last["valid_accuracy"])]
