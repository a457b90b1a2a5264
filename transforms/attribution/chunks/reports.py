"""The statement of one reporting verb."""

from __future__ import annotations

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.contents import (
    clause_before,
    clause_with,
    content_behind,
    content_continued,
    is_marked,
    is_verbal,
    opens_subject_relative,
    question_before,
    quotes_behind,
)
from newsbeam.transforms.attribution.chunks.formulas import read_as
from newsbeam.transforms.attribution.chunks.noun_phrases import can_speak, has_source, noun_phrase_end, surely_speaks
from newsbeam.transforms.attribution.chunks.reading import Reading
from newsbeam.transforms.attribution.chunks.subjects import (
    is_inverted,
    opening_subject,
    opens_with_adverbial,
    source_before,
    source_behind,
    subject_before,
    subject_behind,
    subject_of_clause_before,
    subject_with_apposition,
    with_description,
)
from newsbeam.transforms.attribution.chunks.verb_final import read_verb_final
from newsbeam.transforms.attribution.chunks.words import is_source

_CLAUSE_SCORE = 0.8
_HEIR_SCORE = 0.6
_QUOTATION_SCORE = 0.9


def read_report(reading: Reading, cue: Range, following: Range | None) -> None:
    """Read the statement of one reporting verb; `following` is the next one of the sentence."""
    sentence = reading.sentence
    lex, t = sentence.lex, sentence.tokens
    left = sentence.left_edge(cue[0])
    words = sentence.words_of(cue)
    # Melden Sie …: an imperative or a question
    framing = words in lex.framing or (lex.comma_clause and cue[0] == 0)
    if words in lex.passive and (cue[0] == 0 or t[cue[0] - 1].low not in lex.documents):
        return
    if words in lex.closing and not sentence.quotes_before(left):
        return
    if lex.verb_final:
        read_verb_final(reading, cue)
        return
    prepositions = lex.evident.get(words)
    if prepositions is not None:
        _read_evident(reading, cue, left, prepositions, following)
        return
    opens = sentence.only_adverbs(left, cue[0])
    if (
        opens
        and sentence.conjunction(sentence.skip_adverbs(cue[1])) > 0
        and (apposed := subject_with_apposition(sentence, left, cue[0])) is not None
    ):
        content, direct = content_behind(sentence, cue[1], following, framing)
        if content:
            reading.add(content, cue, apposed, _CLAUSE_SCORE, direct, sentence.token_at(content[-1][1]))
            return
    if lex.as_words and read_as(reading, left, cue):
        return
    if not opens and lex.places and left and cue[0] - left == 1 and t[left].kind in "nj" and t[left].low.endswith(lex.adverb_endings):
        opens = sentence.quotes_before(left) != []  # «…», — уныло заметил он
    located = source_before(sentence, left, cue)
    dropped = bool(lex.subject_endings) and t[cue[0]].low.endswith(lex.subject_endings)
    behind, after = subject_behind(sentence, cue[1])
    if dropped or (lex.subject_first and words not in lex.preposed):
        behind, after = None, cue[1]
        if not dropped and (opening := opening_subject(sentence, cue[0])) is not None:
            content, direct = content_behind(sentence, cue[1], following, framing)
            alone = opening == (t[cue[0] - 1].start, t[cue[0] - 1].end) and t[cue[0] - 1].capital  # Thọ nói …
            if content and not (direct or alone or is_marked(sentence, content, cue) or has_source(sentence, opening)):
                return  # Bài viết này …
            if content:
                reading.add(content, cue, opening, _QUOTATION_SCORE if direct else _CLAUSE_SCORE, direct, sentence.token_at(content[-1][1]))
                return
            if (quotes := sentence.quotes_before(sentence.token_at(opening[0]))) and sentence.nearly_ends(cue[1]):
                reading.add(quotes, cue, opening, _QUOTATION_SCORE, direct=True, upto=cue[1])
                return
    elif lex.subject_first and behind is not None:
        behind, after = with_description(sentence, behind, after)
    where = source_behind(sentence, cue) if located is None else None
    if where is not None:
        behind, after = where
    if opens and left and lex.adjectival and opens_subject_relative(sentence, left):
        return  # le maire, qui avait promis un pont, …
    if behind is None and (aside := _around(sentence, left, cue)):
        reading.add(aside, cue, reading.heir(), _HEIR_SCORE, upto=len(t))
        return
    if opens and left:
        quotes = sentence.quotes_before(left)
        whole = clause_with(sentence, quotes) if quotes and behind and (lex.adjectival or lex.verb_second) and not framing else None
        if whole:
            reading.add([whole], cue, behind, _CLAUSE_SCORE, upto=after)
            return
        if quotes:
            speaker = behind or (reading.heir() if lex.pro_drop or dropped else None)
            end = after if behind else cue[1]
            more = quotes_behind(sentence, end)
            reading.add([*quotes, *more], cue, speaker, _QUOTATION_SCORE, direct=True, upto=more[-1][1] if more else end)
            return
        clause = clause_before(sentence, left) if behind and not framing else question_before(sentence, left) if behind else []
        if (
            clause
            and (
                (t[sentence.parts_before(left)[-1][0]].kind in "ar" and not is_verbal(sentence, clause))
                or (lex.adjectival and t[sentence.parts_before(left)[-1][0]].low in lex.relatives)
                or (lex.adjectival and not is_verbal(sentence, clause) and not content_continued(sentence, after))
            )
            and subject_with_apposition(sentence, left, cue[0]) is not None
        ):
            clause = []  # La oposición, por su parte, acusó al Gobierno
        if clause and surely_speaks(sentence, behind) and not sentence.clause_opens(after):
            tail = content_continued(sentence, after)
            quotes = [] if is_verbal(sentence, clause) else quotes_behind(sentence, after)
            if quotes:  # Por eso, dice X, “…”
                reading.add(quotes, cue, behind, _QUOTATION_SCORE, direct=True, upto=sentence.token_at(quotes[-1][1]))
                return
            reading.add([*clause, *tail], cue, behind, _CLAUSE_SCORE, upto=len(sentence.tokens) if tail else after)
            return
    if located is None and where is None and lex.places and t[cue[0]].low in lex.document_verbs:
        return
    subject = located
    if subject is None:
        subject = subject_before(sentence, left, cue[0]) if not opens or t[left - 1].low in (",", "،", ")") else None
    start = cue[1]
    if lex.places and opens is False and t[left].kind == "a" and behind is not None and sentence.conjunction(after) > 0 and located is None:
        subject = None if surely_speaks(sentence, behind) else subject  # na základě poznatků ujistila komise sjezd, že
    if lex.verb_second and subject is not None and behind is not None and is_inverted(sentence, left, cue[0], behind, after):
        subject = None
    if (
        subject is None
        and behind is not None
        and (
            opens or lex.verb_second or opens_with_adverbial(sentence, left, cue[0]) or (not lex.before and sentence.conjunction(after) > 0)
        )
    ):
        subject, start = behind, after
        if lex.adjectival and lex.pro_drop and not (surely_speaks(sentence, behind) and _names_somebody(sentence, behind)):
            subject = None  # Anunció el cambio en Twitter: “…”
    heir = False
    if lex.verb_prefixes and not opens and sentence.has_and(cue[0]):
        subject = subject_with_apposition(sentence, left, left) or _earlier_subject(reading, left, cue[0]) or subject
        start = cue[1]
    if subject is None:
        subject = subject_of_clause_before(sentence, left)
        if not (lex.pro_drop or reading.made or subject):
            return
        if sentence.is_impersonal(cue):
            return
        if cue[0] == 0 and start < len(t) and t[start].low == ":" and all(token.capital for token in t[start + 1 :]):
            return  # Napsala: Jana Nová
        subject, heir = subject or _earlier_subject(reading, left, cue[0]) or reading.heir(), subject is None
    content, direct = content_behind(sentence, start, following, framing)
    if content:
        reading.add(
            content,
            cue,
            subject,
            (_HEIR_SCORE if heir else _QUOTATION_SCORE if direct else _CLAUSE_SCORE),
            direct,
            sentence.token_at(content[-1][1]),
        )
        return
    # "…", X sade. · Saken är klar, X sade.
    if subject and not heir and start == cue[1] and sentence.nearly_ends(cue[1]):
        first = next(n for n, token in enumerate(t) if token.start >= subject[0])
        if first and t[first - 1].kind in ("mark", "quote"):
            quotes = sentence.quotes_before(first)
            clause = [] if quotes or framing else clause_before(sentence, first)
            if lex.adjectival and not is_verbal(sentence, clause):
                clause = []  # Samedi, X a annoncé son départ
            if quotes or clause:
                tail = [] if quotes else content_continued(sentence, cue[1])
                reading.add([*quotes, *clause, *tail], cue, subject, _CLAUSE_SCORE, bool(quotes), len(t) if tail else cue[1])


