"""The command `newsbeam`. Heavy things are imported by the commands that need them: `newsbeam --help` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import newsbeam
from newsbeam.cli.run import run_command
from newsbeam.cli.tools import check_command, explain_command, list_command, plan_command
from newsbeam.cli.watch import watch_command
from newsbeam.console.terminal import escape_controls, tolerate_any_encoding
from newsbeam.errors import CommandLineError, NewsbeamError
from newsbeam.suggestions import did_you_mean

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


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; its exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_standard_streams()
    tolerate_any_encoding()
    try:
        return _main(arguments)
    except NewsbeamError as error:
        usage = error.usage if isinstance(error, CommandLineError) else ""
        print(f"newsbeam: {escape_controls(str(error))}{escape_controls(usage, lines=True)}", file=sys.stderr)
        return error.exit_code
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
        print(f"newsbeam {newsbeam.__version__}")
        return 0
    command = COMMANDS.get(arguments[0])
    if command is None:
        hint = did_you_mean(arguments[0], COMMANDS, f"the commands are {', '.join(COMMANDS)}")
        raise CommandLineError(f"no command {arguments[0]!r}; {hint}")
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


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "run": run_command,
    "watch": watch_command,
    "explain": explain_command,
    "list": list_command,
    "check": check_command,
    "plan": plan_command,
    "replay": lambda arguments: run_command(arguments, replay=True),
}
