"""A query's text in finer grain than tokens: numbers apart from what they count, and the symbols that tokens drop.

"laptop under $500, 17\" or 2tb" is read as laptop, under, $, 500, 17, ", or, 2, tb, each with the token it stands in
(a symbol belongs to the token that it touches or compares, else to the one before), so that slots are told in tokens.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ltrr_opensearch.normalise import TOKEN

_NUMBER = r"\d+(?:[.,]\d+)*"
_PARTS = re.compile(rf"({_NUMBER})(?:([-/x])({_NUMBER}))?[-]?([^\W\d_]+(?:/[^\W\d_]+)?)?([+])?")
"""5, 5gb, 5-inch, 500-800, 500-800eur, 16gb+."""
_INCH = ("''", "\u2032\u2032", "\u2033", "\u201d", "\u201c", '"')
"""What people write for inches; double primes after NFKC are two single ones."""
_SYMBOLS = rf"[<>]=?|[\u2264\u2265$\u20ac\u00a3\u00a5\u20b9%~+\u2013]|{'|'.join(_INCH)}|(?<=\s)-(?=\s)"
_PIECE = re.compile(rf"(?P<token>{TOKEN.pattern})|(?P<symbol>{_SYMBOLS})")
_LEADING = frozenset("<>~\u2264\u2265")
_LONGEST = 40
"""Characters of a number with what belongs to it; a longer token is something else."""
_GROUPED = re.compile(r"\d{1,3}([.,]\d{3})+")


@dataclass(frozen=True, slots=True)
class Item:
    word: str
    token: int
    number: float | None = None
    attached: bool = False
    """Whether it stands right behind the item before it."""


def items_of(text: str, language: str, most_tokens: int) -> tuple[Item, ...]:
    """Of the first tokens of a text; their numbers are those of `normalise.tokenize`."""
    found: list[Item] = []
    token = end = -1
    plain = unicodedata.normalize("NFKC", text).casefold()
    for piece in _PIECE.finditer(plain):
        attached = piece.start() == end
        end = piece.end()
        if symbol := piece["symbol"]:
            leads = symbol[0] in _LEADING or (not attached and plain[end : end + 1].strip())
            beside = token + 1 if leads or token < 0 else token
            found.append(Item('"' if symbol in _INCH else symbol, beside, attached=attached))
            continue
        token += 1
        if token == most_tokens:
            break
        found.extend(_cut(piece["token"], token, language, attached))
    last = min(token, most_tokens - 1)
    return tuple(item for item in found if item.token <= last)


def _cut(word: str, token: int, language: str, attached: bool) -> list[Item]:
    if not word[0].isdigit():
        head, joint, rest = word.partition("-")
        if joint and head == "non" and rest:
            return [Item(head, token), Item(rest, token, attached=True)]
        return [Item(word, token, attached=attached)]
    parts = _PARTS.fullmatch(word) if len(word) <= _LONGEST else None
    if parts is None or parts[2] in ("/", "x"):
        return [Item(word, token, attached=attached)]
    first, _, second, unit, plus = parts.groups()
    cut = [Item(first, token, number_of(first, language), attached)]
    if second:
        cut += [Item("-", token, attached=True), Item(second, token, number_of(second, language), attached=True)]
    cut += [Item(part, token, attached=True) for part in (unit, plus) if part]
    return cut


def number_of(text: str, language: str) -> float | None:
    """ "1,500" and, where the language groups so, "1.500" are 1500; "15,6" and "15.6" are 15.6; None if neither."""
    grouped = _GROUPED.fullmatch(text)
    if grouped and ("," in text or text.count(".") > 1 or language not in ("en", "und")):
        return float(text.replace(",", "").replace(".", ""))
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
