"""The launcher of the Flex Template. It is called with the template's parameters and Beam's options, each as `--name=value`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from newsbeam.cli.main import main

FLAGS = ("overwrite", "resume")
"""Options of the command without a value. As parameters they are true or false."""

OURS = (
    "output",
    "recipe",
    "template",
    "source",
    "window",
    "remember",
    "format",
    "compress",
    "added",
    "time_limit",
    "max_document_mb",
    *FLAGS,
)
"""Parameters that are options of the command, with `_` for `-`. All others are Beam's."""


def command_line(parameters: Sequence[str]) -> list[str]:
    """Convert the launcher's parameters to a command line of `newsbeam`. An empty parameter counts as not given."""
    inputs: list[str] = []
    options: list[str] = []
    for parameter in parameters:
        name, _, value = parameter.removeprefix("--").partition("=")
        if name == "runner":  # Beam's name for the runner
            continue
        if name == "inputs":
            inputs += [word for word in re.split(r"[,\s]+", value) if word]
        elif name in FLAGS:
            options += [f"--{name}"] if value == "true" else []
        elif name in OURS:
            options += [f"--{name.replace('_', '-')}={value}"] if value else []
        else:
            options.append(parameter)
    return ["run", *inputs, "--runner", "dataflow", *options]


if __name__ == "__main__":
    sys.exit(main(command_line(sys.argv[1:])))