def _names_somebody(sentence: Sentence, speaker: Range) -> bool:
    """Return whether a phrase has a name, a pronoun, or a word of the lists as its first noun."""
    words = [token for token in sentence.tokens if speaker[0] <= token.start < speaker[1]]
    head = next((token for token in words if token.kind in "npj"), words[0])
    return any(token.capital or sentence.is_personal(token) for token in words) or is_source(head.low, sentence.lex)


def _around(sentence: Sentence, left: int, cue: Range) -> list[Range]:
    """Return the contents around a verb alone between commas: Las iglesias, añadió, cerrarán."""
    t, lex = sentence.tokens, sentence.lex
    alone = left == cue[0] and left > 0 and cue[1] < len(t) and t[left - 1].low == t[cue[1]].low == ","
    if not (lex.adjectival and lex.pro_drop and alone) or sentence.quotes_before(left):
        return []
    first, after = sentence.skip_marks(sentence.taken), sentence.skip_marks(cue[1])
    close = sentence.without_marks(after, len(t))
    before = [(t[first].start, t[left - 2].end)]
    described = len(sentence.parts_before(left)) > 1 and not is_verbal(sentence, before)
    if described or first >= left - 1 or close - after < 2 or t[after].kind in "sC":
        return []
    return [*before, (t[after].start, t[close - 1].end)]


