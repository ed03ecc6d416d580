"""One's own variants beside the runs that are kept."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from small_study import CNN, FEW, SmallStudy

from lookalike.artifacts.folders import read_json, replacing_folder
from lookalike.artifacts.test_sets import save_test_set
from lookalike.errors import InputError
from lookalike.params import Params
from lookalike.reporting.comparison import compare_study
from lookalike.results.compare_with import with_published

Add = Callable[[str], Path]
THEIRS = f"published-{FEW}"


def asking(params: Params) -> Params:
    """The same, with runs beside one variant of one's own."""
    profile = params.active.model_copy(update={"compare_with": "results"})
    return params.model_copy(update={"profiles": {params.profile: profile}}).only([CNN])


def test_nothing_is_added_unless_the_profile_asks_for_it(added: Add, root: Path, params: Params) -> None:
    added(FEW)
    with with_published(params, root) as (shown, where):
        assert (shown, where) == (params, root)


def test_published_runs_are_compared_with_one_s_own(added: Add, root: Path, params: Params) -> None:
    added(FEW)
    with with_published(asking(params), root) as (shown, where):
        assert list(shown.variants) == [CNN, THEIRS]
        assert shown.studies["fashion"].pairs == ((CNN, THEIRS),)
        assert shown.budget(THEIRS) == params.budget(FEW)
        compare_study(shown, "fashion", where, root / "found")
    assert list(read_json(root / "found/metrics.json")) == [CNN, THEIRS]
    (pair,) = read_json(root / "found/look_alikes.json")["pairs"]
    assert (pair["first"], pair["second"]) == (CNN, THEIRS)


def test_runs_that_were_tested_on_other_images_are_refused(
    added: Add, root: Path, params: Params, study: SmallStudy
) -> None:
    added(FEW)
    with replacing_folder(root / "test_sets/fashion") as part:
        save_test_set(part, replace(study.test_set, digest="others"))
    with (
        pytest.raises(InputError, match="the study fashion has other images here"),
        with_published(asking(params), root),
    ):
        pass
