"""Every use of Beam's private API.

`tests/pipeline/test_pipeline_beam_compat.py` names what a new version of Beam has changed.

Beam is imported inside the functions: it takes a second to load, and most commands do not need it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

READER_THREAD = "wait_until_finish_read"
"""The name of the thread in which Beam reads a runner's messages. It can only end with an error when the runner goes away."""


def options_parser(prog: str, usage: str | None) -> Any:
    """Make a parser of the command line with every option that Beam knows.

    Later options may replace earlier ones.
    """
    from apache_beam.options import pipeline_options

    parser = pipeline_options._BeamArgumentParser(prog=prog, usage=usage, allow_abbrev=False, conflict_handler="resolve", add_help=False)
    for options in pipeline_options.PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    return parser


def declare_options(options: Mapping[str, str]) -> type:
    """Add options, with their help texts, to those that Beam knows.

    Beam knows them as long as the returned class lives.
    """
    from apache_beam.options.pipeline_options import PipelineOptions

    class DeclaredOptions(PipelineOptions):  # type: ignore[misc]
        """Options that Beam passes on to a job server unchanged."""

        @classmethod
        def _add_argparse_args(cls, parser: Any) -> None:
            for name, text in options.items():
                parser.add_argument(f"--{name}", help=text)

    return DeclaredOptions


def job_id(result: Any) -> str:
    """The id of the job of a pipeline result.

    A portable runner assigns it; it is "" for other runners.
    """
    return str(getattr(result, "_job_id", ""))


def pull_pubsub_with(pull: Callable[[Any, str], list[Any]], watermark: Callable[[], float]) -> None:
    """Have the direct runner of this process read Pub/Sub through `pull`.

    Args:
        pull: takes Pub/Sub's client and a subscription, returns messages. It acknowledges nothing that Beam has to see.
        watermark: seconds since 1970 before which no message is left.
    """
    from apache_beam.io.gcp.pubsub import PubsubMessage
    from apache_beam.runners.direct import direct_runner, transform_evaluator
    from apache_beam.utils.timestamp import Timestamp

    class Evaluator(transform_evaluator._PubSubReadEvaluator):  # type: ignore[misc]
        def _read_from_pubsub(self, _timestamp_attribute: Any) -> list[Any]:
            messages = pull(self._get_subscriber_client(self._applied_ptransform), self._sub_name)
            return [(Timestamp(int(one.publish_time.timestamp() * 1000) / 1000), PubsubMessage._from_message(one)) for one in messages]

        def finish_bundle(self) -> Any:
            result = super().finish_bundle()
            result.keyed_watermark_holds = {None: Timestamp(watermark())}
            return result

    transform_evaluator.TransformEvaluatorRegistry._test_evaluators_overrides = {direct_runner._DirectReadFromPubSub: Evaluator}
