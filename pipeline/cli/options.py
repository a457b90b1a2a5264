"""The options of `newsbeam run`, `replay` and `watch`.

With the types of their values, and the settings they become.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, NoReturn

from newsbeam.errors import CommandLineError
from newsbeam.inputs.statuses import OK_STATUSES, Statuses, parse_statuses
from newsbeam.runners.registry import RUNNERS
from newsbeam.storage.output_formats import OUTPUT_FORMATS, all_compressions

if TYPE_CHECKING:
    from newsbeam.config.settings import DocumentSettings, OutputSettings
    from newsbeam.transforms.fields import RowOptions

WINDOW_SECONDS = 60
"""Default of `--window`."""

REMEMBER_SECONDS = 86_400
"""Default of `--remember`."""

ALL_MAY_FAIL = (100.0, True)
"""Default of `--max-failed`: 100 %."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are CommandLineError."""

    def error(self, message: str) -> NoReturn:
        raise CommandLineError(message, f"\n{self.format_usage().rstrip()}")


def add_run_options(parser: argparse.ArgumentParser, replay: bool = False) -> None:
    """Add the options of `newsbeam run`, or of `replay`."""
    if replay:
        parser.add_argument("inputs", metavar="DIR", help="output folder of the earlier run")
        parser.add_argument("-o", "--output", metavar="DIR", help="folder to write to (default: DIR/replay-1, -2, …)")
    else:
        parser.add_argument("inputs", metavar="INPUT", nargs="*", help="a file, a folder (searched recursively), a glob, or a URI")
        parser.add_argument(
            "--source",
            metavar="URI",
            help="read messages instead of INPUT: kafka://HOST:9092/TOPIC or pubsub://projects/P/subscriptions/S",
        )
        parser.add_argument(
            "--window",
            type=positive_int,
            default=WINDOW_SECONDS,
            metavar="SECONDS",
            help="seconds of messages per output file (default: 60)",
        )
        parser.add_argument(
            "--remember",
            type=_whole_seconds,
            default=REMEMBER_SECONDS,
            metavar="SECONDS",
            help="how long to remember messages for deduplication (default: 86400; 0 disables it)",
        )
        parser.add_argument("-o", "--output", metavar="DIR", required=True, help="folder to write to")
    add_recipe_option(parser, "default: the recipe of the earlier run" if replay else "")
    add_template_option(parser, "default: those of the earlier run, with its recipe" if replay else "")
    parser.add_argument(
        "--runner", default="direct", metavar="NAME", help=f"where to run: {', '.join(RUNNERS)} (default: direct, on this machine)"
    )
    parser.add_argument(
        "-j", "--workers", type=positive_int, metavar="N", help="worker processes (default: one per core, or one for a small input)"
    )
    parser.add_argument("--format", choices=list(OUTPUT_FORMATS), default="jsonl", help="format of the records (default: jsonl)")
    add_compress_option(parser)
    parser.add_argument(
        "--added", type=iso_time, metavar="TIME", help="the records' `added`, ISO 8601 (default: now); fix it to make runs reproducible"
    )
    add_document_options(parser)
    parser.add_argument(
        "--max-failed",
        type=_allowance,
        default=ALL_MAY_FAIL,
        metavar="N",
        help="exit with status 1 if more documents fail: a number (20) or a percentage (0.5%%). Results are kept (default: 100%%)",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--overwrite", action="store_true", help="replace the results of an earlier run in DIR")
    group.add_argument("--resume", action="store_true", help="continue an interrupted run")


def add_recipe_option(parser: argparse.ArgumentParser, default: str = "") -> None:
    """Add `--recipe`; `default` completes its help text."""
    parser.add_argument("-r", "--recipe", metavar="FILE", help="recipe (YAML) with the processors" + (f" ({default})" if default else ""))


def add_template_option(parser: argparse.ArgumentParser, default: str = "") -> None:
    """Add `--template`; `default` completes its help text."""
    parser.add_argument(
        "--template",
        metavar="FILE",
        help="counts of an earlier run for `site_template`, which then reads the input once: its output folder, or the file "
        "site-counts.zst there" + (f" ({default})" if default else ""),
    )


def add_compress_option(parser: argparse.ArgumentParser) -> None:
    """Add `--compress`."""
    parser.add_argument("--compress", choices=all_compressions(), default="none", help="compression of JSON Lines files (default: none)")


def add_document_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which documents are read, and their limits."""
    parser.add_argument(
        "--time-limit",
        type=seconds_limit,
        default=10.0,
        metavar="SECONDS",
        help="processor time per document of up to 1 MB, and as much again per further MB begun (default: 10; 0: no limit)",
    )
    parser.add_argument("--max-document-mb", type=positive_int, default=32, metavar="MB", help="maximum size of a document (default: 32)")
    add_row_options(parser)
    parser.add_argument(
        "--http-status",
        type=http_statuses,
        default=OK_STATUSES,
        metavar="LIST",
        help="statuses of archived responses to read: 200,404 or 2xx or 200-299 or all (default: 2xx)",
    )


def document_settings(known: argparse.Namespace) -> DocumentSettings:
    """Build the settings for documents from parsed options. Raises CommandLineError."""
    from newsbeam.config.settings import DocumentSettings

    return DocumentSettings(
        recipe=known.recipe,
        added=known.added or "",
        workers=known.workers,
        time_limit=known.time_limit,
        max_bytes=known.max_document_mb << 20,
        rows=parse_row_options(known),
        statuses=known.http_status,
        template=known.template and known.template.removeprefix("file://"),
    )


def output_settings(folder: str | None, form: str, compression: str) -> OutputSettings:
    """Build the settings for the output.

    Raises CommandLineError if the format does not allow the compression.
    """
    from newsbeam.config.settings import OutputSettings

    if compression not in OUTPUT_FORMATS[form].extensions:
        able = ", ".join(name for name, entry in OUTPUT_FORMATS.items() if compression in entry.extensions)
        raise CommandLineError(f"--compress {compression} does not apply to --format {form}; it applies to: {able}")
    return OutputSettings((folder or "").removeprefix("file://"), form, compression)


def add_row_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how rows are read."""
    parser.add_argument(
        "--field",
        action="append",
        default=[],
        metavar="FIELD=KEY",
        help="key of text, html, url, title, date, author, language or id in rows (default: the usual names)",
    )
    parser.add_argument(
        "--keep-fields",
        action="append",
        default=[],
        metavar="KEYS",
        help="other keys of rows to keep in metadata.input: tags,meta.id or all",
    )


def parse_row_options(known: argparse.Namespace) -> RowOptions:
    """Build the options for rows. Raises CommandLineError."""
    from newsbeam.transforms.fields import FieldError, parse_options

    try:
        return parse_options(known.field, known.keep_fields)
    except FieldError as error:
        raise CommandLineError(f"--field or --keep-fields: {error}") from error


def http_statuses(text: str) -> Statuses:
    """Parse ranges of HTTP statuses."""
    try:
        return parse_statuses(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def positive_int(text: str) -> int:
    """Parse a positive integer."""
    try:
        value = int(text)
    except ValueError:
        value = 0
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive integer")
    return value


def _whole_seconds(text: str) -> int:
    if not text.isdecimal() or len(text) > 8:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return int(text)


def seconds_limit(text: str) -> float:
    """Parse a number of seconds, 0 included."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return value


def _allowance(text: str) -> tuple[float, bool]:
    """Parse a number of documents, or a percentage of them."""
    share = text.endswith("%")
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e15 or (share and value > 100) or not (share or value.is_integer()):
        raise argparse.ArgumentTypeError(f"{text!r} is neither a number of documents, such as 20, nor a percentage, such as 0.5%")
    return value, share


def iso_time(text: str) -> str:
    """Parse a time in ISO 8601."""
    from datetime import datetime

    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not an ISO 8601 time, such as 2026-01-31T12:00:00Z") from error
    return text


def score(text: str) -> float:
    """Parse a score between 0 and 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a score between 0 and 1")
    return value


def port_number(text: str) -> int:
    """Parse a TCP port."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port number")
    return int(text)


def positive_float(text: str) -> float:
    """Parse a positive number."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")
    return value


def load_recipe(path: str | None) -> Any:
    """Load a recipe, or the default one for None. Raises RecipeError."""
    from newsbeam.config import recipe_parser

    return recipe_parser.load(path)
