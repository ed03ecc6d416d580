"""Render `results/` as tables and figures that are kept in git, and as a page; no data, network or model is needed."""

import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lookalike.artifacts.folders import write_json
from lookalike.artifacts.photo_model import FOLDER
from lookalike.artifacts.reports import save_report
from lookalike.claims.verdicts import VerdictRow, verdict_rows
from lookalike.params import Params
from lookalike.params.profiles import DataProfile, EvaluationSample, ExplainSample, Profile, Sample
from lookalike.reporting.assemble import assemble, load_study_results
from lookalike.reporting.chapters.own_photos import expected_accuracies
from lookalike.reporting.comparison import compare_study
from lookalike.reporting.leaderboard import Standing, to_csv
from lookalike.reporting.photo_accuracy import TABLE, PhotoAccuracy
from lookalike.reporting.report import to_html
from lookalike.results.readme import published_readme
from lookalike.results.records import RESULTS, Run, choose_runs, find_runs, lay_out, link

PUBLISHED = "published"
DIGITS = "%.6g"  # of numbers in tables: what no order of additions changes


@dataclass(frozen=True)
class Published:
    """The chosen run of each variant, all runs, and a line for each run that was skipped."""

    chosen: Mapping[str, Run]
    runs: Sequence[Run]
    faults: Sequence[str]


def publish(params: Params, parameters: str, out: Path, results: Path = RESULTS) -> Published:
    """Write `README.md`, `claims.csv`, `leaderboard.csv`, `photographs.csv`, `figures/` and the pages to `out`.

    Args:
        parameters: the text of `params.yaml`.

    Raises:
        InputError: evidence that all runs of a study share is damaged.
    """
    found = find_runs(results)
    chosen, unknown = choose_runs(found, params)
    published = Published(chosen, found.runs, [*found.faults, *unknown])
    shown = published_params(params, chosen)
    with tempfile.TemporaryDirectory() as made:
        root = Path(made)
        lay_out(list(chosen.values()), results, root)
        write_json(root / "published.json", {"tracking": "not asked", "runs": {}})
        link(root / FOLDER, FOLDER)
        with ProcessPoolExecutor() as pool:
            list(pool.map(partial(compare_study_of, shown, root), shown.studies))
        report, standings, judged = assemble(shown, parameters, root, params.studies)
        text, figures = published_readme(params, shown, published, report, standings, judged)
        studies = [load_study_results(study, shown, root) for study in shown.studies if shown.photographed(study)]
        accuracies = [row for study in studies for row in expected_accuracies(study)]
    texts = {
        **to_html(report),
        "README.md": text,
        "leaderboard.csv": to_csv(standings, Standing, DIGITS),
        TABLE.name: to_csv(accuracies, PhotoAccuracy, DIGITS),
        "claims.csv": to_csv(verdict_rows(judged), VerdictRow, DIGITS),
        **{f"figures/{name}.svg": svg for name, svg in figures.items()},
    }
    save_report(out, texts, report.files)
    (out / "figures").mkdir(exist_ok=True)  # DVC expects it, even if there is no run
    return published


def compare_study_of(params: Params, root: Path, study: str) -> None:
    """Compare the variants of a study, in a process of its own."""
    compare_study(params, study, root, root / "comparisons" / study)


def published_params(params: Params, chosen: Mapping[str, Run]) -> Params:
    """The parameters with the variants that have a run, each as it was run and with a budget of its own."""
    variants = {name: run.record.parameters.model_copy(update={"budget": name}) for name, run in chosen.items()}
    profile = Profile(
        demonstration=False,
        data=DataProfile(source="official"),
        photos=None,
        train={name: run.record.budget for name, run in chosen.items()},
        evaluate=EvaluationSample(corrupted_per_class=1),
        explain=ExplainSample(variants="all", images_per_class=2, scored=2, heads_scored=1),  # evidence has its own
        embed=Sample(variants="all", images_per_class=2),
        compare_with="nothing",
    )
    update = {"profile": PUBLISHED, "profiles": {PUBLISHED: profile}, "variants": variants}
    return params.model_copy(update=update).only(chosen)
