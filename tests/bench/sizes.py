"""How do time and memory grow with a document? Takes made-up documents of many kinds and sizes through the default chain.

    python tests/bench/sizes.py                                  # every family, 10 kB to 5 MB
    python tests/bench/sizes.py --only novel --sizes 3m --stages # novels of 3 MB, with the time of each stage

Each document is read in a fresh process with one thread for numpy. Prints processor time in milliseconds and the peak of the
process's memory in MB, less what the process holds before it reads the document (with weights and word lists in). Time that does
not grow with the size shows in the last column: how many times more a character of the largest document costs than one of 100 kB.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

Family = Callable[[random.Random], Iterator[str]]

_FIRST = "Jane John Anna Peter Maria Tomas Ines Karl Olga Luis Sara Viktor Nora Emil Clara Hugo".split()
_LAST = "Doe Smith Moreau Kral Vesely Lindqvist Okafor Brandt Sousa Novak Petrov Marsh Holm Ferrer Adler Quist".split()
_WORDS = (
    "the harbour office had been closed since the spring and nobody in the town could say when the ferry would run again because the "
    "council waited for a report that an engineer was still writing while boats lay along the pier and rain came down over empty streets"
).split()


def _sentence(rng: random.Random, words: list[str], least: int = 8, most: int = 24, end: str = ". ") -> str:
    text = " ".join(rng.choices(words, k=rng.randint(least, most)))
    return text[0].upper() + text[1:] + end


def _prose(words: list[str], sentences: int = 5) -> Family:
    def family(rng: random.Random) -> Iterator[str]:
        while True:
            yield "".join(_sentence(rng, words) for _ in range(sentences)).strip() + "\n\n"

    return family


def _same(*pieces: str) -> Family:
    def family(rng: random.Random) -> Iterator[str]:
        while True:
            yield rng.choice(pieces)

    return family


def _names(rng: random.Random) -> Iterator[str]:
    while True:
        yield "".join(rng.choices("ABCDEFGHKLM")[0] + "".join(rng.choices("aeioulnrst", k=6)) + " " for _ in range(2)).strip() + ", "


_SPOKEN = {
    "en": (
        "“{a}” said {n}.\n\n",
        "“{a}” {n} asked, “{b}”\n\n",
        "{n} said that {c} {c}\n\n",
        "“{a}”\n\n",
        "“{a}” he answered. {c} {c}\n\n",
        "{c} {c} {c} {c}\n\n",
        "{c} {c} {c}\n\n",
    ),
    "de": (
        "„{a}“, sagte {n}.\n\n",
        "„{a}“, fragte {n}, „{b}“\n\n",
        "{n} sagte, {c} {c}\n\n",
        "„{a}“\n\n",
        "{c} {c} {c} {c}\n\n",
        "{c} {c} {c}\n\n",
    ),
    "ru": ("— {a} — сказал {n}.\n\n", "«{a}», — ответила {n}. {c}\n\n", "{n} сказал, что {c} {c}\n\n", "— {a}\n\n", "{c} {c} {c} {c}\n\n"),
    "ko": ("{n}은 “{a}”라고 말했다.\n\n", "“{a}” {n}이 물었다. {c}\n\n", "“{a}”\n\n", "{c} {c} {c} {c}\n\n", "{c} {c} {c}\n\n"),
    "zh": ("{n}说：“{a}”\n\n", "“{a}”{n}问道。{c}\n\n", "“{a}”\n\n", "{c}{c}{c}{c}\n\n", "{c}{c}{c}\n\n"),
    "ar": ("وقال {n}: «{a}».\n\n", "«{a}»، سأل {n}. {c}\n\n", "{c} {c} {c} {c}\n\n"),
}
_VOCABULARY = {
    "en": _WORDS,
    "de": (
        "der Hafen war seit dem Frühjahr geschlossen und niemand in der Stadt "
        "konnte sagen wann die Fähre wieder fahren würde weil der Rat auf "
        "einen Bericht wartete den ein Ingenieur noch schrieb während Boote am Kai lagen und Regen über die leeren Straßen zog"
    ).split(),
    "ru": (
        "гавань была закрыта с весны и никто в городе не мог сказать "
        "когда паром снова пойдёт потому что совет ждал отчёта который инженер "
        "ещё писал пока лодки лежали вдоль причала и дождь шёл над пустыми улицами"
    ).split(),
    "ko": (
        "항구는 봄부터 닫혀 있었고 마을의 누구도 언제 배가 다시 다닐지 말할 수 "
        "없었다 의회는 기사가 아직 쓰고 있는 보고서를 기다렸고 배들은 부두를 따라 누워 "
        "있었으며 비가 빈 거리에 내렸다"
    ).split(),
    "zh": "港口 从 春天 起 就 关闭 了 镇上 没有 人 知道 渡船 什么 时候 再 开 因为 议会 在 "
    "等 一位 工程师 还 没 写完 的 报告 船 停 在 码头 边 雨 落 在 空荡荡 的 街 上".split(),
    "ar": (
        "كان الميناء مغلقا منذ الربيع ولم يعرف أحد في المدينة متى ستعود العبارة "
        "لأن المجلس كان ينتظر تقريرا ما زال مهندس يكتبه بينما كانت القوارب "
        "راسية على الرصيف والمطر ينزل على الشوارع الخالية"
    ).split(),
}
_PEOPLE = {
    "en": [f"{first} {last}" for first in _FIRST for last in _LAST[::3]],
    "de": [f"{first} {last}" for first in _FIRST for last in _LAST[1::3]],
    "ru": "Иван Петров, Анна Смирнова, Пётр Соколов, Ольга Волкова, Сергей Морозов".split(", "),
    "ko": "김민수 이영희 박철수 최지우 정하늘".split(),
    "zh": "王小明 李大海 张文静 陈思远 刘海燕".split(),
    "ar": "أحمد حسن, ليلى سالم, كريم يوسف".split(", "),
}


def _spoken(language: str, forms: slice = slice(None), paragraphs: int = 1) -> Family:
    """Paragraphs of the novel's kind; `forms` chooses among them, `paragraphs` go into one."""
    words, glue = _VOCABULARY[language], "" if language == "zh" else " "

    def sentence(rng: random.Random, end: str) -> str:
        text = glue.join(rng.choices(words, k=rng.randint(6, 20)))
        return text[0].upper() + text[1:] + end

    stop, comma = ("。", "，") if language == "zh" else (".", ",")

    def family(rng: random.Random) -> Iterator[str]:
        while True:
            made = []
            for _ in range(paragraphs):
                form = rng.choice(_SPOKEN[language][forms])
                made.append(
                    form.replace("{n}", rng.choice(_PEOPLE[language]))
                    .replace("{a}", sentence(rng, rng.choice((comma, stop, "?", "!"))))
                    .replace("{b}", sentence(rng, stop))
                )
                while "{c}" in made[-1]:
                    made[-1] = made[-1].replace("{c}", sentence(rng, stop), 1)
            yield "".join(made) if paragraphs == 1 else " ".join(made).replace("\n\n", " ") + "\n\n"

    return family


