"""Chains: the outlets that passed a statement on.

Examples: "spoke to Reuters", "according to Yonhap, citing KCNA".

Works on the output of any engine: the text, the content, the cue and the speaker. Only the sentence
around the cue is read, with the content masked. A link must name an outlet, or be introduced by
unambiguous words ("as quoted by X").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache

from newsbeam.transforms.attribution.chunks.words import lexicon
from newsbeam.transforms.attribution.lexicon import EASTERN, is_outlet, load
from newsbeam.transforms.attribution.outlets import Outlet, identify, mentions
from newsbeam.transforms.document import Via

Range = tuple[int, int]
NOWHERE = (-1, -1)
_CONTEXT_CHARS = 400  # characters of the sentence to read on either side of cue and speaker
_HIDDEN = "\ue000"
_SENTENCE_END = re.compile(r"[.!?…]{1,20}[\"”’»]?\s+(?=[A-ZÀ-ÖØ-ÞА-ЯЁ“\"«„\[\ue000])|[\n。！？؟]")
_SENTENCE_CLOSING = '.!?…"”’»'
_ABBREVIATED = re.compile(r"(?:\b[A-Z]|\b(?:Mr|Mrs|Ms|Dr|Sen|Rep|Gov|Gen|Lt|Col|St|No|Jan|Feb|Aug|Sept|Oct|Nov|Dec|vs|Inc|Corp|Co|Ltd))\.$")


def via(text: str, content: Sequence[Range], cue: Range, speaker: Range, language: str = "en") -> tuple[Via, ...]:
    """Return the links from the document's outlet to the original speaker.

    `content`, `cue` and `speaker` are ranges of `text`, (-1, -1) if missing. Names are as written,
    without the article. See `origin` for the original speaker.
    """
    return tuple(link(text, a, b) for a, b in links(text, content, cue, speaker, language)[1])


def link(text: str, start: int, end: int, name: str = "", known: Callable[[str], Outlet | None] = identify) -> Via:
    """Create a link: `text[start:end]`, with the normal name of a known outlet.

    Else it has `name`, or the words without article.
    """
    words = text[start:end]
    outlet = known(words)
    return Via(start, end, words, outlet.name, outlet.id) if outlet else Via(start, end, words, name or _outlet_name(words))


def origin(text: str, content: Sequence[Range], cue: Range, speaker: Range, language: str = "en") -> Range:
    """Return the original speaker.

    If the speaker is an outlet that cites another ("Yonhap, citing KCNA"), this is the range of
    KCNA, else `speaker`.
    """
    return links(text, content, cue, speaker, language)[0]


def links(text: str, content: Sequence[Range], cue: Range, speaker: Range, language: str) -> tuple[Range, list[Range]]:
    """Return the original speaker and, in order, the links before it."""
    anchors = [span for span in (cue, speaker) if span[0] >= 0]
    if not anchors:
        return speaker, []
    offset, window = _sentence(text, anchors, content)
    if not _required_words(language).search(window):
        heard = _indirect_object(text, cue, speaker, language) if language not in ("en", *EASTERN) else None
        return speaker, [] if heard is None else [heard]
    if language == "en":
        return _english(text, offset, window, cue, speaker)
    return _foreign(text, offset, window, cue, speaker, language)


def _sentence(text: str, anchors: Iterable[Range], content: Sequence[Range]) -> tuple[int, str]:
    """Return the start of the sentence around cue and speaker, and its text.

    The content is masked.
    """
    spans = list(anchors)
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    low = max(first - _CONTEXT_CHARS, 0)
    high = min(last + _CONTEXT_CHARS, len(text))
    window = text[low:high]
    for a, b in content:
        if a < last and b > first and any(a <= x and y <= b for x, y in spans):
            continue
        begin, end = max(a, low) - low, min(b, high) - low
        while begin < end and window[end - 1] in _SENTENCE_CLOSING:
            end -= 1  # what ends a sentence
        if begin < end:
            window = window[:begin] + _HIDDEN * (end - begin) + window[end:]
    start = 0
    for match in _SENTENCE_END.finditer(window, 0, min(first - low + 1, len(window))):  # the capital that follows, too
        if match.end() <= first - low and not _ABBREVIATED.search(window[max(match.start() - 5, 0) : match.start() + 1]):
            start = match.end()
    end = len(window)
    for match in _SENTENCE_END.finditer(window, last - low):
        if not _ABBREVIATED.search(window[max(match.start() - 5, 0) : match.start() + 1]):
            end = match.start()
            break
    return low + start, window[start:end]


# -- English ----------------------------------------------------------------------------------------------------------

_NP_WORD = (
    r"(?:[A-Z][\w’'.&-]*(?<![.,])|[A-Z]\.|news|agency|agencies|state|state-run|state-owned|television|TV|newspaper"
    r"|daily|broadcaster|network|radio|wire|service|magazine|"
    r"channel|website|media|official|outlet|outlets|local|press|public|national|private|independent|business|weekly"
    r"|regional|tabloid|satellite|run|owned|pro-government|reporters?|journalists?)"
)
_NP = (
    rf"(?P<np>(?:(?:the|a|an|its|his|her|their)\s+)?(?:[A-Z][\w-]+[’']s?\s+(?:the\s+)?)?{_NP_WORD}(?:\s+(?:(?:of|de|del|della|der|du|des)\s+"
    rf"|and\s+(?=[A-Z])|\d{{1,2}}\s+(?=[A-Z]))?{_NP_WORD}){{0,6}})(?:\s*\((?P<short>[A-Z][\w.-]{{1,12}})\))?"
)
_TOLD = re.compile(rf"\b(?:told|tells|telling|informed|tell)\s+{_NP}")
_INTERVIEW = re.compile(
    rf"\b(?:interview|conversation|Q&A|op-ed|column|appearance|call|briefing|article|essay)s?\b(?:\s(?!with\b|on\b"
    rf"|to\b|in\b|for\b|by\b)[\w’'-]+){{0,6}}?\s(?:(?:published|aired|broadcast|carried|printed)\s(?:\w+\s)?)?(?:with"
    rf"|on|to|in|for|by|before\s\w+\s\w+\swith)\s{_NP}"
)
_SPEAKING = re.compile(
    rf"\b(?:[Ss]peaking|[Tt]alking|spoke|talking|talked|comments?|remarks?|statement|statements|e-?mail|e-?mailed"
    rf"|confirmed|said|says|added|wrote|writing)\s+(?:\w+\s){{0,2}}?(?:to|on|with|for|in)\s+{_NP}"
)
_QUOTED_BY = re.compile(
    rf"\b(?:as\s+)?(?:was\s+|were\s+|is\s+|been\s+)?(?:quoted|cited|reported|carried|published|relayed|paraphrased"
    rf"|seen|obtained|translated)\s+(?:\w+ly\s+)?(?:as\s+saying\s+)?(?:\w+\s+){{0,3}}?(?:by|in)\s+{_NP}"
)
_ACCORDING = re.compile(
    rf"\b(?:[Aa]ccording\sto|[Aa]s\sper|(?<=, )per|[Aa]s\s+(?:\w+ly\s)?reported\sby)\s+(?:(?:a|an|the)\s(?:[a-z]+\s)?"
    rf"(?:report|reports|article|dispatch|story|account|interview|transcript)s?\s(?:by|from|in|on|with)\s)?{_NP}"
)
_TRAILING = re.compile(
    rf",\s+{_NP}\s+(?:reported|reports|has\sreported|had\sreported|said|writes|wrote|quoted\s(?:him|her"
    rf"|them)\sas\ssaying)\b(?=[\s.,]{{0,16}}(?:(?:on|late|early|last|this)\s\w+|\w+day|yesterday)?"
    r"(?:,?\s(?:citing|quoting)\s[^.\n]{2,80})?[\s.,]{0,16}$)"
)
_RELAY = re.compile(
    rf",\s{_NP}\s(?:(?P<cue>(?:has\s|had\s)?reported|reports)|said|says|writes|wrote)"
    r"(?:\s(?:on\s\w+|\w+day|yesterday|late\s\w+|earlier))?(?:,?\s(?:citing|quoting)\s[^.\n]{2,80})?(?=[.\s]*$)"
)
_CITING = re.compile(
    r"(?:,\s*|\s)(?:(?:which|who)\s(?:has\s|had\s)?(?:cited|quoted|cites|quotes)|citing|quoting|referring\sto|attributing\sit\sto|attributed\sit\sto)\s+(?P<np>(?:the\s+|a\s+"
    r"|an\s+|its\s+)?(?:[^,.;:()\ue000\n]|(?<=\b[A-Z])\.|(?<=\bSt)\.){2,80}?)(?:\s*\((?P<short>[A-Z][\w.-]{1,12})\))?(?=[,;:\ue000]|(?<!\b[A-Z])(?<!\bSt)\.|\s(?:said"
    r"|reported|that|as|says|reports|on|in)\b|\s*$)"
)
_ACRONYM = re.compile(r"(?:the\s)?[A-Z]{2,6}$")
_REPORT_BY = re.compile(
    rf"\b(?:[Rr]eport|[Rr]eports|article|dispatch|story|interview|account|footage)\s(?:by|from|in|of|with|on|published\sby|aired\sby)\s{_NP}"
)
# A noun that marks an institution of state or law rather than the press: spoke to the Senate.
_INSTITUTION = re.compile(
    r"\b(?:Senate|House|Congress|Parliament|Court|Council|Committee|Commission|Assembly|Nations|Board|Kremlin"
    r"|Pentagon|FBI|CIA|Police|police|Ministry|Department|Union|Knesset|Duma|Bundestag|Army|Party|University"
    r"|Security)\b"
)


@cache
def _required_words(language: str) -> re.Pattern[str]:
    """Return a pattern that every sentence with a link matches."""
    if language == "en":
        return re.compile(
            r"\b(?:[Tt]old|tells?|telling|[Ii]nterview|[Ss]peaking|spoke|talking|comments?|remarks?|statement|e-?mail\w*"
            r"|[Qq]uoted|[Cc]it(?:ed|ing)|quoting|[Aa]ccording|[Aa]s per|, per |reported|[Rr]eports?|"
            r"said (?:on|to|in)|says on|carried|published|[Aa]rticle|dispatch|story|added|conversation|appearance|call"
            r"|writes|wrote|Q&A|column)\b"
        )
    data = load(language)
    words = [word for key in ("hearing", "citing", "passing", "quoted") for word in data.get(key, ())]
    words += [word for key in ("hearing", "passing", "citing") for kind in ("after", "endings") for word in data.get(f"{key}_{kind}", ())]
    return re.compile("|".join(map(re.escape, words)) if words else r"(?!)", re.I)


def _english(text: str, offset: int, window: str, cue: Range, speaker: Range) -> tuple[Range, list[Range]]:
    reporting: list[Range] = []  # who passes the statement on: nearest to the document
    hearing: list[Range] = []  # who heard the statement: nearest to the speaker
    who = speaker
    name = text[speaker[0] : speaker[1]] if speaker[0] >= 0 else ""

    def add(to: list[Range], match: re.Match[str], sure: bool = False) -> None:
        a, b = match.span("np")
        a, b = a + offset, b + offset
        words = _trim_outlet(text[a:b])
        b = a + len(words)
        if match.groupdict().get("short") and b == match.end("np") + offset:
            b = match.end() + offset
        if _overlaps((a, b), who) or any(_overlaps((a, b), other) for other in (*reporting, *hearing)):
            return
        if _outlet(words) or (sure and not _INSTITUTION.search(words) and any(word[0].isupper() for word in words.split())):
            to.append((a, b))

    # The outlet that cites: Yonhap, citing KCNA · X reported, quoting Y
    citing = _CITING.search(window)
    if citing and (cue[0] < 0 or speaker[0] >= 0):
        a, b = citing.span("np")
        words = _origin_words(citing["np"])
        cited = (a + offset, a + offset + len(words))
        if citing["short"] and len(words) == b - a:
            cited = (cited[0], citing.end("short") + 1 + offset)
        if _overlaps(cited, speaker) and speaker[0] >= citing.start() + offset:
            # The rules have the source already; whoever cites it comes before it.
            carrier = next((match for match in _ACCORDING.finditer(window) if match.end() <= citing.start() + 2), None)
            if carrier is not None:
                add(reporting, carrier)
        elif _overlaps(cited, speaker):
            outlet = speaker[0], citing.start() + offset
            who = cited
            reporting += _outlets_in(text, outlet) or [_without_comma(text, outlet)]
        elif _outlet(name) or _REPORT_BY.search(name) or (_ACRONYM.match(name) and text[slice(*cue)] in ("reported", "reports")):
            # The speaker only reports the statement.
            if _outlet(words) or not re.search(r"\d", words):
                who = cited
                reporting += _outlets_in(text, speaker) or [_without_comma(text, speaker)]
        else:
            carrier = next((match for match in _ACCORDING.finditer(window) if match.end() <= citing.start() + 2), None)
            if carrier is not None:
                add(reporting, carrier)
            hearing_before = len(hearing)
            if (_outlet(words) or _ACRONYM.match(words)) and not _overlaps(cited, speaker):
                hearing.insert(hearing_before, cited)
    elif speaker[0] >= 0 and _REPORT_BY.search(name):
        reporting += _outlets_in(text, speaker)
    for match in _QUOTED_BY.finditer(window):
        add(reporting, match, sure=bool(re.match(r"(?:as\s+)?(?:\w+\s)?(?:quoted|cited)", match.group())))
    for match in _ACCORDING.finditer(window):
        if match.start() + offset != cue[0] or not _overlaps((match.start("np") + offset, match.end("np") + offset), speaker):
            add(reporting, match)
    for match in _TRAILING.finditer(window):
        add(reporting, match, sure=" reported" in match.group() and speaker[0] >= 0)
    for pattern in (_TOLD, _INTERVIEW, _SPEAKING):
        for match in pattern.finditer(window):
            if match.start("np") + offset >= speaker[0] or pattern is not _TOLD or speaker[0] >= cue[0]:
                add(hearing, match)
    return who, [*reporting, *hearing]


def _overlaps(one: Range, other: Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _trim_outlet(words: str) -> str:
    """Strip words after a name: Reuters on Monday · Reuters Wednesday · CNN's."""
    return re.sub(
        r"['’]s$|(?<!\s)\s+(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|yesterday|today|and|of"
        r"|news conference|press conference|press)$",
        "",
        words,
    )


