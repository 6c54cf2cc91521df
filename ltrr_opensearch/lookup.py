"""The form under which words are looked up: without accents, hyphens and plural; never shown and never sent."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ltrr_opensearch.normalise import fold, tokenize

_LISTED = re.compile(r"[,;|/]|\s[&+]\s")
_VERSION = re.compile(r"\d[\d.]*|[ivx]+|v\d[\d.]*")
_FIRST_MARK, _LAST_MARK = "\u0300", "\u036f"
"""Unicode's combining diacritical marks."""
_DOMAIN = re.compile(r"([^\W\d_]{4,})\.[a-z]{2,4}$")
_LEAST_FIRST = 4
MAX_CHARACTERS = 5_000
"""Of a field's text; what comes later says little about what the document is."""
MAX_WORDS = 5
"""Longer values are descriptions, which no query spells out."""


@lru_cache(maxsize=50_000)
def word_of(token: str) -> str:
    """A token as it is looked up: "Wi-Fis" (casefolded) and "wifi" are one, "10-15" stays as it is."""
    bare = token if token.isascii() else _without_accents(token)
    if not bare[:1].isdigit():
        bare = bare.replace("-", "").replace("'", "").replace("\u2019", "")
    return fold(bare)


def key_of(value: str) -> str:
    """The words under which a value is looked up, one space between them."""
    return " ".join(map(word_of, tokenize(value)))


def parts_of(value: str) -> tuple[str, ...]:
    """The keys of the values that a list in one text holds, "Plastic, Steel"; none for a single value."""
    parts = [key for part in _LISTED.split(value) if (key := key_of(part))] if _LISTED.search(value) else []
    return tuple(dict.fromkeys(parts)) if len(parts) > 1 else ()


def generals_of(key: str) -> tuple[str, ...]:
    """What a value is a kind of, by its words: "stainless steel" is steel, "serial ata iii" is serial ata.

    The head of a name is its last word, but for numbers behind it; so a "notebook case" is no notebook.
    """
    words = key.split(" ")
    last = len(words)
    while last > 1 and _VERSION.fullmatch(words[last - 1]):
        last -= 1
    ends = [" ".join(words[start:last]) for start in range(last)]
    return tuple(end for end in ends if end != key)


def first_of(key: str) -> str:
    """What a longer name may be called in short, its first word: "kingston", and "startech" of "startech.com"."""
    first, _, rest = key.partition(" ")
    domain = _DOMAIN.match(first)
    return domain[1] if domain else first if rest and len(first) >= _LEAST_FIRST else ""


def is_slot(key: str, most_words: int = MAX_WORDS) -> bool:
    """Whether a query that contains these words may mean the value: not too long, and more than a bare short number."""
    if not key or key.count(" ") >= most_words:
        return False
    return " " in key or (len(key) > 1 and not key.replace(".", "").replace(",", "").isdigit())


def _without_accents(token: str) -> str:
    """Of letters with European accents; in other scripts a mark makes another letter of it."""
    parts = unicodedata.normalize("NFD", token)
    bare = "".join(c for c in parts if not _FIRST_MARK <= c <= _LAST_MARK)
    return unicodedata.normalize("NFC", bare)
