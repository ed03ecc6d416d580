"""The chapter on how families of architectures tell look-alikes apart."""

from collections.abc import Callable, Mapping, Sequence

from lookalike.artifacts.comparisons import load_families
from lookalike.claims.judging import Judged
from lookalike.families.findings import FamilyFindings
from lookalike.reporting.chapters.claims import measured_sentences
from lookalike.reporting.chapters.families.cues import cue_part
from lookalike.reporting.chapters.families.errors import consistency_part, separability_part
from lookalike.reporting.chapters.families.learning import learning_curve_part, representation_part
from lookalike.reporting.chapters.families.maps import attribution_part, contrast_map_part
from lookalike.reporting.chapters.families.parts import ChapterPart, FamilyComparison
from lookalike.reporting.chapters.families.trust import doubtful_label_part, trust_fold
from lookalike.reporting.chapters.sentences import listed
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Prose, Section, literal, section

ANCHOR = "families"
Sentences = Mapping[str, Mapping[str, str]]  # study -> key of the claim -> what was found
PARTS: tuple[Callable[[FamilyComparison], ChapterPart | None], ...] = (
    *(consistency_part, separability_part, cue_part, learning_curve_part),
    *(representation_part, attribution_part, contrast_map_part, doubtful_label_part),
)


def families_chapter(studies: Sequence[StudyResults], sentences: Sentences) -> Section | None:
    """The chapter about the first study whose focus variants are of two families; None if there is none."""
    compared = first_family_comparison(studies, sentences)
    if compared is None:
        return None
    parts = [part for write in PARTS if (part := write(compared)) is not None]
    if not parts:
        return None
    blocks = [block for part in parts for block in part.blocks(compared)]
    title, finding = "How they tell look-alikes apart", parts[0].words.finding
    return section(ANCHOR, title, opening(compared), *blocks, trust_fold(compared), finding=finding)


def first_family_comparison(studies: Sequence[StudyResults], sentences: Sentences) -> FamilyComparison | None:
    """The two variants that the chapter is about."""
    for study in studies:
        findings = load_families(study.root / "comparisons" / study.name, FamilyFindings)
        if findings.compared is not None:
            return FamilyComparison(study, findings, findings.compared, sentences.get(study.name, {}))
    return None


def claim_sentences(judged: Sequence[Judged]) -> Sentences:
    """The measurements for each claim that was judged, by study."""
    said: dict[str, dict[str, str]] = {}
    for one in judged:
        if one.verdict != "not judged" and (words := measured_sentences(one.decisive)) is not None:
            said.setdefault(one.claim.study, {})[one.claim.key] = words
    return said


def opening(compared: FamilyComparison) -> Prose:
    findings, study = compared.findings, compared.study
    first, second = (
        f"`{name}` ({compared.family(name)}, {seed_count(findings.seeds[name])})" for name in compared.both
    )
    images, alike = len(study.labels), len(findings.separability)
    weak = [f"`{name}`" for name in compared.both if name not in study.learnt]
    warning = f" **{listed(weak)} {'are' if weak[1:] else 'is'} not above chance in this run.**" if weak else ""
    return Prose(
        f"This chapter compares {first} with {second} on {images:,} test images of {literal(study.test_set.title)}. Its"
        f" classes form {alike} pair{'s' if alike != 1 else ''} of look-alikes.{warning} Intervals are 95 % intervals "
        "over test images and, from three seeds on, over seeds as well."
    )


def seed_count(count: int) -> str:
    return f"{count} seed{'s' if count > 1 else ''}"
