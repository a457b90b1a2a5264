"""The subject of a reporting verb, before or behind it, with its apposition."""

from __future__ import annotations

from newsbeam.transforms.attribution.chunks.clauses import Range, Sentence
from newsbeam.transforms.attribution.chunks.noun_phrases import (
    adverbial_end,
    agrees,
    can_speak,
    date_end,
    description_end,
    governed_end,
    head_phrase,
    hearer_end,
    is_description,
    is_nominative_source,
    is_object,
    is_oblique_phrase,
    nominative_start,
    noun_phrase_end,
    time_end,
)
from newsbeam.transforms.attribution.chunks.words import follows, is_source, is_year

_LONGEST_LINK = 4  # tokens of “por su parte”, with its comma
_LONGEST_SPEAKER = 16  # words
_SHORT_SUBJECT = 6  # words


def subject_before(sentence: Sentence, start: int, at: int) -> Range | None:
    """Return the subject before a verb.

    It is the first noun phrase of the clause, after an introductory phrase.
    """
    t = sentence.tokens
    if (marked := _marked_subject(sentence, start, at)) is not None:
        return marked
    apposed = subject_with_apposition(sentence, start, at)
    if apposed is not None:
        return apposed
    relative = start > sentence.taken + 1 and t[start - 1].low in sentence.lex.relative_pronouns
    relative = relative or (start > sentence.taken + 1 and t[start - 1].kind == "C" and t[start - 1].low in sentence.lex.relatives)
    if relative and sentence.is_noun(start - 2):
        edge = sentence.left_edge(start - 1)
        first, end = head_phrase(sentence, sentence.main_clause(edge, start - 1), start - 1)
        if first < end == start - 1 and can_speak(sentence, first, end):
            return t[first].start, t[end - 1].end  # X que …
    n = start = sentence.main_clause(start, at)
    near = at - 1
    while near > start and (t[near].kind in "xrtN" or (t[near].kind == "o" and not sentence.is_personal(t[near]))):
        near -= 1
    if near >= start and sentence.is_personal(t[near]):
        return t[near].start, t[near].end
    while n < at:
        token = t[n]
        if sentence.is_personal(token):
            return token.start, token.end
        if token.kind in "crtoxN" and not sentence.is_named(n) and not (token.capital and n == start and token.kind not in "crNox"):
            n += 1
            continue
        if token.low in sentence.lex.times and n == start and n + 1 < at:
            n += 1
            continue
        if sentence.lex.adjectival and n == start and n + 1 < at and token.low in sentence.lex.subordinators:
            n = start = n + 1  # mientras X anunciaba
            continue
        if sentence.lex.adjectival and n == start and n < (passed := time_end(sentence, n)) < at:
            n = passed  # la settimana scorsa X ha detto
            continue
        if token.kind == "a":
            behind = adverbial_end(sentence, n) if n == start else n
            n = nominative_start(sentence, behind, at) if behind > n else max(governed_end(sentence, n, at), n + 1)
            continue
        end = min(noun_phrase_end(sentence, n), at)
        if sentence.lex.relatives and n < end < at and t[end].kind == "a" and all(token.kind in "ji" for token in t[n:end]):
            # опубликованный в четверг доклад
            inner = max(time_end(sentence, end), adverbial_end(sentence, end))
            closing = min(noun_phrase_end(sentence, inner), at)
            if closing > inner > end and can_speak(sentence, inner, closing):
                return t[n].start, t[closing - 1].end
        if end > n and can_speak(sentence, n, end) and not is_oblique_phrase(sentence, n, end) and agrees(sentence, n, end, at):
            return t[n].start, t[_extended_end(sentence, n, end, at) - 1].end
        n = max(end, n + 1)
    if sentence.lex.person_endings and start < at and (name := _name_before_verb(sentence, start, at)) is not None:
        return name
    # Scripts without capitals: a name that no table contains.
    words = t[start:at]
    if not words or len(words) > _SHORT_SUBJECT or words[0].kind in "arcsC" or words[0].capital:
        return None
    if sentence.lex.places and (any(token.kind in "acvx" for token in words) or is_oblique_phrase(sentence, start, at)):
        return None
    if (
        words[0].low in sentence.lex.not_speakers
        or words[-1].low in sentence.lex.postpositions
        or (sentence.lex.oblique and words[-1].low.endswith(sentence.lex.oblique))
    ):
        return None
    if any(token.low in sentence.lex.times or is_year(token.low) for token in words):
        return None
    if any(token.kind in "nvpjiz" for token in words):
        return words[0].start, words[-1].end
    return None


