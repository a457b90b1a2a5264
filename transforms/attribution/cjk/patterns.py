"""Cue patterns for Korean, Japanese and Chinese.

In these languages the verb follows the content or directly precedes it. Quotations are masked (see
`sentences`), so that patterns treat a quotation as one word.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import HEAD, REST, alternation, conjugated

_Q = f"{HEAD}{REST}*"
Range = tuple[int, int]


def combined(content: list[Range], cue: Range, speaker: Range | None, offset: int, score: float, direct: bool = True) -> Statement:
    """Build a statement from spans relative to `offset`."""

    def move(span: Range) -> Range:
        return span[0] + offset, span[1] + offset

    return Statement([move(span) for span in content], move(cue), move(speaker) if speaker else None, score, direct=direct)


@cache
def cue_patterns(language: str) -> dict[str, re.Pattern[str]]:
    """Return the patterns of a language by name."""
    data = load(language)
    cue = alternation(conjugated(data, "cues", "stems"))
    if language == "ko":
        opinion = alternation(data["opinions"])
        quotative = alternation(data["quotatives"])
        papers = alternation([*data["publications"], "TV", "AP", "AFP", "BBC", "KBS", "MBC", "SBS", "JTBC", "YTN", "NHK"])
        return {
            "quote": re.compile(rf"(?P<q>{_Q})\s?(?P<qv>{quotative})(?=[\s,.]|$)"),
            "apposed": re.compile(
                rf"(?P<q>{_Q})[\s,.]*(?=(?P<np>[^,.{HEAD}{REST}]{{1,60}}?(?:은|는|이|가))\s(?:[^,.{HEAD}{REST}]{{1,30}}\s)?"
                rf"(?P<cue>{cue})[.\s]*$)"
            ),
            "ahead": re.compile(rf"(?P<cue>{cue})[.:]?\s*(?P<q>{_Q})[.\s]*$"),
            "cue": re.compile(rf"(?:(?<=[\s,{REST}{HEAD}])|^)(?P<cue>{cue})(?![가-힣])"),
            "according": re.compile(rf"(?P<cue>{alternation(data['according_after'])})[,\s]"),
            "clause": re.compile(
                rf"(?P<that>{alternation(data['clause_endings'])}|[다라자]는\s(?:[가-힣]{{1,6}}\s)?{opinion}[을를도]|것으로"
                rf"|다는\s(?:것|사실|점)[을를도])"
                rf"(?P<post>\s(?:(?![다라]고\s)[^.{HEAD}]){{0,60}}?)??\s(?P<cue>{cue})(?![가-힣])"
            ),
            # … 는 입장이다 · … 라는 게 경찰의 설명이다
            "nominal": re.compile(
                rf"(?P<that>[다라자]는)\s(?:(?:게|것이)\s(?P<np>[^.,{HEAD}{REST}]{{2,40}}?)(?:의)?\s)?(?:[가-힣]{{1,6}}\s)?"
                rf"(?P<cue>{opinion})(?:이다|입니다|이었다)[.\s]*$"
            ),
            # “…” 경찰의 설명이다. · “…”라는 게 경찰의 설명이다.
            "explained": re.compile(
                rf"(?P<q>{HEAD}{REST}{{8,}})[\s,.]*(?:이?라는\s(?:게|것이)\s)?(?P<np>(?!이?라는|[은는이가을를과와의]\s)[^.,{HEAD}{REST}]{{2,40}}?)"
                rf"(?:의)?\s(?P<cue>{opinion})(?:이다|입니다|이었다)[.\s]*$"
            ),
            "paper": re.compile(rf"{papers}", re.I),
        }
    if language == "ja":
        cue = rf"(?:{cue}|{alternation(_verbal_nouns(data))}(?=[。、\s]|$))"
        return {
            "quote": re.compile(
                rf"(?P<q>{_Q})(?P<qv>(?:など)?と(?!いう|いった|呼|称し|名|題|の|な|同|共|し(?:て|た(?!うえで|上で|ほか|一方)))|(?:など)?として)"
            ),
            "bare": re.compile(
                rf"(?P<q>{_Q})[、。,\s]*(?P<np>(?![をにのでともへやだな])(?:[^。「」{HEAD}{REST}はが]|がら){{1,60}})(?:は|が(?!ら))、?(?:[^。{HEAD}{REST}]{{0,40}}?)(?P<cue>{cue})[。\s]*$"
            ),
            "ahead": re.compile(rf"(?P<cue>{cue})[。：:]?\s*(?P<q>{_Q})[。\s]*$"),
            "cue": re.compile(rf"(?P<cue>{cue})"),
            # 「…」と山田氏。
            "elliptic": re.compile(rf"(?P<q>{_Q})(?P<cue>と)、?(?P<np>[^、。「」はがをにで{HEAD}{REST}]{{2,30}})[。\s]*$"),
            "cleft": re.compile(rf"と(?P<cue>{cue})のは(?:、)?(?P<np>[^、。{HEAD}{REST}]{{2,60}}?)(?:だ|です|である)?[。\s]*$"),
            "according": re.compile(rf"(?P<cue>{alternation(data['according_after'])})、?"),
            "clause": re.compile(
                rf"(?P<that>、?(?<![こもじりあ])と(?![っこと])(?:[もは](?!に)|の(?:[^、。とのをも]{{0,6}}な)?"
                rf"(?:考え|見方|認識|見解|見通し|意向|方針|立場|姿勢|懸念|分析)[をも])?"
                rf"|(?<=こと)を(?=(?:認め|否定し|明らかにし|発見し|公表し|発表し|確認し|明かし|示唆し|報告し|指摘し|強調し|表明し|約束し)))"
                rf"(?P<post>、?(?:[^、。{HEAD}{REST}と]{{1,40}}(?:は|が(?!ら)|も)、?)?(?:[^。{HEAD}{REST}と]{{0,40}}?(?:[にでをへ日後中時上際頃]|に対し(?:て)?|として|[^、]{{1,6}}く|繰り返し|改めて|重ねて|再び)、?)?)"
                rf"(?P<cue>{cue})"
            ),
            "topic": re.compile(rf"(?P<np>[^、。はがもを{HEAD}{REST}]{{1,20}}{alternation(data['persons'])})は"),
            "particle": re.compile(rf"(?P<p>{alternation(data['particles'])})"),
        }
    name = rf"[^，。、：:；!！?？《》\n{HEAD}{REST}]"
    told = (
        r"(?<![反面针針相应應答绝絕校])(?:(?:告诉|告訴|对|對|向)[^，,。：:的没\n]{1,12}?(?:说|說|表示(?!强|欢|歡|遗|遺|感|支|满|滿|关|關|哀|祝|谴|譴|同|担|不|反|赞)|称"
        r"|稱|透露|指出)|(?:告诉|告訴)(?:(?:[他她我它]|记者|記者|媒体|媒體|法庭|警方|法官)[们們]?(?!的)|[^，,。：:\n]{1,20}(?=[，,：:"
        + HEAD
        + r"]|$)))"
    )
    says = rf"(?P<cue>{told}|{cue}(?:道|说|說|称|稱)?)"
    return {
        "before": re.compile(
            rf"(?:^|(?<=[，。；;,：:\s）]))(?P<np>(?!\s){name}{{1,80}}?){says}(?!中[^，：:]{{0,6}}(?:表示|[说說]|[称稱]|指出))(?:[^，。：:{HEAD}{REST}]{{0,14}})?[：:，,]?\s*(?P<q>{_Q})"
        ),
        "after": re.compile(rf"(?P<q>{_Q})[，,。\s]*(?P<np>(?!\s){name}{{1,80}}?){says}(?=[，。；;,：:\s.]|$)"),
        "according": re.compile(
            rf"(?:^|(?<=[，。；,\s]))(?P<cue>{alternation(data['according_before'])})(?!此|悉|[说說]|[称稱]"
            rf"|[闻聞信])(?P<np>(?!\s?[报報][道導导])[^，。、：:；!！?？\n{HEAD}{REST}]{{1,60}}?)"
            rf"(?P<tail>(?:的|(?:近日|昨[日天]|今[日天]|[在于於]?(?:周|星期|[禮礼]拜).)的?)?{alternation(data['according_after'])}(?=[，,：:]|$)"
            rf"|{alternation(data['according_after'])}(?=[，,：:\s])|(?=[，,]))[，,：:]?"
        ),
        "more": re.compile(rf"[，,。]?\s{{0,60}}(?P<q>{_Q})"),
        "verb": re.compile(
            rf"(?P<cue>{told}|{cue}(?:道|说|說|称|稱)?(?:[过過](?=[，,：:]|$))?)(?<![小传傳据據来來听聽学學解演游遊劝勸胡怎麼么这這所]说)(?<![小傳據來聽學解演遊勸胡怎麼這所]說)"
            rf"(?<![名简簡俗又别別对對统統号號通古昵暱堪]称)(?<![名簡俗又別對統號通古暱堪]稱)(?<![疑访訪顾顧提拜慰学學追]问)(?<![疑訪顧提拜慰學追]問)"
            r"(?!(?<=[说說])[明服法话話辞辭谎謊词詞教唱完不出到清起])(?!(?<=[称稱])[为為作之呼号號赞讚职職谓謂霸得])"
            r"(?!(?<=[问問])[题題候责責])(?!(?<=指)[控起责責定向着著挥揮示引南])"
        ),
        "tail": re.compile(rf"[，,”」』](?P<np>{name}{{1,40}}?)(?P<cue>{alternation(data['tail_cues'])})[。\s]*$"),
    }


def _verbal_nouns(data: dict[str, Any]) -> list[str]:
    """Return the nouns that する makes verbs; they end a sentence without it (…と説明。)."""
    return [stem for group in data["stems"] if "する" in group["endings"] for stem in group["stems"] if _NOUN_END.search(stem)]


_NOUN_END = re.compile(r"[\u4e00-\u9fffァ-ヴー]$")


# -- Korean -----------------------------------------------------------------------------------------------------------


_CITED = re.compile(r"[^,、，。]{1,40}?(?:(?:을|를)\s인용(?:해|하여|하며)|の話として|の情報として|を引用して|を引用し)[,、\s]+")


def skip_spaces(sentence: str, at: int) -> int:
    """Skip blanks, commas and the source that an outlet cites, before content."""
    while at < len(sentence) and sentence[at] in " ,、，　":
        at += 1
    cited = _CITED.match(sentence, at)
    return cited.end() if cited else at


# -- Japanese ---------------------------------------------------------------------------------------------------------


# -- Chinese ----------------------------------------------------------------------------------------------------------
