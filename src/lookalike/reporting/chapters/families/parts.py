"""The data of the chapter on families, and its parts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from matplotlib.figure import Figure

from lookalike.artifacts.explanations import Explanation, load_explanation
from lookalike.evaluation.statistics import Estimate
from lookalike.families.findings import FamilyFindings
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Block, Fold, Prose, Table, Words, literal
from lookalike.reporting.figures.style import Looks
from lookalike.reporting.forms import amounts

SHOWN = 4  # variants in a chart


@dataclass(frozen=True, eq=False)
class FamilyComparison:
    """Two variants of different families, with all that was found about their study.

    Attributes:
        both: the two variants.
        sentences: what was found for each claim about the study, by its key.
    """

    study: StudyResults
    findings: FamilyFindings
    both: tuple[str, str]
    sentences: Mapping[str, str]

    def family(self, variant: str) -> str:
        return self.findings.families[variant]

    @property
    def families(self) -> tuple[str, str]:
        """The families of both variants."""
        first, second = self.both
        return self.family(first), self.family(second)

    @cached_property
    def explanations(self) -> dict[str, Explanation]:
        """The evidence of those of both variants that were explained."""
        folders = {name: self.study.root / "explanations" / self.study.name / name for name in self.both}
        return {name: load_explanation(folder) for name, folder in folders.items() if folder.is_dir()}

    def shown(self, known: Mapping[str, object]) -> list[str]:
        """The variants that a chart shows: both, and up to two more above chance that the study pairs with them."""
        others = [
            name for pair in self.study.pairs if {*pair} & {*self.both} for name in pair if name in self.study.learnt
        ]
        return [name for name in dict.fromkeys([*self.both, *others]) if name in known][:SHOWN]

    def looks(self, variants: Sequence[str]) -> Looks:
        """How some variants look in charts: as in all figures of the study."""
        return {name: self.study.looks[name] for name in variants}


@dataclass(frozen=True, eq=False)
class ChapterPart:
    """One figure of the chapter.

    Attributes:
        claims: keys of those that it is about; what was found for them follows the figure, folded away.
    """

    name: str
    claims: tuple[str, ...]
    words: Words
    figure: Figure
    variants: Sequence[str]
    numbers: tuple[Table, ...]

    def blocks(self, compared: FamilyComparison) -> Iterator[Block]:
        """The figure, and below it what became of the claims that it is about."""
        drawn = compared.study.drawn_figure(self.figure, self.name, self.words, self.variants, *self.numbers)
        if drawn is not None:
            yield drawn
        said = [key for key in self.claims if key in compared.sentences]
        if said:
            words = (Prose(f"[{key}](#claims): {literal(compared.sentences[key])}") for key in said)
            yield Fold("Verdicts on this figure", tuple(words))


def estimate_text(found: Estimate) -> str:
    """An estimate in a sentence: "0.50 (0.40 to 0.60)"."""
    return amounts(vars(found))
