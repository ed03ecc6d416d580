"""The page of `reports/published/` that GitHub shows: verdicts, leaderboard, figures and where each run comes from."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from lookalike.claims.judging import Judged
from lookalike.params import Params
from lookalike.reporting.chapters.claims import SUMMARY, by_chance, order, said_verdicts, summary
from lookalike.reporting.chapters.families.chapter import ANCHOR
from lookalike.reporting.chapters.summary import ANCHOR as SUMMARY_ANCHOR
from lookalike.reporting.document import (
    Column,
    Points,
    Prose,
    Section,
    Table,
    count,
    estimate,
    figures_in,
    number,
    percent,
    section,
    tabulate,
    text,
)
from lookalike.reporting.figures.style import BLUE, WIDTH, in_percent, name_rows, style
from lookalike.reporting.leaderboard import Standing
from lookalike.reporting.report import Report, in_markdown
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
    Column("ECE, %", "ece", estimate(100, 2)),
)
STUDIES = (
    Column("study", "study", text),
    Column("question", "title", text),
    Column("data", "data", text),
    Column("variants with results", "variants", text),
    Column("claims", "claims", text),
)
RUNS = (
    Column("variant", "variant", text),
    Column("run", "run", text),
    Column("profile", "profile", text),
    Column("seeds", "seeds", count),
    Column("precision", "precision", text),
    Column("commit", "commit", text),
    Column("finished", "finished", text),
    Column("device", "device", text),
    Column("hours", "hours", text),
    Column("used", "used", text),
    Column("differs from the study's own settings in", "differs", text),
)
INTRO = (
    "Training runs of this project's variants on the published data. Every number and figure here is computed from "
    "`results/`, where the evidence of each run is kept, without data sets, network or models. `make published` "
    "computes them again and writes the whole report to `index.html` beside this file: maps, embeddings, pairs of "
    "variants, and an explorer of single images."
)
HASH_SALT = "lookalike"  # so that the ids in a figure are the same each time


def findings(report: Report, anchor: str) -> list[str]:
    """The sentences of a section of the report's first page: its list, or the finding above each of its figures."""
    blocks = next((part.blocks for part in report.pages[0].sections if part.anchor == anchor), ())
    listed = [one for block in blocks if isinstance(block, Points) for one in block.sentences]
    return listed or [figure.words.finding for figure in figures_in(blocks)]


def studies(every: Params, published: "Published", judged: Sequence[Judged]) -> Table:
    """What each study asks, and how much of it is answered."""
    rows = [
        {
            "study": name,
            "title": settings.title,
            "data": settings.data,
            "variants": f"{len(published.chosen.keys() & own.keys())} of {len(own)}",
            "claims": said_verdicts([one for one in judged if one.claim.study == name]) or "none",
        }
        for name, settings in every.studies.items()
        if (own := every.variants_of(name))
    ]
    return tabulate("Studies, and how much of each is answered", STUDIES, rows)


def readme(
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
        if found := findings(report, anchor):
            lines += [f"## {title}", "", *(f"- {one}" for one in found), ""]
    lines += ["## The studies", "", *in_markdown(studies(every, published, judged), 2)]
    run = [one for one in judged if one.verdict != "not tested"]
    claims = section(
        "claims",
        "What became of the claims",
        Prose(
            f"Of {len(judged)} claims, those of the four studies and this project's own hypotheses (L1, L2, ...): "
            f"**{said_verdicts(judged)}**. The claims not tested wait for their training runs; they are in "
            "`claims.csv`, with every test and its rule."
        ),
        tabulate("Claims and verdicts", SUMMARY, map(summary, sorted(run, key=order)), by_chance(judged))
        if run
        else None,
    )
    lines += in_markdown(claims, 2)
    figures = {}
    lines += ["## Leaderboard", ""]
    for study, settings in params.studies.items():
        rows = [row for row in standings if row.study == study]
        name = f"{study}-accuracy"
        figures[name] = to_svg(accuracy_figure(rows))
        alt = f"Test accuracy of each variant of the study {study} with its 95 % interval over seeds and test images"
        lines += [f"### {settings.title}", "", f"![{alt}](figures/{name}.svg)", ""]
        lines += in_markdown(tabulate("Leaderboard", STANDINGS, map(standing, rows)), 3)
    lines += in_markdown(origins(published), 2)
    return "\n".join(lines), figures


def standing(row: Standing) -> dict[str, Any]:
    """A row of the leaderboard."""
    bounds = (row.accuracy_low, row.accuracy_high)
    interval = " to ".join(f"{100 * bound:.2f}" for bound in bounds if bound is not None)
    error = None if row.ece is None else {"value": row.ece, "low": row.ece_low, "high": row.ece_high}
    return vars(row) | {"interval": interval or None, "ece": error}


def origins(published: "Published") -> Section:
    """Every run: where it comes from, whether verdicts use it, and what was left out."""
    rows = [origin(run, used=published.chosen.get(run.record.variant) is run) for run in published.runs]
    left_out = [Prose(f"Left out: {fault}") for fault in published.faults]
    note = (
        "Where a variant has several runs, verdicts use the one that is nearest to the study's own settings. Hours: "
        "training of all seeds."
    )
    return section("runs", "Where the results come from", tabulate("Runs", RUNS, rows, note), *left_out)


def origin(run: Run, *, used: bool) -> dict[str, Any]:
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


def accuracy_figure(rows: Sequence[Standing]) -> Figure:
    """Test accuracies with their intervals, a row a variant."""
    ended = [row for row in rows if None not in (row.accuracy, row.accuracy_low, row.accuracy_high)]
    with style():
        figure = Figure(figsize=(WIDTH, 0.32 * len(ended) + 0.9))
        axes = figure.subplots()
        for place, row in enumerate(ended):
            ends = np.array([row.accuracy_low, row.accuracy, row.accuracy_high], float)
            axes.plot(ends, np.full(3, place), color=BLUE, linewidth=2, marker="o", markevery=[1])
        name_rows(axes, [f"{row.variant} ({row.seeds})" for row in ended])
        axes.set_xlabel("test accuracy, mean over seeds (number in brackets); lines: 95 % intervals")
        in_percent(axes.xaxis)
    return figure


def to_svg(figure: Figure) -> str:
    """The figure as SVG, the same each time."""
    out = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": HASH_SALT}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    return out.getvalue()
