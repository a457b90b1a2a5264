"""`newsbeam run` and `newsbeam replay`."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from newsbeam.cli.beam_options import mistyped_hint, parse_with_beam_options
from newsbeam.cli.options import (
    ALL_MAY_FAIL,
    REMEMBER_SECONDS,
    WINDOW_SECONDS,
    Parser,
    add_run_options,
    document_settings,
    output_settings,
)
from newsbeam.errors import CommandLineError

if TYPE_CHECKING:
    from newsbeam.config.settings import RunSettings, StreamSettings


def run_command(arguments: list[str]) -> int:
    """Carry out `newsbeam run`; the exit status."""
    known, beam_options = _parse(arguments)
    settings = run_settings(known, beam_options) if known.source is None else stream_settings(known, beam_options)
    _stop_on_sigterm()
    # Imported only now that the command line is known to be right: Beam takes two seconds to load.
    from newsbeam.config.settings import RunSettings

    if isinstance(settings, RunSettings):
        from newsbeam.batch import run as batch

        return batch.conclude(batch.run(settings), settings, settings.output.folder)
    from newsbeam.streaming import run as streaming

    return streaming.consume(settings)


def replay_command(arguments: list[str]) -> int:
    """Carry out `newsbeam replay`; the exit status."""
    known, beam_options = _parse(arguments, replay=True)
    from newsbeam.config.settings import ReplaySettings

    folder, known.inputs = known.inputs.removeprefix("file://"), []
    settings = ReplaySettings(folder, _settings(known, beam_options))
    _stop_on_sigterm()
    from newsbeam.batch import replay

    return replay.replay(settings)


def run_settings(known: argparse.Namespace, beam_options: Mapping[str, Any]) -> RunSettings:
    """Build the settings of a run over files. Raises CommandLineError."""
    if not known.inputs:
        raise CommandLineError("no input given: name files or folders, or messages with --source URI")
    for option, default in (("window", WINDOW_SECONDS), ("remember", REMEMBER_SECONDS)):
        if getattr(known, option) != default:
            raise CommandLineError(f"--{option} is for messages (--source URI)")
    return _settings(known, beam_options)


def _settings(known: argparse.Namespace, beam_options: Mapping[str, Any]) -> RunSettings:
    from newsbeam.config.settings import RunnerSettings, RunSettings

    return RunSettings(
        inputs=tuple(known.inputs),
        output=output_settings(known.output, known.format, known.compress),
        documents=document_settings(known),
        runner=RunnerSettings(known.runner, beam_options),
        max_failed=known.max_failed,
        overwrite=known.overwrite,
        resume=known.resume,
    )


def stream_settings(known: argparse.Namespace, beam_options: Mapping[str, Any]) -> StreamSettings:
    """Build the settings of a run over messages. Raises CommandLineError."""
    from newsbeam.config.settings import RunnerSettings, StreamSettings
    from newsbeam.outputs.formats import is_line_format

    if known.inputs:
        raise CommandLineError(f"--source cannot be combined with input files (got {known.inputs[0]!r})")
    if known.max_failed != ALL_MAY_FAIL:
        raise CommandLineError("--max-failed is for files: a streaming run has no end at which to count")
    if known.resume or known.overwrite:
        raise CommandLineError("--resume and --overwrite do not apply to --source: run the same command again, and it continues")
    output = output_settings(known.output, known.format, known.compress)
    if not is_line_format(known.format):
        raise CommandLineError(f"--format {known.format} is not supported with --source; use --compress zstd")
    return StreamSettings(
        source=known.source,
        window=known.window,
        remember=known.remember,
        output=output,
        documents=document_settings(known),
        runner=RunnerSettings(known.runner, beam_options),
    )


def _parse(arguments: list[str], replay: bool = False) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Parse newsbeam's options and Beam's. Raises CommandLineError."""
    name = "replay" if replay else "run"
    usage = f"newsbeam {name} {'DIR' if replay else 'INPUT... --output DIR'} [options] [any Beam option]"
    about = "Process the dead letters of an earlier run again." if replay else "Process documents into one JSON record each."
    parser = Parser(f"newsbeam {name}", usage=usage, description=about, allow_abbrev=False)
    add_run_options(parser, replay)
    try:
        known, others = parser.parse_known_intermixed_args(arguments)
    except CommandLineError as error:
        raise CommandLineError(str(error), error.usage + mistyped_hint(arguments, parser)) from error
    # argparse takes an unknown option whose value has a blank for an input.
    if others or any(word.startswith("--") and " " in word for word in arguments):
        return parse_with_beam_options(arguments, parser, replay)
    return known, {}


def _stop_on_sigterm() -> None:
    """Have SIGTERM act like Ctrl-C: finished work is kept, and the run reports it."""
    with suppress(ValueError):  # called from another thread than the main one
        signal.signal(signal.SIGTERM, signal.default_int_handler)
