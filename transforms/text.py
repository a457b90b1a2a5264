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


_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_dense(text: str) -> bool:
    """Return whether the text contains CJK characters.

    That is, an ideograph, a kana or a Korean syllable.
    """
    return not text.isascii() and _DENSE.search(text) is not None


def continues_sentence(text: str, at: int) -> bool:
    """Return whether the word that ends at `at` continues (alphabets only)."""
    return at < len(text) and text[at].isalnum() and text[at - 1].isalnum() and not is_dense(text[at - 1]) and not is_solid(text[at - 1])


def is_solid(letter: str) -> bool:
    """Return whether the letter is of a script without spaces and full stops.

    These are Thai, Lao, Burmese and Khmer.
    """
    return "\u0e00" <= letter <= "\u0eff" or "\u1000" <= letter <= "\u109f" or "\u1780" <= letter <= "\u17df"


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
