"""What a stretch may mean, beside the query's other words: fields that documents with these words lack give way.

Only to what else the same words may mean: alone, a value keeps its confidence, since what people search for need not be
in the catalogue as they search for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ltrr_opensearch.knowledge.beliefs import SUREST
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.lookup import word_of
from ltrr_opensearch.types import SlotValue


def in_company(slots: Sequence[SlotValue], tokens: Sequence[str], gazetteer: Gazetteer) -> list[SlotValue]:
    """The slots with the belief in each stretch dealt anew among them."""
    words = [word_of(token) for token in tokens]
    stretches: dict[tuple[int, int], list[SlotValue]] = {}
    for slot in slots:
        stretches.setdefault((slot.start, slot.end), []).append(slot)
    return [
        slot
        for (start, end), rivals in stretches.items()
        for slot in (_dealt(rivals, [*words[:start], *words[end:]], gazetteer) if len(rivals) > 1 else rivals)
    ]


def _dealt(rivals: Sequence[SlotValue], others: Sequence[str], gazetteer: Gazetteer) -> list[SlotValue]:
    shares = gazetteer.company.of_words(others)
    if not shares:
        return list(rivals)
    left = [slot.confidence * shares.get(slot.field, 1.0) for slot in rivals]
    scale = min(sum(slot.confidence for slot in rivals), SUREST) / (sum(left) or 1.0)
    return [replace(slot, confidence=share * scale) for slot, share in zip(rivals, left, strict=True)]