def _origin_words(words: str) -> str:
    return re.split(r"\s(?:as\ssaying|that|said|reported|reports|on\s(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b", words)[0].strip()


_MEDIA = re.compile(
    r"\b(?:state|local|national|Russian|Chinese|public|official)\s(?:TV|television|media|radio)\b|\b(?:Times|Post"
    r"|Journal|Herald|Tribune|Courier|Gazette|Guardian|Telegraph|Mail|News|Chronicle|Observer|Globe|Star|"
    r"Mirror|Express|Standard|Examiner|Inquirer|Review|Monitor|Daily|Weekly|Dispatch|Sentinel|Register|Bulletin|Echo"
    r"|Argus|Spectator|TV|Radio|Television|agency|newspaper|broadcaster|magazine|channel|network)\b"
)
_NOT_OUTLET = re.compile(
    r"^(?:the\s|a\s|an\s)?(?:\w+\s)?(?:reporters?|journalists?|media|press|news|radio|website|public|network"
    r"|channel)$|\b(?:conference|reporters|journalists|Security Agency|Press Secretary|Intelligence Agency)\b"
)


def _outlet(words: str) -> bool:
    """Return whether a phrase names an outlet, unlike "the media"."""
    if not words or _NOT_OUTLET.search(words):
        return False
    if re.match(r"(?:the\s)?(?:President|Prime|Minister|Senator|Rep|Gov|House|Senate)\b", words):
        return False
    return (is_outlet(words) or _MEDIA.search(words) is not None) and not re.search(
        r"\b(?:University|Agency for|Energy Agency|Security Council|Environmental)\b", words
    )


