"""What a run shows: a table of the stages that run, or, where the output is no terminal, a line per stage."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from lookalike.long_runs import duration
from lookalike.scheduling.attempt import Done, StageFailedError
from lookalike.scheduling.graph import Stage
from lookalike.scheduling.times import seconds_left


@dataclass
class State:
    """How far a run is.

    Attributes:
        stages: to be run, each after those that it needs.
        seconds: that each is expected to take; 0 means that nothing is known.
        at_once: number of stages that the workers can run at a time; 0 before there is a worker.
        running: when each began, by `time.monotonic`, and on which machine.
        done, failed: the stages that have ended.
        blocked: names of those that need one that has failed.
    """

    stages: Sequence[Stage]
    seconds: Mapping[str, float]
    at_once: int = 0
    running: dict[str, tuple[float, str]] = field(default_factory=dict)
    done: dict[str, Done] = field(default_factory=dict)
    failed: dict[str, StageFailedError] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)

    def headline(self) -> str:
        """How many stages are done, and about how long the rest takes."""
        parts = [f"{len(self.done)} of {len(self.stages)} stages done"]
        parts += [f"{len(self.failed)} failed"] if self.failed else []
        parts += [f"{len(self.blocked)} cannot run"] if self.blocked else []
        if not self.at_once:
            return ", ".join([*parts, "waiting for a worker"])
        ended = {*self.done, *self.failed, *self.blocked}
        running = {name: time.monotonic() - started for name, (started, _) in self.running.items()}
        left = seconds_left(self.stages, self.seconds, running, ended, self.at_once)
        if len(ended) < len(self.stages) and left > 0:
            parts.append(f"about {duration(left)} left")
        return ", ".join(parts)

    def __rich__(self) -> RenderableType:
        table = Table(box=None, pad_edge=False)
        for name in ("stage", "machine"):
            table.add_column(name, no_wrap=True)
        table.add_column("runs for", justify="right")
        table.add_column("last time", justify="right")
        for name, (started, host) in sorted(self.running.items(), key=lambda one: one[1]):
            last = self.seconds[name]
            table.add_row(name, host, duration(time.monotonic() - started), duration(last) if last else "?")
        return Group(Text(self.headline()), table) if self.running else Text(self.headline())


@contextmanager
def shown(state: State, console: Console) -> Iterator[None]:
    """Show `state` on a terminal within the block."""
    if not console.is_terminal:
        yield
        return
    with Live(state, console=console, refresh_per_second=2, transient=True):
        yield


def done_line(state: State, done: Done) -> str:
    """What is said of a stage that has ended well."""
    took = duration(done.seconds) if done.ran else "has not changed"
    return f"{done.name}: {took} ({state.headline()})"


def failed_lines(error: StageFailedError) -> str:
    """What is said of a stage that has failed: the last lines of its log, and where that lies."""
    lines = [f"{error.stage}: failed", *(f"    {line}" for line in error.lines)]
    return "\n".join([*lines, f"    all of it: {error.log}"] if error.log else lines)
