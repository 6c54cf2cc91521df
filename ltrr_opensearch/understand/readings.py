"""Competing interpretations of a query: which stretches fill which slots, and what text is left over.

A reading covers some tokens by slots that do not overlap; the rest is text. It weighs the product of its slots'
confidences and, for each token left as text, of the doubt that the token belongs to any slot. Likelihoods are these
weights over their exact sum (a forward pass); only the best few readings are kept (a beam), so they sum to at most 1.
What entities forbid has a part neither in the sum nor in the beam (`possible`).
"""

from __future__ import annotations

from collections.abc import Sequence

from ltrr_opensearch.knowledge.memberships import Memberships
from ltrr_opensearch.types import Reading, SlotValue
from ltrr_opensearch.understand.entities import Entities, connecting
from ltrr_opensearch.understand.possible import Meant, possible_paths

LEAST_DOUBT = 0.05
"""However sure a slot looks, its words may be meant as plain text this often."""
BEAM = 32
CONJUNCTIONS = frozenset(("or", "and", "oder", "und", "ou", "et", "o", "y", "e", "of", "en"))

_Path = tuple[float, tuple[SlotValue, ...]]


def readings(
    tokens: Sequence[str],
    slots: Sequence[SlotValue],
    limit: int = 5,
    entities: Entities | None = None,
    memberships: Memberships | None = None,
) -> tuple[Reading, ...]:
    """The likeliest readings, best first, always with the empty one (all text); none for a query without tokens.

    What `entities` say cannot be meant together is no reading; by `memberships` what is named belongs together or not.
    """
    if not tokens:
        return ()
    doubts = _doubts(len(tokens), slots)
    starting: dict[int, list[SlotValue]] = {}
    for slot in slots:
        if slot.confidence > 0:
            starting.setdefault(slot.start, []).append(slot)
    if entities and any(slot.entity for slot in slots):
        total, meant = possible_paths(doubts, starting, entities, BEAM)
        if memberships:
            total, meant = _by_degree(total, meant, memberships)
    else:
        total = _sum_of_weights(doubts, starting)
        meant = [(weight, path, "") for weight, path in _best_paths(doubts, starting)[:limit]]
    kept = meant[:limit]
    if all(path for _, path, _ in kept):
        kept = [*kept[: limit - 1], (_product(doubts), (), "")]
    total = max(total, sum(weight for weight, _, _ in kept))
    return tuple(Reading(path, _residual(tokens, path, of), weight / total, of) for weight, path, of in kept)


def _by_degree(total: float, meant: Sequence[Meant], memberships: Memberships) -> tuple[float, list[Meant]]:
    """Weights times how much likelier than by chance the entities belong to one another, and what they then sum to.

    Of readings that the beam has lost, that is taken to be 1.
    """
    lifted = [(weight * memberships.lift(path), path, of) for weight, path, of in meant]
    change = sum(weight for weight, _, _ in lifted) - sum(weight for weight, _, _ in meant)
    return total + change, sorted(lifted, key=lambda one: one[0], reverse=True)


def _doubts(length: int, slots: Sequence[SlotValue]) -> list[float]:
    """Per token, the chance that no slot covers it: 1 less what the surest stretch over it claims."""
    claims: dict[tuple[int, int], float] = {}
    for s in slots:
        claims[s.start, s.end] = claims.get((s.start, s.end), 0.0) + s.confidence
    surest = [0.0] * length
    for (start, end), claim in claims.items():
        for i in range(start, end):
            surest[i] = max(surest[i], claim)
    return [max(1 - claim, LEAST_DOUBT) for claim in surest]


def _sum_of_weights(doubts: Sequence[float], starting: dict[int, list[SlotValue]]) -> float:
    sums = [1.0] + [0.0] * len(doubts)
    for i, doubt in enumerate(doubts):
        sums[i + 1] += sums[i] * doubt
        for slot in starting.get(i, ()):
            sums[slot.end] += sums[i] * slot.confidence
    return sums[-1]


def _best_paths(doubts: Sequence[float], starting: dict[int, list[SlotValue]]) -> list[_Path]:
    beams: list[list[_Path]] = [[(1.0, ())], *([] for _ in doubts)]
    for i, doubt in enumerate(doubts):
        beam = sorted(beams[i], key=lambda p: -p[0])[:BEAM]
        beams[i + 1].extend((weight * doubt, path) for weight, path in beam)
        for slot in starting.get(i, ()):
            beams[slot.end].extend((weight * slot.confidence, (*path, slot)) for weight, path in beam)
    return sorted(beams[-1], key=lambda p: -p[0])


def _product(doubts: Sequence[float]) -> float:
    weight = 1.0
    for doubt in doubts:
        weight *= doubt
    return weight


def _residual(tokens: Sequence[str], path: Sequence[SlotValue], entity: str) -> str:
    """What no slot covers, without what only joins two of them: "dell or hp", "songs by taylor"."""
    covered = {i for slot in path for i in range(slot.start, slot.end)}
    joints = {i for i, t in enumerate(tokens) if t in CONJUNCTIONS and {i - 1, i + 1} <= covered}
    if entity:
        joints |= connecting(tokens, covered)
    return " ".join(t for i, t in enumerate(tokens) if i not in covered | joints)
