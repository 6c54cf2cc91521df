"""Settings of what makes an order after the ranker: a second stage, and keeping alike documents apart."""

from __future__ import annotations

from pydantic import Field

from ltrr_opensearch.section import Positive, Section


class SecondStageSettings(Section):
    model: str = Field(description="A cross-encoder for sentence-transformers: a name that the hub knows, or a folder.")
    fields: tuple[str, ...] = Field((), description="What it reads of a document; default: the text fields.")
    depth: int = Field(20, ge=2, le=200, description="Documents, the ranker's first, that it orders anew.")
    budget_ms: Positive = Field(150, description="After this its order is not waited for, and the ranker's stands.")
    max_tokens: int = Field(128, ge=16, le=512, description="Query and document together are cut to this.")
    cache_pairs: int = Field(50_000, ge=0, description="Scores of (query, document's text) kept by a proxy.")


class DiversifySettings(Section):
    field: str | None = Field(
        None, description="Documents that share values of this field are alike; default: by the vectors of `vector`."
    )
    places: Positive = Field(10, description="By how many places a document falls for being wholly like one above it.")
    depth: int = Field(50, ge=2, le=500, description="Documents, from the first, that are kept apart.")
