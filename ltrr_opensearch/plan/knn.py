"""The nearest documents by embedding. The client's filters stand inside the clause, or too few hits would be left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.types import AnalyzedQuery, Encoded, Json, QueryPlan, VectorUse

LEAST_K = 200
"""The deepest rung of the usual ladder. Graphs find other neighbours by another k (35 of 126 lists asked 50 deep were
not the first 50 of 200), and learning takes it that lists nest. It takes hardly longer: 1.8 ms for 10 hits either way.
"""


class KnnOptions(Options):
    field: str | None = Field(None, description="The knn_vector field instead of the index's vector.field.")
    least_k: int = Field(
        LEAST_K,
        ge=0,
        le=10_000,
        description="Neighbours looked for in each shard at least, however few are asked: else what is asked less deep "
        "is not the first of what is asked deeper.",
    )


class Knn:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, _knowledge: Knowledge) -> None:
        self.name = name
        read = read_options(KnnOptions, name, options)
        field = read.field or (index.vector.field if index.vector else None)
        if field is None:
            raise SettingsError(f"strategy {name!r} needs a vector field: give the index a `vector` section")
        self._field, self._least_k = field, read.least_k

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        if not query.request.text.strip():
            return ()
        filters = list(query.request.filters)

        def clause(depth: int, encoded: Encoded) -> Json | None:
            if encoded.dense is None:
                return None
            body: Json = {"vector": encoded.dense.tolist(), "k": max(depth, self._least_k)}
            if filters:
                body["filter"] = {"bool": {"filter": filters}}
            return {"knn": {self._field: body}}

        return (QueryPlan(self.name, self.name, "dense", clause, VectorUse.NEEDED),)
