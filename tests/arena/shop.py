"""A recorded shop small enough to check by hand: two strategies that find different things, and what people like."""

from __future__ import annotations

import numpy as np

from ltrr_opensearch.arena.recording import Answered, Listed, Recording
from ltrr_opensearch.arena.world import World
from ltrr_opensearch.choose_settings import ChooseSettings
from ltrr_opensearch.index_settings import IndexSettings, StrategySettings
from ltrr_opensearch.learn_settings import LearnSettings
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

DOCUMENTS = tuple(f"d{n}" for n in range(60))
COLOURS = ("red", "blue", "green", "white", "black", "grey", "pink")
QUERIES = tuple(f"{colour} {thing}" for colour in COLOURS for thing in ("shoes", "hat", "bag", "long usb-c cable 3m"))
SETTINGS = Settings(
    choose=ChooseSettings(policy="direct", ladder=(0, 5, 20), safe_depth=20, budget=60, apprentice_rounds=100),
    learn=LearnSettings(gains={"click": 1.0}, price_per_candidate=0.01),
    indexes={
        "shop": IndexSettings(
            text_fields={"title": 1.0},
            strategies=tuple(StrategySettings(name=n, use=n) for n in ("original", "lexical")),
        )
    },
)


def template(text: str) -> Json:
    return {"query": {"match": {"title": text}}, "size": 10}


def listed(numbers: range, took_ms: float = 1.0) -> Listed:
    documents = np.array(numbers, dtype=np.int32)
    return Listed(documents, np.linspace(9, 1, len(documents), dtype=np.float32), took_ms, len(documents))


def recording() -> Recording:
    """The client's own query finds d0 to d19, the lexical strategy d30 to d49, both the same for every query."""
    names = ("bm25_title",)
    queries = {}
    for query in QUERIES:
        featured = np.arange(50, dtype=np.int32)
        features = np.linspace(1, 0, 50, dtype=np.float32).reshape(-1, 1)
        lists = {"original": listed(range(20)), "lexical": listed(range(30, 50))}
        queries[query] = Answered(query, lists, featured, features)
    return Recording("shop", 20, DOCUMENTS, names, queries)


def world() -> World:
    """People like what only the lexical strategy finds, of `cable`s what only the client's own query finds."""
    liked = {query: "d2" if "cable" in query else "d31" for query in QUERIES}
    attraction = {query: {document: 1.0} for query, document in liked.items()}
    return World(recording(), SETTINGS, template, attraction, attraction)
