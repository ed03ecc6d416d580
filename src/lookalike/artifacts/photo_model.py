"""What is released of the model for photographs: what its head was fitted to, and its measured accuracy."""

from dataclasses import dataclass
from pathlib import Path

from lookalike.artifacts.typed_json import read_typed

FOLDER = Path("released", "photographs")
ABOUT, WEIGHTS = "model.json", "head.safetensors"


@dataclass(frozen=True)
class PartAccuracy:
    """The share of some photographs that is answered rightly, with its 95 % interval; in [0, 1]."""

    photographs: int
    accuracy: float
    low: float
    high: float


@dataclass(frozen=True)
class Gain:
    """A mean over photographs, or a difference of two, with its 95 % interval; -1 to 1."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ablation:
    """The accuracy of heads for some views, or for all four with a step more.

    Attributes:
        views: which, and the step.
        accuracy: in [0, 1], the mean over the splits.
        by_split: each split's.
        difference: `accuracy` minus that of all four views, on the same photographs; the interval resamples senders.
    """

    views: str
    accuracy: float
    by_split: tuple[float, ...]
    difference: Gain


@dataclass(frozen=True)
class Measured:
    """How accurate heads are on photographs of senders that they were not fitted to; intervals resample senders.

    Attributes:
        all: over all splits.
        by_split: of each random division of the senders, in [0, 1].
        folds: parts of a division; the regularisation is chosen inside the others.
        classes: by name.
        attributes: by what is known of a photograph and its value, such as "background" and "plain".
        ablation: the same with fewer views, and with steps that the model does without.
    """

    senders: int
    all: PartAccuracy
    by_split: tuple[float, ...]
    folds: int
    classes: dict[str, PartAccuracy]
    attributes: dict[str, dict[str, PartAccuracy]]
    ablation: tuple[Ablation, ...]


@dataclass(frozen=True)
class MapFaithfulness:
    """How faithful maps of the predicted class are, by deletion and insertion in whole photographs.

    See `explain.faithfulness`. Intervals resample senders.

    Attributes:
        photographs: one per sender.
        gain: by the method, and by control: "random" and "centre".
        over_random, over_centre: the method's gain minus that of each control on the same photographs.
    """

    photographs: int
    gain: dict[str, Gain]
    over_random: Gain
    over_centre: Gain


@dataclass(frozen=True)
class About:
    """`model.json`: what the head was fitted to, and how it was measured.

    Attributes:
        classes: in the order of the head's outputs; classes without labelled photographs are missing.
        c: inverse strength of the L2 penalty of the logistic regression.
        far: distance to the nearest photographs of other senders that 95 % of the labelled ones stay below.
        backbone_sha256: of the published file of weights.
        measured: its accuracy.
        faithfulness: of its maps; None means that it was not measured, and that no map is shown.
    """

    classes: tuple[str, ...]
    c: float
    far: float
    backbone_sha256: str
    measured: Measured
    faithfulness: MapFaithfulness | None


def load_about(folder: Path = FOLDER) -> About:
    """What is known of the model in a folder.

    Raises:
        InputError: the file is missing or damaged.
    """
    return read_typed(folder / ABOUT, About)
