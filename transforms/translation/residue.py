"""Language-independent residue of translation.

Untranslated words, notes, template placeholders and garbled characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from newsbeam.transforms.translation.evidence_rules import Note, notes, scale
from newsbeam.transforms.translation.matches import MAX_MATCHES, Match, SearchText

# Scripts by their letters, with the language that each most often stands for.
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
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "cs": "Czech",
    "en": "English",
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
# Text in another script is not residue if the writer marks it: in brackets, in quotation marks, as
# a word that is explained (`introduces` in the data), or as the name of a language in a menu.
_OPENING = "([{（【「『《〈\"'“‘«„*/=|"
# With a larger share of letters in the other script, the text is bilingual or a language lesson.
_BILINGUAL = 0.12


def script_language(text: str) -> str:
    """Return the language of the main script of `text`, "" if it is Latin."""
    shares = {code: len(re.findall(f"[{letters}]", text)) for _, letters, code in _SCRIPTS}
    best = max(shares, key=lambda code: shares[code])
    if shares["ja"] * 8 > shares["zh"] > 0 and best in ("ja", "zh"):
        best = "ja"
    latin = len(re.findall(f"[{_LATIN}]", text))
    return best if shares[best] > latin else ""


def find_residue(reading: SearchText, language: str, removed: bool = False) -> Iterator[Match]:
    """Find words of another script in the text.

    In removed text, these are lines rather than words.
    """
    # Every text has Latin letters and punctuation; other characters belong to a script.
    if reading.plain or reading.characters <= _COMMON:
        return
    text = reading.text
    pattern = _foreign(_OWN_SCRIPTS.get(language, ()))
    weights = scale()
    inline, line = weights.kinds["residue"], weights.kinds["residue_line"]
    found: list[tuple[int, int, bool]] = []
    letters = 0
    for match in pattern.finditer(text):
        start, end, words = match.start(), match.end(), match.group()
        letters += len(words)
        single = len(words) < 2 and words < "\u3400"
        if single or len(found) >= MAX_MATCHES or all(word in weights.endonyms for word in words.lower().split()):
            continue
        begin, stop = _line(text, start, end)
        before, after = text[begin:start], text[end:stop]
        if _CODE.search(text, begin, stop):
            continue
        # A line that is mostly in the other script is a line of the page, not a word that was left.
        here = sum(map(len, pattern.findall(text, begin, stop)))
        alone = 2 * here > sum(map(str.isalpha, text[begin:stop]))
        if alone or not (
            (before.strip() and before.rstrip(" ")[-1] in _OPENING) or weights.introduces.search(before[-60:]) or _glossed(after)
        ):
            found.append((start, end, alone or removed))
    if not removed and letters > _BILINGUAL * sum(map(str.isalpha, text)):
        return
    kana = any(_KANA.search(text, start, end) for start, end, _ in found)
    for start, end, alone in found:
        rule, code = line if alone else inline, _script(text[start])
        if code == "zh" and kana:
            code = "ja"
        elif code == "ru" and _UKRAINIAN.search(text, start, end):
            code = "uk"
        strength = 2.0 if alone else 2.4
        sources = {"zh": strength, "ja": strength - 0.6} if code == "zh" else {code: strength}
        yield Match(rule, start, end, text[start:end], sources, rule.why.replace("{name}", _NAMES[code]))


# A line of a program.
_CODE = re.compile(r"[;{}]\s*$|\w\(\)| = [\"'\w]", re.M)
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_UKRAINIAN = re.compile("[іїєґІЇЄҐ]")


def _line(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the bounds of the line around a range.

    At most 300 characters on either side.
    """
    begin, stop = text.rfind("\n", max(0, start - 300), start), text.find("\n", end, end + 300)
    return begin + 1 if begin >= 0 else max(0, start - 300), stop if stop >= 0 else min(len(text), end + 300)


@cache
def _foreign(own: tuple[str, ...]) -> re.Pattern[str]:
    """Compile a pattern for words in scripts other than `own`.

    Words may have single spaces between them.
    """
    letters = "".join(letters for name, letters, _ in _SCRIPTS if name not in own)
    return re.compile(f"[{letters}][{letters}\u0300-\u036f\u0e31-\u0e4e\u0900-\u0963\u064b-\u0652\u30fc]*(?: [{letters}]+)*")


_COMMON = frozenset(map(chr, (*range(0x370), *range(0x2000, 0x2C00))))


def _script(char: str) -> str:
    """Return the language that a letter's script most often stands for."""
    return next(code for _, letters, code in _SCRIPTS if re.match(f"[{letters}]", char))


def _glossed(after: str) -> bool:
    # "떡볶이 (tteokbokki)", "Привет means": the text is about the word.
    return re.match(r"\s*(?:[)\]）»”\"'’]|\(|（|means?\b|meaning\b|is the\b|[=–—-]\s)", after) is not None


