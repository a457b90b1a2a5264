"""The content of a statement: a quotation, a clause behind a conjunction or a colon, or the clause before the verb."""

from __future__ import annotations

from itertools import pairwise

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.noun_phrases import noun_phrase_end, time_end
from newsbeam.transforms.attribution.chunks.words import LONGEST_TITLE, is_source

_QUOTATION_MARKS = ("“", "«", '"', "„")
_CLOSING_MARKS = ("”", "“", "»", "«", '"', "''")
_LONGEST_SPEAKER = 16  # words
_SHORT_SUBJECT = 6  # words


def content_behind(sentence: Sentence, start: int, following: Range | None, framing: bool) -> tuple[list[Range], bool]:
    """Return the content after verb and subject.

    It is a quotation, the text after a colon or conjunction, or an independent clause.
    """
    t, n = sentence.tokens, start
    if sentence.lex.comma_clause and not framing and (opening := _main_clause_behind_comma(sentence, start)):
        return rest_of_sentence(sentence, opening, following)
    if n and n < len(t) and t[n - 1].kind == "C" and t[n].kind not in ("mark", "quote") and not framing:
        return rest_of_sentence(sentence, n, following)  # nói rằng: the conjunction is a part of the cue
    while n < len(t):
        token = t[n]
        if token.low == ":":
            if _has_object(sentence, start, n) and not any(other.kind == "quote" for other in t[n : n + 2]):
                return [], False
            return rest_of_sentence(sentence, sentence.skip_marks(n + 1), following)
        if token.kind == "quote":
            between = t[start:n]
            if between and between[-1].kind in "da" and len(between[-1].low) > 1 and sentence.lex.relatives:
                return [], False  # a title
            if any(other.kind == "v" for other in between):
                return [], False
            if between and between[-1].kind != "mark" and sentence.conjunction(n + 1) > n + 1:
                n += 1
                continue  # the name of an outlet: рассказал агентству «…», что
            rest = [other for other in t[n + 1 :] if other.kind != "mark"]
            return (
                ([(token.start, token.end)], True)
                if len(rest) < 3 or framing
                else ([(token.start, t[-1].end if t[-1].kind != "mark" else t[-2].end)], False)
            )
        if token.low in sentence.lex.relatives and (_has_object(sentence, start, n) or (n > start and t[n - 1].kind == "d")):
            return [], False
        if (
            n == start + 1
            and t[start].low == ","
            and start > sentence.taken
            and token.low in sentence.lex.relatives
            and _ends_with_noun(sentence, start)
        ):
            return [], False  # disse X, que …
        if sentence.is_conjunction(n) and not framing:
            return rest_of_sentence(sentence, n, following)
        if (
            token.low in sentence.lex.questions
            and (not framing or bool(sentence.lex.places))
            and (t[n - 1].low == "," or (not sentence.lex.comma_clause and all(other.kind in "rtao" for other in t[start:n])))
        ):
            return rest_of_sentence(sentence, n, following)
        if token.low in (";", ".", "!", "?") and token.kind == "mark":
            break
        if token.kind == "s" and n > start + 1:
            break
        n += 1
    if sentence.lex.clause_endings and not framing and start < len(t) and t[start].kind not in ("mark", "s"):
        end = next((n for n in range(start, len(t)) if t[n].kind in ("mark", "v", "x")), len(t))
        if any(token.low.endswith(sentence.lex.clause_endings) and len(token.low) > 5 for token in t[start + 1 : end]):
            return rest_of_sentence(sentence, start, following)
    if (
        sentence.lex.bare
        and not framing
        and start < len(t) - 1
        and t[start].low in (",", "،")
        and (
            t[start + 1].kind not in ("s", "i", "mark")
            or (t[start + 1].kind == "s" and sentence.lex.objects and any(other.low == "," for other in t[start + 2 :]))
        )
    ):
        start += 1
    if sentence.lex.bare and not framing and start < len(t) and t[start].kind not in ("mark", "s"):
        words = t[start:]
        clausal = any(token.kind in "vx" for token in words[1:]) or (
            sentence.lex.subject_first and any(token.kind in "rN" for token in words[1:])
        )
        clausal = clausal or any(token.low in sentence.lex.announcing for token in t[max(start - 4, 0) : start])
        if len(words) > 4 and clausal and (not sentence.lex.verb_second or _begins_clause(sentence, start)):
            return rest_of_sentence(sentence, start, following)
    return [], False


