"""Runners of a Beam graph: this machine, Prism, Flink, Spark, Dataflow."""