def relay_pattern() -> re.Pattern[str]:
    """Return the pattern of an outlet that ends a sentence.

    The outlet passes the sentence on.

    Group `np` is its name; `cue` is set where the verb leaves no doubt that it is one.
    """
    return _RELAY


def is_outlet_phrase(words: str) -> bool:
    """Return whether a noun phrase names an outlet."""
    return _outlet(_trim_outlet(words))


def _outlets_in(text: str, span: Range) -> list[Range]:
    """Return the outlet in a phrase: Yonhap in "a report by Yonhap"."""
    words = text[span[0] : span[1]]
    match = _REPORT_BY.search(words)
    if match is None:
        return []
    a, b = match.span("np")
    parts = [(part.start(1), part.end(1)) for part in _JOINED.finditer(match["np"])]
    if len(parts) > 1 and all(_outlet(match["np"][low:high]) for low, high in parts):
        return [(span[0] + a + low, span[0] + a + high) for low, high in parts]
    if not _outlet(match["np"]):
        return []
    return [(span[0] + a, span[0] + (match.end() if match["short"] else b))]


_JOINED = re.compile(r"(?:^|\sand\s)((?:(?!\sand\s)[^\n])+)")  # AP and TASS


def _without_comma(text: str, span: Range) -> Range:
    """Return the range without a trailing comma."""
    words = text[span[0] : span[1]].rstrip(" ,")
    return span[0], span[0] + len(words)


