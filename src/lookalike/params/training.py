"""How a variant is trained."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from lookalike.params.sections import (
    Count,
    Distinct,
    Name,
    Place,
    Range,
    Rate,
    Rising,
    Several,
    Share,
    StrictModel,
    Text,
)

Fraction = Annotated[float, Field(gt=0, lt=1)]
Groups = dict[Name, Annotated[Several[Text], Field(min_length=1, max_length=1000)]]


class Smoothing(StrictModel):
    """Label smoothing within and between groups of look-alike classes; see `training.smoothing.soft_targets`."""

    groups: Groups
    look_alikes: float = Field(ge=0, lt=1)
    others: float = Field(ge=0, lt=1)

    @model_validator(mode="after")
    def the_class_keeps_most(self) -> Self:
        """Refuse shares by which a class would get less than its look-alikes: it could not be learned."""
        if self.look_alikes + self.others >= 0.5:
            raise ValueError(f"look_alikes + others must stay below 0.5, got {self.look_alikes + self.others:g}")
        return self


class PairsParams(StrictModel):
    """Classes of which a share is shown as a pair from above."""

    classes: Annotated[Several[Text], Distinct] = Field(min_length=1, max_length=1000)
    share: Share


class PlacingParams(StrictModel):
    """How far an image is turned, scaled, sheared and shifted, and whether it is flipped; None means not at all."""

    turn: float | None = Field(default=None, ge=0, le=180)
    scale: Range | None = None
    shear: float | None = Field(default=None, ge=0, le=1)
    shift: float | None = Field(default=None, ge=0, le=1)
    mirror: bool | None = None
    vertical_flip: bool | None = None


class TonesParams(StrictModel):
    """How far a garment's tones are changed."""

    gamma: Range
    gain: Range
    lift: float = Field(ge=0, le=1)
    noise: float = Field(ge=0, le=1)


class ColoursParams(StrictModel):
    """How far brightness, contrast, saturation and hue (in degrees) are changed; None means not at all."""

    brightness: Share | None = None
    contrast: Share | None = None
    saturation: Share | None = None
    hue: float | None = Field(default=None, gt=0, le=180)


class AugmentationParams(StrictModel):
    """Random changes of the training images; see `data.augmentation`."""

    pairs: PairsParams | None = None
    placing: PlacingParams | None = None
    bend: Share | None = None
    crop: int | None = Field(default=None, ge=1, le=64)
    colours: ColoursParams | None = None
    lighting: Share | None = None
    tones: TonesParams | None = None


class Search(StrictModel):
    """Search for the learning rate with the least training error after `epochs` epochs."""

    rates: Annotated[Several[Rate], Rising] = Field(min_length=2, max_length=20)
    epochs: Count


class WeightsParams(StrictModel):
    """Published weights: the file that has them (None means the mirror's, else the publisher's), and its SHA-256.

    With the checksum here DVC notices other weights, and a run refuses a file that has been replaced.
    """

    file: Place | None = None
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class TrainingParams(StrictModel):
    """A variant's own training settings; see `training.optimisation.Optimisation` for optimisers and schedules.

    Attributes:
        search: finds the learning rate, in place of `lr`.
        lr_drops: fractions of the planned epochs at which the schedule `step` lowers the rate.
        warmup_epochs: length of the warm-up; a capped run warms up for the same fraction of its epochs.
        fraction: share of the training and of the validation images that the run sees; None means all.
        contrastive_margin: of the loss in `training.contrast`, which is added; None means that it is not.
        keep_epochs: epochs, counted from 1, after which the first seed's weights are kept for pictures of its
            activations.
        stop_at_error: a run ends with the epoch whose training error, the share of wrong predictions, is at most this.
        pretrained: whether the run begins with published weights; None means random ones.
        weights: the published weights; None means the mirror's, else the publisher's, without a check of their sum.
        layers: which layers are trained: all (None means the same), or the head alone (a linear probe).
        sync_batch_norm: whether batch normalisation uses the statistics of the whole batch where several processes
            share it; None means true, and false those of each process's own part.
    """

    epochs: Count
    batch_size: int = Field(ge=1, le=65_536)
    optimizer: Literal["adam", "torch_adam", "sgd"]
    lr: Rate | None = None
    search: Search | None = None
    schedule: Literal["constant", "step", "alternating", "cosine"]
    warmup_epochs: float | None = Field(default=None, gt=0, le=10_000)
    momentum: float | None = Field(default=None, ge=0, lt=1)
    lr_drops: Annotated[Several[Fraction], Field(min_length=1, max_length=100), Rising] | None = None
    lr_factor: Fraction | None = None
    lr_other: Rate | None = None
    l2: Share | None = None
    weight_decay: Share | None = None
    fraction: Share | None = None
    smoothing: Smoothing | None = None
    augmentation: AugmentationParams | None = None
    contrastive_margin: float | None = Field(default=None, ge=-1, lt=1)
    keep_epochs: Annotated[Several[Count], Field(min_length=1, max_length=100), Rising] | None = None
    stop_at_error: Fraction | None = None
    pretrained: bool | None = None
    weights: WeightsParams | None = None
    layers: Literal["all", "head"] | None = None
    sync_batch_norm: bool | None = None

    @model_validator(mode="after")
    def settings_fit_together(self) -> Self:
        """Refuse settings that no run would use, or that a schedule, an optimiser or a learning rate lacks.

        The weights after the last epoch are kept anyway, so `keep_epochs` must not name it.
        """
        if self.warmup_epochs is not None and self.warmup_epochs >= self.epochs:
            raise ValueError(f"warmup_epochs must be less than epochs, {self.epochs}")
        if self.keep_epochs and self.keep_epochs[-1] >= self.epochs:
            raise ValueError(f"keep_epochs takes epochs before the last, {self.epochs}")
        if (self.lr is None) == (self.search is None):
            raise ValueError("needs either lr or search")
        if self.weights is not None and not self.pretrained:
            raise ValueError("weights needs pretrained: true")
        wanted = {"step": {"lr_drops", "lr_factor"}, "alternating": {"lr_other"}}.get(self.schedule, set())
        wanted |= {"momentum"} if self.optimizer == "sgd" else set()
        given = {name for name in ("momentum", "lr_drops", "lr_factor", "lr_other") if getattr(self, name) is not None}
        if given != wanted:
            needs = ", ".join(sorted(wanted)) or "none of momentum, lr_drops, lr_factor, lr_other"
            raise ValueError(f"{self.optimizer} with schedule {self.schedule} takes {needs}")
        return self


class Variant(StrictModel):
    """A variant: its study and data set, architecture with arguments, the budget that profiles grant it, training.

    `model_args` are the architecture's own (see `params.arguments`); None means that its defaults hold.
    """

    study: Name
    dataset: Name
    model: Name
    model_args: dict[str, Any] | None = None
    budget: Name
    train: TrainingParams
