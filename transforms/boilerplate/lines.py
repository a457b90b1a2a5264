"""Boilerplate in scraped text, line by line.

Each line is first judged by itself (word lists and patterns, then what is glued to its end is cut off), then by its
neighbours (captions that repeat the headline, lists under a heading such as "Related articles", what follows the end of the
article). This is done again on what is left until nothing more goes, so that cleaning a clean text changes nothing. When
in doubt a line stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from transforms.boilerplate.words import Words, bare, fold, load, plain, words
from transforms.document import Removal

_BREAK = re.compile(r"\r\n|\n|\r")
_LONGEST = 400  # code points; a longer line is a paragraph, of which only the end is looked at
_GLUED = 40  # code points from which a line can have something glued to its end
_TAIL = 320  # code points at the end of a paragraph that are searched for what is glued to it


@dataclass(slots=True)
class _Line:
    number: int
    text: str
    gap: bool  # whether a blank line stands before it


def strip_lines(text: str, headline: str = "") -> tuple[str, tuple[Removal, ...], str]:
    """The kept lines of `text`, what was taken out, and the headline that the text starts with ("" if with none).

    `headline` is the title where it is known already; captions that repeat it go. Linear in the length of the text.
    """
    lines: list[_Line] = []
    gap = False
    for number, line in enumerate(_BREAK.split(text), 1):
        if line.strip():
            lines.append(_Line(number, line.rstrip(), gap))
            gap = False
        else:
            gap = True
    removed: list[Removal] = []
    judged: dict[str, Judgement] = {}
    lists = _occurring(line.text for line in lines)
    found = True
    title = ""
    while found:
        lines, gone, title = _sweep(lines, headline, lists, judged)
        removed += gone
        found = bool(gone)
    removed.sort(key=lambda removal: removal.line)
    return _render(lines), tuple(removed), title


def _render(lines: Sequence[_Line]) -> str:
    return "\n".join(("\n" if line.gap and at else "") + line.text for at, line in enumerate(lines))


def _sweep(
    lines: list[_Line],
    headline: str,
    lists: Words,
    judged: dict[str, Judgement],
) -> tuple[list[_Line], list[Removal], str]:
    """One pass over the lines: what stays, what goes, and the headline."""
    kinds: list[str] = []
    gone: list[Removal] = []
    cut: list[_Line] = []
    for line in lines:
        if line.text not in judged:
            judged[line.text] = _judge(line.text, lists)
        kind, rest, tails = judged[line.text]
        gone.extend(Removal(tail_kind, line.number, tail) for tail_kind, tail in tails)
        kinds.append(kind)
        cut.append(_Line(line.number, rest, line.gap) if tails else line)
    title = _headline(cut, kinds)
    _protect_code(cut, kinds)
    credits = [kind == "credit" for kind in kinds]
    for at, line in enumerate(lines):
        credits[at] = credits[at] or any(tail_kind == "credit" for tail_kind, _ in judged[line.text][2])
    _captions(cut, kinds, credits, [text for text in (headline, title) if text])
    _sections(cut, kinds, lists)
    kept: list[_Line] = []
    gap = False
    for line, kind in zip(cut, kinds, strict=True):
        gap = gap or line.gap
        if kind:
            gone.append(Removal(kind, line.number, line.text.strip()))
        else:
            kept.append(_Line(line.number, line.text, gap))
            gap = False
    return kept, gone, title


# --- a line by itself


Judgement = tuple[str, str, list[tuple[str, str]]]


def _judge(line: str, lists: Words) -> Judgement:
    """The line's kind ("" to keep it), what is left of it without its tails, and the tails with their kinds."""
    tails: list[tuple[str, str]] = []
    end = len(line)
    while True:
        at, kind = _tail(line, end, lists)
        if at <= 0:
            break
        tails.append((kind, line[at:end].strip()))
        end = at
        while end and line[end - 1].isspace():
            end -= 1
    rest = line[:end]
    if not tails:
        return line_kind(line, lists), line, tails
    if kind := line_kind(rest, lists):
        # As one piece, where all of it goes under one kind.
        return (kind, line, []) if all(other == kind for other, _ in tails) else (kind, rest, tails)
    if len(rest) < _GLUED and (kind := line_kind(line, lists)):
        return kind, line, []
    return "", rest, tails


