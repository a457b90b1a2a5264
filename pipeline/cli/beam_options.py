"""Parsing of command lines with Beam's own options."""

from __future__ import annotations

import argparse
from typing import Any

from newsbeam.beam_compat import options_parser
from newsbeam.cli.options import add_run_options
from newsbeam.errors import CommandLineError
from newsbeam.runners.registry import all_definitions
from newsbeam.suggestions import did_you_mean


def parse_with_beam_options(arguments: list[str], ours: argparse.ArgumentParser, replay: bool) -> tuple[argparse.Namespace, dict[str, Any]]:
    """Parse a command line again with every option that Beam has.

    These are newsbeam's options, and Beam's by name.

    Only command lines that need it load Beam. Raises CommandLineError.
    """
    from newsbeam.storage.filesystem import silence_beam_logging

    silence_beam_logging()
    for definition in all_definitions():
        definition.declare_options()
    parser: argparse.ArgumentParser = options_parser(ours.prog, ours.usage)
    names = {action.dest for action in parser._actions}
    add_run_options(parser, replay)
    own = {action.dest for action in ours._actions}
    parser.error = ours.error  # type: ignore[method-assign]
    known, unknown = parser.parse_known_intermixed_args(arguments)
    if not replay and "--" not in arguments:
        unknown += [word for word in known.inputs if word.startswith("--")]
    wrong = [word.partition("=")[0] for word in unknown if word.startswith("-")]
    if wrong or unknown:
        word = (wrong or unknown)[0]
        names_of_all = [option for action in parser._actions for option in action.option_strings]
        raise CommandLineError(f"unknown option {word!r}; " + did_you_mean(word, names_of_all, "neither newsbeam nor Beam has it"))
    given = {word[2:].partition("=")[0].replace("-", "_") for word in arguments if word.startswith("--")}
    chosen = {
        action.dest: getattr(known, action.dest)
        for action in parser._actions
        if action.dest in names - own and any(option.lstrip("-").replace("-", "_") in given for option in action.option_strings)
    }
    return known, chosen


def mistyped_hint(arguments: list[str], parser: argparse.ArgumentParser) -> str:
    """Suggest the option of newsbeam that a similar one was meant to be.

    "" for no suggestion.
    """
    ours = [option for action in parser._actions for option in action.option_strings]
    for word in (word.partition("=")[0] for word in arguments if word.startswith("--")):
        if word not in ours and (hint := did_you_mean(word, ours, likeness=0.75)):
            return f"\nunknown option {word!r}; {hint}"
    return ""