def _name_before_verb(sentence: Sentence, start: int, at: int) -> Range | None:
    """Return a name or a word such as “some” right before a verb: в ролике в Инстаграм Уайли заявил."""
    t = sentence.tokens
    end = at
    while end > start and t[end - 1].kind in "xrtN" and not t[end - 1].capital:
        end -= 1
    if end > start and t[end - 1].low in sentence.lex.quantifiers:
        return t[end - 1].start, t[end - 1].end
    first = end
    while first > start and t[first - 1].capital and t[first - 1].low and t[first - 1].kind != "a":
        first -= 1
    if first and t[first - 1].kind == "a":
        first += 1  # the place
    plural = bool(sentence.lex.plural_endings) and t[at].low.endswith(sentence.lex.plural_endings)
    return (t[first].start, t[end - 1].end) if start < first < end and not plural and can_speak(sentence, first, end) else None


def _marked_subject(sentence: Sentence, start: int, at: int) -> Range | None:
    """Return the noun phrase before the last mark of a subject: X ने कहा.

    A postposition before it ends the phrase of another.
    """
    t = sentence.tokens
    end = at - 1
    while end > start and t[end].low not in sentence.lex.subject_marks:
        end -= 1
    if end <= start:
        if end < at and t[start].low in sentence.lex.subject_marks and start and t[start - 1].low == ",":
            first, last = sentence.parts_before(start)[0]  # X, जिन्होंने …, का कहना है
            return (t[first].start, t[last - 1].end) if first < last and can_speak(sentence, first, last) else None
        return None
    if sentence.quotes_before(start) and sentence.ends(at + 1) and 0 < end - start <= _LONGEST_SPEAKER and can_speak(sentence, start, end):
        return t[start].start, t[end - 1].end  # “…,” X ने कहा
    first = end
    while first > start and t[first - 1].low not in sentence.lex.postpositions and t[first - 1].kind != "C":
        first -= 1
    while first < end and t[first].low in sentence.lex.of:
        first += 1
    if first == end or t[first].low in sentence.lex.not_speakers or t[end - 1].low in sentence.lex.not_speakers:
        return None
    return t[first].start, t[end - 1].end


def _extended_end(sentence: Sentence, start: int, end: int, at: int) -> int:
    """Return the end of a subject with all that depends on it, up to its verb.

    A name ends a subject: what follows it says when and where.
    """
    t = sentence.tokens
    last = at
    while last > end and t[last - 1].kind in "xrtoN":
        last -= 1
    between = t[end:last]
    described = bool(sentence.lex.adjectival) and t[end - 1].low.endswith(sentence.lex.adjectival)
    if described and end < (timed := time_end(sentence, end)) <= at and timed >= last:
        return timed  # un sondage publié jeudi
    if (
        not (t[start].kind in "dm" or described)
        or not between
        or between[0].kind != "a"
        or any(token.kind in "vxocsC" or token.low in sentence.lex.times for token in between)
    ):
        return end
    named = t[end - 1].capital or any(token.low in sentence.lex.persons for token in t[start:end])
    if (named and not described) or last - start > _LONGEST_SPEAKER:
        return end
    return last


