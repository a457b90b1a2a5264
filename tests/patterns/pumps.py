"""Runs every pattern of the project over texts made to blow patterns up, and prints those that take more than linear time.

    python tests/patterns/pumps.py [PART ...]     # a JSON object a line for each that fails, of the files whose path has PART in it

A pattern passes on a text of SIZE characters that it is done with in SECONDS of processor time: a quadratic one needs three times as
long where its loop is as tight as can be, and mostly minutes. One that takes longer is tried on texts of two sizes, and fails where four
times the text takes more than GROWTH times as long, so that a pattern that is merely slow, or a slow machine, fails nothing. Processor
time alone counts, and of several measurements the least, so that a busy machine fails nothing either.

The texts are families of runs, and such as are made after the pattern itself: what it repeats without end, with and without what has to
stand before. A pattern is not tried on texts over which none of its endless repetitions can run, for there it is linear.
"""

from __future__ import annotations

import ast
import importlib
import json
import math
import pkgutil
import re
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

if sys.version_info >= (3, 11):
    from re import _parser as parser
else:
    import sre_parse as parser

ROOT = Path(__file__).parents[2]
SIZE, SECONDS = 100_000, 0.5
SMALLER, ENOUGH = 24_000, 0.03  # tried first: a quadratic pattern needs three times as long, and processor time may go by 4 milliseconds
SMALLEST = SMALLER // 4
GROWTH = 8  # of a linear pattern four, of a quadratic one sixteen
MOST_SECONDS = 3.0  # for SMALLER: 125 microseconds a character are too much, however they grow; the slowest takes eight

# What is repeated. Each is tried alone, and with an end that keeps it from matching to the end of the text.
PIECES = {
    "blanks": " ",
    "no-break spaces": "\u00a0",
    "ideographic spaces": "\u3000",
    "tabs": "\t",
    "newlines": "\n",
    "carriage returns": "\r",
    "blank lines": " \n",
    "underscores": "_",
    "ampersands": "&",
    "entities": "&amp;",
    "apostrophes": "'",
    "curly apostrophes": "’",
    "hyphens": "-",
    "dashes": "—",
    "full stops": ".",
    "commas": ",",
    "colons": ":",
    "semicolons": "; ",
    "question marks": "?!",
    "slashes": "/",
    "backslashes": "\\",
    "bars": " | ",
    "stars": "*",
    "equals signs": "=",
    "plus signs": "+",
    "hashes": "#",
    "at signs": "@",
    "dollars": "${",
    "percents": "%",
    "capitals": "A",
    "small letters": "a",
    "other capitals": "É",
    "hex": "0a",
    "capitals with apostrophes": "A’A’",
    "capitals with straight apostrophes": "A'",
    "capitals with full stops": "A.",
    "capitals with hyphens": "A-",
    "capitals with ampersands": "A&",
    "small letters with hyphens": "a-",
    "small letters with underscores": "a_",
    "names": "Aa ",
    "names with commas": "Aa, ",
    "names in lines": "Aa\n",
    "small words": "aa ",
    "small words with no-break spaces": "aa\u00a0",
    "name and small word": "Aa aa ",
    "names with particles": "Aa de la ",
    "names with of": "Aa of the ",
    "initials": "A. ",
    "digits": "1",
    "digits with commas": "1,",
    "digits with full stops": "1.",
    "digits with blanks": "1 ",
    "dates": "12.12.2012 ",
    "times": "12:12 ",
    "opening quotes": "“",
    "straight quotes": '"',
    "quotes with blanks": '" ',
    "low quotes": "„",
    "angle quotes": "«",
    "quoted letters": "“a” ",
    "corner brackets": "「",
    "quoted kana": "「あ」",
    "double angles": "《",
    "less-than signs": "<",
    "greater-than signs": ">",
    "tags": "<a ",
    "closing tags": "</",
    "attributes": ' a="b"',
    "comments": "<!--",
    "comment ends": "-->",
    "instructions": "<?",
    "scripts": "<script",
    "templates": "{{",
    "parentheses": "(",
    "letters in parentheses": "(a) ",
    "brackets": "[",
    "links": "[a](",
    "closing brackets": ")]",
    "ideographs": "一",
    "ideographs with full stops": "一。",
    "ideographs with commas": "一，",
    "said in Chinese": "一说",
    "Hangul": "가",
    "Hangul with blanks": "가 ",
    "Hangul with full stops": "가다.",
    "kana": "あ",
    "katakana": "ア・",
    "Cyrillic capitals": "Я",
    "Cyrillic names": "Яя ",
    "Cyrillic words": "я ",
    "Arabic": "ا",
    "Arabic words": "ا ب، ",
    "Hebrew": "א ",
    "Thai": "ก",
    "combining marks": "a\u0301",
    "only combining marks": "\u0301",
    "zero-width": "\u200b",
    "control characters": "\x01",
    "said": '"said ',
    "by": "by Aa ",
    "addresses": "http://a.",
    "long addresses": "https://a.b/c/d?e=f&g#",
    "hosts": "a.b",
    "mail addresses": "a@a.",
    "handles": "@a ",
    "tags of networks": "#a ",
    "base64": "aB3_-",
    "emoji": "😀",
    "flags": "🇩🇪",
    "copyright": "© 2020 ",
    "photos": "Photo: Aa / ",
    "crumbs": "a > ",
    "list": "- a\n",
    "numbers in lines": "1. a\n",
    "mixed": "Aa 1,a.-'“&_(一가я\u00a0",
}
ENDS = {"": "", " and no end": "\x02x\n"}

