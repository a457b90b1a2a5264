"""Attribution in languages other than English.

Quotations are masked first (one character for the opening mark, another for the rest), so that
patterns treat a quotation as one word and do not look inside. Then each sentence is matched against
the word orders of news in the language: `svo/` for languages with the verb next to its subject,
`cjk/` for Korean, Japanese and Chinese.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from functools import cache

from newsbeam.transforms.attribution.chains import links, without_links
from newsbeam.transforms.attribution.chunks import reader
from newsbeam.transforms.attribution.cjk.chinese import read_chinese
from newsbeam.transforms.attribution.cjk.dispatch import announced, resumed, topic
from newsbeam.transforms.attribution.cjk.japanese import read_japanese
from newsbeam.transforms.attribution.cjk.korean import read_korean
from newsbeam.transforms.attribution.labels import labelled_turns
from newsbeam.transforms.attribution.lexicon import EASTERN, SOURCE_LISTS, WESTERN, classed, load
from newsbeam.transforms.attribution.outlets import identify_name
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.quotations import quotations
from newsbeam.transforms.attribution.sentences import (
    ALONE,
    MIN_SENTENCE_CHARS,
    PARAGRAPH,
    SPEECH_END,
    mask_quotations,
    split_sentences,
    stripped,
)
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import REST, grammar
from newsbeam.transforms.attribution.svo.rules import State, read
from newsbeam.transforms.attribution.tags import tags
from newsbeam.transforms.attribution.thai import read_thai
from newsbeam.transforms.document import SpeakerKind


def has_rules(language: str) -> bool:
    """Return whether there are rules to find speakers in `language`.

    For other languages, quotations are returned without speakers.
    """
    return language in ("en", "th", *WESTERN, *EASTERN) or language in classed()


def statements(prose: str, language: str, people: People) -> list[Statement]:
    """Return the statements in `prose`, ordered by content.

    English has its own function.

    `people` are those of `prose`. For a language without rules, these are bare quotations: cue (-1,
    -1), no speaker.
    """
    found = _read(prose, language, people) if has_rules(language) else _bare_quotations(prose)
    turns = labelled_turns(prose)
    if turns:
        found = [*turns, *_not_covered(found, sorted(turns, key=lambda item: item.content))]
    if has_rules(language) and language != "th":
        found = [inner for item in found for inner in _passed_on(prose, item, language, people)]
        for item in found:
            item.content, outlets = without_links(prose, item.content, language)
            who, via = links(prose, item.content, item.cue, item.speaker or (-1, -1), language)
            if item.speaker is not None and prose[slice(*who)].lower() in _ENGLISH_ARTICLES:
                # informó The Guardian: the article belongs to the outlet, which speaks itself
                who, via = item.speaker, [link for link in via if not item.speaker[0] <= link[0] < item.speaker[1]]
            item.via = _once([*item.via, *outlets], via)
            item.speaker = who if item.speaker is not None else None
    found.sort(key=lambda item: (item.content[0], item.cue))
    return found


def _read(prose: str, language: str, people: People) -> list[Statement]:
    """Return the statements that the rules of `language` find, without their links."""
    if language == "th":
        return read_thai(prose)
    paragraphs = [(match.start(), mask_quotations(prose, match.start(), match.end(), language)) for match in PARAGRAPH.finditer(prose)]
    if language in WESTERN:
        return _western(prose, paragraphs, language, people)
    if language in EASTERN:
        return _eastern(paragraphs, language, people)
    found = _classed(paragraphs, language)
    return found + _not_covered(_bare_quotations(prose), found)


_ENGLISH_ARTICLES = frozenset({"the"})
_APPOSITION = re.compile(r",\s[^\W\d_A-ZÀ-Þ]")


_MIN_INNER_CHARS = 20


def _passed_on(prose: str, item: Statement, language: str, people: People) -> list[Statement]:
    """Return the statements that an outlet passes on, each with a link to it.

    Without such an outlet, returns the statement itself.

    Example: the minister said to Le Monde that the bridge is closed, Reuters reported.
    """
    a, b = item.content[0]
    if item.direct or item.speaker is None or len(item.content) > 1 or b - a < _MIN_INNER_CHARS:
        return [item]
    if identify_name(prose[slice(*item.speaker)]) is None:
        return [item]
    found = [one for one in _read(prose[a:b], language, people) if one.speaker is not None and one.cue[0] >= 0]
    if len(found) != 1:
        return [item]
    for one in found:
        one.content = [(start + a, end + a) for start, end in one.content]
        one.cue = one.cue[0] + a, one.cue[1] + a
        one.speaker = (one.speaker[0] + a, one.speaker[1] + a) if one.speaker else None
        one.via = [item.speaker]
    return found


def _once(first: list[tuple[int, int]], then: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return all links in order, each once."""
    kept: list[tuple[int, int]] = []
    for start, end in [*first, *then]:
        if not any(start < other[1] and other[0] < end for other in kept):
            kept.append((start, end))
    return kept


