"""From what the stages wrote to the report's content."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from lookalike.artifacts.evaluations import load_metrics
from lookalike.artifacts.folders import read_json
from lookalike.artifacts.models import load_description, read_rows
from lookalike.claims.claim import Judged
from lookalike.claims.evidence import gather
from lookalike.claims.verdicts import judge_all
from lookalike.params import Params
from lookalike.reporting.chapters.claims import claims
from lookalike.reporting.chapters.costs import costs
from lookalike.reporting.chapters.embeddings import embeddings
from lookalike.reporting.chapters.explanations import explanations
from lookalike.reporting.chapters.families import Sentences, families, said_by_claim
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.inside import inside
from lookalike.reporting.chapters.look_alikes import look_alikes, pairs
from lookalike.reporting.chapters.photographs import photographs
from lookalike.reporting.chapters.primer import primer
from lookalike.reporting.chapters.provenance import origin, runs_of
from lookalike.reporting.chapters.race import race
from lookalike.reporting.chapters.repairs import repairs
from lookalike.reporting.chapters.robustness import robustness
from lookalike.reporting.chapters.standings import leaderboard, training
from lookalike.reporting.chapters.variants import variants
from lookalike.reporting.document import Section, section
from lookalike.reporting.explorer import explorer
from lookalike.reporting.leaderboard import Standing, standing
from lookalike.reporting.report import Report
from lookalike.reporting.study_figures import figures_of

Chapter = Callable[[Found], Section | None]
CHAPTERS: tuple[Chapter, ...] = (
    *(training, race, costs, look_alikes, pairs, repairs, robustness, photographs),
    *(explanations, inside, embeddings, variants),
)


def assemble(params: Params, parameters: str, root: Path = Path()) -> tuple[Report, list[Standing], list[Judged]]:
    """Read the artifacts below `root` of every study in `params`; `parameters` is the text of the parameter file.

    Returns:
        The report, and of what it says the rows of its leaderboard and the judged claims.
    """
    judged = judge_all(gather(params, root))
    studies = [find(study, params, root) for study in params.studies]
    standings = [row for found in studies for row in found.standings]
    on_families, chapters = drawn_sections(studies, said_by_claim(judged))
    sections = [
        on_families,
        claims(judged),
        leaderboard(studies),
        explorer(studies),
        *chapters,
        primer(root),
        origin(params, parameters, root),
    ]
    runs = runs_of(read_json(root / "published.json"))
    shown = tuple(one for one in sections if one is not None)
    report = Report(params.profile, params.active.demonstration, shown, runs)
    return report, standings, judged


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


def drawn_sections(studies: Sequence[Found], said: Sentences) -> tuple[Section | None, list[Section]]:
    """The chapter on families and all chapters of every study, side by side: drawing takes most of a report's time, and
    keeps to one core."""
    tasks = [(chapter, found) for found in studies for chapter in CHAPTERS]
    with ProcessPoolExecutor() as pool:
        opening = pool.submit(families, studies, said)
        written = iter(list(pool.map(write, *zip(*tasks, strict=True))))
    sections = [
        section(f"study-{found.study}", found.params.studies[found.study].title, *(next(written) for _ in CHAPTERS))
        for found in studies
    ]
    return opening.result(), sections


def write(chapter: Chapter, found: Found) -> Section | None:
    """One chapter of one study, in a process of its own."""
    return chapter(found)