METHODS = ("search", "finditer", "findall", "sub", "subn", "split", "match", "fullmatch")


# --- which patterns there are -------------------------------------------------------------------------------------


class Sites:
    """Where patterns are made, by what is written in the code: the calls of `re`, and how what they give is used."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        self.calls: dict[str, tuple[ast.Call, str, str]] = {}  # "path:line" of a call of re.X: the call, X, the name it is bound to
        self.ends: dict[str, int] = {}
        self.methods: dict[str, set[str]] = defaultdict(set)  # by name, the methods called on it; "" for any other use
        for folder in folders:
            for path in sorted(folder.rglob("*.py")):
                if "train" not in path.parts:
                    self._read(path)

    def _read(self, path: Path) -> None:
        tree = ast.parse(path.read_text("utf-8"))
        bound: dict[ast.AST, str] = {}
        receivers: set[ast.AST] = set()
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                value = node.value.body if isinstance(node.value, ast.IfExp) else node.value
                if value is not None:
                    bound[value] = _name(target)
            elif isinstance(node, ast.keyword) and node.arg:
                bound[node.value.body if isinstance(node.value, ast.IfExp) else node.value] = f".{node.arg}"
            elif isinstance(node, ast.Dict):
                bound.update(
                    {value: f"[{key.value!s}]" for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)}
                )
            elif isinstance(node, ast.FunctionDef):
                returned = [part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value is not None]
                bound.update({value: node.name for value in returned if isinstance(value, ast.Call)})
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            if isinstance(node.func, ast.Attribute):
                receiver = node.func.value
                if isinstance(receiver, ast.Name) and receiver.id == "re" and (node.func.attr in METHODS or node.func.attr == "compile"):
                    site = f"{path.relative_to(ROOT)}:{node.lineno}"
                    self.calls[site] = node, node.func.attr, bound.get(node, "")
                    self.ends[site] = node.end_lineno or node.lineno
                elif name := _name(receiver):
                    self.methods[_in(path, name)].add(node.func.attr)
                    receivers.add(receiver.func if isinstance(receiver, ast.Call) else receiver)
        receivers.update(node.left for node in ast.walk(tree) if isinstance(node, ast.Compare))  # g.so is None
        for node in ast.walk(tree):
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load) and node not in receivers:
                self.methods[_in(path, _name(node))].add("")

    def line(self, site: str) -> str:
        """The beginning of the call, as it is written."""
        path, _, number = site.rpartition(":")
        return (ROOT / path).read_text("utf-8").splitlines()[int(number) - 1].strip()

    def used(self, site: str) -> set[str]:
        """The methods by which what is made there is used; all of them where that cannot be seen."""
        _, how, name = self.calls[site]
        if how != "compile":
            return {how}
        methods = self.methods[_in(ROOT / site.rpartition(":")[0], name)] & {*METHODS, ""} if name else set()
        return {"search"} if not methods or "" in methods else methods


def _in(path: Path, name: str) -> str:
    """A name that is private to its file is another in every file."""
    return f"{path}:{name}" if name.startswith("_") else name


def _name(node: ast.AST) -> str:
    """How a pattern is asked for: by its name, as an attribute, by its key, or by a call."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return f"[{node.slice.value!s}]"
    if isinstance(node, ast.Call):
        return _name(node.func)
    return node.id if isinstance(node, ast.Name) else f".{node.attr}" if isinstance(node, ast.Attribute) else ""


