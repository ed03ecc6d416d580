"""The models whose weights are kept in `results/`, to classify your own photos with."""

from lookalike.artifacts.models import read_rows
from lookalike.errors import InputError
from lookalike.params import Params
from lookalike.photographs.trained_models import TrainedModel, focus_variants, photographed_dataset
from lookalike.results.records import RECORD, RESULTS, Run, closeness, load_record

RANGE = "range"  # the normalisation by which models take pixels in [0, 1] as they are


def released_models(params: Params) -> list[TrainedModel]:
    """The first seed of each focus variant for photographs whose weights are kept in `results/`.

    Raises:
        InputError: there is none, or a file was edited.
    """
    photographed_dataset(params)
    models = []
    for variant in focus_variants(params):
        records = sorted(RESULTS.glob(f"*/{variant}/*/{RECORD}"))
        runs = [Run(path.parent, load_record(path)) for path in records if (path.parent / "weights").is_dir()]
        usable = [run for run in runs if run.record.settings.images.normalise == RANGE]
        if usable:
            models.append(released_model(max(usable, key=lambda run: closeness(run, params))))
    if not models:
        raise InputError(f"{RESULTS}: no released model; `git checkout {RESULTS}` restores them, or add --models here")
    return models


def released_model(run: Run) -> TrainedModel:
    """The first seed of a run that is kept with its weights."""
    description, seed = run.description, run.description.finished_seeds[0]
    last = [row for row in read_rows(run.folder / "history.csv") if row["seed"] == seed][-1]
    channels = description.input_shape[0]
    return TrainedModel(
        variant=run.record.variant,
        folder=run.folder / "weights",
        seed=seed,
        description=description,
        evaluation=run.folder / "evaluation",
        explanation=run.folder / "explanation",
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        valid_accuracy=last["valid_accuracy"],
    )
