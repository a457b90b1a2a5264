"""The detectors: each finds one kind of thing in a text, and knows nothing of what the others found."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from transforms.document import NOWHERE
from transforms.translation.signs import Note, Sign, Target, notes, scale

# How many finds of one sign are shown, and looked for: more say nothing new.
_MOST = 12


@dataclass(frozen=True)
class Find:
    """One find: the sign, where it stands (-1 in removed text), its words; `sources` where they are more than the sign's."""

    sign: Sign
    start: int
    end: int
    text: str
    sources: Mapping[str, float]
    why: str

    @classmethod
    def of(cls, sign: Sign, text: str, start: int, end: int) -> Find:
        """The find at `text[start:end]`."""
        return cls(sign, start, end, text[start:end], sign.sources, sign.why)

    def removed(self) -> Find:
        """The same find in a piece of removed text."""
        return replace(self, start=NOWHERE, end=NOWHERE)


# Scripts by their letters, with the language that a stretch of them most often is.
_SCRIPTS: tuple[tuple[str, str, str], ...] = (
    ("hangul", "\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3", "ko"),
    ("kana", "\u3041-\u3096\u30a1-\u30fa", "ja"),
    ("han", "\u3400-\u4dbf\u4e00-\u9fff", "zh"),
    ("cyrillic", "\u0400-\u052f", "ru"),
    ("arabic", "\u0620-\u064a\u066e-\u06d3\u06fa-\u06fc\u0750-\u077f", "ar"),
    ("hebrew", "\u05d0-\u05ea", "he"),
    ("greek", "\u0370-\u0373\u0376-\u037d\u0386-\u03ff\u1f00-\u1fff", "el"),
    ("thai", "\u0e01-\u0e30\u0e32-\u0e3a\u0e40-\u0e4e", "th"),
    ("devanagari", "\u0904-\u0963", "hi"),
)
_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff"
_NAMES = {
    "ko": "Korean",
    "ja": "Japanese",
    "zh": "Chinese",
    "ru": "Russian",
    "uk": "Ukrainian",
    "ar": "Arabic",
    "he": "Hebrew",
    "el": "Greek",
    "th": "Thai",
    "hi": "Hindi",
}
_OWN_SCRIPTS = {
    "ko": ("hangul", "han"),
    "ja": ("kana", "han"),
    "zh": ("han",),
    **dict.fromkeys(("ru", "uk", "bg", "mk", "sr", "be", "kk", "mn"), ("cyrillic",)),
    **dict.fromkeys(("ar", "fa", "ur"), ("arabic",)),
    "he": ("hebrew",),
    "el": ("greek",),
    "th": ("thai",),
    **dict.fromkeys(("hi", "mr", "ne"), ("devanagari",)),
}
# Text in another script is no leftover where the writer points to it as such: in brackets, in quotation marks, as a
# word that is explained (`told` in the data), or as the name of a language in a menu.
_OPENING = "([{（【「『《〈\"'“‘«„*/=|"
# More than this share of letters in the other script makes a text in two languages, or a lesson: nothing was left behind.
_BILINGUAL = 0.12


def target_language(language: str, text: str, function: frozenset[str]) -> str:
    """The language to judge the text as: `language` where it is known, else English by its function words, else by script."""
    if language and language != "und":
        return language
    head = text[:6000]
    words = re.findall(r"[a-z']+", head.lower())
    if len(words) >= 12 and sum(word in function for word in words) >= 0.18 * len(words):
        return "en"
    shares = {code: len(re.findall(f"[{letters}]", head)) for _, letters, code in _SCRIPTS}
    best = max(shares, key=lambda code: shares[code])
    if shares["ja"] * 8 > shares["zh"] > 0 and best in ("ja", "zh"):
        best = "ja"
    latin = len(re.findall(f"[{_LATIN}]", head))
    return best if shares[best] > latin else ""


def quotations(text: str) -> list[tuple[int, int]]:
    """The stretches inside quotation marks, in order, never across a line."""
    return [match.span() for match in _QUOTED.finditer(text)]


