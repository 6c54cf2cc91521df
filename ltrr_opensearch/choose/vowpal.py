"""The contextual bandit: Vowpal Wabbit's probabilities for the rungs of one slot.

The only file that touches the library. A damaged model loads there without a word
and predicts nonsense, so a payload is checked by its digest before loading and by stored predictions after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from typing import Any, NamedTuple

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.parts import check_shape, rungs_of
from ltrr_opensearch.choose.table import Table
from ltrr_opensearch.errors import MissingExtra, ModelError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Json, Slot

_TOLERANCE = 1e-4
"""Between a stored probability and the one predicted again; machines differ in the last bits."""


def workspace(arguments: Sequence[str], model: bytes | None = None) -> Any:
    """A Vowpal Wabbit workspace, new or from a model; the options of a model are inside it."""
    return _workspaces()([] if model else list(arguments), model_data=model)


@lru_cache(maxsize=1)
def _workspaces() -> Any:
    class Unchecked(_library().Workspace):  # type: ignore[misc]
        """Takes the labels for granted, which are ours: looking at each took as long as predicting."""

        def _check_label(self, example: Any) -> None: ...

    return Unchecked


class Reader:
    """Slots as examples of one workspace. Lines of rungs are the same in all of them and parsed once."""

    def __init__(self, of: Any) -> None:
        self._parser = _library().TextFormatParser(of)
        self._rungs: dict[str, Any] = {}

    def __call__(self, slot: Slot) -> tuple[list[Any], list[int]]:
        """The shared example with those of the feasible rungs, and the ladder's position of each of these."""
        (shared, *actions), rungs = examples.lines(slot)
        return [self._parser.parse_line(shared), *map(self._rung, actions)], rungs

    def _rung(self, line: str) -> Any:
        if line not in self._rungs:
            self._rungs[line] = self._parser.parse_line(line)
        return self._rungs[line]


class Teacher:
    """Shows a workspace what rungs cost. `compares`: each among all feasible rungs of its slot; else alone.

    Talks to the library's core: what is around it looks at each label again, which took as long as learning.
    """

    def __init__(self, of: Any, *, compares: bool) -> None:
        self._read, self._compares = Reader(of), compares
        self._learn, self._label = of._workspace.learn_multi_ex_one, _library().CBLabel
        self._none = self._label(label=None)

    def learn(self, slot: Slot, costs: Iterable[tuple[int, float, float]]) -> None:
        """(position in the ladder, cost, probability) each; a cost is a negative reward."""
        parsed, rungs = self._read(slot)
        shared, *actions = [example._example for example in parsed]
        for rung, cost, probability in costs:
            action = actions[rungs.index(rung)]
            action._set_label(self._label(label=(0, cost, probability)))
            self._learn([shared, *actions] if self._compares else [shared, action])
            if self._compares:
                # only one rung may have a label
                action._set_label(self._none)


def _library() -> Any:
    try:
        import vowpal_wabbit_next
    except ImportError as e:
        raise MissingExtra("vowpal-wabbit-next", "vowpal") from e
    return vowpal_wabbit_next


class Trust(NamedTuple):
    """The bandit's share beside the safe plan, in 0..1: for queries asked before, and for new ones.

    Traffic is mostly repeats, which say little of how a query does that nobody has asked: only searches of new queries
    earn trust for new queries.
    """

    known: float
    new: float


TRUSTED = Trust(1.0, 1.0)


class VowpalPolicy:
    """Mixes the bandit with the safe plan by its `trust`, which grows with the rounds learned."""

    name = "vowpal"

    def __init__(
        self,
        model: bytes,
        ladder: tuple[int, ...],
        safe_depth: int,
        trust: Trust = TRUSTED,
        worth: Mapping[str, tuple[float, ...]] | None = None,
    ) -> None:
        self._worth = worth or {}
        self._ladder = ladder
        self._safe = Fixed(safe_depth)
        self._trust = trust
        self._workspace = workspace((), model)
        self._read = Reader(self._workspace)
        self._lock = Lock()

    @classmethod
    def from_part(cls, part: Part, ladder: tuple[int, ...], safe_depth: int) -> VowpalPolicy:
        """The published policy, proven: its digest, its shape, and its stored predictions."""
        check_shape(part, ladder)
        worth = Table.from_bytes(part.meta["worth"].encode()).means if "worth" in part.meta else None
        policy = cls(part.payload, *rungs_of(part, ladder, safe_depth), Trust(*part.meta["trust"]), worth)
        verify(policy, part)
        return policy

    def pmf(self, slot: Slot) -> tuple[float, ...]:
        if slot.ladder != self._ladder:
            raise ModelError(f"policy vowpal knows the ladder {list(self._ladder)}, not {list(slot.ladder)}")
        with self._lock:
            parsed, rungs = self._read(slot)
            predicted = self._workspace.predict_one(parsed)
        trust = self._trust.known if ASKED in slot.context else self._trust.new
        total = sum([p for _, p in predicted])
        pmf = [0.0] * len(slot.ladder)
        for action, p in predicted:
            pmf[rungs[action]] = trust * p / total
        if trust < 1:
            pmf = [p + (1 - trust) * s for p, s in zip(pmf, self._safe.pmf(slot), strict=True)]
        return tuple(pmf)

    def values(self, slot: Slot) -> tuple[float, ...] | None:
        """Mean rewards of the strategy's rungs, whatever the query: explorers do not tell what they expect.

        Kept only where `choose.explore_loss` asks for them.
        """
        return self._worth.get(slot.strategy)


def stored_checks(policy: VowpalPolicy, slots: Sequence[Slot]) -> Json:
    return {"slots": [_slot_to_json(s) for s in slots], "pmfs": [list(policy.pmf(s)) for s in slots]}


def verify(policy: VowpalPolicy, part: Part) -> None:
    for stored, expected in zip(part.checks["slots"], part.checks["pmfs"], strict=True):
        got = policy.pmf(_slot_from_json(stored))
        if not all(abs(g - e) <= _TOLERANCE for g, e in zip(got, expected, strict=True)):
            raise ModelError(
                f"policy {part.version} of index {part.index} predicts {[round(g, 4) for g in got]} where "
                f"{[round(e, 4) for e in expected]} was stored with it; roll back: ltrr models rollback"
            )


def _slot_to_json(slot: Slot) -> Json:
    return {
        "plan": slot.plan,
        "strategy": slot.strategy,
        "source": slot.source,
        "position": slot.position,
        "context": dict(slot.context),
        "action": dict(slot.action),
        "drawn": [list(d) for d in slot.drawn],
        "ladder": list(slot.ladder),
        "feasible": list(slot.feasible),
        "strategies": list(slot.strategies),
        "query": slot.query,
    }


def _slot_from_json(stored: Json) -> Slot:
    tuples = {
        "drawn": tuple((plan, depth) for plan, depth in stored["drawn"]),
        "ladder": tuple(stored["ladder"]),
        "feasible": tuple(stored["feasible"]),
        "strategies": tuple(stored["strategies"]),
    }
    return Slot(**(stored | tuples))