def subject_with_apposition(sentence: Sentence, start: int, at: int) -> Range | None:
    """Return a subject with an apposition or relative clause in commas.

    It precedes its verb: X, chef för Y, sade.
    """
    t = sentence.tokens
    if start <= sentence.taken or t[start - 1].low not in (",", "،", ")"):
        return None
    behind = start == at or sentence.only_adverbs(max(start, time_end(sentence, start)), at)
    if t[start - 1].low == ")":
        opening = next((n for n in range(start - 1, sentence.taken, -1) if t[n].low == "("), sentence.taken)
        first = sentence.left_edge(opening)
        first, end = head_phrase(sentence, first, opening)
        if not (first < end == opening and can_speak(sentence, first, end)):
            return None
        if (
            sentence.lex.adjectival
            and t[start].kind == "a"
            and 1 < at - start <= _SHORT_SUBJECT
            and not any(token.kind in "vxoC" for token in t[start:at])
        ):
            return t[first].start, t[at - 1].end  # l'Agence du travail (AT) de Lyon
        return (t[first].start, t[start - 1].end) if behind else None
    pieces = sentence.parts_before(start)
    if behind and sentence.lex.clause_subject:
        first, end = head_phrase(sentence, *pieces[0])
        if first < end < pieces[0][1] and t[end].kind == "a" and can_speak(sentence, first, end):
            return t[first].start, t[end - 1].end  # وی با اشاره به …، گفت
    for head in (*range(len(pieces) - 2, -1, -1), len(pieces) - 1):
        first, end = head_phrase(sentence, *pieces[head])
        if first < end < pieces[head][1] and head + 1 < len(pieces) and t[pieces[head + 1][0]].capital:
            end = description_end(sentence, first, pieces[head][1])  # Il campione di nuoto in apnea, X, …
        if (
            first < end
            and (end == pieces[head][1] or t[end].low == "(")
            and can_speak(sentence, first, end)
            and sentence.can_stand_between(pieces[head + 1 :])
        ):
            break
    else:
        return None
    if any(follows(t, first - len(words), words) for words in sentence.lex.before if first >= len(words)):
        return None  # according to X, Y said
    while head and not t[first].capital and t[first].kind in "nj":
        outer = head_phrase(sentence, *pieces[head - 1])
        titled = sentence.lex.unknown_nouns and t[outer[0]].low in sentence.lex.persons
        if outer[0] == outer[1] or outer[1] != pieces[head - 1][1] or not can_speak(sentence, *outer):
            break
        if not (t[outer[1] - 1].capital or titled):
            break
        first, head = outer[0], head - 1  # X, chef för Y, tidigare Z, sade
    following = pieces[head + 1][0] if head + 1 < len(pieces) else start
    aside = t[following].kind in "ar" and start - following <= _LONGEST_LINK and bool(sentence.lex.adjectival)
    described = bool(sentence.lex.participles_behind) and t[following].low.endswith(sentence.lex.participles_behind)
    described = described and not t[following].capital and t[following + 1].kind in "ratm"  # Компания, основанная в 1998 году, …
    # without a relative clause, “por su parte”
    last = end - 1 if sentence.opens_relative_clause(following) or aside or described else start - 2
    if behind:
        return t[first].start, t[last].end
    if sentence.lex.adjectival and first and t[first - 1].low in sentence.lex.subordinators:
        return None  # Quando la diga cedette, il custode disse
    if t[start].kind in "ndj" and not t[start].capital:
        closing = min(noun_phrase_end(sentence, start), at)
        return (t[first].start, t[closing - 1].end) if closing > start and start - 1 == end else None
    return (t[first].start, t[last].end) if t[start].kind == "a" else None


