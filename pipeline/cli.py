"""The command `newsbeam`. Heavy things are imported by the commands that need them: `newsbeam --help` answers at once."""

from __future__ import annotations

import argparse
import difflib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib.metadata import version
from typing import Any, NoReturn

from pipeline.console import any_encoding, visible
from pipeline.inputs.statuses import OK_STATUSES, Statuses, parse_statuses

RUNNERS = {
    "direct": "FnApiRunner",  # Beam's DirectRunner is one of two engines, depending on the network; this is always this one
    "prism": "PrismRunner",
    "flink": "FlinkRunner",
    "spark": "SparkRunner",
    "dataflow": "DataflowRunner",
}

DESCRIPTION = "Turn raw web documents into clean, annotated JSONL."
EPILOG = """\
commands:
  run INPUT... --output DIR   process files, folders and globs; one JSON record a document
  run --source URI            the same with the messages of Kafka or Pub/Sub, without an end
  watch INPUT... --output DIR follow folders; each file once, as it comes
  explain FILE                what each processor did to one document, and why
  list                        the processors installed, and where each comes from
  check RECIPE                is this recipe all right?
  plan [DOCUMENTS...]         the cores, hours and memory that so many documents take
  replay DIR                  run the dead letters of an earlier run again

`newsbeam COMMAND --help` tells more. Exit status: 0 all accounted for; 1 the run failed, nothing was written of what was
read, or more documents failed than --max-failed allows; 2 the command line or the recipe is wrong.
"""


class UsageError(Exception):
    """The command line is wrong; the message, of one line, says what was probably meant. `usage` is what stands in lines below it."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"\n{self.format_usage().rstrip()}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_standard_streams()
    any_encoding()
    try:
        return _main(arguments)
    except UsageError as error:
        print(f"newsbeam: {visible(str(error))}{visible(error.usage, lines=True)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:  # before anything was begun: what runs ends in its own way
        print("newsbeam: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `newsbeam explain … | head`: nobody is left to read the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _open_standard_streams() -> None:
    """Put the null device in the place of standard streams that whoever started us closed.

    Otherwise the first files opened would get their numbers, and Python has None for the streams.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for as long as the process lives


def _main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help"):
        _top().print_help()
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"newsbeam {version('newsbeam')}")
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        near = difflib.get_close_matches(arguments[0], COMMANDS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"the commands are {', '.join(COMMANDS)}"
        raise UsageError(f"no command {arguments[0]!r}; {hint}")
    return command(arguments[1:])


def _top() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        "newsbeam",
        usage="newsbeam COMMAND ...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,
    )


# --- run and replay -------------------------------------------------------------------------------------------------


def _add_run_options(parser: argparse.ArgumentParser, replay: bool = False) -> None:
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
        parser.add_argument("--window", type=_positive, default=60, metavar="SECONDS", help="of messages make one file (default: 60)")
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
        "-j", "--workers", type=_positive, metavar="N", help="worker processes (default: one a core where the input is worth it)"
    )
    parser.add_argument("--format", choices=["jsonl", "parquet"], default="jsonl", help="of the records (default: jsonl)")
    parser.add_argument("--compress", choices=["none", "gzip", "zstd"], default="none", help="JSON lines (default: none)")
    parser.add_argument("--added", metavar="TIME", help="the records' `added`, ISO 8601 (default: now); set it to have two runs identical")
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="of processor time for a document of up to 1 MB, and that much again for each further MB begun (default: 10; 0: no limit)",
    )
    parser.add_argument("--max-document-mb", type=_positive, default=32, metavar="MB", help="a document may have (default: 32)")
    _add_row_options(parser)
    parser.add_argument(
        "--http-status",
        type=_statuses,
        default=OK_STATUSES,
        metavar="LIST",
        help="statuses of archived responses to read: 200,404 or 2xx or 200-299 or all (default: 2xx)",
    )
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


def _add_row_options(parser: argparse.ArgumentParser) -> None:
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


