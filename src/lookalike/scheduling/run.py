"""`lookalike run`: the stale stages, each as soon as what it needs is done and a worker is free.

There are no rounds. Of the stages that could begin, the one at the head of the longest chain begins first. Stages are
handed out one by one, because a worker that is given more than it can run would keep them from others.
"""

import queue
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from distributed import Client
from rich.console import Console

from lookalike.artifacts.dvc_lock import rewrite_lock
from lookalike.errors import InputError
from lookalike.forking import forking_server
from lookalike.long_runs import duration
from lookalike.scheduling import attempt, clones
from lookalike.scheduling.attempt import CloneTask, Done, Lock, StageFailedError, Task, run_stage
from lookalike.scheduling.graph import Stage, dvc_repository, read_stages, to_run
from lookalike.scheduling.progress import State, done_line, failed_lines, shown
from lookalike.scheduling.times import chains, expected_seconds, load_times, save_times
from lookalike.scheduling.workers import capacity

TICK_SECONDS = 1.0  # between looks at the workers
UNKNOWN = 1.0  # seconds, for the order of stages that never ran: then the longest chain is that of most stages


class EndedStage(Protocol):
    """A future of Dask or of a thread, whose stage has ended; `result` raises what the stage failed with."""

    def result(self) -> Done: ...


@dataclass
class Clones:
    """A run whose workers are in clones of their own.

    Attributes:
        tree: of the run's code and parameters.
        kept: names of the stages whose outputs a DVC remote can hold.
        lock: what dvc.lock says so far.
    """

    tree: str
    kept: set[str]
    lock: Lock

    def task(self, stage: Stage) -> CloneTask:
        """What a clone must know of a stage."""
        pulled = tuple(name for name in stage.needs if name in self.kept)
        made = tuple(name for name in stage.needs if name not in self.kept)
        lock = {name: self.lock[name] for name in (*stage.needs, stage.name) if name in self.lock}
        return CloneTask(self.tree, pulled, made, lock)


