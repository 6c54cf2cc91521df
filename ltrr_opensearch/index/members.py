"""Entities that belong to others to a degree, counted page by page: of an artist's songs, how many are of each
genre.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from opensearchpy import OpenSearch

from ltrr_opensearch.index.composite import buckets_of
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.members import Member
from ltrr_opensearch.relation_settings import Degree
from ltrr_opensearch.types import Json

MOST_GROUPS = 8
"""Groups kept of a member, those of most documents first: a page of members with theirs must fit into an answer."""


def read_members(client: OpenSearch, index: str, settings: IndexSettings) -> list[Member]:
    """Of every declared degree; the interest of each is its documents' popularity together."""
    degrees = settings.entities.degrees if settings.entities else ()
    return [member for degree in degrees for member in _read(client, index, settings, degree)]


def with_interest(members: Iterable[Member]) -> list[Member]:
    """Of members whose interest is still their popularity: documents count by it, in units of the average one."""
    known = list(members)
    average = sum(one.interest for one in known) / max(sum(one.documents for one in known), 1.0) or 1.0
    return [replace(one, interest=one.documents + one.interest / average) for one in known]


def _read(client: OpenSearch, index: str, settings: IndexSettings, degree: Degree) -> Iterator[Member]:
    assert settings.entities is not None
    through, by = settings.entities.told_by(degree)
    telling: Json = {
        "bool": {"filter": [{"term": {settings.entities.type_field: by.brings}}, {"exists": {"field": by.field}}]}
    }
    further: Json = {"groups": {"terms": {"field": by.field, "size": MOST_GROUPS}}}
    if settings.popularity:
        further["popularity"] = {"sum": {"field": settings.popularity.field}}
    what = f"field {through.field!r} of degree {degree.name}"
    for bucket in buckets_of(client, index, through.field, what, telling, further):
        popular = max(float(bucket.get("popularity", {}).get("value") or 0.0), 0.0)
        groups = {str(of["key"]): float(of["doc_count"]) for of in bucket["groups"]["buckets"]}
        yield Member(degree.name, str(bucket["key"]["value"]), float(bucket["doc_count"]), groups, popular)
