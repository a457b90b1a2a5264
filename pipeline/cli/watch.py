"""`newsbeam watch`."""

from __future__ import annotations

from newsbeam.cli.beam_options import mistyped_hint
from newsbeam.cli.options import (
    Parser,
    add_document_options,
    parse_document_options,
    port_number,
    positive_int,
    seconds_limit,
)
from newsbeam.errors import CommandLineError


def watch_command(arguments: list[str]) -> int:
    """Carry out `newsbeam watch`; the exit status."""
    usage = "newsbeam watch INPUT... --output DIR [options]"
    about = "Follow folders: each version of each file becomes records once, whatever happens to this process. Ctrl-C ends it."
    parser = Parser("newsbeam watch", usage=usage, description=about, allow_abbrev=False)
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="a folder (walked), a file, or a quoted glob, looked at again and again")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the folder to write to, and to go on with after a restart")
    parser.add_argument("-r", "--recipe", metavar="FILE", help="which processors run, and how (YAML)")
    parser.add_argument("-j", "--workers", type=positive_int, metavar="N", help="worker processes (default: one a core)")
    parser.add_argument(
        "--settle",
        type=seconds_limit,
        default=0.5,
        metavar="SECONDS",
        help="a file is whole when it has not changed for so long (default: 0.5)",
    )
    parser.add_argument(
        "--rotate-seconds",
        type=seconds_limit,
        default=0.5,
        metavar="SECONDS",
        help="an output file is finished when its oldest line is so old (default: 0.5; more makes fewer, larger files)",
    )
    parser.add_argument("--rotate-mb", type=positive_int, default=64, metavar="MB", help="or when it is so large (default: 64)")
    parser.add_argument("--compress", choices=["none", "gzip", "zstd"], default="none", help="JSON lines (default: none)")
    parser.add_argument("--added", metavar="TIME", help="the records' `added`, ISO 8601 (default: when each is made)")
    add_document_options(parser)
    parser.add_argument(
        "--progress",
        choices=["auto", "json", "off"],
        default="auto",
        help="on standard error: a line if it is a terminal, or a JSON line a second (default: auto)",
    )
    parser.add_argument("--metrics-port", type=port_number, metavar="PORT", help="numbers for Prometheus at http://127.0.0.1:PORT/metrics")
    try:
        known = parser.parse_intermixed_args(arguments)
    except CommandLineError as error:
        raise CommandLineError(str(error), error.usage + mistyped_hint(arguments, parser)) from error
    parse_document_options(known)
    from newsbeam.watching import run

    return run.watch(known)
