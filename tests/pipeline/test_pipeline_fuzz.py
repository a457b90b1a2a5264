"""A few mutants of every kind through the fuzzers of tests/bench, and what the fuzzers would say of a fault."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).parents[1] / "bench"))  # last: a benchmark there is called `pipeline`

import archives
import fuzz
from archives import Archive
from mutations import Corpus, Mutant, make

FOLDERS = [fuzz.ROOT / "seeds"]


def test_a_hundred_mutants_of_the_seeds() -> None:
    seen, failures = fuzz.fuzz_documents(range(100), FOLDERS, jobs=1)
    assert failures == []
    assert len({mutation for one in seen for mutation in one.mutations}) > 30
    assert sum(one.ending == "documents" for one in seen) > 60


def test_a_mutant_is_made_from_its_number_and_the_corpus_alone() -> None:
    first, again = Corpus(FOLDERS), Corpus(FOLDERS)
    assert [make(number, first) for number in range(30)] == [make(number, again) for number in reversed(range(30))][::-1]


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    """A record with spans in it."""
    page = Mutant(
        1, "000001.txt", (), b'"The gate will stay shut until the water falls again," said Jane Doe, the lock keeper, on Monday.\n'
    )
    ((seen),) = fuzz.run_singly([page])
    assert seen.wrong == []
    row: dict[str, Any] = json.loads(seen.outputs[0])
    assert row["attributions"]
    return row


def _set(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(row: Any) -> None:
        for key in path[:-1]:
            row = row[key]
        row[path[-1]] = to

    return change


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "a key is missing": (lambda row: row.pop("site"), "keys"),
    "a null": (_set("author", to=None), "author is None"),
    "another type": (_set("language_score", to=1), "language_score is 1"),
    "a key too many inside": (_set("metadata", "more", to=""), "metadata is"),
    "a span beyond the end": (_set("attributions", 0, "cue", "end", to=10_000), "is ["),
    "a span of other words": (_set("attributions", 0, "speaker", "text", to="somebody else"), "not 'somebody else'"),
    "no text": (_set("text", to=" "), "without a text"),
    "half a character": (_set("title", to="half \ud800"), "half a character"),
    "a score of two": (_set("translation", "score", to=2.0), "score is 2.0"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_record_is_reported(record: dict[str, Any], name: str) -> None:
    row = json.loads(json.dumps(record))
    assert list(fuzz.check_record(row)) == []
    change, says = FAULTS[name]
    change(row)
    assert any(says in wrong for wrong in fuzz.check_record(row)), list(fuzz.check_record(row))


def test_a_fault_in_a_worker_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    acts = {"one": "", "crash": "WorkerCrash", "unwanted": "", "raise": "ZeroDivisionError", "five": ""}
    mutants = [Mutant(number, f"{number:06d}.txt", (), text.encode()) for number, text in enumerate(acts)]
    seen = fuzz.run_singly(mutants, "processors: ['nasty_processors:Nasty']")
    for one, says in zip(seen, acts.values(), strict=True):
        assert bool(one.wrong) == bool(says)
        assert says in "".join(one.wrong)


def test_what_is_not_a_document_may_be_refused() -> None:
    mutants = [
        Mutant(0, "000000.jsonl", (), b'{"text": ', "json"),
        Mutant(1, "000001.txt", (), bytes(range(256)) * 40),
        Mutant(2, "000002.jsonl", (), b'{"text": "A text."}', "json"),
    ]
    assert [mutant.is_document for mutant in mutants] == [False, False, True]
    assert [(one.ending, one.wrong) for one in fuzz.run_singly(mutants)] == [("dead_letters", []), ("dead_letters", []), ("documents", [])]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["warc", "parquet"])
def test_mutated_archives_cost_at_most_themselves(kind: str, tmp_path: Path) -> None:
    make, good = (archives.make_warc, archives.good_warcs) if kind == "warc" else (archives.make_parquet, archives.good_parquets)
    failures, counts = fuzz.fuzz_archives([make(number) for number in range(30)], fuzz.newsbeam_command(), tmp_path, good())
    assert failures == []
    assert counts["documents"] > 30


@pytest.mark.slow
def test_what_an_archive_loses_is_reported(tmp_path: Path) -> None:
    (whole,) = [archive for archive in archives.good_warcs() if archive.name.endswith(".warc")]
    cut = Archive("000001.warc", (), whole.payload[: len(whole.payload) // 2], whole.intact)
    missing = Archive("000002.warc", (), b"", ("marker1x",))
    failures, _ = fuzz.fuzz_archives([cut, missing], fuzz.newsbeam_command(), tmp_path, [whole])
    assert sorted(name for name, _ in failures) == ["000001.warc", "000002.warc"]
    assert all("untouched documents are lost" in wrong for _, wrong in failures)


def test_a_command_that_crashes_or_hangs_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "RUN_LIMIT_SECONDS", 1.0)
    for name, script in {"crash": "kill -ABRT $$", "hang": "sleep 100"}.items():
        (tmp_path / name).mkdir()
        made = [Archive(f"{number:06d}.warc", (), b"", ()) for number in range(2)]
        failures, _ = fuzz.fuzz_archives(made, ["bash", "-c", script], tmp_path / name, [])
        assert {wrong.partition(" ")[0] for _, wrong in failures} == {"ended" if name == "crash" else "hung:"}
        assert len(failures) == 2


@pytest.mark.slow
def test_mutants_as_files_through_the_command(tmp_path: Path) -> None:
    assert fuzz.fuzz_documents_command(range(20), FOLDERS, fuzz.newsbeam_command(), tmp_path) == []
