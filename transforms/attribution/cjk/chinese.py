"""Attribution in Chinese."""

from __future__ import annotations

import re

from newsbeam.transforms.attribution.cjk.patterns import Range, combined, cue_patterns, skip_spaces
from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import HEAD

_CHINESE_TAIL = re.compile(
    r"(?:\d{1,4}月)?\d{1,4}[日号]?$|(?:则|則|也|还|還|並|并|又|都|曾|再次|进一步|日前|当天|随后|此前|对此|赛后|会后|事后|赛前|接着|接著|(?:微|苦|大)?笑(?:着|著)?|继续|繼續|回答"
    r"|[\u4e00-\u9fff]{1,3}地|激动|一早|今天|昨天|同时|近日|还曾|再|补充|申明中|声明中|后来|最后|于|均|就此|仍|仍然|却|明确|坚持|公开|强烈|亦|便){1,9}$"
)

_CHINESE_CUT = re.compile(
    r"(?<=..)(?:在(?!野)|[对對](?!外)|向|[于於]|就(?!业)|则|則|周[一二三四五六日天]|星期|[上下本]周|礼拜|\d{1,4}[月日号]|昨[日天晚]|今[日天年]|随后|隨後|通过"
    r"(?=[^，]{1,12}$)|接受[^，]{1,20}(?:采访|採訪|专访))"
)

_CHINESE_START = re.compile(
    r"^(?:[在当當](?:[^，]{1,24}?)(?:上|中|前|后|後|时|時|里|内|间|期间|方面|会议|现场|当中)(?=[\u4e00-\u9fffA-Z《“]{2})(?:，)?|(?:\d{1,4}年)?"
    r"(?:\d{1,4}月)?\d{1,4}[日号]|[周星期礼拜]{1,2}[一二三四五六日天]|据[^，]{1,20}，)"
)


def _chinese_phrase(sentence: str, span: Range) -> Range | None:
    """Return a speaker's noun phrase.

    Leaves out time, place and what the person did.
    """
    data = load("zh")
    start, end = span
    changed = True
    while changed:
        changed = False
        while start < end and sentence[start] in ' 　“”"‘’」』':
            start += 1
        opening = _CHINESE_START.match(sentence[start:end])
        if opening and opening.end() < end - start:
            start += opening.end()
            changed = True
        for lead in data["lead"]:
            if sentence.startswith(lead, start) and end - start > len(lead) + (0 if len(lead) > 1 else 1):
                start += len(lead)
                changed = True
    cut = _CHINESE_CUT.search(sentence, start, end)
    if cut and cut.start() - start >= 2:
        tail = sentence[cut.end() : end]
        # 在工厂工作的王小明: the name follows 的.
        last = re.search(r"的(?=[\u4e00-\u9fff·]{2,8}$)", tail)
        if last is None or cut.start() - start > 2:
            end = cut.start()
    tail_match = _CHINESE_TAIL.search(sentence, start, end)
    if tail_match and tail_match.start() - start >= 1:
        end = tail_match.start()
    relative = re.match(r".*的(?=[\u4e00-\u9fff]{2,4}$)", sentence[start:end])
    if relative and re.search(r"了|在|岁|歲|工作|来自|來自|从事", relative[0][:-1]):
        start += relative.end()  # 工作了六年的…: what a person did is not part of the name
    while end > start and sentence[end - 1] in " 　":
        end -= 1
    text = sentence[start:end]
    if (len(text) < 2 and text not in data["pronouns"]) or len(text) > 30:
        return None
    if (
        text.startswith(tuple(data["not_speakers"]))
        and text not in data["pronouns"]
        and not text.startswith(("该", "一名", "一位", "一个", "其"))
    ):
        return None
    if re.search(r"[的了着和与得]$|[强調调示出][了調调]|是|没有|不能|可以|应该|如果|因为|虽然", text) or text.endswith(
        ("时", "后", "中", "里")
    ):
        return None
    return start, end


