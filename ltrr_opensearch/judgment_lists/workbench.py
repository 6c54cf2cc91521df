"""OpenSearch's Search Relevance Workbench: the body of `PUT _plugins/_search_relevance/judgments`, and what its `GET`
answers. Ratings are texts of decimal numbers there, and numbers in some hands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.judgment_lists.places import Line, judged
from ltrr_opensearch.logged import Judgment
from ltrr_opensearch.types import Json

NAME = "Judgments of LTR&R"
RATINGS = "judgmentRatings"


def read(text: str, name: str, _topics: Mapping[str, str]) -> Iterator[Line]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise DataError(f"{name} is no JSON ({error})") from error
    found = _list(content, name)
    for n, of_query in enumerate(found[RATINGS]):
        place = f"{name}, {RATINGS}[{n}]"
        if not isinstance(of_query, dict) or not isinstance(of_query.get("ratings"), list):
            raise DataError(f"{place}: no query with a list of ratings; got {str(of_query)[:80]!r}")
        for m, rating in enumerate(of_query["ratings"]):
            inner = f"{place}.ratings[{m}]"
            if not isinstance(rating, dict) or not {"docId", "rating"} <= rating.keys():
                raise DataError(f"{inner}: no docId with a rating; got {str(rating)[:80]!r}")
            yield judged(inner, of_query.get("query", ""), rating["docId"], rating["rating"])


def _list(content: object, name: str) -> Json:
    """The judgment list, given as it is, as a document, or as the answer of a search that found only it."""
    found = content
    if isinstance(found, dict) and isinstance(found.get("hits"), dict):
        hits = found["hits"].get("hits", [])
        if len(hits) != 1:
            names = ", ".join(repr(h.get("_source", {}).get("name")) for h in hits) or "none"
            raise DataError(f"{name} holds {len(hits)} judgment lists ({names}); get one of them by its id")
        found = hits[0]
    if isinstance(found, dict) and isinstance(found.get("_source"), dict):
        found = found["_source"]
    if not isinstance(found, dict) or not isinstance(found.get(RATINGS), list):
        raise DataError(f"{name} has no {RATINGS}; give a judgment list of the Search Relevance Workbench")
    if found.get("status", "COMPLETED") != "COMPLETED":
        raise DataError(
            f"{name}: the status of the list is {found['status']!r}, so it is not whole; get it again later"
        )
    return found


def write(judgments: Sequence[Judgment], _topics: Mapping[str, str]) -> str:
    by_query: dict[str, list[Json]] = {}
    for one in judgments:
        by_query.setdefault(one.query, []).append({"docId": one.id, "rating": f"{one.grade:.3f}"})
    ratings = [{"query": query, "ratings": some} for query, some in by_query.items()]
    return json.dumps({"name": NAME, "type": "IMPORT_JUDGMENT", RATINGS: ratings}, indent=2) + "\n"
