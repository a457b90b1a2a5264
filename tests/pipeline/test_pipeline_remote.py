"""Reading from and writing to a filesystem that only Beam knows: here one that is a folder under another scheme."""

import shutil
from pathlib import Path

import orjson
import pytest
from apache_beam.io.filesystems import FileSystems

from newsbeam.cli.main import main


@pytest.fixture
def elsewhere(tmp_path, far):
    assert FileSystems.get_filesystem("elsewhere://x").scheme() == "elsewhere"
    bucket = tmp_path / "bucket" / "in"
    (bucket / "sub").mkdir(parents=True)
    for number in range(3):
        (bucket / f"{number}.txt").write_text(f"The harbour plan number {number} was agreed on Monday.")
    (bucket / "sub" / "page.html").write_text("<html><body><p>The council met again on Tuesday, and agreed.</p></body></html>")
    (bucket / "logo.png").write_bytes(b"\x89PNG")
    return tmp_path / "bucket"


def records(folder: Path) -> list[dict]:
    return [orjson.loads(line) for path in sorted(folder.glob("documents-*")) for line in path.read_bytes().splitlines()]


@pytest.mark.parametrize("given", ["elsewhere://bucket/in", "elsewhere://bucket/in/"])
def test_a_folder_elsewhere_is_walked_and_written_back_there(elsewhere, given, capfd):
    assert main(["run", given, "--output", "elsewhere://bucket/out"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "read 4 = written 4 + dropped 0 + failed 0"
    found = records(elsewhere / "out")
    assert [record["metadata"]["origin"] for record in found] == [
        *(f"elsewhere://bucket/in/{number}.txt" for number in range(3)),
        "elsewhere://bucket/in/sub/page.html",
    ]
    assert {record["source"] for record in found} == {"in"}
    left = [path.name for path in (elsewhere / "out").rglob("*") if path.is_file()]
    assert sorted(left) == [
        "README.md",
        "dead-letters-00000-of-00001.jsonl",
        "documents-00000-of-00001.jsonl",
        "dropped-00000-of-00001.jsonl",
        "manifest.json",
    ]


def test_a_glob_and_one_file_elsewhere(elsewhere, tmp_path, capfd):
    assert main(["run", "elsewhere://bucket/in/*.txt", "elsewhere://bucket/in/sub/page.html", "--output", str(tmp_path / "out")]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "read 4 = written 4 + dropped 0 + failed 0"


def test_a_second_run_elsewhere_is_refused(elsewhere, capfd):
    assert main(["run", "elsewhere://bucket/in", "--output", "elsewhere://bucket/out"]) == 0
    assert main(["run", "elsewhere://bucket/in", "--output", "elsewhere://bucket/out"]) == 2
    assert "--overwrite" in capfd.readouterr().err
    assert main(["run", "elsewhere://bucket/in", "--output", "elsewhere://bucket/out", "--overwrite"]) == 0


def test_nothing_there(elsewhere, tmp_path, capfd):
    assert main(["run", "elsewhere://bucket/nothing", "--output", str(tmp_path / "out")]) == 2
    assert "no files at elsewhere://bucket/nothing" in capfd.readouterr().err


def test_earlier_output_elsewhere_is_passed_over(elsewhere, tmp_path, capfd):
    assert main(["run", "elsewhere://bucket/in/0.txt", "--output", "elsewhere://bucket/in/out"]) == 0
    shutil.copytree(elsewhere / "in" / "out", elsewhere / "in" / "out" / "replay-1")
    capfd.readouterr()
    assert main(["run", "elsewhere://bucket/in", "--output", "elsewhere://bucket/in/out2"]) == 0
    said = capfd.readouterr()
    assert said.out.splitlines()[-1] == "read 4 = written 4 + dropped 0 + failed 0"
    assert "skipped elsewhere://bucket/in/out: it is an output folder of newsbeam" in said.err
    assert main(["run", "elsewhere://bucket/in", "--output", "elsewhere://bucket/in/out2", "--overwrite"]) == 0
    said = capfd.readouterr()
    assert said.out.splitlines()[-1] == "read 4 = written 4 + dropped 0 + failed 0"
    assert "out2" not in said.err
