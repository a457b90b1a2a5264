"""The options of `newsbeam run` and `watch`, and the types of their values."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from newsbeam.errors import CommandLineError
from newsbeam.inputs.statuses import OK_STATUSES, Statuses, parse_statuses
from newsbeam.runners.names import RUNNERS


class Parser(argparse.ArgumentParser):
    """A parser whose errors are CommandLineError."""

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(message, f"\n{self.format_usage().rstrip()}")


def add_run_options(parser: argparse.ArgumentParser, replay: bool = False) -> None:
    """Add the options of `newsbeam run`, or of `replay`."""
    if replay:
        parser.add_argument("inputs", metavar="DIR", help="the output folder of the earlier run")
        parser.add_argument("-o", "--output", metavar="DIR", help="where the results go (default: DIR/replay-1, -2, …)")
    else:
        parser.add_argument(
            "inputs", metavar="INPUT", nargs="*", help="a file, a folder (walked), a glob, or a URI of any filesystem Beam knows"
        )
        parser.add_argument(
            "--source", metavar="URI", help="messages, in place of INPUT: kafka://HOST:9092/TOPIC or pubsub://projects/P/subscriptions/S"
        )
        parser.add_argument("--window", type=positive_int, default=60, metavar="SECONDS", help="of messages make one file (default: 60)")
        parser.add_argument(
            "--remember",
            type=_whole_seconds,
            default=86_400,
            metavar="SECONDS",
            help="in which a message that comes again is known (default: 86400; 0: none is)",
        )
        parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the folder to write to")
    parser.add_argument(
        "-r", "--recipe", metavar="FILE", help="which processors run, and how (YAML)" + ("; default: the earlier run's" if replay else "")
    )
    parser.add_argument("--runner", default="direct", metavar="NAME", help=f"{', '.join(RUNNERS)} (default: direct, on this machine)")
    parser.add_argument(
        "-j", "--workers", type=positive_int, metavar="N", help="worker processes (default: one a core where the input is worth it)"
    )
    parser.add_argument("--format", choices=["jsonl", "parquet"], default="jsonl", help="of the records (default: jsonl)")
    parser.add_argument("--compress", choices=["none", "gzip", "zstd"], default="none", help="JSON lines (default: none)")
    parser.add_argument("--added", metavar="TIME", help="the records' `added`, ISO 8601 (default: now); set it to have two runs identical")
    add_document_options(parser)
    parser.add_argument(
        "--max-failed",
        type=_allowance,
        default=(100.0, True),
        metavar="N",
        help="documents, as a number (20) or a share (0.5%%): exit status 1 where more failed; what was written stays (default: 100%%)",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--overwrite", action="store_true", help="replace the results of an earlier run in DIR")
    group.add_argument("--resume", action="store_true", help="go on with a run that was cut short")


def add_document_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which documents are read, and what one may take."""
    parser.add_argument(
        "--time-limit",
        type=seconds_limit,
        default=10.0,
        metavar="SECONDS",
        help="of processor time for a document of up to 1 MB, and that much again for each further MB begun (default: 10; 0: no limit)",
    )
    parser.add_argument("--max-document-mb", type=positive_int, default=32, metavar="MB", help="a document may have (default: 32)")
    add_row_options(parser)
    parser.add_argument(
        "--http-status",
        type=http_statuses,
        default=OK_STATUSES,
        metavar="LIST",
        help="statuses of archived responses to read: 200,404 or 2xx or 200-299 or all (default: 2xx)",
    )


def parse_document_options(known: argparse.Namespace) -> None:
    """Put the values of `--added`, `--field` and `--keep-fields` into their final form. Raises CommandLineError."""
    if known.added is not None:
        known.added = iso_time(known.added)
    known.rows = parse_row_options(known)


def add_row_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how rows are read."""
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="FIELD=KEY",
        help="the key under which rows hold text, html, url, title, date, author, language or id (default: the usual names)",
    )
    parser.add_argument(
        "--keep-fields",
        action="append",
        default=[],
        metavar="KEYS",
        help="other keys of rows to keep in metadata.input: tags,meta.id or all",
    )


def parse_row_options(known: argparse.Namespace) -> Any:
    """The options for rows as `transforms.fields` takes them. Raises CommandLineError."""
    from newsbeam.transforms.fields import FieldError, parse_options

    try:
        return parse_options(known.field, known.keep_fields)
    except FieldError as error:
        raise CommandLineError(f"--field or --keep-fields: {error}") from error


def http_statuses(text: str) -> Statuses:
    """Ranges of HTTP statuses, as an argument."""
    try:
        return parse_statuses(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive_int(text: str) -> int:
    """A whole number above 0, as an argument."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 on")
    return value


def _whole_seconds(text: str) -> int:
    if not text.isdecimal() or len(text) > 8:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of seconds")
    return int(text)


def seconds_limit(text: str) -> float:
    """A number of seconds, 0 for no limit, as an argument."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return value


def _allowance(text: str) -> tuple[float, bool]:
    """A number of documents, or a percentage of them."""
    share = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e15 or (share and value > 100) or not (share or value.is_integer()):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of documents, like 20, nor a percentage, like 0.5%")
    return value, share


def iso_time(text: str) -> str:
    """A time in ISO 8601, as an argument."""
    from datetime import datetime

    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise CommandLineError(f"--added {text!r} is no ISO 8601 time, like 2026-01-31T12:00:00Z") from error
    return text


def port_number(text: str) -> int:
    """A TCP port, as an argument."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


def positive_float(text: str) -> float:
    """A number above 0, as an argument."""
    value = seconds_limit(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def load_recipe(path: str | None) -> Any:
    """The recipe in a file, or the default one; a wrong one is a wrong command line."""
    from newsbeam.config import recipe_parser

    return recipe_parser.load(path)