def _modules() -> Iterator[str]:
    yield "newsbeam"
    for module in pkgutil.walk_packages([str(ROOT / ".src" / "newsbeam")], "newsbeam."):
        if "train" not in module.name.split("."):
            yield module.name


def _exercise() -> None:
    """Import everything and read documents in every language, so that what is compiled late is compiled."""
    for name in _modules():
        try:
            importlib.import_module(name)
        except ImportError as error:
            if (error.name or "").partition(".")[0] == "newsbeam":
                raise  # what is missing is no extra of another project's
    from newsbeam.config.recipe_parser import load
    from newsbeam.transforms.attribution import Attribute
    from newsbeam.transforms.document import Document, Raw
    from newsbeam.transforms.processor import Chain
    from newsbeam.transforms.translation import Translate

    chain: Chain = load(None).chain()
    seeds = [path for path in sorted((ROOT / "seeds").rglob("*")) if path.is_file()]
    texts = []
    for path in seeds:
        outcome = chain.run(Raw(path.name, path.read_bytes(), name=path.name))
        if isinstance(outcome.result, Document):
            texts.append(outcome.result.text)
    for text in (*texts, *MORE):
        for language in "en de es fr ru ar it pt nl pl uk ko ja zh cs el fa fi gl he hi hr hu id nb ro sv th tr vi".split():
            document = Document(text=text, language=language)
            Attribute()(document)
            Translate()(document)


MORE = ("— Да, — сказал он. — Нет.\n— Oui, dit-il. — Non.\n",)


def patterns() -> tuple[Sites, dict[str, set[re.Pattern[Any]]]]:
    """The calls of `re` in the code, and the patterns that each compiles, as far as it is reached."""
    sites = Sites((ROOT / "transforms", ROOT / "pipeline"))
    found: dict[str, set[re.Pattern[Any]]] = defaultdict(set)
    inside = re._compile  # type: ignore[attr-defined]

    def recording(pattern: Any, flags: int) -> re.Pattern[Any]:
        made: re.Pattern[Any] = inside(pattern, flags)
        frame: FrameType = sys._getframe(2)
        path = Path(frame.f_code.co_filename).resolve()  # `.src` is made of links
        if path.is_relative_to(ROOT):
            site = f"{path.relative_to(ROOT)}:{frame.f_lineno}"
            site = site if site in sites.calls else _around(sites, str(path.relative_to(ROOT)), frame.f_lineno)
            if site:
                found[site].add(made)
        return made

    re._compile = recording  # type: ignore[attr-defined]
    try:
        _exercise()
    finally:
        re._compile = inside  # type: ignore[attr-defined]
    for site, (call, _, _) in sites.calls.items():
        if isinstance(call.args[0], ast.Constant):
            flags = [*call.args[1:2], *(word.value for word in call.keywords if word.arg == "flags")] if call.func.attr == "compile" else []  # type: ignore[attr-defined]
            flags = flags or [word.value for word in call.keywords if word.arg == "flags"]
            number = eval(compile(ast.Expression(flags[0]), site, "eval"), {"re": re}) if flags else 0
            found[site].add(re.compile(call.args[0].value, number))
    return sites, found


