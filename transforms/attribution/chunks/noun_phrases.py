"""Noun phrases: where they end, and whether they can speak.

Phrases that say when, where and to whom are none of them.
"""

from __future__ import annotations

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.words import LONGEST_TITLE, follows, is_source, is_year
from newsbeam.transforms.attribution.outlets import identify_name

_LONGEST_OUTLET = 4  # words
_LONGEST_SPEAKER = 16  # words


def noun_phrase_end(sentence: Sentence, at: int) -> int:
    """Return the end of the noun phrase that begins with token `at`."""
    t, n = sentence.tokens, at
    noun = False
    while n < len(t) and n - at < _LONGEST_SPEAKER:
        token = t[n]
        if token.kind == "other" or (token.low == "." and n and len(t[n - 1].low) <= 2 and n + 1 < len(t) and t[n + 1].capital):
            n += 1
            continue
        if token.kind == "quote" and n > at and is_source(t[n - 1].low, sentence.lex) and token.end - token.start <= LONGEST_TITLE:
            n += 1  # агентство «…»
            break
        if (
            token.kind in ("mark", "quote", "C", "s", "N")
            or sentence.is_verb(n)
            or (n > at and sentence.has_relative_prefix(n))
            or (n > at and time_end(sentence, n) > n)
            or (
                n > at
                and hearer_end(sentence, n) > n
                and (token.low not in sentence.lex.hearer_marks or _is_outlet(sentence, n + 1) or sentence.is_named(n - 1))
            )
        ):
            break
        if token.kind in "np" or (token.capital and (n > at or sentence.is_named(n))):
            noun = True
        elif token.low in sentence.lex.subject_marks:
            break
        elif noun and sentence.lex.comma_clause and token.kind in "ji" and not token.capital and n and not t[n - 1].capital:
            break  # an adjective precedes its noun: this is a verb that no table contains
        elif token.kind in ("djmzit" if not noun else "jmzi"):
            pass
        elif token.kind == "a" and n > at and n + 1 < len(t) and t[n - 1].kind == t[n + 1].kind == "m":
            pass  # setenta por cento dos eleitores
        elif token.kind == "a" or token.low in sentence.lex.of:
            if noun and any(follows(t, n, words) for words in sentence.lex.citing):
                break  # Казінформ з посиланням на
            part = n > at and t[n - 1].kind in "dmo"  # en av cheferna
            timed = any(other.low in sentence.lex.times for other in t[n + 1 : n + 3])
            if not (noun or part) or token.low not in sentence.lex.of or is_object(sentence, n + 1) or timed:
                break
            if _says_where(sentence, at, n):
                break
            if sentence.is_named(n - 1) and token.low in sentence.lex.places and _is_occasion(sentence, at, n + 1):
                break  # мэр Игорь Латышев в беседе, Шервуд в Soccer Saturday
            if token.kind == "a" and sentence.is_named(n - 1) and n + 1 < len(t) and not t[n + 1].capital:
                behind = t[n + 1]
                part = bool(sentence.lex.adjectival) and n + 2 < len(t) and behind.kind == "d"
                if part and (is_source(t[n - 1].low, sentence.lex) or t[n + 2].capital):
                    pass  # la Comisión de la Asamblea
                elif behind.kind in "dm" or (sentence.lex.verb_second and behind.kind == "n" and not is_source(behind.low, sentence.lex)):
                    break  # sa Kari Nordmann i det siste programmet, på ráðstefnu
        elif token.kind == "c":
            joined = n + 1 < len(t) and (t[n + 1].capital or t[n + 1].kind in "np")
            if not (noun and (joined or _joins_article(sentence, at, n + 1))):
                break
        elif token.kind == "d" and noun and t[n - 1].low not in sentence.lex.of and not (t[n - 1].kind == "c" and sentence.lex.adjectival):
            break
        elif token.kind == "o" and not sentence.is_personal(token) and (noun or (n + 1 < len(t) and t[n + 1].kind in "njp")):
            pass  # a possessive before or after its noun
        elif token.kind in "vxro":
            break
        n += 1
    while (
        n > at
        and (
            t[n - 1].kind in ("a", "c", "d", "mark")
            or t[n - 1].low in sentence.lex.of
            or t[n - 1].low == "-"
            or _object_before(sentence, n)
        )
        and not t[n - 1].capital
    ):
        n -= 1
    return n