def _row_options(known: argparse.Namespace) -> Any:
    from transforms.fields import FieldError, parse_options

    try:
        return parse_options(known.field, known.keep_fields)
    except FieldError as error:
        raise UsageError(f"--field or --keep-fields: {error}") from error


def _run_command(arguments: list[str], replay: bool = False) -> int:
    name = "replay" if replay else "run"
    usage = f"newsbeam {name} {'DIR' if replay else 'INPUT... --output DIR'} [options] [any Beam option]"
    about = "Run the dead letters of an earlier run again." if replay else "Process documents; one JSON record each."
    parser = _Parser(f"newsbeam {name}", usage=usage, description=about, allow_abbrev=False)
    _add_run_options(parser, replay)
    try:
        known, others = parser.parse_known_intermixed_args(arguments)
    except UsageError as error:
        raise UsageError(str(error), error.usage + _mistyped(arguments, parser)) from error
    beam_options: dict[str, Any] = {}
    # An unknown option with a blank in its value is no option to argparse, but an input.
    if others or any(word.startswith("--") and " " in word for word in arguments):
        known, beam_options = _with_beam_options(arguments, parser, replay)
    if known.added is not None:
        known.added = _iso(known.added)
    known.rows = _row_options(known)
    if known.format == "parquet" and known.compress != "none":
        raise UsageError("--compress is for JSON lines; parquet is compressed by itself")
    if not replay:
        _check_input(known)
    from pipeline import run  # only now, when the command line is known to be right
    from pipeline.folder import Refused

    with suppress(ValueError):  # called from another thread than the main one
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is finished is kept, and the run says so
    try:
        if replay:
            return run.replay(known, beam_options)
        if known.source is None:
            return run.run(known, beam_options)
        from pipeline import consume

        return consume.consume(known, beam_options)
    except Refused as error:
        raise UsageError(str(error)) from error


def _check_input(known: argparse.Namespace) -> None:
    """Files or messages, one of them."""
    if known.source is None:
        if not known.inputs:
            raise UsageError("what is to be read? name files or folders, or messages with --source URI")
        for option, default in (("window", 60), ("remember", 86_400)):
            if getattr(known, option) != default:
                raise UsageError(f"--{option} is for messages (--source URI)")
    elif known.inputs:
        raise UsageError(f"--source is read in place of {known.inputs[0]!r}: either files or messages")
    elif known.max_failed != (100.0, True):
        raise UsageError("--max-failed is for files: messages have no end at which to judge")


def _with_beam_options(arguments: list[str], ours: argparse.ArgumentParser, replay: bool) -> tuple[argparse.Namespace, dict[str, Any]]:
    """The command line again, with every option that Beam has. Beam is loaded only for command lines that need it."""
    from pipeline.files import quiet_beam

    quiet_beam()
    from apache_beam.options import pipeline_options as beam

    from pipeline.engines import java_options

    java_options()
    parser = beam._BeamArgumentParser(prog=ours.prog, usage=ours.usage, allow_abbrev=False, conflict_handler="resolve", add_help=False)
    for options in beam.PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    names = {action.dest for action in parser._actions}
    _add_run_options(parser, replay)
    own = {action.dest for action in ours._actions}
    parser.error = ours.error
    known, unknown = parser.parse_known_intermixed_args(arguments)
    if not replay and "--" not in arguments:
        unknown += [word for word in known.inputs if word.startswith("--")]
    wrong = [word.partition("=")[0] for word in unknown if word.startswith("-")]
    if wrong or unknown:
        word = (wrong or unknown)[0]
        options_there = [option for action in parser._actions for option in action.option_strings]
        near = difflib.get_close_matches(word, options_there, 1)
        raise UsageError(f"no option {word!r}" + (f"; did you mean {near[0]!r}?" if near else "; it is neither newsbeam's nor Beam's"))
    given = {word[2:].partition("=")[0].replace("-", "_") for word in arguments if word.startswith("--")}
    chosen = {
        action.dest: getattr(known, action.dest)
        for action in parser._actions
        if action.dest in names - own and any(option.lstrip("-").replace("-", "_") in given for option in action.option_strings)
    }
    return known, chosen