def subject_behind(sentence: Sentence, at: int) -> tuple[Range | None, int]:
    """Return the noun phrase after a verb, and the token after it.

    The phrase includes its apposition.
    """
    t, n = sentence.tokens, at
    while n < len(t):
        passed = max(date_end(sentence, n), hearer_end(sentence, n))
        if not sentence.is_named(n):
            if t[n].kind == "a":
                passed = max(passed, adverbial_end(sentence, n))
            elif t[n].kind in "xrt" or (is_object(sentence, n) and not sentence.is_personal(t[n])):
                passed = max(passed, n + 1)
        if passed <= n:
            break
        n = passed
    if n < len(t) and sentence.is_personal(t[n]):
        return (t[n].start, t[n].end), n + 1
    n = _subject_behind_object(sentence, n, at - 1)
    end = noun_phrase_end(sentence, n)
    if (
        end == n
        or not can_speak(sentence, n, end)
        or is_oblique_phrase(sentence, n, end)
        or (bool(sentence.lex.agreement) and not agrees(sentence, n, end, at - 1))
        or (sentence.lex.relatives and t[n].kind == "i" and not t[n].capital)
    ):
        return None, at
    speaker = (t[n].start, t[end - 1].end)
    if end + 1 < len(t) and t[end].low == "," and t[end + 1].capital and _asks_name(sentence, n):
        closing = noun_phrase_end(sentence, end + 1)
        only = all(token.capital or token.low in sentence.lex.of for token in t[end + 1 : closing])
        if only and not any(token.capital for token in t[n:end] if token.low in sentence.lex.persons) and sentence.ends(closing):
            return (speaker[0], t[closing - 1].end), closing  # …, dijo la directora, X.
    # …, sade X, chef för Y.
    if end + 1 < len(t) and t[end].low in (",", "،", "(") and is_description(sentence, end + 1):
        closing = description_end(sentence, end + 1)
        if closing > end + 1:
            return (speaker[0], t[closing - 1].end), closing
    return speaker, end


def _subject_behind_object(sentence: Sentence, n: int, verb: int) -> int:
    """Return where the subject begins if an object or adverbial precedes it: ocenił stan prezydent, powiedział spokojnym głosem Gaarb."""
    t = sentence.tokens
    if not sentence.lex.agreement or n >= len(t) or t[n].capital or t[n].kind not in "nj":
        return n
    end = noun_phrase_end(sentence, n)
    head = next((m for m in range(n, end) if t[m].kind in "np"), end)
    if head == end or t[head].capital or is_source(t[head].low, sentence.lex) or is_nominative_source(sentence, head):
        return n
    oblique = not agrees(sentence, n, end, verb)
    later = next((m for m in range(head + 1, end) if is_nominative_source(sentence, m) or (oblique and t[m].capital)), end)
    return later if later < end else n


def _asks_name(sentence: Sentence, n: int) -> bool:
    """Return whether a name may follow the description that begins at token `n`.

    The description follows a comma.
    """
    return (sentence.lex.adjectival or sentence.lex.verb_second) and sentence.tokens[n].low in sentence.lex.articles


def source_before(sentence: Sentence, left: int, cue: Range) -> Range | None:
    """Return the source in a phrase of place before a verb without a subject.

    For example: в министерстве сообщили.
    """
    t, n = sentence.tokens, left
    while n < cue[0] and t[n].kind in "crt" and t[n].low not in sentence.lex.places | sentence.lex.document_places:
        n += 1
    end = _place_end(sentence, n, cue)
    return (t[n + 1].start, t[end - 1].end) if end > n and all(token.kind in "xrtoN" for token in t[end : cue[0]]) else None


def source_behind(sentence: Sentence, cue: Range) -> tuple[Range, int] | None:
    """Return the same behind a verb, and the token after it: говорится в сообщении."""
    t, n = sentence.tokens, cue[1]
    if not _is_placed(sentence, cue):
        return None
    while (
        n < len(t)
        and n - cue[1] < _SHORT_SUBJECT
        and t[n].low not in sentence.lex.places | sentence.lex.document_places
        and (t[n].kind in "xrto" or t[n].capital)
    ):
        n += 1
    end = _place_end(sentence, n, cue)
    return ((t[n + 1].start, t[end - 1].end), end) if end > n else None


def _is_placed(sentence: Sentence, cue: Range) -> bool:
    verb = sentence.tokens[cue[0]].low
    return bool(sentence.lex.places) and (
        sentence.is_impersonal(cue)
        or verb in sentence.lex.document_verbs
        or (bool(sentence.lex.plural_endings) and verb.endswith(sentence.lex.plural_endings))
    )


