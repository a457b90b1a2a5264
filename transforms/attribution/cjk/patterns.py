"""Cue patterns for Korean, Japanese and Chinese.

In these languages the verb follows the content or directly precedes it. Quotations are masked (see
`sentences`), so that patterns treat a quotation as one word.
"""

from __future__ import annotations

import re
from functools import cache

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
                rf"(?P<that>{alternation(data['clause_endings'])})(?P<post>\s[^.{HEAD}]{{0,60}}?)??\s(?P<cue>{cue})(?![가-힣])"
            ),
            "paper": re.compile(rf"{papers}", re.I),
        }
    if language == "ja":
        return {
            "quote": re.compile(rf"(?P<q>{_Q})(?P<qv>(?:など)?と(?!いう|いった|呼|称し|名|題|の|な|同|共|し(?:て|た))|(?:など)?として)"),
            "bare": re.compile(
                rf"(?P<q>{_Q})[、。,\s]*(?P<np>[^、。「」{HEAD}{REST}はが]{{1,40}})[はが](?:[^。{HEAD}{REST}]{{0,30}}?)(?P<cue>{cue})[。\s]*$"
            ),
            "ahead": re.compile(rf"(?P<cue>{cue})[。：:]?\s*(?P<q>{_Q})[。\s]*$"),
            "cue": re.compile(rf"(?P<cue>{cue})"),
            "cleft": re.compile(rf"と(?P<cue>{cue})のは(?:、)?(?P<np>[^、。{HEAD}{REST}]{{2,60}}?)(?:だ|です|である)?[。\s]*$"),
            "according": re.compile(rf"(?P<cue>{alternation(data['according_after'])})、?"),
            "clause": re.compile(
                rf"(?P<comma>、)?と(?P<post>(?:[^、。{HEAD}{REST}と]{{1,40}}[はが])?(?:[^、。{HEAD}{REST}と]{{0,25}}?に(?:対し(?:て)?|)?)?)(?P<cue>{cue})"
            ),
            "topic": re.compile(rf"(?P<np>[^、。はがもを{HEAD}{REST}]{{1,20}}{alternation(data['persons'])})は"),
            "particle": re.compile(rf"(?P<p>{alternation(data['particles'])})"),
        }
    name = rf"[^，。、：:；!！?？《》\n{HEAD}{REST}]"
    told = (
        r"(?<![反面针針相应應答绝絕校])(?:(?:告诉|告訴|对|對|向)[^，,。：:的没\n]{1,12}?(?:说|說|表示(?!强|欢|歡|遗|遺|感|支|满|滿|关|關|哀|祝|谴|譴|同|担|不|反|赞)|称"
        r"|稱|透露|指出)|(?:告诉|告訴)[^，,。：:\n]{1,14})"
    )
    says = rf"(?P<cue>{told}|{cue}(?:道|说|說|称|稱)?)"
    return {
        "before": re.compile(
            rf"(?:^|(?<=[，。；;,：:\s）]))(?P<np>(?!\s){name}{{1,40}}?){says}(?:[^，。：:{HEAD}{REST}]{{0,14}})?[：:，,]?\s*(?P<q>{_Q})"
        ),
        "after": re.compile(rf"(?P<q>{_Q})[，,。\s]*(?P<np>(?!\s){name}{{1,40}}?){says}(?=[，。；;,：:\s.]|$)"),
        "according": re.compile(
            rf"(?:^|(?<=[，。；,\s]))(?P<cue>{alternation(data['according_before'])})(?P<np>{name}{{1,40}}?)"
            rf"(?P<tail>{alternation(data['according_after'])})[，,：:]?"
        ),
        "more": re.compile(rf"[，,。]?\s{{0,60}}(?P<q>{_Q})"),
        "indirect": re.compile(rf"^\s*(?:[对對]此[，,])?(?P<np>(?!\s){name}{{1,40}}?){says}(?P<gap>[，,：:]?)"),
        "tail": re.compile(rf"[，,](?P<np>{name}{{2,24}}?)(?P<cue>说|說|称|稱|表示|透露|指出|认为|認為)[。\s]*$"),
    }


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
