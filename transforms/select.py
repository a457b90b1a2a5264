"""Select documents by what is known about them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from newsbeam.transforms.document import Document
from newsbeam.transforms.processor import Effect, Reject

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DAY = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?")


@dataclass(frozen=True)
class Select:
    """Drop documents that do not match all of the given conditions.

    A condition that is not given selects nothing. Conditions on languages and translation need the
    processors `language` and `translation` before this one. Each reason is counted on its own.

    * `languages` keeps documents in these languages (ISO 639), `drop_languages` drops those in
      these; `min_language_score` (0..1) drops the less certain.
    * `translated`: "drop" drops texts with the verdict "translated", "only" keeps only those.
      `max_translation_score` (0..1) drops texts with a higher probability.
    * `min_chars` and `max_chars` count characters of the text (0: no limit).
    * `http_status` keeps documents of archived responses with these statuses, and all without one.
    * `hosts` keeps documents from these hosts and their subdomains, `drop_hosts` drops those.
    * `since` and `until` keep documents published in this period, both ends included: a year, a
      month or a day (ISO 8601). `undated` says what happens to those without a date.
    """

    name: ClassVar[str] = "select"
    effect: ClassVar[Effect] = "selects"
    languages: tuple[str, ...] = ()
    drop_languages: tuple[str, ...] = ()
    min_language_score: float = 0.0
    translated: Literal["keep", "drop", "only"] = "keep"
    max_translation_score: float = 1.0
    min_chars: int = 0
    max_chars: int = 0
    http_status: tuple[int, ...] = ()
    hosts: tuple[str, ...] = ()
    drop_hosts: tuple[str, ...] = ()
    since: str = ""
    until: str = ""
    undated: Literal["keep", "drop"] = "drop"

    def __post_init__(self) -> None:
        for language in (*self.languages, *self.drop_languages):
            if not _LANGUAGE.fullmatch(language):
                raise ValueError(f"{language!r} is not a language: write ISO 639 codes such as en, or und")
        for host in (*self.hosts, *self.drop_hosts):
            if not host or "/" in host or host != host.lower():
                raise ValueError(f"{host!r} is not a host: write it in lower case without https://, as example.org")
        for day in (self.since, self.until):
            if day and not _DAY.fullmatch(day):
                raise ValueError(f"{day!r} is not a date: write 2024, 2024-03 or 2024-03-05")
        if self.min_chars < 0 or self.max_chars < 0:
            raise ValueError("min_chars and max_chars must be 0 or more")
        if not (0 <= self.min_language_score <= 1 and 0 <= self.max_translation_score <= 1):
            raise ValueError("min_language_score and max_translation_score are between 0 and 1")

    @property
    def requires(self) -> tuple[str, ...]:
        """The processors that have to run before this one."""
        return tuple(self._required())

    def _required(self) -> Iterator[str]:
        if self.languages or self.drop_languages or self.min_language_score:
            yield "language"
        if self.translated != "keep" or self.max_translation_score < 1:
            yield "translation"

    def __call__(self, document: Document) -> Document | Reject:
        """Return the document, or Reject with the first condition that it fails."""
        reason = next(self._objections(document), "")
        return Reject(reason) if reason else document

    def _objections(self, document: Document) -> Iterator[str]:
        language = document.language
        if (self.languages and language not in self.languages) or language in self.drop_languages:
            yield f"language {language}"
        if document.language_score < self.min_language_score:
            yield f"language score below {self.min_language_score:g}"
        translated = document.translation.verdict == "translated"
        if translated and self.translated == "drop":
            yield "translated"
        if not translated and self.translated == "only":
            yield "not translated"
        if document.translation.score > self.max_translation_score:
            yield f"translation score above {self.max_translation_score:g}"
        if len(document.text) < self.min_chars:
            yield f"fewer than {self.min_chars} characters"
        if self.max_chars and len(document.text) > self.max_chars:
            yield f"more than {self.max_chars} characters"
        if self.http_status and document.metadata.http_status not in (-1, *self.http_status):
            yield f"HTTP status {document.metadata.http_status}"
        if self.hosts or self.drop_hosts:
            host = host_of(document.url)
            if (self.hosts and not _is_of(host, self.hosts)) or _is_of(host, self.drop_hosts):
                yield "host"
        if self.since or self.until:
            day = document.created[:10]
            if not day:
                if self.undated == "drop":
                    yield "no date"
            elif self.since and day[: len(self.since)] < self.since:
                yield f"before {self.since}"
            elif self.until and day[: len(self.until)] > self.until:
                yield f"after {self.until}"


def host_of(url: str) -> str:
    """Return the host of an address without `www.`, "" if it has none."""
    try:
        host = urlsplit(url if "//" in url else f"//{url}").hostname or ""
    except ValueError:  # brackets that are not an IPv6 address
        return ""
    return host.removeprefix("www.")


def _is_of(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host == one.removeprefix("www.") or host.endswith(f".{one}") for one in hosts)
