"""What the launcher of the Flex Template runs: the template's parameters and Beam's own options, each as `--name=value`."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

from newsbeam.cli.main import main

FLAGS = ("overwrite", "resume")
"""Options of the command that take no value; as parameters they are true or false."""

OURS = ("output", "recipe", "source", "window", "remember", "format", "compress", "added", "time_limit", "max_document_mb", *FLAGS)
"""The parameters that are options of the command by the same name, but for dashes. What is not among them is Beam's."""


def command_line(parameters: Sequence[str]) -> list[str]:
    """The words of `newsbeam` for a launcher's. A parameter that was left empty counts as not given."""
    inputs: list[str] = []
    options: list[str] = []
    for parameter in parameters:
        name, _, value = parameter.removeprefix("--").partition("=")
        if name == "runner":  # by Beam's name of it
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
