"""The first screen: up to five sentences written by rule from the numbers, and one figure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lookalike.artifacts.comparisons import load_families
from lookalike.claims.judging import Judged
from lookalike.families.findings import FamilyFindings
from lookalike.reporting.chapters.look_alikes import within_group_share
from lookalike.reporting.chapters.sentences import (
    accuracy_clause,
    capitalised,
    listed,
    share_text,
    size_text,
    tenths_text,
)
from lookalike.reporting.chapters.study_results import StudyResults, accuracy_estimate
from lookalike.reporting.document import BulletList, Illustration, Json, Section, Words, literal, section
from lookalike.reporting.figures.summary import Row, summary_figure
from lookalike.reporting.forms import shares, text
from lookalike.reporting.tables import Column, tabulate

ANCHOR = "summary"
MOST_ROWS = 7
TABLE = (
    Column("variant", "variant", text),
    Column("test accuracy, %", "accuracy", shares, better="high"),
    Column("of its mistakes within the group, %", "within", shares),
    Column("accuracy on photographs, %", "photographs", shares, better="high"),
)


@dataclass(frozen=True, eq=False)
class Lead:
    """The subject of the first screen: a study, and one or two of its variants that are above chance."""

    study: StudyResults
    variants: tuple[str, ...]

    @property
    def names(self) -> dict[str, str]:
        """The name of each in sentences: its family, where the families differ, else its own name."""
        families = {name: self.study.families[name] for name in self.variants}
        if len(set(families.values())) < 2:
            return {name: f"`{name}`" for name in self.variants}
        return {name: f"the {family}" for name, family in families.items()}


def lead_of(studies: Sequence[StudyResults]) -> Lead | None:
    """Two variants of different families that the families' findings compare; else a pair that a study compares; else
    the most accurate variant of the first study in which one is above chance; None without such a variant."""
    for study in studies:
        compared = load_families(study.root / "comparisons" / study.name, FamilyFindings).compared
        if compared is not None and {*compared} <= {*study.learnt}:
            return Lead(study, compared)
    for study in studies:
        for pair in study.pairs:
            if {*pair} <= {*study.learnt}:
                return Lead(study, pair)
    for study in studies:
        if study.learnt:
            learnt = (row for row in study.standings if row.variant in study.learnt)
            return Lead(study, (max(learnt, key=lambda row: row.accuracy or 0).variant,))
    return None


def summary_chapter(studies: Sequence[StudyResults], judged: Sequence[Judged]) -> Section:
    """The findings in a few sentences, and the figure that shows them."""
    lead, title = lead_of(studies), "What was found"
    if lead is None:
        return section(ANCHOR, title, finding="No variant is above chance in this run, so nothing was found.")
    said = (
        lead_accuracy_sentence(lead),
        mistakes_sentence(lead),
        lead_photographs_sentence(lead),
        maps_sentence(lead),
        open_claims_sentence(judged),
    )
    return section(ANCHOR, title, BulletList(tuple(capitalised(one) for one in said if one)), lead_illustration(lead))


def lead_accuracy_sentence(lead: Lead) -> str:
    """Which variant is more accurate, and by how much."""
    study, names = lead.study, lead.names
    measured = {row.variant: row.accuracy or 0.0 for row in study.standings}
    both = " and ".join(f"{100 * measured[name]:.1f} %" for name in lead.variants)
    where = f"{len(study.labels):,} test images of {literal(study.test_set.title)}"
    if len(lead.variants) == 1:
        return f"{names[lead.variants[0]]} is right in {both} of {where}."
    first, second = lead.variants
    difference = lead_difference(study, first, second)
    if difference is None:
        return f"{names[first]} and {names[second]} are right in {both} of {where}."
    if difference["low"] <= 0 <= difference["high"]:
        return (
            f"{names[first]} and {names[second]} do not differ clearly in accuracy on {where}: {both}, a difference of "
            f"{size_text(difference)}."
        )
    if difference["value"] < 0:
        return lead_accuracy_sentence(replace(lead, variants=(second, first)))
    return f"{names[first]} is {size_text(difference)} more accurate than {names[second]} on {where}: {both}."


def lead_difference(study: StudyResults, first: str, second: str) -> Json | None:
    """The difference of two accuracies, first minus second; None if the study does not compare the two."""
    for pair in study.measurements.look_alikes["pairs"]:
        difference: Json = pair["accuracy_difference"]
        if (pair["first"], pair["second"]) == (first, second):
            return difference
        if (pair["first"], pair["second"]) == (second, first):
            return {"value": -difference["value"], "low": -difference["high"], "high": -difference["low"]}
    return None


def within_group_by_chance(study: StudyResults) -> float:
    """The share of mistakes within the group if every wrong class were as likely as any other."""
    sizes = Counter(study.group_of.tolist())
    classes = len(study.group_of)
    return sum(sizes[study.group_of[label]] - 1 for label in study.labels) / len(study.labels) / (classes - 1)


def mistakes_sentence(lead: Lead) -> str | None:
    """How many mistakes stay within the look-alike group; None if no class has a look-alike."""
    study, random = lead.study, within_group_by_chance(lead.study)
    known = {name: within_group_share(study.measurements.look_alikes["variants"][name]) for name in lead.variants}
    parts = [f"{share_text(one)} of the mistakes of {lead.names[name]}" for name, one in known.items() if one]
    if not random or not parts:
        return None
    return f"{' and '.join(parts)} stay within a group of look-alikes; random mistakes would in {100 * random:.0f} %."


def lead_photographs_sentence(lead: Lead) -> str | None:
    """Accuracy on photographs; None of a study without photographs."""
    photos = lead.study.measurements.photos
    if not photos:
        return None
    recipe = lead.study.recipe
    right = {lead.names[name]: share_text(photo_accuracy(photos, name, recipe)) for name in lead.variants}
    return f"on {photos['labelled']} photographs, prepared by the recipe `{recipe}`, {accuracy_clause(right)}."


def photo_accuracy(photos: Json, name: str, recipe: str) -> Json:
    """A variant's accuracy on all photographs of a class, by a recipe."""
    return photos["figures"][name][recipe]["all"]["accuracy"]


