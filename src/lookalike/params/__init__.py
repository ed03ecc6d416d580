"""`params.yaml` as frozen, validated objects.

Every stage validates the whole file before it works. The classes here check values and never supply one that would
change a result. So DVC, which tracks the values in the file, sees everything that a result depends on.

From the file to the objects:
    `loading` calls the others. `document` reads the text and refuses YAML that can be read in two ways.
    `messages` turns pydantic's first error into one line. `references` checks names that refer to other keys, and
    `arguments` the `model_args` against the source of the architecture.

The sections of the file:
    `sections` has the base class and the types that all share. `file` is the whole file with its studies, `datasets`
    the data sets and photographs, `profiles` the profiles and budgets, `training` the variants.
"""

from lookalike.params.datasets import DatasetParams, Photos, Recipe, Split
from lookalike.params.file import Params, Study
from lookalike.params.loading import load_params, parse_params, with_profile
from lookalike.params.profiles import Budget, DataProfile, ExplainSample, PhotoProfile, Profile, Sample
from lookalike.params.training import AugmentationParams, Search, Smoothing, TrainingParams, Variant

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
    "TrainingParams",
    "Variant",
    "load_params",
    "parse_params",
    "with_profile",
]
