"""Names and roles of persons in scripts without capitals.

These are Chinese, Japanese, Korean and Thai.

A name is what comes beside a title, without age and form of address: 서이듬 시장, 小野寺彩教授,
局长郭立伟, นายธีรพงษ์ วัฒนสุข.
"""

from __future__ import annotations

import re
from functools import cache

from newsbeam.transforms.attribution.lexicon import load

LANGUAGES = ("ja", "ko", "th", "zh")
_BRACKETS = re.compile(r"\s?[(（][^()（）]{1,40}[)）]")
_HAN = r"\u4e00-\u9fff々ヶ"
_FOREIGN = re.compile(rf"[{_HAN}]{{1,8}}(?:[·・•‧][{_HAN}]{{1,8}}){{1,3}}$")
_KATAKANA = re.compile(r"[ァ-ヴー]{2,12}(?:[・＝][ァ-ヴー]{1,12}){0,3}$")
_CHINESE_SURNAMES = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何林高罗羅郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹彭曾肖蕭田董袁潘蔡蒋蔣余于杜叶葉程苏蘇魏吕呂丁任卢盧姚沈钟鍾崔谭譚陆陸范汪廖石金贾賈韦韋"
    "夏付方白邹鄒孟熊秦邱江尹薛闫閻段雷侯龙龍史陶黎贺賀顾顧毛郝龚龔邵万萬钱錢严嚴覃武戴莫孔汤湯朴文安殷殷岸习習岳傅柯庄莊翁施洪温溫俞喻"
)
_KOREAN_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류유전홍고문양손배백허남심노하곽성차주우구민진나지엄채원천방공현함변염여추도소석선설마길위표명기반왕금옥육인맹제모탁국편"
)
_HONORIFICS = frozenset("さん 氏 君 ちゃん 先生 씨 양 군 여사 女士 小姐 太太 夫人 นาย นาง นางสาว น.ส. คุณ".split())
_NO_KOREAN_NAME = re.compile(r"(?:시|군|구|도|청|부|처|원|당|사|국|회|측|대|위|군|들|미|의|인|등|한|된|단|팀|과|실|소|권|계|업|신|급)$")


def has_chinese_surname(name: str) -> bool:
    """Return whether a name begins with one of the frequent surnames."""
    return name[0] in _CHINESE_SURNAMES


@cache
def _titles(language: str) -> tuple[str, ...]:
    return tuple(
        sorted((term for term in load(language)["persons"] if len(term) > 1 or term in _HONORIFICS), key=lambda term: (-len(term), term))
    )


@cache
def _others(language: str) -> tuple[str, ...]:
    return tuple(term for key in ("organisations", "publications", "documents", "groups") for term in load(language)[key])


def split_name(words: str, language: str) -> tuple[str, str]:
    """Split a phrase into the name of a person and the role.

    ("", "") if it does not tell them apart.
    """
    words = words.strip()
    if language == "th":
        return _thai(words)
    bare = _BRACKETS.sub("", words).strip()
    split = {"zh": _chinese, "ja": _japanese, "ko": _korean}[language]
    return split(bare)


def _role(words: str) -> str:
    role = words.strip(" 、，,的の")
    return "" if role in _HONORIFICS else role


def _chinese(words: str) -> tuple[str, str]:
    titles = _titles("zh")
    behind = next((title for title in titles if words.endswith(title)), "")
    foreign = _FOREIGN.search(words[: len(words) - len(behind)])
    if foreign:
        start = max(
            (
                foreign.group().rfind(title) + len(title)
                for title in (*titles, "的", "名", "位", "长", "長")
                if title in foreign.group()[:-1]
            ),
            default=0,
        )
        start = 0 if start >= foreign.group().find("·") > 0 and start >= len(foreign.group()) - 1 else start
        name = foreign.group()[start:]
        role = words[: foreign.start() + start] + behind
        return name, _role(role)
    ends = [words.rfind(title) + len(title) for title in titles if title in words]
    last = max((end for end in ends if end < len(words)), default=-1)
    name = words[last:] if last > 0 else ""
    if 2 <= len(name) <= 4 and name[0] in _CHINESE_SURNAMES and _only_han(name):
        return name, _role(words[:last])
    before = words[: len(words) - len(behind)] if behind else ""
    if 2 <= len(before) <= 4 and before[0] in _CHINESE_SURNAMES and _only_han(before) and not before.endswith(_others("zh")):
        return before, _role(behind)
    return "", ""