def _mistyped(arguments: list[str], parser: argparse.ArgumentParser) -> str:
    """What may have been meant by an option that is nearly one of ours."""
    ours = [option for action in parser._actions for option in action.option_strings]
    for word in (word.partition("=")[0] for word in arguments if word.startswith("--")):
        if word not in ours and (near := difflib.get_close_matches(word, ours, 1, 0.75)):
            return f"\nno option {word!r}; did you mean {near[0]!r}?"
    return ""


def _statuses(text: str) -> Statuses:
    try:
        return parse_statuses(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _positive(text: str) -> int:
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


def _seconds(text: str) -> float:
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


def _iso(text: str) -> str:
    from datetime import datetime

    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as error:
        raise UsageError(f"--added {text!r} is no ISO 8601 time, like 2026-01-31T12:00:00Z") from error
    return text


# --- watch ----------------------------------------------------------------------------------------------------------


def _watch(arguments: list[str]) -> int:
    usage = "newsbeam watch INPUT... --output DIR [options]"
    about = "Follow folders: each version of each file becomes records once, whatever happens to this process. Ctrl-C ends it."
    parser = _Parser("newsbeam watch", usage=usage, description=about, allow_abbrev=False)
    parser.add_argument("inputs", metavar="INPUT", nargs="+", help="a folder (walked), a file, or a quoted glob, looked at again and again")
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="the folder to write to, and to go on with after a restart")
    parser.add_argument("-r", "--recipe", metavar="FILE", help="which processors run, and how (YAML)")
    parser.add_argument("-j", "--workers", type=_positive, metavar="N", help="worker processes (default: one a core)")
    parser.add_argument(
        "--settle", type=_seconds, default=0.5, metavar="SECONDS", help="a file is whole when it has not changed for so long (default: 0.5)"
    )
    parser.add_argument(
        "--rotate-seconds",
        type=_seconds,
        default=0.5,
        metavar="SECONDS",
        help="an output file is finished when its oldest line is so old (default: 0.5; more makes fewer, larger files)",
    )
    parser.add_argument("--rotate-mb", type=_positive, default=64, metavar="MB", help="or when it is so large (default: 64)")
    parser.add_argument("--compress", choices=["none", "gzip", "zstd"], default="none", help="JSON lines (default: none)")
    parser.add_argument("--added", metavar="TIME", help="the records' `added`, ISO 8601 (default: when each is made)")
    parser.add_argument(
        "--time-limit",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="of processor time for a document of up to 1 MB, and that much again for each further MB begun (default: 10; 0: no limit)",
    )
    parser.add_argument("--max-document-mb", type=_positive, default=32, metavar="MB", help="a document may have (default: 32)")
    _add_row_options(parser)
    parser.add_argument(
        "--http-status",
        type=_statuses,
        default=OK_STATUSES,
        metavar="LIST",
        help="statuses of archived responses to read: 200,404 or 2xx or 200-299 or all (default: 2xx)",
    )
    parser.add_argument(
        "--progress",
        choices=["auto", "json", "off"],
        default="auto",
        help="on standard error: a line if it is a terminal, or a JSON line a second (default: auto)",
    )
    parser.add_argument("--metrics-port", type=_port, metavar="PORT", help="numbers for Prometheus at http://127.0.0.1:PORT/metrics")
    try:
        known = parser.parse_intermixed_args(arguments)
    except UsageError as error:
        raise UsageError(str(error), error.usage + _mistyped(arguments, parser)) from error
    if known.added is not None:
        known.added = _iso(known.added)
    known.rows = _row_options(known)
    from pipeline import watch
    from pipeline.folder import Refused

    try:
        return watch.watch(known)
    except Refused as error:
        raise UsageError(str(error)) from error


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)


# --- the others -----------------------------------------------------------------------------------------------------