def _around(sites: Sites, path: str, line: int) -> str:
    """The call that begins before a line and ends behind it."""
    inside = [site for site in sites.calls if site.rpartition(":")[0] == path and int(site.rpartition(":")[2]) <= line <= sites.ends[site]]
    return max(inside, key=lambda site: int(site.rpartition(":")[2]), default="")


# --- which texts a pattern can run on -----------------------------------------------------------------------------------

_FEW = 1_000  # a repetition that ends after so many takes no more than so many times as long
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_PREFERRED = "aA1 .-'’&_,\n\u00a0É一가Я(<[\"“@#"


@dataclass(frozen=True)
class Repeat:
    """A repetition without end in a pattern: what it accepts, and samples of what is repeated and of what comes before it."""

    accepts: Callable[[str], bool]
    sample: str
    before: str

    def runs_over(self, piece: str) -> bool:
        """Whether the repetition may go on for ever over a piece that is repeated."""
        return all(map(self.accepts, piece))


def repeats(pattern: re.Pattern[Any]) -> list[Repeat]:
    """The repetitions of a pattern that nothing bounds."""
    found: list[Repeat] = []
    ignoring = bool(pattern.flags & re.I)

    def walk(items: Any, before: str) -> str:
        text = ""
        for code, value in items:
            kind = str(code)
            if kind in _REPEATS:
                least, most, body = value
                sample = walk(body, before + text)
                if most > _FEW and sample:
                    found.append(Repeat(_accepting(list(_characters(body)), ignoring), sample, before + text))
                text += sample * min(least, 80) if least else sample
            elif kind == "BRANCH":
                samples = [walk(branch, before + text) for branch in value[1]]
                text += samples[0]
            elif kind in ("SUBPATTERN", "ATOMIC_GROUP"):
                text += walk(value[-1] if kind == "SUBPATTERN" else value, before + text)
            elif kind in ("ASSERT", "ASSERT_NOT"):
                walk(value[1], before + text)
            elif kind == "GROUPREF_EXISTS":
                text += walk(value[1], before + text)
            elif kind in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
                accepts = _accepting([(code, value)], ignoring)
                literal = chr(value) if kind == "LITERAL" else ""
                text += literal or next(filter(accepts, _PREFERRED), None) or next(filter(accepts, map(chr, range(0x20, 0x10000))), "")
        return text

    walk(parser.parse(pattern.pattern, pattern.flags), "")
    return found


def _characters(items: Any) -> Iterator[tuple[Any, Any]]:
    """Everything in part of a pattern that accepts a character."""
    for code, value in items:
        kind = str(code)
        if kind in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
            yield code, value
        elif kind in _REPEATS:
            yield from _characters(value[2])
        elif kind == "BRANCH":
            for branch in value[1]:
                yield from _characters(branch)
        elif kind == "SUBPATTERN":
            yield from _characters(value[-1])
        elif kind == "ATOMIC_GROUP":
            yield from _characters(value)
        elif kind == "GROUPREF":
            yield "ANY", None
        elif kind == "GROUPREF_EXISTS":
            for branch in value[1:]:
                yield from _characters(branch or ())


_CATEGORIES = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}


def _accepting(items: list[tuple[Any, Any]], ignoring: bool) -> Callable[[str], bool]:
    """A function that says whether one of the items accepts a character."""

    def of(item: tuple[Any, Any], char: str) -> bool:
        kind, value = str(item[0]), item[1]
        if kind == "LITERAL":
            return ord(char) == value
        if kind == "NOT_LITERAL":
            return ord(char) != value
        if kind == "RANGE":
            return bool(value[0] <= ord(char) <= value[1])
        if kind == "CATEGORY":
            name = str(value).removeprefix("CATEGORY_")
            return (re.match(_CATEGORIES[name.removeprefix("NOT_")], char) is not None) != name.startswith("NOT_")
        if kind == "IN":
            negated = str(value[0][0]) == "NEGATE"
            return any(of(part, char) for part in value[negated:]) != negated
        return kind == "ANY"

    @cache
    def accepts(char: str) -> bool:
        forms = {char, char.lower()[:1], char.upper()[:1]} if ignoring else {char}
        return any(of(item, form) for item in items for form in forms)

    return accepts


