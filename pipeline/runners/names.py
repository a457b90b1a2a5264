"""The names of the runners."""

from __future__ import annotations

RUNNERS = {
    "direct": "FnApiRunner",  # Beam's DirectRunner is one of two engines, depending on the network; this is always this one
    "prism": "PrismRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
}