def _ends_with_noun(sentence: Sentence, at: int) -> bool:
    """Return whether a noun phrase ends before the mark at `at`.

    A verb precedes it.
    """
    return sentence.tokens[at - 1].kind in "np" and not sentence.verbs[at - 1]


def _has_object(sentence: Sentence, start: int, at: int) -> bool:
    """Return whether the verb has an object between `start` and `at`.

    The word “that” behind it begins a relative clause then. Only languages that list their
    relative pronouns are asked.
    """
    n = start
    while n < at and (sentence.tokens[n].kind in "rtxoN" or time_end(sentence, n) > n):
        n = max(time_end(sentence, n), n + 1)
    return n < at and bool(sentence.lex.relatives) and sentence.tokens[n].kind in "dnjm" and not sentence.tokens[n].capital


def _main_clause_behind_comma(sentence: Sentence, start: int) -> int:
    """Return the first token of a main clause behind a comma, or 0.

    The clause follows the phrase of the verb.

    Example: Die Firma teilte am Montag mit, das Werk werde geschlossen.
    """
    t, n = sentence.tokens, start
    while (
        n < len(t) and n - start < _LONGEST_SPEAKER and (t[n].kind not in ("v", "x", "C", "s", "quote", "mark") or _is_title(sentence, n))
    ):
        n += 1
    if n + 2 >= len(t) or t[n].low != ",":
        return 0
    at = first = n + 1
    opening = t[at]
    relative = opening.kind == "d" and t[at + 1].kind in "doarxcN"
    if relative or opening.kind in ("s", "i", "mark", "quote", "C", "c") or opening.low in sentence.lex.questions or sentence.verbs[at]:
        return 0
    if opening.kind == "r":
        while at < len(t) and t[at].kind == "r":
            at += 1
    elif opening.kind == "o":
        at += 1
    else:
        at = noun_phrase_end(sentence, at + 1 if opening.kind == "a" else at)
        if at == first or not any(token.kind in "np" or token.capital for token in t[first:at]):
            return 0
        while at + 1 < len(t) and t[at].kind == "c" and (end := noun_phrase_end(sentence, at + 1)) > at + 1:
            at = end
    while at < len(t) and t[at].kind in "rNo":
        at += 1
    return first if at < len(t) and (sentence.is_verb(at) or sentence.is_unknown_verb(t[at])) else 0


def _is_title(sentence: Sentence, n: int) -> bool:
    """Return whether the token at `n` is a quotation that names an outlet.

    For example: der Zeitung „…“, im „…“.
    """
    t = sentence.tokens
    return (
        t[n].kind == "quote"
        and n > 0
        and t[n].end - t[n].start <= LONGEST_TITLE
        and (t[n - 1].kind in "da" or is_source(t[n - 1].low, sentence.lex))
    )


def _begins_clause(sentence: Sentence, at: int) -> bool:
    """Return whether a subject and its verb begin at `at`: hun sier det er sent."""
    t = sentence.tokens
    n = at + 1 if t[at].kind == "o" else noun_phrase_end(sentence, at)
    if n == at:
        return False
    while n < len(t) and t[n].kind in "rN":
        n += 1
    return n < len(t) and sentence.is_verb(n)


def rest_of_sentence(sentence: Sentence, start: int, following: Range | None) -> tuple[list[Range], bool]:
    """Return the content from `start` on, and whether it is one quotation."""
    end = sentence.without_marks(start, _content_end(sentence, following, start))
    if end <= start:
        return [], False
    quoted = sentence.tokens[start].kind == "quote" and all(token.kind in ("quote", "mark") for token in sentence.tokens[start:end])
    return [(sentence.tokens[start].start, sentence.tokens[end - 1].end)], quoted


