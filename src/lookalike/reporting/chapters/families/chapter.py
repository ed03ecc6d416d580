"""The chapter on how families of architectures tell look-alikes apart."""

from collections.abc import Callable, Mapping, Sequence

from lookalike.artifacts.families import load_families
from lookalike.claims.judging import Judged
from lookalike.families.findings import FamilyFindings
from lookalike.reporting.chapters.claims import in_words
from lookalike.reporting.chapters.families.cues import cues_kept
from lookalike.reporting.chapters.families.errors import errors_apart, pairs_apart
from lookalike.reporting.chapters.families.learning import features_alike, few_images
from lookalike.reporting.chapters.families.maps import contrast_maps, like_for_like
from lookalike.reporting.chapters.families.parts import Compared, Part
from lookalike.reporting.chapters.families.trust import doubtful_labels, trust
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import listed
from lookalike.reporting.document import Prose, Section, literal, section

ANCHOR = "families"
Sentences = Mapping[str, Mapping[str, str]]  # study -> key of the claim -> what was found
PARTS: tuple[Callable[[Compared], Part | None], ...] = (
    *(errors_apart, pairs_apart, cues_kept, few_images),
    *(features_alike, like_for_like, contrast_maps, doubtful_labels),
)


def families(studies: Sequence[Found], sentences: Sentences) -> Section | None:
    """The chapter about the first study whose focus variants are of two families; None if there is none."""
    compared = first_compared(studies, sentences)
    if compared is None:
        return None
    parts = [part for write in PARTS if (part := write(compared)) is not None]
    if not parts:
        return None
    blocks = [block for part in parts for block in part.blocks(compared)]
    title, finding = "How they tell look-alikes apart", parts[0].words.finding
    return section(ANCHOR, title, opening(compared), *blocks, trust(compared), finding=finding)


def first_compared(studies: Sequence[Found], sentences: Sentences) -> Compared | None:
    """The two variants that the chapter is about."""
    for found in studies:
        findings = load_families(found.root / "comparisons" / found.study, FamilyFindings)
        if findings.compared is not None:
            return Compared(found, findings, *findings.compared, sentences.get(found.study, {}))
    return None


def said_by_claim(judged: Sequence[Judged]) -> Sentences:
    """What was found for each claim that was judged, by study."""
    said: dict[str, dict[str, str]] = {}
    for one in judged:
        if one.verdict != "not judged" and (words := in_words(one.decisive)) is not None:
            said.setdefault(one.claim.study, {})[one.claim.key] = words
    return said


def opening(compared: Compared) -> Prose:
    """Which variants are compared, and on what."""
    findings, found = compared.findings, compared.found
    first, second = (f"`{name}` ({compared.family(name)}, {seeds(findings.seeds[name])})" for name in compared.both)
    images, alike = len(found.labels), len(findings.separability)
    weak = [f"`{name}`" for name in compared.both if name not in found.learnt]
    warning = f" **{listed(weak)} {'are' if weak[1:] else 'is'} not above chance in this run.**" if weak else ""
    return Prose(
        f"This chapter compares {first} with {second} on {images:,} test images of {literal(found.test_set.name)}. Its "
        f"classes form {alike} pair{'s' if alike != 1 else ''} of look-alikes.{warning} Intervals are 95 % intervals "
        "over test images and, from three seeds on, over seeds as well."
    )


def seeds(count: int) -> str:
    """How many runs a variant has."""
    return f"{count} seed{'s' if count > 1 else ''}"
