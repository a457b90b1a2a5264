"""Extract credits from the text and from removed lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from newsbeam.transforms.attribution.credits import eastern
from newsbeam.transforms.attribution.credits.patterns import (
    CAPITALISED_NAME,
    CAPTION,
    FIGURE,
    LAST_WORD,
    SHORT_NAME,
    any_of,
    credit_patterns,
    dateline_patterns,
)
from newsbeam.transforms.attribution.credits.prefilter import (
    BYLINE,
    CREDIT,
    DATED_LINE,
    EASTERN,
    WIRE,
    credit_signs,
    long_lines,
    marks_credit,
)
from newsbeam.transforms.attribution.lexicon import is_outlet, load
from newsbeam.transforms.attribution.outlets import identify, identify_name
from newsbeam.transforms.document import Credit, CreditKind, Document

_MAX_LINE = 2000  # characters of a line to read: credits are at the edges of lines
# kinds of removals (and <figcaption>) in which a bare "© X" refers to the picture
_CAPTIONS = ("caption", "credit")
_SHORT_LINE = 160  # characters of a line that can be a byline


_Found = dict[tuple[CreditKind, str], Credit]


def credits(document: Document, prose: str) -> tuple[Credit, ...]:
    """Return the credits of a document's text and removed lines.

    Each (kind, name) occurs once, in order of appearance. `prose` is `document.prose`. If there is
    no byline, `document.author` (from the page's metadata) becomes a credit with the author's name
    as `text`.
    """
    found: _Found = {}
    editors: dict[str, str] = {}
    lines = [(kind, line) for kind, block in _blocks(document, prose) for line in long_lines(block)]
    for (kind, line, last), signs in zip(marks_credit(lines), credit_signs([line for _, line in lines]), strict=True):
        if signs or last or kind in _CAPTIONS:
            read, redactors, words = eastern.read(line) if signs & EASTERN else ([], [], "")
            for credit_kind, name in read:
                _put(found, credit_kind, name, words)
            editors.update((name, words) for name in redactors)
            if words != line:
                _line(line, kind, last, signs, found)
    if picture := document.metadata.image_credit.strip()[:200]:
        _put(found, "image", _clean(picture), picture)
    author = document.author.strip()
    if author and not any(kind == "byline" for kind, _ in found) and "://" not in author and "@" not in author and len(author) <= 200:
        for name in _people(re.sub(rf"^{any_of('byline')}\s+", "", author)) or [_clean(author)]:
            if len(name) >= 2:
                _put(found, "byline", name, author)
    if not any(kind == "byline" for kind, _ in found):
        for name, words in editors.items():
            _put(found, "byline", name, words)  # nobody else signs the text
    return tuple(map(_with_outlet, found.values()))


def _with_outlet(credit: Credit) -> Credit:
    """Add the id of a known outlet.

    The name stays as printed: it may have a photographer, too.
    """
    if credit.kind in ("byline", "dateline"):
        return credit
    outlet = identify_name(credit.name) if credit.kind == "copyright" else identify(credit.name)
    return replace(credit, id=outlet.id) if outlet is not None else credit


def _blocks(document: Document, prose: str) -> Iterator[tuple[str, str]]:
    """Return the blocks to read, each with its kind.

    Kinds: text, caption (from markup), or the kind of the removal.
    """
    position = 0
    for start, end in _captions(document.text) if document.markup else ():
        yield "text", prose[position:start]
        yield "caption", " ".join(prose[start:end].split())
        position = end
    yield "text", prose[position:]
    yield from ((removal.kind, removal.text) for removal in document.removed)


def _captions(text: str) -> Iterable[tuple[int, int]]:
    position = 0
    for match in re.finditer(r"<figcaption\b", text, re.I):
        end = text.find("</", match.end()) if match.start() >= position else -1
        while end >= 0 and text[end + 2 : end + 12].lower() != "figcaption" and end - match.end() < _MAX_LINE:
            end = text.find("</", end + 2)
        if end >= 0:
            yield match.start(), end
            position = end


def _line(line: str, kind: str, last: bool, signs: int, found: _Found) -> None:
    if kind in _CAPTIONS or signs & CREDIT or (signs & WIRE and len(line) <= 400):
        _credit_line(line, kind, found)
    dated = bool(signs & DATED_LINE) and _dateline(line, found)
    if len(line) <= _SHORT_LINE and (dated or signs & BYLINE):
        _byline_line(line, last, found)
    if line[-1] in "）)" and (signed := _signing_agency().search(line[-40:])):
        _put(found, "agency", signed["name"], signed.group())
    if len(line) <= _AGENCY_LINE and not dated and (last or signs & DATED_LINE):
        _agencies(line, last, found)


_AGENCY_LINE = 90  # characters of a line that can be a list of agencies


@cache
def _agency_words() -> tuple[dict[str, str], re.Pattern[str], re.Pattern[str]]:
    """Return agencies in lower case, list prefixes and separators."""
    names = {name.lower(): name for name in reversed(load("credits")["agencies"])}
    return (
        names,
        re.compile(rf"^{any_of('agency_source', 'i')}\s*[:：]?\s*"),
        re.compile(r"(?:(?<!\s)\s+)?[/,;|+&•·]\s*|\s(?:and|und|et|y|e|и|en|with|mit|avec|con)\s"),
    )


@cache
def _signing_agency() -> re.Pattern[str]:
    """Return the pattern of an agency behind the last sentence of a text in Japanese or Chinese: …した。（共同）."""
    return re.compile(rf"(?<=[。」』])[（(](?P<name>{any_of('agencies_ja')})[）)]$")


_MARKED_OFF, _MARKED_END = re.compile(r"^[\s(（\[【—–-]+"), re.compile(r"(?<![\s)）\]】.])[\s)）\]】.]+$")
_INITIALS = re.compile(r"[a-z]{2,4}|[A-Z]{2,3}|[a-z]{2,4}\.[a-z]{2}")


def _agencies(line: str, last: bool, found: _Found) -> None:
    """Read a line that consists of agencies and initials.

    Examples: "jd/mm (dpa, AFP)", "Source: Reuters", "— AFP".
    """
    known, source, between = _agency_words()
    rest = line.strip()
    stripped = _MARKED_END.sub("", _MARKED_OFF.sub("", rest)) if rest[0] in "(（[【—–-" else rest.rstrip(" .")
    announced = source.match(stripped)
    if not announced and not last:
        return
    body = stripped[announced.end() :] if announced else stripped
    parts = [part for piece in re.split(r"[()（）]", body) for part in between.split(piece.strip()) if part]
    if not 1 <= len(parts) <= 8 or not any(part.lower() in known for part in parts):
        return
    if not all(part.lower() in known or (_INITIALS.fullmatch(part) and len(parts) > 1) for part in parts):
        return
    if len(parts) == 1 and not announced and rest == parts[0] and not (len(parts[0]) == 3 and parts[0].isalpha()):
        return  # a bare word may be a headline or a link
    for part in parts:
        if part.lower() in known and (part in known.values() or part.islower() or announced):
            _put(found, "agency", part, rest)


def _credit_line(line: str, kind: str, found: _Found) -> None:
    """Read all picture, rights and outlet credits in a line."""
    caption = kind in _CAPTIONS or line[0] in "▲△▼"
    stretch = line if len(line) <= _MAX_LINE else line[-400:]
    image_end = 0
    marked = False
    low = stretch.lower()
    for credit_kind, where, pattern, needs in credit_patterns():
        if needs and not any(need in low for need in needs):
            continue
        if (
            credit_kind in ("dateline", "byline")
            or (where == CAPTION and not caption)
            or (where == FIGURE and kind != "caption")
            or (where == SHORT_NAME and len(line) > _SHORT_LINE)
        ):
            continue
        if credit_kind == "copyright" and (image_end if caption else marked):
            continue  # the "© X" of a caption was read already; a line names one holder
        for match in pattern.finditer(stretch):
            if credit_kind == "image" and match.start() < image_end:
                continue
            done = _add(credit_kind, match, stretch if len(line) <= 400 else match.group().strip(), found)
            if credit_kind == "image" and done:
                image_end = max(image_end, match.end())
            marked = marked or (credit_kind == "copyright" and done)


def _dateline(line: str, found: _Found) -> bool:
    """Read the dateline at the beginning of a line.

    Checks of the first characters avoid most of the patterns.
    """
    first = line[0]
    head = line[:110]
    begins: tuple[str, ...]
    if first in "([【［（〔":
        begins = ("any", "bracket")
    elif "\u0621" <= first <= "\u064a":
        begins = ("any", "arabic", "caseless")
    elif "\u0590" <= first <= "\u0eff":
        begins = ("any", "caseless")
    elif first.isupper() or first in "●•■▲-":
        begins = ("any", "upper", "capitals" if head[:3].isupper() else "upper")
    elif "\u4e00" <= first <= "\u9fff":
        begins = ("any", "any")
    else:
        return False
    for beginning, marks, pattern in dateline_patterns():
        if beginning in begins and marks.search(head):
            match = pattern.search(line[:160])
            if match is not None and _add("dateline", match, line[:160], found):
                return True
    return False


def _byline_line(line: str, last: bool, found: _Found) -> None:
    for credit_kind, where, pattern, _ in credit_patterns():
        if credit_kind == "byline" and (where != LAST_WORD or last):
            match = pattern.search(line)
            if match is not None:
                _add("byline", match, line, found)
    _meta_line(line, found)


_PERSON = re.compile(CAPITALISED_NAME)
_SEGMENT = re.compile(r"(?:(?<!\s)\s+)?[|｜·•]\s*")
_DATED = re.compile(
    r"(?:\w+[.,]*\s+)?(?:\d{1,2}(?:[./-]|\.?\s+)(?:de\s+)?\w+[./ ,-]*(?:de\s+)?\d{4}|\d{4}[-./]\d|\w+\.?\s\d{1,2},?\s\d{4})"
)


def _meta_line(line: str, found: _Found) -> None:
    """Read a line of date and name: 29 October 2031, 14:20 | Jane Doe."""
    segments = _SEGMENT.split(line)
    if not 2 <= len(segments) <= 5 or not any(_DATED.match(segment) for segment in segments):
        return
    for segment in segments[:3]:
        named = _PERSON.fullmatch(segment) and 2 <= len(segment.split()) <= 3 and not segment.isupper() and _is_byline(segment)
        if named and segment.split()[0] not in load("credits")["byline"] and not is_outlet(segment):
            _put(found, "byline", segment, line)
            return


def _add(kind: CreditKind, match: re.Match[str], line: str, found: _Found) -> bool:
    groups = match.groupdict()
    phrase = match.group().strip()
    if kind == "dateline":
        return _add_dateline(match, groups, phrase, found)
    if kind == "byline" and groups.get("names"):
        rest = line[match.end() :].lstrip()
        if line.endswith((".", "!", "?")) and rest.startswith((",", ";")) and len(rest.split()) > 3:
            return False  # "By Christmas Eve, all of them had left."
        people = _people(groups["names"])
        for person in people:
            _put(found, "byline", person, phrase)
        return bool(people)
    name = _clean(groups["name"])
    if kind == "outlet" and not groups["name"]:
        # "Source link": the text is from elsewhere, but the line does not say where
        _put(found, kind, "", phrase)
        return True
    if kind == "copyright":
        name = _holder(groups["name"])
    elif kind == "image":
        name = _photographer(groups["name"])
    elif kind == "outlet":
        name = re.split(r"(?<=[\w)])[.,;:!?。，](?:\s|$)|\s(?:and|on|under|with|at|am|auf)\s", name)[0].strip(" .,;:!?\"“”'’")
        name = re.sub(r"^(?:the website of|the|der|die|das)\s+(?=[a-z])", "", name)
        if name and not (name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or "." in name):
            return False
        if name in load("credits")["agencies"]:
            kind = "agency"  # the source that passed it on
        name = re.sub(r"^(?:in|on|by|dans|en|bei|auf|по|于|於)\s+(?=\S)", "", name)
    elif kind == "byline":
        name = _eastern_name(name)
    if len(name) >= 2 and any(map(str.isalpha, name)) and len(name.split()) <= 10:
        _put(found, kind, name, phrase)
        return True
    return False


def _add_dateline(match: re.Match[str], groups: dict[str, str | None], phrase: str, found: _Found) -> bool:
    agency = _clean(groups.get("agency") or groups.get("wire") or "")
    agency, reporter = _reporter(agency)
    reporter = reporter or _clean(groups.get("reporter") or "")
    together = groups.get("who_where")
    if together:
        # Reporter and place are written together. A name usually has three characters, or two if
        # too little would remain.
        who, _, rest = together.rpartition("、")
        size = 3 if len(rest) >= 5 else 2
        reporter, place = "、".join(filter(None, (who, rest[:size]))), rest[size:]
    else:
        place = _clean(groups["place"] or "")
    if place in load("credits")["agencies_ja"]:
        _put(found, "agency", phrase.strip("【】[]"), phrase)  # 【AFP＝時事】
        return True
    if place in load("credits")["image"] or agency.endswith(("제공", "자료사진")):
        return False  # (사진=…)
    if not place or not _is_place(place, agency, match):
        return False
    _put(found, "dateline", place, phrase)
    if agency and _JAPANESE_PERSONS.fullmatch(agency) and not _ORGANISATION.search(agency) and agency not in load("credits")["agencies"]:
        agency, reporter = "", agency  # 【東京＝甲乙太郎】
    if agency:
        _put(found, "agency", agency, phrase)
    for name in re.split(r"[、,]\s*", reporter):
        if len(name) >= 2:
            _put(found, "byline", name, phrase)
    return True


_JAPANESE_PERSONS = re.compile(r"[\u4e00-\u9fff々ぁ-んァ-ヴー・]{2,8}(?:[、,][\u4e00-\u9fff々ぁ-んァ-ヴー・]{2,8}){0,3}")
_ORGANISATION = re.compile(r"(?:社|通信|新聞|ニュース|放送|テレビ|支局|時事|共同|日報|报|報|网|網|客户端|新闻)$")


def _put(found: _Found, kind: CreditKind, name: str, text: str) -> None:
    found.setdefault((kind, name), Credit(kind, name, text))


_URL = re.compile(r"(?<!\s)\s*&\s*[\w-]+(?:\.[\w-]+)+|(?:\(\s*|(?<!\s)\s+)?(?:https?://|www\.)[^\s)]*\s*\)?|\(\s*[\w-]+(?:\.[\w-]+)+\s*\)")
_YEARS = re.compile(r"(?:^|(?<=\s))(?:19|20)\d\d(?:\s*[-–]\s*(?:\d{2,4}))?(?=$|[\s,.])|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")


def _clean(name: str) -> str:
    name = _URL.sub(" ", name)
    name = _YEARS.sub(" ", name)
    name = re.sub(r"\s+", " ", name).strip(" \t=:：,;|/-–—·.。、\"„“”'‘’[]【】<>©ⓒⒸ*_")
    if name.startswith("«") and name.find("»") == len(name) - 1:
        name = name[1:-1]
    for left, right in ("()", "（）"):
        # A bracket without a partner is dropped; "Jane Doe (AP)" keeps both.
        if name.count(left) != name.count(right):
            name = name.strip(left + right + " ")
        elif name.startswith(left) and name.endswith(right):
            name = name[1:-1].strip()
    return name


@cache
def _tail() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?<=\S)\s*(?:[.,;:|–—-]\s*)?|^)(?<![A-Za-zÀ-ÿ]){any_of('rights', 'i')}.*$"
        rf"|(?:(?<=[^\s.,;:|–—-])|(?<=^[.,;:|–—-]))[\s.,;:|–—-]+{any_of('after_holder', 'i')}.*$"
    )


def _holder(name: str) -> str:
    name = (
        re.sub(r"(?:(?i:copyrights?|by)\s+|저작권자\s*|[©ⓒⒸ]\s*|\([cC]\)\s*)+", "", name.strip(), count=1) if _MARKED.match(name) else name
    )
    name = _tail().sub("", name)
    name = re.split(r"(?<!\s[A-ZА-Я])\.\s|\s[|–—]\s|\s-\s|。|;|…|\s·\s", name)[0]
    name = re.sub(r"^(?:by|copyright)\s+", "", _clean(name), flags=re.I)
    name = _clean(name)
    low = name.lower()
    if not name or len(name) > 60 or low in load("credits")["no_names"]:
        return ""
    if re.search(r"\b[A-Z]\.\s?[A-Z]$", name):
        name += "."  # S. L.
    # A holder has a name; a sentence about copyright law does not.
    return name if _named(name) else ""


_MARKED = re.compile(r"\s*(?:(?:copyrights?|by)\s|저작권자|[©ⓒⒸ]|\([cC]\))", re.I)


def _named(name: str) -> bool:
    """Return whether a phrase is a name.

    A name begins like one and is not a sentence, whose words would be in lower case.
    """
    words = [word for word in re.findall(r"\w+", name) if word[0].isalpha()]
    small = sum(word[0].islower() for word in words)
    begins = (
        name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or name[0] == "@" or "." in name or name in load("credits")["agencies"]
    )
    return begins and small <= max(1, len(words) // 2)


def _photographer(name: str) -> str:
    name = _tail().sub("", name.strip())
    bracket = re.search(r"^(?P<caption>.{4,}?)\s{0,20}[(（](?P<name>[^()（）]{2,60})[)）]\s*\.?$", name)
    if bracket and (len(bracket["caption"].split()) > 3 or bracket["name"].startswith(tuple(load("credits")["agency_ar"]))):
        name = bracket["name"]  # "Photo: the dome at sunset (Foo agency)"
    name = re.split(r"\s[|–—]\s|(?<!\b[A-Z])\.\s+(?=[A-Z])|;", name)[0]
    name = re.sub(r"^(?:by|courtesy of|courtesy|von|par|provided by)\s+", "", _clean(name), flags=re.I)
    name = re.sub(r"(?:(?<!\s)\s+)?(?:제공|자료사진|캡처|캡쳐|提供|撮影|供图|供圖|摄|攝)\s*$", "", name)
    name = re.sub(rf"(?:/{any_of('file_photo')}){{1,9}}$", "", name)
    name = _clean(re.sub(r"^.*(?:©|ⓒ)\s*", "", name))
    if not name or len(name) > 70 or name.lower() in load("credits")["no_names"]:
        return ""
    return name if _named(name) else ""


def _reporter(agency: str) -> tuple[str, str]:
    """Return agency and reporter of "연합뉴스) 김철수 기자" or "AP/Jane".

    The reporter is often missing.
    """
    korean = re.match(r"(?P<agency>.+?)\s{1,20}(?P<name>[가-힣]{2,4})\s?(?:기자|특파원)$", agency)
    if korean:
        return korean["agency"], korean["name"]
    return agency, ""


def _is_place(place: str, agency: str, match: re.Match[str]) -> bool:
    words = place.replace(",", " ").split()
    if len(words) > 5 or words[-1].lower() in load("credits")["no_places"] or words[0].lower() in load("credits")["no_places"]:
        return False
    known = agency.partition("/")[0].strip() in load("credits")["agencies"]
    if "dash" in match.re.groupindex and not match["dash"] and not known:
        # Without a dash, brackets after a capital could mean anything ("Reuters (RTRS)"), so a date
        # or a known agency is required.
        return any(map(str.isdigit, match.group()))
    if "dash" in match.re.groupindex and not known:
        # An unknown agency counts if the place is in capitals, if there is a date, or if the agency
        # is in lower case before a new sentence: Neustadt (xyz) – Der Rat …
        begins = re.match(r"\s+[A-ZÀ-ÖØ-ÞА-ЯЁ„“«»\"]", match.string[match.end() :]) is not None
        return place.isupper() or any(map(str.isdigit, match.group())) or (agency.islower() and len(words) <= 3 and begins)
    return True


def _people(names: str) -> list[str]:
    """Return the people in a byline, or nothing if it does not name people."""
    found = []
    for part in re.split(r"(?:(?<!\s)\s+)?[,&]\s*|(?<!\s)\s+(?:and|und|et|y|e|и)\s+", names.strip(" .,;")):
        name = _clean(re.sub(r"\s(?:in|à|en|aus|at)\s.*$", "", part))
        if name and _is_byline(name):
            found.append(name)
        elif not found:
            return []
    return found


_SMALL = frozenset("de du da do dos van von der den la le del di bin al ten ter e y".split())


def _is_byline(name: str) -> bool:
    words = name.split()
    return (
        2 <= len(words) <= 6
        and all(word[0].isupper() or word in _SMALL for word in words)
        and not any(word.lower() in load("credits")["no_bylines"] for word in words)
    )


def _eastern_name(name: str) -> str:
    """Return the name in a CJK or Arabic byline, else ""."""
    words = load("credits")
    if name in words["no_bylines_east"] or re.search(r"(?:更新|公開|配信|編輯|编辑|提供|社|新聞|新闻|写真|撮影)$", name):
        return ""
    if "\u0600" <= name[0] <= "\u06ff":
        parts = name.split()
        stop = next((index for index, part in enumerate(parts) if part in words["byline_ar_end"]), len(parts))
        return " ".join(parts[: min(stop, 4)]) if stop >= 2 else ""
    return name
