"""Text normalisation, scripts without spaces, and ends of sentences."""

from __future__ import annotations

import re
from html import unescape
from unicodedata import category

_SIGNS = (
    ("’", "'"),
    ("‘", "'"),
    ("“", '"'),
    ("”", '"'),
    ("：", ":"),
    ("＝", "="),
    ("（", "("),
    ("）", ")"),
    ("！", "!"),
    ("＞", ">"),
    ("｜", "|"),
    ("／", "/"),
)

Ranges = tuple[tuple[int, int], ...]
"""The first and the last code point of each range."""

DENSE_RANGES: Ranges = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF))
"""Kana, ideographs and Korean syllables: a character holds as much as two or three letters."""

SOLID_RANGES: Ranges = ((0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17DF))
"""Thai, Lao, Burmese and Khmer: scripts without spaces and full stops."""

_NOTHING = ("\u200b", "\ufeff", "\u00ad", "\u200e", "\u200f")

# Letters with several forms, in capitals or on other keyboards: Turkish i with and without dot,
# Greek accents and final sigma, Romanian letters with comma or cedilla. Maps code points to code
# points.
FORMS: dict[int, int] = str.maketrans("İıșțȘȚςάέήίόύώΐΰϊϋΆΈΉΊΌΎΏΪΫ", "iişţŞŢσαεηιουωιυιυΑΕΗΙΟΥΩΙΥ")

_HAS_FORMS = re.compile("[İıșțȘȚςάέήίόύώΐΰϊϋΆΈΉΊΌΎΏΪΫ]")


def plain(text: str) -> str:
    """Normalise quotes, full-width characters and variants of letters.

    The length stays the same.
    """
    if text.isascii():
        return text
    for sign, other in _SIGNS:  # ten searches for one character are faster than one str.translate
        text = text.replace(sign, other)
    return text.translate(FORMS) if _HAS_FORMS.search(text) else text


def fold(text: str) -> str:
    """Normalise for comparison.

    Lower case, straight quotes, single spaces, half-width characters, one form of each letter.
    """
    if not text.isascii():
        text = plain(text)
        for sign in _NOTHING:
            text = text.replace(sign, "")
    return " ".join(text.casefold().split())


def bare(folded: str) -> str:
    """Strip punctuation and symbols from both ends.

    These are arrows, bullets, brackets and full stops.
    """
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    whole = end
    while end > start and not folded[end - 1].isalnum():
        end -= 1
    # A vowel sign after the last letter belongs to the word; so does a character that makes an
    # emoji of a letter.
    while end < whole and not folded[end].isascii() and category(folded[end]) in ("Mn", "Mc") and folded[end] != "\ufe0f":
        end += 1
    return folded[start:end]


def _char_class(ranges: Ranges) -> str:
    """Return the inside of a character class for a regular expression."""
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


_DENSE = re.compile(f"[{_char_class(DENSE_RANGES)}]")

_SOLID = re.compile(f"[{_char_class(SOLID_RANGES)}]")

UNSPACED = re.compile(f"[{_char_class((*DENSE_RANGES, *SOLID_RANGES, (0x17E0, 0x17FF)))}]")
"""A character that counts as several letters: dense, solid, or a digit or symbol of Khmer."""


def is_dense(text: str) -> bool:
    """Return whether the text contains CJK characters.

    That is, an ideograph, a kana or a Korean syllable.
    """
    return not text.isascii() and _DENSE.search(text) is not None


def is_hangul(letter: str) -> bool:
    """Return whether the letter is a Korean syllable.

    These are dense, but words of them have spaces between them.
    """
    return "\uac00" <= letter <= "\ud7a3"


def continues_sentence(text: str, at: int) -> bool:
    """Return whether the word that ends at `at` continues (alphabets only)."""
    return at < len(text) and text[at].isalnum() and text[at - 1].isalnum() and not is_dense(text[at - 1]) and not is_solid(text[at - 1])


def is_solid(letter: str) -> bool:
    """Return whether the letter is of a script without spaces and full stops.

    These are Thai, Lao, Burmese and Khmer.
    """
    return _SOLID.match(letter) is not None


END = re.compile(r"[.!?。！？…।॥۔؟։][\"'”’)\]」』]*$")


def scrub(text: str) -> str:
    """Remove unpaired surrogates, which no encoder can write."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


HUGE_REFERENCE = re.compile(r"&#[0-9]{9,};?")


def resolved(text: str) -> str:
    """Resolve the character references in a text."""
    try:
        return unescape(text)
    except ValueError:  # a number with thousands of digits
        return unescape(HUGE_REFERENCE.sub("\ufffd", text))
