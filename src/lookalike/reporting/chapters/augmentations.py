"""Training images next to random changes of them."""

from dataclasses import dataclass

from lookalike.params import Variant
from lookalike.reporting.chapters.found import Found
from lookalike.reporting.chapters.sentences import listed
from lookalike.reporting.document import Column, Fold, Illustration, Json, Table, Words, tabulate, text

SETTINGS = (Column("change", "kind", text), Column("setting", "key", text), Column("value", "value", text))
HOW = "At the left a training image of each of some classes, next to it six draws of its augmentation."
ALT = "Training images next to six random changes of each"


@dataclass(frozen=True)
class Augmented:
    """Variants that are trained with the same augmentation, and its settings."""

    variants: tuple[str, ...]
    settings: Json

    @property
    def finding(self) -> str:
        """What is changed in their training images."""
        count = f"{len(self.variants)} variants are" if len(self.variants) > 1 else f"{self.variants[0]} is"
        kinds = [kind.replace("_", " ") for kind in self.settings]
        ways = f"{len(kinds)} way{'s' * (len(kinds) > 1)}"
        return f"{count} trained on images that are changed at random in {ways}: {listed(kinds)}."

    @property
    def table(self) -> Table:
        """The settings, one per row."""
        parts = {kind: part if isinstance(part, dict) else {kind: part} for kind, part in self.settings.items()}
        rows = [{"kind": kind, "key": key, "value": one} for kind, part in parts.items() for key, one in part.items()]
        return tabulate("Augmentation", SETTINGS, rows)


def augmentations(found: Found) -> Fold | None:
    """What augmentations do to images; None if no variant has one."""
    drawn = [picture for one in different(found) if (picture := shown(found, one))]
    return Fold("What augmentations do to images", tuple(drawn)) if drawn else None


def different(found: Found) -> list[Augmented]:
    """Every augmentation of the study."""
    settings = {name: settings_of(variant) for name, variant in found.settings.items()}
    kinds = {repr(one): one for one in settings.values() if one}
    return [Augmented(tuple(name for name in settings if settings[name] == one), one) for one in kinds.values()]


def settings_of(variant: Variant) -> Json:
    """The settings of a variant's augmentation, without what is left out."""
    settings = variant.train.augmentation
    return settings.model_dump(exclude_none=True) if settings else {}


def shown(found: Found, one: Augmented) -> Illustration | None:
    """An augmentation's examples, which were drawn for the first variant that has them."""
    words = Words(one.finding, HOW, ALT, f"Trained with it: {', '.join(one.variants)}.")
    first, folder = one.variants[0], found.root / "comparisons" / found.study / "figures"
    return found.loaded(
        folder / first / "augmentation.webp", f"{first}-augmentation", words, "compare", one.variants, one.table
    )
