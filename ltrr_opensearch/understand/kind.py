"""The kind of query, a coarse context feature: what sort of help it needs."""

from __future__ import annotations

from ltrr_opensearch.types import AnalyzedQuery

_QUESTIONS = frozenset({"how", "what", "which", "where", "when", "why", "who", "is", "are", "can", "does", "do"})


def kind_of(query: AnalyzedQuery) -> str:
    """`empty`, `question`, `identifier`, `slots`, `slots_and_text` or `text`, the first that fits."""
    if not query.tokens:
        return "empty"
    if len(query.tokens) > 2 and query.tokens[0] in _QUESTIONS:
        return "question"
    if any(_is_identifier(t) for t in query.tokens):
        return "identifier"
    best = query.readings[0] if query.readings else None
    if best is None or not best.slots:
        return "text"
    return "slots_and_text" if best.residual else "slots"


def _is_identifier(token: str) -> bool:
    """Part numbers, codes and articles: at least four characters with a digit, and not just a short number."""
    digits = sum(c.isdigit() for c in token)
    return digits > 0 and len(token) >= 4 and (digits >= 5 or any(c.isalpha() for c in token))
