"""Report each window's manifest when it is written."""

from __future__ import annotations

import re
import time
from collections import Counter

from newsbeam.config.job import Job
from newsbeam.console.terminal import print_note
from newsbeam.outputs.manifest import account_line
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.output_layout import OUTPUTS


class ManifestReporter:
    """What the manifests of a run say, summed up as they appear; each is told on standard error."""

    def __init__(self, job: Job, number: int) -> None:
        self.total: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._output = job.output
        self._mine = re.compile(rf"manifest-(\d{{8}}T\d{{6}})-run{number}(-late\d+)?\.json")
        self._counts: dict[str, Counter[str]] = {}
        self._next = 0.0

    def look(self, last: bool = False) -> None:
        """Take in what is new. In a bucket, where each look is a list of everything, not every time: but the last look sees all."""
        if filesystem.is_remote(self._output) and not last:
            if (now := time.monotonic()) < self._next:
                return
            self._next = now + _LOOK_FAR_SECONDS
        for name in filesystem.list_names(self._output, "manifest-"):
            if name in self._counts or not (found := self._mine.fullmatch(name)):
                continue
            about = output_layout.read_manifest(self._output, name)
            try:
                self._counts[name] = Counter({kind: about["counts"][kind] for kind in OUTPUTS})
                account = str(about["account"])
            except (KeyError, TypeError):
                self._counts[name], account = Counter(), "damaged: what it accounts for is not in the sum"
            self.total.update(self._counts[name])
            if account != account_line(self._counts[name]):
                self.wrong.append(name)
            print_note(f"{found[1]}{found[2] or ''}: {account}")


_LOOK_FAR_SECONDS = 30.0
"""The same in a bucket."""