def _content_end(sentence: Sentence, following: Range | None, start: int) -> int:
    """Return the token after the content.

    The content ends before another cue with “and”, at a semicolon or at the end.
    """
    if following is not None and following[0] > start:
        n = following[0]
        while n > start and sentence.tokens[n - 1].kind in "xrto":
            n -= 1
        if sentence.tokens[n - 1].kind == "c" and sentence.conjunction(following[1]) > 0:
            return n - 2 if n >= 2 and sentence.tokens[n - 2].low in (",", "،") else n - 1
        contrast = next((n for n in range(start + 1, following[0]) if _contrasts(sentence, n)), 0) if sentence.lex.adjectival else 0
        if contrast and sentence.conjunction(following[1]) > 0 and following[0] - contrast <= _LONGEST_SPEAKER:
            return contrast  # …, mientras Y sugirió que …
        quoted = (
            following[1] < len(sentence.tokens) - 1
            and sentence.tokens[following[1]].low == ":"
            and sentence.tokens[following[1] + 1].kind == "quote"
        )
        comma = next((n for n in range(following[0] - 1, start, -1) if sentence.tokens[n].low in (",", "،")), 0) if quoted else 0
        if comma and following[0] - comma <= _SHORT_SUBJECT:
            return comma  # …, but X said: “…”
    for n in range(start, len(sentence.tokens)):
        if sentence.tokens[n].low in (";", "؛"):
            return n
    return _main_clause_after(sentence, start) or len(sentence.tokens)


def _contrasts(sentence: Sentence, n: int) -> bool:
    """Return whether a clause of contrast begins behind the comma at `n`: …, mentre il resto …."""
    t = sentence.tokens
    return t[n].low == "," and n + 2 < len(t) and t[n + 1].low in sentence.lex.subordinators and not any(sentence.verbs[n + 1 : n + 3])


def _main_clause_after(sentence: Sentence, start: int) -> int:
    """Return the comma before the main clause behind a subordinate one in which the content begins at `start`, or 0.

    For example: Aunque X afirmó que bromeaba, el comentario le costó el cargo.
    """
    t = sentence.tokens
    first = sentence.skip_marks(0)
    if (
        not sentence.lex.adjectival
        or t[first].low not in sentence.lex.subordinators
        or any(token.kind == "quote" or token.low in (":", ";") for token in t[first:start])
    ):
        return 0
    for n in range(start + 2, len(t) - 2):
        if t[n].low == "," and t[n + 1].kind not in "sCci" and t[n + 1].low not in sentence.lex.subordinators:
            end = noun_phrase_end(sentence, n + 1)
            while n + 1 < end < len(t) and t[end].kind in "rNo":
                end += 1
            if n + 1 < end < len(t) and sentence.is_verb(end):
                return n
    return 0


def clause_before(sentence: Sentence, at: int) -> list[Range]:
    """Return the clause that ends with the mark before token `at`.

    It may lack a verb only if the sentence continues.
    """
    t = sentence.tokens
    if at > sentence.taken + 2 and t[at - 1].low in _CLOSING_MARKS:
        at -= 1  # …, I waited," she said: the quotation began in a sentence before
        if t[at - 1].kind != "mark" and t[at].kind == "mark":
            at += 1
    elif at <= sentence.taken or t[at - 1].kind != "mark" or t[at - 1].low not in (",", "–", "—", "-", "،", "?", "!"):
        return []
    words = [token for token in t[sentence.taken : at - 1] if token.kind != "mark"]
    dash = sentence.taken == 0 and t[0].kind == "mark" and t[0].low in ("-", "–", "—")
    subordinate = bool(words) and (words[0].kind == "s" or words[0].low in sentence.lex.subordinators)
    if subordinate and words[0].kind == "a" and not sentence.is_personal(words[1]) and any(token.kind in ("v", "x") for token in words):
        subordinate = False  # In einigen Tälern habe sich …, heißt es
    if not words or (subordinate and not dash and not any(token.low == "," for token in t[sentence.taken : at - 1])):
        return []
    verbal = any(token.kind in ("v", "x", "i", "quote") for token in words) or (len(words) > 3 and not sentence.lex.comma_clause)
    if sentence.lex.comma_clause and any(a.kind in "npo" and sentence.is_unknown_verb(b) for a, b in pairwise(words)):
        verbal = True  # die Sanierung koste …
    short = bool(sentence.lex.places) and len(words) > 1 and words[0].kind in "odjrN"  # Это неправда, считает X
    if not verbal and not dash and not short and t[at - 1].low in (",", "،") and not any(token.low in (",", "،") for token in t[at:]):
        return []
    if t[at - 1].low in (",", "،") and len(words) < 3 and not verbal and words[0].capital and len(words) > 1 and words[1].capital:
        return []
    last = at - 2
    while last > sentence.taken and t[last].kind == "mark" and (t[last].low in (",", "،", "–", "—") or t[last + 1].low in _CLOSING_MARKS):
        last -= 1
    opened = next((n + 1 for n in range(last - 1, sentence.taken, -1) if t[n].low == ":" and t[n + 1].low in _QUOTATION_MARKS), 0)
    return [(t[sentence.skip_marks(opened or sentence.taken)].start, t[last].end)]


