"""Whose picture, whose wire copy, whose rights: credits read from the text and from lines that were taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from transforms.attribution.lexicon import is_outlet, load
from transforms.document import Credit, CreditKind, Document

_MAX_LINE = 2000  # characters of a line that are looked at: a credit stands at the edge of its line
_CAPTIONS = ("caption", "credit")  # kinds of removals, and what <figcaption> holds, where a bare "© X" means the picture
_SHORT_LINE = 160  # characters of a line that can be a byline
_UPPER = "A-ZÀ-ÖØ-ÞА-ЯЁІЇЄҐ"
_CAP_NAME = rf"[{_UPPER}][\w’'.-]*(?:\s+(?:de|du|da|del|la|le|van|von|der|den|bin|al|[{_UPPER}][\w’'.-]*)){{0,4}}"
_EMAIL = r"[\w.+-]{1,40}@[\w.-]{1,60}"

# Where a pattern may be tried: in any line, in a caption or a credit line, in a caption only, in a short line, in the last
# lines of a text or in a removal.
_ANY, _CAPTION, _FIGURE, _SHORT, _LAST = "any", "caption", "figure", "short", "last"


def _any(key: str, flags: str = "") -> str:
    """The alternation of a word list, the longest first; a blank in a word stands for any blanks."""
    words = sorted((re.escape(word).replace(r"\ ", r"\s+") for word in load("credits")[key]), key=lambda word: (-len(word), word))
    return f"(?{flags}:" + "|".join(words) + ")"


@cache
def _patterns() -> list[tuple[CreditKind, str, re.Pattern[str]]]:
    photo, rights, first = _any("image", "i"), _any("rights", "i"), _any("outlet", "i")
    agencies = _any("agencies")
    by = r"(?i:by|via|courtesy\s+of|courtesy|provided\s+by)"
    month = r"[^\W\d_]{3,10}\.?"
    date = rf"(?:{month}\s+\d{{1,2}}(?:,\s*\d{{4}})?|\d{{1,2}}\.?\s+{month}(?:\s+\d{{4}})?)"
    bureau = rf"(?P<agency>(?:{agencies})(?:[/,; ][^()\n]{{0,40}})?|[A-Z][\w.]*(?:[ /][A-Z][\w.]*){{0,3}}|[a-z]{{2,5}}(?=[)\]]\s*[–—-]))"
    stock = r"(?i:Getty Images|AP Images|Shutterstock|iStock)"
    han, eastern = r"\u4e00-\u9fff", r"\u4e00-\u9fff\u3040-\u30ff・ー"
    office = r"(?:[\u4e00-\u9fff]{0,8}(?:记者|記者)\s*)?"
    arabic = r"[\u0621-\u064a\u064b-\u0652]+"
    copyright_mark = (
        r"(?:©|ⓒ|Ⓒ|\([cC]\)\s?(?=\d{4}|[A-Z])|(?i:copyrights?)\s*(?:©|ⓒ|Ⓒ|\([cC]\)|(?=(?i:by\s+)?\d{4}\b)|(?::\s*)|(?i:by)\s+))"
    )
    name = r"[^\n\d|｜·•,，;；:()（）–—!?]"
    ends = r"(?=\s*(?:$|[|｜·•,;(（–—/]|-\s|\d))"
    sources: list[tuple[CreditKind, str, str]] = [
        # [Image source=Foo] · (Photo by X/AFP via Getty Images) · (Photo courtesy of X)
        (
            "image",
            _ANY,
            rf"[\[(（［【<〈]\s*(?:{photo})\s*(?:[=:：/|ⓒ©-]|\b{by}\b)\s*(?P<name>[^\]\[)）］】>〉\n]{{1,120}})[\])）］】>〉]",
        ),
        # Photo: AP/Jane Doe · 사진=… · Foto: …, as a line, at its end, or behind a slash
        ("image", _ANY, rf"^\s*[▲△■◆*•]?\s*(?:{photo})\s*(?:[=:：]\s*|\s{by}\s+|\s*[ⓒ©]\s*)(?P<name>[^\n]{{1,100}})$"),
        (
            "image",
            _ANY,
            rf"(?:[.!?。…)\]”\"'’]\s*|\s[|–—/／-]\s|[/／])(?:{photo})\s*(?:[=:：]|\s{by}\s)\s*(?P<name>(?:[^\n/]|\s/\s){{1,80}})$",
        ),
        # … at low tide. Photo Jane Doe · … since 2029 CREDIT: Jane Doe
        ("image", _ANY, rf"[.!?…]\s+(?:{photo})\s+(?P<name>{_CAP_NAME})$"),
        ("image", _ANY, r"\s(?:CREDIT|PHOTO|PICTURE|IMAGE|FOTO)S?:\s*(?P<name>[^\n]{1,80})$"),
        ("image", _CAPTION, rf"(?:^|[\s(])(?:{photo})\s*(?:[:：=]|\s{by}\s)\s*(?P<name>[^\n]{{1,80}}?)\s*[)）]?$"),
        ("image", _CAPTION, rf"\s{copyright_mark}(?!\s*\d)\s*(?P<name>(?:(?!{rights})[^\n]){{1,80}})$"),
        ("image", _FIGURE, rf"^{copyright_mark}(?!\s*\d)\s*(?P<name>(?:(?!{rights})[^\n]){{1,80}})$"),
        ("image", _CAPTION, rf"[(（](?P<name>(?:{agencies})(?:/[^()（）\n]{{1,40}})?)[)）]\s*$"),
        ("image", _ANY, rf"(?P<name>[^\n()\[\].]{{0,60}}?(?:/|\b[vV]ia\s+)(?:{stock})\b[^\n()\[\].]{{0,30}})"),
        ("image", _ANY, rf"^\s*(?P<name>(?:{stock}|(?i:AP Photo|AFP PHOTO|Unsplash|Pixabay))(?:/[^\n]{{1,50}})?)\s*$"),
        # … January 9. REUTERS/Jane Doe/File Photo
        (
            "image",
            _ANY,
            rf"(?:^|[\s(])(?P<name>[{_UPPER}]{{2,}}(?: [{_UPPER}]{{2,}}){{0,2}}/"
            rf"[{_UPPER}][a-zà-ÿа-яё][\w’'.-]*(?: [{_UPPER}][\w’'.-]+){{0,3}})"
            rf"(?:/{_any('file_photo')})*\s*[)）]?$",
        ),
        # 【Photo】Waves …, taken by Foo
        (
            "image",
            _ANY,
            rf"^\s*[【\[(（]\s*{photo}\s*[】\])）][^\n]{{0,300}}?\b(?:taken|photographed|shot|provided)\s+by\s+(?P<name>[^\n]{{1,60}})$",
        ),
        # （…提供） · …＝10日、…撮影 · …。… 摄 · [… 제공]
        (
            "image",
            _ANY,
            rf"[(（【\[]{office}(?P<name>[^\s、。，,＝=()（）【】\[\]]{{2,24}}?)\s?(?:撮影|提供|供图|供圖|摄影|攝影|摄|攝)[)）】\]]\s*$",
        ),
        (
            "image",
            _ANY,
            r"[＝=][^\n＝=。]{0,40}?(?:^|[、，,＝=])(?P<name>[^\s、。，,＝=()（）]{1,23}[^\s、。，,＝=()（）ぁ-ん])(?:撮影|提供)\s*$",
        ),
        ("image", _ANY, rf"(?:^|[。！？）)\s]){office}(?P<name>[{han}·]{{2,12}})\s*(?:摄|攝|供图|供圖)\s*$"),
        ("image", _ANY, r"[\[(（](?P<name>[^\[\]()（）.\n]{2,30}?)\s제공(?:[.,][^\[\]()（）\n]{0,40})?[\])）]"),
        # © 2024 The Foo Daily · Copyright ⓒ …
        ("copyright", _ANY, rf"{copyright_mark}\s*(?P<name>[^\n]{{1,160}})"),
        ("copyright", _ANY, rf"^\W*(?P<name>[^\n,.©ⓒ]{{2,60}}?)\s*(?:[-–—|,.]\s*)(?:{rights})"),
        ("copyright", _ANY, r"(?:版权所有|版權所有|著作权所有)\s*[:：]?\s*(?P<name>[^\s，。,|｜©]{2,24})(?=$|[\s，。,|｜])"),
        ("copyright", _ANY, r"(?:محفوظة|محفوظ)\s+(?:لدى\s+|ل(?:ـ\s*)?)(?P<name>[^\n|©]{2,60})$"),
        # Seoul, Sep 4 (NationPress) · BEIJING (Reuters) – · Sevilla, 7 jun (EFE).-
        (
            "dateline",
            _ANY,
            rf"^\s*(?:[●•■▲-]\s*)?(?P<place>[{_UPPER}][\w.'’ ,/-]{{1,50}}?),?\s*{date}?,?\s*[(\[]{bureau}[)\]]\s*(?P<dash>[.,]?[-–—:]+)?",
        ),
        # (서울=연합뉴스) · 【東京=共同】 · 新华社北京9月4日电
        ("dateline", _ANY, rf"^\s*[(（\[]\s*(?P<place>[\w·,]{{1,20}})\s*=\s*(?P<agency>{agencies}|[\w ]{{2,20}})\s*[)）\]]"),
        ("dateline", _ANY, r"^\s*[【\[](?P<place>\w{1,12})\s*[=＝]\s*(?P<agency>[^】\]\n]{1,30})[】\]]"),
        (
            "dateline",
            _ANY,
            rf"^\s*(?P<agency>{agencies}|[{han}]{{2,6}}?[社网網])(?P<place>[{han}]{{2,8}}?)(?:\d{{1,2}}月)?\d{{1,2}}日[电電]"
            rf"(?:\s*[(（](?:记者|記者)\s*(?P<reporter>[{han}、 ]{{2,16}})[)）])?",
        ),
        # （中央社記者王小明台北18日電）
        (
            "dateline",
            _ANY,
            rf"^\s*[(（]\s*(?P<agency>[{han}]{{2,8}}?(?:社|网|網|报|報))(?:记者|記者)(?P<who_where>[{han}、]{{4,20}}?)(?:\d{{1,2}}月)?\d{{1,2}}日"
            r"(?:[{han}]{0,6})[电電][)）]".replace("{han}", han),
        ),
        # МОСКВА, 4 сентября. /ТАСС/. · MOSCOW, September 4 — TASS. · PARIS —
        (
            "dateline",
            _ANY,
            rf"^\s*(?P<place>[{_UPPER}]{{3,}}(?:[ -][{_UPPER}]{{2,}}){{0,3}}),\s*{date}\s*[.—–-]*\s*"
            rf"(?:/(?P<agency>[^/\n]{{2,30}})/|(?P<wire>{agencies}|[{_UPPER}][\w-]+(?: [{_UPPER}][\w-]+){{0,2}})(?=\s*[.—–]))",
        ),
        (
            "dateline",
            _ANY,
            rf"^\s*(?P<place>[{_UPPER}]{{3,}}(?:[ -][{_UPPER}]{{2,}}){{0,3}})(?:,\s*{date})?\s*[—–]\s+(?=[{_UPPER}“\"«])",
        ),
        # القاهرة - رويترز: · القاهرة (رويترز) -
        (
            "dateline",
            _ANY,
            rf"^\s*(?P<place>{arabic}(?:\s{arabic}){{0,2}})\s*(?:[-–—/]\s*(?P<agency>{_any('agency_ar')}(?:\s{arabic}){{0,3}})\s*[:–—-]"
            rf"|[(（](?P<wire>{_any('agency_ar')}(?:\s{arabic}){{0,3}})[)）]\s*[:–—-])",
        ),
        ("outlet", _ANY, rf"(?:{first})\s*(?:[:：]\s*)?(?P<name>[^\n]{{1,80}})"),
        ("outlet", _SHORT, rf"(?:^|[\s|｜（(]){_any('source_east')}\s*[:：]\s*(?P<name>[^\s|｜，。()（）]{{2,24}})"),
        # By Jane Doe, Correspondent · Von Max Muster · 6. Mai
        (
            "byline",
            _SHORT,
            rf"^\s*[(（]?{_any('byline')}\s+(?:{_any('byline_office')}\s+)?(?P<names>[{_UPPER}]{name}{{2,80}}?){ends}",
        ),
        ("byline", _SHORT, rf"(?:^|[|｜·•]\s*){_any('author')}\s*[:：]\s*(?P<names>[{_UPPER}]{name}{{2,80}}?){ends}"),
        ("byline", _SHORT, r"^\s*[(（]?Reporting by\s+(?P<names>[^;\n()]{3,160})"),
        ("byline", _SHORT, rf"^\s*{_any('reporter')}\s+(?P<names>{_CAP_NAME})\s*(?:{_EMAIL})?\s*$"),
        ("byline", _SHORT, rf"^\s*(?P<names>{_CAP_NAME})\s*[,/|]\s*{_any('reporter')}\s*(?:{_EMAIL})?\s*$"),
        (
            "byline",
            _SHORT,
            r"(?:^|[\s=\])])(?P<name>[가-힣]{2,4})\s?(?:선임|인턴|전문|수습|객원)?\s?(?:기자|특파원)(?=\s*(?:=|$|[\w.+-]{1,40}@|\())",
        ),
        (
            "byline",
            _SHORT,
            rf"(?:^|[\s（(【|｜]){_any('byline_east')}\s*[:：/／]\s*(?P<name>[{eastern}]{{2,12}})(?=$|[\s）)】|｜、，])",
        ),
        ("byline", _SHORT, rf"^\s*[（(【]?(?:记者|記者|撰文|作者|文・|取材・文)\s*(?P<name>[{eastern}]{{2,12}})\s*[）)】]?\s*$"),
        ("byline", _SHORT, rf"^[（(【](?:文・)?(?P<name>[{eastern}]{{2,8}})(?:記者|记者)[）)】]$"),
        ("byline", _LAST, rf"^[（(](?P<name>[{han}]{{1,4}}[\s　]?[{eastern}]{{1,5}})[）)]$"),
        (
            "byline",
            _SHORT,
            rf"^\d{{4}}年\d{{1,2}}月\d{{1,2}}日\s*(?:\d{{1,2}}[時:]\d{{1,2}}分?)?\s+"
            rf"(?P<name>[{han}]{{1,4}}[ 　]?[{han}\u3040-\u309f]{{1,4}})$",
        ),
        ("byline", _SHORT, rf"^\s*(?:{_any('byline_ar')}\s*[:：/]|بقلم)\s*(?P<name>{arabic}(?:\s{arabic}){{1,5}})"),
    ]
    return [(kind, where, re.compile(pattern)) for kind, where, pattern in sources]


# A line without any of these holds no credit of that kind: a few substring tests save many patterns. Which of them occur in the
# document at all is asked first.
@cache
def _hints() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """For pictures, rights and outlets (in small letters); for bylines (as they are printed)."""
    words = load("credits")
    marks = ("©", "ⓒ", "(c)", "copyright", "getty", "istock", "shutterstock", "ap photo", "afp photo", "ap images", "unsplash", "pixabay")
    east = ("摄", "攝", "제공", "供图", "供圖", "محفوظ", "版权", "版權", "著作权")
    lists = ("image", "rights", "outlet", "source_east", "file_photo")
    credit = (*marks, *east, *(word.lower() for key in lists for word in words[key]))
    names = [word for key in ("byline", "author", "reporter", "byline_east", "byline_ar") for word in words[key]]
    byline = ("기자", "특파원", "記者", "记者", "Reporting by", "日", "（", "【", "|", "｜", "·", "•", *names)
    return _shortest(credit), _shortest(byline)


def _shortest(hints: Iterable[str]) -> tuple[str, ...]:
    """The hints without those in which another occurs."""
    kept: list[str] = []
    for hint in sorted(set(hints), key=lambda hint: (len(hint), hint)):
        if not any(other in hint for other in kept):
            kept.append(hint)
    return tuple(kept)


# What a dateline cannot do without, in its first 160 characters.
_DATELINE = re.compile(r"\A\W{0,3}\w[^\n]{0,150}?(?:[)\]）】]|[—–]\s|[.,]\s/|日[电電]|[-/:])")
_WIRE_PICTURE = re.compile(rf"[{_UPPER}]{{2}}/[{_UPPER}][a-zà-ÿа-яё]")
_Found = dict[tuple[CreditKind, str], Credit]


def credits(document: Document, prose: str) -> tuple[Credit, ...]:
    """The credits of a document's text and of its removed lines, each (kind, name) once, in the order of appearance.

    Where no byline is read anywhere, `document.author` (what the page's metadata says) gives one, whose `text` is the author as
    found there. `prose` is `document.prose`.
    """
    found: _Found = {}
    blocks = list(_blocks(document, prose))
    whole = "\n".join(block for _, block in blocks)
    low = whole.lower()
    credit_hints, byline_hints = _hints()
    hints = [hint for hint in credit_hints if hint in low], [hint for hint in byline_hints if hint in whole]
    for kind, block in blocks:
        lines = [line for line in block.split("\n") if len(line) > 2 and not line.isspace()]
        for number, line in enumerate(lines):
            _line(line.strip(), kind, kind != "text" or number >= len(lines) - 3, hints, found)
    if picture := document.metadata.image_credit.strip()[:200]:
        _put(found, "image", _clean(picture), picture)
    author = document.author.strip()
    if author and not any(kind == "byline" for kind, _ in found) and "://" not in author and "@" not in author and len(author) <= 200:
        for name in _people(re.sub(rf"^{_any('byline')}\s+", "", author)) or [_clean(author)]:
            if len(name) >= 2:
                _put(found, "byline", name, author)
    return tuple(found.values())


def _blocks(document: Document, prose: str) -> Iterator[tuple[str, str]]:
    """The pieces to read, each with its kind: text, caption (the captions of markup), or what it was removed as."""
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


def _line(line: str, kind: str, last: bool, hints: tuple[list[str], list[str]], found: _Found) -> None:
    caption = kind in _CAPTIONS
    hinted = caption or ("/" in line and len(line) <= 400 and _WIRE_PICTURE.search(line) is not None)
    if not hinted and hints[0]:
        low = line.lower()
        hinted = any(hint in low for hint in hints[0])
    if hinted:
        _credit_line(line, kind, found)
    dated = _DATELINE.match(line) is not None and _read_first("dateline", line[:160], found)
    if len(line) <= _SHORT_LINE and (dated or any(hint in line for hint in hints[1])):
        _byline_line(line, last, found)


def _credit_line(line: str, kind: str, found: _Found) -> None:
    """Pictures, rights and outlets: any number of them in a line."""
    caption = kind in _CAPTIONS
    stretch = line if len(line) <= _MAX_LINE else line[-400:]
    image_end = 0
    marked = False
    for credit_kind, where, pattern in _patterns():
        if (
            credit_kind in ("dateline", "byline")
            or (where == _CAPTION and not caption)
            or (where == _FIGURE and kind != "caption")
            or (where == _SHORT and len(line) > _SHORT_LINE)
        ):
            continue
        if credit_kind == "copyright" and (image_end if caption else marked):
            continue  # "© X" of a caption has been read; a line names one holder
        for match in pattern.finditer(stretch):
            if credit_kind == "image" and match.start() < image_end:
                continue
            done = _add(credit_kind, match, stretch if len(line) <= 400 else match.group().strip(), found)
            if credit_kind == "image" and done:
                image_end = max(image_end, match.end())
            marked = marked or (credit_kind == "copyright" and done)


def _read_first(kind: CreditKind, line: str, found: _Found) -> bool:
    """The first dateline that a line begins with."""
    for credit_kind, _, pattern in _patterns():
        if credit_kind == kind:
            match = pattern.search(line)
            if match is not None and _add(kind, match, line, found):
                return True
    return False


def _byline_line(line: str, last: bool, found: _Found) -> None:
    for credit_kind, where, pattern in _patterns():
        if credit_kind == "byline" and (where != _LAST or last):
            match = pattern.search(line)
            if match is not None:
                _add("byline", match, line, found)
    _meta_line(line, found)


_PERSON = re.compile(_CAP_NAME)
_SEGMENT = re.compile(r"\s*[|｜·•]\s*")
_DATED = re.compile(
    r"(?:\w+[.,]*\s+)?(?:\d{1,2}(?:[./-]|\.?\s+)(?:de\s+)?\w+[./ ,-]*(?:de\s+)?\d{4}|\d{4}[-./]\d|\w+\.?\s\d{1,2},?\s\d{4})"
)


def _meta_line(line: str, found: _Found) -> None:
    """`29 October 2031, 14:20 | Jane Doe | 5 views`: a line of a date and a name."""
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
    if kind == "copyright":
        name = _holder(groups["name"])
    elif kind == "image":
        name = _photographer(groups["name"])
    elif kind == "outlet":
        name = re.split(r"(?<=[\w)])[.,;:!?](?:\s|$)|\s(?:and|on|under|with|at|am|auf)\s", name)[0].strip(" .,;:!?\"“”'’")
        name = re.sub(r"^(?:the website of|the|der|die|das)\s+(?=[a-z])", "", name)
        if name and not (name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or "." in name):
            return False
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
        # Reporter and place stand together: a name has three characters as a rule, two where too little would be left.
        who, _, rest = together.rpartition("、")
        size = 3 if len(rest) >= 5 else 2
        reporter, place = "、".join(filter(None, (who, rest[:size]))), rest[size:]
    else:
        place = _clean(groups["place"] or "")
    if not place or not _is_place(place, agency, match):
        return False
    _put(found, "dateline", place, phrase)
    if agency:
        _put(found, "agency", agency, phrase)
    for name in re.split(r"[、,]\s*", reporter):
        if len(name) >= 2:
            _put(found, "byline", name, phrase)
    return True


def _put(found: _Found, kind: CreditKind, name: str, text: str) -> None:
    found.setdefault((kind, name), Credit(kind, name, text))


_URL = re.compile(r"\(?\s*(?:https?://|www\.)[^\s)]*\s*\)?|\(\s*[\w-]+(?:\.[\w-]+)+\s*\)")
_YEARS = re.compile(r"(?:^|(?<=\s))(?:19|20)\d\d(?:\s*[-–]\s*(?:\d{2,4}))?(?=$|[\s,.])|\b\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\b")


def _clean(name: str) -> str:
    name = _URL.sub(" ", name)
    name = _YEARS.sub(" ", name)
    name = re.sub(r"\s+", " ", name).strip(" \t=:：,;|/-–—·.。、\"“”'‘’[]【】<>©ⓒⒸ*_")
    if name.startswith("«") and name.find("»") == len(name) - 1:
        name = name[1:-1]
    for left, right in ("()", "（）"):
        # A bracket whose partner is missing; "Jane Doe (AP)" keeps both.
        if name.count(left) != name.count(right):
            name = name.strip(left + right + " ")
        elif name.startswith(left) and name.endswith(right):
            name = name[1:-1].strip()
    return name


@cache
def _tail() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?<=\S)\s*[.,;:|–—-]?\s*|^)(?<![A-Za-zÀ-ÿ]){_any('rights', 'i')}.*$|(?<=\S)[\s.,;:|–—-]+{_any('after_holder', 'i')}.*$"
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
    # A holder is a name: a sentence about the law of copyright is none.
    return name if _named(name) else ""


_MARKED = re.compile(r"\s*(?:(?:copyrights?|by)\s|저작권자|[©ⓒⒸ]|\([cC]\))", re.I)


def _named(name: str) -> bool:
    """Whether a phrase is a name: it begins like one and is not a sentence, whose words are in lower case."""
    words = [word for word in re.findall(r"\w+", name) if word[0].isalpha()]
    small = sum(word[0].islower() for word in words)
    begins = name[0].isupper() or name[0].isdigit() or name[0] > "\u0250" or name[0] == "@" or "." in name
    return begins and small <= max(1, len(words) // 2)


def _photographer(name: str) -> str:
    name = _tail().sub("", name.strip())
    bracket = re.search(r"^(?P<caption>.{4,}?)\s*[(（](?P<name>[^()（）]{2,60})[)）]\s*\.?$", name)
    if bracket and (len(bracket["caption"].split()) > 3 or bracket["name"].startswith(tuple(load("credits")["agency_ar"]))):
        name = bracket["name"]  # "Photo: the dome at sunset (Foo agency)"
    name = re.split(r"\s[|–—]\s|(?<!\b[A-Z])\.\s+(?=[A-Z])|;", name)[0]
    name = re.sub(r"^(?:by|courtesy of|courtesy|von|par|provided by)\s+", "", _clean(name), flags=re.I)
    name = re.sub(r"\s*(?:제공|자료사진|캡처|캡쳐|提供|撮影|供图|供圖|摄|攝)\s*$", "", name)
    name = re.sub(rf"(?:/{_any('file_photo')})+$", "", name)
    name = _clean(re.sub(r"^.*(?:©|ⓒ)\s*", "", name))
    if not name or len(name) > 70 or name.lower() in load("credits")["no_names"]:
        return ""
    return name if _named(name) else ""


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
        # An agency nobody has heard of counts where the place is set in capitals, a date stands with it, or the agency is
        # set in small letters before a new sentence: Neustadt (xyz) – Der Rat …
        begins = re.match(r"\s+[A-ZÀ-ÖØ-ÞА-ЯЁ„“«»\"]", match.string[match.end() :]) is not None
        return place.isupper() or any(map(str.isdigit, match.group())) or (agency.islower() and len(words) <= 3 and begins)
    return True


def _people(names: str) -> list[str]:
    """The people of a byline, one by one; none if it does not name people."""
    found = []
    for part in re.split(r"\s*(?:,|&|\s(?:and|und|et|y|e|и)\s)\s*", names.strip(" .,;")):
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
    """A Korean, Chinese, Japanese or Arabic byline's name, "" if the words are no name."""
    words = load("credits")
    if name in words["no_bylines_east"] or re.search(r"(?:更新|公開|配信|編輯|编辑|提供|社|新聞|新闻|写真|撮影)$", name):
        return ""
    if "\u0600" <= name[0] <= "\u06ff":
        parts = name.split()
        stop = next((index for index, part in enumerate(parts) if part in words["byline_ar_end"]), len(parts))
        return " ".join(parts[: min(stop, 4)]) if stop >= 2 else ""
    return name