def judge_lines(texts: Iterable[str]) -> list[Judgement]:
    """For each text by itself: its kind ("" to keep it), what is left of it, and what is cut off its end with the kinds."""
    texts = list(texts)
    lists = _occurring(texts)
    return [_judge(text, lists) if text else ("", "", []) for text in texts]


def _occurring(texts: Iterable[str]) -> Words:
    """The word lists with those phrases only that are looked for inside lines and occur in one of the texts at all."""
    lists = words()
    short, ends = [], []
    for text in texts:
        if len(text) <= _LONGEST:
            short.append(text)
        if len(text) >= _GLUED:
            ends.append(text[-_TAIL:])
    whole, glued = fold("\n".join(short)), fold("\n".join(ends))
    return replace(
        lists,
        holds=[(phrase, kind) for phrase, kind in lists.holds if phrase in whole],
        tails=[(phrase, kind) for phrase, kind in lists.tails if phrase in glued],
    )


def line_kind(line: str, lists: Words) -> str:
    """The kind of boilerplate that the whole line is, "" for none."""
    if len(line) > _LONGEST:
        return ""
    stripped = line.strip()
    low = fold(stripped)
    core = bare(low)
    if kind := lists.whole.get(core):
        return kind
    if not core:  # nothing but signs: a rule, a bullet; a row of stars may part two scenes
        return (
            "other"
            if len(set(stripped)) > 1 and len(stripped) <= 3 and not stripped.startswith(("#", "*", "-", "`", "~", "…", "."))
            else ""
        )
    if kind := _pattern(stripped, low, core, lists):
        return kind
    length = len(stripped)
    start = low.lstrip(_LEAD)
    if length <= _short(low):
        for phrase, kind in lists.starts.get(start[:2], ()):
            if start.startswith(phrase) and not _goes_on(start, len(phrase)) and not _is_sentence(kind, stripped, low, len(phrase)):
                return kind
        for phrase, kind in lists.holds:
            if phrase in low:
                return kind
    return ""


_LEAD = " -•·▶▷►→»›>☞■□●○◆◇▲△*|/–—+#\u2022📷📸"


def _short(low: str) -> int:
    # One ideograph or syllable block says about as much as two and a half letters.
    return 110 if _DENSE.search(low) else 240


_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _goes_on(text: str, at: int) -> bool:
    """Whether the word that ends at `at` has more letters (alphabets only)."""
    return at < len(text) and text[at].isalnum() and text[at - 1].isalnum() and not _DENSE.match(text[at - 1])


_END = re.compile(r"[.!?。！？…][\"'”’)\]」』]*$")


def _is_sentence(kind: str, line: str, low: str, at: int) -> bool:
    """Whether a line that starts like a credit or byline is a sentence of the article after all."""
    if kind in ("byline", "credit", "caption"):
        limit = 60 if _DENSE.search(low) else 160
        return len(line) > limit or (bool(_END.search(line)) and len(line) - at > limit * 0.6)
    if kind in ("related", "navigation", "advert", "share", "other"):
        return len(line) > (90 if _DENSE.search(low) else 200)
    return False


_COPYRIGHT = re.compile(r"^\W{0,3}(?:©|ⓒ|\(c\)|&copy;|copyright\b)", re.I)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_UUID = re.compile(r"^\W*[0-9a-f]{8}([- _]?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\W*$", re.I)
_HEX = re.compile(r"^(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}$", re.I)
_TOKEN = re.compile(r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+_]{20,}={0,2}$")
_TEMPLATE = re.compile(r"\{\{[^{}]{1,80}\}\}|\$\{[^{}]{1,80}\}|%%[A-Z_]{2,40}%%")
_SNAKE = re.compile(r"^(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)$")
_LOADING = re.compile(r"^\[\s*loading\W*\]$", re.I)
_CRUMB = re.compile(r"\s*[>»›→▸/]\s*|\s+::\s+")
_BRACKETED = re.compile(r"^[\[(（【<〈][^\[\]()（）【】<>]{2,120}[\])）】>〉]$")
_NUMBERED = re.compile(
    r"^\W*(\d[\d,. ]{0,12}[kKmM만천]?)\s*\+?\s*([^\W\d][^\d]{0,30}?)\W*$|^\W*([^\W\d][^\d]{0,30}?)\W{0,3}(\d[\d,. ]{0,12}[kKmM만천]?)\W*$"
)
_URL = re.compile(r"^\W*(?:https?://|www\.)\S+$|^\W*[\w.+-]+@[\w-]+(?:\.[\w-]+)+\W*$", re.I)
_HANDLE = re.compile(r"^(?:[@#][\w가-힣]+[\s,]*)+$")


