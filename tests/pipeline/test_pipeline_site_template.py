"""`site_template`: the sketch that counts, and the command end to end, which reads its input twice."""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbeam.cli.main import main
from newsbeam.config.job import WorkerConfig
from newsbeam.config.recipe import SiteOptions
from newsbeam.config.recipe_parser import parse
from newsbeam.config.results import BatchResult
from newsbeam.errors import RecipeError, RunFailed, TemplateError
from newsbeam.transforms.boilerplate.site_template import COUNTS_VERSION, page_keys
from newsbeam.transforms.document import Raw
from newsbeam.workers import child, site_template
from newsbeam.workers.pool import Pool
from newsbeam.workers.site_template import LEAST_WIDTH, MOST_WIDTH, ROWS, Sketch, find_template, load, save, width_for

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
    save(str(tmp_path / "sketch"), made, "boilerplate")
    again = load(str(tmp_path / "sketch"))
    assert again.packed() == made.packed()
    assert again.width == LEAST_WIDTH


# --- files of counts ------------------------------------------------------------------------------------------------


def counts_file(path: Path, *keys: int, processor: str = "boilerplate", **header: Any) -> Path:
    """A file of counts, with other values in its header."""
    save(str(path), sketch(*keys), processor)
    if header:
        line, _, table = zstandard.decompress(path.read_bytes()).partition(b"\n")
        path.write_bytes(zstandard.compress(orjson.dumps({**orjson.loads(line), **header}) + b"\n" + table))
    return path


