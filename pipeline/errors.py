"""The errors that end a command. Each message is a sentence that says what happened and what to do.

NewsbeamError                     exit status 1: the run failed
├── UsageError                    exit status 2: the command cannot begin as asked
│   ├── CommandLineError          an option or argument is wrong
│   ├── RecipeError               a recipe is wrong
│   ├── InputError                an input cannot be used
│   ├── SourceError               a --source URI is wrong
│   ├── RunnerUnavailable         a runner, or a part of one, is not installed or does not answer
│   ├── ExplainError              there is no such document to explain
│   └── MissingExtra              an optional dependency is not installed
├── AccountError                  what was read and what became of it do not add up
├── LedgerError                   the state of `newsbeam watch` cannot be used
└── WorkerError                   worker processes cannot start
"""

from __future__ import annotations


class NewsbeamError(Exception):
    """The base of all errors that newsbeam raises on purpose and shows to its user."""

    exit_code = 1


class UsageError(NewsbeamError, ValueError):
    """The command cannot begin as asked; the message says why and what would help."""

    exit_code = 2


class CommandLineError(UsageError):
    """The command line is wrong. `usage` is printed in lines of its own below the message."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


class RecipeError(UsageError):
    """A recipe is wrong. The message names the file, the line, the mistake and what was probably meant."""


class InputError(UsageError):
    """An input on the command line cannot be used; the message names it and the cure."""


class SourceError(UsageError):
    """A `--source` URI is wrong; the message says what was probably meant."""


class RunnerUnavailable(UsageError):
    """A runner, or a part of one, is not available; the message says how to install or start it."""


class ExplainError(UsageError):
    """There is no such document; the message says why."""


class MissingExtra(UsageError, ImportError):
    """A feature needs an optional dependency that is not installed; the message is the command that installs it."""


class AccountError(NewsbeamError, RuntimeError):
    """What was read and what became of it do not add up: documents were lost or doubled."""


class LedgerError(NewsbeamError, RuntimeError):
    """The state of `newsbeam watch` can be neither used nor rebuilt; the message says what to do."""


class WorkerError(NewsbeamError, RuntimeError):
    """Worker processes cannot start; the message says why."""
