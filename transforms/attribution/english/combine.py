"""Combine the statements of the tagger with those of the rules.

`tagger` predicts cue, source and content. `rules` adds what the training corpus hardly contains:
chains ("spoke to Reuters"), the antecedent of "who", blocks after a colon, transcripts and headlines.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from dataclasses import replace
from typing import Literal

from newsbeam.transforms.attribution.chains import links
from newsbeam.transforms.attribution.english import rules
from newsbeam.transforms.attribution.english.relays import relays, without_relays
from newsbeam.transforms.attribution.english.tagger import MAX_PARAGRAPH_CHARS, tag
from newsbeam.transforms.attribution.labels import is_label
from newsbeam.transforms.attribution.lexicon import CUE, DET, PREP, SUB, TIME, according_phrases, english, naming_verbs
from newsbeam.transforms.attribution.quotations import MARKS
from newsbeam.transforms.attribution.statement import Statement

Engine = Literal["model", "rules"]


def statements(prose: str, engine: Engine = "model") -> list[Statement]:
    """Return the statements of an English text, ordered by content."""
    reader = rules.read(prose)
    made = (
        without_relays(reader.found, relays(prose, reader.found))
        if engine == "rules"
        else merge_statements(reader, tag(prose, reader.paragraphs))
    )
    made = [_with_chain(prose, found) for found in made + _bare_quotations(prose, reader.uncued, made)]
    named = sorted(span for found in made for span in (*found.via, *([found.speaker] if found.speaker else [])))
    return [found for found in made if not _is_citing(prose, found) or not all(_within(named, piece) for piece in found.content)]


def _bare_quotations(prose: str, uncued: list[tuple[int, int]], made: list[Statement]) -> list[Statement]:
    """Return the quotations that stand as sentences and that nobody is named for."""
    covered = sorted(piece for found in made for piece in found.content)
    return [
        Statement([span], (-1, -1), None, _BARE_SCORE, direct=True)
        for span in sorted(set(uncued))
        if len(prose[slice(*span)].split()) >= _MIN_BARE_WORDS
        and prose[span[1] - 2] in ".!?…"
        and "@" not in prose[slice(*span)]
        and not _touches(covered, span)
    ]


_BARE_SCORE = 0.4
_MIN_BARE_WORDS = 4  # a quotation of fewer words is a name, a title or an emphasis


def _with_chain(prose: str, found: Statement) -> Statement:
    """Add the links of a chain that the rules missed.

    For example: "Yonhap reported, citing KCNA".
    """
    who, via = links(prose, found.content, found.cue, found.speaker or (-1, -1), "en")
    return replace(found, via=via, speaker=who if found.speaker else None) if len(via) > len(found.via) else found


def merge_statements(reader: rules.Reader, tagged: list[Statement]) -> list[Statement]:
    """Merge the tagger's statements with those of the rules.

    The rules contribute chains and antecedents, and whole statements where the tagger has none.
    Lines matched by a layout rule override the tagger.
    """
    text, laid = reader.text, reader.laid
    passed_on = relays(text, reader.found)
    ruled = without_relays(reader.found, passed_on)
    tagged = without_relays(tagged, passed_on)
    lines = sorted((min(found.content[0][0], found.cue[0]), max(found.content[-1][1], found.cue[1])) for found in laid)
    # A name in a chain is not content: according to a report by Foo, citing Bar.
    names = sorted(span for found in ruled for span in (*found.via, *([found.speaker] if found.speaker else [])))
    links = sorted(link for found in ruled for link in found.via)
    tagged = [
        found
        for found in tagged
        if not any(_touches(lines, piece) for piece in (*found.content, found.cue))
        and not all(_within(names, piece) for piece in found.content)
        and text[slice(*found.cue)].lower() not in _NOT_CUES
        and not (_is_citing(text, found) and _begins_at(names, found.cue[1]))
        and not (text[slice(*found.cue)] == ":" and found.speaker and is_label(text[slice(*found.speaker)]))
        # “…,” Doe said, according to Foo: a link of the chain, not a separate statement.
        and not (found.speaker and _is_according_to(text, found) and _touches(links, found.speaker))
    ]
    tagged = _without_others_words(tagged, ruled)
    unread = [(start, end) for start, end in reader.paragraphs if end - start > MAX_PARAGRAPH_CHARS]
    laid_cues = {found.cue for found in laid}
    told: dict[int, int] = {}
    for number, found in enumerate(ruled):
        if found.speaker:
            told.setdefault(found.speaker[0], number)
    starts = sorted((found.cue[0], number) for number, found in enumerate(ruled))
    covered = sorted(piece for found in tagged for piece in found.content)
    begins = sorted((found.content[0][0], number) for number, found in enumerate(tagged))
    used = set()
    joined = []
    for found in tagged:
        index = bisect_left(starts, (found.cue[0] - _MAX_CUE_CHARS, -1))
        while index < len(starts) and starts[index][0] < found.cue[1] and ruled[starts[index][1]].cue[1] <= found.cue[0]:
            index += 1
        if index < len(starts) and starts[index][0] < found.cue[1]:
            number = starts[index][1]
            used.add(number)
            joined.append(_complete(text, found, ruled[number], covered))
        elif found.speaker and _is_according_to(text, found) and found.speaker[0] in told:
            # According to a paper, it says …
            number = told[found.speaker[0]]
            used.add(number)
            joined.append(replace(ruled[number], score=found.score, features=found.features))
        else:
            joined.append(found)
    for number, found in enumerate(ruled):
        wanted = (
            found.cue in laid_cues
            or _is_certain(found)
            or _is_plain_report(text, found)
            or _is_according_to(text, found)
            or _within(unread, found.cue)
        )
        if number not in used and (
            (wanted and not any(_touches(covered, piece) for piece in found.content)) or _is_around(text, found, tagged, begins)
        ):
            joined.append(found)
    joined = [_with_whole_name(text, found) for found in joined if not _REQUEST.fullmatch(text, *found.content[0])]
    return sorted(_resolve_overlaps(text, joined), key=lambda found: (found.content[0], found.cue))


# “did not respond to a request for comment”: nothing is said.
_REQUEST = re.compile(
    r"(?:(?:an?|the|any|our|its|their|several|multiple|repeated|further|written) ){0,3}(?:requests?|inquir(?:y|ies)) for .{1,60}"
)
_NEXT_NAMES = re.compile(r"(?: [A-Z][\w’-]{1,40}){1,3}(?=[,.;)\n]| \()")


def _with_whole_name(text: str, found: Statement) -> Statement:
    """Extend a speaker that ends within a name: “Jane” of “Jane Doe, …, and said”."""
    if found.speaker is None:
        return found
    start, end = found.speaker
    rest = _NEXT_NAMES.match(text, end)
    if rest is None or not text[start:end].isalpha() or not text[start].isupper() or rest.end() > found.cue[0] > end:
        return found
    words = english()[0]
    if any(words.get(word.lower(), 0) & (TIME | CUE) for word in rest[0].split()):
        return found
    return replace(found, speaker=(start, rest.end()))


def _complete(text: str, found: Statement, same: Statement, covered: list[tuple[int, int]]) -> Statement:
    """Complete a tagger statement with the rules' statement at the same cue."""
    if _is_according_to(text, same):
        return replace(same, score=found.score, features=found.features)
    speaker = _better_speaker(text, found.speaker, same)
    if speaker is None or any(link[0] < speaker[1] and speaker[0] < link[1] for link in same.via):
        speaker = same.speaker
    if (
        same.said
        and same.content
        and 3 * _size(found.content) < _size(same.content)
        and all(_within(same.content, p) for p in found.content)
    ):
        found = replace(found, content=same.content)  # a scrap of the clause that the rules read whole
    # The paragraph after “He said:”.
    if same.plain:
        more = [piece for piece in found.content if MARKS.search(text, *piece) and not any(_touches([own], piece) for own in same.content)]
        found = replace(found, content=sorted([*same.content, *more]), score=max(found.score, _PLAIN_SCORE), direct=True)
    block = [piece for piece in same.content if "\n" in text[same.cue[1] : piece[0]] and not _touches(covered, piece)]
    return replace(found, content=[*found.content, *block], speaker=speaker, via=same.via, antecedent=same.antecedent, said=same.said)


