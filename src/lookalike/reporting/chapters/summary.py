"""The first screen: five sentences by rule from the numbers, and one figure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lookalike.artifacts.families import load_families
from lookalike.claims.judging import Judged
from lookalike.families.findings import FamilyFindings
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.look_alikes import on_test_images
from lookalike.reporting.chapters.sentences import right_in, share
from lookalike.reporting.document import (
    Column,
    Illustration,
    Json,
    Points,
    Section,
    Words,
    literal,
    section,
    shares,
    tabulate,
    text,
)
from lookalike.reporting.figures.summary import Row, summary_figure

ANCHOR = "summary"
MOST_ROWS = 6
TABLE = (
    Column("variant", "variant", text),
    Column("test accuracy, %", "accuracy", shares, better="high"),
    Column("of its mistakes within the group, %", "within", shares),
    Column("accuracy on photographs, %", "photographs", shares, better="high"),
)


@dataclass(frozen=True, eq=False)
class Lead:
    """What the first screen is about: a study, and one or two of its variants that are above chance."""

    found: Found
    variants: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """What to call each: its family, where the families differ, else its own name."""
        families = {name: self.found.families[name] for name in self.variants}
        if len(set(families.values())) < 2:
            return {name: f"`{name}`" for name in self.variants}
        return {name: f"the {family}" for name, family in families.items()}


def lead_of(studies: Sequence[Found]) -> Lead | None:
    """Two variants of different families that the families' findings compare; else a pair that a study compares; else
    the most accurate variant of the first study in which one is above chance; None without such a variant."""
    for found in studies:
        compared = load_families(found.root / "comparisons" / found.study, FamilyFindings).compared
        if compared is not None and {*compared} <= {*found.learnt}:
            return Lead(found, compared)
    for found in studies:
        for first, second in found.params.studies[found.study].pairs:
            if {first, second} <= {*found.learnt}:
                return Lead(found, (first, second))
    for found in studies:
        if found.learnt:
            best = max(
                (row for row in found.standings if row.variant in found.learnt), key=lambda row: row.accuracy or 0
            )
            return Lead(found, (best.variant,))
    return None


def summary(studies: Sequence[Found], judged: Sequence[Judged]) -> Section:
    """What was found in a few sentences, and the figure that shows it."""
    lead, title = lead_of(studies), "What was found"
    if lead is None:
        return section(ANCHOR, title, finding="No variant is above chance in this run, so nothing was found.")
    said = (accuracy(lead), mistakes(lead), on_photographs(lead), maps(lead), unknown(judged))
    return section(ANCHOR, title, Points(tuple(capital(one) for one in said if one)), figure(lead))


def capital(sentence: str) -> str:
    """A sentence with its first letter large, unless code begins it."""
    return sentence[0].upper() + sentence[1:]


def accuracy(lead: Lead) -> str:
    """Which variant is more accurate, and by how much."""
    found, names = lead.found, lead.names
    measured = {row.variant: row.accuracy or 0.0 for row in found.standings}
    both = " and ".join(f"{100 * measured[name]:.1f} %" for name in lead.variants)
    where = f"{len(found.labels):,} test images of {literal(found.test_set.name)}"
    if len(lead.variants) == 1:
        return f"{names[lead.variants[0]]} is right in {both} of {where}."
    first, second = lead.variants
    difference = between(found, first, second)
    if difference is None:
        return f"{names[first]} and {names[second]} are right in {both} of {where}."
    if difference["low"] <= 0 <= difference["high"]:
        return (
            f"{names[first]} and {names[second]} do not differ clearly in accuracy on {where}: {both}, a difference of "
            f"{in_points(difference)}."
        )
    if difference["value"] < 0:
        return accuracy(replace(lead, variants=(second, first)))
    return f"{names[first]} is {in_points(difference)} more accurate than {names[second]} on {where}: {both}."


def between(found: Found, first: str, second: str) -> Json | None:
    """The difference of two accuracies, first minus second, if the study compares the two."""
    for pair in found.figures.look_alikes["pairs"]:
        if (pair["first"], pair["second"]) == (first, second):
            difference: Json = pair["accuracy_difference"]
            return difference
        if (pair["first"], pair["second"]) == (second, first):
            return negative(pair["accuracy_difference"])
    return None


def negative(estimate: Json) -> Json:
    """The estimate of the opposite difference."""
    return {"value": -estimate["value"], "low": -estimate["high"], "high": -estimate["low"]}


def in_points(estimate: Json) -> str:
    """A difference of shares in percentage points, with its interval."""
    value, low, high = (f"{100 * estimate[key]:z.1f}".replace("-", "−") for key in ("value", "low", "high"))
    return f"{value} points ({low} to {high})"


def within_group(figures: Json) -> Json | None:
    """The share of a variant's mistakes within the look-alike group: 2 minus their severity; None without mistakes."""
    severity = figures["severity"]
    if severity is None:
        return None
    return {"value": 2 - severity["value"], "low": 2 - severity["high"], "high": 2 - severity["low"]}


