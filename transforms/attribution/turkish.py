"""Turkish cases and clauses by the endings of words.

For the reader of sentences whose verb is last.
"""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = 1 << 14  # kept answers
POSSESSED = ("sı", "si", "su", "sü", "ları", "leri", "mı", "ni", "ğı", "ği", "cı", "ci", "bi", "bı", "ü", "ı", "i")
_GENITIVE = re.compile(r"['’]n?[ıiuü]n$|\w{2}(?:n[ıiuü]n|l[ae]r[ıi]n|[ğbcds][ıiuü]n)$|\w{3}[ıiuü]n$")
_OBLIQUE = re.compile(
    r"['’](?:y?[ae]|n[ae]|[dt][ae]n?|n[dt][ae]n?|y?[ıiuü]|n[ıiuü])$|\w{2}(?:[ıiuü]n[ae]|l[ae]r[ae]|l[ae]r[ıi]n[ae]|[ıiuü]n[ıiuü]|l[ae]r[ıi]n[ıi]|n[dt][ae]n?|y[ae])$"
    r"|\w{3}[dt][ae]n?$|[ae]r[ae]k$|ken$|\w{2}y?[ıiuü]p$|\w{2}ınca$"
)
_NOMINAL = re.compile(
    r"(?:[dt][ıiuü]ğ|[ae]c[ae]ğ|[dt][ıiuü]kl[ae]r|[ae]c[ae]kl[ae]r|m[ae]s|m[ae]m|m[ae]l[ae]r)\w{0,16}[ıiuüae]n?[ıiuüae]$|olup$|\bdiye$|ğin[ei]$|ğın[aı]$"
)


@lru_cache(maxsize=_WORDS)
def is_genitive(word: str) -> bool:
    """Return whether a word has the ending of a possessor."""
    return _GENITIVE.search(word) is not None


@lru_cache(maxsize=_WORDS)
def is_oblique(word: str) -> bool:
    """Return whether a word has the ending of an object, a place or a converb."""
    return _OBLIQUE.search(word) is not None


@lru_cache(maxsize=_WORDS)
def is_clause(word: str) -> bool:
    """Return whether a word is the verb of a clause that is an object: geldiğini."""
    return _NOMINAL.search(word) is not None


_ATTRIBUTE = re.compile(r"(?:[dt][ıiuü]ğ|[ae]c[ae]ğ|m[ae]s)[ıiuü]$")


@lru_cache(maxsize=_WORDS)
def is_attribute(word: str) -> bool:
    """Return whether a word is the verb of a clause that a noun may follow: geldiği."""
    return _ATTRIBUTE.search(word) is not None
