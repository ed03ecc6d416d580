"""Check what is in `results/`: files against their check sums, and figures against the logits."""

from pathlib import Path

from lookalike.artifacts.embeddings import load_embedding
from lookalike.artifacts.explanations import load_explanation
from lookalike.artifacts.test_sets import load_test_set
from lookalike.errors import InputError
from lookalike.evaluation.scores import score_variant
from lookalike.results.records import RESULTS, TEST_SETS, Run, find_runs

TOLERANCE = 1e-9  # of figures, for the order in which another machine adds up


def verify_all(results: Path = RESULTS) -> tuple[int, list[str]]:
    """The number of runs that are as they should be, and a line for each other."""
    found = find_runs(results)
    faults = list(found.faults)
    for run in found.runs:
        try:
            verify_run(run, results)
        except InputError as error:
            faults.append(str(error))
    return len(found.runs) + len(found.faults) - len(faults), faults


def verify_run(run: Run, results: Path) -> None:
    """Compute a run's figures again and read all of its evidence.

    Raises:
        InputError: a figure is another one, evidence is damaged, or model.json and run.json are of other runs.
    """
    record, folder = run.record, run.folder
    test_set = load_test_set(results / TEST_SETS / record.study)
    if run.description.dataset_digest != test_set.digest:
        raise InputError(f"{folder}: trained on other images than those of {results / TEST_SETS / record.study}")
    if run.about.get("settings") != record.digest:
        raise InputError(f"{folder / 'run.json'}: of other settings than the record")
    figures = score_variant(run.evaluation, test_set.labels, test_set.class_names).summary
    for name in sorted(figures.keys() | record.scores.keys()):
        recorded, computed = record.scores.get(name), figures.get(name)
        if recorded is None and computed is None:
            continue
        if recorded is None or computed is None or abs(recorded - computed) > TOLERANCE * max(1, abs(computed)):
            raise InputError(f"{folder}: {name} is {recorded} in the record, but {computed} by the logits")
    if (folder / "explanation").is_dir():
        load_explanation(folder / "explanation")
    if (folder / "embedding").is_dir():
        load_embedding(folder / "embedding")
