"""Report the manifest of each window when it is written."""

from __future__ import annotations

import time

from newsbeam.config.job import Job
from newsbeam.console.terminal import print_note
from newsbeam.storage import filesystem, output_layout
from newsbeam.storage.manifest import Account, WindowManifest
from newsbeam.storage.output_layout import WindowManifestName


class ManifestReporter:
    """Reports of manifests on standard error as they appear.

    It also adds up their accounts.
    """

    def __init__(self, job: Job, number: int) -> None:
        self.total = Account()
        self.wrong: list[str] = []
        self._output = job.output
        self._run = number
        self._reported: set[str] = set()
        self._next = 0.0

    def look(self, last: bool = False) -> None:
        """Report new manifests.

        On an object store, where this lists the folder, not at every call; but the last call
        reports all.
        """
        if filesystem.is_remote(self._output) and not last:
            if (now := time.monotonic()) < self._next:
                return
            self._next = now + _REMOTE_SECONDS
        for name in filesystem.list_names(self._output, output_layout.MANIFEST_PREFIX):
            parsed = output_layout.parse_manifest(name)
            if name in self._reported or not isinstance(parsed, WindowManifestName) or parsed.window.run != self._run:
                continue
            self._reported.add(name)
            manifest = WindowManifest.find(self._output, name)
            if manifest is not None:
                self.total += manifest.counts
            if manifest is None or not manifest.balances:
                self.wrong.append(name)
            print_note(f"{parsed.window.label}: {'damaged, and not in the sum' if manifest is None else manifest.account}")


_REMOTE_SECONDS = 30.0
"""Seconds between lists of an object store."""
