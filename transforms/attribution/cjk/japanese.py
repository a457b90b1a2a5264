"""Attribution in Japanese."""

from __future__ import annotations

import re

from newsbeam.transforms.attribution.cjk.patterns import Range, combined, cue_patterns, skip_spaces
from newsbeam.transforms.attribution.lexicon import load
from newsbeam.transforms.attribution.people import People
from newsbeam.transforms.attribution.statement import Statement
from newsbeam.transforms.attribution.svo.grammar import HEAD, REST


def topic(sentence: str, offset: int, language: str) -> Range | None:
    """Return the topic of a sentence without a statement.

    It is the person before its first は.
    """
    if language != "ja":
        return None
    match = cue_patterns("ja")["topic"].match(sentence)
    return (match.start("np") + offset, match.end("np") + offset) if match else None


def _japanese_phrase(sentence: str, start: int, end: int) -> Range | None:
    """Return the subject's noun phrase that ends at `end`.

    Leaves out time, place and what the person did.
    """
    data = load("ja")
    start = max(
        start, end - 60, max(sentence.rfind(mark, 0, end) for mark in ("、", "。", REST, HEAD, "，", "　", "「", "」", "”", "“")) + 1
    )
    if sentence.startswith("と", start):
        start += 1
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and end - start > len(lead) + 1:
            start += len(lead)
    text = sentence[start:end]
    for cut in re.finditer(r"(?:で|に|を|から|まで|日|は|が|と)(?=[\u4e00-\u9fffァ-ヴA-Za-z])", text):
        if cut.group() in ("日", "と", "が", "は"):
            if cut.group() == "日" and re.search(r"(?:\d|[一二三四五六七八九十])日$", text[: cut.end()]):
                start = end - len(text) + cut.end()
        elif cut.end() < len(text) - 1:
            start = end - len(text) + cut.end()
    for lead in data["lead"]:
        if sentence.startswith(lead, start) and end - start > len(lead) + 1:
            start += len(lead)
    relative = list(re.finditer(r"(?:[たるすうくむぶ]|ている|した|いる)(?=[\u4e00-\u9fffァ-ヴA-Z]{2,})", sentence[start:end]))
    if relative:
        start += relative[-1].end()  # 反対した…議員: what the person did is not part of the name
    while start < end and sentence[start] in " 　":
        start += 1
    text = sentence[start:end]
    if (
        not text
        or text in data["not_speakers"]
        or text.endswith(("こと", "もの", "と", "で", "て", "から", "ため", "では", "に", "の", "時", "際", "場合", "よう", "うち"))
    ):
        return None
    return (start, end) if _NOUN.search(text) and len(text) <= 40 else None


_NOUN = re.compile(r"[\u4e00-\u9fffァ-ヴA-Za-z々]|^(?:これら|みんな|みな)$")


def japanese_subject(sentence: str, start: int, end: int) -> tuple[Range, int] | None:
    """Return the first topic (は) in a range, else its first subject (が, も)."""
    fallback = None
    for match in cue_patterns("ja")["particle"].finditer(sentence, start, end):
        after = sentence[match.end() : match.end() + 1]
        before = sentence[match.start() - 1 : match.start()] if match.start() else ""
        if (
            before in ("に", "で", "と", "の", "て", "ら", "は", "も", "り", "")
            and match["p"] == "は"
            and not sentence[: match.start()].endswith(("彼ら",))
        ):
            continue
        if after and "\u3041" <= after <= "\u3096" and match["p"] != "は":
            continue  # ながら, もう: within a word
        if fallback is not None and match["p"] != "は":
            continue
        phrase = _japanese_phrase(sentence, start, match.start())
        if phrase is None:
            continue
        if match["p"] == "は":
            return phrase, match.end()
        fallback = (phrase, match.end())
    return fallback


def read_japanese(sentence: str, offset: int, last: Range | None, people: People) -> list[Statement]:
    """Return the statements of a sentence; `last` is the last speaker."""
    patterns = cue_patterns("ja")
    body = len(sentence.rstrip(" 。.!?！？"))
    if HEAD in sentence:
        cleft = patterns["cleft"].search(sentence)
        quotes = list(patterns["quote"].finditer(sentence))
        if cleft and quotes:
            return [combined([match.span("q") for match in quotes], cleft.span("cue"), cleft.span("np"), offset, 0.8)]
        if quotes:
            cue = patterns["cue"].search(sentence, quotes[-1].end())
            if cue is None and quotes[-1]["qv"].endswith("として"):
                return []
            if cue is not None and cue.start() - quotes[-1].end() <= 60 and HEAD not in sentence[quotes[-1].end() : cue.start()]:
                subject = japanese_subject(sentence, quotes[-1].end(), cue.start()) if cue.start() - quotes[-1].end() > 2 else None
                direct = re.search(r"(?<![でにとらてはも])[はが]、?$", sentence[: quotes[0].start()])
                if subject is None and direct:
                    phrase = _japanese_phrase(sentence, 0, direct.start())
                    subject = (phrase, direct.end()) if phrase else None
                subject = subject or japanese_subject(sentence, 0, quotes[0].start())
                content = [match.span("q") for match in quotes]
                if subject is None and sum(b - a for a, b in content) < 8:
                    return []
                item = combined(content, cue.span("cue"), subject[0] if subject else None, offset, 0.85 if subject else 0.6)
                if subject is None:
                    item.speaker = last
                return [item]
        for key, score in (("bare", 0.8), ("ahead", 0.85)):
            match = patterns[key].search(sentence)
            if match:
                if key == "bare":
                    phrase = _japanese_phrase(sentence, match.start("np"), match.end("np"))
                else:
                    subject = japanese_subject(sentence, 0, match.start())
                    phrase = subject[0] if subject else None
                if phrase:
                    return [combined([match.span("q")], match.span("cue"), phrase, offset, score)]
        if quotes and not patterns["according"].search(sentence):
            return []
    according = patterns["according"].search(sentence)
    if according:
        source = _japanese_phrase(sentence, 0, according.start())
        if source and body - according.end() > 6:
            start = skip_spaces(sentence, according.end())
            return [combined([(start, body)], according.span("cue"), source, offset, 0.8, direct=False)]
    clauses = [match for match in patterns["clause"].finditer(sentence) if HEAD not in sentence[match.end() : body]]
    clause = next((match for match in reversed(clauses) if body - match.end() < 4), None)
    if clause is None or clause["cue"] in ("言う", "みている", "した", "聞いた", "続けた", "笑う"):
        return []
    end = clause.start()
    if clause["post"]:
        subject = japanese_subject(sentence, clause.start("post"), clause.start("cue"))
        if subject and end > 3:
            start = skip_spaces(sentence, 0)
            return [combined([(start, end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
    subject = japanese_subject(sentence, 0, clause.start())
    if subject and end - skip_spaces(sentence, subject[1]) > 3:
        return [combined([(skip_spaces(sentence, subject[1]), end)], clause.span("cue"), subject[0], offset, 0.7, direct=False)]
    return []