def find_latin_residue(reading: SearchText, language: str) -> Iterator[Match]:
    """Find a few consecutive words of another Latin-script language.

    They are recognised by that language's function words. In text that is not English, only
    English is sought.
    """
    text, weights = reading.text, scale()
    for code, small in weights.latin.items():
        if (code == "en") == (language in ("en", "", "und")) or len(small & reading.words) < 3:
            continue
        # A text with many of them is in that language, or bilingual.
        words = _WORDS.findall(reading.small)
        if sum(len(word) for word in words if word in small) > _BILINGUAL / 2 * sum(map(len, words)):
            continue
        found = []
        for start, end, distinct in _word_runs(reading, small):
            before, after = text[max(0, start - 60) : start], text[end : end + 20]
            opening = before.rstrip(" ")[-1:]
            # Names, titles and phrases in quotation marks, brackets or title case are mentioned
            # deliberately.
            parts = text[start:end].split()
            plain = len(parts) > 3 and sum(word[:1].islower() for word in parts) >= 0.6 * len(parts)
            if plain and distinct >= 3 and not (opening and opening in _OPENING) and not _glossed(after) and not reading.quoted(start):
                found.append((start, end))
        if found:
            rule = weights.kinds["residue_english" if code == "en" else "residue_latin"]
            for start, end in found[:MAX_MATCHES]:
                yield Match(rule, start, end, text[start:end], {code: 2.4}, rule.why.replace("{name}", _NAMES[code]))


def _word_runs(reading: SearchText, small: frozenset[str]) -> Iterator[tuple[int, int, int]]:
    """Yield ranges in which at least every third word is in `small`.

    As start, end, and number of different words of `small`.
    """
    start = end = -1
    seen: set[str] = set()
    gap = 0
    for match in _WORDS.finditer(reading.small):
        if match.group() in small:
            if start < 0 or gap > 2 or "\n" in reading.small[end : match.start()]:
                if len(seen) >= 3:
                    yield start, end, len(seen)
                start, seen = match.start(), set()
            end, gap = match.end(), 0
            seen.add(match.group())
        else:
            gap += 1
    if len(seen) >= 3:
        yield start, end, len(seen)


_WORDS = re.compile(r"[^\W\d_]+")


def find_notes(reading: SearchText, language: str) -> Iterator[Match]:
    """Find notes in any language that say that the text is a translation."""
    text, lowered = reading.text, reading.small
    table, book = notes()
    rule = scale().kinds["note"]
    starts = _stems_by_prefix()
    stems = {stem for word in reading.words if word[:4] in starts for stem in starts[word[:4]] if word.startswith(stem)}
    if not reading.plain:
        stems.update(
            stem for first, found in _stems_by_character().items() if first in reading.characters for stem in found if stem in lowered
        )
    if not stems:
        return
    for note in table:
        if stems.isdisjoint(note.stems):
            continue
        for phrase in note.opens + note.says:
            at = lowered.find(phrase)
            tried = 0
            while at >= 0 and tried < MAX_MATCHES:
                span = _note(text, at, len(phrase), phrase in note.says)
                if span and not book.search(text, *span):
                    words = text[span[0] : span[1]]
                    yield Match(rule, *span, words, _note_source(note, words.lower(), language), rule.why)
                at = lowered.find(phrase, at + len(phrase))
                tried += 1


@cache
def _stems_by_prefix() -> Mapping[str, tuple[str, ...]]:
    """Index the stems of scripts with spaces by their first four letters.

    Words begin with these stems.
    """
    stems = sorted({stem for note in notes()[0] for stem in note.stems if stem[0] < "\u0590"})
    return {start: tuple(stem for stem in stems if stem[:4] == start) for start in sorted({stem[:4] for stem in stems})}


@cache
def _stems_by_character() -> Mapping[str, tuple[str, ...]]:
    """Index the stems of other scripts by their first character."""
    stems = sorted({stem for note in notes()[0] for stem in note.stems if stem[0] >= "\u0590"})
    return {first: tuple(stem for stem in stems if stem[0] == first) for first in sorted({stem[0] for stem in stems})}


def _note(text: str, at: int, length: int, says: bool) -> tuple[int, int] | None:
    """Return the range of the note whose phrase is at `at`.

    The range is a line, a bracket or a sentence; None if the phrase is part of a sentence.
    """
    begin, stop = _line(text, at, at)
    before = text[begin:at]
    if (end := at + length) < len(text) and text[end - 1].isalnum() and text[end].isalnum() and text[end - 1 : end + 1].isascii():
        return None
    if text[end - 1] in ":：=＝" and not _is_credit(text[end:stop]):
        return None
    opening = before.rstrip()[-1:]
    if opening in ("[", "(", "（", "［", "【", "〔"):
        closing = re.compile(r"[\])）］】〕]").search(text, at, min(stop, at + 160))
        return (at, closing.start()) if closing else None
    if not re.search(r"\w", before) and len(text[begin:stop].strip()) <= 200:
        # A line that continues as a sentence ("Translated by hand, the novel sold well.") is not a
        # note.
        line = text[at:stop].rstrip()
        if says or len(line) <= 120:
            return at, at + len(line)
    if says and (not before.strip() or opening in (".", "!", "?", "。", ":", "*", "—", "–", "|", "”", '"')):
        sentence = re.compile(r"[.。!?](?=\s|$)").search(text, at, stop)
        return at, sentence.end() if sentence else stop
    return None


