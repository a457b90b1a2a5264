"""`site_template`: the sketch that counts, and the command end to end, which reads its input twice."""

from __future__ import annotations

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.config.job import WorkerConfig
from newsbeam.config.recipe import SiteOptions
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.errors import RecipeError
from newsbeam.transforms.boilerplate.site_template import page_keys
from newsbeam.transforms.document import Raw
from newsbeam.workers import child, site_template
from newsbeam.workers.pool import Pool
from newsbeam.workers.site_template import LEAST_WIDTH, MOST_WIDTH, ROWS, Sketch, load, width_for

Newsbeam = Callable[..., Any]
Lines = Callable[[Path, str], list[Any]]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ADDED = "2026-01-31T12:00:00Z"
PITCH = "Every reader of ours gets a wooden spoon and a song"

# --- the sketch -----------------------------------------------------------------------------------------------------

KEYS = st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=60)


def sketch(*keys: int) -> Sketch:
    made = Sketch(LEAST_WIDTH)
    made.add(keys)
    return made


@settings(max_examples=40, deadline=None)
@given(KEYS, st.integers(0, 60), st.randoms(use_true_random=False))
def test_the_same_keys_make_the_same_sketch(keys: list[int], cut: int, chance: random.Random) -> None:
    whole = sketch(*keys)
    shuffled = chance.sample(keys, len(keys))
    merged = sketch(*shuffled[:cut])
    merged.merge(pickle.loads(pickle.dumps(sketch(*shuffled[cut:]))))
    assert merged.packed() == whole.packed()
    for key, count in Counter(keys).items():
        assert whole.at_least(key) <= count <= whole.at_most(key)


def test_the_noise_of_a_full_sketch_is_taken_off() -> None:
    chance = random.Random(3)
    made = Sketch(LEAST_WIDTH)
    made.add([chance.getrandbits(63) for _ in range(10 * LEAST_WIDTH)])
    made.add([5] * 200)
    once = [chance.getrandbits(63) for _ in range(2000)]
    made.add(once)
    assert max(map(made.at_least, once)) == 0
    assert 150 <= made.at_least(5) <= 200 <= made.at_most(5)


@pytest.mark.parametrize("size", [0, 1, 10_000, 1 << 20, 1 << 26, 1 << 40, 1 << 50])
def test_the_memory_has_a_bound_whatever_the_input(size: int) -> None:
    width = width_for(size)
    assert LEAST_WIDTH <= width <= MOST_WIDTH
    assert width == MOST_WIDTH or width * site_template.BYTES_A_KEY >= size
    assert ROWS * MOST_WIDTH * 8 == 32 << 20


def test_what_is_counted_does_not_make_it_grow(tmp_path: Path) -> None:
    made = Sketch(LEAST_WIDTH)
    made.add([1])
    least = made._table.get_serialized_size_bytes()
    for page in range(300):
        made.add(page_keys("a.example", [f"word{'x' * page}{line} and so on" for line in "abcdefghij" * 5]))
    assert made._table.get_serialized_size_bytes() == least <= ROWS * LEAST_WIDTH * 8 + 100
    (tmp_path / "sketch").write_bytes(made.packed())
    again = load(str(tmp_path / "sketch"))
    assert again.packed() == made.packed()
    assert again.width == LEAST_WIDTH


# --- the recipe -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expect"),
    [
        ("true", SiteOptions()),
        ("false", None),
        ("{}", SiteOptions()),
        ("{min_pages: 20}", SiteOptions(min_pages=20)),
        ("{share: 1, min_pages: 3}", SiteOptions(3, 1.0)),
    ],
)
def test_the_option(text: str, expect: SiteOptions | None) -> None:
    recipe = parse(f"processors: [boilerplate]\nsite_template: {text}")
    assert recipe.site_template == expect
    assert pickle.loads(pickle.dumps(recipe)) == recipe
    assert parse("processors: [boilerplate]").site_template is None


def test_the_first_processor_that_takes_a_template_gets_it() -> None:
    recipe = parse("processors: [boilerplate, length, boilerplate]\nsite_template: {share: 0.5}")
    first, _, last = recipe.chain(counts=Sketch(LEAST_WIDTH)).processors
    assert getattr(first, "template").share == 0.5  # noqa: B009 - no processor need have it
    assert getattr(last, "template") is None  # noqa: B009
    assert recipe.chain() == parse("processors: [boilerplate, length, boilerplate]").chain()