@cache
def kinds(language: str) -> tuple[tuple[SpeakerKind, tuple[str, ...]], ...]:
    """Return the words of a language for each kind of source, by priority."""
    if language == "en" or not has_rules(language):
        return ()
    data = load(language)
    order: tuple[tuple[SpeakerKind, str], ...] = (
        ("person", "persons"),
        ("publication", "publications"),
        ("document", "documents"),
        ("group", "groups"),
        ("organisation", "organisations"),
    )
    return tuple((kind, tuple(data[key])) for kind, key in order)


_Paragraphs = list[tuple[int, str]]
"""The paragraphs of a text: where each begins, and its characters with the quotations masked."""


def _continues_quotation(sentence: str, offset: int, paragraph: int, found: list[Statement]) -> bool:
    """Add a sentence that is only a quotation to the statement before it.

    Returns whether it did.

    Example: “…,” she said. “…”
    """
    alone = ALONE.fullmatch(sentence)
    if not (alone and found and found[-1].direct and found[-1].cue[0] >= paragraph):
        return False
    found[-1].content.append((alone.start("q") + offset, alone.end("q") + offset))
    return True


def _western(prose: str, paragraphs: _Paragraphs, language: str, people: People) -> list[Statement]:
    g = grammar(language)
    state = State(people=people)
    found: list[Statement] = []
    last_speaker_at = before = 0  # starts of the last speaker's paragraph and of the previous paragraph
    for paragraph, masked in paragraphs:
        if last_speaker_at < before:
            state.last = None
        if len(masked) <= MIN_SENTENCE_CHARS and masked.isalnum():
            before = paragraph
            continue
        for start, end in split_sentences(masked):
            sentence = masked[start:end].replace(SPEECH_END, REST)
            offset = paragraph + start
            if _continues_quotation(sentence, offset, paragraph, found):
                continue
            new = read(sentence, offset, g, state) if len(sentence) > MIN_SENTENCE_CHARS else []
            found += new
            if new and new[-1].speaker is not None:
                state.last, last_speaker_at = new[-1].speaker, paragraph
            if len(sentence) > MIN_SENTENCE_CHARS:
                state.before = stripped(prose, offset, paragraph + end)
        before = paragraph
    found = [item for item in _without_containers(found) if not _overlong(prose, item, language)]
    if language == "ar":
        return found
    more = _classed(paragraphs, language)
    if load(language).get("prefer_classes") == "true":
        found, more = more, found
        if load(language).get("adjectival_endings"):
            more = [item for item in more if item.speaker is None or (_whole(prose, item, language) and _joined(prose, item, language))]
        _complete_speakers(prose, [item for item in found if item.speaker is None], more)
    elif load(language).get("compound") == "true":
        _complete_speakers(prose, found, more)
    return found + _not_covered(more, found)


def _complete_speakers(prose: str, found: list[Statement], more: list[Statement]) -> None:
    """Give statements the speakers of `more`, which have the same cues.

    This concerns those without a speaker, and those whose speaker lacks its apposition.
    """
    named = {item.cue[1]: item.speaker for item in more if item.speaker is not None}
    for item in found:
        other = named.get(item.cue[1])
        if other is None:
            continue
        if item.speaker is None or (other[0] == item.speaker[0] and _APPOSITION.match(prose, item.speaker[1], other[1])):
            item.speaker = other


def _overlong(prose: str, item: Statement, language: str) -> bool:
    """Return whether a speaker extends over the beginning of another clause.

    For example: “Omdat …, zei X dat hij”.
    """
    data = load(language)
    if item.speaker is None or data.get("order") != "verb second":
        return False
    words = prose[slice(*item.speaker)].lower().split()
    return any(word in data["conjunction"] for word in words[1:]) or (len(words) > 2 and words[-1] in data["pronouns"])


