"""Formulas of “according to”, and clauses with “as”: Podle X … · X:n mukaan … · как рассказал X, …."""

from __future__ import annotations

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.noun_phrases import (
    can_speak,
    date_end,
    description_end,
    hearer_end,
    is_certain_source,
    is_nominative_source,
    noun_phrase_end,
)
from newsbeam.transforms.attribution.chunks.reading import Reading
from newsbeam.transforms.attribution.chunks.subjects import subject_behind
from newsbeam.transforms.attribution.chunks.words import LONGEST_TITLE, follows, is_source

_ACCORDING_SCORE = 0.75
_LONGEST_ASIDE = 26  # words
_LONGEST_SPEAKER = 16  # words
_SO = ("tal",)  # before “as”: tal como
_SHORTEST_STATEMENT = 4  # tokens before “as X said”


def read_according(reading: Reading) -> None:
    """Read according-to formulas: Podle X … · X:n mukaan …."""
    sentence = reading.sentence
    t, lex = sentence.tokens, sentence.lex
    for n in range(len(t)):
        for formula, who in lex.according_pronouns:
            if t[n].low == formula[0] and follows(t, n, formula):
                _add_accorded(reading, (n, n + len(formula)), n + who, n + who + 1)
                return
        phrase = next((words for words in lex.before if follows(t, n, words)), None)
        if phrase and lex.subject_first and n and t[n - 1].kind not in ("mark", "quote", "c", "r", "t"):
            phrase = None  # the direction, not the source: theo mùa
        if (
            phrase
            and not (len(phrase) == 1 and n and t[n - 1].kind in "da")
            and not (lex.standards and _names_no_source(sentence, n, len(phrase)))
        ):
            start = n + len(phrase)
            if start < len(t) and t[start].kind == "quote" and t[start].end - t[start].start <= LONGEST_TITLE:
                _add_accorded(reading, (n, start), start, start + 1)
                return
            end = noun_phrase_end(sentence, start) if not (start < len(t) and _is_pronoun(sentence, start)) else start + 1
            if end - start > 1 and t[end - 1].kind == "j" and end < len(t) and t[end].kind in ("v", "x"):
                end -= 1  # a predicate: Według policji ranne zostały …
            end = _before_unknown_verb(sentence, start, end) if lex.verb_second else _source_end(sentence, start, end)
            if sentence.lex.adjectival and start < end < len(t) and t[end].kind == "a" and not t[end - 1].capital:
                end = max(end, description_end(sentence, start))  # según documentos publicados por X, …
            if phrase in lex.loose and not is_certain_source(sentence, start, end):
                continue
            if end > start and (can_speak(sentence, start, end) or (end == start + 1 and t[start].kind not in "mia")):
                _add_accorded(reading, (n, start), start, end)
                return
        phrase = next((words for words in lex.after if follows(t, n, words)), None)
        if phrase and n:
            start = sentence.left_edge(n)
            while start < n and noun_phrase_end(sentence, start) < n and not sentence.is_personal(t[start]):
                start += 1
            if lex.named_after and not (t[n - 1].capital or is_source(t[n - 1].low, lex)):
                continue
            listed = lex.named_after and is_source(t[n - 1].low, lex)  # in the case that the formula asks for
            if start < n and (listed or can_speak(sentence, start, n) or sentence.is_personal(t[start])):
                _add_accorded(reading, (n, n + len(phrase)), start, n)
                return


