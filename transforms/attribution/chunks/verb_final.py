"""Statements of languages whose verb ends the sentence, such as Turkish."""

from __future__ import annotations

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.contents import rest_of_sentence
from newsbeam.transforms.attribution.chunks.noun_phrases import can_speak
from newsbeam.transforms.attribution.chunks.reading import Reading
from newsbeam.transforms.attribution.chunks.subjects import subject_behind
from newsbeam.transforms.attribution.chunks.words import is_source
from newsbeam.transforms.attribution.turkish import POSSESSED, is_attribute, is_clause, is_genitive, is_oblique

_CLAUSE_SCORE = 0.8
_HEIR_SCORE = 0.6
_LONGEST_ASIDE = 26  # words
_LONGEST_OPENING = 14  # words before the subject of a sentence whose verb is last
_LONGEST_SPEAKER = 16  # words
_QUOTATION_SCORE = 0.9
_SHORTEST_ALONE = 12  # characters of a quotation without a speaker
_SHORTEST_CLAUSE = 8  # characters
_SHORT_SUBJECT = 6  # words


def read_verb_final(reading: Reading, cue: Range) -> None:
    """Read X, "…" dedi. · X, … söyledi. · …, dedi X. · X şöyle konuştu: ….

    The speaker is at the beginning of the sentence, or at its end after the verb.
    """
    sentence = reading.sentence
    t = sentence.tokens
    first = sentence.skip_marks(sentence.taken)
    if first >= cue[0]:
        return
    if sentence.words_of(cue) in sentence.lex.document_verbs:
        _read_document(reading, first, cue)
        return
    quotes = [n for n in range(sentence.taken, cue[0]) if t[n].kind == "quote"]
    near = bool(quotes) and all(token.kind in ("mark", "r") for token in t[quotes[-1] + 1 : cue[0]])
    direct = t[cue[0]].low in sentence.lex.direct or t[cue[1] - 1].low in sentence.lex.direct
    behind, after = subject_behind(sentence, cue[1])
    if behind and (sentence.ends(after) or (direct and t[cue[0] - 1].kind in ("mark", "quote"))) and not _is_colon(sentence, cue[1]):
        content = (
            [(t[n].start, t[n].end) for n in quotes]
            if quotes and quotes[-1] >= cue[0] - 2
            else [(t[first].start, t[sentence.without_marks(1, cue[0]) - 1].end)]
        )
        reading.add(content, cue, behind, _QUOTATION_SCORE if quotes else _CLAUSE_SCORE, bool(quotes), after)
        return
    if near and len(quotes) > 1 and (opening := _last_of_quotes(sentence, quotes, first)) is not None:
        first, quotes = opening, quotes[-1:]
    limit = quotes[0] if near else cue[0]
    start, end = _subject(sentence, first, limit, direct and not near)
    speaker = (t[start].start, t[end - 1].end) if end > start else None
    named = speaker or reading.heir()
    if speaker and start > first + 1 and (size := sentence.phrase_length(start, sentence.lex.reporting_participles)):
        _read_participle(reading, first, start - size, start, speaker)
    begin = max(_content_start(sentence, end, cue[0]), sentence.taken)
    for n in range(begin + 2, cue[0] - 1):
        size = sentence.phrase_length(n + 1, sentence.lex.converbs)
        if size and named is not None and begin < n + 1 - size:
            _add_clause(reading, begin, n + 1 - size, (n + 1 - size, n + 1), named)
            begin = sentence.skip_marks(n + 1)
    if _is_colon(sentence, cue[1]):
        content, direct = rest_of_sentence(sentence, sentence.skip_marks(cue[1]), None)
        if content and named:
            reading.add(content, cue, named, _QUOTATION_SCORE if direct else _CLAUSE_SCORE, direct, len(t))
    elif near and t[quotes[-1]].end - t[quotes[-1]].start > (_SHORTEST_CLAUSE if speaker else _SHORTEST_ALONE):
        spoken = [n for n in quotes if n >= begin]
        reading.add([(t[n].start, t[n].end) for n in spoken], cue, named, _QUOTATION_SCORE, True, cue[1])
    elif named is not None and cue[0] - begin > 1 and (direct or _ends_with_clause(sentence, cue[0]) or _ends_with_noun(sentence, cue)):
        _add_clause(reading, begin, cue[0], cue, named, _CLAUSE_SCORE if speaker else _HEIR_SCORE)


