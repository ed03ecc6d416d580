"""What to expect of the released models on your own photo, and how to take a better one."""

from lookalike.artifacts.photo_model import ABOUT, FOLDER, load_about
from lookalike.photographs.accuracy import BEST
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Illustration, Prose, Section, Table, Words, section
from lookalike.reporting.figures.parts import quarters
from lookalike.reporting.figures.rendering import stored_chart
from lookalike.reporting.forms import count, shares, text
from lookalike.reporting.photo_accuracy import (
    ADVICE_ALT,
    OF,
    PhotoAccuracies,
    PhotoAccuracy,
    advice_webp,
    photo_model_rows,
    variant_rows,
)
from lookalike.reporting.tables import Column, tabulate

MODEL = (
    "`lookalike try` and `lookalike serve` ask the focus variants and a photograph model, which is not one of the "
    "studies': a linear layer on features of EfficientNet-Lite0, fitted to these photographs. Its accuracy is that of "
    "layers fitted to the photographs of other senders."
)


def own_photos_section(study: StudyResults) -> Section | None:
    """Accuracy by class, ground and number of items; None where the photograph model is not shown."""
    rows = expected_accuracies(study)
    if not rows:
        return None
    found = PhotoAccuracies(rows)
    table, picture = accuracy_table(found, "class"), advice_illustration(study, found)
    return section(f"{study.name}-own-photos", "Your own photo", Prose(MODEL), table, picture)


def expected_accuracies(study: StudyResults) -> list[PhotoAccuracy]:
    """How often the models that answer about own photos are right; empty where the photograph model is not shown."""
    folder, photos = study.root / FOLDER, study.measurements.photos
    if not photos or not (folder / ABOUT).is_file():  # a demonstration's root has no photograph model
        return []
    measured = {name: photos["figures"][name] for name in study.focus_variants if name in photos["figures"]}
    by_variant = [row for name, one in measured.items() for row in variant_rows(name, BEST, one[BEST])]
    return [*photo_model_rows(load_about(folder).measured), *by_variant]


def advice_illustration(study: StudyResults, found: PhotoAccuracies) -> Illustration:
    """Drawn photographs that the recipe can use well and less well, with all accuracies as tables."""
    words = Words(
        finding=ground_sentence(found),
        how="Two photographs per row, the better one first, each with what the CNN and the ViT see of it. The "
        "mask of the second dress includes a plank; the mask of the pair joins both shoes.",
        alt=ADVICE_ALT,
        method=f"Photographs drawn by this project, prepared by the recipe {BEST}. Intervals resample senders; of "
        "fewer than 100 photographs they are Wilson's.",
    )
    tables = tuple(accuracy_table(found, of) for of in OF if of != "class")
    picture = stored_chart(advice_webp(), cut=quarters)
    return Illustration(f"{study.name}-advice", picture, words, "published", numbers=tables)


def ground_sentence(found: PhotoAccuracies) -> str:
    """How often each model is right on plain ground and among other things."""
    said = []
    for name in found.models:
        known = {row.value: row for row in found.rows if row.model == name and row.of == "background"}
        if {"plain", "cluttered"} <= known.keys():
            said.append(f"{name} {interval(known['plain'])} and {interval(known['cluttered'])}")
    return f"Accuracy on plain and on cluttered ground: {'; '.join(said)}." if said else "No ground is known."


def interval(row: PhotoAccuracy) -> str:
    """An accuracy in percent with its interval."""
    return f"{100 * row.accuracy:.0f} % ({100 * row.low:.0f} to {100 * row.high:.0f})"


def accuracy_table(found: PhotoAccuracies, of: str) -> Table:
    """The models side by side, a row per class or other value."""
    names = found.models
    columns = (
        Column(OF[of], "value", text),
        Column("photographs", "photographs", count),
        *(Column(f"{name}, %", name, shares, "high") for name in names),
    )
    table = [
        {"value": one.value, "photographs": one.photographs}
        | {
            name: row and {"value": row.accuracy, "low": row.low, "high": row.high}
            for name, row in zip(names, one.by_model, strict=True)
        }
        for one in found.compared(of)
    ]
    return tabulate(f"Right on photographs, by {OF[of]}", columns, table)
