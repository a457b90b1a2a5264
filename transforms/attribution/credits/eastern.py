"""Lines of credits in Chinese, Japanese and Korean: 文：甲 图：乙 · 取材・文＝丙 · 글·사진 정 기자.

Such a line has nothing but roles, names and places. A line with anything else is prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from newsbeam.transforms.attribution.eastern_names import has_chinese_surname
from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.document import CreditKind

_LONGEST_LINE = 80  # characters of a line that has only credits
_LONGEST_BRACKET = 40  # characters of a bracket with credits at the beginning or end of a line
_LONGEST_HOLDER = 20  # characters of whoever provided a picture
_MOST_NAMES = 6
_HAN = r"\u4e00-\u9fff々"
_OPENING, _CLOSING = "（(【[〔［〈", "）)】]〕］〉"
_SEPARATORS = re.compile(r"[\s|｜丨;；,，、/／]{1,4}")
_JOINT = re.compile(r"\s{0,3}[:：=＝/／|｜丨]\s{0,3}")
_BETWEEN_ROLES = re.compile(r"\s?[·・/／、&和]\s?")
_BLANKS = re.compile(r"[\s・]{1,3}")
_EMAIL = re.compile(r"\s{0,3}[(（]?[\w.+-]{1,40}@[\w.-]{1,60}[)）]?$")
_FOREIGN = r"[A-Z][\w’'.-]{1,20}(?: [A-Z][\w’'.-]{0,20}){1,3}"
_NAME = re.compile(rf"[{_HAN}]{{2,4}}|[{_HAN}][ \u3000][{_HAN}]|[{_HAN}]{{1,8}}[·・][{_HAN}]{{1,8}}|[가-힣]{{2,4}}|{_FOREIGN}")
_JAPANESE_NAME = re.compile(
    rf"[{_HAN}]{{1,4}}[ \u3000]?[{_HAN}ぁ-んァ-ヴー]{{1,5}}|[ァ-ヴー]{{2,10}}(?:・[ァ-ヴー]{{2,10}}){{0,3}}|{_FOREIGN}"
)
_JAPANESE = re.compile("[ぁ-んァ-ヴー＝]|取材|撮影|写真|執筆|聞き手")
_REPORTED = re.compile(r"(?:综合|綜合|摄影|攝影|连线|連線|专访|專訪)?(?:报道|報導|报导|報道|专电|專電|[电電])$")
_FILED = re.compile(
    rf"(?:\s{{1,3}}|\s{{0,3}}[/／]\s{{0,3}})(?:发自|發自)?\s?(?P<place>[{_HAN}]{{2,6}})$|(?:发自|發自)(?P<from>[{_HAN}]{{2,6}})$"
)
_TAKEN = re.compile(r"\s{0,3}(?:供图|供圖|提供|撮影|摄影|攝影|摄|攝|제공|촬영)$")

_PICTURE_REPORTERS = ("摄影记者", "攝影記者")
_OWN_REPORTER = re.compile(r"^(?:本[报報刊网網台社])?(?:首席|见习|見習|实习|實習|特约|特約|摄影|攝影)?(?:记者|記者)\s{0,3}")

Credits = list[tuple[CreditKind, str]]


def may_credit(line: str) -> bool:
    """Return whether a line is worth reading: it begins with a role or a bracket, or ends with one."""
    return (line[0] in _OPENING or line[-1] in _CLOSING or len(line) <= _LONGEST_LINE) and _hint().search(line) is not None


def read(line: str) -> tuple[Credits, list[str], str]:
    """Return the credits of a line, the editors that it names, and the words with both.

    Words may be the whole line, or a bracket at its beginning or end.
    """
    if len(line) <= _LONGEST_LINE:
        credits, editors = _read(line)
        if credits or editors:
            return credits, editors, line
    for words in _brackets(line):
        credits, editors = _read(words)
        if credits or editors:
            return credits, editors, words
    return [], [], ""


def _brackets(line: str) -> Iterator[str]:
    if line[0] in _OPENING:
        end = next((n for n, char in enumerate(line[:_LONGEST_BRACKET]) if char in _CLOSING), 0)
        if end:
            yield line[: end + 1]
    if line[-1] in _CLOSING:
        start = next((n for n in range(len(line) - 2, max(len(line) - _LONGEST_BRACKET, 0), -1) if line[n] in _OPENING), 0)
        if start and line[start - 1] in "。！？」』”.":
            yield line[start:]


def _read(line: str) -> tuple[Credits, list[str]]:
    body = line.strip()
    bracketed = body[0] in _OPENING and body[-1] in _CLOSING
    if bracketed:
        body = body[1:-1].strip()
    body = _EMAIL.sub("", body.rstrip("。")).strip()
    if not body:
        return [], []
    if taken := _taken().match(body):
        return [("image", _OWN_REPORTER.sub("", taken["name"]))], []
    return _labelled(body) or _korean(body) or (_titled(body) if bracketed else ([], []))


@cache
def _roles() -> dict[str, str]:
    """Return the role of each word: writer, image, editor or other."""
    words = load("credits")
    keys = {"eastern_writers": "writer", "eastern_pictures": "image", "eastern_editors": "editor", "eastern_others": "other"}
    return {word: role for key, role in keys.items() for word in words[key]}


@cache
def _role() -> re.Pattern[str]:
    words = "|".join(sorted(map(re.escape, _roles()), key=lambda word: (-len(word), word)))
    # 新京报记者, 本报实习记者, 中央社記者, 駐美特派員
    office = rf"(?:[{_HAN}]{{1,5}}?[报報社网網台刊]|[{_HAN}]{{2,4}}新闻|[驻駐][{_HAN}]{{1,3}})?"
    rank = "(?:首席|资深|資深|见习|見習|实习|實習|特约|特約|特派|驻站|文字|摄影|攝影)?"
    return re.compile(rf"{office}{rank}(?:(?:记者|記者)(?!会|會)|撰稿人|特派员|特派員|通讯员|通訊員|评论员|評論員)|(?:{words})")


@cache
def _taken() -> re.Pattern[str]:
    """Return the pattern of a reporter who took a picture: 中央社記者甲乙攝."""
    return re.compile(rf"(?P<name>{_role().pattern.split('|(?:')[0]}\s?[{_HAN}]{{2,4}})\s?(?:摄|攝|摄影|攝影|撮影)$")


@cache
def _hint() -> re.Pattern[str]:
    return re.compile(rf"^[{re.escape(_OPENING)}]?(?:{_role().pattern})|기자|특파원|입니다|[{re.escape(_CLOSING)}]$")


@dataclass(frozen=True, slots=True)
class _Label:
    """Roles, the start of their names, and what divides both: a mark, a blank (short: behind one character) or nothing."""

    roles: frozenset[str]
    end: int
    joint: Literal["mark", "blank", "short", ""]


def _label(body: str, at: int) -> _Label | None:
    """Return the label at `at`.

    Roles are joined: 取材・文, 文/图, 글·사진. A mark follows a role of one character.
    """
    roles, end, first = [], at, True
    while match := _role().match(body, end):
        word = match.group()
        roles.append(_roles().get(word, "image" if word.endswith(_PICTURE_REPORTERS) else "writer"))
        end = match.end()
        joined = _BETWEEN_ROLES.match(body, end)
        following = _role().match(body, joined.end()) if joined else None
        if joined is None or following is None or following.group() not in _roles() or not _ends_label(body, following.end()):
            break
        end, first = joined.end(), False
    if not roles:
        return None
    joint = _JOINT.match(body, end)
    if joint:
        return _Label(frozenset(roles), joint.end(), "mark")
    short = first and end - at == 1
    blank = _BLANKS.match(body, end)
    if short and blank:
        return _Label(frozenset(roles), blank.end(), "short")
    if short or (blank is None and end < len(body) and word in _roles()):
        return None
    return _Label(frozenset(roles), blank.end(), "blank") if blank else _Label(frozenset(roles), end, "")


def _ends_label(body: str, at: int) -> bool:
    """Return whether a mark, a blank or the end of the line follows a role."""
    return at == len(body) or body[at] in " \u3000:：=＝/／|｜丨·・、&和"


def _labelled(body: str) -> tuple[Credits, list[str]] | None:
    """Read a line of roles, each with its names."""
    credits: Credits = []
    editors: list[str] = []
    carried: frozenset[str] = frozenset()
    at, short = 0, False
    japanese = _JAPANESE.search(body) is not None
    while at < len(body):
        label = _label(body, at)
        if label is None:
            return None
        roles, start = carried or label.roles, label.end
        if start == len(body) and credits:
            break  # 글·사진 甲 기자
        holder = roles == {"image"} and label.joint == "mark"  # 图：中央社記者甲攝: the name has it, too
        if start < len(body) and not holder and _label(body, start) is not None:
            carried, at = roles, start
            continue
        end = next((match.start() for match in _SEPARATORS.finditer(body[start:]) if _label(body, start + match.end())), None)
        field = body[start:] if end is None else body[start : start + end]
        made = _field(field.strip(), roles, label.joint, japanese)
        if made is None:
            return None
        credits += made
        short = short or label.joint == "short"
        if "editor" in roles:
            editors += _names(field.strip(), japanese) or []
        if end is None:
            break
        at = start + end + len(_SEPARATORS.match(body, start + end).group())  # type: ignore[union-attr]
        carried = frozenset()
    return None if short and len(credits) < 2 else (credits, editors)  # 文 alone can be a word of prose


def _field(field: str, roles: frozenset[str], joint: str, japanese: bool) -> Credits | None:
    """Return the credits of the names of a role, or None if there is anything else."""
    if roles == {"image"} and (joint == "mark" or _TAKEN.search(field)):
        holder = _OWN_REPORTER.sub("", _TAKEN.sub("", field).strip())
        fits = 2 <= len(holder) <= _LONGEST_HOLDER and not re.search(r"[。，,:：!！?？]", holder)
        return [("image", holder)] if fits else None
    place = ""
    if "writer" in roles and not japanese:
        field, place = _without_place(field)
    names = _names(field, japanese)
    if names is None or (not joint and not has_chinese_surname(names[0])):
        return None
    credits: Credits = []
    if "writer" in roles:
        credits += [("byline", name) for name in names]
    if "image" in roles:
        credits += [("image", name) for name in names]
    if place and place not in load("credits")["no_places_east"]:
        credits.append(("dateline", place))
    return credits


def _without_place(field: str) -> tuple[str, str]:
    """Return names and the place from which they report: 李明 北京报道, 周美玲台南報導."""
    reported = _REPORTED.search(field)
    head = field[: reported.start()].rstrip(" /／") if reported else field
    filed = _FILED.search(head) if reported or "发自" in head or "發自" in head else None
    if filed:
        return head[: filed.start()].strip(), filed["place"] or filed["from"]
    if reported and re.fullmatch(rf"[{_HAN}]{{4,9}}", head):
        size = 3 if len(head) > 4 else 2  # most names have three characters
        return head[:size], head[size:]
    return head, ""


def _names(field: str, japanese: bool) -> list[str] | None:
    """Return the names of a field, or None if it has anything else."""
    blank = r"\u3000{2,}" if japanese else r"\s"
    field = re.sub(r"\s?(?:기자|특파원|記者|记者)$", "", field)
    parts = [part.strip() for part in re.split(rf"[、，,/／;；&·]|{blank}", field) if part.strip()]
    name = _JAPANESE_NAME if japanese else _NAME
    if name.fullmatch(field) and (japanese or " " not in field):
        parts = [field]
    if not 1 <= len(parts) <= _MOST_NAMES or not all(name.fullmatch(part) for part in parts):
        return None
    return None if any(part in load("credits")["no_bylines_east"] for part in parts) else parts


_RANK = "(?:선임|인턴|전문|수습|객원|온라인|디지털|편집|사회부|정치부|경제부|문화부|국제부)"
_KOREAN = re.compile(
    rf"(?:(?P<place>[가-힣]{{2,6}})\s?=\s?)?(?:(?P<office>[\w가-힣]{{2,12}})\s)?(?P<names>(?!{_RANK})[가-힣]{{2,4}}(?:\s?[·,]\s?[가-힣]{{2,4}}){{0,4}})\s?"
    rf"(?:{_RANK}\s?)?(?:기자|특파원)(?:\s?[=＝])?$"
)
_SIGNED = re.compile(r"[\w가-힣 ]{0,12}(?:뉴스|TV|방송|기자)\s(?P<names>[가-힣]{2,4})입니다\.?$")


def _korean(body: str) -> tuple[Credits, list[str]] | None:
    """Read a Korean reporter before the title, or who signs a report."""
    match = _KOREAN.match(body) or _SIGNED.match(body)
    if match is None:
        return None
    groups = match.groupdict()
    names = re.split(r"\s?[·,]\s?", groups["names"])
    credits: Credits = [("dateline", groups["place"])] if groups.get("place") else []
    return credits + [("byline", name) for name in names], []


_TITLED = re.compile(
    rf"(?:[{_HAN}ァ-ヴー]{{0,10}}(?:部|委員|支局長|支局|総局|編集長|デスク|特派員|通信員|記者))[\s\u3000・＝=]{{1,2}}(?P<names>[^（(）)]{{2,30}})$"
)


def _titled(body: str) -> tuple[Credits, list[str]]:
    """Read a Japanese reporter behind the title or before it: （社会部　甲乙太郎）, （甲乙太郎記者）."""
    match = _TITLED.match(body)
    field = match["names"] if match else body.removesuffix("記者").removesuffix("记者") if body.endswith(("記者", "记者")) else ""
    names = _names(field, japanese=True) if field else None
    return ([("byline", name) for name in names], []) if names else ([], [])