def _place_end(sentence: Sentence, n: int, cue: Range) -> int:
    """Return the end of a phrase of place that names a source, or `n`."""
    t = sentence.tokens
    document = sentence.is_impersonal(cue) or (n < len(t) and t[cue[0]].low in sentence.lex.document_verbs)
    places = sentence.lex.places | sentence.lex.document_places if document else sentence.lex.places
    if n + 1 >= len(t) or t[n].low not in places or not _is_placed(sentence, cue):
        return n
    end = noun_phrase_end(sentence, n + 1)
    words = t[n + 1 : end]
    if n < cue[0] and end > cue[0]:
        return n
    head = next((token for token in words if token.kind in "np"), None)
    if head is None or any(token.low in sentence.lex.times for token in words):
        return n
    shouted = sentence.text[head.start : head.end].isupper() and head.end - head.start > 1  # в МИД сообщили
    source = (is_source(head.low, sentence.lex) and head.low not in sentence.lex.persons) or shouted
    return end if source or t[cue[0]].low in sentence.lex.document_verbs else n


def opening_subject(sentence: Sentence, at: int) -> Range | None:
    """Return the subject that begins the clause of a verb.

    For languages in which it comes first.

    Phrases in commas behind it describe it or say when and where: Ibu Sari, ketua serikat, Senin, mengatakan.
    """
    t = sentence.tokens
    start = at
    while start > sentence.taken and not (
        t[start - 1].kind in ("quote", "C") or (t[start - 1].kind == "mark" and t[start - 1].low not in (",", "(", ")"))
    ):
        start -= 1
    clause = at - 1
    while clause > start and t[clause - 1].kind not in ("s", "mark"):
        clause -= 1
    if clause > start and t[clause - 1].kind == "s" and (_names_source(sentence, clause) or t[clause].low in sentence.lex.compounds):
        start = clause  # … nhưng con gái nói
    pieces = [(max(first, start), min(end, at)) for first, end in sentence.parts_before(at + 1) if end > start]
    if len(pieces) > 1 and (nearest := _without_opening(sentence, *pieces[-1])) < at and t[nearest].low in sentence.lex.pronouns:
        pieces = pieces[-1:]  # Bác sĩ rất thoải mái, ông nói …
    for number, piece in enumerate(pieces):
        first = _without_opening(sentence, *piece)
        if first >= piece[1] or (number + 1 < len(pieces) and not _names_source(sentence, first)):
            continue
        closing = _predicate_start(sentence, first, piece[1])
        if sentence.is_personal(t[first]) and (closing == first + 1 or not is_source(t[first].low, sentence.lex)):
            return t[first].start, t[first].end
        if closing <= first or not can_speak(sentence, first, closing):
            continue
        if (
            number + 1 < len(pieces)
            and closing < piece[1]
            and t[closing].low not in sentence.lex.of
            and not sentence.opens_relative_clause(closing)
        ):
            continue  # a clause of its own
        end = piece[1]
        for begins, ends in pieces[number + 1 :]:
            if (
                closing != end
                or begins >= ends
                or t[begins].low in sentence.lex.times
                or t[begins].kind in "arsx"
                or any(sentence.verbs[begins:ends])
            ):
                break
            end = ends
            closing = _predicate_start(sentence, begins, ends)
        return t[first].start, t[closing - 1].end
    return None


def _without_opening(sentence: Sentence, first: int, end: int) -> int:
    """Skip adverbs and conjunctions at the beginning of a part of a sentence.

    Returns `end` if the part is adverbial as a whole.
    """
    t = sentence.tokens
    while first < end and not sentence.is_personal(t[first]):
        token = t[first]
        if (
            (token.kind in "crt" and (not token.capital or token.low in sentence.lex.adverbs or token.low in sentence.lex.tags.words))
            or token.low == "("
            or token.low in ("–", "-")
        ):
            first += 1
        else:
            break
    timed = any(token.low in sentence.lex.times for token in t[first : min(first + 2, end)]) and not sentence.is_named(first)
    adverbial = sentence.lex.adverbials | sentence.lex.predicates
    if first < end and (t[first].kind == "a" or timed or t[first].low in adverbial or sentence.verbs[first]):
        return end
    return first


def _names_source(sentence: Sentence, at: int) -> bool:
    token = sentence.tokens[at]
    return sentence.is_personal(token) or token.kind in "pdm" or is_source(token.low, sentence.lex) or (token.capital and bool(at))


