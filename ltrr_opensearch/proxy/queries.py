"""What a query asks: the one text in it, and the conditions that every hit must satisfy besides.

`must_not` becomes a negated filter. Clauses of a `must` beside the text are filters, though they may score: they
decide whether a document is shown at all. A `should` beside a text only orders, so it gives no filter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ltrr_opensearch.proxy.filters import DEEPEST, bool_spec, checked, is_filter, listed, named
from ltrr_opensearch.proxy.foreign import Foreign
from ltrr_opensearch.proxy.text_clauses import TEXT_CLAUSES, text_of
from ltrr_opensearch.types import Json

_DIS_MAX = frozenset(("queries", "tie_breaker", "boost", "_name"))
_ONLY_ORDER = frozenset(("rank_feature", "distance_feature"))
_WRAPPERS = {"function_score": "query", "boosting": "positive", "script_score": "query"}
"""Compound clauses whose hits are those of one inner clause, which they score by more than its own score."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The text of a clause, if it has one, and its filters."""

    text: str | None = None
    filters: tuple[Json, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads queries for an index. `known_fields` are its text fields.

    `explicit`: the text came by `ext.ltrr.query`, so only the filters are wanted and any text clause will do.
    """

    known_fields: Iterable[str]
    explicit: bool = False

    def read(self, clause: Any, depth: int = 0) -> Asked:
        """A clause that every hit has to match."""
        if depth > DEEPEST:
            raise Foreign("too_deep")
        name, spec = named(clause)
        if name in TEXT_CLAUSES:
            return Asked(text=self._text(name, spec))
        if name == "bool":
            return self._bool(bool_spec(spec), depth)
        if name == "match_all":
            return Asked()
        if name in _WRAPPERS:
            return self._wrapped(name, spec, depth)
        if name == "dis_max" and isinstance(spec, dict) and spec.keys() <= _DIS_MAX:
            return self._alternatives(clause, listed(spec.get("queries")), depth)
        if is_filter(name):
            return Asked(filters=(checked(clause),))
        raise Foreign("unknown_clause")

    def _text(self, name: str, spec: Any) -> str:
        if not self.explicit:
            return text_of(name, spec, self.known_fields)
        checked({name: spec})
        return ""

    def _wrapped(self, name: str, spec: Any, depth: int) -> Asked:
        if not isinstance(spec, dict) or "min_score" in spec:
            raise Foreign("min_score" if isinstance(spec, dict) else "malformed_query")
        if not self.explicit and (name == "script_score" or spec.get("boost_mode") == "replace"):
            raise Foreign("scored_otherwise")
        inner = self.read(spec[_WRAPPERS[name]], depth + 1) if _WRAPPERS[name] in spec else Asked()
        if not self.explicit:
            return inner
        # its hits are scored by more than conditions, so it stands for the text
        return Asked(text=inner.text or "", filters=inner.filters)

    def _alternatives(self, clause: Json, queries: list[Any], depth: int) -> Asked:
        """The same words in several ways; conditions alone are one condition."""
        asked = [self.read(query, depth + 1) for query in queries]
        texts = {a.text for a in asked if a.text is not None}
        if not texts:
            return Asked(filters=(checked(clause),))
        if len(texts) > 1:
            raise Foreign("several_texts")
        if any(a.text is None or a.filters for a in asked):
            raise Foreign("conditional_filter")
        return Asked(text=texts.pop())

    def _bool(self, spec: Json, depth: int) -> Asked:
        must = [self.read(clause, depth + 1) for clause in listed(spec.get("must"))]
        should = [self._optional(clause, depth + 1) for clause in listed(spec.get("should"))]
        required = [a.text for a in must if a.text is not None]
        optional = {a.text for a in should if a.text is not None}
        if not required and not optional:
            return Asked(filters=(checked({"bool": spec}),)) if spec else Asked()
        if len(required) > 1 and not self.explicit:
            raise Foreign("several_texts")
        texts = set(required) | optional
        if len(texts) > 1:
            raise Foreign("several_texts")
        if not _only_orders(spec, bool(required), all(a.text is not None for a in should)):
            raise Foreign("minimum_should_match")
        conditions = tuple(checked(clause) for clause in listed(spec.get("filter")))
        return Asked(
            text=texts.pop(),
            filters=(*(f for a in must for f in a.filters), *conditions, *_negated(spec.get("must_not"))),
        )

    def _optional(self, clause: Any, depth: int) -> Asked:
        """A clause of a `should`. Conditions that hold only for its own hits cannot become filters of the whole."""
        name, _ = named(clause)
        if name in _ONLY_ORDER:
            return Asked()
        asked = self.read(clause, depth)
        if asked.text is not None and asked.filters:
            raise Foreign("conditional_filter")
        return asked


def _only_orders(spec: Json, text_required: bool, all_text: bool) -> bool:
    """Whether the `should` clauses leave open which documents may be shown, but for the text."""
    at_least = str(spec.get("minimum_should_match", 0))
    if text_required:
        return at_least == "0"
    return all_text or at_least in ("0", "1")


def _negated(must_not: Any) -> tuple[Json, ...]:
    clauses = [checked(clause) for clause in listed(must_not)]
    return ({"bool": {"must_not": clauses}},) if clauses else ()
