"""Are large inputs shared out? Makes a WARC, a .warc.gz, a JSONL and a folder of very many small files out of saved pages, and runs them
with two of Beam's own workers (`--direct_running_mode multi_processing`, `-j 1`: each has one process of its own for the chain) and
with `--runner direct`. Prints who did what; asserts nothing.

    python tests/bench/large.py PAGES                              # 5 GB each (before compression), and 200,000 files
    python tests/bench/large.py PAGES --gb 0.5 --files 20000 --only jsonl --recipe FILE

PAGES is a folder of .html.gz. They are repeated with other addresses until there is enough. Without --recipe the chain holds nothing
but a processor that counts, so that the time is that of reading, sharing out and writing: the worst case for whatever looks ahead. All
is made in a temporary folder (--scratch), one input after another, and thrown away.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).parents[2]
TICK = os.sysconf("SC_CLK_TCK")
SEEN = struct.Struct("<qq")


@dataclass(frozen=True)
class Tell:
    """Says in a file of `folder`, one for each process, how many documents it has had, and of how many stretches."""

    name: ClassVar[str] = "tell"
    effect: ClassVar[str] = "selects"
    folder: str = ""

    def __call__(self, document: Any) -> Any:
        origin: str = document.metadata.origin
        if not origin.startswith("warm-up."):
            state = _STATE or _begin(self.folder)
            path, _, number = origin.rpartition("#")
            state["documents"] += 1
            # A stretch is read in one go: a number that does not follow the one before begins another.
            if not number.isdigit() or path != state["path"] or int(number) != state["number"] + 1:
                state["stretches"] += bool(path)
            state["path"], state["number"] = path, int(number) if number.isdigit() else 0
            os.pwrite(state["file"], SEEN.pack(state["documents"], state["stretches"]), 0)
        return document


_STATE: dict[str, Any] = {}


def _begin(folder: str) -> dict[str, Any]:
    name = os.path.join(folder, f"{os.getppid()}-{os.getpid()}")
    _STATE.update(documents=0, stretches=0, path=None, number=0, file=os.open(name, os.O_RDWR | os.O_CREAT))
    return _STATE


# --- making inputs --------------------------------------------------------------------------------------------------


def pages(folder: Path) -> list[bytes]:
    found = sorted(folder.rglob("*.html.gz"))
    if not found:
        sys.exit(f"{folder}: no .html.gz there")
    return [gzip.decompress(path.read_bytes()) for path in found]


def address(number: int) -> str:
    return f"https://example.org/{number // 1000}/{number}"


def warc_records(bodies: list[bytes], size: int) -> Iterator[tuple[int, bytes]]:
    """(the page's number, the record of a WARC) until there are `size` bytes."""
    number = made = 0
    while made < size:
        body = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + bodies[number % len(bodies)]
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {address(number)}\r\nWARC-Date: 2026-01-02T03:04:05Z\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield number, head.encode() + body + b"\r\n\r\n"
        made += len(body) + len(head) + 4
        number += 1


def make_warc(path: Path, bodies: list[bytes], size: int) -> int:
    count = 0
    with path.open("wb") as stream:
        for _, record in warc_records(bodies, size):
            stream.write(record)
            count += 1
    return count


def make_warc_gz(path: Path, bodies: list[bytes], size: int) -> int:
    """`size` bytes before compression. Members are used again from the second round on: compressing takes longer than anything else."""
    packed: list[bytes] = []
    count = 0
    with path.open("wb") as stream:
        for number, record in warc_records(bodies, size):
            if number < len(bodies):
                packed.append(gzip.compress(record, 6, mtime=0))
            stream.write(packed[number % len(bodies)])
            count += 1
    return count


def make_jsonl(path: Path, bodies: list[bytes], size: int) -> int:
    texts = [body.decode("utf-8", "replace") for body in bodies]
    count = made = 0
    with path.open("wb") as stream:
        while made < size:
            row = {"id": str(count), "url": address(count), "html": texts[count % len(texts)]}
            made += stream.write(json.dumps(row).encode() + b"\n")
            count += 1
    return count


def make_files(path: Path, bodies: list[bytes], count: int) -> int:
    """So many files of 4 KB at most, 1,000 in a folder."""
    for number in range(count):
        if number % 1000 == 0:
            folder = path / f"{number // 1000:04d}"
            folder.mkdir(parents=True)
        page = b"<!doctype html><title>%d</title>" % number + bodies[number % len(bodies)][:3900]
        (folder / f"{number:07d}.html").write_bytes(page)
    return count


# --- running --------------------------------------------------------------------------------------------------------


def below(top: int) -> dict[int, tuple[int, str, float, float]]:
    """Processes under `top`, and itself: pid → (parent, its command, processor seconds, resident MB)."""
    found: dict[int, tuple[int, str, float, float]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
                command = Path(f"/proc/{name}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            except OSError:
                continue  # it has ended meanwhile
            pages_held = int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
            found[int(name)] = (int(fields[1]), command, (int(fields[11]) + int(fields[12])) / TICK, pages_held)
    mine = {top}
    while more := {pid for pid, one in found.items() if one[0] in mine} - mine:
        mine |= more
    return {pid: found[pid] for pid in mine if pid in found}


def run(what: str, count: int, command: list[str], told: Path) -> None:
    """One line for the run, and one for each of its workers."""
    shutil.rmtree(told, ignore_errors=True)
    told.mkdir()
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / ".src"), str(Path(__file__).parent)])}
    began = time.perf_counter()
    first = 0.0
    last: dict[int, tuple[int, str, float, float]] = {}
    peak: dict[int, float] = defaultdict(float)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=err)
        while process.poll() is None:
            for pid, one in below(process.pid).items():
                last[pid] = one
                peak[pid] = max(peak[pid], one[3])
            if not first and any(told.iterdir()):
                first = time.perf_counter() - began
            time.sleep(0.2)
        seconds = time.perf_counter() - began
        out.seek(0)
        account = (out.read().decode().strip().splitlines() or ["no account"])[-1]
        if process.returncode:
            err.seek(0)
            account = err.read().decode()[-2000:]
    print(f"{what}: {seconds:.0f} s, {count / seconds:.0f} documents/s, first document after {first:.1f} s; {account}", flush=True)
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    chains: dict[int, list[int]] = defaultdict(list)
    for path in told.iterdir():
        parent, pid = map(int, path.name.split("-"))
        documents, stretches = SEEN.unpack(path.read_bytes())
        counts[parent].update(documents=documents, stretches=stretches)
        chains[parent].append(pid)
    for pid in sorted({process.pid, *counts}):
        who = "the command" if pid == process.pid else "a worker of Beam's"
        own = last[pid][2] if pid in last else 0.0
        chain = [(last[one][2] if one in last else 0.0, peak[one]) for one in chains[pid]]
        # With one worker of Beam's, what reads and what follows upon it are mixed: only the numbers of documents are of use.
        stretches = f"{counts[pid]['stretches']:5d} stretches, " if len(chain) == 1 and counts[pid]["stretches"] else ""
        print(
            f"    {who:18} {pid:7d}: {counts[pid]['documents']:8d} documents, {stretches}"
            f"busy {own / seconds:4.0%}, {peak[pid]:5.0f} MB"
            + "".join(f"; its process: busy {busy / seconds:4.0%}, {held:5.0f} MB" for busy, held in chain),
            flush=True,
        )


