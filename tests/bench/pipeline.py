"""How fast the pipeline is, and which way to use all cores is best. Prints figures; asserts nothing.

    python tests/bench/pipeline.py overhead          # 10,000 files of 5 KB, and the same as JSON lines, without processors
    python tests/bench/pipeline.py files             # 10,000 files of 5 KB, default recipe
    python tests/bench/pipeline.py jsonl --gb 2      # one JSONL, default recipe (or --recipe)
    python tests/bench/pipeline.py warc FOLDER       # one .warc.gz made of a folder of .html.gz pages
    python tests/bench/pipeline.py ways FOLDER       # one worker, two, Beam's multi-processing, a pipeline a core

Everything is made in a temporary folder (--scratch) and thrown away. Times are of whole processes, start-up included;
peak memory is that of the largest single process.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WORDS = (
    "the council said on monday that a new harbour plan would cost more than expected and residents asked for answers while "
    "engineers measured water levels again before the vote of the committee about which nobody had been told"
).split()
NOTHING = "processors: []\n"


def article(rng: random.Random, size: int) -> str:
    """English-like paragraphs of `size` characters, with a few quotations and leftovers."""
    lines = ["Home > News > Region", "Share Facebook Copy link", "Council votes on harbour plan", ""]
    while sum(map(len, lines)) < size - 120:
        sentence = " ".join(rng.choice(WORDS) for _ in range(18)).capitalize()
        lines.append(f'{sentence}. "{" ".join(rng.choice(WORDS) for _ in range(12)).capitalize()}," Jane Holt said. ' * 3)
    return "\n".join([*lines, "", "© 2026 The Harbour Courier. All rights reserved."])


def timed(command: list[str]) -> tuple[float, str]:
    """Wall seconds of a command, and the last line it printed."""
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    return seconds, (done.stdout.strip().splitlines() or [""])[-1]


def newsbeam(inputs: list[str], out: Path, *options: str) -> list[str]:
    """The command line of a run into a fresh folder."""
    shutil.rmtree(out, ignore_errors=True)
    return [sys.executable, "-m", "newsbeam.cli", "run", *inputs, "--output", str(out), *options]


def say(what: str, seconds: float, documents: int, account: str) -> None:
    """One line of the table."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{what:38} {seconds:8.1f} s {documents / seconds:9.0f} documents/s   largest process so far {peak:5.0f} MB   {account}", flush=True
    )


def make_files(scratch: Path, count: int = 10_000) -> Path:
    """A folder of text files of 5 KB."""
    folder = scratch / "files"
    folder.mkdir()
    rng = random.Random(1)
    texts = [article(rng, 5000) for _ in range(500)]
    for number in range(count):
        (folder / f"{number:05d}.txt").write_text(f"{number}\n{texts[number % 500]}")
    return folder


def make_jsonl(scratch: Path, size: float) -> tuple[Path, int]:
    """One JSONL of `size` bytes."""
    path = scratch / "big.jsonl"
    rng = random.Random(2)
    texts = [article(rng, 5000) for _ in range(500)]
    count = written = 0
    with path.open("w") as stream:
        while written < size:
            row = {"id": str(count), "url": f"https://example.org/{count}", "text": f"{count}\n{texts[count % 500]}"}
            written += stream.write(json.dumps(row) + "\n")
            count += 1
    return path, count


def make_warc(scratch: Path, pages: Path) -> tuple[Path, int]:
    """One .warc.gz with a response record for each page in a folder."""
    path = scratch / "pages.warc.gz"
    count = 0
    with path.open("wb") as stream:
        for page in sorted(pages.glob("*.html.gz")):
            body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + gzip.decompress(page.read_bytes())
            head = (
                f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/{page.name}\r\n"
                "WARC-Date: 2026-01-02T03:04:05Z\r\n"
                f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            stream.write(gzip.compress(head.encode() + body + b"\r\n\r\n", 6))
            count += 1
    return path, count


def overhead(scratch: Path) -> None:
    """What a document costs without any processor, start-up taken off."""
    recipe = scratch / "nothing.yaml"
    recipe.write_text(NOTHING)
    one = scratch / "one.txt"
    one.write_text("One document.")
    folder = make_files(scratch)
    lines, count = make_jsonl(scratch, 200e6)
    start = min(timed(newsbeam([str(one)], scratch / "out", "-r", str(recipe), "-j", "2"))[0] for _ in range(3))
    print(f"start-up (a run of one document): {start:.2f} s")
    for what, path, documents in (("10,000 files of 5 KB", folder, 10_000), ("JSON lines of 5 KB", lines, count)):
        for workers in ("1", "2"):
            seconds = min(timed(newsbeam([str(path)], scratch / "out", "-r", str(recipe), "-j", workers))[0] for _ in range(3))
            print(f"{what}, {workers} workers: {(seconds - start) / documents * 1e6:.0f} µs a document")


def ways(scratch: Path, pages: Path) -> None:
    """The ways to use two cores, on one WARC and on the same pages as files; best of two runs each, one after the other."""
    warc, count = make_warc(scratch, pages)
    halves = [scratch / "half-0", scratch / "half-1"]
    for half in halves:
        half.mkdir()
    for number, page in enumerate(sorted(pages.glob("*.html.gz"))):
        os.symlink(page.resolve(), halves[number % 2] / page.name)
    out = scratch / "out"
    beams = ["--direct_running_mode", "multi_processing", "--direct_num_workers", "2", "-j", "1"]
    for _ in range(2):
        for what, inputs in (("WARC", [str(warc)]), ("files", [str(half) for half in halves])):
            for name, options in (
                ("one worker", ["-j", "1"]),
                ("two workers (newsbeam's own)", ["-j", "2"]),
                ("Beam's multi_processing", beams),
            ):
                seconds, account = timed(newsbeam(inputs, out, *options))
                say(f"{what}: {name}", seconds, count, account)
        began = time.perf_counter()
        both = [
            subprocess.Popen(newsbeam([str(half)], scratch / f"out-{half.name}", "-j", "1"), stdout=subprocess.DEVNULL) for half in halves
        ]
        for process in both:
            process.wait()
        say("files: one pipeline a core", time.perf_counter() - began, count, "")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["overhead", "files", "jsonl", "warc", "ways"])
    parser.add_argument("pages", nargs="?", type=Path)
    parser.add_argument("--gb", type=float, default=2.0)
    parser.add_argument("--recipe", action="append", default=[])
    parser.add_argument("--scratch", type=Path)
    known = parser.parse_args()
    options = [word for recipe in known.recipe for word in ("-r", recipe)]
    with tempfile.TemporaryDirectory(dir=known.scratch) as folder:
        scratch = Path(folder)
        out = scratch / "out"
        if known.what == "overhead":
            overhead(scratch)
        elif known.what == "files":
            inputs = make_files(scratch)
            for workers in ("1", "2"):
                seconds, account = timed(newsbeam([str(inputs)], out, "-j", workers, *options))
                say(f"10,000 files of 5 KB, {workers} workers", seconds, 10_000, account)
        elif known.what == "jsonl":
            path, count = make_jsonl(scratch, known.gb * 1e9)
            seconds, account = timed(newsbeam([str(path)], out, *options))
            say(f"JSONL of {known.gb:g} GB", seconds, count, account)
        elif known.what == "warc":
            path, count = make_warc(scratch, known.pages)
            for workers in ("1", "2"):
                seconds, account = timed(newsbeam([str(path)], out, "-j", workers, *options))
                say(f"WARC of {count} pages, {workers} workers", seconds, count, account)
        else:
            ways(scratch, known.pages)


if __name__ == "__main__":
    main()
