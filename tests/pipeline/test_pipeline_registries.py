"""Adding a runner, an output format or an input format is one module and one line in a registry."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from newsbeam import errors
from newsbeam.cli.main import main
from newsbeam.inputs import format_entries
from newsbeam.inputs.format_entries import INPUT_FORMATS, document_suffixes, recognise
from newsbeam.inputs.formats import find_format
from newsbeam.outputs.formats import load_line_format
from newsbeam.runners import registry
from newsbeam.storage import output_formats
from newsbeam.storage.output_formats import OUTPUT_FORMATS, FormatEntry

RECIPE = "processors: []\n"


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose modules can be imported, with a recipe and an input."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    (tmp_path / "in.jsonl").write_text('{"text": "One."}\n{"text": "Two."}\n')
    return tmp_path


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The help text of a command, on one line."""
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    return " ".join(capsys.readouterr().out.split())


# --- runners --------------------------------------------------------------------------------------------------------

TOY_RUNNER = """
from pathlib import Path
from newsbeam.runners.base import RunnerDefinition

def preset(options):
    Path("preset.txt").write_text(str(sorted(options)))
    return {"job_name": "toy"}

RUNNER = RunnerDefinition("toy", beam_name="FnApiRunner", preset=preset, local=True)
"""


@pytest.fixture
def toy_runner(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (modules / "toy_runner.py").write_text(TOY_RUNNER)
    monkeypatch.setitem(registry.RUNNERS, "toy", "toy_runner:RUNNER")


@pytest.mark.usefixtures("toy_runner")
def test_a_new_runner(modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "direct, prism, flink, spark, dataflow, toy" in shown(capsys, "run")
    words = ["run", "in.jsonl", "-o", "out", "-r", "recipe.yaml", "--runner", "toy", "--max_num_workers", "2"]
    assert main(words) == 0, capsys.readouterr().err
    assert capsys.readouterr().out.endswith("read 2 = written 2 + dropped 0 + failed 0\n")
    assert (modules / "preset.txt").read_text() == "['max_num_workers']"


@pytest.mark.usefixtures("toy_runner")
def test_what_a_new_runner_does_not_define_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--source", "kafka://h:1/t", "-o", "out", "--runner", "toy"]) == 2
    assert "Beam's toy runner cannot read Kafka; use --runner prism or flink or dataflow" in capsys.readouterr().err
    assert main(["run", "in.jsonl", "-o", "out", "--runner", "toy", "--dry_run=True"]) == 2
    assert "--dry_run requires --runner dataflow (got toy)" in capsys.readouterr().err
    assert main(["run", "in.jsonl", "-o", "out", "--runner", "toi"]) == 2
    assert "did you mean 'toy'?" in capsys.readouterr().err


def test_every_entry_of_the_registry_of_runners() -> None:
    assert [one.name for one in registry.all_definitions()] == list(registry.RUNNERS)
    assert len({one.beam_name for one in registry.all_definitions()}) == len(registry.RUNNERS)


def test_a_runner_by_the_name_of_beam_keeps_what_its_jobs_need() -> None:
    flink = registry.find_definition("FlinkRunner")
    ours = registry.find_definition("flink")
    assert (flink.kafka, flink.cluster) == (ours.kafka, ours.cluster)
    assert flink.preset is not ours.preset
    assert not flink.retryable
    with pytest.raises(errors.RunnerUnavailable, match="unknown runner"):
        registry.find_definition("nothing")


# --- output formats -------------------------------------------------------------------------------------------------

TOY_FORMAT = """
import json
from newsbeam.outputs.formats.base import OutputFormat

class Texts(OutputFormat):
    def write(self, parts, target):
        for part in parts:
            for line in part:
                text = json.loads(line)["text"] + "\\n"
                target.write((text.upper() if self.compression == "zstd" else text).encode())
"""


@pytest.fixture
def toy_format(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (modules / "toy_format.py").write_text(TOY_FORMAT)
    monkeypatch.setitem(OUTPUT_FORMATS, "texts", FormatEntry("toy_format:Texts", {"none": "texts", "zstd": "texts.zst"}))


@pytest.mark.usefixtures("toy_format")
def test_a_new_output_format(modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "--format {jsonl,parquet,texts}" in shown(capsys, "run")
    (modules / "in.jsonl").write_text('{"text": "One."}\n{"text": "Two."}\n{"text": ""}\n')
    words = ["run", "in.jsonl", "-o", "out", "-r", "recipe.yaml", "--format", "texts"]
    assert main(words) == 0, capsys.readouterr().err
    assert (modules / "out" / "documents-00000-of-00001.texts").read_text() == "One.\nTwo.\n"
    manifest = json.loads((modules / "out" / "manifest.json").read_text())
    assert manifest["options"]["format"] == "texts"
    others = ["dropped-00000-of-00001.jsonl", "dead-letters-00000-of-00001.jsonl"]
    assert [file["name"] for file in manifest["files"]] == ["documents-00000-of-00001.texts", *others]
    assert 'path: "documents-*.texts"' in (modules / "out" / "README.md").read_text()
    # Its files are newsbeam's own: they are replaced.
    assert main([*words, "--overwrite", "--compress", "zstd"]) == 0, capsys.readouterr().err
    names = {path.name for path in (modules / "out").iterdir() if path.is_file() and path.name != ".newsbeam-lock"}
    assert names == {"README.md", "manifest.json", "documents-00000-of-00001.texts.zst", *others}
    assert (modules / "out" / "documents-00000-of-00001.texts.zst").read_text() == "ONE.\nTWO.\n"


@pytest.mark.usefixtures("toy_format")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["in.jsonl", "--compress", "gzip"], "--compress gzip does not apply to --format texts; it applies to: jsonl"),
        (["--source", "kafka://h:1/t"], "--format texts is not supported with --source"),
    ],
)
def test_what_a_new_output_format_does_not_allow(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *words, "-o", "out", "--format", "texts"]) == 2
    assert said in capsys.readouterr().err


