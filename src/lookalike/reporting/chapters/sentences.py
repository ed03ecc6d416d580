"""Parts of the sentences in chapters: the variants that a finding is about, lists of names, numbers with intervals."""

from collections.abc import Callable, Collection, Mapping, Sequence

from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Json
from lookalike.reporting.forms import Form, estimate_form, or_dash, points, shares

Estimated = Mapping[str, float]  # "value", "low" and "high"

NOTHING = "No variant that this section is about is above chance in this run."
signed_points = or_dash(lambda share: f"{100 * share:+z.1f}")


def only_above_chance(study: StudyResults, by_variant: Mapping[str, Json]) -> dict[str, Json]:
    """The entries of the variants that are above chance."""
    return {name: one for name, one in by_variant.items() if name in study.learnt}


def finding_variants(study: StudyResults, measured: Collection[str]) -> list[str]:
    """The variants that a finding names: of those measured the focus variants above chance, else the most accurate."""
    focus = [name for name in study.focus if name in measured]
    others = [row for row in study.standings if row.variant in study.learnt and row.variant in measured]
    best = sorted(others, key=lambda row: -(row.accuracy or 0.0))[:1]
    return focus or [row.variant for row in best]


def listed(parts: Sequence[str]) -> str:
    """The parts joined as in a sentence: "a", "a and b", "a, b and c"."""
    *most, last = parts
    return f"{', '.join(most)} and {last}" if most else last


def listed_by_variant(values: Mapping[str, str]) -> str:
    """The values with their variants: "46 % for a and 40 % for b"."""
    return listed([f"{value} for {name}" for name, value in values.items()])


def accuracy_clause(by_variant: Mapping[str, str]) -> str:
    """How often variants are right: "a is right in 46 % and b in 40 %"."""
    (first, value), *rest = by_variant.items()
    return listed([f"{first} is right in {value}", *(f"{name} in {other}" for name, other in rest)])


def with_unit(form: Form, unit: str) -> Callable[[Estimated], str]:
    """The form of an estimate whose unit stands before its interval, if that is known."""

    def written(of: Estimated) -> str:
        value, _, interval = form(of).partition(" ")
        return f"{value} {unit} {interval}".rstrip()

    return written


share_text = with_unit(estimate_form(100, 0), "%")  # "46 % (38 to 54)"
tenths_text = with_unit(shares, "%")  # "46.1 % (38.0 to 54.2)"
difference_text = with_unit(points, "points")  # "−3.0 points (−5.0 to −1.0)"
size_text = with_unit(shares, "points")  # a difference without a plus sign: "3.0 points (1.0 to 5.0)"


def comparison_text(difference: Estimated) -> str:
    """The comparison of two measures by the interval of their difference."""
    if difference["low"] > 0:
        return "more than"
    return "less than" if difference["high"] < 0 else "not clearly different from"


def capitalised(sentence: str) -> str:
    """The sentence with its first letter large, unless code begins it."""
    return sentence[0].upper() + sentence[1:]