def _size(content: list[tuple[int, int]]) -> int:
    return sum(end - start for start, end in content)


def _better_speaker(text: str, tagged: tuple[int, int] | None, same: Statement) -> tuple[int, int] | None:
    """Return the speaker of the tagger or that of the rules.

    The rules know where a noun phrase ends, the tagger what belongs to an apposition.
    """
    ruled = same.speaker
    if tagged is None or ruled is None:
        return tagged or ruled
    sure = same.plain or same.inverted
    if not _touches([ruled], tagged):
        return ruled if sure else tagged
    if tagged[0] != ruled[0]:
        before = text[min(tagged[0], ruled[0]) : max(tagged[0], ruled[0])]
        closer = tagged[1] == ruled[1] and ("," not in before if tagged[0] < ruled[0] else _NAMES.fullmatch(before) is not None)
        return ruled if sure or closer else tagged
    between = text[min(tagged[1], ruled[1]) : max(tagged[1], ruled[1])]
    if tagged[1] > ruled[1]:
        return tagged if _APPENDED.match(between) and not _begins_adverbial(between) else ruled
    cut = _REST_OF_NAME.fullmatch(between) or _RELATIVE.search(text, *tagged)  # within a name or a relative clause
    return ruled if cut or (sure and not _RELATIVE.match(between)) else tagged