def _unbroken(family: Family) -> Family:
    def unbroken(rng: random.Random) -> Iterator[str]:
        return (part.replace("\n", " ") for part in family(rng))

    return unbroken


FAMILIES: dict[str, tuple[str, Family]] = {
    "prose, lines": ("txt", _prose(_WORDS)),
    "prose, one paragraph": ("txt", _same(" ".join(_WORDS).capitalize() + ". ")),
    **{f"quotations {language}": ("txt", _spoken(language, slice(2))) for language in _SPOKEN},
    **{f"novel {language}": ("txt", _spoken(language)) for language in _SPOKEN},
    **{f"novel page {language}": ("html", _spoken(language)) for language in ("en", "de")},
    "quotations, long paragraphs": ("txt", _spoken("en", slice(2), 150)),
    "quotations, one paragraph": ("txt", _unbroken(_spoken("en", slice(2)))),
    "all cues": ("txt", _same("He said so. ")),
    "all cues, lines": ("txt", _same("He said so.\n")),
    "names": ("txt", _names),
    "capitals": ("txt", _same("A")),
    "capitals in prose": ("txt", _same("The mayor of the town said that he was AAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA", "A’A’A’A’")),
    "lines of one letter": ("txt", _same("a\n", "b\n", "A\n")),
    "small paragraphs": ("html", _same("<p>a</p>")),
    "paragraphs": (
        "html",
        _same("<p>The harbour office had been closed since the spring.</p>\n", "<p>Nobody in the town could say why.</p>\n"),
    ),
    "base64": ("txt", _same(*"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")),
}
_OPENING = "The council of the town said on Monday that it would wait for the report of the engineer before it decided about the ferry.\n\n"


