"""From what the stages wrote to the report's content."""

import gc
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from lookalike.artifacts.comparisons import load_metrics
from lookalike.artifacts.models import load_description, read_rows
from lookalike.claims.evidence import gather_evidence
from lookalike.claims.judging import Judged
from lookalike.params import Params
from lookalike.reporting.address import PAGE
from lookalike.reporting.chapters.claims import claims_chapter
from lookalike.reporting.chapters.complementary_errors import complementary_errors_chapter
from lookalike.reporting.chapters.convergence import convergence_chapter
from lookalike.reporting.chapters.costs import costs_chapter
from lookalike.reporting.chapters.embeddings import embeddings_chapter
from lookalike.reporting.chapters.explanations import explanations_chapter
from lookalike.reporting.chapters.families.chapter import (
    Sentences,
    claim_sentences,
    families_chapter,
    first_family_comparison,
)
from lookalike.reporting.chapters.inside import inside_chapter
from lookalike.reporting.chapters.leaderboard import leaderboard_chapter
from lookalike.reporting.chapters.look_alikes import look_alikes_chapter
from lookalike.reporting.chapters.overview import page_of, study_overview
from lookalike.reporting.chapters.pairs import pairs_chapter
from lookalike.reporting.chapters.photographs import photographs_chapter
from lookalike.reporting.chapters.primer import primer_chapter
from lookalike.reporting.chapters.provenance import provenance_chapter
from lookalike.reporting.chapters.robustness import robustness_chapter
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.chapters.summary import summary_chapter
from lookalike.reporting.chapters.training import training_chapter
from lookalike.reporting.chapters.variants import variants_chapter
from lookalike.reporting.document import Prose, Section, blocks_in, figures_in
from lookalike.reporting.explorer.section import explorer_section
from lookalike.reporting.leaderboard import Standing, make_standing
from lookalike.reporting.measurements import load_measurements
from lookalike.reporting.report import Page, Report
from lookalike.studies import judge_all

Chapter = Callable[[StudyResults], Section | None]
CHAPTERS: tuple[Chapter, ...] = (
    *(
        training_chapter,
        convergence_chapter,
        costs_chapter,
        look_alikes_chapter,
        pairs_chapter,
        complementary_errors_chapter,
        robustness_chapter,
        photographs_chapter,
    ),
    *(explanations_chapter, inside_chapter, embeddings_chapter, variants_chapter),
)
TITLE = "How networks tell look-alikes apart"
PUBLISHED = "For results on the published data see [reports/published](../published/README.md) and `make published`."


@dataclass(frozen=True)
class DrawnParts:
    """What takes time to draw.

    Attributes:
        chapters: of each study's appendix.
        families: the chapter on families, and the study that it is about; None and "" without two families.
        explorer: and the files that it loads.
    """

    chapters: Mapping[str, Sequence[Section]]
    families: Section | None
    families_of: str
    explorer: Section
    files: Mapping[str, bytes]


def assemble(
    params: Params, parameters: str, root: Path = Path(), claimed: Collection[str] | None = None
) -> tuple[Report, list[Standing], list[Judged]]:
    """Read the artifacts below `root` of every study in `params`.

    Args:
        parameters: the text of the parameter file.
        claimed: the studies whose claims are judged; None means those in `params`.

    Returns:
        The report, the rows of its leaderboard, and the judged claims.
    """
    about = params.studies if claimed is None else claimed
    judged = [one for one in judge_all(gather_evidence(params, root)) if one.claim.study in about]
    studies = [load_study_results(study, params, root) for study in params.studies]
    drawn = draw_parts(studies, claim_sentences(judged))
    primer = primer_chapter(root)
    appendices = [appendix(study, drawn) for study in studies]
    appendices += [Page("primer.html", primer.title, (primer,))] if primer else []
    first = first_page(params, studies, judged, drawn, appendices)
    first = replace(first, sections=(*first.sections, provenance_chapter(params, parameters, root)))
    report = Report(params.profile, params.active.demonstration, (first, *appendices), drawn.files)
    return report, [row for study in studies for row in study.standings], judged


def first_page(
    params: Params,
    studies: Sequence[StudyResults],
    judged: Sequence[Judged],
    drawn: DrawnParts,
    appendices: Sequence[Page],
) -> Page:
    """Findings, verdicts, leaderboard, families, explorer and studies; of a demonstration without most figures."""
    short = params.active.demonstration
    board = leaderboard_chapter(studies)
    overviews = (study_overview(study, drawn.chapters[study.name], figures=not short) for study in studies)
    opening = summary_chapter(studies, judged)
    if short:
        opening = replace(opening, blocks=(*opening.blocks, Prose(PUBLISHED)))
    families = None if short else drawn.families
    shown = (board,) if families is None else (board, families)
    verdicts = claims_chapter(judged, addresses_in(Page(PAGE, "", shown), *appendices))
    parts = (
        opening,
        None if short else verdicts,
        board,
        families,
        drawn.explorer,
        *overviews,
        verdicts if short else None,
    )
    return Page(PAGE, TITLE, tuple(one for one in parts if one is not None))


def addresses_in(*pages: Page) -> dict[str, str]:
    """The address of each section and figure, seen from the first page."""
    addresses: dict[str, str] = {}
    for page in pages:
        file = "" if page.file == PAGE else page.file
        addresses |= {one.name: f"{file}#figure-{one.name}" for one in figures_in(page.sections)}
        sections = (block for block in blocks_in(page.sections) if isinstance(block, Section))
        addresses |= {one.anchor: f"{file}#{one.anchor}" for one in sections}
    return addresses


def appendix(study: StudyResults, drawn: DrawnParts) -> Page:
    """The page of one study; that of the families' study in a demonstration begins with the chapter on families."""
    title = study.params.studies[study.name].title
    families = drawn.families if study.params.active.demonstration and study.name == drawn.families_of else None
    return Page(page_of(study.name), title, tuple(one for one in (families, *drawn.chapters[study.name]) if one))


def load_study_results(study: str, params: Params, root: Path) -> StudyResults:
    """The results of a study, its variants in the order of the parameter file."""
    _, details = load_metrics(root / "comparisons" / study)
    measurements = load_measurements(study, params, root)
    standings = [
        make_standing(
            study,
            name,
            measurements.metrics[name],
            load_description(root / "models" / study / name),
            read_rows(root / "runs" / study / name / "times.csv"),
        )
        for name in params.variants_of(study)
    ]
    return StudyResults(study, params, root, measurements, details, standings)


def draw_parts(studies: Sequence[StudyResults], said: Sentences) -> DrawnParts:
    """All chapters, each written in a process of its own: drawing takes most of a report's time."""
    gc.freeze()  # else each process looks through all that was read so far for garbage, time and again
    with ProcessPoolExecutor() as pool:
        on_families, exploring = pool.submit(families_chapter, studies, said), pool.submit(explorer_section, studies)
        written = {study.name: [pool.submit(chapter, study) for chapter in CHAPTERS] for study in studies}
    chapters = {
        name: [part for chapter in futures if (part := chapter.result()) is not None]
        for name, futures in written.items()
    }
    compared = first_family_comparison(studies, said)
    section_of, files = exploring.result()
    return DrawnParts(chapters, on_families.result(), compared.study.name if compared else "", section_of, files)