_PLAIN_SCORE = 0.85  # at least, of a quotation with a cue and a speaker beside it
_ADVERBS = ("next", "last", "late", "early", "again")
_APPENDED = re.compile(r"\s*(?:[,(]|(?:who|whose|which|of|for)\b)")  # what may follow a noun phrase and belong to it
_NAMES = re.compile(r"(?:[A-Z][\w.'’-]{0,40} ){1,4}")
_REST_OF_NAME = re.compile(r"(?: [A-Z][\w.'’-]{0,40}){1,4}")
_RELATIVE = re.compile(r",? ?(?:who|whose|which)\b")
_FIRST_WORD = re.compile(r"\W*(\w+)")


def _begins_adverbial(words: str) -> bool:
    """Return whether words behind a comma say when, where or how.

    Otherwise they say who somebody is.
    """
    first = _FIRST_WORD.match(words)
    if re.match(r", once (?:more|again)\b", words):
        return True
    if first is None or not words.startswith(","):
        return False
    low = first[1].lower()
    bits = english()[0].get(low, 0)
    return (bool(bits & (PREP | TIME | SUB)) or low.endswith("ly") or low in _ADVERBS) and not bits & DET and low != "of"


def _without_others_words(tagged: list[Statement], ruled: list[Statement]) -> list[Statement]:
    """Take quotations from the tagger's statements.

    They are those with a cue and a speaker of their own.

    Two short quotations in one paragraph are never one statement.
    """
    plain = [(piece, found.cue) for found in ruled if found.plain for piece in found.content]
    plain.sort()
    kept = []
    for found in tagged:
        content = []
        for piece in found.content:
            index = bisect_left(plain, ((piece[1], -1), (-1, -1)))
            near = plain[max(0, index - _MAX_PRECEDING) : index]
            others = [own for own, cue in near if own[1] > piece[0] and not (cue[0] < found.cue[1] and found.cue[0] < cue[1])]
            content += [piece] if not others else []
        if content:
            kept.append(found if content == found.content else replace(found, content=content))
    return kept


# These words give a name to something and report nothing.
_NOT_CUES = frozenset(("known as", "known", "also known as", "formerly known as", "better known as", "named"))
_CITING = frozenset(("citing", "quoting", "cited", "which cited", "who cited"))  # what they name is a link or a source
_MAX_CUE_CHARS = 80  # characters; no cue of the rules is longer


def _is_certain(found: Statement) -> bool:
    return found.said and ((found.direct and found.score > 0.7) or found.inverted or found.score >= _THAT_SCORE)


def _is_around(text: str, found: Statement, tagged: list[Statement], begins: list[tuple[int, int]]) -> bool:
    """Return whether a clause holds all statements of the tagger that it touches.

    Its verb is behind it.

    For example: She would regret that, replied Doe. `begins` are where their contents begin, with their numbers.
    """
    if not (found.said and found.speaker and len(found.content) == 1 and (found.inverted or _is_plain_report(text, found))):
        return False
    start, end = found.content[0]
    near = begins[max(0, bisect_left(begins, (start, -1)) - _MAX_PRECEDING) : bisect_left(begins, (end, -1))]
    inner = [item for item in (tagged[number] for _, number in near) if item.content[-1][1] > start]
    return bool(inner) and end <= found.cue[0] and all(start <= item.cue[0] and item.content[-1][1] <= end for item in inner)


