"""Statements that are announced before a quotation."""

from __future__ import annotations

import re

from newsbeam.transforms.attribution.cjk.japanese import japanese_subject, japanese_topic
from newsbeam.transforms.attribution.cjk.korean import korean_subject, korean_topic
from newsbeam.transforms.attribution.cjk.patterns import Range, cue_patterns
from newsbeam.transforms.attribution.svo.grammar import HEAD


def topic(sentence: str, offset: int, language: str) -> Range | None:
    """Return the person whom a sentence without a statement is about.

    It is the speaker of what follows, if it names nobody.
    """
    found = japanese_topic(sentence) if language == "ja" else korean_topic(sentence) if language == "ko" else None
    return (found[0] + offset, found[1] + offset) if found else None


_SHORT = 60  # characters: 市長は会見で語った。「…」
_SO = re.compile(r"(?:そう|こう|このように|そのように)(?P<cue>言|述べ|話|語|訴え|説明|指摘|強調|振り返|締めくく)")


def resumed(sentence: str, offset: int, language: str) -> tuple[Range, Range] | None:
    """Return the speaker of the quotation that is the sentence before, and the verb.

    Example: 「…」。漁師はそう言って肩を落とした。
    """
    match = _SO.search(sentence) if language == "ja" and HEAD not in sentence else None
    subject = japanese_subject(sentence, 0, match.start()) if match else None
    if match is None or subject is None:
        return None
    (a, b), (c, d) = subject[0], match.span("cue")
    return (a + offset, b + offset), (c + offset, d + offset)


_THUS = re.compile(r"이렇게|다음과 같이|次のように|こう|以下のように|如下")


def announced(sentence: str, offset: int, language: str) -> tuple[Range, Range] | None:
    """Return the announced speaker of the next sentence, and the verb.

    Example: 대변인은 이렇게 말했다. “…” Returns None if nobody is announced.
    """
    if HEAD in sentence or language == "zh" or not (_THUS.search(sentence) or (language == "ja" and len(sentence) < _SHORT)):
        return None
    cues = list(cue_patterns(language)["cue"].finditer(sentence))
    if not cues or len(sentence.rstrip(" .。:：")) - cues[-1].end() > 1:
        return None
    cue = cues[-1]
    subject = korean_subject(sentence, 0, cue.start()) if language == "ko" else japanese_subject(sentence, 0, cue.start())
    if subject is None:
        return None
    (a, b), (c, d) = subject[0], cue.span("cue")
    return (a + offset, b + offset), (c + offset, d + offset)