_ARTICLE = re.compile(r"^(?:(?:the|a|an|der|die|das|dem|den|la|le|les|el|los|il|lo|o|de|het)\s{1,9}|l['’]\s{0,9})(?=\S)", re.I)
_GENERIC = re.compile(
    r"^(?:(?:state\s|local\s|Russian\s|Chinese\s)?(?:news\sagency|newspaper|broadcaster|magazine|daily|agency)\s+|"
    r"(?:Nachrichtenagentur|Zeitung|Sender|Magazin|agencia|diario|periódico|agence|journal|quotidien|chaîne"
    r"|агентству|агентство|агентства|газете|газета|изданию|وكالة|لوكالة|صحيفة|لصحيفة|قناة)\s+)(?=\S)"
)


def _outlet_name(words: str) -> str:
    """Return the outlet's name.

    Strips the article, generic noun, quotation marks and abbreviation in brackets.
    """
    name = re.sub(r"(?:(?<!\s)\s+)?\([^()]*\)$", "", words.strip())
    name = (
        _ARTICLE.sub("", name)
        if not name.startswith(("The ", "Le ", "La ", "El ", "Die ", "Der ", "Das ", "Il "))
        else name[name.index(" ") + 1 :]
        if name.startswith("The ")
        else name
    )
    stripped = re.sub(r"(?<=\w)\s(?:news\sagency|news\swire|newspaper|magazine|통신사?)$", "", _GENERIC.sub("", name))
    return stripped.strip(" \"“”„«»'’‘") or name


