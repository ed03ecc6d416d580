"""A study on the report's first page: what each chapter of its appendix found, and a few main figures."""

from collections.abc import Sequence

from lookalike.reporting.chapters.found import Found
from lookalike.reporting.document import Points, Section, figures_in, literal, section

MOST_FIGURES = 3  # of a study
# The chapters whose main figures come first: those of few studies before those of all.
ORDER = ("convergence", "costs", "photographs", "robustness", "training", "repairs", "look-alikes", "explanations")


def overview(found: Found, chapters: Sequence[Section], *, figures: bool) -> Section:
    """One sentence for each chapter, which leads to it and, if they are wanted, the first main figures."""
    study = found.study
    drawn = {part.anchor.removeprefix(f"{study}-"): list(figures_in(part.blocks)) for part in chapters}
    main = [one for name in ORDER for one in drawn.get(name, ()) if one.main]
    said = tuple(
        f"[{literal(part.title)}]({page_of(study)}#{part.anchor}): {literal(part.finding)}" for part in chapters
    )
    return section(
        f"study-{study}",
        found.params.studies[study].title,
        Points(said),
        *(main[:MOST_FIGURES] if figures else ()),
    )


def page_of(study: str) -> str:
    """The file of a study's appendix."""
    return f"{study}.html"