def _is_plain_report(text: str, found: Statement) -> bool:
    """Return whether a clause before its verb is a report.

    So is a name in quotation marks.

    For example: …, it announced this week. · The State Department called the test “reckless.”
    """
    if found.speaker is None:
        return False
    verb = text[slice(*found.cue)].rsplit(None, 1)[-1].lower()
    if found.said:
        return found.content[-1][1] <= found.speaker[0] and found.score >= _CLAUSE_SCORE and verb in _PLAIN_VERBS
    named = text[found.speaker[0]].isupper() and text[slice(*found.speaker)].lower() not in _PRONOUNS
    return named and verb in naming_verbs() and "“" in text[slice(*found.content[-1])].replace('"', "“")


_PLAIN_VERBS = frozenset("said says announced reported confirmed told added".split())
_PRONOUNS = frozenset("i we you he she it they who which that".split())
_CLAUSE_SCORE = 0.75  # of the rules for "…, Doe said"
_THAT_SCORE = 0.85  # of the rules for "Doe said that …"


def _is_according_to(text: str, found: Statement) -> bool:
    """Return whether the cue is “according to” or similar.

    The rules handle these well.
    """
    words = text[found.cue[0] : found.cue[0] + _MAX_CUE_CHARS].lower().split()
    return bool(words) and any(tuple(words[: len(phrase)]) == phrase for phrase in according_phrases()[0].get(words[0], ()))


def _resolve_overlaps(text: str, found: list[Statement]) -> list[Statement]:
    """Resolve overlaps between statements.

    A statement inside the content of another is dropped. Text claimed by two statements goes to the
    one with the higher score.
    """
    pieces = sorted((start, end, number) for number, item in enumerate(found) for start, end in item.content)
    outer = []
    for number, item in enumerate(found):
        index = bisect_left(pieces, (item.cue[0] + 1, -1, -1))
        if not any(end >= item.cue[1] and other != number for _, end, other in pieces[max(0, index - _MAX_PRECEDING) : index]):
            outer.append(item)
    kept = []
    taken: list[tuple[int, int]] = []
    for item in sorted(outer, key=lambda item: (-item.score, item.content)):
        content = [rest for piece in item.content for rest in _untaken_parts(text, taken, piece)]
        size = sum(end - start for start, end in content)
        if 2 * size < sum(end - start for start, end in item.content):
            continue
        for piece in content:
            insort(taken, piece)
        kept.append(item if content == item.content else replace(item, content=content))
    return kept


# number of preceding pieces to check; contents are short, so earlier ones do not reach this far
_MAX_PRECEDING = 8


def _untaken_parts(text: str, taken: list[tuple[int, int]], piece: tuple[int, int]) -> list[tuple[int, int]]:
    """Return the parts of `piece` that are not taken and contain words.

    `taken` is sorted and without overlaps.
    """
    start, end = piece
    rest = []
    index = max(0, bisect_left(taken, (start, -1)) - 1)
    while index < len(taken) and taken[index][0] < end:
        low, high = taken[index]
        if high > start:
            if low > start:
                rest.append((start, low))
            start = max(start, high)
        index += 1
    rest.append((start, end))
    if len(rest) == 1 and rest[0] == piece:
        return rest
    return [(low, high) for low, high in (_trimmed(text, *part) for part in rest) if low < high]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \n\t\u00a0,;":
        start += 1
    while start < end and text[end - 1] in " \n\t\u00a0,;":
        end -= 1
    return start, end


def _within(spans: list[tuple[int, int]], piece: tuple[int, int]) -> bool:
    index = bisect_left(spans, (piece[0] + 1, -1))
    return any(spans[k][1] >= piece[1] for k in range(max(0, index - _MAX_PRECEDING), index))


def _is_citing(text: str, found: Statement) -> bool:
    """Return whether the cue names a link rather than introduces a statement."""
    cue = text[slice(*found.cue)].lower()
    return cue in _CITING or cue.endswith((" citing", " quoting"))


def _begins_at(spans: list[tuple[int, int]], at: int) -> bool:
    """Return whether one of the sorted spans begins at `at`.

    It may also begin behind a blank and an article.
    """
    index = bisect_left(spans, (at, -1))
    return index < len(spans) and spans[index][0] <= at + len(" the ")


def _touches(covered: list[tuple[int, int]], piece: tuple[int, int]) -> bool:
    """Return whether one of the sorted pieces overlaps `piece`.

    Checks only the last few pieces that begin before its end.
    """
    index = bisect_left(covered, (piece[1], -1))
    return any(covered[k][1] > piece[0] for k in range(max(0, index - _MAX_PRECEDING), index))