@dataclass
class Scheduler:
    """A run: which stages can begin, which run, and what has become of the others."""

    client: Client
    run: str
    state: State
    say: Callable[[str], None]
    clones: Clones | None = None
    ended: "queue.SimpleQueue[tuple[Stage, EndedStage]]" = field(default_factory=queue.SimpleQueue)
    begun: dict[str, Stage] = field(default_factory=dict)  # and not ended
    same: set[str] = field(default_factory=set)  # stages that have ended with the outputs that were there before
    own: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))  # of stages that stay in this folder

    def work(self) -> None:
        """Run every stage; return when all have ended or cannot begin.

        Raises:
            InputError: a stage takes more than any worker has.
        """
        order = chains(self.state.stages, {name: seconds or UNKNOWN for name, seconds in self.state.seconds.items()})
        waiting = sorted(self.state.stages, key=lambda stage: -order[stage.name])
        while waiting or self.begun:
            waiting = self.begin(self.without_unchanged(waiting))
            try:
                stage, outcome = self.ended.get(timeout=TICK_SECONDS)
            except queue.Empty:
                continue
            self.settle(stage, outcome)
            waiting = self.without_blocked(waiting)

    def begin(self, waiting: Sequence[Stage]) -> list[Stage]:
        """Hand out the stages that can begin now, and return the others."""
        offered = capacity(self.client)
        self.state.at_once = offered.stages
        free = dict(offered.total) | {"stage": offered.stages - len(self.begun)}
        for stage in self.begun.values():
            for name, amount in offered.needed(stage).items():
                free[name] -= amount
        rest = []
        for stage in waiting:
            needed = {"stage": 1} | (offered.needed(stage) if offered.stages else {})
            if not self.is_ready(stage) or any(free[name] < amount for name, amount in needed.items()):
                rest.append(stage)
                continue
            for name, amount in needed.items():
                free[name] -= amount
            self.submit(stage, {name: amount for name, amount in needed.items() if name != "stage"})
        return rest

    def is_ready(self, stage: Stage) -> bool:
        """Whether all that it needs is done, or was before this run."""
        return all(name in self.state.done or name not in self.state.seconds for name in stage.needs)

    def without_unchanged(self, waiting: Sequence[Stage]) -> list[Stage]:
        """The stages without those that were not stale and whose inputs have turned out to be the same.

        In clones these run, because they pass their outputs on.
        """
        for stage in self.state.stages if self.clones is None else ():
            changed = {name for name in stage.needs if name in self.state.seconds} - self.same
            if stage in waiting and not stage.stale and self.is_ready(stage) and not changed:
                self.state.done[stage.name] = Done(stage.name, ran=False, seconds=0)
                self.same.add(stage.name)
        return [stage for stage in waiting if stage.name not in self.state.done]

    def leaves_the_same(self, stage: Stage, done: Done) -> bool:
        """Whether an ended stage has the outputs that were there before; False where no other stage would gain."""
        if not done.ran:
            return True
        if all(one.stale for one in self.state.stages if stage.name in one.needs):
            return False
        outs = clones.read_entries().get(stage.name, {}).get("outs", [])  # no entry: of another dvc.lock
        return {out["path"]: out.get(out.get("hash")) for out in outs} == stage.outputs

    def submit(self, stage: Stage, resources: dict[str, float]) -> None:
        """Hand out a stage to a worker; in a run of clones, one whose outputs no remote holds is run here."""
        self.begun[stage.name] = stage
        clone = self.clones.task(stage) if self.clones else None
        task = Task(stage.name, self.run, int(resources.get("gpu", 0)), clone)
        future: Any
        if clone and not stage.kept:
            self.state.running[stage.name] = (time.monotonic(), "here")
            future = self.own.submit(run_stage, task)
        else:
            future = self.client.submit(
                attempt.run_on_worker, task, key=f"{stage.name}-{self.run}", resources=resources, pure=False
            )
        future.add_done_callback(lambda future: self.ended.put((stage, future)))

    def settle(self, stage: Stage, outcome: EndedStage) -> None:
        """Note what has become of a stage."""
        del self.begun[stage.name]
        self.state.running.pop(stage.name, None)
        try:
            done = outcome.result()
        except StageFailedError as error:
            self.state.failed[stage.name] = error
            self.say(failed_lines(error))
        except Exception as error:  # what Dask says of a stage whose workers died
            lines = " ".join(str(error).split())
            self.state.failed[stage.name] = StageFailedError(stage.name, "", [lines])
            self.say(failed_lines(self.state.failed[stage.name]))
        else:
            self.state.done[stage.name] = done
            if self.leaves_the_same(stage, done):
                self.same.add(stage.name)
            if self.clones:
                self.clones.lock |= done.lock
            self.say(done_line(self.state, done))

    def without_blocked(self, waiting: Sequence[Stage]) -> list[Stage]:
        """The stages that can still run; those behind one that has failed are noted."""
        lost = {*self.state.failed, *self.state.blocked}
        for stage in self.state.stages:
            if not lost.isdisjoint(stage.needs):
                lost.add(stage.name)
        self.state.blocked = lost - self.state.failed.keys()
        return [stage for stage in waiting if stage.name not in lost]

    def note_start(self, event: tuple[float, dict[str, str]]) -> None:
        """Take in a worker's word that a stage has begun."""
        _, said = event
        if said["run"] == self.run and said["stage"] in self.begun:
            self.state.running[said["stage"]] = (time.monotonic(), said["host"])