def _says_where(sentence: Sentence, at: int, n: int) -> bool:
    """Return whether a preposition behind a person says when or where something was said: a lancé le député à la sortie.

    One that begins with d belongs to the noun in the languages that mark a participle: du, del, dos.
    """
    t, lex = sentence.tokens, sentence.lex
    if not lex.adjectival or t[n].kind != "a" or t[n].low[:1] == "d" or n == at:
        return False
    if any(is_source(token.low, lex) and token.low not in lex.persons for token in t[at:n]):
        return False
    if sentence.is_named(n - 1):
        return True
    behind = next((token for token in t[n + 1 : n + 3] if token.kind != "d"), t[n])
    return any(sentence.verbs[max(at - 2, 0) : at]) and not behind.capital and not is_source(behind.low, lex)


def _joins_article(sentence: Sentence, at: int, n: int) -> bool:
    """Return whether “and” joins a noun with its article to the phrase that begins at `at`: la Unión y el Consejo.

    Behind a reporting verb it must not be the subject of the next verb: dijo el alcalde y la gente rió.
    """
    t = sentence.tokens
    if not sentence.lex.adjectival or n + 1 >= len(t) or t[n].kind != "d" or not (t[n + 1].capital or t[n + 1].kind in "np"):
        return False
    while n < len(t) and t[n].kind in "dnpj":
        n += 1
    return not (at and any(sentence.verbs[max(at - 2, 0) : at]) and n < len(t) and t[n].kind in "vxoN")


def governed_end(sentence: Sentence, at: int, limit: int) -> int:
    """Return the end of the phrase of a preposition at `at`, before a subject that follows it without a comma."""
    end = min(noun_phrase_end(sentence, at + 1), limit)
    return nominative_start(sentence, at + 1, limit, end) if at + 1 < end else end


def nominative_start(sentence: Sentence, at: int, limit: int, otherwise: int = -1) -> int:
    """Return where a common noun in the nominative begins in what a preposition governs, else `otherwise` or `at`.

    For example: в письме к сестре композитор. Only languages with cases have it.
    """
    t = sentence.tokens
    free = otherwise < 0  # nothing governs the first word
    otherwise = at if free else otherwise
    if not sentence.lex.person_endings or at >= limit:
        return otherwise
    end = min(noun_phrase_end(sentence, at), limit)
    first = next((n for n in range(at, end) if is_nominative_source(sentence, n) or (free and t[n].capital)), end)
    if first == end or t[first].capital:
        return otherwise
    while first > at and t[first - 1].kind in "jdi" and not t[first - 1].capital:
        first -= 1
    return first


def is_nominative_source(sentence: Sentence, n: int) -> bool:
    """Return whether a common noun is a word for a source in the nominative."""
    token, lex = sentence.tokens[n], sentence.lex
    if not lex.person_endings or token.kind != "n" or token.capital:
        return False
    if token.low in lex.speakers or token.low.endswith(lex.person_endings):
        return True
    return token.low in lex.sources and token.low.endswith(lex.nominative_endings or ("\ue000",))


def _object_before(sentence: Sentence, n: int) -> bool:
    """Return whether a pronoun before the verb at `n` is its object.

    For example: la empresa lo niega.
    """
    return (
        n < len(sentence.tokens)
        and bool(sentence.lex.adjectival)
        and sentence.tokens[n - 1].low in sentence.lex.clitics
        and sentence.is_verb(n)
    )