def _whole(prose: str, item: Statement, language: str) -> bool:
    """Return whether a speaker is a phrase on its own, and surely a source.

    Not: “sus obras y”, “un cargo que”.
    """
    data = load(language)
    words = prose[slice(*(item.speaker or (0, 0)))].split()
    low = [word.lower() for word in words]
    inner = {*data.get("relatives", ()), *data.get("conjunction", ()), *data.get("subordinators", ())}
    ends = {*inner, *data.get("of", ()), *data.get("clitics", ()), *data["articles"], "e", "y", "et"}
    if not words or low[-1] in ends or any(word in inner for word in low):
        return False
    if low[0] in data.get("of", ()) and low[0] not in data["articles"]:
        return False  # du Sommerset
    if any(word in data.get("auxiliaries", ()) and word not in data.get("of", ()) for word in low):
        return False  # Theresa May ha accusato chi
    if any(word in data.get("times", ()) for word in low[:3]) and not any(word in data["persons"] for word in low):
        return False
    formula = prose[slice(*item.cue)].lower() in data["according_before"]
    if (
        (formula or len(low) <= _LONGEST_PLAIN_SOURCE)
        and low[0] in data["articles"]
        and item.speaker is not None
        and 0 < item.speaker[0] - item.cue[1] <= 1
    ):
        return True  # según el censo
    sources = {term for key in SOURCE_LISTS for term in data[key]}
    return any(word[:1].isupper() for word in words) or any(word in sources or word in data["pronouns"] for word in low)


def _joined(prose: str, item: Statement, language: str) -> bool:
    """Return whether nothing but adverbials and hearers stand between a verb and what is said.

    Not: China anunció un aumento del número de ciudadanos que viven con VIH.
    """
    data = load(language)
    start, end = item.content[0]
    before = prose[max(item.cue[0] - _LONGEST_ARTICLE, 0) : item.cue[0]].lower().split()
    cue = prose[slice(*item.cue)].lower().split()
    if before and before[-1] in data["articles"] and before[-1] not in data.get("clitics", ()):
        return False  # el segundo, la critica
    if before and len(cue) > 1 and prose[slice(*item.cue)].lower() in data["according_before"] and tags(language).of(before[-1]) in "vx":
        return False  # están de acuerdo con
    if prose[item.cue[0] :].lower().startswith(tuple(data.get("idioms", ()))):
        return False  # conta com dez especialistas
    gap = prose[item.cue[1] : item.speaker[0]].lower().split() if item.speaker else []
    if gap and tags(language).of(gap[-1]) == "a":
        return False  # dijo a la multitud de Virginia Occidental
    if start < item.cue[1]:
        return not any(word in _AND for word in prose[end : item.cue[0]].lower().split())
    if before and before[-1] in data.get("impersonal", ()):
        return False  # si dice che
    between = prose[item.cue[1] : start].lower().replace("’", "'").split()
    if item.direct or prose[start : start + 1] in _OPENING_MARKS:
        return not between or prose[:start].rstrip()[-1] in ":," or end - start >= _LONGEST_EMPHASIS
    if cue[-1].startswith(tuple(data.get("informing", ()))):
        return True  # ha informato la Commissione che
    if not between or "," in prose[item.cue[1] : start] or ":" in prose[item.cue[1] : start]:
        return True
    while between and (between[0] in data["adverbs"] or between[0].endswith(("mente", "ment"))):
        between = between[1:]
    timed = any(word in data.get("times", ()) for word in between[:3])
    opens = not between or timed or between[0] in {*data["cut"], *data["hearers"], *data.get("of", ())}
    return opens and not (
        between and (between[-1] in data["articles"] or between[-1] in _WITH_ARTICLE or (len(between) > 1 and between[-1] in data["of"]))
    )


_AND = ("y", "e", "et")
_WITH_ARTICLE = ("no", "na", "do", "da", "ao", "ce", "lo", "quello", "ciò", "del", "al", "du", "au")
_LONGEST_PLAIN_SOURCE = 3  # words: a annoncé la mairie
_LONGEST_ARTICLE = 8  # characters before a cue
_LONGEST_EMPHASIS = 40  # characters of quoted words that are not a statement
_OPENING_MARKS = '"“„«‘'


def _not_covered(more: list[Statement], found: list[Statement]) -> list[Statement]:
    """Those of `more` that touch none of `found`."""
    covered = sorted(span for item in found for span in (*item.content, item.cue))
    starts = [start for start, _ in covered]

    def free(span: tuple[int, int]) -> bool:
        at = bisect_left(starts, span[1])
        return not any(start < span[1] and span[0] < end for start, end in covered[max(at - 8, 0) : at])

    return [item for item in more if all(free(span) for span in (*item.content, item.cue))]


