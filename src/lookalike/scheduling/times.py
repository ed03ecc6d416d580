"""How long each stage took when it ran last, and how long a run will take from that."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from lookalike.artifacts.folders import read_json, write_text
from lookalike.long_runs import duration
from lookalike.scheduling.graph import Stage, read_stages, to_run

FILE = Path(".dvc", "tmp", "run", "seconds.json")


def load_times() -> dict[str, float]:
    """Seconds by stage; empty before the first run, and if the file is damaged."""
    try:
        times = read_json(FILE)
    except (OSError, ValueError):
        return {}
    right = isinstance(times, dict) and all(isinstance(seconds, int | float) for seconds in times.values())
    return times if right else {}


def save_times(times: Mapping[str, float]) -> None:
    """Write `times`, which a later run plans with."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    write_text(FILE, json.dumps({name: round(times[name], 1) for name in sorted(times)}, indent=0))


def expected_seconds(stages: Sequence[Stage], times: Mapping[str, float]) -> dict[str, float]:
    """What each stage will take: as long as last time, else the mean of its kind (`train` of `train@...`), else 0."""
    kinds: dict[str, list[float]] = {}
    for name, seconds in times.items():
        kinds.setdefault(kind(name), []).append(seconds)
    means = {of: sum(seconds) / len(seconds) for of, seconds in kinds.items()}
    return {stage.name: times.get(stage.name, means.get(kind(stage.name), 0.0)) for stage in stages}


def kind(name: str) -> str:
    return name.partition("@")[0]


def chains(stages: Sequence[Stage], seconds: Mapping[str, float]) -> dict[str, float]:
    """The length in seconds of the longest chain of stages that begins with each one.

    The stage at the head of the longest chain is run first (Graham, "Bounds on multiprocessing timing anomalies",
    SIAM J. Appl. Math. 17, 1969: list scheduling by the critical path).

    Args:
        stages: each after those that it needs.
        seconds: by stage.
    """
    lengths = {stage.name: seconds[stage.name] for stage in stages}
    behind: dict[str, list[str]] = {}
    for stage in stages:
        for needed in stage.needs:
            behind.setdefault(needed, []).append(stage.name)
    for stage in reversed(stages):
        lengths[stage.name] += max((lengths[name] for name in behind.get(stage.name, ())), default=0.0)
    return lengths


def seconds_left(
    stages: Sequence[Stage],
    seconds: Mapping[str, float],
    running: Mapping[str, float],
    done: Collection[str],
    at_once: int,
) -> float:
    """How long the rest of a run takes: the longest chain that is left, or all that is left shared by the workers.

    Args:
        stages: each after those that it needs.
        seconds: that each is expected to take.
        running: seconds that each stage has been running for.
        done: names of the stages that have ended.
        at_once: number of stages that run at the same time.
    """
    rest = {name: max(0.0, seconds[name] - running.get(name, 0.0)) for name in seconds if name not in done}
    open_stages = [stage for stage in stages if stage.name in rest]
    longest = max(chains(open_stages, rest).values(), default=0.0)
    return max(longest, sum(rest.values()) / at_once)


def describe_stale(targets: Sequence[str] = ()) -> list[str]:
    """A line for each stage that would run: why, and how long it took last time."""
    times = load_times()
    lines = []
    for stage in to_run(read_stages(targets)):
        why = "is stale" if stage.stale else "comes after a stale stage"
        last = f"; took {duration(times[stage.name])} last time" if stage.name in times else ""
        lines.append(f"{stage.name}: {why}{last}")
    return lines or ["Everything is up to date."]