# --- worker processes -----------------------------------------------------------------------------------------------


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool[str]]:
    """A pool that counts; a nasty processor stands before the one with the template."""
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setattr(child, "KILL_GRACE_S", 0.5)
    recipe = parse("processors: ['nasty_processors:Nasty', 'site_processors:Recurring', 'nasty_processors:Nasty']\nsite_template: true")
    made: Pool[str] = Pool(WorkerConfig(recipe, ADDED, 1.0, "0", counting=True), 1)
    yield made
    made.close()


def test_what_cannot_be_counted_is_left_to_the_pass_that_writes(counting: Pool[str]) -> None:
    texts = ["one is here\nand more", "raise", "hang in Python", "", "unwanted", "crash", "hang in C", "two is there", "%PDF-1.7"]
    counting.submit("a", [Raw(f"in/{number}.txt", text.encode()) for number, text in enumerate(texts)])
    counting.submit("b", [Raw("https.txt", b"third is last", url="https://a.example/x")])
    (_, first), (_, second) = counting.results(everything=True)
    assert first == BatchResult(keys=keys("in/", ["one is here", "and more"]) + keys("in/", ["two is there"]))
    assert second == BatchResult(keys=keys("a.example", ["third is last"]))


def keys(site: str, texts: list[str]) -> bytes:
    return b"".join(key.to_bytes(8, sys.byteorder, signed=True) for key in page_keys(site, texts))


# --- the command ----------------------------------------------------------------------------------------------------