def is_object(sentence: Sentence, n: int) -> bool:
    """Return whether the token at `n` is a pronoun without a noun: för mig."""
    return (
        n < len(sentence.tokens)
        and sentence.tokens[n].kind == "o"
        and not (n + 1 < len(sentence.tokens) and sentence.tokens[n + 1].kind in "njpmz")
    )


def _is_occasion(sentence: Sentence, start: int, n: int) -> bool:
    """Return whether the words behind a preposition at `n` - 1 say where the person of a phrase spoke."""
    t, lex = sentence.tokens, sentence.lex
    if n >= len(t) or is_source(t[n].low, lex):
        return False
    if not lex.person_endings or not t[n].capital:
        return not t[n].capital and (t[n].kind == "n" or (bool(lex.person_endings) and t[n].kind == "j"))
    if t[n - 1].low in lex.document_places or (n + 1 < len(t) and t[n + 1].capital and not t[n].low.isascii()):
        return False  # корреспондент в Мадриде Гай Хеджкоу
    first = n - 1
    while first > start and t[first - 1].capital:
        first -= 1
    return first == start or t[first - 1].kind != "a"  # not: механик из Сейла в Манчестере


def time_end(sentence: Sentence, at: int) -> int:
    """Return the end of a phrase that says when, or `at`.

    With its preposition: på måndagen, v pondělí, ביום שני.
    """
    t, n = sentence.tokens, at
    described = "j" if sentence.lex.adjectival else ""
    while n < len(t) and n - at < 3 and t[n].kind in "admo" + (described if n > at else "") and t[n].low not in sentence.lex.times:
        n += 1
    end = n
    while end < len(t) and (t[end].low in sentence.lex.times or (end > n and t[end].kind in "m" + described)):
        end += 1
    return end if end > n else at


def date_end(sentence: Sentence, at: int) -> int:
    """Return the end of a phrase that says when, with its date.

    For example: u srijedu (2. lipnja).
    """
    t, n = sentence.tokens, time_end(sentence, at)
    if n > at and n < len(t) and t[n].low in ("(", ","):
        close = next((m for m in range(n + 1, min(n + 6, len(t))) if t[m].low in (")", ",")), n)
        if close > n + 1 and all(token.kind in ("m", "other") or token.low in sentence.lex.times for token in t[n + 1 : close]):
            return close + 1
    return n


def hearer_end(sentence: Sentence, at: int) -> int:
    """Return the end of a phrase that says to whom, or `at`.

    For example: novinářům, τους δημοσιογράφους.
    """
    t, n = sentence.tokens, at
    if at < len(t) and t[at].low.startswith(tuple(prefix + '"' for prefix in sentence.lex.hearer_prefixes)):
        return next((m + 1 for m in range(at + 1, min(at + 5, len(t))) if t[m].low == '"'), at)
    if at and at < len(t) and t[at].capital and sentence.verbs[at - 1 : at] != [0] and sentence.lex.places:
        return _told_end(sentence, at)
    if at < len(t) and t[at].low in sentence.lex.hearer_marks:
        return _outlet_end(sentence, at + 1, at, marked=True)
    while n < len(t) and n - at < 2 and t[n].kind in "ad":
        n += 1
    if n >= len(t) or t[n].low not in sentence.lex.hearers or t[n].kind == "a":
        return at
    return _outlet_end(sentence, n, n + 1) if t[n].low in sentence.lex.hearing and not t[n].capital else n + 1


def _told_end(sentence: Sentence, at: int) -> int:
    """Return the end of a known outlet between a verb and its subject.

    For example: сообщил РИА Новости представитель МЧС.
    """
    t = sentence.tokens
    if not t[at].low and at + 1 < len(t) and t[at + 1].kind in "njd" and not t[at + 1].capital:
        return at + 1  # mówi „Dziennikowi” rzecznik
    for size in (3, 2, 1):
        end = at + size
        named = end < len(t) and t[end].kind in "njdp" and all(token.capital for token in t[at:end])
        if named and identify_name(sentence.text[t[at].start : t[end - 1].end]) is not None:
            return end
    return at


