"""Documents that share learned terms with the query: the dot product of both sparse vectors (Formal et al. 2021).

A document's terms are features of a `rank_features` field, so an inverted index finds them, under any filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan, SparseVector


class Sparse:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, _knowledge: Knowledge) -> None:
        self.name = name
        read_options(Options, name, options)
        if index.sparse is None:
            raise SettingsError(f"strategy {name!r} needs learned terms: give the index a `sparse` section")
        self._field = index.sparse.field

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        if not query.request.text.strip():
            return ()

        def clause(_depth: int, encoded: Encoded) -> Json | None:
            if not encoded.sparse:
                return None
            return terms_clause(self._field, encoded.sparse)

        return (QueryPlan(self.name, self.name, "sparse", clause, sparse=True),)


def terms_clause(field: str, terms: SparseVector) -> Json:
    """The dot product with what documents have in a `rank_features` field; terms must not be none."""
    should = [
        {"rank_feature": {"field": f"{field}.{term}", "linear": {}, "boost": round(weight, 4)}}
        for term, weight in terms.items()
    ]
    return {"bool": {"should": should, "minimum_should_match": 1}}