def test_a_file_says_what_was_counted(tmp_path: Path) -> None:
    path = counts_file(tmp_path / "counts", 1, 2, 2)
    line, _, _ = zstandard.decompress(path.read_bytes()).partition(b"\n")
    assert orjson.loads(line) == {
        "format": "newsbeam site counts",
        "version": COUNTS_VERSION,
        "processor": "boilerplate",
        "width": LEAST_WIDTH,
        "keys": 3,
    }
    recipe, template = find_template(str(path), parse("processors: [length, boilerplate]"))
    assert recipe.site_template == SiteOptions()
    assert template is not None
    assert template.packed == path.read_bytes()
    assert load(str(counts_file(tmp_path / "none"))).at_most(1) == 0


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _flip(path: Path) -> None:
    packed = bytearray(path.read_bytes())
    packed[len(packed) // 2] ^= 1
    path.write_bytes(packed)


def _again(path: Path, content: bytes) -> None:
    path.write_bytes(zstandard.compress(content))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda path: path.unlink(), "No such file or directory; name the output folder"),
        (lambda path: (path.unlink(), path.mkdir()), "the folder has no site-counts.zst"),
        (lambda path: path.chmod(0), "Permission denied; name the output folder"),
        (lambda path: (path.unlink(), os.mkfifo(path)), "is neither a regular file nor a folder"),
        (lambda path: path.write_bytes(b""), "is not a file of counts"),
        (lambda path: path.write_text("processors: []\n"), "is not a file of counts"),
        (lambda path: _again(path, b'{"text": "A record."}\n'), "is not a file of counts"),
        (lambda path: _again(path, b"\0" * (40 << 20)), "is not a file of counts"),
        (_cut, "is damaged"),
        (_flip, "is damaged"),
        (lambda path: _again(path, zstandard.decompress(path.read_bytes())[:-9]), "is damaged"),
        (lambda path: _again(path, zstandard.decompress(path.read_bytes()) + b"more"), "is damaged"),
        (lambda path: counts_file(path, 1, width=1 << 15), "is damaged (wrong size of the table)"),
        (lambda path: counts_file(path, 1, keys=2), "is damaged (header and table differ)"),
        (lambda path: counts_file(path, 1, width=1), "is damaged (wrong size of the table)"),
        (lambda path: counts_file(path, 1, format="other"), "is not a file of counts"),
        (lambda path: counts_file(path, 1, version=99), "has counts of version 99, and this newsbeam needs version"),
        (lambda path: counts_file(path, 1, processor="recurring"), "has counts of texts of `recurring`, and the recipe needs those of `b"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_counts_that_do_not_fit_are_refused_by_name_with_a_cure(tmp_path: Path, spoil: Callable[[Path], object], says: str) -> None:
    path = counts_file(tmp_path / "counts", *range(500))
    spoil(path)
    if says.startswith("Permission") and os.access(path, os.R_OK):
        pytest.skip("the superuser may read everything")
    with pytest.raises(TemplateError) as caught:
        find_template(str(path), parse("processors: [boilerplate]"))
    assert str(caught.value).startswith(f"--template {path}")
    assert says in str(caught.value)
    assert re.search(r"run newsbeam with `site_template: true`|name the output folder", str(caught.value))


def test_a_recipe_without_a_processor_for_the_counts(tmp_path: Path) -> None:
    path = str(counts_file(tmp_path / "counts", 1))
    with pytest.raises(TemplateError, match="the recipe has no processor that uses a template, such as `boilerplate`"):
        find_template(path, parse("processors: [length]"))
    unread = parse("processors: [length]")
    assert find_template(None, unread) == (unread, None)


@given(st.binary(max_size=40), st.integers(0, 200), st.integers(0, 1 << 20))
def test_any_damage_is_found(tmp_path_factory: pytest.TempPathFactory, noise: bytes, start: int, place: int) -> None:
    path = tmp_path_factory.getbasetemp() / "counts"
    packed = counts_file(path, *range(50)).read_bytes()
    at = place % len(packed) if start % 2 else min(start, len(packed))
    spoilt = packed[:at] + noise + packed[at + len(noise) :]
    path.write_bytes(spoilt)
    if spoilt == packed:
        assert load(str(path)).keys == 50
    else:
        with pytest.raises(TemplateError):
            load(str(path))


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
    kept = (tmp_path / "1" / "site-counts.zst").read_bytes()
    assert manifest["site_counts"] == {"sha256": sha256(kept).hexdigest(), "file": "site-counts.zst", "template": ""}
    assert kept == (tmp_path / "2" / "site-counts.zst").read_bytes()
    assert "`site-counts.zst`" in (tmp_path / "1" / "README.md").read_text()


def test_without_the_option_nothing_is_counted(site: Path, newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path, "processors: ['site_processors:Recurring']\nsite_template: false\n")
    done = newsbeam("run", site, "-o", tmp_path / "out", "-r", recipe, "--added", ADDED, path=HERE)
    assert done.status == 0, done.err
    assert all(PITCH in row["text"] for row in lines(tmp_path / "out", "documents"))
    assert not (tmp_path / "out" / "site-counts.zst").exists()
    assert "site-counts" not in (tmp_path / "out" / "README.md").read_text()


@pytest.fixture(scope="module")
def counted(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a run with `site_template`."""
    folder = tmp_path_factory.mktemp("counted")
    recipe = recipe_file(folder, "processors: [boilerplate, length]\nsite_template: true\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        assert main(["run", str(site), "-o", str(folder / "out"), "-r", str(recipe), "--added", ADDED]) == 0
    return folder / "out"


def records_in(out: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(out.glob("documents-*.jsonl")))


@pytest.mark.parametrize(("option", "place"), [("site_template: true", ""), ("edit_again: false", "site-counts.zst")])
def test_the_counts_of_an_earlier_run_spare_a_pass(
    site: Path, counted: Path, newsbeam: Newsbeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, place: str
) -> None:
    """The same documents come out the same; also with a recipe without `site_template`."""
    monkeypatch.setattr("newsbeam.batch.graph.CountSiteTexts", None)
    recipe = recipe_file(tmp_path, f"processors: [boilerplate, length]\n{option}\n")
    done = newsbeam("run", site, "-o", tmp_path / "out", "-r", recipe, "--added", ADDED, "--template", counted / place)
    assert done.status == 0, done.err
    assert done.account == "read 62 = written 61 + dropped 0 + failed 1"
    assert records_in(tmp_path / "out") == records_in(counted)
    about = orjson.loads((tmp_path / "out" / "manifest.json").read_bytes())["site_counts"]
    assert about["template"] == str(counted / place)
    assert about["sha256"] == orjson.loads((counted / "manifest.json").read_bytes())["site_counts"]["sha256"]
    assert (tmp_path / "out" / "site-counts.zst").read_bytes() == (counted / "site-counts.zst").read_bytes()


def new_page(folder: Path) -> Path:
    """A page of a site that was counted, which was not there then."""
    folder.mkdir(exist_ok=True)
    text = f"The mayor closed the last bridge in loud rain. Nobody came to see it.\n{PITCH}\nNo boats passed beneath it all that night."
    path = folder / "new.jsonl"
    path.write_text(json.dumps({"text": text, "url": "https://a.example/new"}) + "\n")
    return path


def test_counts_and_output_on_another_filesystem(counted: Path, newsbeam: Newsbeam, lines: Lines, far: Path) -> None:
    """As on a cluster: the workers can read the counts only where the output is, and their processes cannot read that."""
    new_page(far / "in")
    (far / "counted").mkdir()
    (far / "counted" / "site-counts.zst").write_bytes((counted / "site-counts.zst").read_bytes())
    words = ["run", "elsewhere://in/new.jsonl", "-o", "elsewhere://out", "--added", ADDED, "--template"]
    done = newsbeam(*words, "elsewhere://counted")
    assert done.status == 0, done.err
    (row,) = lines(far / "out", "documents")
    assert PITCH in [removal["text"] for removal in row["removed"] if removal["kind"] == "template"]
    assert (far / "out" / "site-counts.zst").exists()
    again = newsbeam(*words, "elsewhere://nowhere", "--overwrite")
    assert again.status == 2
    assert "--template elsewhere://nowhere: " in again.err
    assert newsbeam(*words, "http://example.org/counts", "--overwrite").status == 2
    assert newsbeam(*words[:-1], "--overwrite").status == 0
    assert not (far / "out" / "site-counts.zst").exists(), "it is of results that were replaced"


def test_a_resumed_run_refuses_other_counts(counted: Path, newsbeam: Newsbeam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["run", new_page(tmp_path / "in"), "-o", tmp_path / "out", "--added", ADDED]
    with monkeypatch.context() as patch:

        def interrupted(*_: object) -> None:
            raise RunFailed("interrupted before anything was read")

        patch.setattr("newsbeam.batch.run._run_graph", interrupted)
        assert newsbeam(*words, "--template", counted).status == 1
    other = counts_file(tmp_path / "other", 1)
    for template in ([], ["--template", other]):
        done = newsbeam(*words, "--resume", *template)
        assert done.status == 2
        assert "the counts of --template changed since the run" in done.err
    copy = tmp_path / "copy.zst"
    copy.write_bytes((counted / "site-counts.zst").read_bytes())
    done = newsbeam(*words, "--resume", "--template", copy)
    assert done.status == 0, done.err
    assert b'"kind":"template"' in records_in(tmp_path / "out")


def test_a_replay_uses_the_counts_of_its_run(newsbeam: Newsbeam, lines: Lines, tmp_path: Path) -> None:
    """Dead letters alone are too few pages to count."""
    write_site(tmp_path / "in", 18)
    pages = (tmp_path / "in" / "pages.jsonl").read_text()
    (tmp_path / "in" / "pages.jsonl").write_text(pages.replace("no json", '{"text": 5}'))
    recipe = recipe_file(tmp_path, "processors: [boilerplate, length]\nsite_template: true\n")
    done = newsbeam("run", tmp_path / "in", "-o", tmp_path / "out", "-r", recipe, "--added", ADDED, cwd=tmp_path)
    assert done.account == "read 20 = written 19 + dropped 0 + failed 1", done.err
    number = pages.count("\n")
    fixed = json.loads(new_page(tmp_path / "new").read_text())
    (tmp_path / "in" / "pages.jsonl").write_text(
        "".join([*(line + "\n" for line in pages.splitlines()[: number - 1]), json.dumps(fixed) + "\n"])
    )
    done = newsbeam("replay", tmp_path / "out", cwd=tmp_path)
    assert done.status == 0, done.err
    (row,) = lines(tmp_path / "out" / "replay-1", "documents")
    assert [removal["text"] for removal in row["removed"] if removal["kind"] == "template"] == [PITCH]


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
