"""Text queries over the configured fields, as plain values of the query DSL, and their bias by popularity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field, model_validator

from ltrr_opensearch.index_settings import PopularitySettings
from ltrr_opensearch.plan.options import Options
from ltrr_opensearch.types import Json

_SATURATION = (
    "if (doc[params.field].size() == 0) return 0; double v = doc[params.field].value;"
    " return v <= 0 ? 0 : params.weight * v / (v + params.pivot);"
)
"""A constant source with parameters: compiled once, whatever the query."""


class TextOptions(Options):
    type: Literal["cross_fields", "best_fields", "most_fields", "phrase"] = Field(
        "cross_fields", description="How the fields share the words; cross_fields takes them as one field."
    )
    operator: Literal["and", "or"] = Field("and", description="Whether all words must be found.")
    minimum_should_match: str | None = Field(None, description="OpenSearch's syntax, like 2<75%.")
    fuzziness: str | int | None = Field(
        None, description="AUTO or edits allowed a word; not with cross_fields, phrase."
    )
    fields: dict[str, float] | None = Field(None, description="Fields with boosts instead of the index's text_fields.")
    analyzer: str | None = Field(None, description="Analyzer of the query's text instead of each field's own.")

    @model_validator(mode="after")
    def _fuzzy_where_allowed(self) -> TextOptions:
        if self.fuzziness is not None and self.type in ("cross_fields", "phrase"):
            raise ValueError(f"fuzziness does not go with type {self.type}; use best_fields or most_fields")
        return self


def text_query(text: str, text_fields: Mapping[str, float], options: TextOptions) -> Json:
    """A multi_match of `text`."""
    fields = options.fields or text_fields
    body: Json = {"query": text, "type": options.type, "fields": [f"{f}^{b:g}" for f, b in fields.items()]}
    if options.type != "phrase":
        body["operator"] = options.operator
    for key in ("minimum_should_match", "fuzziness", "analyzer"):
        if (value := getattr(options, key)) is not None:
            body[key] = value
    return {"multi_match": body}


def boosted(multi_match: Json, factor: float) -> Json:
    """The text query at a factor of its score."""
    return {"multi_match": {**multi_match["multi_match"], "boost": factor}}


def with_popularity(query: Json, popularity: PopularitySettings | None) -> Json:
    """The query's score plus weight x v / (v + pivot), a saturation; documents without the field gain nothing."""
    if popularity is None:
        return query
    params = {"field": popularity.field, "pivot": popularity.pivot, "weight": popularity.weight}
    bias = {"script_score": {"script": {"lang": "painless", "source": _SATURATION, "params": params}}}
    return {"function_score": {"query": query, "functions": [bias], "boost_mode": "sum"}}
