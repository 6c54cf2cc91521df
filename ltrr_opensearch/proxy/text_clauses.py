"""The clauses that carry what a person typed, and how to get the words out of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Any

from ltrr_opensearch.proxy.foreign import Foreign
from ltrr_opensearch.proxy.syntax import plain_query_string, plain_simple_query_string
from ltrr_opensearch.types import Json

LONGEST_TEXT = 1000
"""Characters; a longer text is a document that somebody pasted, not a query."""

_COMMON = {"query", "analyzer", "boost", "_name", "minimum_should_match", "lenient", "fuzzy_transpositions"}
_FUZZY = {
    "fuzziness",
    "prefix_length",
    "fuzzy_prefix_length",
    "max_expansions",
    "fuzzy_max_expansions",
    "fuzzy_rewrite",
}
_MATCH = _COMMON | _FUZZY | {"operator", "zero_terms_query", "cutoff_frequency", "auto_generate_synonyms_phrase_query"}
_OPTIONS = {
    "match": _MATCH,
    "match_phrase": {"query", "analyzer", "boost", "_name", "slop", "zero_terms_query"},
    "multi_match": _MATCH | {"fields", "type", "tie_breaker", "slop"},
    "combined_fields": {"query", "fields", "operator", "minimum_should_match", "boost", "_name"},
    "query_string": _COMMON
    | _FUZZY
    | {"fields", "default_field", "default_operator", "type", "tie_breaker", "phrase_slop", "analyze_wildcard"}
    | {"allow_leading_wildcard", "auto_generate_synonyms_phrase_query", "enable_position_increments", "escape"}
    | {"quote_analyzer", "quote_field_suffix", "max_determinized_states", "rewrite", "time_zone"},
    "simple_query_string": _COMMON
    | _FUZZY
    | {"fields", "default_operator", "flags", "analyze_wildcard", "auto_generate_synonyms_phrase_query"}
    | {"quote_field_suffix"},
}

TEXT_CLAUSES = frozenset(_OPTIONS)


def text_of(name: str, spec: Any, known_fields: Iterable[str] | None) -> str:
    """The words of a text clause. With `known_fields`, one of the fields it searches must be among them."""
    options, fields = _single_field(spec) if name in ("match", "match_phrase") else _many_fields(spec)
    if not options.keys() <= _OPTIONS[name]:
        raise Foreign("unknown_option")
    text = _words(options.get("query"))
    if not _PLAIN.get(name, _always)(text):
        raise Foreign("query_syntax")
    if known_fields is not None and fields and not any(_same(f, k) for f in fields for k in known_fields):
        raise Foreign("other_field")
    return text


def _always(_: str) -> bool:
    return True


_PLAIN: dict[str, Callable[[str], bool]] = {
    "query_string": plain_query_string,
    "simple_query_string": plain_simple_query_string,
}


def _single_field(spec: Any) -> tuple[Json, list[str]]:
    if not isinstance(spec, dict) or len(spec) != 1:
        raise Foreign("malformed_query")
    ((field, options),) = spec.items()
    return (options if isinstance(options, dict) else {"query": options}), [field]


def _many_fields(spec: Any) -> tuple[Json, list[str]]:
    if not isinstance(spec, dict):
        raise Foreign("malformed_query")
    fields = spec.get("fields", spec.get("default_field", []))
    named = [fields] if isinstance(fields, str) else fields
    if not isinstance(named, list) or not all(isinstance(f, str) for f in named):
        raise Foreign("malformed_query")
    return spec, [f.partition("^")[0] for f in named]


def _words(query: Any) -> str:
    if isinstance(query, int) and not isinstance(query, bool):
        return str(query)
    if not isinstance(query, str):
        raise Foreign("malformed_query")
    if not query.strip():
        raise Foreign("no_text")
    if len(query) > LONGEST_TEXT:
        raise Foreign("long_text")
    return query


def _same(field: str, known: str) -> bool:
    """A field, a pattern for it, or one of its analysed subfields. On `.keyword` a match is a filter by value."""
    if field.endswith(".keyword"):
        return False
    return field == known or field.startswith(f"{known}.") or fnmatchcase(known, field)