def _pattern(line: str, low: str, core: str, lists: Words) -> str:
    if _COPYRIGHT.search(line) and (len(line) < 200) and (line[0] in "©ⓒ(&" or _YEAR.search(line) or not _END.search(line)):
        return "copyright"
    if _UUID.match(line) or _HEX.match(line) or (_TOKEN.match(line) and not line.isalpha()):
        return "id"
    if _LOADING.match(line) or _SNAKE.match(line):
        return "template"
    if len(line) <= 120 and _TEMPLATE.search(line):
        return "template"
    if _BRACKETED.match(line) and _is_credit(low[1:-1], lists):
        return "credit"
    if len(line) <= 120 and not line.endswith((".", "?", "!")) and _agency().search(line) and ("/" in line or len(line) <= 60):
        return "credit"
    if _is_share_row(core, lists):
        return "share"
    if kind := _counter(line, lists):
        return kind
    if _is_crumbs(line, low, lists):
        return "navigation"
    if _URL.match(line):
        return "other"
    if len(line) > 1 and _HANDLE.match(line) and not line.lstrip("#").isdigit():
        return "other"
    return ""


@cache
def _agency() -> re.Pattern[str]:
    """A line's end that names an agency or a picture library: "Jane Doe/AP", "(Reuters)"."""
    names = "|".join(map(re.escape, load("agencies.yaml")["pictures"]))
    return re.compile(rf"(?:^|[\s(/|])(?:{names})(?: Photo| Images| News| News Agency| via .{{2,40}})?\)?$")


def _is_credit(low: str, lists: Words) -> bool:
    """Whether a text without its brackets names where a picture comes from: "photo=…", "Image source: …"."""
    for word in lists.photo:
        if low.startswith(word):
            rest = low[len(word) :].lstrip()
            if not rest or rest[0] in "=:/·|-–—" or rest.startswith(("by ", "source", "credit", "courtesy")):
                return True
    return False


@cache
def _buttons() -> re.Pattern[str]:
    names = sorted((re.escape(phrase) for phrase, kind in words().whole.items() if kind == "share"), key=lambda name: (-len(name), name))
    return re.compile("|".join(names))


def _is_share_row(core: str, lists: Words) -> bool:
    """Whether the line is a row of buttons: two or more names of ways to share, and nothing else."""
    if len(core) > 200 or len(core) < 5:
        return False
    at = names = 0
    pattern = _buttons()
    while at < len(core):
        if not core[at].isalnum():
            at += 1
            continue
        match = pattern.match(core, at)
        if match is None or (_goes_on(core, match.end())):
            return False
        names += 1
        at = match.end()
    return names >= 2


def _counter(line: str, lists: Words) -> str:
    if len(line) > 40:
        return ""
    match = _NUMBERED.match(line)
    if match is None:
        return ""
    return lists.count.get(bare(fold(match[2] or match[3])), "")


def _is_crumbs(line: str, low: str, lists: Words) -> bool:
    """Whether the line is a path such as "Home > World > Asia"."""
    if len(line) > 160 or not any(sign in line for sign in ">»›→▸/:"):
        return False
    parts = [part for part in _CRUMB.split(line) if part]
    if len(parts) < 2 or any(_END.search(part) for part in parts[:-1]):
        return False
    if bare(fold(parts[0])) in lists.home:
        return True
    strict = [part for part in re.split(r"\s[>»›▸]\s", line) if part.strip()]
    return len(strict) >= 3 and all(
        len(part) <= 40 and not part[:1].islower() and not re.search(r"[=;{}()\d]", part) for part in strict[:-1]
    )


