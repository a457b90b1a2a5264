"""Text made comparable: folded, without marks; scripts without spaces; ends of sentences."""

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

# Letters that a line in capitals, or another keyboard, has in another form: Turkish i with and without its dot, Greek accents
# and final sigma, Romanian letters with a comma or a cedilla below. Code points to code points.
FORMS: dict[int, int] = str.maketrans("İıșțȘȚςάέήίόύώΐΰϊϋΆΈΉΊΌΎΏΪΫ", "iişţŞŢσαεηιουωιυιυΑΕΗΙΟΥΩΙΥ")

_HAS_FORMS = re.compile("[İıșțȘȚςάέήίόύώΐΰϊϋΆΈΉΊΌΎΏΪΫ]")


def plain(text: str) -> str:
    """Straight quotes, half-width signs, one form of each letter; of the same length."""
    if text.isascii():
        return text
    for sign, other in _SIGNS:  # some ten searches for one character are faster than one str.translate
        text = text.replace(sign, other)
    return text.translate(FORMS) if _HAS_FORMS.search(text) else text


def fold(text: str) -> str:
    """For comparing: small letters, straight quotes, single spaces, half-width signs, one form of each letter."""
    if not text.isascii():
        text = plain(text)
        for sign in _NOTHING:
            text = text.replace(sign, "")
    return " ".join(text.casefold().split())


def bare(folded: str) -> str:
    """Without the signs at both ends: arrows, bullets, brackets, full stops."""
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    whole = end
    while end > start and not folded[end - 1].isalnum():
        end -= 1
    # A vowel sign behind the last letter is part of the word; so is no sign that makes an emoji of a letter.
    while end < whole and not folded[end].isascii() and category(folded[end]) in ("Mn", "Mc") and folded[end] != "\ufe0f":
        end += 1
    return folded[start:end]


_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def is_dense(text: str) -> bool:
    """Return whether there is an ideograph, a kana or a Korean syllable in the text."""
    return not text.isascii() and _DENSE.search(text) is not None


def continues_sentence(text: str, at: int) -> bool:
    """Return whether the word that ends at `at` has more letters (alphabets only)."""
    return at < len(text) and text[at].isalnum() and text[at - 1].isalnum() and not is_dense(text[at - 1]) and not is_solid(text[at - 1])


def is_solid(letter: str) -> bool:
    """Return whether the letter is of a script that parts no words by spaces, and no sentences by stops: Thai, Lao, Burmese, Khmer."""
    return "\u0e00" <= letter <= "\u0eff" or "\u1000" <= letter <= "\u109f" or "\u1780" <= letter <= "\u17df"


END = re.compile(r"[.!?。！？…।॥۔؟։][\"'”’)\]」』]*$")


def scrub(text: str) -> str:
    """`text` without lone surrogates, which no encoder writes."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


HUGE_REFERENCE = re.compile(r"&#[0-9]{9,};?")


def resolved(text: str) -> str:
    """Text with its character references resolved."""
    try:
        return unescape(text)
    except ValueError:  # a number of thousands of digits
        return unescape(HUGE_REFERENCE.sub("\ufffd", text))
