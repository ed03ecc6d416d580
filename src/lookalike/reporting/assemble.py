"""From what the stages wrote to the report's content."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from lookalike.artifacts.evaluations import load_metrics
from lookalike.artifacts.models import load_description, read_rows
from lookalike.claims.evidence import gather
from lookalike.claims.judging import Judged
from lookalike.params import Params
from lookalike.reporting.address import PAGE
from lookalike.reporting.chapters.claims import claims
from lookalike.reporting.chapters.convergence import convergence
from lookalike.reporting.chapters.costs import costs
from lookalike.reporting.chapters.embeddings import embeddings
from lookalike.reporting.chapters.explanations import explanations
from lookalike.reporting.chapters.families.chapter import Sentences, families, first_compared, said_by_claim
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.inside import inside
from lookalike.reporting.chapters.leaderboard import leaderboard
from lookalike.reporting.chapters.look_alikes import look_alikes
from lookalike.reporting.chapters.overview import overview, page_of
from lookalike.reporting.chapters.pairs import pairs
from lookalike.reporting.chapters.photographs import photographs
from lookalike.reporting.chapters.primer import primer
from lookalike.reporting.chapters.provenance import origin
from lookalike.reporting.chapters.repairs import repairs
from lookalike.reporting.chapters.robustness import robustness
from lookalike.reporting.chapters.standings import training
from lookalike.reporting.chapters.summary import summary
from lookalike.reporting.chapters.variants import variants
from lookalike.reporting.document import Block, Prose, Section, figures_in
from lookalike.reporting.explorer.section import explorer
from lookalike.reporting.leaderboard import Standing, standing
from lookalike.reporting.report import Page, Report
from lookalike.reporting.study_figures import figures_of
from lookalike.studies import judge_all

Chapter = Callable[[Found], Section | None]
CHAPTERS: tuple[Chapter, ...] = (
    *(training, convergence, costs, look_alikes, pairs, repairs, robustness, photographs),
    *(explanations, inside, embeddings, variants),
)
TITLE = "How networks tell look-alikes apart"
PUBLISHED = "For results on the published data see [reports/published](../published/README.md) and `make published`."


@dataclass(frozen=True)
class Drawn:
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
        The report, and of what it says the rows of its leaderboard and the judged claims.
    """
    about = params.studies if claimed is None else claimed
    judged = [one for one in judge_all(gather(params, root)) if one.claim.study in about]
    studies = [find(study, params, root) for study in params.studies]
    drawn = draw(studies, said_by_claim(judged))
    appendices = (*(appendix(found, drawn) for found in studies), *primer_page(root))
    first = first_page(params, studies, judged, drawn, appendices)
    first = replace(first, sections=(*first.sections, origin(params, parameters, root)))
    report = Report(params.profile, params.active.demonstration, (first, *appendices), drawn.files)
    return report, [row for found in studies for row in found.standings], judged


def first_page(
    params: Params, studies: Sequence[Found], judged: Sequence[Judged], drawn: Drawn, appendices: Sequence[Page]
) -> Page:
    """Findings, verdicts, leaderboard, families, explorer and studies; of a demonstration without most figures."""
    short = params.active.demonstration
    board = leaderboard(studies)
    overviews = (overview(found, drawn.chapters[found.study], figures=not short) for found in studies)
    opening = summary(studies, judged)
    opening = replace(opening, blocks=(*opening.blocks, *([Prose(PUBLISHED)] if short else [])))
    families = None if short else drawn.families
    places = places_in(Page(PAGE, "", tuple(one for one in (board, families) if one)), *appendices)
    verdicts = claims(judged, places)
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


def places_in(*pages: Page) -> dict[str, str]:
    """The address of each section and figure, seen from the first page."""
    places: dict[str, str] = {}
    for page in pages:
        file = "" if page.file == PAGE else page.file
        places |= {one.name: f"{file}#figure-{one.name}" for one in figures_in(page.sections)}
        places |= {anchor: f"{file}#{anchor}" for anchor in anchors_in(page.sections)}
    return places


def anchors_in(blocks: Iterable[Block]) -> Iterator[str]:
    """The anchors of all sections."""
    for block in blocks:
        if isinstance(block, Section):
            yield block.anchor
            yield from anchors_in(block.blocks)


def appendix(found: Found, drawn: Drawn) -> Page:
    """The page of one study; that of the families' study in a demonstration begins with the chapter on families."""
    title = found.params.studies[found.study].title
    families = drawn.families if found.params.active.demonstration and found.study == drawn.families_of else None
    return Page(page_of(found.study), title, tuple(one for one in (families, *drawn.chapters[found.study]) if one))


def primer_page(root: Path) -> Iterator[Page]:
    """What convolutional networks are made of, if it was worked out."""
    part = primer(root)
    if part is not None:
        yield Page("primer.html", part.title, (part,))


def find(study: str, params: Params, root: Path) -> Found:
    """What a study's chapters are written from; its variants in the order of the parameter file."""
    _, details = load_metrics(root / "comparisons" / study)
    figures = figures_of(study, params, root)
    standings = [
        standing(
            study,
            name,
            figures.metrics[name],
            load_description(root / "models" / study / name),
            read_rows(root / "runs" / study / name / "times.csv"),
        )
        for name in params.variants_of(study)
    ]
    return Found(study, params, root, figures, details, standings)


def draw(studies: Sequence[Found], said: Sentences) -> Drawn:
    """All chapters side by side: drawing takes most of a report's time, and keeps to one core."""
    tasks = [(chapter, found) for found in studies for chapter in CHAPTERS]
    with ProcessPoolExecutor() as pool:
        on_families, exploring = pool.submit(families, studies, said), pool.submit(explorer, studies)
        written = iter(list(pool.map(write, *zip(*tasks, strict=True))))
    chapters = {found.study: [part for _ in CHAPTERS if (part := next(written)) is not None] for found in studies}
    compared = first_compared(studies, said)
    section_of, files = exploring.result()
    return Drawn(chapters, on_families.result(), compared.found.study if compared else "", section_of, files)


def write(chapter: Chapter, found: Found) -> Section | None:
    """One chapter of one study, in a process of its own."""
    return chapter(found)
