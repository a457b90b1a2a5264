"""The errors that end a command: each message says what happened and what to do.

NewsbeamError                     exit status 1: the run failed
├── UsageError                    exit status 2: the command cannot start as requested
│   ├── CommandLineError          an option or argument is wrong
│   ├── RecipeError               a recipe is wrong
│   ├── TemplateError             the counts of --template cannot be used
│   ├── InputError                an input cannot be used
│   ├── SourceError               a --source URI is wrong
│   ├── RunnerUnavailable         a runner or a component of it is not installed or not running
│   ├── ExplainError              the document to explain does not exist
│   └── MissingExtra              an optional dependency is not installed
├── Dropped                       the recipe leaves a page out
├── Failed                        a page could not be processed
├── RunFailed                     a run over files failed or was interrupted
├── AccountError                  the counts of inputs and outputs do not balance
├── LedgerError                   the state of `newsbeam watch` cannot be used
└── WorkerError                   worker processes cannot start
"""

from __future__ import annotations


class NewsbeamError(Exception):
    """The base of all errors that newsbeam raises on purpose and shows to its user."""

    exit_code = 1


class UsageError(NewsbeamError, ValueError):
    """The command cannot start as requested; the message suggests a remedy."""

    exit_code = 2


class CommandLineError(UsageError):
    """The command line is wrong. `usage` is printed below the message."""

    def __init__(self, message: str, usage: str = "") -> None:
        super().__init__(message)
        self.usage = usage


class RecipeError(UsageError):
    """A recipe is wrong. The message has the file, line, mistake and a suggestion."""


class TemplateError(UsageError):
    """Counts of an earlier run cannot be used.

    The message has their name and a remedy.
    """


class InputError(UsageError):
    """An input cannot be used; the message has its name and a remedy."""


class SourceError(UsageError):
    """A `--source` URI is wrong; the message suggests a correction."""


class RunnerUnavailable(UsageError):
    """A runner or a component of it is unavailable; the message says how to get it."""


class ExplainError(UsageError):
    """The document to explain does not exist; the message says why."""


class MissingExtra(UsageError, ImportError):
    """An optional dependency is missing; the message is the command that installs it."""


class RunFailed(NewsbeamError, RuntimeError):
    """A run over files failed or was interrupted.

    `notes` say what is kept and how to continue.
    """

    def __init__(self, message: str, *notes: str) -> None:
        super().__init__(message, *notes)
        self.message, self.notes = message, notes

    def __str__(self) -> str:
        return self.message


class AccountError(NewsbeamError, RuntimeError):
    """Inputs and outputs do not balance: documents were lost or doubled."""


class LedgerError(NewsbeamError, RuntimeError):
    """The state of `newsbeam watch` is unusable; the message says what to do."""


class WorkerError(NewsbeamError, RuntimeError):
    """Worker processes cannot start; the message says why."""


class Dropped(NewsbeamError):
    """The recipe leaves a page out.

    Attributes:
        origin: the page's address or number.
        stage: the processor, or "decode" or "read".
        reason: why, as in the rows of dropped documents.
    """

    def __init__(self, origin: str, stage: str, reason: str) -> None:
        super().__init__(origin, stage, reason)
        self.origin, self.stage, self.reason = origin, stage, reason

    def __str__(self) -> str:
        return f"{self.origin}: {self.stage} dropped it: {self.reason}"


class Failed(NewsbeamError):
    """A page could not be processed.

    Attributes:
        origin: the page's address or number.
        stage: the processor, or "decode" or "read".
        error: the class of the error.
        message: its message.
        trace: the last lines of the traceback.
    """

    def __init__(self, origin: str, stage: str, error: str, message: str, trace: str = "") -> None:
        super().__init__(origin, stage, error, message, trace)
        self.origin, self.stage, self.error, self.message, self.trace = origin, stage, error, message, trace

    def __str__(self) -> str:
        return f"{self.origin} failed at {self.stage}: {self.error}: {self.message}"