def _read_document(reading: Reading, first: int, cue: Range) -> None:
    """Read what a document says, which is in a case of place: Raporda … belirtildi. · "…" denildi açıklamada."""
    sentence = reading.sentence
    t = sentence.tokens
    at = next((n for n in range(first, min(first + _LONGEST_OPENING, cue[0] - 1)) if t[n].low in sentence.lex.occasions), None)
    if at is not None and not any(token.kind in ("mark", "quote", "v") for token in t[first:at]):
        content = [(t[n].start, t[n].end) for n in range(at + 1, cue[0]) if t[n].kind == "quote"]
        source = t[first].start, t[at].end
        if content and sentence.without_marks(at + 1, cue[0]) - 1 <= at + 2:
            reading.add(content, cue, source, _QUOTATION_SCORE, True, cue[1])
        else:
            _add_clause(reading, sentence.skip_marks(at + 1), cue[0], cue, source)
        return
    end = cue[1]
    while end < len(t) and t[end].kind not in ("mark", "quote"):
        end += 1
    if end > cue[1] and t[end - 1].low in sentence.lex.occasions and t[cue[0] - 1].kind in ("mark", "quote"):
        last = cue[0] - 1
        content = (
            [(t[last].start, t[last].end)] if t[last].kind == "quote" else [(t[first].start, t[sentence.without_marks(1, cue[0]) - 1].end)]
        )
        reading.add(content, cue, (t[cue[1]].start, t[end - 1].end), _QUOTATION_SCORE, t[last].kind == "quote", end)


def read_attributive(reading: Reading) -> None:
    """Read a quotation with a participle before its speaker: “…” diyen Şahin ayrıldı."""
    sentence = reading.sentence
    t = sentence.tokens
    for n in range(1, len(t) - 1):
        size = sentence.phrase_length(n + 1, sentence.lex.reporting_participles)
        if size and t[n - size].kind == "quote":
            end = _subject_end(sentence, n + 1, len(t))
            if end > n + 1 and _is_nominative(sentence, n + 1, end):
                _read_participle(reading, 0, n + 1 - size, n + 1, (t[n + 1].start, t[end - 1].end))
                return


def _last_of_quotes(sentence: Sentence, quotes: list[int], first: int) -> int | None:
    """Return where the clause of the last of several quotations begins, if it has a subject of its own.

    For example: Dinleyici "…" deyince, Erdal İnönü "…" dedi. · "…" diyen Şahin, "…" dedi.
    """
    t, last = sentence.tokens, quotes[-1]
    size = sentence.phrase_length(quotes[-2] + 2, sentence.lex.reporting_participles) if quotes[-2] + 2 < last else 0
    start = quotes[-2] + 2 if size else next((n + 1 for n in range(last - 1, quotes[-2], -1) if t[n].low == ","), last)
    if size and quotes[0] == first:
        return start
    end = sentence.without_marks(start, last)
    converb = start > quotes[-2] + 2 and is_oblique(t[start - 2].low)
    return (
        start if converb and start < end and any(token.capital for token in t[start:end]) and _is_nominative(sentence, start, end) else None
    )


def _add_clause(reading: Reading, begin: int, end: int, cue: Range, speaker: Range, score: float = _CLAUSE_SCORE) -> None:
    """Add the clause between two tokens; a single quotation in it is direct speech."""
    sentence = reading.sentence
    t = sentence.tokens
    begin = sentence.skip_marks(begin)
    end = sentence.without_marks(begin, end)
    if end > begin and t[end - 1].end - t[begin].start > _SHORTEST_CLAUSE:
        reading.add([(t[begin].start, t[end - 1].end)], cue, speaker, score, end == begin + 1 and t[begin].kind == "quote", cue[1])


def _is_colon(sentence: Sentence, at: int) -> bool:
    return at < len(sentence.tokens) - 1 and sentence.tokens[at].low == ":"


def _ends_with_clause(sentence: Sentence, end: int) -> bool:
    """Return whether the words before a verb end with a clause as its object.

    For example: geldiğini söyledi.
    """
    words = [token.low for token in sentence.tokens[max(end - 3, 0) : end] if token.kind not in ("mark", "quote")]
    return any(is_clause(word) for word in words)


def _ends_with_noun(sentence: Sentence, cue: Range) -> bool:
    """Return whether a clause depends on the noun that begins the verb: geldiği sonucuna vardı."""
    return cue[1] - cue[0] > 1 and is_attribute(sentence.tokens[cue[0] - 1].low)


