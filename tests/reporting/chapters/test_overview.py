"""A study on the first page: a sentence for each chapter, and the first main figures."""

import pytest
from blocks import marked

from lookalike.reporting.chapters.overview import study_overview
from lookalike.reporting.chapters.study_results import StudyResults, on_first_page
from lookalike.reporting.document import BulletList, Illustration, Section, Words, figures_in, section
from lookalike.reporting.figures.rendering import stored_chart


def figure(name: str) -> Illustration:
    return Illustration(name, stored_chart(marked(name)), Words(f"{name} is so.", "Read it.", name))


def chapter(name: str) -> Section:
    """A chapter with a main figure and another one."""
    shown = on_first_page(figure(name))
    return section(f"fashion-{name}", name.title(), figure(f"other-{name}"), shown, finding=f"{name} says it.")


CHAPTERS = [chapter(name) for name in ("training", "look-alikes", "complementary-errors", "photographs", "pairs")]


def test_each_chapter_is_one_sentence_that_leads_to_it(results: StudyResults) -> None:
    (said,) = [
        block for block in study_overview(results, CHAPTERS, figures=False).blocks if isinstance(block, BulletList)
    ]
    assert said.sentences[0] == "[Training](fashion.html#fashion-training): training says it."
    assert len(said.sentences) == len(CHAPTERS)


@pytest.mark.parametrize(
    ("wanted", "names"), [(True, ["photographs", "training", "complementary-errors"]), (False, [])]
)
def test_the_first_three_main_figures_are_shown_in_the_order_of_interest(
    results: StudyResults, wanted: bool, names: list[str]
) -> None:
    part = study_overview(results, CHAPTERS, figures=wanted)
    assert [one.name for one in figures_in([part])] == names
    assert part.anchor == "study-fashion"