def read_as(reading: Reading, left: int, cue: Range) -> bool:
    """Read a clause that names a source for the clause beside it.

    For example: как рассказала порталу «…» мэр, ….
    """
    sentence = reading.sentence
    t = sentence.tokens
    at = left if left < len(t) and t[left].low in sentence.lex.as_words else left - 1
    if sentence.lex.adjectival and left + 1 < cue[0] and t[left].low in _SO and t[left + 1].low in sentence.lex.as_words:
        at = left + 1  # tal como
    if at < sentence.taken or t[at].low not in sentence.lex.as_words:
        return False
    before, fits = _subject_between(sentence, at + 1, cue[0])
    if not fits:
        return False
    lead = at - 1 if at and t[at - 1].low in _SO else at
    opens = sentence.skip_marks(sentence.taken) == lead or all(token.kind in "crt" for token in t[sentence.skip_marks(sentence.taken) : at])
    if not opens and t[lead - 1].low not in (",", "–", "—", "("):
        return False
    behind, after = subject_behind(sentence, cue[1])
    comma = next((n for n in range(cue[1], after) if t[n].low == ","), after)
    if opens and behind and comma < after and sentence.ends(after) and after >= len(t) - 1:
        behind, after = (behind[0], t[comma - 1].end), comma  # no apposition: the clause that the source is named for
    first = sentence.token_at(behind[0]) if behind else after
    if opens and behind and first < (named := _source_end(sentence, first, after)) < after:
        reading.add(
            [(t[named].start, t[sentence.without_marks(named, len(t)) - 1].end)],
            (at, cue[1]),
            (behind[0], t[named - 1].end),
            _ACCORDING_SCORE,
            False,
            len(t),
        )
        return True  # Jak poinformowała policja kierowca …
    end = next((n for n in range(after, len(t)) if t[n].kind in ("mark", "C")), len(t))
    if (end < len(t) and t[end].kind == "C") or not (behind or before or sentence.lex.pro_drop):
        return False
    content: list[Range] = []
    if not opens:
        content.append((t[sentence.skip_marks(sentence.taken)].start, t[sentence.without_marks(0, lead) - 1].end))
    opened = (":",) if opens and sentence.lex.adjectival else ()
    rest, close = sentence.skip_marks(end), sentence.without_marks(end, len(t))
    if (
        close - rest > (0 if opened and t[rest].kind == "quote" else 1)
        and end < len(t)
        and t[end].low in (",", "–", "—", *opened)
        and (opens or t[rest].kind not in ("s", "C"))
    ):
        content.append((t[rest].start, t[close - 1].end))
    elif not opens and lead - sentence.skip_marks(sentence.taken) < _SHORTEST_STATEMENT:
        return False
    if not content or (opens and t[rest].kind == "quote" and close - rest > 1):
        return False
    reading.add(content, (lead, cue[1]), behind or before or reading.heir(), _ACCORDING_SCORE, False, len(t))
    return True


def _subject_between(sentence: Sentence, start: int, at: int) -> tuple[Range | None, bool]:
    """Return the subject between “as” and its verb.

    Also returns whether nothing else is there.

    For example: kao što je Poslovni dnevnik već pisao.
    """
    t, n = sentence.tokens, start
    found: Range | None = None
    while n < at:
        end = max(date_end(sentence, n), hearer_end(sentence, n))
        if end == n and t[n].kind in "xrtso" and not t[n].capital:
            end = n + 1
        elif end == n and found is None:
            end = noun_phrase_end(sentence, n)
            if n < end <= at and can_speak(sentence, n, end):
                found = t[n].start, t[end - 1].end
        if not n < end <= at:
            return None, False
        n = end
    return found, True


def _is_pronoun(sentence: Sentence, n: int) -> bool:
    """Return whether the token is a personal pronoun, of any case: enligt henne."""
    return sentence.is_personal(sentence.tokens[n]) or sentence.tokens[n].low in sentence.lex.obliques


def _names_no_source(sentence: Sentence, at: int, size: int) -> bool:
    """Return whether a formula names a norm or means something else.

    For example: según la ley, están de acuerdo con, segundo turno.
    """
    t, lex = sentence.tokens, sentence.lex
    start = at + size
    if size > 1 and at and t[at - 1].kind in "vx":
        return True
    noun = next((n for n in range(start, min(start + 4, len(t))) if t[n].kind in "np" or t[n].low in lex.standards), len(t))
    if noun == len(t) or t[noun].low in lex.standards:
        return not any(token.kind == "o" and sentence.is_personal(token) for token in t[start : start + 1])
    ordinal = size == 1 and t[at].low in lex.ordinals and noun == start and not t[noun].capital
    return ordinal and not is_source(t[noun].low, lex) and not t[noun].low.endswith("s")