def _read_participle(reading: Reading, first: int, at: int, start: int, speaker: Range) -> None:
    """Add what a participle before the speaker reports: “…” diyen Şahin, … söyledi."""
    sentence = reading.sentence
    t = sentence.tokens
    quotes = [n for n in range(first, at) if t[n].kind == "quote"]
    if quotes and quotes[-1] >= at - 2:
        reading.add([(t[n].start, t[n].end) for n in quotes], (at, start), speaker, _QUOTATION_SCORE, True)
    elif _ends_with_clause(sentence, at):
        _add_clause(reading, first, at, (at, start), speaker)


def _content_start(sentence: Sentence, end: int, limit: int) -> int:
    """Return the first token of the content.

    It is behind the subject, its particles and what says where it spoke.
    """
    t = sentence.tokens
    n = sentence.skip_marks(end)
    for at in range(n, min(n + _LONGEST_ASIDE, limit - 2)):
        if t[at].low in sentence.lex.occasions and (t[at + 1].kind == "mark" or at - n < _LONGEST_OPENING // 2):
            n = sentence.skip_marks(at + 1)
    if n < limit - 2 and t[n].capital and t[n + 1].low == "," and is_oblique(t[n].low):
        n += 2  # NTV'ye, …
    while n < limit - 1 and t[n].low in sentence.lex.adverbs:
        n += 1
    return n


def _subject(sentence: Sentence, first: int, limit: int, direct: bool) -> Range:
    """Return the tokens of the subject of a verb that ends its sentence."""
    t = sentence.tokens
    comma = next((n for n in range(first, limit) if t[n].low == "," or t[n].kind == "quote"), limit)
    short = comma < limit and comma - first <= 4 and not any(_is_participle(sentence, n) for n in range(first, comma - 1))
    if short and _is_nominative(sentence, first, comma) and not sentence.is_personal(t[first]):
        return first, comma
    described = _described_subject(sentence, first, limit)
    if described:
        return described
    if comma < limit and (after := _after_adverbials(sentence, first, comma)) > first and _is_nominative(sentence, after, comma):
        return after, comma
    if comma < limit and comma - first <= _LONGEST_SPEAKER and _is_nominative(sentence, first, comma):
        return first, comma
    n = first
    while n < limit:
        if sentence.is_personal(t[n]) and (n + 1 >= limit or t[n + 1].kind == "mark" or t[n + 1].low in ("da", "de", "ise")):
            return n, n + 1
        end = _subject_end(sentence, n, limit)
        if end > n and _is_nominative(sentence, n, end) and _is_certain(sentence, n, end, first, direct):
            return n, end
        while n < limit and t[n].kind not in ("mark", "quote") and not is_oblique(t[n].low) and t[n].kind != "r":
            n += 1
        n = sentence.skip_marks(n + 1) if n + 1 < limit else limit
        if n > first + _LONGEST_OPENING:
            break
    return first, first


def _after_adverbials(sentence: Sentence, first: int, end: int) -> int:
    """Return the token behind phrases that say when, where or why, up to the comma that closes a subject.

    For example: Protestolara rağmen belediye başkanı, ….
    """
    t = sentence.tokens
    for n in range(end - 2, first - 1, -1):
        if t[n].kind in ("mark", "quote", "v", "x"):
            return first
        named = t[n].capital and "'" not in t[n].low and "’" not in t[n].low and (n > first or t[n + 1].capital)
        if t[n].low in sentence.lex.postpositions:
            return n + 1
        owned = t[n].low in sentence.lex.times or any(is_genitive(token.low) for token in t[first:n])
        if owned:
            continue  # Üniversitenin geçen hafta yayımladığı bir araştırma
        if not named and is_oblique(t[n].low) and not is_genitive(t[n].low) and t[n + 1].low not in ("bir", *sentence.lex.postpositions):
            return n + 1
    return first


def _subject_end(sentence: Sentence, first: int, limit: int) -> int:
    """Return the end of a subject without a case.

    It is before a word that has one or that begins the content.
    """
    t, lex = sentence.tokens, sentence.lex
    genitive = False
    n = first
    while n < limit and n - first < _LONGEST_SPEAKER:
        token = t[n]
        low = token.low
        if token.kind in ("mark", "quote", "v", "x") or low in ("ise", "de", "da") or low in lex.times or low in lex.not_speakers:
            break
        cased = is_genitive(low) or (is_oblique(low) and low not in lex.groups) or token.kind in "r"
        headed = is_source(low, lex) and low.endswith(POSSESSED)  # muhalefet lideri
        if n > first and not token.capital and not headed and _is_complete(sentence, first, n, cased):
            break
        if token.capital and n > first and "'" not in low and "’" not in low:
            pass
        elif is_genitive(low):
            genitive = True
        elif is_oblique(low) and low not in lex.groups:
            if not (low.endswith(("dan", "den", "tan", "ten")) and n + 1 < limit and t[n + 1].low == "bir"):
                break  # Bakanlıktan bir yetkili
        elif genitive and not token.capital and low.endswith(POSSESSED) and not (n + 1 < limit and t[n + 1].capital):
            return n + 1
        n += 1
        if not token.capital and (low.endswith(("lar", "ler", "yse", "ysa")) or low in lex.pronouns):
            break
        if low in lex.groups and not (n < limit and (is_source(t[n].low, lex) or (t[n].capital and t[n].low.endswith(POSSESSED)))):
            break
    return n


def _is_complete(sentence: Sentence, first: int, end: int, cased: bool) -> bool:
    """Return whether tokens are a source on their own.

    That is, a name, or a word of the lists in the nominative.

    One word with a capital is a name if a word with a case follows.
    """
    last = sentence.tokens[end - 1]
    if last.low in sentence.lex.sources or last.low.endswith(("lar", "ler", "ları", "leri")):
        return True
    named = [token for token in sentence.tokens[first:end] if token.capital]
    plain = last.capital and "'" not in last.low and "’" not in last.low
    return plain and (len(named) > 1 or (cased and end - first == 1 and last.kind in "np"))


def _is_certain(sentence: Sentence, start: int, end: int, first: int, direct: bool) -> bool:
    """Return whether a phrase that no comma closes is the subject.

    The first word of a sentence has a capital without being a name; before words that are quoted without marks, only a
    source of the lists or a longer name is certain.
    """
    words = sentence.tokens[start:end]
    if any(is_source(token.low, sentence.lex) for token in words) or words[-1].low.endswith(("lar", "ler", "ları", "leri")):
        return True
    if sum(token.capital for token in words) > 1 and words[-1].capital:
        return True
    if start == first and not is_oblique(words[-1].low) and not is_genitive(words[-1].low):
        return not direct
    return any(token.capital for token in words) and start > first


def _is_nominative(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether tokens can be a subject.

    Judged by the ending of the last and by their words.
    """
    t = sentence.tokens
    end = sentence.without_marks(start, end)
    if not can_speak(sentence, start, end) or t[start].kind in "c" or t[start].low in sentence.lex.adverbs:
        return False
    if t[end - 1].kind == "r" and not (t[end - 1].capital and end - start > 1):  # Elif Şen
        return False
    last = t[end - 1].low
    bare = t[end - 1].capital and "'" not in last and "’" not in last and (end - start > 1 or _is_name(sentence, end - 1))
    if not bare and last not in sentence.lex.sources and (is_oblique(last) or is_genitive(last)):
        return False
    if t[end - 1].kind in "avx" and not t[end - 1].capital:
        return False
    if any(token.kind == "quote" for token in t[start:end]):
        return False
    return not any(token.kind in "v" and not token.capital for token in t[start : end - 1]) or any(
        _is_participle(sentence, n) for n in range(start, end)
    )


def _is_name(sentence: Sentence, n: int) -> bool:
    """Return whether a word with a capital is a name, and no noun in a case: Aygün, not Hükümetin."""
    low, lex = sentence.tokens[n].low, sentence.lex
    stems = (low, *(low[:-size] for size in (2, 3, 4)))
    return sentence.tokens[n].capital and not any(stem in lex.sources or stem in lex.tags.words for stem in stems)


def _described_subject(sentence: Sentence, first: int, limit: int) -> tuple[int, int] | None:
    """Return the tokens of a speaker behind a participle: … ifade eden Çelebi, …."""
    t, endings = sentence.tokens, sentence.lex.participle_endings
    found = None
    for n in range(first + 1, limit) if endings else ():
        if t[n].low != "," and t[n].kind != "quote":
            continue
        start = n
        while start > first and n - start < _SHORT_SUBJECT + 2 and t[start - 1].kind != "mark" and not _is_participle(sentence, start - 1):
            start -= 1
        spoken = t[n - 1].capital or t[n - 1].low in sentence.lex.sources
        if first < start < n and _is_participle(sentence, start - 1) and spoken and can_speak(sentence, start, n):
            found = start, n
    return found


def _is_participle(sentence: Sentence, n: int) -> bool:
    token = sentence.tokens[n]
    return not token.capital and len(token.low) > 3 and token.low.endswith(sentence.lex.participle_endings)
