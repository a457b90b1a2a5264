"""newsbeam in a Beam pipeline of your own.

    from newsbeam.beam import Process, ReadDocuments, WriteRecords

    with beam.Pipeline(options=options) as pipeline:
        results = pipeline | ReadDocuments("gs://bucket/crawl/*.warc.gz") | Process("recipe.yaml")
        results.documents | beam.io.WriteToBigQuery("project:dataset.news", schema=BIGQUERY_SCHEMA)
        results | WriteRecords("gs://bucket/out")  # what `newsbeam run` writes

`newsbeam run` is made of the same workers, parts and counters; it passes batches of finished lines from step to step, and knows how to
resume.
"""

from __future__ import annotations

from newsbeam.beam.process import Process, Results
from newsbeam.beam.read import ReadDocuments
from newsbeam.beam.schema import BIGQUERY_SCHEMA, ROW, to_row
from newsbeam.beam.write import WriteRecords

__all__ = ["BIGQUERY_SCHEMA", "ROW", "Process", "ReadDocuments", "Results", "WriteRecords", "to_row"]
