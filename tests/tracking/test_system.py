"""The load of the machine in MLflow: names and values of MLflow's own monitor, with made-up readings."""

import shutil
import sys
import time
from itertools import pairwise
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest
from mlflow.entities import Metric
from mlflow.system_metrics import system_metrics_monitor
from mlflow.system_metrics.metrics import gpu_monitor
from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor
from written_runs import acts, write_epochs

from lookalike import recorder
from lookalike.artifacts.models import Epoch, Timing
from lookalike.tracking.follow import follow_training
from lookalike.tracking.store import Store
from lookalike.tracking.system import SystemMetrics
from lookalike.training.loop import Outcome

DAY = 24 * 60 * 60
OF_THE_MACHINE = {
    "system/cpu_utilization_percentage": 12.5,
    "system/system_memory_usage_megabytes": 8000.0,
    "system/system_memory_usage_percentage": 25.0,
    "system/disk_usage_percentage": 40.0,
    "system/disk_usage_megabytes": 400_000.0,
    "system/disk_available_megabytes": 600_000.0,
    "system/network_receive_megabytes": 0.0,
    "system/network_transmit_megabytes": 0.0,
}
OF_TWO_GPUS = {
    f"system/gpu_{gpu}_{name}": value
    for gpu in (0, 1)
    for name, value in {
        "utilization_percentage": 90.0 + gpu,
        "memory_usage_megabytes": 20_000.0,
        "memory_usage_percentage": 25.0,
        "power_usage_watts": 350.0,
        "power_usage_percentage": 50.0,
    }.items()
}


@pytest.fixture
def run_id(store: Store) -> str:
    return new_run(store)


@pytest.fixture
def load(run_id: str, store: Store) -> SystemMetrics:
    return SystemMetrics(run_id, store.client.tracking_uri)


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has; and settings of a person are not those of the tests."""
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    for name in ("NODE_ID", "SAMPLING_INTERVAL", "SAMPLES_BEFORE_LOGGING"):
        monkeypatch.delenv(f"MLFLOW_SYSTEM_METRICS_{name}", raising=False)


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that always has the same load."""
    monkeypatch.setattr(psutil, "cpu_percent", lambda: 12.5)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(used=8e9, total=32e9))
    monkeypatch.setattr(psutil, "disk_usage", lambda path: SimpleNamespace(percent=40.0, used=4e11, free=6e11))
    monkeypatch.setattr(psutil, "net_io_counters", lambda: SimpleNamespace(bytes_recv=5e6, bytes_sent=6e6))


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package nvidia-ml-py with two GPUs."""
    nvml: Any = ModuleType("pynvml")
    nvml.NVMLError = type("NVMLError", (Exception,), {})
    nvml.nvmlInit = lambda: None
    nvml.nvmlDeviceGetCount = lambda: 2
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    nvml.nvmlDeviceGetMemoryInfo = lambda gpu: SimpleNamespace(used=20e9, total=80e9)
    nvml.nvmlDeviceGetUtilizationRates = lambda gpu: SimpleNamespace(gpu=90 + gpu)
    nvml.nvmlDeviceGetPowerUsage = lambda gpu: 350_000
    nvml.nvmlDeviceGetEnforcedPowerLimit = lambda gpu: 700_000
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr(gpu_monitor, "pynvml", nvml, raising=False)


def new_run(store: Store) -> str:
    return store.client.create_run(store.experiment("fashion")).info.run_id


def shown(store: Store, run: str) -> dict[str, float]:
    """The last value of each system metric of a run."""
    metrics = store.client.get_run(run).data.metrics
    return {key: value for key, value in metrics.items() if key.startswith("system/")}


def history(store: Store, run: str, key: str = "system/cpu_utilization_percentage") -> list[Metric]:
    return list(store.client.get_metric_history(run, key))


def shown_by_mlflow(store: Store) -> dict[str, float]:
    """What MLflow's own monitor logs."""
    run = new_run(store)
    monitor = SystemMetricsMonitor(run, sampling_interval=0.01, tracking_uri=store.client.tracking_uri)
    monitor.start()
    end = time.monotonic() + 30
    while not shown(store, run):
        assert time.monotonic() < end, "MLflow logs nothing"
        time.sleep(0.05)
    monitor.finish()
    return shown(store, run)


@pytest.mark.usefixtures("readings", "gpus")
def test_names_and_values_are_those_of_mlflow(store: Store, load: SystemMetrics) -> None:
    load.sample()
    assert shown(store, load.run_id) == OF_THE_MACHINE | OF_TWO_GPUS
    assert shown_by_mlflow(store) == OF_THE_MACHINE | OF_TWO_GPUS


@pytest.mark.usefixtures("readings")
def test_without_gpus_or_their_package_there_is_the_rest(
    store: Store, load: SystemMetrics, capsys: pytest.CaptureFixture[str]
) -> None:
    load.sample()
    assert shown(store, load.run_id) == OF_THE_MACHINE
    assert capsys.readouterr().err == ""


def test_real_readings_are_in_their_ranges(store: Store, load: SystemMetrics) -> None:
    load.sample()
    found = shown(store, load.run_id)
    assert found.keys() == OF_THE_MACHINE.keys()
    assert 0 <= found["system/cpu_utilization_percentage"] <= 100
    assert 0 < found["system/system_memory_usage_percentage"] < 100


