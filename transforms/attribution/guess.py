"""A cheap guess at the language of a text."""

from __future__ import annotations

import re
from collections import Counter

from newsbeam.transforms.attribution.lexicon import load

_WORDS = re.compile(r"[^\W\d_]+")

_GUESSED = ("en", "de", "es", "fr", "it", "pt", "nl", "pl")


def guess(prose: str) -> str:
    """Guess the language by script, and for Latin script by function words.

    Returns English if the text gives no evidence.
    """
    sample = prose[:20000]
    hangul = kana = han = cyrillic = arabic = latin = 0
    for char, count in sorted(Counter(sample).items()):
        if not char.isalpha():
            continue
        if "\uac00" <= char <= "\ud7a3":
            hangul += count
        elif "\u3040" <= char <= "\u30ff":
            kana += count
        elif "\u4e00" <= char <= "\u9fff":
            han += count
        elif "\u0400" <= char <= "\u04ff":
            cyrillic += count
        elif "\u0600" <= char <= "\u06ff":
            arabic += count
        else:
            latin += count
    words = Counter(_WORDS.findall(sample.lower()))
    scores = [(sum(words[word] for word in load(language)["function_words"]), -index, language) for index, language in enumerate(_GUESSED)]
    east = hangul + kana + han
    if max(scores)[0] * _FEW_FUNCTION_WORDS < sum(words.values()) and max(east, cyrillic, arabic) >= _OTHER_LETTERS:
        latin = 0  # names in a text of another script
    # An ideograph or a syllable carries about as much information as two letters.
    best = max((2 * east, "east"), (cyrillic, "cyrillic"), (arabic, "ar"), (latin, "latin"))
    if best[0] == 0:
        return "en"
    if best[1] == "east":
        return "ko" if hangul > max(kana, han) else "ja" if kana * 8 > han else "zh"
    if best[1] == "cyrillic":
        return "uk" if any(letter in sample for letter in "їєґЇЄҐ") and "ы" not in sample else "ru"
    if best[1] != "latin":
        return best[1]
    return max(scores)[2]


# In a text in one of these languages, more than one in this many Latin words is a function word; in
# names, hardly any are.
_FEW_FUNCTION_WORDS = 12

_OTHER_LETTERS = 50
