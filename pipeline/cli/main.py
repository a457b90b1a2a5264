"""The command `newsbeam`.

Commands import what they need when they run, so that `newsbeam --help` is fast.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

import newsbeam
from newsbeam.cli.run import replay_command, run_command
from newsbeam.cli.tools import (
    check_command,
    diff_command,
    explain_command,
    export_command,
    list_command,
    plan_command,
    report_command,
    sample_command,
    schema_command,
    view_command,
)
from newsbeam.cli.watch import watch_command
from newsbeam.console.terminal import escape_controls, print_note, tolerate_any_encoding
from newsbeam.errors import CommandLineError, NewsbeamError, RunFailed
from newsbeam.suggestions import did_you_mean

DESCRIPTION = "Turn raw web documents into clean, annotated JSONL."
EPILOG = """\
commands:
  run INPUT... --output DIR   process files, folders and globs into one JSON record per document
  run --source URI            process messages from Kafka or Pub/Sub until stopped
  watch INPUT... --output DIR follow folders and process each new file once
  explain FILE                show what each processor did to one document, and why
  view DIR                    show the records of a run as a page in a browser
  sample DIR                  print records drawn at random
  report DIR                  count what is in the records of a run
  diff A B                    compare two runs over the same documents
  export DIR --to FILE        write who said what as CSV, Parquet or SQLite
  schema --json               print the schema of a record (also arrow, polars, spark, bigquery, recipe)
  list                        list the installed processors
  check RECIPE                validate a recipe
  plan [DOCUMENTS...]         estimate cores, hours and memory for a number of documents
  replay DIR                  process the dead letters of an earlier run again

Run `newsbeam COMMAND --help` for the options of a command. Exit status: 0 if every document is accounted for; 1 if the run
failed, if nothing was written, or if more documents failed than --max-failed allows; 2 if the command line or the recipe is
wrong.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    _open_standard_streams()
    tolerate_any_encoding()
    try:
        return _main(arguments)
    except NewsbeamError as error:
        usage = error.usage if isinstance(error, CommandLineError) else ""
        print(f"newsbeam: {escape_controls(str(error))}{escape_controls(usage, lines=True)}", file=sys.stderr)
        for note in error.notes if isinstance(error, RunFailed) else ():
            print_note(note)
        return error.exit_code
    except KeyboardInterrupt:  # before anything began: a run handles it itself
        print("newsbeam: interrupted", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # `newsbeam explain … | head`: nobody reads the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _open_standard_streams() -> None:
    """Open the null device for each standard stream that the parent process closed.

    Otherwise the first files that are opened would get their descriptors, and Python sets the streams to None.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - open until the process ends


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
    "view": view_command,
    "sample": sample_command,
    "report": report_command,
    "diff": diff_command,
    "export": export_command,
    "schema": schema_command,
    "list": list_command,
    "check": check_command,
    "plan": plan_command,
    "replay": replay_command,
}
