"""What the README shows is what the program does. `python tests/readme/test_readme_example.py` writes the README's record anew."""

import json
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
README = TOP / "README.md"
ADDED = "2026-01-01T00:00:00Z"


def example() -> tuple[str, str]:
    """The dirty document, and the record printed below it."""
    text = README.read_text(encoding="utf-8")
    document = re.search(r"```text\n(.*?)```", text, re.S)
    record = re.search(r"```json\n(.*?)```", text, re.S)
    assert document
    assert record
    return document.group(1), record.group(1)


def run(document: str, folder: Path) -> dict:
    """The record of a document, from the command."""
    path = folder / "ferry.txt"
    path.write_text(document, encoding="utf-8")
    command = [sys.executable, "-m", "newsbeam.cli", "run", "ferry.txt", "--output", "out", "--added", ADDED]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    record = json.loads((folder / "out/documents-00000-of-00001.jsonl").read_text(encoding="utf-8"))
    # The collection is named after the folder, which is a temporary one here.
    return {**record, "source": "news"}


def folded(record: dict) -> str:
    """The record with a line for each key, and one for each element of its lists."""

    def flat(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    lines = []
    for key, value in record.items():
        if isinstance(value, list) and len(value) > 1:
            lines.append(f" {flat(key)}: [\n  " + ",\n  ".join(map(flat, value)) + "]")
        elif key == "translation" and value["artifacts"]:
            head = flat({**value, "artifacts": []})[:-3]
            lines.append(f" {flat(key)}: {head}[\n  " + ",\n  ".join(map(flat, value["artifacts"])) + "]}")
        else:
            lines.append(f" {flat(key)}: {flat(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_the_record_in_the_readme_is_what_comes_out(tmp_path):
    document, printed = example()
    assert json.loads(printed) == run(document, tmp_path)


def test_the_account_in_the_readme_is_that_of_the_seeds(tmp_path):
    command = [sys.executable, "-m", "newsbeam.cli", "run", str(TOP / "seeds"), "--output", str(tmp_path / "out")]
    account = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]
    assert account in README.read_text(encoding="utf-8").splitlines()


def test_the_readmes_processor_works():
    from newsbeam.transforms.document import Document

    code = re.search(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert code
    namespace: dict = {"__name__": "readme"}
    exec(compile(code.group(1), "README.md", "exec"), namespace)
    assert namespace["Shout"](mark="?")(Document(text="hear me")).text == "HEAR ME?"


def test_the_readmes_recipe_is_right():
    from newsbeam.config.recipe_parser import parse

    recipe = re.search(r"```yaml\n(.*?)```", README.read_text(encoding="utf-8"), re.S)
    assert recipe
    assert [name for name, _ in parse(recipe.group(1)).steps] == ["boilerplate", "length", "language", "translation", "attribution"]


def test_the_two_commands_are_on_the_first_screen():
    first = "\n".join(README.read_text(encoding="utf-8").splitlines()[:24])
    assert "make run" in first
    assert "make test" in first


if __name__ == "__main__":
    import tempfile

    dirty, old = example()
    with tempfile.TemporaryDirectory() as scratch:
        new = folded(run(dirty, Path(scratch)))
    README.write_text(README.read_text(encoding="utf-8").replace(f"```json\n{old}```", f"```json\n{new}```"), encoding="utf-8")