def _classed(paragraphs: _Paragraphs, language: str) -> list[Statement]:
    found: list[Statement] = []
    last: tuple[int, int] | None = None
    last_speaker_at = before = 0
    for paragraph, masked in paragraphs:
        if last_speaker_at < before:
            last = None
        for start, end in _with_closings(masked, language):
            sentence = masked[start:end].replace(SPEECH_END, REST)
            offset = paragraph + start
            if _continues_quotation(sentence, offset, paragraph, found):
                continue
            if len(sentence) <= MIN_SENTENCE_CHARS:
                continue
            new = reader.read(sentence, offset, language, last)
            found += new
            about = new[-1].speaker if new else reader.topic(sentence, offset, language)
            if about is not None:
                last, last_speaker_at = about, paragraph
        before = paragraph
    return found


def _with_closings(masked: str, language: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of sentences.

    “…!” X said. is one, though the quotation ends like a sentence.
    """
    start = -1
    spans = list(split_sentences(masked))
    for number, (first, end) in enumerate(spans):
        start = first if start < 0 else start
        quoted = ALONE.fullmatch(masked[start:end].replace(SPEECH_END, REST))
        if quoted and number + 1 < len(spans) and reader.closes(masked[slice(*spans[number + 1])], language):
            continue
        yield start, end
        start = -1


def _without_containers(found: list[Statement]) -> list[Statement]:
    """Drop a statement whose content contains other statements.

    “Об этом сообщил X” claims the complete sentence before it; statements found inside that
    sentence are better.
    """
    kept = []
    for index, item in enumerate(found):
        a, b = item.content[0]
        inside = (span for other in found[max(index - 4, 0) : index] for span in other.content)
        if item.cue[0] < b or not any(a <= x and y <= b and (x, y) != (a, b) for x, y in inside):
            kept.append(item)
    return kept


def _eastern(paragraphs: _Paragraphs, language: str, people: People) -> list[Statement]:
    read_sentence = {"ko": read_korean, "ja": read_japanese, "zh": read_chinese}[language]
    found: list[Statement] = []
    last: tuple[int, int] | None = None
    # announced speaker of the next sentence, and the verb
    pending: tuple[tuple[int, int], tuple[int, int]] | None = None
    quotation: tuple[int, int] | None = None  # the sentence before, if it is a quotation on its own
    last_speaker_at = before = 0
    for paragraph, masked in paragraphs:
        if last_speaker_at < before:
            last = None
        for start, end in split_sentences(masked):
            sentence = masked[start:end].replace(SPEECH_END, REST)
            alone = ALONE.fullmatch(sentence)
            offset = paragraph + start
            said = resumed(sentence, offset, language) if quotation else None
            if quotation and said:
                new = [Statement([quotation], said[1], said[0], 0.8, direct=True)]
            elif alone and pending:
                new = [Statement([(alone.start("q") + offset, alone.end("q") + offset)], pending[1], pending[0], 0.8, direct=True)]
            else:
                new = read_sentence(sentence, paragraph + start, last, people)
            quotation = (alone.start("q") + offset, alone.end("q") + offset) if alone and not new else None
            pending = None if new else announced(sentence, paragraph + start, language)
            found += new
            about = new[-1].speaker if new else topic(sentence, paragraph + start, language)
            if about:
                last, last_speaker_at = about, paragraph
        before = paragraph
    return found


_MIN_BARE_WORDS = 4  # a quotation of fewer words is a name, a title or an emphasis


def _bare_quotations(prose: str) -> list[Statement]:
    """Return quotations without speakers.

    A quotation must be long enough to be speech, or end like a sentence.
    """
    found = []
    for match in PARAGRAPH.finditer(prose):
        for quotation in quotations(prose, match.start(), match.end()):
            inner = prose[quotation.start : quotation.end].strip("\"“”„‟«»‘’‚'「」『』＂ \u00a0")
            words = len(inner.split()) if " " in inner else len(inner) // 3
            if quotation.closed and (words >= _MIN_BARE_WORDS or (words >= 2 and inner[-1:] in ".!?…。！？,")):
                found.append(Statement([(quotation.start, quotation.end)], (-1, -1), None, 0.4, direct=True))
    return found