def document(name: str, size: int) -> bytes:
    """About `size` bytes of the family `name`."""
    form, family = FAMILIES[name]
    rng = random.Random(name)
    parts, length = [_OPENING if form == "txt" and name.partition(" ")[0] not in ("novel", "quotations") else ""], 0
    for part in family(rng):
        if form == "html" and not part.startswith("<"):
            part = f"<p>{part.strip()}</p>\n"  # noqa: PLW2901
        parts.append(part)
        length += len(part) if part.isascii() else len(part.encode())
        if length >= size:
            break
    body = "".join(parts).encode()[: size + 1].decode("utf-8", "ignore")
    if form == "html":
        body = f"<html><head><title>The ferry</title></head><body><article>{body}</article></body></html>"
    return body.encode()


def measure(name: str, size: int) -> dict[str, object]:
    """Time, memory and outcome of one document, in this process."""
    from newsbeam.config.recipe_parser import load
    from newsbeam.transforms.document import Document, Raw

    chain = load(None).chain()
    for language in _SPOKEN:
        warm = "".join(part for part, _ in zip(_spoken(language)(random.Random(1)), range(20), strict=False))
        chain.run(Raw("warm.txt", warm.encode(), name="warm.txt"))
    raw = Raw("a." + FAMILIES[name][0], document(name, size), name="a." + FAMILIES[name][0])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    outcome = chain.run(raw)
    seconds = time.process_time() - began
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    made = outcome.result
    return {
        "ms": round(seconds * 1000),
        "mb": held // 1024,
        "what": f"{made.language} {len(made.attributions)}" if isinstance(made, Document) else repr(made)[:200],
        "stages": {stage: round(ns / 1e6) for stage, ns in outcome.nanoseconds},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10k,100k,1m,5m")
    parser.add_argument("--only", default="", help="families whose name has this in it")
    parser.add_argument("--stages", action="store_true", help="print each stage's milliseconds (by the clock) too")
    parser.add_argument("--limit", type=int, default=300, help="seconds of processor time after which a document is given up")
    parser.add_argument("--one", nargs=2, metavar=("FAMILY", "SIZE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one[0], int(options.one[1]))))
        return
    sizes = [int(size[:-1]) * {"k": 1000, "m": 1_000_000}[size[-1]] for size in options.sizes.lower().split(",")]
    print("| family | " + " | ".join(options.sizes.split(",")) + " | grows by | language, attributions |")
    print("| --- |" + " --- |" * (len(sizes) + 2))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name in FAMILIES:
        if options.only not in name:
            continue
        cells, costs, what = [], {}, ""
        for size in sizes:
            done = subprocess.run(
                [sys.executable, __file__, "--one", name, str(size)],
                capture_output=True,
                text=True,
                env=environment,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (options.limit, options.limit)),
                check=False,
            )
            if done.returncode:
                cells.append(f"> {options.limit} s" if done.returncode < 0 else done.stderr.strip().splitlines()[-1])
                continue
            result = json.loads(done.stdout.splitlines()[-1])
            cells.append(f"{result['ms']:,} ms {result['mb']} MB")
            if options.stages:
                cells[-1] += " (" + ", ".join(f"{stage} {ms:,}" for stage, ms in result["stages"].items() if ms > 9) + ")"
            costs[size] = result["ms"] / size
            what = result["what"]
        small = [cost for size, cost in costs.items() if size <= 100_000]
        growth = f"{costs[max(costs)] / small[-1]:.1f}" if small and small[-1] and max(costs) > 100_000 else ""
        print("| " + " | ".join((name, *cells, growth, what)) + " |", flush=True)


if __name__ == "__main__":
    main()