def _is_credit(rest: str) -> bool:
    """Return whether "Translation:" is followed by a name, not a sentence."""
    words = re.split(r"[)\]）】]", rest, maxsplit=1)[0].split()
    if not words or len(words) > 8 or len(rest) > 80 or words[-1][-1] in "?!。？！":
        return False
    # In a name, only short words are in lower case; scripts without case pass.
    small = [word for word in words if word[0].islower() and len(word) > 3]
    return words[0][0].isalpha() and not words[0][0].islower() and not small


def _note_source(note: Note, words: str, language: str) -> Mapping[str, float]:
    named = {code for stem, code in note.names.items() if stem in words and code != language}
    if named:
        return dict.fromkeys(sorted(named), 4.0)
    return {note.language: 2.5} if note.language != language else {}


def find_templates(reading: SearchText) -> Iterator[Match]:
    """Find keys and placeholders of templates that were never filled in.

    A text with many of them is about templates.
    """
    text, parts = reading.text, scale().parts
    if reading.characters.isdisjoint("_{%") and not any("." in line and " " not in line for line in text.split("\n")):
        return
    rule = scale().kinds["template"]
    found = [
        match
        for match in _TEMPLATE.finditer(text)
        if match.group().lstrip()[0] in "{%$" or parts.intersection(re.split(r"[._\s]", match.group()))
    ]
    if len(found) <= 3 and "{%" not in text:
        for match in found:
            words = match.group()
            start = match.start() + len(words) - len(words.lstrip())
            yield Match.at(rule, text, start, match.start() + len(words.rstrip()))


# A line such as "bar_progress" or "menu.more.title". One part must name a part of a page, to
# exclude user names.
_TEMPLATE = re.compile(
    r"^[ \t]*[a-z]{2,20}(?:[_.][a-z]{2,20}){1,5}[ \t]*$|\{\{ ?[\w.]{1,40} ?\}\}|%\([a-z_]{1,30}\)s|%\d\$s|\$\{[\w.]{1,40}\}",
    re.M,
)


def find_mojibake(reading: SearchText) -> Iterator[Match]:
    """Find words of another script that were decoded as Western European."""
    if reading.plain or reading.characters.isdisjoint(_LEADS):
        return
    text, rule = reading.text, scale().kinds["mojibake"]
    for match in _BROKEN.finditer(text):
        code = _original_language(match.group())
        if code:
            yield Match(rule, *match.span(), match.group(), {code: 2.0}, rule.why.replace("{name}", _NAMES[code]))


def _original_language(words: str) -> str:
    """Return the language of `words` before they were decoded incorrectly.

    "" if they are correct.
    """
    try:
        # As browsers decode windows-1252: undefined bytes map to themselves.
        data = b"".join(char.encode("latin-1" if char < "\u0100" else "cp1252") for char in words)
    except UnicodeError:
        return ""
    for encoding, pattern, code in _MISREAD:
        try:
            meant = data.decode(encoding)
        except UnicodeError:
            continue
        # In Korean and Chinese text, at least a quarter of the bytes do not map to Latin letters;
        # in a run of accented letters, they do.
        if code in ("ko", "zh") and sum(char < "\u00c0" for char in words) * 4 < len(words):
            continue
        if pattern.fullmatch(meant):
            return code if code else next(code for _, letters, code in _SCRIPTS if len(re.findall(f"[{letters}]", meant)) >= 2)
    return ""


# UTF-8 first, as the text itself shows the script; then the legacy encodings, whose text must
# consist of common letters.
_MISREAD: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("utf-8", re.compile("^(?:" + "|".join(f"[^{one}]*[{one}][^{one}]*[{one}].*" for _, one, _ in _SCRIPTS) + ")", re.S), ""),
    ("euc_kr", re.compile("[\uac00-\ud7a3]{3,}"), "ko"),
    ("cp1251", re.compile("[А-Яа-яЁёІіЇїЄє][а-яёіїє]{5,}"), "ru"),
    ("gb2312", re.compile("[\u4e00-\u9fff，。、]{3,}"), "zh"),
)
# Letters that result from the first bytes of other scripts, in UTF-8 and in legacy encodings.
_LEADS = frozenset("ÐÑÎÏ×ØÙãäåæçèéêëìíàÀÁÂÃÄÅÆÇÈÉÊËÌÍÓÔÕÖÚÛÜß°±²³´µ¶·¸¹º»¼½¾¿")
# Every character that windows-1252 or ISO 8859-1 assigns to a byte above 127.
_BROKEN = re.compile(
    "[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]{6,400}"
)