_QUOTED = re.compile(
    r"“[^“”\n]{1,1500}”|\"[^\"\n]{1,1500}\"|«[^«»\n]{1,1500}»"
    r"|[‘'](?<![\w'’].)(?=\S)[^'’‘\n]{1,600}(?:(?:(?<=\w)['’](?=\w)|(?<= )['‘](?=\w))[^'’‘\n]{1,600}){0,8}['’](?!\w)"
)


def inside(spans: list[tuple[int, int]], place: int) -> bool:
    """Whether `place` lies in one of the ordered `spans`."""
    at = bisect_right(spans, (place, len(spans) and spans[-1][1] + 1)) - 1
    return at >= 0 and spans[at][0] < place < spans[at][1]


def patterns(text: str, lowered: str, target: Target, quoted: list[tuple[int, int]]) -> Iterator[Find]:
    """The target language's signs that are patterns or phrases."""
    for sign in target.signs:
        if sign.needs and not any(need in lowered for need in sign.needs):
            continue
        count = 0
        for start, end in _places(sign, text, lowered):
            if not sign.quoted and inside(quoted, start):
                continue
            if sign.unless and sign.unless.search(text, max(0, start - sign.around), end + sign.around // 2):
                continue
            yield Find.of(sign, text, start, end)
            count += 1
            if count >= _MOST:
                break


def _places(sign: Sign, text: str, lowered: str) -> Iterator[tuple[int, int]]:
    if sign.pattern:
        for match in sign.pattern.finditer(text):
            if match.end() > match.start():
                yield match.span()
    for phrase in sign.phrases:
        at = lowered.find(phrase)
        tried = 0
        while at >= 0 and tried < _MOST:
            end = at + len(phrase)
            if not (at and lowered[at - 1].isalnum()) and not (end < len(lowered) and lowered[end].isalnum() and phrase[-1].isalnum()):
                yield at, end
            at = lowered.find(phrase, end)
            tried += 1


def residue(text: str, language: str, removed: bool = False) -> Iterator[Find]:
    """Words of another script inside the text, or (in removed text) lines in it."""
    pattern = _foreign(_OWN_SCRIPTS.get(language, ()))
    if not pattern.search(text):
        return
    weights = scale()
    inline, line = weights.kinds["residue"], weights.kinds["residue_line"]
    found: list[tuple[int, int, bool]] = []
    letters = 0
    for match in pattern.finditer(text):
        start, end, words = match.start(), match.end(), match.group()
        letters += len(words)
        single = len(words) < 2 and words < "\u3400"
        if single or len(found) >= _MOST or all(word in weights.endonyms for word in words.lower().split()):
            continue
        begin, stop = _line(text, start, end)
        before, after = text[begin:start], text[end:stop]
        alone = not any(sign.isalnum() for sign in before + after)
        if alone or not ((before.strip() and before.rstrip(" ")[-1] in _OPENING) or weights.told.search(before[-60:]) or _glossed(after)):
            found.append((start, end, alone or removed))
    if not removed and letters > _BILINGUAL * sum(map(str.isalpha, text)):
        return
    kana = any(_KANA.search(text, start, end) for start, end, _ in found)
    for start, end, alone in found:
        sign, code = line if alone else inline, _script(text[start])
        if code == "zh" and kana:
            code = "ja"
        elif code == "ru" and _UKRAINIAN.search(text, start, end):
            code = "uk"
        strength = 2.0 if alone else 2.4
        sources = {"zh": strength, "ja": strength - 0.6} if code == "zh" else {code: strength}
        yield Find(sign, start, end, text[start:end], sources, sign.why.replace("{name}", _NAMES[code]))


_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """The bounds of the line around `start` to `end`, or of the 300 characters before and after."""
    begin, stop = text.rfind("\n", max(0, start - 300), start), text.find("\n", end, end + 300)
    return begin + 1 if begin >= 0 else max(0, start - 300), stop if stop >= 0 else min(len(text), end + 300)


@cache
def _foreign(own: tuple[str, ...]) -> re.Pattern[str]:
    """Words, with single blanks between them, of the scripts that are not `own`."""
    letters = "".join(letters for name, letters, _ in _SCRIPTS if name not in own)
    return re.compile(f"[{letters}][{letters}\u0300-\u036f\u0e31-\u0e4e\u0900-\u0963\u064b-\u0652\u30fc]*(?: [{letters}]+)*")


def _script(sign: str) -> str:
    """The language that a letter's script stands for."""
    return next(code for _, letters, code in _SCRIPTS if re.match(f"[{letters}]", sign))


def _glossed(after: str) -> bool:
    # "떡볶이 (tteokbokki)", "Привет means": the word is what the text is about.
    return re.match(r"\s*(?:[)\]）»”\"'’]|\(|（|means?\b|meaning\b|is the\b|[=–—-]\s)", after) is not None


def note_finds(text: str, lowered: str, language: str) -> Iterator[Find]:
    """Notes that say that the text is a translation, in any language."""
    table, book = notes()
    sign = scale().kinds["note"]
    for note in table:
        if not any(stem in lowered for stem in note.stems):
            continue
        for phrase in note.opens + note.says:
            at = lowered.find(phrase)
            tried = 0
            while at >= 0 and tried < _MOST:
                span = _note(text, at, len(phrase), phrase in note.says)
                if span and not book.search(text, *span):
                    words = text[span[0] : span[1]]
                    yield Find(sign, *span, words, _note_source(note, words.lower(), language), sign.why)
                at = lowered.find(phrase, at + len(phrase))
                tried += 1


def _note(text: str, at: int, length: int, says: bool) -> tuple[int, int] | None:
    """The note whose phrase stands at `at`: its line, its bracket or its sentence; None if it is part of a sentence."""
    begin, stop = _line(text, at, at)
    before = text[begin:at]
    if (end := at + length) < len(text) and text[end - 1].isalnum() and text[end].isalnum() and text[end - 1 : end + 1].isascii():
        return None
    if text[end - 1] in ":：=＝" and not _credit(text[end:stop]):
        return None
    opening = before.rstrip()[-1:]
    if opening in ("[", "(", "（", "［", "【", "〔"):
        closing = re.compile(r"[\])）］】〕]").search(text, at, min(stop, at + 160))
        return (at, closing.start()) if closing else None
    if not re.search(r"\w", before) and len(text[begin:stop].strip()) <= 200:
        # A line that goes on as a sentence of its own ("Translated by hand, the novel sold well.") is no note.
        line = text[at:stop].rstrip()
        if says or len(line) <= 120:
            return at, at + len(line)
    if says and (not before.strip() or opening in (".", "!", "?", "。", ":", "*", "—", "–", "|", "”", '"')):
        sentence = re.compile(r"[.。!?](?=\s|$)").search(text, at, stop)
        return at, sentence.end() if sentence else stop
    return None


def _credit(rest: str) -> bool:
    """Whether what follows "Translation:" is who made it, and not a sentence put into another language."""
    words = re.split(r"[)\]）】]", rest, maxsplit=1)[0].split()
    if not words or len(words) > 8 or len(rest) > 80 or words[-1][-1] in "?!。？！":
        return False
    # In a name no word is in small letters but the little ones; scripts without capitals pass.
    small = [word for word in words if word[0].islower() and len(word) > 3]
    return words[0][0].isalpha() and not words[0][0].islower() and not small


def _note_source(note: Note, words: str, language: str) -> Mapping[str, float]:
    named = {code for stem, code in note.names.items() if stem in words and code != language}
    if named:
        return dict.fromkeys(sorted(named), 4.0)
    return {note.language: 2.5} if note.language != language else {}


def templates(text: str) -> Iterator[Find]:
    """Keys and placeholders of templates that were never filled in; a text full of them is about templates."""
    sign = scale().kinds["template"]
    parts = scale().parts
    found = [
        match
        for match in _TEMPLATE.finditer(text)
        if match.group().lstrip()[0] in "{%" or parts.intersection(re.split(r"[._\s]", match.group()))
    ]
    if len(found) <= 3 and "{%" not in text:
        for match in found:
            words = match.group()
            start = match.start() + len(words) - len(words.lstrip())
            yield Find.of(sign, text, start, match.start() + len(words.rstrip()))


# A line of its own like "bar_progress" or "menu.more.title" (not a user's name: one of its parts names a part of a page).
_TEMPLATE = re.compile(
    r"^[ \t]*[a-z]{2,20}(?:[_.][a-z]{2,20}){1,5}[ \t]*$|\{\{ ?[\w.]{1,40} ?\}\}|%\([a-z_]{1,30}\)s",
    re.M,
)


def mojibake(text: str) -> Iterator[Find]:
    """Words of another script whose UTF-8 was read as Western European."""
    sign = scale().kinds["mojibake"]
    for match in _BROKEN.finditer(text):
        words = match.group()
        try:
            # As browsers read windows-1252: what it leaves open is the byte itself.
            meant = b"".join(sign.encode("latin-1" if sign < "\u0100" else "cp1252") for sign in words).decode("utf-8")
        except UnicodeError:
            continue
        for _, letters, code in _SCRIPTS:
            if len(re.findall(f"[{letters}]", meant)) >= 2:
                yield Find(sign, *match.span(), words, {code: 2.0}, sign.why.replace("{name}", _NAMES[code]))
                break


# Every sign that windows-1252 or ISO 8859-1 makes of a byte over 127.
_BROKEN = re.compile(
    "[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]{6,400}"
)


def titles(text: str, target: Target, quoted: list[tuple[int, int]]) -> Iterator[Find]:
    """A title that goes with a name nearly every time it is mentioned."""
    sign = scale().kinds["title"]
    places: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for match in _title(target.titles).finditer(text):
        before = text[match.start() - 1 : match.start()]
        if not (before == "-" or before.isalnum() or inside(quoted, match.start())):
            places[match["title"], match["name"]].append(match.span())
    often = {pair: spans for pair, spans in places.items() if len(spans) >= 3}
    if not often:
        return
    names = {name for _, name in often}
    bare: Counter[str] = Counter()
    for match in _MENTION.finditer(text):
        # After a title or a given name the surname is not bare; after the end of a sentence it is.
        if match["name"] in names and _is_bare((match["before"] or "").strip()):
            bare[match["name"]] += 1
    for (_, name), spans in often.items():
        if len(spans) > bare[name] and len(spans) / len(text) >= 1 / 3000:
            # The first mention is as English has it.
            for start, end in spans[1:5]:
                yield Find.of(sign, text, start, end)


def _is_bare(before: str) -> bool:
    return not before[:1].isupper() or before[-1] in ".,;:!?"


_MENTION = re.compile(r"(?P<before>(?<!\S)\S{1,40}\s)?(?<![\w-])(?P<name>[A-Z][a-z]+)(?![\w-])(?! [A-Z])")


@cache
def _title(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?P<title>{'|'.join(words)}) (?P<name>[A-Z][a-z]+)(?![\w-])(?! (?:[A-Z]|of\b))")


def deixis(text: str, target: Target, quoted: list[tuple[int, int]]) -> Iterator[Find]:
    """ "Our government" in a report that otherwise never says we."""
    plain, supporting = scale().kinds["deixis"], scale().kinds["deixis_quoted"]
    found = list(_own(target.own).finditer(text))
    if not found:
        return
    outside = [match for match in found if not inside(quoted, match.start())]
    others = 0
    for match in _FIRST_PERSON.finditer(text):
        if not inside(quoted, match.start()):
            others += 1
            # An opinion piece, an advertisement or a letter speaks of itself throughout.
            if others > len(outside):
                outside = []
                break
    spans = {match.span() for match in outside}
    for match in found[:_MOST]:
        if match.span() in spans:
            yield Find.of(plain, text, *match.span())
        elif inside(quoted, match.start()) and match["own"] in ("government", "military", "army", "side", "authorities"):
            yield Find.of(supporting, text, *match.span())


@cache
def _own(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"[Oo]ur (?<!\w[Oo]ur )(?P<own>{'|'.join(sorted(words, key=lambda word: (-len(word), word)))})(?:['’]s)?(?![\w-])")


_FIRST_PERSON = re.compile(r"\b(?:I|I['’]\w+|[Ww]e|[Ww]e['’]\w+|us|[Mm]y|[Oo]urs?|[Oo]urselves)\b")


def romanisation(text: str) -> Iterator[Find]:
    """One Korean or Chinese personal name in several spellings: Kim Jong Un, Kim Jong-un, Kim Jongun."""
    sign = scale().kinds["romanisation"]
    spellings: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for match in _PERSON.finditer(text):
        words = match.group()
        if text[match.start() - 1 : match.start()].isalnum():
            continue
        spellings[re.sub(r"[ -]", "", words).lower()].setdefault(words, match.span())
    for variants in spellings.values():
        if len(variants) > 1:
            for start, end in list(variants.values())[1:3]:
                yield Find.of(sign, text, start, end)


_PERSON = re.compile(
    r"(?:Kim|Lee|Park|Choi|Jung|Jeong|Kang|Cho|Yoon|Yun|Jang|Lim|Han|Oh|Seo|Shin|Kwon|Hwang|Ahn|Song|Ryu|Hong|Moon|Bae|Baek|Nam|Xi|Li|Wang|Zhang|Liu|Chen)"
    r" [A-Z][a-z]{1,7}(?:-[A-Za-z][a-z]{1,6}| ?[A-Z][a-z]{1,6})?(?![\w-])"
)


def emphasis(text: str) -> Iterator[Find]:
    """Single quotation marks around a term, in a text whose own apostrophes are not what is meant."""
    sign = scale().kinds["emphasis"]
    found = list(_TERM.finditer(text))
    if len(found) >= 2:
        for match in found[:6]:
            yield Find.of(sign, text, *match.span())


# At most five words without the punctuation of speech.
_TERM = re.compile(r"[‘'](?<![\w'’].)(?=\w)[\w.-]+(?: [\w.&-]+){0,4}(?<![.,!?])['’](?![\w])")


def ellipsis(text: str) -> Iterator[Find]:
    """Three dots between the parts of a headline."""
    sign = scale().kinds["ellipsis"]
    if "..." not in text and "…" not in text:
        return
    seen: Counter[str] = Counter()
    for match in _HEADLINE.finditer(text):
        seen[match.group()] += 1
        if seen[match.group()] == 1 and len(seen) <= 6:
            yield Find.of(sign, text, *match.span("dots"))


_HEADLINE = re.compile(r"^[^\n]{6,90}?[\w'’”\"](?P<dots>\.\.\.|…) ?(?=[A-Z'‘\"“])[^\n]{6,90}$", re.M)


def lower(text: str) -> str:
    """`text` in small letters, of the same length."""
    small = text.lower()
    return small if len(small) == len(text) else "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)


def everything(text: str, language: str, target: Target | None) -> Iterable[Find]:
    """All finds in the text."""
    lowered = lower(text)
    yield from note_finds(text, lowered, language)
    yield from residue(text, language)
    yield from templates(text)
    yield from mojibake(text)
    if target:
        quoted = quotations(text)
        yield from patterns(text, lowered, target, quoted)
        yield from titles(text, target, quoted)
        yield from deixis(text, target, quoted)
        yield from romanisation(text)
        yield from emphasis(text)
        yield from ellipsis(text)


def in_removed(text: str, language: str) -> Iterable[Find]:
    """The finds in one removed piece."""
    for find in [*note_finds(text, lower(text), language), *residue(text, language, removed=True), *templates(text), *mojibake(text)]:
        yield find.removed()
