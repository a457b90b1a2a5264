"""The chain: order checked, whatever a processor does accounted for, the same result every time."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbeam.transforms import processor as contract
from newsbeam.transforms.document import Document, Dropped, Failed, LanguageRun, Raw
from newsbeam.transforms.length import Length
from newsbeam.transforms.processor import Chain, ChainError, DocumentTimeout, Effect, ProcessorNotFound, Reject, describe, find, installed

RAW = Raw("a.txt", b"The ferry is late again, the mayor said.")


@dataclass(frozen=True)
class Shout:
    name: ClassVar[str] = "shout"
    effect: ClassVar[Effect] = "edits"
    mark: str = "!"

    def __call__(self, document: Document) -> Document:
        return replace(document, text=document.text.upper() + self.mark)


@dataclass(frozen=True)
class Point:
    name: ClassVar[str] = "point"
    effect: ClassVar[Effect] = "annotates"
    start: int = 0
    end: int = 3

    def __call__(self, document: Document) -> Document:
        return replace(document, languages=(LanguageRun(self.start, self.end, "en", 1.0),))


@dataclass(frozen=True)
class Fussy:
    name: ClassVar[str] = "fussy"
    effect: ClassVar[Effect] = "selects"

    def __call__(self, document: Document) -> Document | Reject:
        return Reject("too late") if "late" in document.text else document


@dataclass(frozen=True)
class Does:
    """Whatever it is told to."""

    name: ClassVar[str] = "does"
    effect: ClassVar[Effect] = "selects"
    what: Callable[[Document], Any] = lambda document: document

    def __call__(self, document: Document) -> Any:
        return self.what(document)


def _raise(error: BaseException) -> Callable[[Document], Any]:
    def what(_: Document) -> Any:
        raise error

    return what


def test_an_edit_after_an_annotation_is_refused_and_the_message_says_what_to_do() -> None:
    with pytest.raises(ChainError, match=r"'shout' edits the text after 'point' has annotated it; put 'shout' before 'point'"):
        Chain((Point(), Length(), Shout()))


def test_edits_before_annotations_and_selections_anywhere_are_fine() -> None:
    chain = Chain((Fussy(), Shout(), Length(), Point(), Fussy(), Point()))
    assert chain.edits
    assert not Chain((Point(), Fussy())).edits


def test_a_document_goes_through_every_processor_in_order() -> None:
    outcome = Chain((Shout(), Shout("?"), Point()), processed_by="maker").run(RAW)
    assert isinstance(outcome.result, Document)
    assert outcome.result is outcome.document
    assert outcome.result.text == "THE FERRY IS LATE AGAIN, THE MAYOR SAID.!?"
    assert outcome.result.metadata.processed_by == "maker"
    assert [stage for stage, _ in outcome.nanoseconds] == ["decode", "shout", "shout", "point"]


def test_a_reject_is_a_drop_with_its_stage_and_nothing_runs_after_it() -> None:
    outcome = Chain(
        (Fussy(), Does(what=_raise(AssertionError("ran")))),
    ).run(RAW)
    assert outcome.result == Dropped("fussy", "too late")
    assert outcome.document is not None  # how far it came


@pytest.mark.parametrize(
    ("error", "name", "message"),
    [
        (ValueError("no good"), "ValueError", "no good"),
        (KeyError("key"), "KeyError", "'key'"),
        (RuntimeError(), "RuntimeError", "RuntimeError"),
        (RecursionError("deep"), "RecursionError", "deep"),
        (MemoryError(), "MemoryError", "MemoryError"),
        (DocumentTimeout("took longer than 10 s"), "DocumentTimeout", "took longer than 10 s"),
        (ValueError("x" * 5000), "ValueError", "x" * 2000),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_is_raised_becomes_a_failure_of_its_stage(error: BaseException, name: str, message: str) -> None:
    outcome = Chain((Shout(), Does(what=_raise(error)))).run(RAW)
    failed = outcome.result
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.error, failed.message) == ("does", name, message)
    assert "what (" in failed.trace
    assert "/transforms/test_core_chain.py:" in failed.trace
    assert outcome.document is not None
    assert outcome.document.text.isupper()


def test_ctrl_c_is_not_swallowed() -> None:
    with pytest.raises(KeyboardInterrupt):
        Chain((Does(what=_raise(KeyboardInterrupt())),)).run(RAW)


def test_a_processor_that_ends_the_program_ends_one_document() -> None:
    failed = Chain((Does(what=_raise(SystemExit(3))),)).run(RAW).result
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.error) == ("does", "SystemExit")


@pytest.mark.parametrize("answer", [None, "text", 3, Document], ids=["None", "str", "int", "class"])
def test_what_is_no_document_is_a_failure(answer: object) -> None:
    failed = Chain((Does(what=lambda _: answer),)).run(RAW).result
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.error) == ("does", "TypeError")
    assert f"returned {type(answer).__name__}" in failed.message


@pytest.mark.parametrize(("start", "end"), [(0, 500), (4, 2), (-3, 2)])
def test_a_span_that_does_not_hold_is_a_failure(start: int, end: int) -> None:
    failed = Chain((Point(start, end), Length())).run(RAW).result
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.error) == ("point", "SpanError")
    assert "languages" in failed.message


def test_what_could_not_be_read_fails_or_drops_before_any_processor() -> None:
    chain = Chain((Does(what=_raise(AssertionError("ran"))),))
    assert chain.run(Raw("a", b"", error="ReadError: it: is gone")).result == Failed("read", "ReadError", "it: is gone")
    assert chain.run(Raw("a", b"", drop="no documents in it")).result == Dropped("read", "no documents in it")
    assert chain.run(Raw("a", b" \n")).result == Dropped("decode", "empty")
    failed = chain.run(Raw("a.html", b"%PDF-1.7 ...")).result
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.error) == ("decode", "DecodeError")


# --- what is left of a text ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Makes:
    name: ClassVar[str] = "makes"
    effect: ClassVar[Effect] = "edits"
    text: str = ""

    def __call__(self, document: Document) -> Document:
        return replace(document, text=self.text, markup=False)


ARTICLE = "<html><body><nav>Menu</nav><p>The pier was shut on Tuesday.</p><script>var words = 1</script></body></html>"


@pytest.mark.parametrize(
    ("payload", "made", "visible", "kept", "reason"),
    [
        ("The pier was shut.", "The pier.", 15, 8, ""),
        ("The pier was shut.", "", 15, 0, "no text left"),
        ("The pier was shut.", " \n\t\u200b\u00a0", 15, 1, "no text left"),
        ("桟橋は閉鎖された。", "桟橋は。", 9, 4, ""),
        (ARTICLE, "The pier was shut on Tuesday.", 28, 24, ""),
        (ARTICLE, "", 28, 0, "no text left"),
        ('<html><body><div id="app"></div><script>start()</script></body></html>', "", 0, 0, "empty"),
        ("\u200b\u200b", "\u200b", 2, 1, "empty"),
    ],
)
def test_what_is_left_is_counted_and_never_nothing(payload: str, made: str, visible: int, kept: int, reason: str) -> None:
    outcome = Chain((Makes(made), Fussy())).run(Raw("a", payload.encode(), name="a"))
    assert (outcome.visible, outcome.kept) == (visible, kept)
    if reason:
        assert outcome.result == Dropped("makes", reason)
    else:
        assert isinstance(outcome.result, Document)


def test_where_nothing_edits_nothing_is_counted_and_the_text_stays() -> None:
    outcome = Chain((Fussy(),)).run(Raw("a", "\u200b".encode()))
    assert isinstance(outcome.result, Document)
    assert (outcome.visible, outcome.kept) == (-1, -1)


def test_nor_may_a_processor_that_says_it_selects_take_the_text() -> None:
    @dataclass(frozen=True)
    class Blanks:
        name: ClassVar[str] = "blanks"
        effect: ClassVar[Effect] = "selects"

        def __call__(self, document: Document) -> Document:
            return replace(document, text="")

    assert Chain((Blanks(),)).run(RAW).result == Dropped("blanks", "no text left")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ('<!doctype html><html><body><div id="root"></div><script>start()</script></body></html>', "empty"),
        ("<!doctype html><html><head><title>Courier</title></head><body></body></html>", "empty"),
    ],
)
def test_a_page_that_gives_nothing_is_dropped_by_boilerplate_alone(page: str, reason: str) -> None:
    from newsbeam.transforms.boilerplate import Boilerplate

    outcome = Chain((Boilerplate(),)).run(Raw("a.html", page.encode(), name="a.html"))
    assert outcome.result == Dropped("boilerplate", reason)


def test_the_watcher_is_told_each_stage_before_it_begins() -> None:
    seen: list[str] = []
    Chain((Shout(), Does(what=lambda document: seen.append("(ran)") or document), Fussy())).run(RAW, seen.append)
    assert seen == ["decode", "shout", "does", "(ran)", "fussy"]


@given(st.binary(max_size=200), st.sampled_from(["a.txt", "a.html", "a"]))
def test_the_chain_is_deterministic_and_never_raises(payload: bytes, name: str) -> None:
    chain = Chain((Shout(), Length(), Fussy(), Point(0, 1)))
    first, second = (chain.run(Raw(name, payload, name=name)) for _ in range(2))
    assert (first.result, first.document) == (second.result, second.document)


def test_a_chain_pickles_into_an_equal_one() -> None:
    import pickle

    chain = Chain((Length(3), Length()), processed_by="maker")
    assert pickle.loads(pickle.dumps(chain)) == chain


def test_describe_gives_name_and_configuration() -> None:
    assert {"name": "length", "min_chars": 5, "max_chars": 0}.items() <= describe(Length(5)).items()


@dataclass(frozen=True)
class WithPattern:
    name: ClassVar[str] = "with-pattern"
    effect: ClassVar[Effect] = "selects"
    dates: ClassVar[re.Pattern[str]] = re.compile(r"\d{4}")
    words: frozenset[str] = frozenset({"late"})

    def __call__(self, document: Document) -> Document:
        return document


def test_describe_is_ready_for_the_manifest_whatever_a_processor_keeps() -> None:
    described = describe(WithPattern())
    assert orjson.loads(orjson.dumps(described)) == described


# --- finding --------------------------------------------------------------------------------------------------------


def test_the_built_in_processors_are_registered_and_load() -> None:
    names = ("boilerplate", "language", "translation", "attribution", "length", "select")
    assert set(names) <= set(installed())
    effects = {name: find(name).effect for name in names}
    assert effects == {
        "boilerplate": "edits",
        "language": "annotates",
        "translation": "annotates",
        "attribution": "annotates",
        "length": "selects",
        "select": "selects",
    }
    assert all(find(name).name == name for name in effects)


def test_a_processor_is_found_by_module_and_class() -> None:
    assert find("newsbeam.transforms.length:Length") is Length


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("boilerplte", "no processor 'boilerplte' is installed; there are: .*boilerplate"),
        ("", "no processor ''"),
        ("no_such_module:Thing", "cannot be loaded: No module named 'no_such_module'"),
        ("newsbeam.transforms.length:Lenth", "cannot be loaded: .*Lenth"),
        ("newsbeam.transforms.length:", "cannot be loaded"),
        (":Length", "cannot be loaded"),
        ("newsbeam.transforms.document:Document", "is not a processor: it needs `name` and `effect`"),
        ("json:dumps", "is not a processor"),
        ("newsbeam.transforms.length:dataclass", "is not a processor"),
    ],
)
def test_what_is_no_processor_is_not_found(name: str, message: str) -> None:
    with pytest.raises(ProcessorNotFound, match=message):
        find(name)


_ANY_ERROR = "find() lets every error of an import but ImportError and AttributeError through: `newsbeam list` ends in a traceback"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import nothing_of_that_name", "nothing_of_that_name"),
        ("class X", "expected ':'"),
        ("x = y", "'y' is not defined"),
    ],
    ids=["missing", "syntax", "name"],
)
def test_a_module_that_breaks_on_import_is_named(source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "breaks_on_import.py").write_text(source + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(ProcessorNotFound, match=message):
            find("breaks_on_import:X")
    finally:
        sys.modules.pop("breaks_on_import", None)


def test_installed_is_sorted() -> None:
    assert list(contract.installed()) == sorted(contract.installed())


@pytest.mark.parametrize(
    ("text", "options", "expect"),
    [
        ("words", {}, None),
        ("– … –", {}, "empty"),
        ("", {}, "empty"),
        ("ab", {"min_chars": 3}, "too short"),
        ("abc", {"min_chars": 3}, None),
        ("." * 9000 + "abc", {"min_chars": 3}, None),
        ("a" * 11, {"max_chars": 10}, "too long"),
        ("a" * 10, {"max_chars": 10}, None),
        ("한국 뉴스", {"min_chars": 4}, None),
    ],
)
def test_length(text: str, options: dict[str, int], expect: str | None) -> None:
    document = Document(text=text)
    assert Length(**options)(document) == (document if expect is None else Reject(expect))


@pytest.mark.parametrize("options", [{"min_chars": -1}, {"max_chars": -1}])
def test_length_checks_itself(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        Length(**options)
