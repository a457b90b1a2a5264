"""Whose picture, whose wire copy, whose rights: credits read from the text and from lines that were taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from transforms.attribution.lexicon import load
from transforms.document import Credit, CreditKind, Removal

_NAME = r"[^\n\[\]()|©ⓒ<>]{1,80}?"
_MAX_LINE = 2000  # characters of a line that are looked at: a credit stands at the edge of its line


@cache
def _patterns() -> list[tuple[CreditKind, re.Pattern[str]]]:
    words = load("credits")
    photo = "|".join(sorted(map(re.escape, words["image"]), key=lambda word: (-len(word), word)))
    rights = "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in words["rights"]), key=lambda word: (-len(word), word)))
    first = "|".join(sorted((re.escape(word).replace(r"\ ", r"\s+") for word in words["outlet"]), key=lambda word: (-len(word), word)))
    by = "|".join(map(re.escape, words["byline"]))
    agencies = "|".join(sorted(map(re.escape, words["agencies"]), key=lambda word: (-len(word), word)))
    month = r"[A-Z][a-z]{2,8}\.?"
    date = rf"(?:{month}\s+\d{{1,2}}(?:,\s*\d{{4}})?|\d{{1,2}}\.?\s+{month}(?:\s+\d{{4}})?)"
    bureau = rf"(?P<agency>(?:{agencies})(?:[/,; ][^()\n]{{0,40}})?|[A-Z][\w.]*(?:[ /][A-Z][\w.]*){{0,3}})"
    upper, person = "A-ZÀ-ÝА-ЯЁ", r"[^\n\d,|:;.!?]"
    stock = "Getty Images|AP Images|Shutterstock|iStock"
    sources: list[tuple[CreditKind, str, int]] = [
        # [Image source=Foo] · (Photo by X/AFP via Getty Images)
        (
            "image",
            rf"[\[(（［【<〈]\s*(?:{photo})\s*(?:[=:：/|ⓒ©-]|\bby\b|\bvia\b)\s*(?P<name>[^\]\[)）］】>〉\n]{{1,120}})[\])）］】>〉]",
            re.I,
        ),
        # Photo: AP/Jane Doe · 사진=… · Foto: …, as a line, at its end, or behind a slash
        ("image", rf"^\s*[▲△■◆*•]?\s*(?:{photo})\s*(?:[=:：]\s*|\s(?:by|via)\s+|\s*[ⓒ©]\s*)(?P<name>[^\n]{{1,100}})$", re.I),
        ("image", rf"(?:[.!?。…)\]”\"'’]\s*|\s[|–—/／-]\s|[/／])(?:{photo})\s*[=:：]\s*(?P<name>[^\n/]{{1,80}})$", re.I),
        ("image", rf"(?P<name>[^\n()\[\].]{{0,60}}?(?:/|\bvia\s+)(?:{stock})\b[^\n()\[\].]{{0,30}})", re.I),
        ("image", rf"^\s*(?P<name>(?:{stock}|AP Photo|AFP PHOTO|Unsplash|Pixabay)(?:/[^\n]{{1,50}})?)\s*$", re.I),
        # © 2024 The Foo Daily · Copyright ⓒ …
        (
            "copyright",
            r"(?:©|ⓒ|\(c\)\s?(?=\d{4})|copyright\s*(?:©|ⓒ|\(c\)|(?=(?:by\s+)?\d{4}\b)|(?::\s*)|by\s+))\s*(?P<name>[^\n]{1,160})",
            re.I,
        ),
        ("copyright", rf"^\W*(?P<name>[^\n,.©ⓒ]{{2,60}}?)\s*(?:[-–—|,.]\s*)(?:{rights})", re.I),
        # Seoul, Sep 4 (NationPress) · BEIJING (Reuters) –
        (
            "dateline",
            rf"^\s*(?:[●•■▲-]\s*)?(?P<place>[A-Z][A-Za-zÀ-ÿ.'’ ,/-]{{1,50}}?),?\s*{date}?,?\s*[(\[]{bureau}[)\]]\s*(?P<dash>[-–—:]+)?",
            0,
        ),
        # (서울=연합뉴스) · 【東京=共同】 · 新华社北京9月4日电
        ("dateline", rf"^\s*[(（\[]\s*(?P<place>[\w·,]{{1,20}})\s*=\s*(?P<agency>{agencies}|[\w ]{{2,20}})\s*[)）\]]", 0),
        ("dateline", r"^\s*[【\[](?P<place>\w{1,12})\s*[=＝]\s*(?P<agency>[^】\]\n]{1,30})[】\]]", 0),
        ("dateline", rf"^\s*(?P<agency>{agencies})\s*(?P<place>\w{{1,10}}?)(?:\d{{1,2}}月)?\d{{1,2}}日电", 0),
        # PARIS — · МОСКВА, 4 сентября – ТАСС
        (
            "dateline",
            rf"^\s*(?P<place>[{upper}]{{3,}}(?:[ -][{upper}]{{2,}}){{0,3}})(?:,\s*{month}(?:\s+\d{{1,2}})?)?\s*[—–]\s+(?=[{upper}“\"«])",
            0,
        ),
        ("dateline", rf"^\s*(?P<place>[А-ЯЁ]{{3,}}(?:-[А-ЯЁ]+)?),\s*\d{{1,2}}\s+[а-яё]+\s*[.—–-]\s*/?(?P<agency>{agencies})", re.I),
        ("outlet", rf"(?:{first})\s*(?:[:：]\s*)?(?P<name>[^\n]{{1,80}})", re.I),
        (
            "byline",
            rf"^\s*(?:{by})\s+(?P<name>[{upper}]{person}{{2,50}}(?:\.\s?[A-Z]{person}{{1,40}})?)\s*(?:[|,–—-]\s*[^\n]{{0,60}})?$",
            0,
        ),
        (
            "byline",
            r"(?:^|[\s=\])])(?P<name>[가-힣]{2,4})\s?(?:선임|인턴|전문|수습|객원)?\s?(?:기자|특파원)(?=\s*(?:=|$|[\w.+-]{1,40}@|\())",
            0,
        ),
        (
            "byline",
            r"^\s*[（(【]?(?:记者|記者|撰文|作者|文・|取材・文)\s*[:：/／・]?\s*(?P<name>[\u4e00-\u9fff\u3040-\u30ff・]{2,12})\s*[）)】]?\s*$",
            0,
        ),
    ]
    return [(kind, re.compile(pattern, flags)) for kind, pattern, flags in sources]


# A line without any of these holds no picture credit, no right and no outlet: a few substring tests save ten patterns.
@cache
def _hints() -> tuple[str, ...]:
    words = load("credits")
    marks = ("©", "ⓒ", "(c)", "copyright", "getty", "istock", "shutterstock", "ap photo", "afp photo", "ap images", "unsplash", "pixabay")
    # "No word of it occurs in the text" is asked of the text as a whole first.
    return tuple(dict.fromkeys((*marks, *(word.lower() for key in ("image", "rights", "outlet") for word in words[key]))))


def credits(text: str, removed: Iterable[Removal]) -> tuple[Credit, ...]:
    """The credits of a text and of its removed lines, each (kind, name) once, in the order of appearance."""
    found: dict[tuple[CreditKind, str], Credit] = {}
    for block in (text, *(removal.text for removal in removed)):
        low = block.lower()
        present = [hint for hint in _hints() if hint in low]
        for line in block.split("\n"):
            if len(line) > 4 and not line.isspace():
                _line(line.strip(), present, found)
    return tuple(found.values())


def _line(line: str, present: list[str], found: dict[tuple[CreditKind, str], Credit]) -> None:
    short = len(line) <= 400
    head = line[:_MAX_LINE]
    low = line.lower() if present else ""
    hinted = any(hint in low for hint in present)
    image_end = 0
    for credit_kind, pattern in _patterns():
        if credit_kind in ("image", "copyright", "outlet"):
            if not hinted:
                continue
            where = head if len(line) <= _MAX_LINE else line[-400:]
        elif credit_kind == "byline":
            if len(line) > 120:
                continue
            where = line
        else:
            where = line[:160]
        for match in pattern.finditer(where):
            if credit_kind == "image" and match.start() < image_end:
                continue
            _add(credit_kind, match, where if short else match.group().strip(), found)
            if credit_kind == "image":
                image_end = max(image_end, match.end())
            if credit_kind in ("dateline", "byline"):
                break


def _add(kind: CreditKind, match: re.Match[str], line: str, found: dict[tuple[CreditKind, str], Credit]) -> None:
    groups = match.groupdict()
    phrase = match.group().strip()
    if kind == "dateline":
        place = _clean(groups["place"])
        agency = _clean(groups.get("agency") or "")
        agency, reporter = _reporter(agency)
        if not place or not _is_place(place, agency, match):
            return
        _put(found, "dateline", place, phrase)
        if agency:
            _put(found, "agency", agency, phrase)
        if reporter:
            _put(found, "byline", reporter, phrase)
        return
    name = _clean(groups["name"])
    if kind == "copyright":
        name = _holder(name)
    elif kind == "image":
        name = _photographer(name)
    elif kind == "outlet":
        name = re.split(r"(?<=[\w)])[.,;:!?](?:\s|$)|\s(?:and|on|under|with|at|am|auf)\s", name)[0].strip(" .,;:!?\"“”'’")
        name = re.sub(r"^(?:the website of|the|der|die|das)\s+(?=[a-z])", "", name)
        if name and not (name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or "." in name):
            return
    elif kind == "byline" and not _is_byline(name):
        return
    if len(name) >= 2 and any(map(str.isalpha, name)) and len(name.split()) <= 10:
        _put(found, kind, name, phrase)


def _put(found: dict[tuple[CreditKind, str], Credit], kind: CreditKind, name: str, text: str) -> None:
    found.setdefault((kind, name), Credit(kind, name, text))


_URL = re.compile(r"\(?\s*(?:https?://|www\.)[^\s)]*\s*\)?|\(\s*[\w-]+(?:\.[\w-]+)+\s*\)")
_YEARS = re.compile(r"(?:^|(?<=\s))(?:19|20)\d\d(?:\s*[-–]\s*(?:\d{2,4}))?(?=$|[\s,.])|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")


def _clean(name: str) -> str:
    name = _URL.sub(" ", name)
    name = _YEARS.sub(" ", name)
    return re.sub(r"\s+", " ", name).strip(" \t=:：,;|/-–—·.。、\"“”'‘’()[]【】<>©ⓒ")


@cache
def _tail() -> re.Pattern[str]:
    words = load("credits")
    tails = "|".join(
        sorted(
            (re.escape(word).replace(r"\ ", r"\s+") for word in [*words["rights"], *words["after_holder"]]),
            key=lambda word: (-len(word), word),
        )
    )
    return re.compile(rf"\s*[.,;:|–—-]?\s*(?:{tails}).*$", re.I)


def _holder(name: str) -> str:
    name = _tail().sub("", name)
    name = re.split(r"\.\s|\s\|\s|。|;|…", name)[0]
    name = re.sub(r"^(?:by|copyright|ⓒ|©|\(c\))\s+", "", _clean(name), flags=re.I)
    name = _clean(name)
    low = name.lower()
    if not name or len(name) > 60 or low in load("credits")["no_names"]:
        return ""
    # A holder is a name: a sentence about the law of copyright is none.
    return name if name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or "." in name else ""


def _photographer(name: str) -> str:
    name = re.split(r"\s[|–—]\s|\.\s+(?=[A-Z])|;", name)[0]
    name = re.sub(r"^(?:by|courtesy of|courtesy|von|par|provided by)\s+", "", _clean(name), flags=re.I)
    name = re.sub(r"\s*(?:제공|자료사진|캡처|캡쳐|提供|撮影|供图|供圖|摄|攝)\s*$", "", name)
    name = _clean(name)
    if not name or len(name) > 70 or name.lower() in load("credits")["no_names"]:
        return ""
    return name if name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or name[0] == "@" else ""


def _reporter(agency: str) -> tuple[str, str]:
    """Agency and reporter of "연합뉴스) 김철수 기자" or "AP/Jane"; the reporter is often missing."""
    korean = re.match(r"(?P<agency>.+?)\s+(?P<name>[가-힣]{2,4})\s?(?:기자|특파원)$", agency)
    if korean:
        return korean["agency"], korean["name"]
    return agency, ""


def _is_place(place: str, agency: str, match: re.Match[str]) -> bool:
    words = place.replace(",", " ").split()
    if len(words) > 5 or words[-1].lower() in load("credits")["no_places"] or words[0].lower() in load("credits")["no_places"]:
        return False
    known = agency.partition("/")[0].strip() in load("credits")["agencies"]
    if "dash" in match.re.groupindex and not match["dash"] and not known:
        # Without a dash, a bracket after a capital could be anything ("Reuters (RTRS)"): ask for a date or a known agency.
        return any(map(str.isdigit, match.group()))
    if "dash" in match.re.groupindex and not known:
        # An agency nobody has heard of counts where the place is set in capitals or a date stands with it.
        return place.isupper() or any(map(str.isdigit, match.group()))
    return True


def _is_byline(name: str) -> bool:
    if re.search(r"[가-힣\u3040-\u9fff]", name):
        return True
    words = re.sub(r"\s+(?:and|und|et|y|,)\s+", " ", name).split()
    return (
        2 <= len(words) <= 8
        and all(word[0].isupper() or word in ("de", "van", "von", "der", "la", "del", "bin", "al") for word in words)
        and not any(word.lower() in load("credits")["no_bylines"] for word in words)
    )