def write_site(folder: Path, count: int = 60) -> None:
    """Pages of two hosts and, in a folder, of none, in several kinds of files; one of which cannot be read."""
    folder.mkdir(parents=True)
    words = "light warm cold long late soft loud dark".split()
    rows = []
    for number in range(count):
        own = f"The mayor opened bridge {number} in {words[number % 8]} rain. {'Many came to see it. ' * (number % 5 + 3)}They left."
        also = f"Boats passed beneath it all that {words[number % 7]} night, {number} of them with {words[number % 3]} lamps."
        if number % 3 == 0:
            (folder / f"{number:03d}.txt").write_text(f"{own}\n\n{PITCH}\n\n{also}\n", encoding="utf-8")
        elif number % 3 == 1:
            rows.append({"text": f"{own}\n{PITCH}\n{also}\n", "url": f"https://www.a.example/{number}"})
        else:
            html = f"<html><body><div><p>{own}</p><p>{PITCH}</p><p>{also}</p></div></body></html>"
            rows.append({"html": html, "url": f"https://b.example/{number}"})
    rows.append({"text": f"{PITCH}\nIt was alone, and nobody else said what it had to say.", "url": "https://c.example/"})
    (folder / "pages.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows) + "no json\n", encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "pages"
    write_site(folder)
    return folder


def recipe_file(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_one_worker_and_two_write_the_same_bytes(site: Path, newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path, "processors: [boilerplate, length]\nsite_template: true\n")
    outs = []
    for workers in ("1", "2"):
        out = tmp_path / workers
        done = newsbeam("run", site, "-o", out, "-r", recipe, "--added", ADDED, "-j", workers, path=HERE)
        assert done.status == 0, done.err
        assert done.account == "read 62 = written 61 + dropped 0 + failed 1"
        assert not (out / ".newsbeam").exists()
        outs.append([(path.name, path.read_bytes()) for path in sorted(out.glob("d*.jsonl"))])
    assert outs[0] == outs[1]
    rows = lines(tmp_path / "1", "documents")
    alone = [row for row in rows if row["url"] == "https://c.example/"]
    for row in rows:
        assert (PITCH in row["text"]) == (row in alone)
        assert [removal["text"] for removal in row["removed"] if removal["kind"] == "template"] == ([] if row in alone else [PITCH])
        assert "Boats passed" in row["text"] or row in alone
    manifest = orjson.loads((tmp_path / "1" / "manifest.json").read_bytes())
    assert "site_template: true" in manifest["recipe"]["text"]
    assert "template" not in manifest["recipe"]["processors"][0]


def test_without_the_option_nothing_is_counted(site: Path, newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path, "processors: ['site_processors:Recurring']\nsite_template: false\n")
    done = newsbeam("run", site, "-o", tmp_path / "out", "-r", recipe, "--added", ADDED, path=HERE)
    assert done.status == 0, done.err
    assert all(PITCH in row["text"] for row in lines(tmp_path / "out", "documents"))


def test_an_input_of_nothing(newsbeam: Newsbeam, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    recipe = recipe_file(tmp_path, "processors: [boilerplate]\nsite_template: true\n")
    done = newsbeam("run", tmp_path / "in", "-o", tmp_path / "out", "-r", recipe)
    assert done.status == 0, done.err
    assert done.account == "read 0 = written 0 + dropped 0 + failed 0"


def test_a_killed_run_goes_on_with_the_counts_that_it_began_with(newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    """Even where files that were not read yet have changed since, no two parts have different counts."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(12):
        names = [f"{'abcdefghijkl'[number]}{'xyz'[line % 3]}{'o' * line}" for line in range(30)]
        rows = [
            {"text": f"The mayor of {name} opened a bridge, and many came.\n{PITCH}\nBoats of {name} passed beneath it."} for name in names
        ]
        (folder / f"{number:02d}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    with (folder / "00.jsonl").open("a") as stream:
        stream.write(" " * (9 << 20))  # a share of its own
    recipe = recipe_file(
        tmp_path, "processors: ['site_processors:Recurring', 'nasty_processors:Slow': {seconds: 0.01}]\nsite_template: true\n"
    )
    words = ["run", str(folder), "-o", str(tmp_path / "out"), "-r", str(recipe), "--added", ADDED, "-j", "1"]
    env = {**os.environ, "PYTHONPATH": f"{ROOT}/.src{os.pathsep}{HERE}"}
    process = subprocess.Popen([sys.executable, "-m", "newsbeam.cli", *words], env=env, cwd=ROOT, stderr=subprocess.DEVNULL)
    state = tmp_path / "out" / ".newsbeam"
    deadline = time.monotonic() + 600
    while not list((state / "parts").glob("*.json")) and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (state / "site-template").exists()
    for path in folder.glob("*.jsonl"):
        if path.name != "00.jsonl":  # of which a part is written; it would be read again, for its bytes are not the same
            path.write_text(path.read_text().replace(PITCH, "".join(chr(ord(char) + 1) if char.isalpha() else char for char in PITCH)))

    done = newsbeam(*words, "--resume", path=HERE)
    assert done.status == 0, done.err
    assert done.account == "read 360 = written 360 + dropped 0 + failed 0"
    written = lines(tmp_path / "out", "documents")
    # What was written before has its pitch taken out; what came after was not counted, so it stays.
    taken = [bool(row["removed"]) for row in written]
    assert any(taken)
    assert not all(taken)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("processors: [length]\nsite_template: true", "2: `site_template` needs a processor that uses one"),
        ("processors: [boilerplate]\nsite_template: 5", "2: `site_template` must be true, false, or"),
        ("processors: [boilerplate]\nsite_template: {pages: 5}", "2: site_template has no option 'pages'"),
        ("processors: [boilerplate]\nsite_template: {shar: 5}", "2: site_template has no option 'shar'; did you mean 'share'"),
        ("processors: [boilerplate]\nsite_template: {share: 1.5}", "2: site_template: share must be above 0 and at most 1"),
        ("processors: [boilerplate]\nsite_template: {min_pages: 1}", "2: site_template: min_pages must be at least 3"),
        ("processors: [boilerplate]\nsite_template: {min_pages: many}", "2: site_template.min_pages is int, not 'many'"),
        ("processors: [boilerplate]\nsite_templat: true", "2: unknown key 'site_templat'; did you mean 'site_template'"),
        ("processors: [{boilerplate: {template: 5}}]", "1: boilerplate has no option 'template'"),
    ],
)
def test_a_wrong_option_is_refused(text: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        parse(text, "mine.yaml")
    assert f":{message}" in str(caught.value)