def by_chance(found: Found) -> float:
    """The share of mistakes within the group if every wrong class were as likely as any other."""
    sizes = Counter(found.group_of.tolist())
    classes = len(found.group_of)
    return sum(sizes[found.group_of[label]] - 1 for label in found.labels) / len(found.labels) / (classes - 1)


def mistakes(lead: Lead) -> str | None:
    """How many mistakes stay within the look-alike group; None if no class has a look-alike."""
    found, random = lead.found, by_chance(lead.found)
    known = {name: within_group(found.figures.look_alikes["variants"][name]) for name in lead.variants}
    parts = [f"{share(one)} of the mistakes of {lead.names[name]}" for name, one in known.items() if one]
    if not random or not parts:
        return None
    return f"{' and '.join(parts)} stay within a group of look-alikes; random mistakes would in {100 * random:.0f} %."


def on_photographs(lead: Lead) -> str | None:
    """Accuracy on photographs; None of a study that shows none."""
    photos = lead.found.figures.photos
    if not photos:
        return None
    recipe = photos["chosen"]["recipe"]
    each = {lead.names[name]: photographs_of(photos, name, recipe) for name in lead.variants}
    said = right_in({name: share(one) for name, one in each.items()})
    return f"on {photos['labelled']} photographs, prepared by the recipe `{recipe}`, {said}."


def photographs_of(photos: Json, name: str, recipe: str) -> Json:
    """A variant's accuracy on all photographs of a class, by a recipe."""
    estimate: Json = photos["figures"][name][recipe]["all"]["accuracy"]
    return estimate


def maps(lead: Lead) -> str | None:
    """Whether the maps that are shown say more than a spot in the middle; None if none was made."""
    explained = {name: one for name, one in lead.found.figures.explanations.items() if name in lead.variants}
    if not explained:
        return None
    parts = [map_quality(lead.names[name], one) for name, one in explained.items()]
    method = next(iter(explained.values()))["shown"]
    return f"maps by {method} explain {' and '.join(parts)} (gain in faithfulness)."


def map_quality(name: str, one: Json) -> str:
    """How the shown maps of a variant compare with the control that knows no model."""
    methods = one["faithfulness"]["methods"]
    shown, centre = methods[one["shown"]], methods["centre"]["gain"]["value"]
    over = shown["over_centre"]
    better = "better than" if over["low"] > 0 else "less well than" if over["high"] < 0 else "no better than"
    both = f"{shown['gain']['value']:z.2f} against {centre:z.2f}".replace("-", "−")
    return f"{name} {better} a spot in the middle does ({both})"


def unknown(judged: Sequence[Judged]) -> str | None:
    """What is not known: claims without a verdict; None of no claims."""
    counts = Counter(one.verdict for one in judged)
    if not judged:
        return None
    if counts["not judged"]:
        return "a demonstration decides no claim: its images are drawn and its training runs are short."
    untested = counts["not tested"] + counts["not tested at the study's size"]
    return (
        f"not known: of {len(judged)} claims {untested} are not tested or not at the study's size, and "
        f"{counts['inconclusive']} are inconclusive."
    )


def figure(lead: Lead) -> Illustration | None:
    """Accuracy, share of mistakes within the group and accuracy on photographs, of the lead and of paired variants."""
    found, rows = lead.found, rows_of(lead)
    table = tabulate("What the figure shows", TABLE, (vars(row) for row in rows))
    alt = "Test accuracy, share of mistakes within the look-alike group, and accuracy on photographs, by variant"
    how = (
        "Filled: the mean over seeds with its 95 % interval over seeds and images; rings: single seeds. The axes begin "
        "where the data do."
    )
    drawn = summary_figure(rows, found.looks, chance=found.chance, random=by_chance(found))
    words = Words(seeds(lead), how, alt, "Photographs: all that have a class, by the chosen recipe.")
    return found.drawn(drawn, "summary", words, [row.variant for row in rows], table)


def seeds(lead: Lead) -> str:
    """How far the accuracies of different seeds lie apart."""
    deviations = {row.variant: row.accuracy_sd for row in lead.found.standings}
    known = {name: deviation for name in lead.variants if (deviation := deviations[name]) is not None}
    if not known:
        return "Each variant was trained once."
    parts = [f"{100 * deviation:.1f} points ({name})" for name, deviation in known.items()]
    return f"From seed to seed the accuracy varies with a standard deviation of {' and '.join(parts)}."


def rows_of(lead: Lead) -> list[Row]:
    """The lead's variants first, then others that its study pairs with them or among themselves."""
    found = lead.found
    others = (name for pair in found.params.studies[found.study].pairs for name in pair if name in found.learnt)
    shown = [*dict.fromkeys([*lead.variants, *others])][:MOST_ROWS]
    standings: Mapping[str, Json | None] = {row.variant: on_test_images(row) for row in found.standings}
    photos = found.figures.photos
    recipe = photos["chosen"]["recipe"] if photos else ""
    return [
        Row(
            variant=name,
            accuracy=standings[name],
            seeds=tuple(seed["accuracy"] for seed in found.details[name]["seeds"]),
            within=within_group(found.figures.look_alikes["variants"][name]),
            photographs=photographs_of(photos, name, recipe) if photos else None,
        )
        for name in shown
    ]