# -- other languages --------------------------------------------------------------------------------------------------


def without_links(text: str, content: Sequence[Range], language: str) -> tuple[list[Range], list[Range]]:
    """Return the content without clauses that name a link.

    Also returns the outlets of those at its end.

    Examples: (Le pont est fermé), rapporte Reuters · citant Yonhap, (le pont est fermé).
    """
    pieces = [piece for piece in content if not (len(content) > 1 and _begins_with_link(text, piece, language))]
    if not pieces:
        return list(content), []
    pieces[0] = _after_head(text, pieces[0], language), pieces[0][1]
    tail = _tail(text, pieces[-1], language)
    if tail is not None:
        comma, outlet = tail
        pieces[-1] = pieces[-1][0], comma
        return pieces, [outlet]
    return pieces, []


_MAX_LINK_CHARS, _MAX_LINK_WORDS = 70, 8
_MIN_CONTENT_CHARS = 6
_COMMAS = ",،，、"
_SPACE_AND_COMMAS = " ,،，、"


def _begins_with_link(text: str, piece: Range, language: str) -> bool:
    return _beginning(language).match(text, *piece) is not None


@cache
def _beginning(language: str) -> re.Pattern[str]:
    """Compile the words that introduce an outlet in a clause of its own."""
    data = load(language)
    words = sorted({*data.get("citing", ()), *data.get("quoted", ())}, key=lambda word: (-len(word), word))
    return re.compile(rf"\s*(?:{'|'.join(map(re.escape, words))})(?<!\w\s)(?:\s|(?<=['’]))" if words else r"(?!)")


def _after_head(text: str, piece: Range, language: str) -> int:
    """Return where the content begins, behind a clause that names a link."""
    a, b = piece
    if language in ("ko", "ja"):
        match = _link_patterns(language)["citing"].match(text, a, min(b, a + _MAX_LINK_CHARS))
        end = match.end() if match else a
    else:
        end = -1
        if _begins_with_link(text, piece, language):
            end = min((at for at in (text.find(comma, a, min(b, a + _MAX_LINK_CHARS)) for comma in _COMMAS) if at >= 0), default=-1)
        end = max(end, a)
    if end > a:
        while end < b and text[end] in _SPACE_AND_COMMAS:
            end += 1
    return end if b - end >= _MIN_CONTENT_CHARS else a


