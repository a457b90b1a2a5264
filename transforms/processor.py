"""What a processor is, where processors are found, and the chain that runs them.

A processor is a frozen dataclass whose fields are its configuration, called with a document and returning one:

    @dataclass(frozen=True)
    class Shout:
        name: ClassVar[str] = "shout"
        effect: ClassVar[Effect] = "edits"
        mark: str = "!"

        def __call__(self, document: Document) -> Document:
            return replace(document, text=document.text.upper() + self.mark)

It *edits* (changes `text`), *annotates* (points into `text`) or *selects* (returns `Reject("reason")` for what is to be
left out). It raises what it likes on trouble: the document becomes a dead letter and the run goes on. It must be a pure
function of the document and its own fields: nothing else makes output the same on every worker.
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
"""Why a document is dropped that showed text when it came in, and of which a processor left none."""
EMPTY = "empty"
"""Why a document is dropped that shows no text, such as the page of an application that builds itself in the browser."""


@dataclass(frozen=True, slots=True)
class Reject:
    """What a selecting processor returns in place of a document: the reason, a short fixed phrase."""

    reason: str


class Processor(Protocol):
    """The contract: see the module's docstring."""

    name: ClassVar[str]
    effect: ClassVar[Effect]

    def __call__(self, document: Document, /) -> Document | Reject:
        """The document, changed or annotated, or why it is left out."""
        ...


class ProcessorNotFound(LookupError):
    """No processor of that name is installed, or its module cannot be imported; the message says which are."""


class ChainError(ValueError):
    """The processors do not go together in this order."""


@cache
def installed() -> dict[str, EntryPoint]:
    """The processors installed on this machine by name, in alphabetical order."""
    return {point.name: point for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)}


def find(name: str) -> type[Processor]:
    """The class of the processor `name`: an entry point's name, or `package.module:Class`.

    Raises ProcessorNotFound.
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
    except Exception as error:  # importing runs somebody else's code, which may raise anything
        what = str(error) if isinstance(error, (ImportError, AttributeError)) else f"{type(error).__name__}: {error}"
        raise ProcessorNotFound(f"processor {name!r} cannot be loaded: {what}") from error
    if getattr(found, "effect", None) not in ("edits", "annotates", "selects") or not callable(found):
        raise ProcessorNotFound(
            f"{name!r} is no processor: it wants `name` and `effect` (edits, annotates or selects) as class variables, and __call__"
        )
    cls: type[Processor] = found
    return cls


class DocumentTimeout(BaseException):
    """A document took longer than the time limit.

    Raised into the chain from outside, so it may surface anywhere; no Exception, lest a processor catch it by the way.
    """


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    `document` is how far it came (None if it could not even be decoded); `nanoseconds` holds what each stage took, in the
    order they ran. `visible` counts the characters other than white space that the input shows to a reader, without tags,
    scripts and comments; `kept` those that were left when editing was over: `kept / visible` is the share of a document that
    a run kept. Both are -1 where no processor edited. `kept` is the greater where the text comes from a page's metadata.
    """

    result: Document | Dropped | Failed
    document: Document | None = None
    nanoseconds: tuple[tuple[str, int], ...] = ()
    visible: int = NOWHERE
    kept: int = NOWHERE


@dataclass(frozen=True)
class Chain:
    """Processors in the order in which a document meets them.

    Raises ChainError if one that edits would come after one that annotates: its spans would no longer hold. `added` is when the
    run is (ISO 8601), `processed_by` what records name as their maker, `rows` how rows are read. A record of newsbeam's own that a
    processor has edited before is not edited by it again, unless `edit_again`.
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
                raise ChainError(f"{second!r} edits the text after {first!r} has pointed into it; put {second!r} before {first!r}")
            if processor.effect == "annotates":
                annotated_by = annotated_by or processor.name

    @property
    def edits(self) -> bool:
        """Return whether any processor changes the text."""
        return any(processor.effect == "edits" for processor in self.processors)

    def run(self, raw: Raw, entering: Callable[[str], object] = str) -> Outcome:
        """Take one input through decoding and every processor. Never raises, whatever a processor does.

        A processor's `Reject` gives Dropped; an exception, or a span that does not hold, gives Failed, both with the stage.
        A processor that leaves no text gives Dropped as well: NO_TEXT_LEFT, or EMPTY where the input showed none either.
        `entering` is told the name of each stage before it begins, so that whoever watches knows where a document hangs.
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
        except BaseException as error:  # noqa: BLE001 - a processor may raise anything, SystemExit too; the run goes on
            times.append((stage, perf_counter_ns() - began))
            return Outcome(_failure(stage, error), document, tuple(times), visible, kept)


def _has_edited(processor: Processor, document: Document) -> bool:
    """Return whether the record that a document was read from was made by this processor too, by its name or as `package.module:Class`."""
    cls = type(processor)
    return bool(document.processed_before) and not {processor.name, f"{cls.__module__}:{cls.__qualname__}"}.isdisjoint(
        document.processed_before
    )


def _failure(stage: str, error: BaseException) -> Failed:
    """A dead letter's account of an exception: class, message, and where it was raised (its last five frames)."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    trace = "\n".join(f"{frame.name} ({_module(frame.filename)}:{frame.lineno})" for frame in frames)
    return Failed(stage, type(error).__name__, str(error)[:2000] or type(error).__name__, trace)


def _module(filename: str) -> str:
    # The folder a package is installed in differs from machine to machine; dead letters should not.
    return "/".join(filename.replace("\\", "/").split("/")[-3:])


def describe(processor: Processor) -> dict[str, object]:
    """A processor's name and configuration, as the manifest shows it."""
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
