"""The load of the machine during a training run, as MLflow's system metrics."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from lookalike.tracking.store import warn

if TYPE_CHECKING:
    from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

POINTS = 50  # the time between two points is a fiftieth of the time so far: a short training has many as well,
LONGEST_SECONDS = 60.0  # and at most a minute, so that a day gives about 1,600 points per metric


def without_failing(step: Callable[["SystemMetrics"], None]) -> Callable[["SystemMetrics"], None]:
    """The step, skipped if one has failed before; a failure costs a warning."""

    def attempt(metrics: "SystemMetrics") -> None:
        if metrics.works:
            try:
                step(metrics)
            except Exception as error:  # on purpose: psutil, drivers and stores raise what they like
                metrics.works = False
                warn(metrics.uri, RuntimeError(f"no system metrics ({error})"))

    return attempt


class SystemMetrics:
    """CPU, memory, disk, network and GPUs, logged to one run under MLflow's own names (`system/...`).

    MLflow's own monitors read the values. They describe the whole machine, as in every MLflow project; two training
    runs side by side show the same. GPUs need the package nvidia-ml-py (pyrsmi for AMD's); without it there are none.
    A point is the mean of the samples since the point before it. Whatever fails costs one warning and ends the
    sampling of this run, nothing else.

    Args:
        run_id: a run that has points already goes on with their steps.
        uri: the store.
        clock: the time in seconds.
    """

    def __init__(self, run_id: str, uri: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.run_id, self.uri, self.clock = run_id, uri, clock
        self.monitor: SystemMetricsMonitor | None = None  # begins with the first sample
        self.began = self.logged = 0.0
        self.works = True

    @without_failing
    def sample(self) -> None:
        """Read every value, and log the means if a point is due."""
        if self.monitor is None:
            from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

            self.monitor = SystemMetricsMonitor(self.run_id, resume_logging=True, tracking_uri=self.uri)
            self.began = self.logged = self.clock()
        self.monitor.collect_metrics()
        now = self.clock()
        if now - self.logged >= min((now - self.began) / POINTS, LONGEST_SECONDS):
            self.monitor.publish_metrics(self.monitor.aggregate_metrics())
            self.logged = now

    @without_failing
    def close(self) -> None:
        """Log what has not been logged yet."""
        if self.monitor is None:
            return
        if means := self.monitor.aggregate_metrics():
            self.monitor.publish_metrics(means)
        self.monitor.mlflow_logger.flush()  # it keeps points back where the store is slow
