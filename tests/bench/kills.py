"""Kills `newsbeam run` at random moments, and looks whether anything was lost, mixed or believed that should not be.

    python tests/bench/kills.py overwrite --kills 100    kill -9 of `run --overwrite` over an old result
    python tests/bench/kills.py damage --kills 100       parts cut, emptied or garbled between a kill and --resume

Each kill is of the whole process group, at a moment drawn by lot (`--seed`) between the start of the command and its end. After it:
the manifest and all that it lists are of the old or of the new result, to the byte; or a journal says that the new one is being put in
place. The next command (--resume, a plain run, --overwrite, by turns) then has to end with a whole result.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
ADDED = "2026-01-01T00:00:00Z"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "newsbeam.cli", "run", *words, "--added", ADDED]


def start(words: list[str]) -> subprocess.Popen[bytes]:
    env = {**os.environ, "PYTHONPATH": str(ROOT / ".src")}
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def ended(words: list[str]) -> tuple[int, str]:
    process = start(words)
    out, err = process.communicate(timeout=300)
    return process.returncode, (out + err).decode("utf-8", "replace")


def result(out: Path) -> dict[str, str] | None:
    """The hashes of the files that the manifest lists; None where there is no manifest. Raises AssertionError where one does not fit."""
    if not (out / "manifest.json").exists():
        return None
    about = json.loads((out / "manifest.json").read_bytes())
    found: dict[str, str] = {}
    for entry in about["files"]:
        payload = (out / entry["name"]).read_bytes()
        assert (payload.count(b"\n"), len(payload)) == (entry["records"], entry["bytes"]), f"{entry['name']} is not what the manifest says"
        found[entry["name"]] = sha256(payload).hexdigest()
    there = {path.name for stem in ("documents", "dropped", "dead-letters") for path in out.glob(f"{stem}-*")}
    assert there == set(found), f"{there ^ set(found)}: there and not listed, or listed and not there"
    assert sha256((out / "README.md").read_bytes()).hexdigest() == about["card"]["sha256"], "README.md is of another result"
    return found


def make_inputs(folder: Path, name: str, large: int) -> Path:
    """Small files, an empty and a broken one, and `large` files that each make a part of their own."""
    source = folder / name
    source.mkdir()
    for number in range(40):
        (source / f"{number:03d}.txt").write_text(f"{name}: the council met on Monday, number {number}.\n")
    (source / "empty.txt").write_text("")
    (source / "paper.html").write_bytes(b"%PDF-1.7 \xff\xfe")
    filler = "word " * 20_000
    for number in range(large):
        rows = [json.dumps({"text": f"{name}: story {number}-{record}. {filler}"}) for record in range(90)]
        (source / f"large-{number}.jsonl").write_text("\n".join(rows) + "\n")
    return source


def kill_at(words: list[str], seconds: float) -> bool:
    """Start a command and kill it with all its processes after so many seconds; whether it was still running."""
    process = start(words)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    running = process.poll() is None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return running


def overwrite(folder: Path, kills: int, lots: random.Random) -> Counter[str]:
    recipe = folder / "plain.yaml"
    recipe.write_text("processors: []\n")
    results: dict[str, dict[str, str]] = {}
    words: dict[str, list[str]] = {}
    out = folder / "out"
    took = 0.0
    for name, large in (("one", 1), ("two", 2)):
        source = make_inputs(folder, name, large)
        words[name] = [str(source), "-o", str(out), "-r", str(recipe), "-j", "1"]
        began = time.monotonic()
        status, said = ended(command(*words[name], "--overwrite"))
        took = max(took, time.monotonic() - began)
        assert status == 0, said
        found = result(out)
        assert found is not None
        results[name] = found
    now = "two"
    seen: Counter[str] = Counter()
    for number in range(kills):
        new = "one" if now == "two" else "two"
        # The end of a run is where the swap is: half of the kills are there.
        moment = lots.uniform(0, 1.1 * took) if number % 2 else lots.uniform(0.6, 1.1) * took
        began = time.monotonic()
        running = kill_at(command(*words[new], "--overwrite"), moment)
        if not running:
            took = 0.7 * took + 0.3 * (time.monotonic() - began)
        journal, state = (out / ".newsbeam" / "swap.json").exists(), (out / ".newsbeam" / "plan.json").exists()
        found = result(out)
        if found is None:
            assert journal, f"kill {number} after {moment:.2f} s: neither an old nor a new result"
            there = "in the middle of the swap"
        else:
            assert found in (results[now], results[new]), f"kill {number} after {moment:.2f} s: a result that is neither"
            there = "old" if found == results[now] else "new"
        seen[("" if running else "had ended: ") + there + (", cut short" if state else "")] += 1
        turn = ("--resume", "", "--overwrite")[number % 3]
        status, said = ended(command(*words[new], *([turn] if turn else [])))
        if turn == "":
            # A plain run never replaces anything: it says what is there.
            assert status == 2, said
            assert "--overwrite" in said
            assert result(out) in (results[now], results[new]), f"kill {number}: {said}"
            status, said = ended(command(*words[new], "--overwrite"))
        if turn == "--resume" and not state and not journal and there == "old":
            assert status == 0, said
            assert "nothing to resume" in said
            assert result(out) == results[now]
        else:
            assert status == 0, f"kill {number}, then {turn}: {said}"
            assert result(out) == results[new], f"kill {number}, then {turn}: {said}"
            now = new
        assert not (out / ".newsbeam").exists(), f"kill {number}, then {turn}: the state is left"
    return seen


DAMAGES = ("cut", "emptied", "garbled", "removed", "report cut")


def damage(folder: Path, kills: int, lots: random.Random) -> Counter[str]:
    recipe = folder / "slow.yaml"
    recipe.write_text("processors: [language]\n")
    source = make_inputs(folder, "in", 4)
    expected_folder = folder / "expected"
    status, said = ended(command(str(source), "-o", str(expected_folder), "-r", str(recipe), "-j", "1"))
    assert status == 0, said
    expected = result(expected_folder)
    seen: Counter[str] = Counter()
    out = folder / "out"
    words = [str(source), "-o", str(out), "-r", str(recipe), "-j", "1"]
    while sum(seen.values()) < kills:
        shutil.rmtree(out, ignore_errors=True)
        process = start(command(*words))
        parts = out / ".newsbeam" / "parts"
        wanted = lots.randint(1, 4)
        while process.poll() is None and len(list(parts.glob("*.json"))) < wanted:
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        finished = sorted(parts.glob("*.json"))
        if not finished or (out / "manifest.json").exists() or (out / ".newsbeam" / "swap.json").exists():
            continue  # it was at its end before it was seen
        what = DAMAGES[sum(seen.values()) % len(DAMAGES)]
        report = lots.choice(finished)
        lines = [path for path in parts.iterdir() if path.name.startswith(report.stem + ".") and path != report and path.suffix != ".tmp"]
        victim = report if what == "report cut" else lots.choice([path for path in lines if path.stat().st_size])
        payload = victim.read_bytes()
        if what in ("cut", "report cut"):
            os.truncate(victim, lots.randrange(len(payload)))
        elif what == "emptied":
            os.truncate(victim, 0)
        elif what == "garbled":
            at = lots.randrange(len(payload))
            victim.write_bytes(payload[:at] + bytes([payload[at] ^ (1 << lots.randrange(8))]) + payload[at + 1 :])
        else:
            victim.unlink()
        status, said = ended(command(*words, "--resume"))
        assert status == 0, f"{what} {victim.name}: {said}"
        assert "done again" in said, f"{what} {victim.name}: it was believed: {said}"
        assert result(out) == expected, f"{what} {victim.name}: the result is another"
        seen[what] += 1
    return seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["overwrite", "damage"])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where to work (default: a new temporary folder)")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-", dir=arguments.folder))
    seen = (overwrite if arguments.what == "overwrite" else damage)(folder, arguments.kills, random.Random(arguments.seed))
    shutil.rmtree(folder)
    print(f"{sum(seen.values())} kills, seed {arguments.seed}, nothing lost:")
    for what, number in seen.most_common():
        print(f"  {number:4}  {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
