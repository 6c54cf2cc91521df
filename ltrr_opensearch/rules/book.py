"""Which rules a query meets: found by whole queries and by first words, so that a thousand of them cost little."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from ltrr_opensearch.normalise import normalise, tokenize
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.types import SearchRequest

Rules = tuple[RuleSettings, ...]
"""In the order in which they were given: of two that contradict each other the first holds."""


class RuleBook:
    """The rules of one index. Those that are not enabled are left out."""

    def __init__(self, rules: Iterable[RuleSettings]) -> None:
        self.rules: Rules = tuple(rule for rule in rules if rule.enabled)
        self._whole: defaultdict[str, list[int]] = defaultdict(list)
        self._inside: defaultdict[str, list[tuple[tuple[str, ...], int]]] = defaultdict(list)
        self._patterns: list[tuple[tuple[str, ...], int]] = []
        self._always: list[int] = []
        for number, rule in enumerate(self.rules):
            self._enter(number, rule)

    def __bool__(self) -> bool:
        return bool(self.rules)

    def met_by(self, text: str, at: datetime) -> Rules:
        """The rules that a query meets at a time."""
        tokens = tokenize(text)
        found = sorted({*self._always, *self._named(tokens)})
        return tuple(rule for rule in (self.rules[n] for n in found) if holds(rule, at))

    def _enter(self, number: int, rule: RuleSettings) -> None:
        when = rule.when
        for text in when.query:
            self._whole[" ".join(tokenize(text))].append(number)
        for text in when.contains:
            words = tokenize(text)
            self._inside[words[0]].append((words, number))
        self._patterns += [(_pieces(pattern), number) for pattern in when.pattern]
        if not (when.query or when.contains or when.pattern):
            self._always.append(number)

    def _named(self, tokens: Sequence[str]) -> Iterator[int]:
        normalized = " ".join(tokens)
        yield from self._whole.get(normalized, ())
        for place, token in enumerate(tokens):
            for words, number in self._inside.get(token, ()):
                if tuple(tokens[place : place + len(words)]) == words:
                    yield number
        for pieces, number in self._patterns:
            if _fits(pieces, normalized):
                yield number


def holds(rule: RuleSettings, at: datetime) -> bool:
    """Whether the time is within the rule's."""
    return (rule.since is None or rule.since <= at) and (rule.until is None or at < rule.until)


def narrowed(request: SearchRequest, rules: Rules) -> SearchRequest:
    """A search in which what is excluded is in no plan, page, count or facet.

    Excluding is the only thing that rules do to the client's own query; nothing changes where none of them excludes.
    """
    clauses = [rule.exclude.clause for rule in rules if rule.exclude]
    if not clauses:
        return request
    own = request.body.get("query", {"match_all": {}})
    body = request.body | {"query": {"bool": {"must": [own], "must_not": clauses}}}
    return replace(request, body=body, filters=(*request.filters, {"bool": {"must_not": clauses}}))


def _pieces(pattern: str) -> tuple[str, ...]:
    """What stands between the stars, in the form of a normalised query; spaces beside a star count."""
    return tuple(_edged(piece, normalise(piece)) for piece in pattern.split("*"))


def _edged(piece: str, normalised: str) -> str:
    """A normalised piece with the spaces that it had at its ends."""
    if not normalised:
        return " " if piece and piece.isspace() else ""
    return " " * piece[0].isspace() + normalised + " " * piece[-1].isspace()


def _fits(pieces: Sequence[str], text: str) -> bool:
    """Whether a text is the pieces with anything between them: each is looked for once, so no text takes long."""
    if len(pieces) == 1:
        return text == pieces[0]
    first, *middle, last = pieces
    if not text.startswith(first):
        return False
    at = len(first)
    for piece in middle:
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(text) - at >= len(last) and text.endswith(last)