def look_ahead(path: Path) -> str:
    """How long it takes to find where to cut, all by itself."""
    from newsbeam.inputs.splitting import split
    from newsbeam.inputs.work_units import Source, WorkUnit

    began, spent = time.perf_counter(), time.process_time()
    stretches = list(split(WorkUnit(0, (Source(str(path), path.stat().st_size, "large"),))))
    return f"{len(stretches)} stretches found in {time.perf_counter() - began:.1f} s ({time.process_time() - spent:.1f} s of a processor)"


INPUTS = {"warc": ("large.warc", make_warc), "warc.gz": ("large.warc.gz", make_warc_gz), "jsonl": ("large.jsonl", make_jsonl)}


def main() -> None:
    """Make, run, throw away."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--gb", type=float, default=5.0)
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--only", choices=[*INPUTS, "files"], action="append")
    parser.add_argument("--recipe", type=Path, help="`tell` is put behind its processors")
    parser.add_argument("--scratch", type=Path)
    known = parser.parse_args()
    bodies = pages(known.pages)
    for kind in known.only or [*INPUTS, "files"]:
        with tempfile.TemporaryDirectory(dir=known.scratch) as folder:
            scratch = Path(folder)
            told = scratch / "told"
            recipe = scratch / "recipe.yaml"
            tell = f"  - large:Tell: {{folder: '{told}'}}\n"
            recipe.write_text((known.recipe.read_text().rstrip() + "\n" if known.recipe else "processors:\n") + tell)
            if kind == "files":
                given = scratch / "files"
                count = make_files(given, bodies, known.files)
                about = f"{count} files"
            else:
                name, make = INPUTS[kind]
                given = scratch / name
                count = make(given, bodies, int(known.gb * 1e9))
                about = f"{kind} of {given.stat().st_size / 1e9:.1f} GB, {count} documents: {look_ahead(given)}"
            print(about, flush=True)
            out = scratch / "out"
            command = [sys.executable, "-m", "newsbeam.cli", "run", str(given), "--output", str(out), "--recipe", str(recipe)]
            two = ["-j", "1", "--direct_running_mode", "multi_processing", "--direct_num_workers", "2"]
            for what, options in (("  --direct_num_workers 2 -j 1", two), ("  --runner direct", [])):
                run(what, count, [*command, *options], told)
                shutil.rmtree(out, ignore_errors=True)


if __name__ == "__main__":
    main()