def _predicate_start(sentence: Sentence, first: int, end: int) -> int:
    """Return where the predicate or a relative clause begins.

    Adverbs before it do not count.
    """
    t = sentence.tokens
    n = first + 1
    if (
        n < end
        and (sentence.is_personal(t[first]) or (t[first].capital and t[first].kind == "p"))
        and t[n].kind == "v"
        and not t[n].capital
    ):
        return n  # bà quay sang Hùng và nói
    while n < end and not (
        t[n].low in sentence.lex.predicates
        or t[n].kind in "sN"
        or (
            sentence.lex.predicate_verbs
            and (t[n].kind in "vx" or (t[n].kind == "a" and t[n].low not in sentence.lex.of))
            and not sentence.is_named(n)
        )
        or time_end(sentence, n) > n
    ):
        n += 1
    while n > first + 1 and t[n - 1].kind in "rc" and not t[n - 1].capital:
        n -= 1
    return n


def with_description(sentence: Sentence, speaker: Range, after: int) -> tuple[Range, int]:
    """Return a speaker behind its verb, with the description in commas."""
    t = sentence.tokens
    if after >= len(t) or t[after].low != "," or after + 1 >= len(t) or t[after + 1].kind not in "nj" or t[after + 1].capital:
        return speaker, after
    end = after + 1
    while end < len(t) and t[end].kind not in ("mark", "quote"):
        end += 1
    if end - after > _LONGEST_SPEAKER or (end < len(t) and t[end].low not in (",", ".")) or any(sentence.verbs[after + 1 : end]):
        return speaker, after
    return (speaker[0], t[end - 1].end), end


def opening_topic(sentence: Sentence, limit: int) -> Range | None:
    """Return the subject that begins the sentence, if it names a source."""
    t, n = sentence.tokens, sentence.taken
    while n < limit and t[n].kind in "crt" and not t[n].capital:
        n += 1
    if n < limit and sentence.is_personal(t[n]):
        return t[n].start, t[n].end
    end = min(noun_phrase_end(sentence, n), limit)
    if end == n or end >= len(t) or not can_speak(sentence, n, end):
        return None
    named = any(sentence.is_named(m) for m in range(n, end)) or (
        t[n].capital and (t[n].kind == "p" or t[n].low not in sentence.lex.tags.words)
    )
    titled = any(token.low in sentence.lex.persons for token in t[n:end])
    return (t[n].start, t[end - 1].end) if (named or titled) and t[end].kind in "vxrotN," else None


def subject_of_clause_before(sentence: Sentence, left: int) -> Range | None:
    """Return the subject of the clause before one that “and” or “but” joins to it."""
    t = sentence.tokens
    if not sentence.lex.relatives or not left or left >= len(t) or t[left - 1].low != "," or t[left].kind != "c":
        return None
    return opening_topic(sentence, left)


def is_inverted(sentence: Sentence, left: int, at: int, behind: Range, after: int) -> bool:
    """Return whether the phrase after a verb in second place is its subject.

    Otherwise it is the one before.

    Examples: En dag sade han att … · När X såg det svarade Y: …
    """
    t = sentence.tokens
    if any(sentence.is_personal(token) for token in t[left:at] if token.kind == "o") and not any(token.kind == "v" for token in t[left:at]):
        return False
    pronoun = any(token.start == behind[0] and sentence.is_personal(token) for token in t)
    if t[left].kind == "a":
        return True
    direct = after >= len(t) or t[after].kind in ("mark", "C", "quote", "r", "a", "s")
    opened = left > 0 and t[left - 1].kind == "s" and any(token.kind == "v" for token in t[left:at])
    return direct and (pronoun or opened)


def opens_with_adverbial(sentence: Sentence, start: int, at: int) -> bool:
    """Return whether the clause begins with an adverb or adverbial phrase.

    Its subject then follows the verb.
    """
    return start < at and (sentence.tokens[start].kind in ("a", "r") or sentence.tokens[start].low in sentence.lex.times)
