"""The stages of the pipeline as DVC knows them: what each needs, and whether it is stale."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.errors import InputError
from lookalike.scheduling.dvc_files import params_read_once, use_faster_lock

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.stage import Stage as DvcStage


@dataclass(frozen=True)
class Stage:
    """A stage.

    Attributes:
        name: by which DVC finds it, such as `train@fashion-cnn`.
        needs: names of the stages whose outputs it reads.
        stale: whether DVC would run it now; a stage behind it may become stale.
        kept: whether DVC's cache keeps all its outputs, so that a remote can hold them.
        resources: what it takes of a worker by name, as `meta` in `dvc.yaml` says: `gpu`, a number of them, and
            `memory`, in GiB.
        outputs: the hash of each output by path, as `dvc.lock` has it.
    """

    name: str
    needs: tuple[str, ...]
    stale: bool
    kept: bool = True
    resources: Mapping[str, float] = field(default_factory=dict)
    outputs: Mapping[str, str | None] = field(default_factory=dict)


def read_stages(targets: Sequence[str] = ()) -> list[Stage]:
    """The stages that `dvc repro` would look at, each after those that it needs.

    Args:
        targets: names of stages, of groups such as `train`, or of outputs; none means all stages of `dvc.yaml`.

    Raises:
        InputError: DVC refuses the pipeline or a target, or another process holds its lock.
    """
    import networkx

    with dvc_repository() as repo, repo.lock, params_read_once():
        graph = repo.index.graph
        found = (repo.stage.collect_granular(target, graph=graph) for target in targets)
        wanted = {info.stage for infos in found for info in infos}
        if not targets:
            wanted = {stage for stage in graph if Path(stage.path) == Path("dvc.yaml").absolute()}
        wanted |= {needed for stage in wanted for needed in networkx.descendants(graph, stage)}
        order = list(networkx.lexicographical_topological_sort(graph.reverse(), key=lambda stage: stage.addressing))
        return [describe_stage(stage, graph.successors(stage)) for stage in order if stage in wanted]


def describe_stage(stage: "DvcStage", needs: "Iterator[DvcStage]") -> Stage:
    """A stage as this package knows it.

    Raises:
        InputError: what `meta` in `dvc.yaml` says that it takes is no positive number.
    """
    resources = {name: amount for name, amount in (stage.meta or {}).items() if name in ("gpu", "memory")}
    for name, amount in resources.items():
        if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < float("inf"):
            raise InputError(
                f"dvc.yaml: stage {stage.addressing}: meta.{name} must be a positive number, not {amount!r}"
            )
    return Stage(
        stage.addressing,
        tuple(sorted(needed.addressing for needed in needs)),
        stale=stage.changed(),
        kept=all(out.use_cache for out in stage.outs),
        resources=resources,
        outputs={out.def_path: out.hash_info.value for out in stage.outs},
    )


@contextlib.contextmanager
def dvc_repository() -> "Iterator[Repo]":
    """DVC's view of the project within the block; what DVC refuses becomes an `InputError`."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    use_faster_lock()
    try:
        with Repo(_wait_for_lock=True) as repo:
            yield repo
    except DvcException as error:
        raise InputError(" ".join(str(error).split())) from error


def to_run(stages: Sequence[Stage]) -> list[Stage]:
    """The stale stages and those behind them, in the order of `stages`."""
    chosen: dict[str, Stage] = {}
    for stage in stages:
        if stage.stale or not chosen.keys().isdisjoint(stage.needs):
            chosen[stage.name] = stage
    return [*chosen.values()]