# --- what is glued to the end of a paragraph

_SENTENCE_END = re.compile(r"(?:[.!?…][\"'”’)\]]*|[。！？][」』”）]*|[\])）」』])\s*$|\s[|/•▶◀=-]\s*$")
_TAIL_CREDIT = re.compile(r"[\[(（【<][^\[\]()（）【】<>]{2,120}[\])）】>]\s*$")
_TAIL_COPYRIGHT = re.compile(r"(?:<\s*|\[\s*)?(?:저작권자\s*)?(?:copyright\s*)?(?:©|ⓒ|\(c\)\s*(?=\d{4}))", re.I)


def _tail(line: str, length: int, lists: Words) -> tuple[int, str]:
    """Where what is glued to the end of `line[:length]` begins, and its kind; (-1, "") where nothing is."""
    if length < _GLUED:
        return -1, ""
    floor = max(1, length - _TAIL)
    window = line[floor:length]
    for match in _TAIL_CREDIT.finditer(window):
        if match.end() == len(window) and floor + match.start() > 0 and _is_credit(fold(match.group().strip()[1:-1]), lists):
            return floor + match.start(), "credit"
    for match in _TAIL_COPYRIGHT.finditer(window):
        start = floor + match.start()
        if length - start <= 200 and _SENTENCE_END.search(line[max(0, start - 6) : start]):
            return start, "copyright"
    if not lists.tails:
        return -1, ""
    window = plain(window).lower()
    if len(window) != length - floor:  # a letter whose small form is two
        return -1, ""
    best, best_kind = -1, ""
    for phrase, kind in lists.tails:
        at = window.rfind(phrase)
        if at < 0:
            continue
        start = floor + at
        if (best < 0 or start < best) and not _goes_on(window, at + len(phrase)) and _SENTENCE_END.search(line[max(0, start - 6) : start]):
            rest = line[start:length]
            if len(rest) <= 200 and len(re.findall(r"[.!?。]\s", rest)) <= 2:
                best, best_kind = start, kind
    return best, best_kind


# --- lines among lines


def is_prose(line: str) -> bool:
    """Whether the line reads like a paragraph: long, and made of sentences."""
    if _DENSE.search(line[:400]):
        return len(line) >= 40 and bool(re.search(r"[.!?。！？다]", line[-8:]) or len(line) >= 80)
    return len(line) >= 100 and bool(re.search(r"[.!?:;,…؟۔।]", line[:2000]))


_BULLET = re.compile(r"^\s*(?:[-*•·▪‣◦–]|\d{1,3}[.)])\s+")


def _headline(lines: list[_Line], kinds: list[str]) -> str:
    """The headline that the text starts with: a short line without a full stop, with a paragraph somewhere after it."""
    for at, line in enumerate(lines):
        if kinds[at]:
            continue
        text = line.text.strip()
        dense = bool(_DENSE.search(text))
        if is_prose(text) and not (len(text) <= 200 and not _END.search(text)):
            return ""
        if _BULLET.match(text) or len(text) > (80 if dense else 200) or len(text) < (6 if dense else 12):
            return ""
        if re.search(r"(?<![.])[.。;,:]$", text) or not (dense or len(text.split()) >= 3):
            return ""
        after = [other for other, kind in zip(lines[at + 1 :], kinds[at + 1 :], strict=True) if not kind][:12]
        return text if any(is_prose(other.text) and len(other.text) > len(text) for other in after) else ""
    return ""


_CODE = re.compile(
    r"[{};]\s*$|^\s*(?:import|from|def|class|return|const|let|var|function|#include|SELECT|INSERT|\$ )\b|\w\(.*\)"
    r"|^\s*[\w.]+\s*=\s*\S|^\s{4,}\S|^\s*</?\w+[^<>]*>|\w_\w+[,)(]"
)


def _protect_code(lines: list[_Line], kinds: list[str]) -> None:
    """Names and hashes beside lines of code are code."""
    for at, kind in enumerate(kinds):
        if kind in ("template", "id") and any(
            0 <= beside < len(lines) and kinds[beside] != "template" and len(lines[beside].text) < 160 and _CODE.search(lines[beside].text)
            for beside in (at - 1, at + 1)
        ):
            kinds[at] = ""


