"""Tables with the kind and the normalised form of each code point.

They ship with the weights, so that the Unicode tables of the Python version have no influence at
run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unicodedata import category, combining, normalize

import numpy as np
import yaml
from numpy.typing import NDArray

from newsbeam.transforms.language.model import (
    APOSTROPHE,
    BLANKS,
    CHINESE,
    DIGIT,
    FIRST_SCRIPT,
    JAPANESE,
    MARK,
    SIMPLIFIED,
    TRADITIONAL,
    without_quotes,
)
from newsbeam.transforms.language.ngrams import BLANK

_BMP = 0x10000
# All kinds of apostrophes, and the joiner that Persian uses inside words.
_APOSTROPHES = (APOSTROPHE, 0x2019, 0x02BC)
_JOINER = 0x200C
# Letters with two code points: Romanian with cedilla or comma, Croatian digraphs in title case.
_SAME = dict(zip("șțȘȚǅǈǋ", "şţşţǆǉǌ", strict=True))
# Ideographs that Big5 and GB 2312 lack and Chinese is written with nevertheless: Hong Kong's standard forms, Microsoft's additions to
# Big5, and older printed forms. The first code of the second level of JIS X 0208, in Shift JIS.
_SHARED = "説衞綫羣麪啓産鷄鈎牀爲峯閲鋭脱悦税顔粧裏銹恒碁墻嫺兎毎査涙呪叱填頬剥晩尭巌衆縁録舘讃鉢姉堺黒"
_SECOND_LEVEL = 0x989F
_PLAIN = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ı": "i"})
_LATIN = dict(zip("абвгдђежзијклљмнњопрстћуфхцчџш", "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š".split(), strict=True))


@dataclass(frozen=True, eq=False)
class Alphabet:
    """The tables, see `model.Model`, and the languages of each script."""

    scripts: dict[str, list[str]]
    kind: NDArray[np.uint8]
    fold: NDArray[np.uint16]
    han: NDArray[np.uint8]

    def inside(self, script: str) -> NDArray[np.bool_]:
        """Return whether a code point can be part of a word in the script."""
        names = list(self.scripts)
        parts = ("Hani", "Hira", "Kana") if script == "Hani" else (script,)
        own: NDArray[np.bool_] = np.isin(self.kind, [MARK, *(FIRST_SCRIPT + names.index(part) for part in parts)])
        return own

    def words(self, texts: Sequence[str], inside: NDArray[np.bool_]) -> list[list[str]]:
        """Yield the normalised words of each text, one line each."""
        if not texts:
            return []
        signs = np.frombuffer("\n".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
        signs = np.where(signs < _BMP, signs, 0)
        codes = without_quotes(np.where(inside[signs], self.fold[signs], np.uint16(BLANK)))
        codes[signs == ord("\n")] = ord("\n")
        return [line.split(" ") for line in codes.tobytes().decode("utf-16-le", "surrogatepass").split("\n")]


def alphabet() -> Alphabet:
    """Build the tables from the Unicode database of this Python."""
    described: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "alphabet.yaml").read_text("utf-8"))
    kind = np.zeros(_BMP, np.uint8)
    fold = np.full(_BMP, BLANK, np.uint16)
    for point in range(_BMP):
        sort = category(chr(point))
        kind[point] = DIGIT if sort == "Nd" else BLANKS if chr(point).isspace() else MARK if sort[0] == "M" else 0
    kind[[*_APOSTROPHES, _JOINER]] = MARK
    for number, script in enumerate(described.values()):
        for first, last in script["blocks"]:
            for point in range(first, last + 1):
                if category(chr(point))[0] in "LM":
                    kind[point] = FIRST_SCRIPT + number
    for point in np.flatnonzero(kind >= MARK).tolist():
        fold[point] = ord(_folded(chr(point)))
    fold[list(_APOSTROPHES)] = APOSTROPHE
    han = np.zeros(_BMP, np.uint8)
    for point in range(0x4E00, 0xA000):
        simple, traditional = _has("gb2312", point), _has("big5", point)
        japanese = _has("shift_jis", point)
        han[point] = (
            SIMPLIFIED * (simple and not traditional)
            | TRADITIONAL * (traditional and not simple)
            | JAPANESE * (japanese and not simple and not traditional and _is_frequent(chr(point)) and chr(point) not in _SHARED)
            | CHINESE * ((simple or traditional) and not japanese)
        )
    return Alphabet({name: script["languages"] for name, script in described.items()}, kind, fold, han)


def _folded(sign: str) -> str:
    if sign in _SAME:
        return _SAME[sign]
    if sign == "İ":
        return "i"
    whole = normalize("NFKC", sign) if ord(sign) >= 0xFB00 else sign
    whole = whole if len(whole) == 1 else sign
    small = whole.lower()
    return small if len(small) == 1 and ord(small) < _BMP else whole


def _is_frequent(ideograph: str) -> bool:
    """Return whether JIS X 0208 has a character on its first level.

    Those are the characters in use today.
    """
    return int.from_bytes(ideograph.encode("shift_jis"), "big") < _SECOND_LEVEL


def _has(charset: str, point: int) -> bool:
    try:
        chr(point).encode(charset)
    except UnicodeEncodeError:
        return False
    return True


def stripped(word: str) -> str:
    """Replace the diacritics of a word as people without them do."""
    return "".join(sign for sign in normalize("NFD", word.translate(_PLAIN)) if not combining(sign)).replace(" ", "")


def latin(text: str) -> str:
    """Transliterate Serbian to Latin letters."""
    return "".join(_LATIN.get(sign, sign) for sign in text.lower())
