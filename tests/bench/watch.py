"""What `newsbeam watch` does under load, killed again and again. Prints figures; ends with status 1 where a record is missing or twice.

    python tests/bench/watch.py kills                 # 10,000 files at 200 a second, `kill -9` 20 times at random
    python tests/bench/watch.py latency               # the same without kills: seconds from dropping to a line that can be read
    python tests/bench/watch.py memory                # 100,000 files in one folder: memory of all processes as they go through
    python tests/bench/watch.py idle                  # what looking costs while nothing happens in a folder of 100,000 files

By default the recipe has no processors and a file is one short paragraph: the chain is measured elsewhere (README.md here). `--recipe FILE`
(or `--recipe default`) and `--bytes` change that, `--files` and `--rate` the load. Each file is written aside and renamed into
place. Latency is from that rename to the first look (one every 20 ms) at which its line stands in a `documents-*.jsonl`, so it
has the 20 ms on top.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

WORDS = (
    "the council said on monday that a new harbour plan would cost more than expected and residents asked for answers while "
    "engineers measured water levels again before the vote of the committee about which nobody had been told"
).split()
ORIGIN = re.compile(rb'"origin":"[^"]*?(\d+)\.txt"')


class Reader(threading.Thread):
    """Looks for finished files every 20 ms and notes when each record could first be read, by the number in its file's name."""

    def __init__(self, out: Path) -> None:
        super().__init__(daemon=True)
        self.out, self.seen, self.times, self.at, self.over = out, set[str](), Counter[int](), dict[int, float](), threading.Event()

    def look(self) -> None:
        """Read what is new."""
        for name in os.listdir(self.out) if self.out.exists() else ():
            if name.startswith("documents-") and name not in self.seen:
                self.seen.add(name)
                data = (self.out / name).read_bytes()
                now = time.monotonic()
                for line in data.splitlines():
                    json.loads(line)
                    (number,) = ORIGIN.findall(line)
                    self.times[int(number)] += 1
                    self.at.setdefault(int(number), now)

    def run(self) -> None:
        while not self.over.wait(0.02):
            self.look()


