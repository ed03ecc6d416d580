"""`params.yaml` as a whole."""

from collections.abc import Collection
from typing import Annotated, Literal, Self

from pydantic import Field

from lookalike.errors import InputError
from lookalike.params.datasets import DatasetParams, Photos
from lookalike.params.profiles import Budget, Profile, Sample
from lookalike.params.sections import Distinct, Name, Pair, Several, StrictModel, Text
from lookalike.params.training import Groups, Variant

Covariance = Literal["full", "tied", "diag", "spherical"]
Components = Annotated[int, Field(ge=1, le=1000)]


class CostsParams(StrictModel):
    """The study whose models are counted and timed."""

    study: Name


class EmbeddingParams(StrictModel):
    """How features are projected and clustered; see `embedding.embed_variant.Settings`."""

    perplexity: float = Field(gt=1, le=1000)
    tsne_dims: int = Field(ge=2, le=1000)
    mixture_dims: int = Field(ge=1, le=1000)
    components: Annotated[Several[Components], Distinct] = Field(min_length=1, max_length=100)
    covariances: Annotated[Several[Covariance], Distinct] = Field(min_length=1, max_length=4)
    starts: int = Field(ge=1, le=100)


class Study(StrictModel):
    """A study: its title, and the data set that its variants are trained and evaluated on.

    Attributes:
        outside: the data set whose images are of none of the classes, for models to refuse; `data` itself means none.
        pairs: variants that are compared with each other on the same images.
        focus: variants that are analysed in more detail: the report shows their predictions image by image, and they
            are tested on photographs with preparation steps left out and on corrupted images.
        corrupt: whether every variant is tested on noise and distortions, and on images that keep one cue alone.
        ten_views: variants, trained on crops, that are also tested on ten views of each image.
    """

    title: Text
    data: Name
    outside: Name
    pairs: Several[Pair[Name]]
    focus: Several[Name]
    corrupt: bool
    ten_views: Several[Name]

    def only(self, names: Collection[Name]) -> Self:
        """The study with these variants alone."""
        pairs = tuple(pair for pair in self.pairs if {*pair} <= {*names})
        focus, views = (tuple(one for one in listed if one in names) for listed in (self.focus, self.ten_views))
        return self.model_copy(update={"pairs": pairs, "focus": focus, "ten_views": views})


class Params(StrictModel):
    """The whole file.

    Attributes:
        photos: None, written as `photos: null`, means that nobody is shown photographs.
        groups: for a data set, the groups of classes that look alike.
    """

    profile: Name
    profiles: dict[Name, Profile]
    datasets: dict[Name, DatasetParams]
    photos: Photos | None
    costs: CostsParams
    embedding: EmbeddingParams
    groups: dict[Name, Groups]
    studies: dict[Name, Study]
    variants: dict[Name, Variant]

    @property
    def active(self) -> Profile:
        """The profile that `profile` names."""
        return self.profiles[self.profile]

    def require(self, section: Literal["datasets", "profiles", "studies", "variants"], name: str) -> None:
        """Refuse a name that is not in a section.

        Raises:
            InputError: the message lists those that are.
        """
        if name not in (known := getattr(self, section)):
            raise InputError(f"params.yaml: {section}: no {name!r}; allowed: {', '.join(known)}")

    def only(self, names: Collection[Name]) -> Self:
        """The parameters with these variants alone, without the studies that have none of them."""
        variants = {name: variant for name, variant in self.variants.items() if name in names}
        among = {variant.study for variant in variants.values()}
        studies = {name: study.only(names) for name, study in self.studies.items() if name in among}
        return self.model_copy(update={"variants": variants, "studies": studies})

    def variants_of(self, study: Name) -> dict[Name, Variant]:
        """The variants of one study, in the file's order."""
        return {name: variant for name, variant in self.variants.items() if variant.study == study}

    def sampled(self, study: Name, sample: Sample) -> tuple[Name, ...]:
        """The variants of a study that `sample` selects."""
        return self.studies[study].focus if sample.variants == "focus" else tuple(self.variants_of(study))

    def corrupted_per_class(self, study: Name) -> int:
        """The number of test images of each class that are corrupted for a study."""
        return self.active.evaluate.corrupted_per_class if self.studies[study].corrupt else 0

    def photographed(self, study: Name) -> bool:
        """Whether a study's models know the classes that the photographs are of."""
        return self.photos is not None and self.studies[study].data == self.photos.dataset

    def class_order(self, dataset: Name) -> list[int]:
        """The labels of a data set's classes, group by group of those that look alike."""
        classes = self.datasets[dataset].classes
        return [classes.index(name) for group in self.groups[dataset].values() for name in group]

    def budget(self, variant: Name) -> Budget:
        """The budget of `variant` in the active profile."""
        return self.active.train[self.variants[variant].budget]