def maps_sentence(lead: Lead) -> str | None:
    """Whether the maps that are shown explain more than a spot in the middle; None if none was made."""
    explained = {name: one for name, one in lead.study.measurements.explanations.items() if name in lead.variants}
    parts: list[str] = []
    for name, one in explained.items():
        methods = one["faithfulness"]["methods"]
        gain, centre = (methods[key]["gain"] for key in (one["shown"], "centre"))
        over = methods[one["shown"]]["over_centre"]
        better = "better than" if over["low"] > 0 else "less well than" if over["high"] < 0 else "no better than"
        unit = "" if parts else "gain in faithfulness "
        both = f"{unit}{gain['value']:z.2f} against {centre['value']:z.2f}".replace("-", "−")
        parts.append(f"{lead.names[name]} {better} a spot in the middle does ({both})")
    if not parts:
        return None
    method = next(iter(explained.values()))["shown"]
    return f"maps by {method} explain {' and '.join(parts)}."


def open_claims_sentence(judged: Sequence[Judged]) -> str | None:
    """The number of claims without a verdict; None without claims."""
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


def lead_illustration(lead: Lead) -> Illustration | None:
    """Accuracy, share of mistakes within the group and accuracy on photographs, of the lead and of paired variants."""
    study, rows = lead.study, lead_rows(lead)
    table = tabulate("What the figure shows", TABLE, rows)
    alt = "Test accuracy, share of mistakes within the look-alike group, and accuracy on photographs, by variant"
    how = (
        "Filled: the mean over seeds with its 95 % interval over seeds and images; rings: single seeds. "
        f"{seed_deviation_sentence(lead)} The axes begin where the data do."
    )
    picture = summary_figure(rows, study.looks, chance=study.chance, random=within_group_by_chance(study))
    method = "Photographs: all that have a class, by the chosen recipe."
    words = Words(highest_sentence(rows), how, alt, method)
    return study.drawn_figure(picture, "summary", words, [row.variant for row in rows], table)


def highest_sentence(rows: Sequence[Row]) -> str:
    """Which of the variants that the figure shows has the highest accuracy on test images and on photographs."""
    tested = {row.variant: row.accuracy for row in rows if row.accuracy}
    photographed = {row.variant: row.photographs for row in rows if row.photographs}
    best = max(tested, key=lambda name: tested[name]["value"])
    parts = [f"{tenths_text(tested[best])} on test images ({best})"]
    if photographed:
        best = max(photographed, key=lambda name: photographed[name]["value"])
        parts.append(f"{share_text(photographed[best])} on photographs ({best})")
    return f"The highest accuracy is {listed(parts)}."


def seed_deviation_sentence(lead: Lead) -> str:
    deviations = {row.variant: row.accuracy_sd for row in lead.study.standings}
    known = {name: deviation for name in lead.variants if (deviation := deviations[name]) is not None}
    if not known:
        return "Each variant was trained once."
    parts = [f"{100 * deviation:.1f} points ({name})" for name, deviation in known.items()]
    return f"From seed to seed the accuracy varies with a standard deviation of {' and '.join(parts)}."


def lead_rows(lead: Lead) -> list[Row]:
    """The lead's variants first, then others that its study pairs with them or among themselves."""
    study, photos = lead.study, lead.study.measurements.photos
    others = (name for pair in study.pairs for name in pair if name in study.learnt)
    accuracy = {row.variant: accuracy_estimate(row) for row in study.standings}
    return [
        Row(
            variant=name,
            accuracy=accuracy[name],
            seeds=tuple(seed["accuracy"] for seed in study.details[name]["seeds"]),
            within=within_group_share(study.measurements.look_alikes["variants"][name]),
            photographs=photo_accuracy(photos, name, study.recipe) if photos else None,
        )
        for name in [*dict.fromkeys([*lead.variants, *others])][:MOST_ROWS]
    ]
