"""Training images next to random changes of them."""

from dataclasses import dataclass

from lookalike.reporting.chapters.sentences import listed
from lookalike.reporting.chapters.study_results import StudyResults
from lookalike.reporting.document import Fold, Illustration, Json, Table, Words, fold
from lookalike.reporting.forms import text
from lookalike.reporting.tables import Column, tabulate

SETTINGS = (Column("change", "kind", text), Column("setting", "key", text), Column("value", "value", text))
HOW = "At the left a training image of each of some classes, next to it six draws of its augmentation."
ALT = "Training images next to six random changes of each"


@dataclass(frozen=True)
class SharedAugmentation:
    """Variants that are trained with the same augmentation, and its settings."""

    variants: tuple[str, ...]
    settings: Json

    @property
    def finding(self) -> str:
        """The changes of their training images."""
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


def augmentations_fold(study: StudyResults) -> Fold | None:
    """Examples of each augmentation of the study's training images; None if no variant has one."""
    pictures = (augmentation_examples(study, one) for one in shared_augmentations(study))
    return fold("What augmentations do to images", *pictures)


def shared_augmentations(study: StudyResults) -> list[SharedAugmentation]:
    """Every augmentation of the study with the variants that have it; settings that are left out are no part of it."""
    settings = {
        name: augmentation.model_dump(exclude_none=True)
        for name, variant in study.settings.items()
        if (augmentation := variant.train.augmentation)
    }
    different = [one for k, one in enumerate(settings.values()) if one and one not in [*settings.values()][:k]]
    return [SharedAugmentation(tuple(name for name in settings if settings[name] == one), one) for one in different]


def augmentation_examples(study: StudyResults, one: SharedAugmentation) -> Illustration | None:
    """An augmentation's examples, which were drawn for the first variant that has it."""
    words = Words(one.finding, HOW, ALT, f"Trained with it: {', '.join(one.variants)}.")
    return study.stored_chart(f"figures/{one.variants[0]}/augmentation", words, one.variants, one.table)