def _tail(text: str, piece: Range, language: str) -> tuple[int, Range] | None:
    """Return where a last clause such as ", rapporte Reuters" begins, and its outlet."""
    a, b = piece
    comma = max(text.rfind(sign, max(b - _MAX_LINK_CHARS, a), b) for sign in ",،")
    clause = text[comma + 1 : b]
    if comma - a < _MIN_CONTENT_CHARS or len(clause.split()) > _MAX_LINK_WORDS:
        return None
    named = mentions(clause)
    if len(named) != 1:
        return None
    rest = clause[: named[0].start] + clause[named[0].end :]
    small = [word for word in re.findall(r"[^\W\d_]+", rest) if word[0].islower()]
    verbs = lexicon(language).reporting
    if not any(word in verbs for word in small) or re.search(r"[\d?!]|(?<!^)[A-ZА-ЯЁ]", rest.strip()):
        return None
    article = clause[: named[0].start].rpartition(" ")[0].rpartition(" ")[2]
    start = named[0].start - len(article) - 1 if article and article in load(language).get("articles", ()) else named[0].start
    return comma, (comma + 1 + start, comma + 1 + named[0].end)


def _foreign(text: str, offset: int, window: str, cue: Range, speaker: Range, language: str) -> tuple[Range, list[Range]]:
    patterns = _link_patterns(language)
    reporting: list[Range] = []
    hearing: list[Range] = []
    who = speaker
    name = text[speaker[0] : speaker[1]] if speaker[0] >= 0 else ""
    for match in patterns["citing"].finditer(window):
        a, b = match.start("np") + offset, match.end("np") + offset
        b = _before_verb(text, a, b, language)
        b = a + len(text[a:b].rstrip(" ,،、，"))
        if b - a < 2 or _HIDDEN in match["np"]:
            continue
        if _overlaps((a, b), speaker):
            if speaker[0] < match.start() + offset:
                reporting.append(_without_comma(text, (speaker[0], match.start() + offset)))
                who = (a, min(b, max(speaker[1], a)))
            continue
        if _names_outlet(name, language):
            last = match.start() + offset
            reporting.append(_without_comma(text, (speaker[0], min(speaker[1], last) if speaker[0] < last else speaker[1])))
            who = (a, b)
        elif _names_outlet(text[a:b], language):
            reporting.append((a, b))
        break
    cited = patterns["cited"].search(window, max(speaker[1] - offset, 0)) if "cited" in patterns else None
    if cited is not None and _names_outlet(name, language):
        who = cited.start("np") + offset, cited.end("np") + offset  # एजेंसी ने X के हवाले से बताया
        reporting.append(speaker)
    for key, to in (("passing", reporting), ("quoted", reporting), ("hearing", hearing)):
        for match in patterns[key].finditer(window) if key in patterns else ():
            a, b = match.start("np") + offset, match.end("np") + offset
            b = a + len(text[a:b].rstrip(" ,،、，"))
            a += len(text[a:b]) - len(text[a:b].lstrip())
            b = _before_verb(text, a, _outlet_end(text, a, b), language)
            b = a + len(text[a:b].rstrip())
            if b > a and (lead := _LEAD.match(text, a, b)):
                a = lead.end()  # uvedl pro ČTK
            if text[a] in _CLOSING and (close := text.find(_CLOSING[text[a]], a + 1, b)) > 0:
                b = close + 1  # изданию «Новости» инженер
            if (
                key == "hearing"
                and language not in EASTERN
                and who[0] + 1 < match.start() + offset
                and b <= who[1]
                and _names_outlet(text[a:b], language)
            ):
                # said Jane Doe in an interview with Reuters
                who = who[0], who[0] + len(text[who[0] : match.start() + offset].rstrip(" ,"))
            if (
                b <= a
                or _overlaps((a, b), who)
                or any(_overlaps((a, b), other) for other in (*reporting, *hearing))
                or _HIDDEN in text[a:b]
            ):
                continue
            if _AUDIENCE.search(text[a:b]):
                continue
            quoted = key == "hearing" and text[a] in _CLOSING and text[b - 1 : b] == _CLOSING[text[a]]
            if quoted or _names_outlet(text[a:b], language) or (_OUTLET_CONTEXT.search(match.group()) and not _SMALL.match(text, a)):
                to.append((a, b))
    heard = _indirect_object(text, cue, who, language) if language not in EASTERN else None
    if heard is not None and not any(_overlaps(heard, other) for other in (*reporting, *hearing)):
        hearing.append(heard)
    for role, span in _postposed(offset, window, language):
        if not any(_overlaps(span, other) for other in (who, *reporting, *hearing)):
            (reporting if role == "passing" else hearing).append(span)
    outlet = _trailing_outlet(text, who) if not hearing and who[0] >= 0 and language != "de" else None
    if outlet is not None:
        hearing.append(outlet)  # сказал Иван Примеров РИА Новости
        who = who[0], who[0] + len(text[who[0] : outlet[0]].rstrip(" ,"))
    return who, [*reporting, *hearing]


