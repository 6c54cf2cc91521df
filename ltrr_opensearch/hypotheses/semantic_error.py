"""Semantic error (SemER) and what else is counted of a claim against the truth.

SemER after Su et al., "A Re-ranker Scheme for Integrating Large Scale NLU Models" (SLT 2018): wrong intents and slots
over the number of intents and slots in the truth. A slot of the truth that is missing or has another value is one
error, and so is a slot whose name the truth does not have at all. Domain and intent are one thing: the intent.
"""

from __future__ import annotations

from collections.abc import Iterable

from ltrr_opensearch.hypotheses.claims import Claim, Filled, filled
from ltrr_opensearch.hypotheses.values import Truth


def semantic_error(claim: Claim, truth: Truth) -> float:
    """0 where all is right; above 1 where more is invented than there was to find."""
    wanted = filled(truth)
    wrong = slot_errors(claim.slots, wanted) + (not intent_right(claim, truth))
    return wrong / (1 + len(wanted))


def intent_right(claim: Claim, truth: Truth) -> bool:
    return claim.meant == (truth.domain, truth.intent)


def slot_errors(found: Filled, wanted: Filled) -> int:
    """Substitutions, deletions and insertions: what is left on the longer side, slot name by slot name."""
    missing, invented = _counted(wanted - found), _counted(found - wanted)
    return sum(max(missing.get(name, 0), invented.get(name, 0)) for name in missing.keys() | invented.keys())


def slot_f1(pairs: Iterable[tuple[Filled, Filled]]) -> float:
    """Of (found, wanted) over all utterances together; 1 where there is nothing to find and nothing was found."""
    hits = found_total = wanted_total = 0
    for found, wanted in pairs:
        hits += len(found & wanted)
        found_total += len(found)
        wanted_total += len(wanted)
    return 2 * hits / (found_total + wanted_total) if found_total + wanted_total else 1.0


def _counted(slots: Filled) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, _ in slots:
        counts[name] = counts.get(name, 0) + 1
    return counts