def _outlet_end(sentence: Sentence, at: int, otherwise: int, *, marked: bool = False) -> int:
    """Return the end of an outlet's name behind its noun or preposition.

    For example: агентству Reuters, pro server Novinky.

    Without a preposition, a name may also be the speaker's.
    """
    t, n = sentence.tokens, at
    while n < len(t) and not t[n].capital and (t[n].kind == "j" or _is_outlet(sentence, n)):
        n += 1
    noun = any(_is_outlet(sentence, m) for m in range(at, n))
    first = n
    while n < len(t) and t[n].capital and n - first < _LONGEST_OUTLET:
        n += 1
        if not t[n - 1].low:
            return n  # in quotation marks
    size = n - first
    foreign = size > 0 and sentence.lex.cyrillic and t[first].low[:1].isascii()
    if size > 1 and foreign:
        n = next((m for m in range(first, n) if not t[m].low[:1].isascii()), n)
    elif size > 2 or (size == 2 and not noun and n < len(t) and t[n].kind == "mark"):
        n = first + 1
    elif size == 1 and not marked and not foreign and (n >= len(t) or t[n].kind not in "njd"):
        n = first
    while n < len(t) and n > first and t[n].low in sentence.lex.outlet_nouns:
        n += 1
    return n if n > first or noun else otherwise


def _is_outlet(sentence: Sentence, n: int) -> bool:
    low = sentence.tokens[n].low if n < len(sentence.tokens) else ""
    return low in sentence.lex.outlet_nouns or low in sentence.lex.hearing or low.startswith(sentence.lex.outlet_stems or ("\ue000",))


def adverbial_end(sentence: Sentence, at: int) -> int:
    """Return the end of an adverbial phrase between a verb and its subject.

    Examples: в среду (2 июля) министр X · za SETimes ekonomist X. It is `at` if no subject follows.
    """
    t, n = sentence.tokens, at + 1
    while n < len(t) and t[n].kind in "jmdo" and not t[n].capital and t[n].low not in sentence.lex.times:
        n += 1
    if n >= len(t) or t[n].kind in ("mark", "quote") or sentence.is_verb(n):
        return at
    timed = any(token.low in sentence.lex.times for token in t[at + 1 : n + 1])
    n += 1
    if sentence.lex.adjectival and t[at].low in sentence.lex.hearers and (told := _told_outlet_end(sentence, n)):
        return told
    while n < len(t) and (t[n].low in sentence.lex.times or (timed and t[n].kind == "m")):
        n += 1
    if n < len(t) and t[n].low in ("(", ",") and timed:  # the date
        close = next((m for m in range(n + 1, min(n + 6, len(t))) if t[m].low in (")", ",")), n)
        if close > n and all(token.kind in ("m", "other", "mark") or token.low in sentence.lex.times for token in t[n + 1 : close]):
            n = close + 1
    while n < len(t) and t[n].kind == "j" and not t[n].capital and not (n + 1 < len(t) and is_source(t[n + 1].low, sentence.lex)):
        n += 1
    clause = n
    while clause < len(t) and t[clause].kind not in ("mark", "quote", "C", "s", "v", "x"):
        clause += 1
    source = next((m for m in range(n, clause) if _begins_source(sentence, m, n)), clause)
    if timed:
        source = clause
    elif source == n < len(t) and sentence.lex.relatives and is_source(t[n].low, sentence.lex) and t[n].low not in sentence.lex.sources:
        # na posiedzeniu rady: the attribute of a noun
        source = next((m for m in range(n + 1, clause) if t[m].low in sentence.lex.sources), clause)
        if source == clause:
            return at
    if source < clause and not any(token.capital for token in t[n:source]):
        while source > n and t[source - 1].kind in "jd":
            source -= 1
        n = source
    if sentence.lex.adjectival and n < clause and t[n].capital and t[n - 1].capital and not t[min(n + 1, clause - 1)].capital:
        return at  # en West Virginia
    if sentence.lex.adjectival and n == clause - 1 and t[n].capital and t[n - 1].capital:
        return at
    return n if n < clause else at


