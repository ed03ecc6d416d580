"""A study on the report's first page: what each chapter of its appendix found, and a few main figures."""

from collections.abc import Sequence

from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import BulletList, Section, figures_in, literal, section

MOST_FIGURES = 3  # of a study
# The chapters whose main figures come first: those of few studies before those of all.
ORDER = (
    "convergence",
    "costs",
    "photographs",
    "robustness",
    "training",
    "complementary-errors",
    "look-alikes",
    "explanations",
)


def study_overview(study: StudyResults, chapters: Sequence[Section], *, figures: bool) -> Section:
    """One sentence for each chapter, which leads to it and, if they are wanted, the first main figures."""
    name = study.name
    drawn = {part.anchor.removeprefix(f"{name}-"): list(figures_in(part.blocks)) for part in chapters}
    main = [one for chapter in ORDER for one in drawn.get(chapter, ()) if one.main]
    said = tuple(
        f"[{literal(part.title)}]({page_of(name)}#{part.anchor}): {literal(part.finding)}" for part in chapters
    )
    return section(
        f"study-{name}", study.params.studies[name].title, BulletList(said), *(main[:MOST_FIGURES] if figures else ())
    )


def page_of(study: str) -> str:
    return f"{study}.html"
