"""`params.yaml` as frozen, validated objects.

Every stage validates the whole file before it works. The classes here refuse or pass values on and give none of their
own that would change a result, so that the stages do not depend on this package: DVC itself tracks the values.
"""

from lookalike.params.datasets import DatasetParams, Photos, Recipe, Split
from lookalike.params.file import Params, Study
from lookalike.params.loading import load_params, parse_params, with_profile
from lookalike.params.profiles import Budget, DataProfile, ExplainSample, PhotoProfile, Profile, Sample
from lookalike.params.training import AugmentationParams, Search, Smoothing, Training, Variant

__all__ = [
    "AugmentationParams",
    "Budget",
    "DataProfile",
    "DatasetParams",
    "ExplainSample",
    "Params",
    "PhotoProfile",
    "Photos",
    "Profile",
    "Recipe",
    "Sample",
    "Search",
    "Smoothing",
    "Split",
    "Study",
    "Training",
    "Variant",
    "load_params",
    "parse_params",
    "with_profile",
]
