"""Pub/Sub on the direct runner: acknowledge a message once its output is written.

Beam's reader for this runner acknowledges on receipt. If the process is killed, messages that wait
for the end of their window are lost. Here a message is leased until its output files exist. If the
run stops first, it is returned and redelivered. On other runners this module does nothing.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from newsbeam.beam_compat import pull_pubsub_with

PULLED = 100
"""The maximum number of messages per pull."""

WAIT_SECONDS = 2.0
"""The time limit of a pull; a window may be closed this much late."""

DEADLINE_SECONDS = 30
RENEW_SECONDS = 4.0
"""The duration of a lease, and the interval of renewals.

A subscription's own deadline is at least 10 s.
"""

BEHIND_SECONDS = 2.0
"""The lag of the watermark behind the clock when nothing is left to pull.

A message needs this long to become visible.
"""

_AT_A_TIME = 1000
_log = logging.getLogger(__name__)


@dataclass
class _Lease:
    """A pulled message: `seen` of its `total` items (0: unknown) are written.

    `ack` belongs to the last delivery.
    """

    ack: str
    seen: int = 0
    total: int = 0


class Leases:
    """The messages of a subscription that were pulled and not written yet.

    `written_before` has the ids that an earlier run wrote.
    """

    def __init__(self, written_before: Iterable[str] = ()) -> None:
        self._written_before = frozenset(written_before)
        self._lock = threading.Lock()
        self._held: dict[str, _Lease] = {}
        self._done: list[str] = []
        self._ended = threading.Event()
        self._client: Any = None
        self._subscription = ""
        self._keeper: threading.Thread | None = None
        self._watermark = 0.0
        self._renewed = 0.0

    def pull(self, client: Any, subscription: str) -> list[Any]:
        """Pull new messages; each is leased from now on."""
        from google.api_core.exceptions import DeadlineExceeded, ServiceUnavailable

        self._client, self._subscription = client, subscription
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, daemon=True, name="newsbeam-leases")
            self._keeper.start()
        if self._ended.is_set():
            time.sleep(0.1)
            return []
        began = time.time()
        try:
            received = client.pull(subscription=subscription, max_messages=PULLED, timeout=WAIT_SECONDS, retry=None).received_messages
        except DeadlineExceeded:
            received = []  # no message
        except ServiceUnavailable as error:
            _log.error("newsbeam: Pub/Sub does not respond: %s", error)
            time.sleep(WAIT_SECONDS)
            return []
        fresh = [one.message for one in received if self._is_new(one.message.message_id, one.ack_id)]
        times = [message.publish_time.timestamp() for message in fresh]
        # After a full pull there are more messages, about as old as these. Otherwise nothing older
        # than the pull is left.
        latest = min(times, default=self._watermark) if len(received) >= PULLED else min([*times, began - BEHIND_SECONDS])
        self._watermark = max(self._watermark, latest)
        return fresh

    @property
    def watermark(self) -> float:
        """The time, in seconds since 1970, before which no message is expected."""
        return self._watermark

    def _is_new(self, name: str, ack: str) -> bool:
        with self._lock:
            if name in self._written_before:
                self._done.append(ack)  # the process ended after writing it and before acknowledging it
                return False
            if name in self._held:
                self._held[name].ack = ack  # its lease expired, but it is still here
                return False
            self._held[name] = _Lease(ack)
            return True

    def written(self, sources: Iterable[tuple[str, int, int]]) -> None:
        """Mark items as written: (origin, time, items in the message or 0) for each."""
        with self._lock:
            for origin, _, of in sources:
                name = origin.rpartition("@")[2]
                if (lease := self._held.get(name)) is None:
                    continue
                lease.seen, lease.total = lease.seen + 1, of or lease.total
                if lease.total and lease.seen >= lease.total:
                    self._done.append(self._held.pop(name).ack)

    def close(self) -> int:
        """Acknowledge what is written, return the rest, and return the number of those."""
        self._ended.set()
        if self._keeper is None:
            return 0
        self._keeper.join(10)
        with self._lock:
            rest = [lease.ack for lease in self._held.values()]
            self._held.clear()
        self._acknowledge()
        self._extend(rest, 0)
        return len(rest)

    def _keep(self) -> None:
        while not self._ended.wait(RENEW_SECONDS / 4):
            self._acknowledge()
            with self._lock:
                held = [lease.ack for lease in self._held.values()]
            if time.time() - self._renewed > RENEW_SECONDS:
                self._renewed = time.time()
                self._extend(held, DEADLINE_SECONDS)

    def _acknowledge(self) -> None:
        with self._lock:
            done, self._done = self._done, []
        for some in _pieces(done):
            if not self._ask("acknowledge", ack_ids=some):
                with self._lock:
                    self._done += some

    def _extend(self, acks: Sequence[str], seconds: int) -> None:
        for some in _pieces(acks):
            self._ask("modify_ack_deadline", ack_ids=some, ack_deadline_seconds=seconds)

    def _ask(self, what: str, ack_ids: Sequence[str], **others: int) -> bool:
        from google.api_core.exceptions import GoogleAPIError

        try:
            getattr(self._client, what)(subscription=self._subscription, ack_ids=ack_ids, timeout=10.0, **others)
        except GoogleAPIError as error:
            # Safe to ignore: the call is retried, or Pub/Sub redelivers.
            _log.warning("newsbeam: Pub/Sub rejects %s: %s", what, error)
            return False
        return True


def _pieces(acks: Sequence[str]) -> list[Sequence[str]]:
    return [acks[at : at + _AT_A_TIME] for at in range(0, len(acks), _AT_A_TIME)]


NOW = Leases()
"""The leases of this process."""


def begin(written_before: Iterable[str]) -> None:
    """Have this process's own engine lease what it pulls, from here on."""
    global NOW  # noqa: PLW0603 - the engine makes its evaluators, and pickles its DoFns: nothing can be handed through
    NOW = leases = Leases(written_before)
    pull_pubsub_with(leases.pull, lambda: leases.watermark)