def run_pipeline(
    targets: Sequence[str], workers: Callable[[], AbstractContextManager[Client]], *, shared: bool, fork: bool = False
) -> bool:
    """Run the stale stages, and say how it went.

    Args:
        targets: as of `read_stages`.
        workers: begins them, or finds them.
        shared: whether the workers are in this folder; else they are asked.
        fork: whether the stages run on this machine, where they can be forks of a process that has imported torch.

    Returns:
        Whether every stage is done.

    Raises:
        InputError: DVC, the workers or their folders do not allow it.
    """
    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    with forking_server() if fork else nullcontext():  # which imports its packages while DVC looks at the stages
        every = read_stages(targets)
        stages = to_run(every)
        if not stages:
            rewrite_lock()  # which a run that was killed has left as JSON
            console.print("Everything is up to date.")
            return True
        state = run_stages(every, stages, workers, console, shared=shared)
    unchanged = sum(not done.ran for done in state.done.values())
    ending = f"; {unchanged} had not changed" if unchanged else ""
    console.print(f"{state.headline()} in {duration(time.monotonic() - began)}{ending}")
    return len(state.done) == len(stages)


def run_stages(
    every: Sequence[Stage],
    stages: Sequence[Stage],
    workers: Callable[[], AbstractContextManager[Client]],
    console: Console,
    *,
    shared: bool,
) -> State:
    """Run `stages`, which are among `every` stage; returns what has become of them."""
    times = load_times()
    state = State(stages, expected_seconds(stages, times))
    with started_run() as run, workers() as client:
        scheduler = Scheduler(client, run, state, console.print)
        try:
            with shown(state, console):
                if not shared and not share_folder(client, run, state):
                    scheduler.clones = prepare_clones(every, stages)
                client.subscribe_topic(attempt.STARTED, scheduler.note_start)
                scheduler.work()
        finally:
            if scheduler.begun:
                client.run(attempt.stop_stages, run)
                attempt.stop_stages(run)
            rewrite_lock()
            save_times(times | {name: done.seconds for name, done in state.done.items() if done.ran})
        if scheduler.clones:
            fetch_outputs(scheduler.clones, [stage for stage in stages if stage.kept and stage.name in state.done])
    return state


@contextmanager
def started_run() -> Iterator[str]:
    """The name of a new run within the block; a note in the project's folder tells workers that it is theirs."""
    run = secrets.token_hex(8)
    note = attempt.note_of(run)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.touch()
    try:
        yield run
    finally:
        note.unlink(missing_ok=True)


def share_folder(client: Client, run: str, state: State) -> bool:
    """Whether all workers are in this folder; waits for the first one.

    Raises:
        InputError: some are and others are not.
    """
    while not (answers := client.run(attempt.is_folder_of, run)):
        time.sleep(TICK_SECONDS)
    state.at_once = capacity(client).stages
    if len({*answers.values()}) > 1:
        raise InputError("some workers are in the folder of this run and others are not; start all of them alike")
    return all(answers.values())


def prepare_clones(every: Sequence[Stage], stages: Sequence[Stage]) -> Clones:
    """Push what the stages read and is up to date, for workers in clones of their own.

    Raises:
        InputError: there is no DVC remote; or git or DVC refuses.
    """
    names = {stage.name for stage in stages}
    read = {name for stage in stages for name in stage.needs} - names
    pushed = [stage.name for stage in every if stage.name in read and stage.kept]
    with dvc_repository() as repo:
        if not repo.config["core"].get("remote"):
            raise InputError(
                "workers are in folders of their own, and no DVC remote carries outputs between them:"
                " dvc remote add --local --default NAME ADDRESS, here and there"
            )
        if pushed:
            repo.push(targets=pushed)
    return Clones(clones.working_tree(), {stage.name for stage in every if stage.kept}, clones.read_entries())


def fetch_outputs(run: Clones, done: Sequence[Stage]) -> None:
    """Bring the outputs of stages that ran in clones into this folder."""
    clones.add_entries({stage.name: run.lock[stage.name] for stage in done})
    if done:
        with dvc_repository() as repo:
            repo.pull(targets=[stage.name for stage in done], force=True)
