"""The page of `reports/published/` that GitHub shows: verdicts, leaderboard, figures and where each run comes from."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from lookalike.artifacts.test_sets import TITLES
from lookalike.claims.judging import Judged
from lookalike.params import Params
from lookalike.reporting.chapters.claims import (
    SOURCES,
    SUMMARY,
    claim_row,
    multiplicity_note,
    verdict_counts,
    verdict_order,
)
from lookalike.reporting.chapters.families.chapter import ANCHOR
from lookalike.reporting.chapters.leaderboard import interval_text
from lookalike.reporting.chapters.study_results import ece_estimate
from lookalike.reporting.chapters.summary import ANCHOR as SUMMARY_ANCHOR
from lookalike.reporting.document import BulletList, Prose, Section, Table, figures_in, section
from lookalike.reporting.figures.style import BLUE, WIDTH, name_rows, percent_ticks, style
from lookalike.reporting.forms import count, estimate_form, number, percent, text
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.report import Report, in_markdown
from lookalike.reporting.tables import Column, labels, tabulate
from lookalike.results.records import Run, departures

if TYPE_CHECKING:
    from lookalike.results.publish import Published

STANDINGS = (
    Column("variant", "variant", text),
    Column("test accuracy, %", "accuracy", percent),
    Column("± over seeds", "accuracy_sd", percent),
    Column("95 % interval over seeds and images", "interval", text),
    Column("seeds", "seeds", count),
    Column("diverged", "diverged", count),
    Column("parameters", "parameters", count),
    Column("NLL, nats", "nll", number),
    Column("ECE, %", "ece", estimate_form(100, 2)),
)
STUDIES = (
    Column("study", "study", text),
    Column("question", "title", text),
    Column("data", "data", text),
    Column("variants with results", "variants", text),
    Column("claims", "claims", text),
)
RUNS = (
    *labels("variant", "run", "profile"),
    Column("seeds", "seeds", count),
    *labels("precision", "commit", "finished", "device", "hours", "used"),
    Column("differs from the study's own settings in", "differs", text),
)
INTRO = (
    "Training runs of this project's variants on the published data. Every number and figure here is computed from "
    "`results/`, where the evidence of each run is kept, without data sets, network or models. `make published` "
    "computes them again and writes the whole report to `index.html` next to this file: maps, embeddings, pairs of "
    "variants, and an explorer of single images."
)
HASH_SALT = "lookalike"  # so that the ids in a figure are the same each time


def findings_of_section(report: Report, anchor: str) -> list[str]:
    """The sentences of a section of the report's first page: its list, or the finding above each of its figures."""
    blocks = next((part.blocks for part in report.pages[0].sections if part.anchor == anchor), ())
    listed = [one for block in blocks if isinstance(block, BulletList) for one in block.sentences]
    return listed or [figure.words.finding for figure in figures_in(blocks)]


def study_table(every: Params, published: "Published", judged: Sequence[Judged]) -> Table:
    """The question of each study, and how much of it is answered."""
    rows = [
        {
            "study": name,
            "title": settings.title,
            "data": TITLES.get(settings.data, settings.data),
            "variants": f"{len(published.chosen.keys() & own.keys())} of {len(own)}",
            "claims": verdict_counts([one for one in judged if one.claim.study == name]) or "none",
        }
        for name, settings in every.studies.items()
        if (own := every.variants_of(name))
    ]
    return tabulate("Studies, and how much of each is answered", STUDIES, rows)


def published_readme(
    every: Params,
    params: Params,
    published: "Published",
    report: Report,
    standings: Sequence[Standing],
    judged: Sequence[Judged],
) -> tuple[str, dict[str, str]]:
    """The page in Markdown, and its figures as SVG by name.

    Args:
        every: the parameters with all studies and variants.
        params: those with the variants that have a run.
    """
    lines = ["# Published results", "", INTRO, ""]
    for title, anchor in (("What was found", SUMMARY_ANCHOR), ("How they tell look-alikes apart", ANCHOR)):
        if found := findings_of_section(report, anchor):
            lines += [f"## {title}", "", *(f"- {one}" for one in found), ""]
    lines += ["## The studies", "", *in_markdown(study_table(every, published, judged), 2)]
    run = [one for one in judged if one.verdict != "not tested"]
    claims = section(
        "claims",
        "What became of the claims",
        Prose(
            f"Of {len(judged)} claims: **{verdict_counts(judged)}**. {SOURCES} The claims not tested wait for their "
            "training runs; they are in `claims.csv`, with every test and its rule."
        ),
        tabulate(
            "Claims and verdicts", SUMMARY, map(claim_row, sorted(run, key=verdict_order)), multiplicity_note(judged)
        )
        if run
        else None,
    )
    lines += in_markdown(claims, 2)
    figures = {}
    lines += ["## Leaderboard", ""]
    for study, settings in params.studies.items():
        rows = [row for row in standings if row.study == study]
        name = f"{study}-accuracy"
        figures[name] = to_svg(accuracy_bars(rows))
        alt = f"Test accuracy of each variant of the study {study} with its 95 % interval over seeds and test images"
        lines += [f"### {settings.title}", "", f"![{alt}](figures/{name}.svg)", ""]
        lines += in_markdown(tabulate("Leaderboard", STANDINGS, map(standing_row, rows)), 3)
    lines += in_markdown(origin_section(published), 2)
    return "\n".join(lines), figures


def standing_row(row: Standing) -> dict[str, Any]:
    """A row of the leaderboard."""
    return vars(row) | {"interval": interval_text(row), "ece": ece_estimate(row)}


def origin_section(published: "Published") -> Section:
    """Every run with its origin, whether verdicts use it, and the runs that were skipped."""
    rows = [run_row(run, used=published.chosen.get(run.record.variant) is run) for run in published.runs]
    left_out = [Prose(f"Left out: {fault}") for fault in published.faults]
    note = (
        "Where a variant has several runs, verdicts use the one that is nearest to the study's own settings. Hours: "
        "training of all seeds."
    )
    return section("runs", "Where the results come from", tabulate("Runs", RUNS, rows, note), *left_out)


def run_row(run: Run, *, used: bool) -> dict[str, Any]:
    """A row of the table of runs."""
    about, description = run.about, run.description
    return {
        "variant": run.record.variant,
        "run": run.folder.name,
        "profile": run.record.profile,
        "seeds": len(description.seeds),
        "precision": description.precision,
        "commit": about["commit"][:10],
        "finished": about["finished"][:10],
        "device": about["device"]["name"],
        "hours": f"{run.hours:.2f}",
        "used": "yes" if used else "no",
        "differs": "; ".join(departures(run.record)) or "nothing",
    }


def accuracy_bars(rows: Sequence[Standing]) -> Figure:
    """Test accuracies with their intervals, one row per variant."""
    ended = [row for row in rows if None not in (row.accuracy, row.accuracy_low, row.accuracy_high)]
    with style():
        figure = Figure(figsize=(WIDTH, 0.32 * len(ended) + 0.9))
        axes = figure.subplots()
        for place, row in enumerate(ended):
            ends = np.array([row.accuracy_low, row.accuracy, row.accuracy_high], float)
            axes.plot(ends, np.full(3, place), color=BLUE, linewidth=2, marker="o", markevery=[1])
        name_rows(axes, [f"{row.variant} ({row.seeds})" for row in ended])
        axes.set_xlabel("test accuracy, mean over seeds (number in brackets); lines: 95 % intervals")
        percent_ticks(axes.xaxis)
    return figure


def to_svg(figure: Figure) -> str:
    """The figure as SVG, the same each time."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": HASH_SALT}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
