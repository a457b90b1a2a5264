"""`newsbeam watch`."""

from __future__ import annotations

from newsbeam.cli.beam_options import mistyped_hint
from newsbeam.cli.options import (
    Parser,
    add_compress_option,
    add_document_options,
    add_recipe_option,
    add_template_option,
    document_settings,
    iso_time,
    output_settings,
    port_number,
    positive_int,
    seconds_limit,
)
from newsbeam.errors import CommandLineError


def watch_command(arguments: list[str]) -> int:
    """Carry out `newsbeam watch`; the exit status."""
    usage = "newsbeam watch INPUT... --output DIR [options]"
    about = "Follow folders and process each version of each file exactly once, also across crashes. Ctrl-C stops it."
    parser = Parser("newsbeam watch", usage=usage, description=about, allow_abbrev=False)
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="a folder (searched recursively), a file, or a quoted glob to poll")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder to write to; a restart continues in it")
    add_recipe_option(parser)
    add_template_option(parser)
    parser.add_argument("-j", "--workers", type=positive_int, metavar="N", help="worker processes (default: one per core)")
    parser.add_argument(
        "--settle",
        type=seconds_limit,
        default=0.5,
        metavar="SECONDS",
        help="read a file when it has not changed for this long (default: 0.5)",
    )
    parser.add_argument(
        "--rotate-seconds",
        type=seconds_limit,
        default=0.5,
        metavar="SECONDS",
        help="finish an output file when its oldest line has this age; more gives fewer, larger files (default: 0.5)",
    )
    parser.add_argument(
        "--rotate-mb", type=positive_int, default=64, metavar="MB", help="finish an output file when it has this size (default: 64)"
    )
    add_compress_option(parser)
    parser.add_argument("--added", type=iso_time, metavar="TIME", help="the records' `added`, ISO 8601 (default: the time of processing)")
    add_document_options(parser)
    parser.add_argument(
        "--progress",
        choices=["auto", "json", "off"],
        default="auto",
        help="progress on standard error: a live line on a terminal (auto), a JSON line per second (json), or none (default: auto)",
    )
    parser.add_argument(
        "--metrics-port", type=port_number, metavar="PORT", help="serve Prometheus metrics at http://127.0.0.1:PORT/metrics"
    )
    try:
        known = parser.parse_intermixed_args(arguments)
    except CommandLineError as error:
        raise CommandLineError(str(error), error.usage + mistyped_hint(arguments, parser)) from error
    from newsbeam.config.settings import WatchSettings

    settings = WatchSettings(
        inputs=tuple(word.removeprefix("file://") for word in known.inputs),
        output=output_settings(known.output, "jsonl", known.compress),
        documents=document_settings(known),
        settle_seconds=known.settle,
        rotate_seconds=known.rotate_seconds,
        rotate_bytes=known.rotate_mb << 20,
        progress=known.progress,
        metrics_port=known.metrics_port,
    )
    from newsbeam.watching import run

    return run.watch(settings)