def read_chinese(sentence: str, offset: int, last: Range | None, people: People) -> list[Statement]:
    """Return the statements of a Chinese sentence; `last` is the last speaker."""
    patterns = cue_patterns("zh")
    found: list[Statement] = []
    taken: set[int] = set()
    if HEAD in sentence:
        for key in ("before", "after"):
            for match in patterns[key].finditer(sentence):
                q = match.span("q")
                if q[0] in taken or (
                    key == "before"
                    and q[1] - q[0] < 9
                    and match["cue"] in ("称", "稱", "提到", "宣布", "问", "介绍", "答", "说", "预计", "相信", "希望")
                ):
                    continue
                subject = _chinese_phrase(sentence, match.span("np"))
                if subject is None:
                    continue
                content = [q]
                rest = sentence[q[1] :].strip(" ，。,.！!？?；;")
                if key == "before" and match.end("cue") < q[0] and sentence[match.end("cue") : q[0]].strip(" ：:，,“") and len(rest) > 6:
                    continue  # 表示这是“…”的: the clause, not only the quotation
                if key == "before" and rest and sentence[q[0] - 1] not in "：:，," and rest[0] not in "并同他她但":
                    continue
                more = patterns["more"].match(sentence, match.end())
                if key == "after" and more and more.start("q") not in taken:
                    content.append(more.span("q"))
                taken.update(start for start, _ in content)
                found.append(combined(content, match.span("cue"), subject, offset, 0.85))
            if found:
                break
    if found:
        return found
    body = len(sentence.rstrip("。！？!? ."))
    according = patterns["according"].search(sentence)
    if according:
        start = skip_spaces(sentence, according.end())
        source = according.start("np"), according.start("np") + len(according["np"].rstrip("的"))
        if body - start > 3 and len(according["np"]) <= 24:
            return [combined([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
        return []
    opening = patterns["indirect"].search(sentence)
    while opening and not opening["gap"] and len(opening["cue"]) < 2:
        # A single character is a verb only before a comma, a pronoun or a name: 他说他…
        if opening["cue"] in ("说", "說") and body - opening.end() > 6 and opening["np"].strip() in load("zh")["pronouns"]:
            break
        opening = None
    subject = _chinese_phrase(sentence, opening.span("np")) if opening else None
    if opening and not opening["gap"] and opening["cue"] == "表示" and _FEELING.match(sentence, opening.end()):
        subject = None
    if opening and subject and opening["cue"] in _NEEDS_COMMA and not opening["gap"]:
        subject = None
    if opening and subject and body - opening.end() > 3:
        start = skip_spaces(sentence, opening.end())
        return [combined([(start, body)], opening.span("cue"), subject, offset, 0.7, direct=False)]
    tail = patterns["tail"].search(sentence)
    if tail and tail.start() > 8:
        subject = _chinese_phrase(sentence, tail.span("np"))
        if subject:
            start = skip_spaces(sentence, 0)
            return [combined([(start, tail.start())], tail.span("cue"), subject, offset, 0.7, direct=False)]
    return []


_FEELING = re.compile(
    r"(?:了|出)?(?:强烈|强力|热烈|衷心|诚挚|非常|十分|深切|严重)?(?:反对|反對|欢迎|歡迎|遗憾|遺憾|感谢|感謝|支持|满意|滿意|关切|關切|哀悼|祝贺|祝賀|谴责|譴責|同意|担忧|担心|愤怒|赞同|理解|尊重|不满|抗议|慰问)"
)

_NEEDS_COMMA = frozenset(
    "介绍 介紹 回应 回應 批评 批評 评论 評論 宣布 呼吁 呼籲 说明 說明 解释 解釋 提到 谈到 提及 "
    "回答 答 问 披露 澄清 证实 否认 质疑 質疑 回忆 回憶 预测 预计 估计 担心 希望 怀疑 主张 "
    "重申 建议 透露 称 稱".split()
)