def _indirect_object(text: str, cue: Range, speaker: Range, language: str) -> Range | None:
    """Return the outlet that follows a verb whose subject precedes it.

    For example: X fortalte Bergens Tidende at ….
    """
    if cue[0] < 0 or not 0 <= speaker[0] < cue[0]:
        return None
    match = _NAMES.match(text, cue[1])
    if match is None or _overlaps(match.span("np"), speaker) or not _names_outlet(match["np"], language):
        return None
    return match.span("np")


_NAMES = re.compile(r"\s(?P<np>[A-ZÀ-ÖØ-Þ][\w.-]{1,30}(?: [A-ZÀ-ÖØ-Þ][\w.-]{1,30}){0,3})(?!\w)")


_CLOSING = {"«": "»", "„": "”", "“": "”", '"': '"'}


_LEAD = re.compile(r"(?:dla|pro|za|w|u|v)\s(?:[a-zà-ž]{2,12}\s)?(?=[A-ZÀ-ÞČŠŽ])")


def _before_verb(text: str, start: int, end: int, language: str) -> int:
    """Return the end of a cited source before a reporting verb.

    For example: s odvoláním na zdroj napsala.
    """
    verbs = lexicon(language).verbs
    return next(
        (word.start() + start for word in re.finditer(r"[^\W\d_]+", text[start:end]) if word.start() and word.group() in verbs), end
    )


def _postposed(offset: int, window: str, language: str) -> list[tuple[str, Range]]:
    """Return outlets whose endings, or the words after them, say what they do.

    For example: NTV'ye, Reuters'ın aktardığına göre.
    """
    data = load(language)
    keys = [key for key in ("passing", "hearing") if f"{key}_after" in data or f"{key}_endings" in data]
    found: list[tuple[str, Range]] = []
    for mention in mentions(window) if keys else ():
        end = mention.end
        while end < len(window) and (window[end].isalpha() or window[end] in "'’"):
            end += 1
        rest = window[end:].lstrip()
        for key in keys:
            if rest.startswith(tuple(data.get(f"{key}_after", ()))) or window[mention.start : end].endswith(
                tuple(data.get(f"{key}_endings", ()))
            ):
                found.append((key, (mention.start + offset, end + offset)))
                break
    return found


def _outlet_end(text: str, start: int, end: int) -> int:
    """Return the end of a known outlet's name that begins a longer phrase.

    Example: La Stampa ripresa da.
    """
    named = mentions(text[start:end])
    if not named:
        return end
    after = text[start + named[0].end : end]
    return start + named[0].end if re.match(r"\s[a-zà-ÿа-яёіїє]|[가-힣]", after) and not re.match(r"(?:통신|신문|방송)", after) else end


# Words before the name of an outlet, known or not; and words for an audience that is not an outlet.
_OUTLET_CONTEXT = re.compile(
    r"interview|entrevista|entretien|micro|Gespräch|интервью|эфире|intervista|microfoni|wywiad|інтерв|antenie"
    r"|агентств|издани|газет|телеканал|портал|радиостанц|видан|агенці|Nachrichtenagentur|Zeitung|"
    r"Sender|Magazin|agencia|diario|periódico|cadena|agence|journal|quotidien|لوكالة|لصحيفة|لقناة|لجريدة|لشبكة|לעיתון|לסוכנות|לערוץ|لإذاعة|persbureau|krant|agencji|gazecie"
    r"|dzienniko|tygodniko|portalo|agentu[rř]|deník|týdeník|serveru?\b|portalu|dnevnik|tjednik|agencij",
    re.I,
)
_AUDIENCE = re.compile(
    r"[Jj]ournalist|[Rr]eporter|periodistas|[Pp]resse\b|Bürger|журналіст|журналист|репорт[её]р|dziennikarz|giornalisti|jornalistas|手紙|本紙$"
)
_SMALL = re.compile(r"[a-zà-ÿа-яёіїєґά-ώ\d]")


def _trailing_outlet(text: str, span: Range) -> Range | None:
    """Return the outlet after the name of a speaker, else None.

    Example: сказал Иван Примеров РИА Новости.
    """
    words = text[span[0] : span[1]]
    for mention in mentions(words):
        before = words[: mention.start].split()
        if mention.end == len(words) and before and all(word[0].isupper() for word in before[-2:]):
            return None if _GENERIC.match(f"{before[-1]} x") else (span[0] + mention.start, span[1])
    return None


