"""`newsbeam run` and `newsbeam replay`."""

from __future__ import annotations

import argparse
import signal
from contextlib import suppress
from typing import Any

from newsbeam.cli.beam_options import mistyped_hint, parse_with_beam_options
from newsbeam.cli.options import Parser, add_run_options, parse_document_options
from newsbeam.errors import CommandLineError


def run_command(arguments: list[str], replay: bool = False) -> int:
    """Carry out `newsbeam run` or `newsbeam replay`; the exit status."""
    name = "replay" if replay else "run"
    usage = f"newsbeam {name} {'DIR' if replay else 'INPUT... --output DIR'} [options] [any Beam option]"
    about = "Run the dead letters of an earlier run again." if replay else "Process documents; one JSON record each."
    parser = Parser(f"newsbeam {name}", usage=usage, description=about, allow_abbrev=False)
    add_run_options(parser, replay)
    try:
        known, others = parser.parse_known_intermixed_args(arguments)
    except CommandLineError as error:
        raise CommandLineError(str(error), error.usage + mistyped_hint(arguments, parser)) from error
    beam_options: dict[str, Any] = {}
    # An unknown option with a blank in its value is no option to argparse, but an input.
    if others or any(word.startswith("--") and " " in word for word in arguments):
        known, beam_options = parse_with_beam_options(arguments, parser, replay)
    parse_document_options(known)
    if known.format == "parquet" and known.compress != "none":
        raise CommandLineError("--compress is for JSON lines; parquet is compressed by itself")
    if not replay:
        _check_input(known)
    from newsbeam.batch import replay as batch_replay
    from newsbeam.batch import run as batch  # only now, when the command line is known to be right

    with suppress(ValueError):  # called from another thread than the main one
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what is finished is kept, and the run says so
    if replay:
        return batch_replay.replay(known, beam_options)
    if known.source is None:
        return batch.run(known, beam_options)
    from newsbeam.streaming import run as streaming

    return streaming.consume(known, beam_options)


def _check_input(known: argparse.Namespace) -> None:
    """Files or messages, one of them."""
    if known.source is None:
        if not known.inputs:
            raise CommandLineError("what is to be read? name files or folders, or messages with --source URI")
        for option, default in (("window", 60), ("remember", 86_400)):
            if getattr(known, option) != default:
                raise CommandLineError(f"--{option} is for messages (--source URI)")
    elif known.inputs:
        raise CommandLineError(f"--source is read in place of {known.inputs[0]!r}: either files or messages")
    elif known.max_failed != (100.0, True):
        raise CommandLineError("--max-failed is for files: messages have no end at which to judge")