def question_before(sentence: Sentence, at: int) -> list[Range]:
    """Return the indirect question that ends with the comma before token `at`.

    For example: Ob …, fragte X.
    """
    t = sentence.tokens
    first = sentence.skip_marks(sentence.taken)
    if at - first < 4 or t[at - 1].low not in (",", "?") or t[first].low not in sentence.lex.questions:
        return []
    return [(t[first].start, t[at - 2].end)]


def clause_with(sentence: Sentence, quotes: list[Range]) -> Range | None:
    """Return the clause that ends with a quotation.

    The quotation is only a part of it.
    """
    t = sentence.tokens
    n = sentence.token_at(quotes[0][0])
    start = sentence.skip_marks(sentence.taken)
    if n - start < 2 or t[n - 1].kind == "mark" or any(token.low in (":", ";") or token.kind == "quote" for token in t[start:n]):
        return None
    return t[start].start, quotes[-1][1]


def opens_subject_relative(sentence: Sentence, left: int) -> bool:
    """Return whether a clause begins with a relative pronoun behind a noun."""
    before = sentence.tokens[left - 1]
    return before.low in sentence.lex.relatives and left > 1 and (sentence.is_noun(left - 2) or sentence.tokens[left - 2].low == ",")


def quotes_behind(sentence: Sentence, at: int) -> list[Range]:
    """Return the quotation that closes the sentence behind a mark."""
    n = at
    while n < len(sentence.tokens) and n - at < 12 and sentence.tokens[n].kind != "quote":
        n += 1
    if n < len(sentence.tokens) and sentence.tokens[n].kind == "quote" and sentence.tokens[n - 1].kind == "mark":
        rest = [token for token in sentence.tokens[n + 1 :] if token.kind != "mark"]
        if not rest:
            return [(sentence.tokens[n].start, sentence.tokens[n].end)]
    return []


def content_continued(sentence: Sentence, at: int) -> list[Range]:
    """Return the content after “X, he said, …”.

    It is a clause with a verb after a comma, but not a relative clause.
    """
    t = sentence.tokens
    if at >= len(t) - 2 or t[at].low not in (",", "،", "–", "—"):
        return []
    first = t[at + 1]
    if (
        sentence.tokens[at - 1].kind != "quote"
        and first.kind == "quote"
        and not any(token.kind == "quote" for token in t[sentence.taken : at])
    ):
        return [(first.start, t[sentence.without_marks(at, len(t)) - 1].end)]
    if first.kind in ("s", "i") or (first.kind in ("o", "C") and not sentence.is_personal(first)) or sentence.verbs[at + 1]:
        return []
    if first.kind == "c" and not (sentence.lex.verb_second and t[at + 2].kind not in ("v", "x")):
        return []
    words = t[at + 1 :]
    if not any(token.kind in "vx" for token in words) or len(words) < 3:
        return []
    comma = next((n for n, token in enumerate(words) if token.low == ","), len(words))
    if sentence.lex.relatives and not any(token.kind in "vx" for token in words[:comma]) and first.kind in "nj" and not first.capital:
        return []  # an apposition
    return [(first.start, t[sentence.without_marks(at, len(t)) - 1].end)]


def is_verbal(sentence: Sentence, clause: list[Range]) -> bool:
    """Return whether a clause has a verb or a quotation."""
    return any(
        token.kind in ("v", "x", "i", "quote") and not token.capital for token in sentence.tokens for a, b in clause if a <= token.start < b
    )


def is_marked(sentence: Sentence, content: list[Range], cue: Range) -> bool:
    """Return whether a conjunction or a colon opens what was said."""
    at = sentence.token_at(content[0][0])
    return any(
        sentence.tokens[n].kind == "C" or sentence.tokens[n].low in (":", *sentence.lex.questions)
        for n in range(cue[1] - 1, min(at + 1, len(sentence.tokens)))
    )
