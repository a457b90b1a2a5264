"""Processors, their discovery, and the chain that runs them.

A processor is a frozen dataclass whose fields are its configuration. It is called with a document
and returns one:

    @dataclass(frozen=True)
    class Shout:
        name: ClassVar[str] = "shout"
        effect: ClassVar[Effect] = "edits"
        mark: str = "!"

        def __call__(self, document: Document) -> Document:
            return replace(document, text=document.text.upper() + self.mark)

It *edits* (changes `text`), *annotates* (refers to `text`) or *selects* (returns `Reject("reason")`
for documents to drop). It may raise any exception: the document becomes a dead letter, and the run
continues. It must be a pure function of the document and its own fields, so that the output is the
same on every worker.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import Field, dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from time import perf_counter_ns
from typing import Any, ClassVar, Literal, Protocol

from newsbeam.transforms.decode import decode
from newsbeam.transforms.document import NOWHERE, Document, Dropped, Failed, Raw, broken_spans, count_visible, is_blank
from newsbeam.transforms.fields import USUAL_NAMES, RowOptions
from newsbeam.transforms.records import without_annotations

ENTRY_POINT_GROUP = "newsbeam.processors"

Effect = Literal["edits", "annotates", "selects"]

NO_TEXT_LEFT = "no text left"
"""Reason to drop a document whose visible text was removed completely."""
EMPTY = "empty"
"""Reason to drop a document without visible text, such as the page of a JavaScript application."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Returned by a selecting processor to drop a document.

    `reason` is a short fixed phrase.
    """

    reason: str


class Processor(Protocol):
    """The interface of processors, described in the module's docstring."""

    name: ClassVar[str]
    effect: ClassVar[Effect]

    def __call__(self, document: Document, /) -> Document | Reject:
        """Return the changed or annotated document, or Reject."""
        ...


class ProcessorNotFound(LookupError):
    """A processor is not installed or cannot be imported."""


class ChainError(ValueError):
    """The processors cannot be combined in this order."""


@cache
def installed() -> dict[str, EntryPoint]:
    """Return the installed processors by name, in alphabetical order."""
    return {point.name: point for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)}


def find(name: str) -> type[Processor]:
    """Return the class of a processor.

    `name` is the name of an entry point, or `package.module:Class`. Raises ProcessorNotFound.
    """
    point = installed().get(name)
    try:
        if point is not None:
            found = point.load()
        elif ":" in name:
            module, _, attribute = name.partition(":")
            found = getattr(import_module(module), attribute)
        else:
            raise ProcessorNotFound(f"no processor {name!r} is installed; there are: {', '.join(installed())}")
    except ProcessorNotFound:
        raise
    except Exception as error:  # importing runs code of others, which may raise anything
        what = str(error) if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: {error}"
        raise ProcessorNotFound(f"processor {name!r} cannot be loaded: {what}") from error
    if getattr(found, "effect", None) not in ("edits", "annotates", "selects") or not callable(found):
        raise ProcessorNotFound(
            f"{name!r} is not a processor: it needs `name` and `effect` (edits, annotates or selects) as class variables, and __call__"
        )
    cls: type[Processor] = found
    return cls


class DocumentTimeout(BaseException):
    """A document exceeded the time limit.

    It is raised into the chain from outside and may surface anywhere. It is not an Exception, so
    that processors do not catch it.
    """


@dataclass(frozen=True)
class Outcome:
    """The result of one input.

    * `document` is the last version of the document, None if it could not be decoded.
    * `nanoseconds` has the time of each stage, in order.
    * `visible` counts the visible characters of the input other than white space, without tags,
      scripts and comments. `kept` counts those that remain after editing, so that `kept / visible`
      is the share that a run kept. Both are -1 if no processor edited. `kept` is larger if the text
      comes from a page's metadata.
    """

    result: Document | Dropped | Failed
    document: Document | None = None
    nanoseconds: tuple[tuple[str, int], ...] = ()
    visible: int = NOWHERE
    kept: int = NOWHERE