def _explain(arguments: list[str]) -> int:
    parser = _Parser("newsbeam explain", description="What each processor did to one document, and why.", allow_abbrev=False)
    parser.add_argument("file", metavar="FILE", help="a document, a file of several, or the output folder of a run")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("-n", "--record", type=_positive, default=1, metavar="N", help="which one of several (default: the first)")
    which.add_argument("--id", metavar="ID", help="the record with this id: sha256:…, or its beginning")
    which.add_argument("--url", metavar="URL", help="the one with this url")
    parser.add_argument(
        "-r", "--recipe", metavar="FILE", help="which processors run, and how (YAML); without it a record is shown as it is"
    )
    _add_row_options(parser)
    known = parser.parse_args(arguments)
    rows = _row_options(known)
    from pipeline import explain

    try:
        wanted = explain.Wanted(known.record, known.id or "", known.url or "")
        return explain.explain(known.file, wanted, _recipe(known.recipe), rows, as_it_is=known.recipe is None)
    except explain.CannotExplain as error:
        raise UsageError(str(error)) from error


def _list(arguments: list[str]) -> int:
    _Parser("newsbeam list", description="The processors installed, and where each comes from.", allow_abbrev=False).parse_args(arguments)
    from pipeline import report

    report.list_processors()
    return 0


def _check(arguments: list[str]) -> int:
    parser = _Parser("newsbeam check", description="Is this recipe all right?", allow_abbrev=False)
    parser.add_argument("recipe", metavar="RECIPE")
    recipe = _recipe(parser.parse_args(arguments).recipe)
    print("all right: " + (visible(" → ".join(name for name, _ in recipe.steps)) or "no processors; text comes out as it went in"))
    return 0


def _plan(arguments: list[str]) -> int:
    about = "The cores, hours and memory that so many documents take, from what one core does on a sample of them."
    parser = _Parser("newsbeam plan", description=about, allow_abbrev=False)
    parser.add_argument("documents", metavar="DOCUMENTS", nargs="*", default=["1M", "100M", "3B"], help="how many (default: 1M 100M 3B)")
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--sample", metavar="INPUT", nargs="+", help="documents like those to come: they are run here, on one core, to see")
    one.add_argument("--rate", type=_above_zero, metavar="N", help="documents a second a core, where that is known")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--hours", type=_above_zero, default=24.0, metavar="N", help="in which it is to be done (default: 24)")
    other.add_argument("--cores", type=_positive, default=0, metavar="N", help="on which it is to be done")
    parser.add_argument("-r", "--recipe", metavar="FILE", help="which processors run, and how (YAML)")
    known = parser.parse_args(arguments)
    from pipeline import plan
    from pipeline.find import InputError

    try:
        counts = [plan.number(text) for text in known.documents]
        worker_mb = 300
        if known.sample:
            plan.as_workers_do()
            sample = plan.measure(known.sample, _recipe(known.recipe), 32 << 20)
            known.rate, worker_mb = sample.rate, sample.worker_mb
            failed = f" ({sample.failed:,} of them failed)" if sample.failed else ""
            print(f"{sample.documents:,} documents{failed}: {sample.rate:,.1f} a second on one core, {worker_mb:,} MB a worker")
        print(plan.table([plan.plan(count, known.rate, known.hours, known.cores, worker_mb) for count in counts]))
    except (ValueError, OverflowError, InputError) as error:
        raise UsageError(str(error)) from error
    return 0


def _above_zero(text: str) -> float:
    value = _seconds(text)
    if value == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def _recipe(path: str | None) -> Any:
    """The recipe in a file, or the default one; a wrong one is a wrong command line."""
    from pipeline import recipe as recipes

    try:
        return recipes.load(path)
    except recipes.RecipeError as error:
        raise UsageError(str(error)) from error


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": _run_command,
    "watch": _watch,
    "explain": _explain,
    "list": _list,
    "check": _check,
    "plan": _plan,
    "replay": lambda arguments: _run_command(arguments, replay=True),
}

if __name__ == "__main__":
    from pipeline.files import CHECKOUT

    # `python -m` puts the current folder first: a `yaml.py` beside the data would be run.
    if not getattr(sys.flags, "safe_path", False) and sys.path[0] != CHECKOUT:
        del sys.path[0]
    sys.exit(main())