def _captions(lines: list[_Line], kinds: list[str], credits: list[bool], headlines: list[str]) -> None:
    """A line that begins with the headline and goes on, with a credit at its end or in the next line, is a caption."""
    starts = [fold(headline) for headline in headlines if len(headline) >= 8]
    for at, line in enumerate(lines):
        if kinds[at] or not starts:
            continue
        head = fold(line.text[:400])
        if not (credits[at] or (at + 1 < len(lines) and kinds[at + 1] == "credit")):
            continue
        if any(head.startswith(start) and (len(line.text) > len(start) + 10 or at > 0) for start in starts):
            kinds[at] = "caption"


_WORDS = re.compile(r"[^\W\d_]+")
_DATED = re.compile(r"\d{1,4}[./-]\s?\d{1,2}[./-]\s?\d{2,4}|\d{1,2}:\d\d|\d\W{0,3}[^\W\d]|[^\W\d]\W{0,3}\d")


def _is_date(line: str, lists: Words) -> bool:
    """Whether the line is nothing but a date, a time, or how long reading takes."""
    if len(line) > 90 or _DATED.search(line) is None:
        return False
    return all(word in lists.date for word in _WORDS.findall(line.casefold()))


def _is_byline(line: str, lists: Words) -> bool:
    """Whether the line is "By Jane Doe" and no more: a word for "by", then names."""
    if len(line) > 80 or _END.search(line):
        return False
    first, _, rest = line.strip().partition(" ")
    names = rest.replace(",", " ").replace("|", " ").split()
    if bare(fold(first)) not in lists.by or not 1 <= len(names) <= 8:
        return False
    return all(
        name[0].isupper()
        or not name[0].isalpha()
        or name in ("and", "de", "van", "von", "der", "la", "und", "et", "y", "e", "for", "of", "the")
        for name in names
    )


def _sections(lines: list[_Line], kinds: list[str], lists: Words) -> None:
    """What the place in the text tells: bylines and dates around the article, lists under a heading, what follows the end."""
    prose = [is_prose(line.text) and not kind for line, kind in zip(lines, kinds, strict=True)]
    if not any(prose):
        return
    first = prose.index(True)
    last = len(prose) - 1 - prose[::-1].index(True)
    weights = [len(line.text) if yes else 0 for line, yes in zip(lines, prose, strict=True)]
    total, before = sum(weights), 0
    ending = ""
    over = False
    cores = [bare(fold(line.text[:200])) if kind else "" for line, kind in zip(lines, kinds, strict=True)]
    # In a forum such headings stand under every post.
    closing = [kind == "comment" and (core in lists.over or bool(_counter(core, lists))) for kind, core in zip(kinds, cores, strict=True)]
    ends_once = sum(closing) <= 3
    for at, line in enumerate(lines):
        core = cores[at]
        if not kinds[at]:
            if over or (ending and at > last and not _END.search(line.text) and (ending in _SURE or not _BULLET.match(line.text))):
                kinds[at] = ending
            elif (at < first or at > last) and (_is_date(line.text, lists) or _is_byline(line.text, lists)):
                kinds[at] = "byline"
        elif closing[at] and ends_once and sum(prose[:at]) >= 3 and before >= 0.5 * total:
            ending, over = "comment", True
        elif at > last and (kinds[at] in _ENDING or core in lists.ends):
            ending = ending or (lists.ends.get(core) or kinds[at])
        before += weights[at]
        listed = lists.lists.get(core) or (kinds[at] if kinds[at] == "related" and core in lists.whole else "")
        if listed and core:
            following = at + 1
            while following < len(lines) and not kinds[following] and not prose[following] and _BULLET.match(lines[following].text):
                kinds[following] = listed
                following += 1


# After one of these nothing of the article comes, once its last paragraph is over.
_SURE = frozenset(("related", "comment", "subscribe"))
_ENDING = frozenset(("related", "comment", "subscribe", "byline", "share", "navigation"))
