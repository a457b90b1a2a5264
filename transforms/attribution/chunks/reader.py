"""Attribution by word classes, with one reader for many languages.

Each language has a file of cues and a table of word classes. Quotations are masked as one word
each. Reporting verbs are looked up. The speaker is the noun phrase next to the verb, limited by the
classes of the surrounding words (`tags`). The content is a quotation, a clause after a conjunction
or a colon, or the clause before the verb. The keys of cue files are listed in
`transforms/README.md`.
"""

from __future__ import annotations

import re

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.formulas import read_according
from newsbeam.transforms.attribution.chunks.noun_phrases import surely_speaks
from newsbeam.transforms.attribution.chunks.reading import Reading
from newsbeam.transforms.attribution.chunks.reports import closes_sentence, read_report
from newsbeam.transforms.attribution.chunks.subjects import opening_topic, subject_behind
from newsbeam.transforms.attribution.chunks.verb_final import read_attributive
from newsbeam.transforms.attribution.chunks.words import WORD, follows, lexicon
from newsbeam.transforms.attribution.statement import Statement

_LONGEST_CLOSING = 60  # characters
_MOST_CUES = 25  # reporting verbs of a sentence; more of them are a list of words, whose reading takes the square of its length


def read(sentence: str, offset: int, language: str, last: Range | None) -> list[Statement]:
    """Return the statements of one masked sentence that begins at `offset`.

    `last` is the last speaker, for verbs without a subject.
    """
    lex = lexicon(language)
    if lex.reporting.isdisjoint(WORD.findall(sentence.lower())):
        return []
    return _read(Reading(Sentence(sentence, lex), offset, last))


def topic(sentence: str, offset: int, language: str) -> Range | None:
    """Return the subject of a sentence that reports nothing.

    It is that of verbs without a subject in the next sentence.
    """
    lex = lexicon(language)
    if not lex.pro_drop or not lex.relatives:
        return None
    parsed = Sentence(sentence, lex)
    subject = opening_topic(parsed, len(parsed.tokens))
    return None if subject is None else (subject[0] + offset, subject[1] + offset)


def closes(sentence: str, language: str) -> bool:
    """Return whether a sentence is a subject and a reporting verb.

    They belong to the quotation before it.
    """
    lex = lexicon(language)
    if len(sentence) > _LONGEST_CLOSING or lex.reporting.isdisjoint(WORD.findall(sentence.lower())):
        return False
    parsed = Sentence(sentence, lex)
    cues = parsed.cues()
    return bool(cues) and not any(token.kind == "quote" or token.low == ":" for token in parsed.tokens) and parsed.ends(cues[0][1])


def opening_cue(text: str, language: str, dashes: bool) -> int:
    """Return the end of a reporting verb and its speaker that begin `text`.

    A mark follows them. Returns 0 if there are none.

    This is how the speaker interrupts a quotation. Between dashes the speaker may be missing; between
    commas only some languages do so.
    """
    lex = lexicon(language)
    if lex.inverted is not None and (inverted := lex.inverted.match(text)):
        return inverted.end()
    first = _FIRST_WORD.match(text)
    if first is None or first.group().lower().replace("’", "'") not in lex.openings or not (dashes or lex.comma_asides):
        return 0
    parsed = Sentence(text, lex)
    at = 0
    while at < min(2, len(parsed.tokens) - 1) and not parsed.verbs[at]:
        at += 1  # an object: gli ha detto
    if not parsed.verbs[at] or any(token.low not in lex.clitics for token in parsed.tokens[:at]):
        return 0
    behind, after = subject_behind(parsed, at + parsed.verbs[at])
    if not dashes and (behind is None or not surely_speaks(parsed, behind)):
        return 0
    after = next((n for n in range(after, len(parsed.tokens)) if parsed.tokens[n].kind == "mark"), -1)
    return parsed.tokens[after].start if after >= 0 else len(text)


_FIRST_WORD = re.compile(r"[^\W_]+(?:['’](?=[^\W_]))?")


def _read(reading: Reading) -> list[Statement]:
    sentence = reading.sentence
    cues = sentence.cues()
    if len(cues) > _MOST_CUES:
        return []
    if cues and sentence.lex.adjectival and any(follows(sentence.tokens, sentence.taken, words) for words in sentence.lex.before):
        read_according(reading)
        if reading.made:
            return reading.made
    if not sentence.lex.verb_final and len(cues) > 1 and closes_sentence(sentence, cues[-1]):
        read_report(reading, cues[-1], None)
    for number, cue in enumerate(cues):
        if cue[0] >= sentence.taken:
            read_report(reading, cue, cues[number + 1] if number + 1 < len(cues) else None)
    if not reading.made and sentence.lex.reporting_participles:
        read_attributive(reading)
    if not reading.made:
        read_according(reading)
    return reading.made