def closes_sentence(sentence: Sentence, cue: Range) -> bool:
    """Return whether a verb and its speaker close the sentence.

    For example: “Jeg tror at …, sier X.”
    """
    if cue[0] == 0 or sentence.tokens[cue[0] - 1].low not in (",", "–", "—"):
        return False
    behind, after = subject_behind(sentence, cue[1])
    return (
        behind is not None
        and sentence.ends(after)
        and (
            not any(token.kind == "quote" for token in (sentence.tokens[cue[0] - 2], sentence.tokens[-1]))
            or (sentence.lex.verb_second and _is_announced(sentence, cue[0] - 2))
        )
    )


def _is_announced(sentence: Sentence, n: int) -> bool:
    """Return whether a quotation follows a colon.

    For example: Das Amt bestritt das: „…“, erklärte X.
    """
    return n > 1 and sentence.tokens[n].kind == "quote" and sentence.tokens[n - 1].low == ":"


def _read_evident(reading: Reading, cue: Range, left: int, prepositions: frozenset[str], following: Range | None) -> None:
    """Read a source behind a preposition, before or after the verb.

    For example: uit het rapport blijkt dat ….
    """
    sentence = reading.sentence
    t = sentence.tokens
    content, _ = content_behind(sentence, cue[1], following, framing=False)
    at = next((n for n in range(left, cue[0]) if t[n].low in prepositions), None)
    if at is None:
        at = next((n for n in range(cue[1], min(cue[1] + 4, len(t))) if t[n].low in prepositions), None)
    end = noun_phrase_end(sentence, at + 1) if at is not None else 0
    if at is None or not content or end == at + 1 or not can_speak(sentence, at + 1, end):
        return
    speaker = t[at + 1].start, t[end - 1].end
    if end <= sentence.token_at(content[0][0]):
        reading.add(content, cue, speaker, _CLAUSE_SCORE, upto=sentence.token_at(content[-1][1]))


def _earlier_subject(reading: Reading, left: int, cue: int) -> Range | None:
    """Return the subject of the main clause before a verb without one.

    For example: X elvetette, de hozzátette, hogy …
    """
    sentence = reading.sentence
    if reading.made or not (sentence.lex.objects or (sentence.lex.verb_prefixes and sentence.has_and(cue))):
        return None
    n = sentence.taken
    while n < left:
        if sentence.tokens[n].kind in ("C", "s", "quote"):
            return None
        end = min(noun_phrase_end(sentence, n), left)
        if end > n and can_speak(sentence, n, end) and not sentence.tokens[end - 1].low.endswith(sentence.lex.objects):
            return sentence.tokens[n].start, sentence.tokens[end - 1].end
        n = max(end, n + 1)
    return None
