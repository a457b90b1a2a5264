"""Where a pipeline runs: on this machine, Flink, Spark or Dataflow."""