class Clock:
    """The time in seconds, as a test sets it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.usefixtures("readings")
def test_a_point_is_the_mean_of_the_samples_since_the_last(
    store: Store, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, values = Clock(), iter([50.0, 10.0, 20.0, 60.0, 70.0])
    monkeypatch.setattr(psutil, "cpu_percent", lambda: next(values))
    load = SystemMetrics(run_id, store.client.tracking_uri, clock)
    for seconds in (0, DAY, 20, 41, 1):  # since the sample before
        clock.now += seconds
        load.sample()
    for _ in range(2):  # the second finds nothing left
        load.close()
        points = [(point.step, point.value) for point in history(store, run_id)]
        assert points == [(0, 50.0), (1, 10.0), (2, 40.0), (3, 70.0)]


@pytest.mark.usefixtures("readings")
def test_a_resumed_training_run_goes_on_with_the_steps(store: Store, run_id: str) -> None:
    for _ in range(2):
        SystemMetrics(run_id, store.client.tracking_uri).sample()
    assert [point.step for point in history(store, run_id)] == [0, 1]


@pytest.mark.parametrize(("seconds", "least", "most"), [(30, 10, 10), (600, 100, 200), (DAY, 1000, 2000)])
def test_a_short_training_has_points_and_a_long_one_not_too_many(
    seconds: int, least: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, logged = Clock(), []
    monitor = SimpleNamespace(
        collect_metrics=lambda: None, aggregate_metrics=dict, publish_metrics=lambda means: logged.append(clock.now)
    )
    monkeypatch.setattr(system_metrics_monitor, "SystemMetricsMonitor", lambda *given, **options: monitor)
    load = SystemMetrics("a run", "sqlite:///none.db", clock)
    for _ in range(seconds // 3):
        load.sample()
        clock.now += 3
    assert least <= len(logged) <= most
    assert max(later - earlier for earlier, later in pairwise(logged)) <= 63


# In the follower.


@pytest.fixture
def folder(checkpoints: Path) -> Path:
    """The folder of a training run whose first seed has one epoch."""
    write_epochs(checkpoints, 0, 1)
    return checkpoints


def runs(store: Store) -> list[str]:
    """The runs of the seeds."""
    found = store.client.search_runs([store.experiment("fashion")], "tags.`lookalike.seed` != ''")
    return [run.info.run_id for run in sorted(found, key=lambda run: run.data.tags["lookalike.seed"])]


@pytest.mark.usefixtures("readings", "gpus")
def test_the_seed_in_work_shows_the_load(store: Store, folder: Path) -> None:
    steps = (lambda: None, lambda: write_epochs(folder, 1, 1), lambda: shutil.rmtree(folder))
    follow_training(folder, store.client.tracking_uri, acts(*steps), poll_seconds=0)
    first, second = runs(store)
    assert shown(store, first) == shown(store, second) == OF_THE_MACHINE | OF_TWO_GPUS
    assert (len(history(store, first)), len(history(store, second))) == (1, 1)


@pytest.mark.usefixtures("readings")
def test_a_sampler_that_fails_costs_one_warning_and_no_epoch(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise OSError("/proc/meminfo is gone")

    monkeypatch.setattr(psutil, "virtual_memory", broken)
    steps = (lambda: write_epochs(folder, 0, 2), lambda: write_epochs(folder, 0, 3))
    follow_training(folder, store.client.tracking_uri, acts(*steps), poll_seconds=0)
    (run,) = (store.client.get_run(run) for run in runs(store))
    (curve,) = {key for key in run.data.metrics if key.startswith("train") and "loss" in key}
    assert [point.step for point in store.client.get_metric_history(run.info.run_id, curve)] == [0, 1, 2]
    assert run.info.status == "KILLED"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: MLflow (local store) is not up to date: no system metrics (/proc/meminfo is gone)")


def test_a_training_run_that_ends_at_once_costs_nothing(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    follow_training(tmp_path / "removed", store.client.tracking_uri, acts(), poll_seconds=0)
    assert runs(store) == []
    assert capsys.readouterr().err == ""


def test_many_short_epochs_take_few_calls(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch may end faster than a store takes one."""
    sizes: list[int] = []
    write = store.client.__class__.log_batch
    monkeypatch.setattr(
        store.client.__class__,
        "log_batch",
        lambda self, run_id, metrics=(), *others: (sizes.append(len(metrics)), write(self, run_id, metrics, *others)),
    )
    write_epochs(folder, 0, 300)
    follow_training(folder, store.client.tracking_uri, acts(), poll_seconds=0)
    curves = [size for size in sizes if size]
    assert sum(curves) >= 300 * 5
    assert len(curves) <= 4, "and one of system metrics"


@pytest.mark.usefixtures("readings")
def test_no_epoch_is_logged_twice_to_a_run_that_goes_on(store: Store, folder: Path) -> None:
    for count in (1, 2):
        write_epochs(folder, 0, count)
        follow_training(folder, store.client.tracking_uri, acts(), poll_seconds=0)
    (run,) = runs(store)
    for key in store.client.get_run(run).data.metrics:
        assert [point.step for point in store.client.get_metric_history(run, key)] == [0, 1], key


def test_seeds_that_take_long_together_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, started = Clock(), []
    monkeypatch.setattr(recorder.time, "monotonic", clock)
    monkeypatch.setattr(recorder.provenance, "commit", dict)
    monkeypatch.setattr(recorder.subprocess, "Popen", lambda command, **_: started.append(command) or "process")
    settings: Any = SimpleNamespace(study="fashion", digest="d", train=SimpleNamespace(epochs=1))
    recording = recorder.Recorder("small", settings, "f1", tmp_path)
    for seed in range(4):
        clock.now += 0.3 * recorder.LONG_SECONDS
        assert started == []
        recording.after_epoch(Outcome([Epoch(seed, 0, 0.1, 1.0, 0.5, 1.0, 0.5)], [Timing(seed, 0, 3.0, 1.0)]))
    assert len(started) == 1