_NO_CUT = ("\ue001",)  # a language without words that end a phrase


@cache
def _link_patterns(language: str) -> dict[str, re.Pattern[str]]:
    """Compile patterns of hearers, cited sources and intermediaries.

    From the word lists of the language.
    """
    data = load(language)

    def words(key: str) -> str:
        listed = {form for word in data.get(key, ()) for form in (word, word[:1].upper() + word[1:])}  # also first in a sentence
        found = sorted(map(re.escape, listed), key=lambda word: (-len(word), word))
        return "(?:" + "|".join(found) + ")" if found else "(?!)"

    if language not in EASTERN:
        cut = "|".join(sorted(map(re.escape, data.get("cut") or _NO_CUT), key=lambda word: (-len(word), word)))
        noun = (
            rf"(?P<np>(?:(?!\s(?:{cut})(?=\s))[^,،.;:()\n{_HIDDEN}–—]|(?<=\b[A-ZА-Я])\.){{2,70}}?)(?=\s(?:{cut})(?=\s)"
            rf"|[,،.;:()\n{_HIDDEN}–—]|\s*$)"
        )
        made = {
            key: re.compile(rf"(?<!\w){words(key)}(?:(?<=['’])|\s)(?:[a-zà-ÿа-яё]+\s(?=[A-ZА-Я«„“\"]))?{noun}")
            for key in ("citing", "hearing", "passing", "quoted")
        }
        if "citing_after" in data:
            source = rf"(?P<np>(?:(?!ने\s)[^,।\s{_HIDDEN}]{{1,30}}\s){{0,5}}?(?!ने\s)[^,।\s{_HIDDEN}]{{1,30}})"
            made["cited"] = re.compile(rf"(?:^|[,\s])(?:ने\s)?{source}\s{words('citing_after')}")
        return made
    edge = rf"[^\s、。，,「」“”{_HIDDEN}]"
    if language == "ko":
        return {
            "citing": re.compile(rf"(?P<np>(?:{edge}{{1,60}}(?<![은는이가에])\s){{0,2}}?{edge}{{1,60}}?)(?:을|를)\s(?:{words('citing')})"),
            "hearing": re.compile(rf"(?P<np>(?:(?<=\s)|^)(?:[A-Z][\w.]*\s)?{edge}+?)(?:{words('hearing')})"),
            "passing": re.compile(rf"(?P<np>(?:(?<=\s)|^)(?:[A-Z][\w.]*\s)?{edge}+?)(?:{words('passing')})"),
        }
    if language == "ja":
        return {
            key: re.compile(rf"(?P<np>[^\s、。「」はがをに{_HIDDEN}]{{2,24}}?)(?:{words(key)})") for key in ("citing", "hearing", "passing")
        }
    return {
        "citing": re.compile(
            rf"(?:{words('citing')})(?P<np>[^\s，。：:“”{_HIDDEN}]{{2,30}}?)(?:的(?:话|話|消息|报道|報道|说法|說法|数据|數據|报告|報告|表态)|消息|报道|報道|"
            rf"(?=说|說|称|稱|表示|指|，|：|:|$|{_HIDDEN}))"
        ),
        "hearing": re.compile(
            rf"(?:{words('hearing')})(?P<np>[^\s，。：:“”的{_HIDDEN}]{{2,16}}?)(?=记者|記者|的?(?:采访|採訪|专访|專訪|访问|訪問)|说|說|称|稱|表示|透露|指出|坦言|[证證][实實]|承[认認]|解[释釋]|[强強][调調]|介[绍紹]|[补補]充|披露|[否]?[认認][为為]?|时|時|，|：|:|{_HIDDEN})"
        ),
        "passing": re.compile(rf"(?:{words('passing')})(?P<np>[^\s，。：:“”{_HIDDEN}]{{2,20}}?)(?=报道|報道|消息|说|称|，)"),
    }


def _names_outlet(name: str, language: str) -> bool:
    """Return whether a phrase in `language` names an outlet."""
    low = f" {name.lower()}"
    if is_outlet(name):
        return True
    anywhere = language in ("de", "ko", "ja", "zh", "ar", "nl")
    return any(
        (term if anywhere else f" {term}") in low or f"'{term}" in low or f"’{term}" in low for term in load(language)["publications"]
    )