def texts(pattern: re.Pattern[Any]) -> Iterator[tuple[str, Callable[[int], str]]]:
    """Texts that a pattern may take long over, by name, of as many characters as asked for: of the families, and after the pattern."""

    def text(before: str, piece: str, end: str) -> Callable[[int], str]:
        return lambda size: before + piece * (size // len(piece)) + end

    loops = repeats(pattern)
    for name, piece in PIECES.items():
        if any(loop.runs_over(piece) for loop in loops):
            for where, end in ENDS.items():
                yield name + where, text("", piece, end)
    own = {pair for loop in loops for pair in ((loop.before, loop.sample), ("", loop.before + loop.sample), ("", loop.sample))}
    for before, piece in sorted(own):
        for where, end in ENDS.items():
            yield f"{before!r} {piece!r}{where}", text(before, piece, end)


# --- running them ---------------------------------------------------------------------------------------------------


class TooLong(BaseException):
    """A pattern has had its time."""


def _give_up(*_: object) -> None:
    raise TooLong


def seconds(run: Callable[[Any], object], text: str | bytes, most: float) -> float:
    """The processor time that `run` needs for a text; infinite where it is more than `most`."""
    signal.signal(signal.SIGPROF, _give_up)
    began = time.process_time()
    try:
        signal.setitimer(signal.ITIMER_PROF, most)
        try:
            run(text)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except TooLong:
        return math.inf
    return time.process_time() - began


def ends_soon(run: Callable[[Any], object], text: Callable[[int], str | bytes]) -> bool:
    """Whether the time that `run` needs grows as a text does."""
    if any(seconds(run, text(size), SECONDS) < enough for size, enough in ((SMALLER, ENOUGH), (SIZE, SECONDS))):
        return True
    many = seconds(run, text(SMALLER), MOST_SECONDS)
    if many == math.inf:
        return False
    few = min(seconds(run, text(SMALLEST), MOST_SECONDS) for _ in range(3))
    return many < GROWTH * few or seconds(run, text(SMALLER), MOST_SECONDS) < GROWTH * few


def failures(pattern: re.Pattern[Any], methods: Collection[str], most: int = 2) -> list[tuple[str, str]]:
    """How, and on which texts, a pattern takes too long; a few of them are enough."""
    failed: list[tuple[str, str]] = []
    runs: dict[str, Callable[[Any], object]] = {"match": pattern.match, "fullmatch": pattern.fullmatch}
    runs = {how: runs[how] for how in methods if how in runs}
    if not runs or not {*methods} <= {*runs}:
        runs["search"] = lambda text: sum(1 for _ in pattern.finditer(text))
    for name, text in texts(pattern):
        made = text if isinstance(pattern.pattern, str) else lambda size, text=text: text(size).encode("latin-1", "replace")
        failed += [(how, name) for how, run in runs.items() if not ends_soon(run, made)]
        if len(failed) >= most:
            break
    return failed


def main() -> None:
    """Print what fails: an object a line."""
    parts = sys.argv[1:]
    sites, found = patterns()
    done: dict[tuple[re.Pattern[Any], frozenset[str]], list[tuple[str, str]]] = {}
    for site in sorted(sites.calls):
        if parts and not any(part in site for part in parts):
            continue
        if not found[site]:
            print(json.dumps({"site": site, "line": sites.line(site), "unreached": True}), flush=True)
        methods = frozenset(sites.used(site))
        for pattern in sorted(found[site], key=lambda item: str(item.pattern)):
            if (pattern, methods) in done:
                continue
            failed = done[pattern, methods] = failures(pattern, methods)
            for how, text in failed:
                line = {"site": site, "line": sites.line(site), "pattern": str(pattern.pattern)[:400], "how": how, "text": text}
                print(json.dumps(line, ensure_ascii=False), flush=True)
    print(json.dumps({"sites": len(sites.calls), "patterns": len(done), "seconds": round(time.process_time())}))


if __name__ == "__main__":
    main()