@dataclass(frozen=True)
class Chain:
    """Processors in the order in which they run.

    `added` is the time of the run (ISO 8601), `processed_by` the value for records, `rows` how rows
    are read. Processors that have already edited one of newsbeam's own records are skipped, unless
    `edit_again`. Raises ChainError if an editing processor follows an annotating one, because the
    annotations would become invalid. It is raised as well if a processor's `requires` (names of
    processors) are not before it.
    """

    processors: tuple[Processor, ...] = ()
    added: str = ""
    processed_by: str = ""
    rows: RowOptions = USUAL_NAMES
    edit_again: bool = False

    def __post_init__(self) -> None:
        annotated_by = ""
        for processor in self.processors:
            if processor.effect == "edits" and annotated_by:
                first, second = annotated_by, processor.name
                raise ChainError(f"{second!r} edits the text after {first!r} has annotated it; put {second!r} before {first!r}")
            if processor.effect == "annotates":
                annotated_by = annotated_by or processor.name
        before: set[str] = set()
        for processor in self.processors:
            for needed in getattr(processor, "requires", ()):
                if needed not in before:
                    raise ChainError(f"{processor.name!r} selects by what {needed!r} finds out; put {needed!r} before it")
            before.add(processor.name)

    @property
    def edits(self) -> bool:
        """Return whether any processor changes the text."""
        return any(processor.effect == "edits" for processor in self.processors)

    def run(self, raw: Raw, entering: Callable[[str], object] = str) -> Outcome:
        """Run one input through decoding and every processor; never raises.

        A processor's `Reject` results in Dropped. An exception, or an invalid span, results in
        Failed. Both have the stage. If a processor leaves no text, the result is Dropped with
        NO_TEXT_LEFT, or EMPTY if the input had no visible text either. `entering` is called with
        the name of each stage before it begins, to show where a document hangs.
        """
        times: list[tuple[str, int]] = []
        document: Document | None = None
        visible = kept = NOWHERE
        stage = "read"
        began = perf_counter_ns()
        try:
            if raw.error:
                error, _, message = raw.error.partition(": ")
                return Outcome(Failed(stage, error, message))
            if raw.drop:
                return Outcome(Dropped(stage, raw.drop))
            stage = "decode"
            entering(stage)
            decoded = decode(raw, self.added, self.processed_by, self.rows)
            times.append((stage, perf_counter_ns() - began))
            if isinstance(decoded, Dropped):
                return Outcome(decoded, None, tuple(times))
            document = decoded
            for processor in self.processors:
                if processor.effect == "edits":
                    if _has_edited(processor, document) and not self.edit_again:
                        continue
                    if document.processed_before:
                        document = without_annotations(document)
                stage = processor.name
                entering(stage)
                began = perf_counter_ns()
                after = processor(document)
                times.append((stage, perf_counter_ns() - began))
                if isinstance(after, Reject):
                    return Outcome(Dropped(stage, after.reason), document, tuple(times), visible, kept)
                if not isinstance(after, Document):
                    raise TypeError(f"{stage} returned {type(after).__name__}, not a document")
                if processor.effect == "edits":
                    if visible < 0:
                        visible = after.visible if after.visible >= 0 else count_visible(document)
                    kept = count_visible(after)
                if (processor.effect == "edits" or after.text != document.text) and is_blank(after.text):
                    reason = EMPTY if visible == 0 or is_blank(document.text) else NO_TEXT_LEFT
                    return Outcome(Dropped(stage, reason), after, tuple(times), visible, kept)
                document = after
                if processor.effect == "annotates" and (wrong := broken_spans(document)):
                    return Outcome(Failed(stage, "SpanError", wrong[0]), document, tuple(times), visible, kept)
            return Outcome(document, document, tuple(times), visible, kept)
        except (KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a processor may raise anything, SystemExit too; the run continues
            times.append((stage, perf_counter_ns() - began))
            return Outcome(_failure(stage, error), document, tuple(times), visible, kept)


def _has_edited(processor: Processor, document: Document) -> bool:
    """Return whether this processor edited the document in an earlier run.

    It is compared by its name and by `package.module:Class`.
    """
    cls = type(processor)
    return bool(document.processed_before) and not {processor.name, f"{cls.__module__}:{cls.__qualname__}"}.isdisjoint(
        document.processed_before
    )


def _failure(stage: str, error: BaseException) -> Failed:
    """Return a dead letter's report of an exception.

    Class, message, and where it was raised (its last five frames).
    """
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    trace = "\n".join(f"{frame.name} ({_module(frame.filename)}:{frame.lineno})" for frame in frames)
    return Failed(stage, type(error).__name__, str(error)[:2000] or type(error).__name__, trace)


def _module(filename: str) -> str:
    # The installation folder differs between machines; dead letters should not.
    return "/".join(filename.replace("\\", "/").split("/")[-3:])


def describe(processor: Processor) -> dict[str, object]:
    """Return a processor's name and configuration for the manifest."""
    options: tuple[Field[Any], ...] = fields(processor) if is_dataclass(processor) else ()
    shown = {option.name: _shown(getattr(processor, option.name)) for option in options if is_option(option)}
    return {"name": processor.name, **shown}


def is_option(field: Field[Any]) -> bool:
    """Return whether a processor's field is an option.

    Fields with the metadata `{"option": False}` are not: a run sets them.
    """
    return bool(field.metadata.get("option", True))


def _shown(value: object) -> object:
    # A third party's option may be anything; what JSON has no form for is shown as Python would write it.
    if isinstance(value, (tuple, list)):
        return [_shown(item) for item in value]
    return value if value is None or isinstance(value, (str, int, float)) else repr(value)
