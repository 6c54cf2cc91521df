"""Whose memory a search is served by: that of the person who asks, under the name that the log has."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.personal import Pair, PersonalMemory
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.rank.rows import OWN, feature_names, memory_names
from ltrr_opensearch.types import Asker
from tests.engine.worlds import INDEX, bench, request_of, serving_of

OWNED = IndexSettings.model_validate(
    INDEX.model_dump(exclude_unset=True)
    | {"strategies": [{"name": "original", "use": "original"}, {"name": "own", "use": "personal"}]}
)
KNOWN = Knowledge(personal=PersonalMemory({"hash of ann": (Pair("red shoe", "59", 3.0),)}))


def hashed(asker: Asker) -> Asker:
    return replace(asker, user=f"hash of {asker.user}" if asker.user else None)


async def test_only_the_person_who_asks_is_brought_what_they_did(node: Any, products: str) -> None:
    serving = serving_of(
        index=OWNED,
        knowledge=KNOWN,
        strategies=build_strategies(OWNED, KNOWN),
        columns=feature_names(OWNED),
        logged_as=hashed,
    )
    request = request_of(products, size=20, query={"match_phrase": {"title": "red shoes"}})
    async with bench(node.url, serving) as b:
        ann = await b.page(replace(request, asker=Asker(user="ann")))
        bob = await b.page(replace(request, asker=Asker(user="bob"), query_id="of bob"))
        filtered = {"bool": {"must": [request.body["query"]], "filter": [{"term": {"stock": 0}}]}}
        forbidden = await b.page(
            replace(request_of(products, query=filtered), asker=Asker(user="ann"), query_id="filtered")
        )
    by_plan = {slot.plan: slot.found for slot in b.decisions[0].slots}
    assert by_plan["own"] == 1
    assert "59" in [hit["_id"] for hit in ann["hits"]["hits"]]
    assert "59" not in [hit["_id"] for hit in bob["hits"]["hits"]]
    assert "59" not in [hit["_id"] for hit in forbidden["hits"]["hits"]], "filters hold for it, too"
    assert [slot.plan for slot in b.decisions[1].slots] == ["original"]
    rows = {c.key.id: c.features or {} for c in b.decisions[0].candidates}
    assert rows["59"][OWN] == 0.75
    assert all(OWN not in (c.features or {}) for c in b.decisions[1].candidates)


def test_the_column_is_there_where_the_strategy_is() -> None:
    assert OWN in feature_names(OWNED)
    assert OWN in memory_names(OWNED), "a person who asks for the first time has none"
    assert OWN not in (*feature_names(INDEX), *memory_names(INDEX))