def _before_unknown_verb(sentence: Sentence, start: int, end: int) -> int:
    """Return where a phrase ends in which two nouns follow each other.

    The second is a verb that no table contains.

    Ifølge politiet stiger prisene. Germanic languages write compounds as one word.
    """
    for n in range(start + 1, end):
        before, token = sentence.tokens[n - 1], sentence.tokens[n]
        nouns = before.kind == token.kind == "n" and not before.capital and not token.capital and before.low[-1] != "s"
        if (
            nouns
            and not token.low.endswith(sentence.lex.genitives)
            and not is_source(token.low, sentence.lex)
            and token.low not in sentence.lex.tags.words
        ):
            return n
    last = sentence.tokens[end - 1]
    if (
        end - start > 1
        and end < len(sentence.tokens)
        and sentence.tokens[end].kind in "rdaomt"
        and not last.capital
        and (is_source(sentence.tokens[end - 2].low, sentence.lex) or sentence.tokens[end - 2].capital)
        and not is_source(last.low, sentence.lex)
        and not last.low.endswith(sentence.lex.genitives)
    ):
        return end - 1  # enligt länsstyrelsen övervakas nu …
    return end


def _source_end(sentence: Sentence, start: int, end: int) -> int:
    """Return the end of a source that its clause follows without a comma.

    For example: Podle policie řidič nebyl opilý.
    """
    t = sentence.tokens
    if end >= len(t) or t[end].kind == "mark" or not is_source(t[start].low, sentence.lex):
        return end
    n = start + 1
    second = is_nominative_source(sentence, start)  # Jak poinformowała policja kierowca …
    while (
        n < end
        and (t[n].capital or t[n].kind in "jami" or is_source(t[n].low, sentence.lex))
        and not (second and is_nominative_source(sentence, n))
    ):
        n += 1
    titled = t[start].low.startswith(tuple(sentence.lex.persons)) and any(token.capital for token in t[n:end])
    return n if not titled and (n == end or t[n].kind == "n") else end


def _relative_end(sentence: Sentence, at: int) -> int:
    """Return where a relative clause in commas ends behind a source.

    For example: enligt X, som citerar Y, stängs bron.
    """
    t = sentence.tokens
    if (
        not (sentence.lex.verb_second or sentence.lex.adjectival)
        or at + 2 >= len(t)
        or t[at].low != ","
        or not sentence.opens_relative_clause(at + 1)
    ):
        return at
    comma = next((n for n in range(at + 2, min(at + _LONGEST_ASIDE, len(t))) if t[n].low == ","), len(t))
    return comma if comma < len(t) - 2 else at


def _described_end(sentence: Sentence, at: int) -> int:
    """Return where a participle and what belongs to it end behind a source.

    For example: podle studie zveřejněné v časopise Nature, ….
    """
    t, n = sentence.tokens, at
    if not sentence.lex.relatives or n >= len(t):
        return at
    start = n + 1 if t[n].low == "," else n
    if start >= len(t) or t[start].kind not in "ji" or t[start].capital:
        return at
    comma = next((m for m in range(start, min(start + _LONGEST_SPEAKER, len(t))) if t[m].kind in ("mark", "v", "x", "quote")), len(t))
    if comma - start < 3 or comma >= len(t) - 2 or t[comma].low != ",":
        return at
    return comma if any(token.kind == "a" for token in t[start + 1 : comma]) else at


def _add_accorded(reading: Reading, cue: Range, start: int, end: int) -> None:
    """Add the content around a formula.

    It follows the formula, or precedes one at the end of the sentence.
    """
    sentence = reading.sentence
    t = sentence.tokens
    last = max(end, cue[1])
    first = min(start, cue[0])
    behind = sentence.skip_marks(_relative_end(sentence, _described_end(sentence, last)))
    before = [token for token in t[:first] if token.kind != "mark"]
    close = sentence.without_marks(behind, len(t))
    content: list[Range] = []
    if (
        len(before) > 2
        or (len(before) == 2 and (t[first - 1].kind != "mark" or close - behind < 2))
        or (close - behind > 1 and any(token.capital or token.kind == "n" for token in before[1:] or before))
    ):
        content.append((t[sentence.skip_marks(0)].start, t[sentence.without_marks(0, first) - 1].end))
    if close - behind > 1 and not (content and last < len(t) and t[last].kind == "mark" and t[last].low not in (",", "،")):
        content.append((t[behind].start, t[close - 1].end))
    if content:
        reading.add(content, cue, (t[start].start, t[end - 1].end), _ACCORDING_SCORE, False, len(t))
