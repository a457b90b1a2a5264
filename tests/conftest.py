"""What tests of every folder may ask for."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).parent))  # for the plain modules beside this file; last, since folders here are called as packages are

from ran import Ran

# What hypothesis measures by the clock fails on a busy machine.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


ROOT = Path(__file__).parents[1]
LEVELS = {name: logging.getLogger(name).level for name in ("root", "newsbeam")}


@pytest.fixture(autouse=True)
def same_logging() -> Iterator[None]:
    """Restore the levels of logging, which a command that runs in this process sets for all of it.

    Before a test as well: a fixture of a module runs commands, too.
    """

    def restore() -> None:
        for name, level in LEVELS.items():
            logging.getLogger(name).setLevel(level)

    restore()
    yield
    restore()


@pytest.fixture(scope="session")
def newsbeam_process() -> Callable[..., Ran]:
    """Run the command in a process of its own. `cwd` and `path` (for PYTHONPATH) are keyword arguments."""

    def run(*words: str | os.PathLike[str], cwd: Path = ROOT, path: Path | None = None) -> Ran:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [ROOT / ".src", *([path] if path else [])])), "COLUMNS": "100"}
        command = [sys.executable, "-m", "newsbeam.cli", *(os.fspath(word) for word in words)]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, check=False)
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def newsbeam(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command in this process, with the arguments of `newsbeam_process`: importing Beam takes longer than most runs."""
    from newsbeam.cli.main import main

    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(*words: str | os.PathLike[str], cwd: Path = ROOT, path: Path | None = None) -> Ran:
        capfd.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("COLUMNS", "100")
            patch.chdir(cwd)
            if path:
                patch.syspath_prepend(path)
            try:
                status = main([*(os.fspath(word) for word in words)])
            except SystemExit as end:  # argparse
                status = int(end.code or 0)
            finally:
                for number, handler in handlers.items():
                    signal.signal(number, handler)
        return Ran(status, *capfd.readouterr())

    return run


@pytest.fixture
def within_processor_time() -> Callable[[float], AbstractContextManager[None]]:
    """`with within_processor_time(60): …` fails where its body takes more processor time, as only an algorithm of another order does.

    Processor time, not the clock: a busy machine fails nothing. The limits are many times what the work takes.
    """

    @contextmanager
    def limited(seconds: float) -> Iterator[None]:
        def over(_number: int, _frame: FrameType | None) -> None:
            raise AssertionError(f"more than {seconds} s of processor time")

        before = signal.signal(signal.SIGPROF, over)
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)

    return limited


@pytest.fixture(scope="session")
def elsewhere_filesystem() -> Any:
    """The class of the filesystem with the scheme `elsewhere`; Beam finds it by itself once it is defined."""
    from apache_beam.io.filesystem import FileMetadata, FileSystem  # most tests do without

    class Elsewhere(FileSystem):
        """`elsewhere://x/y` is `<top>/x/y`. Like an object store it has no folders and renames by copying."""

        top: ClassVar[Path]

        @classmethod
        def scheme(cls):
            return "elsewhere"

        def _path(self, url):
            return str(self.top / url.removeprefix("elsewhere://").lstrip("/"))

        def join(self, basepath, *paths):
            return "/".join([basepath.rstrip("/"), *paths])

        def split(self, path):
            head, _, tail = path.rpartition("/")
            return head, tail

        def mkdirs(self, path):
            os.makedirs(self._path(path), exist_ok=True)

        def has_dirs(self):
            return False

        def _list(self, dir_or_prefix):
            for folder, _, files in os.walk(self.top):
                for name in files:
                    path = Path(folder, name)
                    url = "elsewhere://" + path.relative_to(self.top).as_posix()
                    if url.startswith(dir_or_prefix):
                        yield FileMetadata(url, path.stat().st_size)

        def create(self, path, mime_type="application/octet-stream", compression_type="auto"):
            os.makedirs(os.path.dirname(self._path(path)), exist_ok=True)
            return open(self._path(path), "wb")

        def open(self, path, mime_type="application/octet-stream", compression_type="auto"):
            return open(self._path(path), "rb")

        def copy(self, source_file_names, destination_file_names):
            for source, destination in zip(source_file_names, destination_file_names, strict=True):
                shutil.copy(self._path(source), self._path(destination))

        def rename(self, source_file_names, destination_file_names):
            for source, destination in zip(source_file_names, destination_file_names, strict=True):
                shutil.move(self._path(source), self._path(destination))

        def exists(self, path):
            return os.path.isfile(self._path(path))

        def size(self, path):
            return os.path.getsize(self._path(path))

        def last_updated(self, path):
            return os.path.getmtime(self._path(path))

        def checksum(self, path):
            return str(self.size(path))

        def metadata(self, path):
            return FileMetadata(path, self.size(path))

        def delete(self, paths):
            for path in paths:
                local = self._path(path)
                if os.path.isdir(local):
                    shutil.rmtree(local)
                elif os.path.exists(local):
                    os.unlink(local)

    return Elsewhere


@pytest.fixture
def far(elsewhere_filesystem: Any, tmp_path: Path) -> Path:
    """The folder that is `elsewhere://` in this test."""
    elsewhere_filesystem.top = tmp_path
    return tmp_path