def _told_outlet_end(sentence: Sentence, n: int) -> int:
    """Return where the subject begins behind the name of an outlet, or 0: contou ao jornal Zero Hora o biólogo."""
    t, end = sentence.tokens, n
    named = t[n - 1].capital
    while end < len(t) and t[end].capital and end - n < _LONGEST_OUTLET:
        end, named = end + 1, True
    return end if named and end + 1 < len(t) and t[end].kind == "d" and t[end + 1].kind in "njp" else 0


def _begins_source(sentence: Sentence, n: int, first: int) -> bool:
    """Return whether a word names a source and depends on no preposition.

    Not: ante los periodistas.
    """
    t = sentence.tokens
    if sentence.is_personal(t[n]):
        return True
    if not is_source(t[n].low, sentence.lex):
        return False
    while n > first and t[n - 1].kind in "jd":
        n -= 1
    return not (n and (t[n - 1].kind == "a" or t[n - 1].low in sentence.lex.of))


def description_end(sentence: Sentence, at: int, limit: int = -1) -> int:
    """Return the end of a noun phrase between commas with all that depends on it.

    Returns `at` if there is none.

    It has no verb, unless in a relative clause, which is left out.
    """
    t = sentence.tokens
    n = noun_phrase_end(sentence, at)
    if n == at or not any(token.kind == "n" for token in t[at:n]):
        return at
    limit = len(t) if limit < 0 else limit
    while n < limit and n - at < _LONGEST_SPEAKER and t[n].kind not in ("mark", "quote", "C", "s", "v", "x", "o"):
        n += 1
    if n < limit and t[n].low in sentence.lex.relatives:
        comma = next((m for m in range(n, limit) if t[m].low == "," or t[m].kind == "quote"), limit)
        n = comma if comma + 1 >= limit or t[comma + 1].kind == "quote" else n
    return n if n >= limit or t[n].kind == "mark" else at


def is_description(sentence: Sentence, n: int) -> bool:
    """Return whether an apposition begins at token `n`: chef för Y, Chefin der Firma."""
    token = sentence.tokens[n]
    if token.kind not in "ndj" or sentence.is_conjunction(n):
        return False
    return not token.capital or (sentence.lex.comma_clause and token.low.endswith(tuple(sentence.lex.persons)))


def head_phrase(sentence: Sentence, start: int, end: int) -> Range:
    """Return the noun phrase that begins a part of a sentence.

    Words before it are left out.
    """
    t = sentence.tokens
    while start < end and (t[start].kind in "rtcN" or t[start].kind == "mark") and not t[start].capital:
        start += 1
    if sentence.lex.adjectival and start + 1 < end and t[start].low in sentence.lex.subordinators:
        start += 1
    if sentence.lex.adjectival and start + 1 < end and t[start].kind == "a" and t[start + 1].kind in "iv" and not t[start + 1].capital:
        return start, start  # Após interrogar X, a polícia disse
    if start < end and t[start].kind == "a" and start == sentence.skip_marks(sentence.taken):
        start = min(adverbial_end(sentence, start), end)  # À Folha o chefe de X, Y, disse
        if start < end and sentence.lex.person_endings and not (t[start].capital or is_nominative_source(sentence, start)):
            return start, start  # Без упоминания деталей, X сказал
    closing = min(noun_phrase_end(sentence, start), end)
    return start, closing