def _only_han(words: str) -> bool:
    return re.fullmatch(r"[\u4e00-\u9fff]+", words) is not None and not re.search(r"[的们們等和与與及]|[許许]多|任何", words)


def _japanese(words: str) -> tuple[str, str]:
    titles = _titles("ja")
    behind = next((title for title in titles if words.endswith(title)), "")
    before = words[: len(words) - len(behind)]
    katakana = _KATAKANA.search(before)
    if katakana and (behind or ("・" in katakana.group() and katakana.start() > 0)):
        prefix = before[: katakana.start()]
        if not behind and prefix and not prefix.endswith(("の", "、", *titles)):
            return "", ""
        name, role = katakana.group(), prefix + ("" if behind in _HONORIFICS else behind)
        return ("", "") if name.endswith(_others("ja")) else (name, _role(role))
    if not behind:
        return "", ""
    prefix, _, name = before.rpartition("の")
    kanji = re.fullmatch(rf"[{_HAN}\u3041-\u3096]{{1,6}}", name)
    if kanji is None or re.search(rf"[{_HAN}]", name) is None or name.endswith((*_others("ja"), *titles)) or name in load("ja")["pronouns"]:
        return "", ""
    if len(name) == 1 and behind not in _HONORIFICS and not prefix and name in "副元前両各全現同某":
        return "", ""
    if name[0] in "元前副各両同某新旧他" and len(name) < 3:
        return "", ""
    return name, _role(f"{prefix}の{'' if behind in _HONORIFICS else behind}" if prefix else "" if behind in _HONORIFICS else behind)


def _korean(words: str) -> tuple[str, str]:
    titles, tokens = _titles("ko"), words.split()
    if len(tokens) < 2:
        glued = re.fullmatch(r"([가-힣]{3})(씨)", words)
        return (glued[1], "") if glued and glued[1][0] in _KOREAN_SURNAMES else ("", "")
    if not tokens[-1].endswith(titles):
        return "", ""
    for at in range(len(tokens) - 2, -1, -1):
        token = tokens[at]
        if len(token) == 3 and token[0] in _KOREAN_SURNAMES and re.fullmatch(r"[가-힣]{3}", token) and not _NO_KOREAN_NAME.search(token):
            if token.endswith((*titles, *_others("ko"))) or token in load("ko")["lead"]:
                continue
            behind = " ".join(word for word in tokens[at + 1 :] if word not in _HONORIFICS)
            return token, _role(behind or " ".join(tokens[:at]))
    return "", ""


_THAI_HONORIFIC = re.compile(r"(?<= )(?:นางสาว|น\.ส\.|นาย(?!กรัฐ)|นาง|ดร\.|คุณ)(?=\S)")


def _thai(words: str) -> tuple[str, str]:
    data = load("th")
    title = next((term for term in sorted(data["titles"], key=lambda term: (-len(term), term)) if words.startswith(term)), "")
    if not title:
        return "", ""
    inner = _THAI_HONORIFIC.search(words, 1)
    if inner:  # รัฐมนตรีว่าการกระทรวงการคลัง นางสาวมาลี สุขใจ
        return " ".join(words[inner.end() :].split()[:2]), _role(words[: inner.start()])
    tokens = words[len(title) :].split()
    if not tokens or len(tokens[0]) < 2 or tokens[0].startswith(tuple(data["appositions"])):
        return "", ""
    size = 2 if len(tokens) > 1 and not tokens[1].startswith((*data["appositions"], *data["heads"])) else 1
    rest = " ".join(tokens[size:])
    return " ".join(tokens[:size]), _role(rest or ("" if title in _HONORIFICS else title))
