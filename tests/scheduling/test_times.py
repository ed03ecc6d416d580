"""Times of stages, and what follows from them for the rest of a run."""

import itertools
from pathlib import Path

import networkx
import numpy as np
import pytest

from lookalike.scheduling.graph import Stage
from lookalike.scheduling.times import FILE, chains, expected_seconds, load_times, save_times, seconds_left


def stages(needs: dict[str, tuple[str, ...]]) -> list[Stage]:
    return [Stage(name, needed, stale=True) for name, needed in needs.items()]


DIAMOND = stages({"top": (), "left": ("top",), "right": ("top",), "bottom": ("left", "right")})
SECONDS = {"top": 1.0, "left": 10.0, "right": 2.0, "bottom": 3.0}


def test_what_is_written_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_times() == {}
    save_times({"train@b": 1.26, "train@a": 2})
    assert load_times() == {"train@a": 2, "train@b": 1.3}


@pytest.mark.parametrize("content", ["", "[", "[1]", '{"a": "long"}'])
def test_a_damaged_file_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.chdir(tmp_path)
    FILE.parent.mkdir(parents=True)
    FILE.write_text(content)
    assert load_times() == {}


def test_a_stage_takes_as_long_as_last_time_else_as_its_kind() -> None:
    times = {"train@a": 1.0, "train@b": 3.0, "check": 9.0}
    wanted = stages({"train@a": (), "train@new": (), "report": ()})
    assert expected_seconds(wanted, times) == {"train@a": 1.0, "train@new": 2.0, "report": 0.0}


def test_the_longest_chain_from_each_stage() -> None:
    assert chains(DIAMOND, SECONDS) == {"top": 14.0, "left": 13.0, "right": 5.0, "bottom": 3.0}


def test_chains_are_those_of_networkx() -> None:
    rng = np.random.default_rng(0)
    names = [f"s{number}" for number in range(12)]
    needs = {name: tuple(one for one in names[:at] if rng.random() < 0.3) for at, name in enumerate(names)}
    seconds = {name: float(rng.integers(1, 20)) for name in names}
    graph = networkx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from((one, name) for name, needed in needs.items() for one in needed)

    def longest(name: str) -> float:
        paths = (path for end in names for path in networkx.all_simple_paths(graph, name, end))
        return max(itertools.chain([seconds[name]], (sum(seconds[one] for one in path) for path in paths)))

    assert chains(stages(needs), seconds) == {name: longest(name) for name in names}


@pytest.mark.parametrize(
    ("running", "done", "at_once", "left"),
    [
        ({}, set(), 1, 16.0),  # all of it
        ({}, set(), 2, 14.0),  # its longest chain
        ({"left": 4.0, "right": 0.0}, {"top"}, 2, 9.0),
        ({"left": 99.0}, {"top", "right"}, 2, 3.0),  # longer than expected
        ({}, {"top", "left", "right", "bottom"}, 2, 0.0),
    ],
)
def test_the_rest_takes_its_longest_chain_or_its_share(
    running: dict[str, float], done: set[str], at_once: int, left: float
) -> None:
    assert seconds_left(DIAMOND, SECONDS, running, done, at_once) == pytest.approx(left)
