"""Metrics for Prometheus, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from newsbeam.watching.status import Status

if TYPE_CHECKING:
    from prometheus_client import Metric


@contextmanager
def serve_metrics(port: int | None, status: Callable[[], Status]) -> Iterator[int]:
    """Serve metrics at `http://127.0.0.1:port/metrics` inside the block.

    Yields the port. 0 chooses a free one, None serves nothing.

    Raises OSError if the port is in use.
    """
    if port is None:
        yield 0
        return
    # 0.2 s of imports, for those who ask for metrics only.
    from prometheus_client import CollectorRegistry, start_http_server
    from prometheus_client.registry import Collector

    class StatusCollector(Collector):
        def collect(self) -> Iterator[Metric]:
            return metrics(status())

    registry = CollectorRegistry(auto_describe=False)
    registry.register(StatusCollector())
    server, thread = start_http_server(port, "127.0.0.1", registry)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metrics(status: Status) -> Iterator[Metric]:
    """Convert a status to Prometheus metrics."""
    from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

    yield GaugeMetricFamily("newsbeam_waiting_files", "Files discovered and not claimed yet.", status.waiting)
    yield GaugeMetricFamily("newsbeam_in_work_records", "Records read but not yet in a finished output file.", status.in_work)
    records = CounterMetricFamily("newsbeam_records", "Records in the output by outcome, over all restarts.", labels=["outcome"])
    for outcome, count in (("written", status.written), ("dropped", status.dropped), ("failed", status.failed)):
        records.add_metric([outcome], count)
    yield records
    yield CounterMetricFamily("newsbeam_read_records", "Records read, over all restarts.", status.read)
    yield CounterMetricFamily("newsbeam_output_files", "Manifests written, over all restarts.", status.files)
    yield GaugeMetricFamily("newsbeam_lag_seconds", "Seconds since the oldest unfinished file was discovered.", round(status.lag, 3))
    latency = "Seconds from the discovery of a file to its last line in the output: the slowest of the files published last."
    yield GaugeMetricFamily("newsbeam_latency_seconds", latency, round(status.latency, 3))
    yield GaugeMetricFamily("newsbeam_trouble", "1 while nothing can be written.", int(bool(status.trouble)))
