"""Documents of a small shop: the brand stands in the text, the kind only in the embedding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.propose.written import Written, texts_of

BRANDS, KINDS = ("Dell", "Acer"), ("Laptop", "Monitor", "Phone")
FIELDS = ("brand", "kind")
GAZETTEER = Gazetteer.from_values(
    [
        *(("brand", b, 60) for b in (*BRANDS, "Dell EMC")),
        *(("kind", k, 40) for k in KINDS),
        ("brand", "Unique", 1),
        ("screen", "screen", 40),
    ],
    240,
    Mentions(),
    {"screen": "boolean"},
)


def document(number: int, text: str | None = None, *, vector: bool = True, **stated: str) -> Written:
    brand, kind = BRANDS[number % 2], number % 3
    values = stated or {"brand": brand, "kind": KINDS[kind]}
    near = np.eye(4)[kind] + np.random.default_rng(number).normal(0, 0.05, 4)
    unit = (near / np.linalg.norm(near)).astype(np.float32) if vector else None
    said = text if text is not None else f"{brand} model {number}"
    return Written(f"{number}", texts_of([[said]]), {f: (v,) for f, v in values.items()}, unit)


def shop(size: int = 180, *, vector: bool = True) -> Sequence[Written]:
    return [document(n, vector=vector) for n in range(size)]