def test_no_two_output_formats_share_an_extension() -> None:
    extensions = output_formats.all_extensions()
    assert len(set(extensions)) == len(extensions)
    assert output_formats.all_compressions() == ("none", "gzip", "zstd")
    with pytest.raises(ValueError, match=r"\.parquet files cannot be written line by line"):
        load_line_format("parquet")


# --- input formats --------------------------------------------------------------------------------------------------

TOY_INPUT = """
import orjson
from newsbeam.inputs.formats.base import InputFormat

class Sections(InputFormat):
    walled = False

    def read(self, context, stream):
        sections = stream.read().decode("utf-8", "replace").split("=== ")[1:]
        for number, section in enumerate(sections, context.first):
            title, _, text = section.partition("\\n")
            yield context.raw(number, orjson.dumps({"title": title, "text": text}), form="json")
"""


@pytest.fixture
def toy_input(modules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (modules / "toy_input.py").write_text(TOY_INPUT)
    monkeypatch.setitem(INPUT_FORMATS, "sections", format_entries.FormatEntry("toy_input:Sections", ("sections",), re.compile(rb"=== ")))


@pytest.mark.usefixtures("toy_input")
def test_a_new_input_format(modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "=== First\nOne.\n=== Second\nTwo.\n"
    (modules / "in").mkdir()
    (modules / "in" / "a.sections").write_text(text)
    (modules / "in" / "b.txt").write_text("Three.")
    (modules / "in" / "c.unknown").write_text("Four.")
    words = ["run", "in", "-o", "out", "-r", "recipe.yaml"]
    assert main(words) == 0, capsys.readouterr().err
    said = capsys.readouterr()
    assert said.out.endswith("read 3 = written 3 + dropped 0 + failed 0\n")
    assert "skipped 1 .unknown" in said.err
    lines = (modules / "out" / "documents-00000-of-00001.jsonl").read_text().splitlines()
    titles = [(record["metadata"]["origin"], record["title"], record["text"].strip()) for record in map(json.loads, lines)]
    assert titles == [("in/a.sections#1", "First", "One."), ("in/a.sections#2", "Second", "Two."), ("in/b.txt", "", "Three.")]


@pytest.mark.parametrize(
    ("head", "name", "expect"),
    [
        (b"\x1f\x8b\x08", "a.html", "gzip"),
        (b"\x28\xb5\x2f\xfd\x00", "a", "zstd"),
        (b"BZh91AY", "a", "bzip2"),
        (b"\xfd7zXZ\0", "a", "xz"),
        (b"\x04\x22\x4d\x18", "a", "lz4"),
        (b"PAR1....", "a.jsonl", "parquet"),
        (b"WARC/1.0\r\n", "a.txt", "warc"),
        (b"filedesc://a.arc 1.2.3.4 20200101000000 text/plain 76\n", "a", "warc"),
        (b"PK\x03\x04", "a.txt", "zip"),
        (b"a" * 257 + b"ustar", "a", "tar"),
        (b"crawl-data/a.warc.gz\n", "a.txt", "paths"),
        (b" CDX N b a m s k r M S V g\n", "a", "cdx"),
        (b'{"text": "a"}\n', "a.txt", "jsonl"),
        (b"<html>", "a.warc", ""),
    ],
)
def test_recognise(head: bytes, name: str, expect: str) -> None:
    assert recognise(head, name) == expect


def test_every_entry_of_the_registry_of_input_formats() -> None:
    assert all(find_format(kind) is not None for kind in INPUT_FORMATS)
    assert find_format("gzip") is None
    suffixes = [suffix for entry in INPUT_FORMATS.values() for suffix in entry.suffixes]
    assert len(set(suffixes)) == len(suffixes)
    assert {"html", "txt", "warc", "jsonl", "tgz"} <= document_suffixes()
