"""Rules for a single line: whether it is boilerplate, and what is glued to it.

A line is compared with the word lists of all languages and with a few patterns. In doubt, it stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Literal

from newsbeam.transforms.boilerplate.lines.glued import GLUED, MARK, SENTENCE_END, is_credit, names_picture, picture_credit, tail
from newsbeam.transforms.boilerplate.lines.prefilter import prefilter
from newsbeam.transforms.boilerplate.scan import scan
from newsbeam.transforms.boilerplate.word_lists.load import Words, load, words
from newsbeam.transforms.document import LineKind, RemovalKind
from newsbeam.transforms.text import END, bare, continues_sentence, fold, is_dense

LONGEST = 400  # characters; a longer line is a paragraph, of which only the end is read


LineVerdict = tuple[LineKind, str, tuple[tuple[RemovalKind, str], ...]]


# Cache for short lines: the pages of a site share their menus, and all sites share "Home". The
# lists for a document omit only phrases that do not occur in it, so the verdict depends on the line
# alone.
_known: dict[str, LineVerdict] = {}
_MANY, _SHORT = 50_000, 64


def classify_line(line: str, lists: Words) -> LineVerdict:
    """Return the kind of a line, the remaining text, and its tails.

    The kind is "" to keep the line. Tails have kinds, too.
    """
    if len(line) > _SHORT:
        return _classify_line(line, lists)
    found = _known.get(line)
    if found is None:
        if len(_known) >= _MANY:
            _known.clear()
        found = _known[line] = _classify_line(line, lists)
    return found


def _classify_line(line: str, lists: Words) -> LineVerdict:
    if len(line) <= _CAPTION and _is_caption(line.strip(), lists):
        return "caption", line, ()
    tails: list[tuple[RemovalKind, str]] = []
    end = len(line)
    while True:
        at, kind = tail(line, end, lists)
        if not kind:
            break
        tails.append((kind, line[at:end].strip()))
        end = at
        while end and line[end - 1].isspace():
            end -= 1
    at, kind = _labels(line[:end], lists)
    if kind:
        tails.append((kind, line[at:end].strip()))
        end = len(line[:at].rstrip())
    rest = line[:end]
    if not tails:
        return line_kind(line, lists), line, ()
    if kind := line_kind(rest, lists):
        # As one piece, if all of it has the same kind.
        return (kind, line, ()) if all(other == kind for other, _ in tails) else (kind, rest, tuple(tails))
    if len(rest) < GLUED and (kind := line_kind(line, lists)):
        return kind, line, ()
    return "", rest, tuple(tails)


_LABELS, _LABEL_WORDS = 250, 5  # characters of labels behind a paragraph; words of a label
_PARAGRAPH, _LABEL_LETTERS = 60, 12  # least characters of the paragraph, and of the labels
_INNER_STOP = re.compile(r"[.!?…。！？।۔][\"'”’»)\]]*\s+(?=\S)")


def _labels(line: str, lists: Words) -> tuple[int, RemovalKind | Literal[""]]:
    """Return position and kind of a row of labels glued to the end of a paragraph.

    (-1, "") if there is none. Example: "… he said on Tuesday. Share Tweet Print More on this topic Comments".
    """
    if len(line) < GLUED:
        return -1, ""
    least = 3 if END.search(line) else 2
    for match in _INNER_STOP.finditer(line, max(_PARAGRAPH, len(line) - _LABELS)):
        found = line[match.end() :].split()
        kinds = _label_kinds(found, lists) if bare(fold(found[0])) in _label_beginnings() else []
        if len(kinds) >= least:
            return match.end(), kinds[0]
    return -1, ""


@cache
def _label_beginnings() -> frozenset[str]:
    """Return the first words of labels."""
    lists = words()
    return frozenset(phrase.split(" ", 1)[0] for phrase in (*lists.whole, *lists.send, *lists.platforms))


def _label_kinds(found: list[str], lists: Words) -> list[RemovalKind]:
    """Return the kinds of the labels that words consist of.

    [] if they are hardly labels only."""
    kinds: list[RemovalKind] = []
    at = covered = 0
    while at < len(found):
        if found[at][0] in "©ⓒ" and kinds:
            kinds.append("copyright")
            covered += len(found) - at
            break
        for size in range(min(_LABEL_WORDS, len(found) - at), 0, -1):
            if found[at + size - 1][0] in "©ⓒ":
                continue
            core = bare(fold(" ".join(found[at : at + size])))
            kind: LineKind = lists.whole.get(core) or ("share" if core and _is_sending(core, lists) else "")
            kind = kind or next((its for phrase, its in _starting(core) if bare(phrase) == core), "")
            if kind:
                kinds.append(kind)
                covered += size
                at += size
                break
        else:
            if not at:
                return []
            at += 1
    letters = sum(map(len, found))
    return kinds if covered * 3 >= len(found) * 2 and letters >= _LABEL_LETTERS and found[0][0].isalnum() else []


def occurring(texts: Iterable[str]) -> Words:
    """Return the word lists without inner phrases that do not occur."""
    lines = [text.strip() for text in texts if not text.isspace() and text]
    return prefilter(scan(lines)).lists if lines else words()


def line_kind(line: str, lists: Words) -> LineKind:
    """Return the kind of boilerplate of a complete line, "" for none."""
    if len(line) > LONGEST:
        return ""
    stripped = line.strip()
    if "](" in stripped:
        text = _LINK.sub(_link_text, _LINK.sub(_link_text, stripped)).strip()
        if not text:
            return "caption"
        stripped = text
    low = fold(stripped)
    core = bare(low)
    if kind := lists.whole.get(core):
        return kind
    if not core:  # only punctuation: a rule or a bullet; a row of stars may separate two scenes
        parts = len(set(stripped)) <= 1 or len(stripped) > 3 or stripped.startswith(("#", "*", "-", "`", "~", "…", "."))
        return "" if parts else "other"
    if pattern := _pattern(stripped, low, core, lists):
        return pattern
    length = len(stripped)
    start = low.lstrip(_LEAD)
    if length <= _short(low):
        for phrase, kind in _starting(start):
            if not continues_sentence(start, len(phrase)) and not _is_sentence(kind, stripped, low, len(phrase)):
                return kind
        for phrase, kind in lists.holds:
            if phrase in low:
                return kind
        for size in range(_KEY, 0, -1):
            for phrase, end, kind in _frames().get(start[:size], ()):
                if start.startswith(phrase) and end in start[len(phrase) :]:
                    return kind
        if length > 4 and _BRACKETED.match(stripped):
            start = low[1:-1]
            for phrase, kind in _starting(start):
                if kind == "byline" and not continues_sentence(start, len(phrase)):
                    return kind
    return ""


_KEY = 4


@cache
def _starts() -> tuple[dict[str, list[tuple[str, RemovalKind]]], ...]:
    """Return the phrases that lines begin with, longest first.

    Phrases are indexed by their first letters; short ones are separate.
    """
    tables: tuple[dict[str, list[tuple[str, RemovalKind]]], ...] = tuple({} for _ in range(_KEY))
    for phrases in words().starts.values():
        for phrase, kind in phrases:
            if phrase:
                tables[max(_KEY - len(phrase), 0)].setdefault(phrase[:_KEY], []).append((phrase, kind))
    for table in tables:
        for found in table.values():
            found.sort(key=lambda pair: -len(pair[0]))
    return tables


def _starting(start: str) -> Iterator[tuple[str, RemovalKind]]:
    """Yield the listed phrases that the text begins with, and their kinds."""
    for size, table in enumerate(_starts()):
        for phrase, kind in table.get(start[: _KEY - size], ()):
            if start.startswith(phrase):
                yield phrase, kind


@cache
def _frames() -> dict[str, list[tuple[str, str, RemovalKind]]]:
    """Return the frames by the first letters of their beginnings."""
    out: dict[str, list[tuple[str, str, RemovalKind]]] = {}
    for frame in words().frames:
        out.setdefault(frame[0][:_KEY], []).append(frame)
    return out


# Markdown: an image, which is ignored, or a link, which stands for its text.
_LINK = re.compile(r"(!?)\[([^\[\]]*)\]\([^()\s]*\)")


def _link_text(match: re.Match[str]) -> str:
    return "" if match[1] else match[2]


_LEAD = " ※-•·▶▷►→»›>☞■□●○◆◇▲△*|/–—+#\u2022📷📸"


def _short(low: str) -> int:
    # An ideograph or a syllable block counts as two and a half letters.
    return 110 if is_dense(low) else 240


def _is_sentence(kind: RemovalKind, line: str, low: str, at: int) -> bool:
    """Return whether a line is a sentence despite its beginning.

    The line begins like a credit or a byline.
    """
    if kind in ("byline", "credit", "caption"):
        if line.endswith(("?", "？", "؟")):  # a turn of an interview: "Reporter: How many a day?"
            return True
        limit = 60 if is_dense(low) else 160
        return len(line) > limit or (bool(END.search(line)) and len(line) - at > limit * 0.6)
    if kind in ("related", "navigation", "advert", "share", "other"):
        return len(line) > (90 if is_dense(low) else 200)
    return False


_COPYRIGHT = re.compile(r"^\W{0,3}(?:©|ⓒ|\(c\)|&copy;|copyright\b)", re.I)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_UUID = re.compile(r"^\W*[0-9a-f]{8}([- _]?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\W*$", re.I)
_HEX = re.compile(r"^(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{16,}$", re.I)
_TOKEN = re.compile(r"^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9+_]{20,}={0,2}$")
_TEMPLATE = re.compile(r"\{\{[^{}]{1,80}\}\}|\$\{[^{}]{1,80}\}|%%[A-Z_]{2,40}%%")
_SNAKE = re.compile(r"^(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)$")
_LOADING = re.compile(r"^\[\s*loading\W*\]$", re.I)
_CRUMB = re.compile(r"(?:(?<!\s)\s+)?[>＞»›→▸/]\s*|(?<!\s)\s+::\s+")
_CRUMB_SIGN = re.compile(r"[>＞»›→▸/]|::")
_STRICT_CRUMB = re.compile(r"\s[>＞»›▸]{1,2}\s")
_BRACKETED = re.compile(r"^[\[(（【<〈][^\[\]()（）【】<>]{2,120}[\])）】>〉]$")
_NUMBER = r"(\d[\d,. ]{0,12}(?:[kKmM](?![^\W\d_])|[만천])?)"
_NUMBERED = re.compile(rf"^\W*{_NUMBER}\s*(?:\+\s*)?([^\W\d][^\d]{{0,30}}?)\W*$|^\W*([^\W\d][^\d]{{0,30}}?)\W{{0,3}}{_NUMBER}\W*$")
_URL = re.compile(r"^\W*(?:https?://|www\.)\S+$|^\W*(?:\w[\w.+-]*|(?<=[.+-]))@[\w-]+(?:\.[\w-]+)+(?![\w-])\W*$", re.I)
_HANDLE = re.compile(r"^(?:[@#][\w가-힣]+[\s,]*)+$")


def _pattern(line: str, low: str, core: str, lists: Words) -> LineKind:
    # A cheap test precedes each pattern, as hardly any line matches.
    length, lead = len(line), line[0]
    opens = not lead.isalnum()
    may_match = (opens or lead in "cC") and length < 200 and _COPYRIGHT.search(line) is not None
    if may_match and (lead in "©ⓒ(&" or _YEAR.search(line) or not END.search(line)):
        return "copyright"
    digits = _DIGIT.search(line) is not None
    if digits and length >= 16 and (_UUID.match(line) or _HEX.match(line) or _TOKEN.match(line)):
        return "id"
    if (lead == "[" and _LOADING.match(line)) or ("_" in line and _SNAKE.match(line)):
        return "template"
    if length <= 120:
        if ("{" in line or "%%" in line) and _TEMPLATE.search(line):
            return "template"
        if opens and _BRACKETED.match(line) and (is_credit(low[1:-1], lists) or names_picture(line[1:-1], lists)):
            return "credit"
        if line[-1] not in ".?!" and (length <= 60 or "/" in line):
            pattern, ends = _agency()
            if (line.rstrip(")").endswith(ends) or " via " in line) and pattern.search(line):
                return "credit"
    if _is_share_row(core):
        return "share"
    if digits and length <= 30:
        if _PLAYED.match(line):
            return "other"
        if _COUNTED.match(low):
            return "navigation"
    if (digits and (kind := count_line_kind(line, lists))) or (kind := _row(line, lists)):
        return kind
    if len(core) <= 48 and _is_sending(core, lists):
        return "share"
    if _is_crumbs(line, lists):
        return "navigation"
    if ("/" in line or "@" in line or "." in line) and _URL.match(line):
        return "other"
    if lead in "@#" and length > 1 and _HANDLE.match(line) and not line.lstrip("#").isdigit():
        return "other"
    return ""


_DIGIT = re.compile(r"\d")
# "0:00 / 2:31", the time of a player
_PLAYED = re.compile(r"\W{0,3}\d{1,3}:\d\d(?::\d\d)?\s{0,3}/\s{0,3}\d{1,3}:\d\d(?::\d\d)?\W{0,3}$")
# "1 of 4", "list 1 of 3": a position in a list, for people who listen to the page
_COUNTED = re.compile(r"(?:(?:list|item|image|photo|slide|bild|foto) )?\d{1,3} (?:of|von|de|sur|di|van|av|из|z) \d{1,3}\W?$")


@cache
def _agency() -> tuple[re.Pattern[str], tuple[str, ...]]:
    """Match an agency or picture library at the end of a line.

    Examples: "Jane Doe/AP", "(Reuters)".
    """
    known = load("agencies.yaml")["pictures"]
    names = "|".join(map(re.escape, known))
    more = ("Photo", "Images", "News", "News Agency")
    return re.compile(rf"(?:^|[\s(/|])(?:{names})(?: {'| '.join(more)}| via .{{2,40}})?\)?$"), (*known, *more)


@cache
def _buttons() -> re.Pattern[str]:
    names = sorted((re.escape(phrase) for phrase, kind in words().whole.items() if kind == "share"), key=lambda name: (-len(name), name))
    return re.compile("|".join(names))


@cache
def _button_words() -> frozenset[str]:
    """Return the first words of names of sharing options.

    For East Asian names, the first letters.
    """
    names = [phrase for phrase, kind in words().whole.items() if kind == "share" and phrase]
    return frozenset(name[0] if is_dense(name) else _LETTERS.split(name, 1)[0] for name in names)


_LETTERS = re.compile(r"[\W_]")


def _is_share_row(core: str) -> bool:
    """Return whether the line is a row of at least two sharing options."""
    if len(core) > 200 or len(core) < 5:
        return False
    if core[0] not in _button_words() and _LETTERS.split(core, 1)[0] not in _button_words():
        return False
    at = names = 0
    pattern = _buttons()
    while at < len(core):
        if not core[at].isalnum():
            at += 1
            continue
        match = pattern.match(core, at)
        if match is None or (continues_sentence(core, match.end())):
            return False
        names += 1
        at = match.end()
    return names >= 2


def _is_sending(core: str, lists: Words) -> bool:
    """Return whether the line is one button: "Share on X", "Xでシェア"."""
    names = _platforms()
    if not core.endswith(names) and not core.startswith(names):
        return False
    for name in names:
        if core.endswith(name) and core[: -len(name)].rstrip() in lists.send:
            return True
        if core.startswith(name) and core[len(name) :].lstrip() in lists.send:
            return True
    return False


@cache
def _platforms() -> tuple[str, ...]:
    return tuple(sorted(words().platforms))


_BARS = re.compile(r" *[|｜·•∙¦] *|  +|\t")


def _row(line: str, lists: Words) -> LineKind:
    """Return the kind of a row of links or labels.

    Examples: "Privacy policy | Terms of use | Contact", "6 min read · 12 responses".
    """
    if len(line) > 200 or not ("|" in line or "  " in line or not line.isascii() or "\t" in line) or _BARS.search(line) is None:
        return ""
    parts = [part for part in _BARS.split(line.strip("*_ ")) if part.strip()]
    if not 2 <= len(parts) <= 12:
        return ""
    cores = [bare(fold(part)) for part in parts]
    kinds = [
        lists.whole.get(core) or count_line_kind(part, lists) or ("share" if _is_sending(core, lists) else "")
        for part, core in zip(parts, cores, strict=True)
    ]
    known = [kind for kind in kinds if kind]
    # "Yes | No" and "Read | Write" are rows of a table.
    if len(set(cores)) < 2 or not any(kind and (len(core) >= 8 or is_dense(core)) for core, kind in zip(cores, kinds, strict=True)):
        return ""
    if len(known) < len(parts) and not (len(known) >= 3 and len(known) * 3 >= len(parts) * 2):
        return ""
    if any(not kind and (len(core.split()) > 3 or not core.isalpha()) for core, kind in zip(cores, kinds, strict=True)):
        return ""
    return max(known, key=lambda kind: (known.count(kind), -known.index(kind)))


def count_line_kind(line: str, lists: Words) -> LineKind:
    """Return the kind of a line such as "12 comments", or ""."""
    if len(line) > 40:
        return ""
    match = _NUMBERED.match(line)
    if match is None:
        return ""
    return lists.count.get(bare(fold(match[2] or match[3])), "")


def _is_crumbs(line: str, lists: Words) -> bool:
    """Return whether the line is a path such as "Home > World > Asia"."""
    if len(line) > 160 or _CRUMB_SIGN.search(line) is None:
        return False
    parts = [part for part in _CRUMB.split(line) if part]
    if len(parts) < 2 or any(END.search(part) for part in parts[:-1]):
        return False
    if bare(fold(parts[0])) in lists.home:
        return True
    strict = [part for part in _STRICT_CRUMB.split(line) if part.strip()]
    return len(strict) >= 3 and all(
        len(part) <= 40 and not part[:1].islower() and not re.search(r"[=;{}()\d]", part) for part in strict[:-1]
    )


# --- captions

_CAPTION = 300  # characters of the longest caption
# At most two sentences; a text with more is a paragraph with a glued credit.
_INNER_END = re.compile(r"(?<!\b[A-ZА-Я])[.!?]\s+(?=\S)|[。！？।॥۔؟։](?=.)")


def _is_caption(line: str, lists: Words) -> bool:
    """Return whether the line is a caption with its credit.

    Example: "The bridge on Monday. Photo: Jane Doe".
    """
    line = line.strip("*_ ")
    dense = is_dense(line)
    if len(line) < 12 or (dense and len(line) > 120):
        return False
    before = ""
    if lists.shots:
        at, joint, _ = picture_credit(line, lists)
        if at > 0:
            before = line[:at].rstrip(" /|–—-([（*【")
            word = line[at : at + 1]
            if before and line[-1] in "])）】" and not MARK.match(line):
                return dense and bool(lists.provided) and names_picture(line[line.rfind("(") + 1 : -1], lists)
            parted = bool(SENTENCE_END.search(before[-6:])) or line[len(before) : at].strip() != ""
            if not (parted or (joint == "sign" and word.isupper())) or (joint == "bare" and not (word.isupper() and parted)):
                before = ""
    if not before and dense and lists.provided:
        before = _before_provided(line, lists)
    if len(before) < 4:
        return False
    # direct speech belongs to the article
    if before.count('"') + before.count("“") + before.count("„") > 1:
        return False
    return len(before) <= (90 if dense else 220) and len(_INNER_END.findall(before)) <= (0 if dense else 1)


def _before_provided(line: str, lists: Words) -> str:
    """Return the text before a credit at the end of an East Asian line.

    Credits are "… (Example Times provided)" or "…。Example Times 摄".
    """
    if line[-1] in ")）]】":
        at = max(line.rfind(sign) for sign in "(（[【")
        return line[:at] if at > 0 and names_picture(line[at + 1 : -1], lists) else ""
    match = _PROVIDED.search(line)
    return line[: match.start()] if match and line.endswith(lists.provided) else ""


# After a full stop or an equals sign, and after a name: "橋を撮影" is a sentence.
_PROVIDED = re.compile(r"(?<=[。＝=])[^。＝=をにはが]{2,40}$")


def is_prose(line: str) -> bool:
    """Return whether the line reads like a paragraph.

    It is long and consists of sentences.
    """
    length = len(line)
    if length < 40:
        return False
    if is_dense(line[:400]):
        return length >= 80 or _DENSE_END.search(line, max(0, length - 8)) is not None
    return length >= 100 and _INSIDE.search(line, 0, 2000) is not None


_DENSE_END = re.compile(r"[.!?。！？다]")
_INSIDE = re.compile(r"[.!?:;,…؟۔।]")