class Dropper(threading.Thread):
    """Drops `count` files at `rate` a second, each whole, by renaming it into place."""

    def __init__(self, folder: Path, count: int, rate: float, size: int) -> None:
        super().__init__(daemon=True)
        self.folder, self.count, self.rate, self.size, self.at = folder, count, rate, size, list[float]()

    def run(self) -> None:
        rng = random.Random(1)
        texts = [" ".join(rng.choice(WORDS) for _ in range(self.size // 6)).capitalize() + "." for _ in range(50)]
        began = time.monotonic()
        for number in range(self.count):
            aside = self.folder / f".{number}"
            aside.write_text(f"{number} {texts[number % 50]}")
            if self.rate:
                time.sleep(max(0.0, began + number / self.rate - time.monotonic()))
            os.rename(aside, self.folder / f"{number}.txt")
            self.at.append(time.monotonic())


def start(folder: Path, options: list[str]) -> subprocess.Popen[bytes]:
    """The command over `folder/in`."""
    words = [sys.executable, "-m", "newsbeam.cli", "watch", "in", "-o", "out", *options]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / ".src")}
    return subprocess.Popen(words, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def stop(process: subprocess.Popen[bytes]) -> str:
    """Its account."""
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate()
    return out.decode().strip()


def family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def megabytes(pid: int) -> float:
    """What a process holds now."""
    return int(re.findall(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[0]) / 1024


def seconds(pid: int) -> float:
    """The processor time that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(values: list[float]) -> str:
    """p50, p99 and the most."""
    values = sorted(values)
    return f"p50 {values[len(values) // 2]:.2f} s, p99 {values[len(values) * 99 // 100]:.2f} s, most {values[-1]:.2f} s"


def load(folder: Path, known: argparse.Namespace, options: list[str], kills: int) -> bool:
    """Drop files, kill now and then; whether all came out once."""
    dropper, reader = Dropper(folder / "in", known.files, known.rate, known.bytes), Reader(folder / "out")
    rng = random.Random(known.seed)
    process = start(folder, options)
    if not kills:
        (folder / "in" / "1000000.txt").write_text("To see that it is ready.")
    reader.start()
    while not kills and not reader.at:
        time.sleep(0.05)
    began = time.monotonic()
    dropper.start()
    length = known.files / known.rate
    moments = sorted(rng.uniform(0.02, 1) * length for _ in range(kills))
    killed: list[float] = []
    for moment in moments:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        process.kill()
        process.communicate()
        killed.append(time.monotonic())
        process = start(folder, options)
    dropper.join()
    end = time.monotonic()
    while len(reader.at) < known.files + (not kills) and time.monotonic() < end + 600:
        time.sleep(0.05)
    caught_up = time.monotonic() - end
    account = stop(process)
    reader.over.set()
    reader.join()
    reader.look()
    print(f"{known.files:,} files dropped in {end - began:.1f} s ({known.files / (end - began):.0f} a second), killed {len(killed)} times")
    twice = sum(times > 1 for times in reader.times.values())
    print(f"records {sum(reader.times.values()):,}, of different files {len(reader.times):,}, twice {twice}")
    print(f"account of the last process: {account}; the last record was there {caught_up:.1f} s after the last file")
    print(f"output files: {len(reader.seen):,}")
    latencies = [reader.at[number] - at for number, at in enumerate(dropper.at) if number in reader.at]
    print(
        f"from file to line: {percentiles(latencies)}"
        + (" (the time until it is started again and has caught up is in it)" if kills else "")
    )
    return len(reader.times) == known.files + (not kills) and max(reader.times.values()) == 1


def memory(folder: Path, known: argparse.Namespace, options: list[str]) -> bool:
    """Drop all files as fast as can be and look at what the processes hold on the way."""
    Dropper(folder / "in", known.files, 0, known.bytes).run()
    reader = Reader(folder / "out")
    process = start(folder, options)
    began = time.monotonic()
    step = max(1, known.files // 10)
    for goal in range(step, known.files + 1, step):
        while sum(reader.times.values()) < goal and time.monotonic() < began + 7200:
            time.sleep(0.2)
            reader.look()
        each = [megabytes(pid) for pid in family(process.pid)]
        parent, *workers = each
        others = ", ".join(f"{one:.0f}" for one in workers)
        print(f"{goal:9,} written after {time.monotonic() - began:6.1f} s: {parent:.0f} MB, workers {others} MB", flush=True)
    print(stop(process))
    return len(reader.times) == known.files


def idle(folder: Path, known: argparse.Namespace, options: list[str]) -> bool:
    """What looking at a folder costs that has been done, and how soon a new file in it is seen."""
    Dropper(folder / "in", known.files, 0, 20).run()
    reader = Reader(folder / "out")
    process = start(folder, options)
    while len(reader.times) < known.files:
        time.sleep(0.2)
        reader.look()
    time.sleep(5)
    before, began = seconds(process.pid), time.monotonic()
    time.sleep(20)
    share = (seconds(process.pid) - before) / (time.monotonic() - began)
    print(f"nothing happens in a folder of {known.files:,} files: {100 * share:.0f} % of a core")
    reader.start()
    latencies = []
    for number in range(known.files, known.files + 50):
        (folder / "in" / f".{number}").write_text("One more.")
        os.rename(folder / "in" / f".{number}", folder / "in" / f"{number}.txt")
        at = time.monotonic()
        while number not in reader.at:
            time.sleep(0.01)
        latencies.append(reader.at[number] - at)
    print(f"one more file, 50 times one after the other: {percentiles(latencies)}")
    reader.over.set()
    print(stop(process))
    return True


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["kills", "latency", "memory", "idle"])
    parser.add_argument("--files", type=int)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--bytes", type=int, default=400)
    parser.add_argument("--recipe", default="none")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("options", nargs="*", help="for `newsbeam watch`, after --")
    known = parser.parse_args()
    known.files = known.files or (100_000 if known.what in ("memory", "idle") else 10_000)
    with tempfile.TemporaryDirectory(dir=known.scratch) as name:
        folder = Path(name)
        (folder / "in").mkdir()
        (folder / "none.yaml").write_text("processors: []\n")
        recipe = {"none": ["-r", "none.yaml"], "default": []}.get(known.recipe) or ["-r", os.path.abspath(known.recipe)]
        if known.recipe == "default":
            recipe = []
        options = [*recipe, *known.options]
        if known.what in ("kills", "latency"):
            good = load(folder, known, options, known.kills if known.what == "kills" else 0)
        else:
            good = (memory if known.what == "memory" else idle)(folder, known, options)
    if not good:
        print("NOT every record once")
    return not good


if __name__ == "__main__":
    sys.exit(main())