def can_speak(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether a noun phrase can speak.

    It has a noun or a name, and none of the words that exclude a speaker.
    """
    words = sentence.tokens[start:end]
    if not words or words[-1].low in sentence.lex.not_speakers:
        return False
    if words[0].low in sentence.lex.not_speakers and not (len(words) > 1 and words[0].low in sentence.lex.articles):
        return False
    timed = any(token.low in sentence.lex.times or is_year(token.low) for token in words)
    if timed and not any(is_source(token.low, sentence.lex) for token in words):
        return False
    if sentence.lex.oblique and words[-1].low.endswith(sentence.lex.oblique):
        return False
    if len(words) == 1 and words[0].kind == "d":
        return False
    if sentence.lex.adjectival and words[0].kind == "o" and words[0].low in sentence.lex.clitics and not sentence.is_personal(words[0]):
        return False  # le preocupa
    if sentence.lex.adjectival and len(words) == 2 and words[0].kind == "d" and words[1].kind == "j":
        return True  # i diplomatici
    named = any(token.kind in "np" or token.capital or (token.low[0].isdigit() and not token.low.isdigit()) for token in words)
    return named and len(words) <= _LONGEST_SPEAKER  # der 52-Jährige


def is_certain_source(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether the head of a phrase is a name or a word for a source.

    It may be in any case.
    """
    t = sentence.tokens
    if end > start and sentence.is_personal(t[start]):
        return True
    head = next((n for n in range(start, end) if t[n].kind in "np" or (t[n].capital and t[n].kind != "j")), None)
    if head is None or t[head].low in sentence.lex.not_speakers:
        return False
    return t[head].capital or is_source(t[head].low, sentence.lex) or t[head].low.startswith(sentence.lex.source_prefixes)


def is_oblique_phrase(sentence: Sentence, start: int, end: int) -> bool:
    """Return whether the head of a phrase is in a case in which no subject stands.

    For example: объяснил причину.
    """
    head = next((token for token in sentence.tokens[start:end] if token.kind in "np" or token.capital), None)
    if head is None or head.capital or not sentence.lex.object_heads or is_source(head.low, sentence.lex):
        return False
    return head.low.endswith(sentence.lex.object_heads)


def agrees(sentence: Sentence, start: int, end: int, verb: int) -> bool:
    """Return whether a phrase can be the subject of a verb by the ending of its head: not пакета возражал."""
    head = next((token for token in sentence.tokens[start:end] if token.kind in "np" or token.capital), None)
    if head is None or head.capital or head.low in sentence.lex.sources or head.low.endswith(sentence.lex.person_endings):
        return True
    low = sentence.tokens[verb].low
    return not any(low.endswith(endings) and head.low.endswith(others) for endings, others in sentence.lex.agreement)


def surely_speaks(sentence: Sentence, span: Range | None) -> bool:
    """Return whether a phrase after “…, said” certainly names a source.

    A source is a name, a pronoun or a word of the lists.
    """
    if span is None:
        return False
    words = [token for token in sentence.tokens if span[0] <= token.start < span[1]]
    if any(token.capital or sentence.is_personal(token) or is_source(token.low, sentence.lex) for token in words):
        return True
    if any(token.low.endswith(sentence.lex.person_endings) for token in words if sentence.lex.person_endings and token.kind == "n"):
        return True
    return len(words) <= 3 and (not sentence.lex.relatives or words[0].kind == "d")


def has_source(sentence: Sentence, speaker: Range) -> bool:
    """Return whether a phrase has a name, a pronoun or a word of the lists."""
    words = [token for token in sentence.tokens if speaker[0] <= token.start < speaker[1]]
    return any(
        sentence.is_personal(token)
        or is_source(token.low, sentence.lex)
        or (token.capital and (token.start > sentence.tokens[0].start or token.kind == "p"))
        for token in words
    )


def names_document(sentence: Sentence, speaker: Range | None) -> bool:
    """Return whether a phrase of the sentence names a document."""
    words = [token.low for token in sentence.tokens if speaker is not None and speaker[0] <= token.start < speaker[1]]
    return any(word.endswith(sentence.lex.documents) or word.startswith(sentence.lex.documents) for word in words)
