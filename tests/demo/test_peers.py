from pathlib import Path

import numpy as np

from ltrr_opensearch.demo.peers import MAX_SUBQUERIES, peers
from ltrr_opensearch.demo.results import HYBRID, HYBRID_MEMORY, ORIGINAL
from ltrr_opensearch.demo.shop_index import common_attributes, configuration, index_body
from ltrr_opensearch.demo.users import application_query
from ltrr_opensearch.knowledge.memory import Memory, MemoryRow
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import EntityScore

CONFIGURATION = configuration("shop", "http://localhost:9200", (9201, 9202), Path("home"))
INDEX = Settings.model_validate(CONFIGURATION).indexes["shop"]
VECTOR = np.ones(384, dtype=np.float32)


def test_every_strategy_is_a_peer_even_with_nothing_to_ask() -> None:
    made = {peer.system: peer for peer in peers("usb fan", "shop", INDEX, Knowledge.empty(), VECTOR, HYBRID)}
    assert list(made) == [ORIGINAL, "lexical alone", "structured alone", "q2e alone", "knn alone", HYBRID]
    assert made["q2e alone"].body is None
    original = made[ORIGINAL].body
    assert original is not None
    assert original["query"] == application_query("usb fan")["query"]


def test_hybrid_asks_the_same_clauses() -> None:
    memory = Memory.from_rows([MemoryRow("usb fan", (EntityScore("7", 0.9),))])
    made = {p.system: p for p in peers("usb fan", "shop", INDEX, Knowledge(memory=memory), VECTOR, HYBRID_MEMORY)}
    hybrid = made[HYBRID_MEMORY].body
    assert hybrid is not None
    queries = hybrid["query"]["hybrid"]["queries"]
    assert len(queries) == 4 <= MAX_SUBQUERIES
    alone = [p.body["query"] for p in made.values() if p.body and p.system != HYBRID_MEMORY]
    assert queries == alone
    assert made[HYBRID_MEMORY].candidates == 200


def test_the_shop_maps_common_attributes_only() -> None:
    products = [{"id": str(i), "attr_t_colour": "red", "attr_n_weight": 1.0} for i in range(10)]
    products.append({"id": "x", "attr_t_rare": "yes"})
    assert common_attributes(products) == ("attr_t_colour",)
    mapping = index_body(products)["mappings"]
    assert mapping["dynamic"] == "false"
    assert "attr_t_colour" in mapping["properties"]
