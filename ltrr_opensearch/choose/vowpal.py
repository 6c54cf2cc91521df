"""The contextual bandit: Vowpal Wabbit's probabilities for the rungs of one slot.

The only file that touches the library. A damaged model loads there without a word
and predicts nonsense, so a payload is checked by its digest before loading and by stored predictions after.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.context import ASKED
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.choose.parts import check_shape, rungs_of
from ltrr_opensearch.choose.table import Table
from ltrr_opensearch.errors import MissingExtra, ModelError
from ltrr_opensearch.logged import Part
from ltrr_opensearch.types import Features, Json, Slot

_TOLERANCE = 1e-4
"""Between a stored probability and the one predicted again; machines differ in the last bits."""


def workspace(arguments: Sequence[str], model: bytes | None = None) -> Any:
    """A Vowpal Wabbit workspace, new or from a model; the options of a model are inside it."""
    return _library().Workspace([] if model else list(arguments), model_data=model)


_Numbers = tuple[NDArray[np.uint64], NDArray[np.float32]]
"""Places in the model, and values."""
_NAMES = 65_536
"""Of features whose places are known; a model has four times as many."""
_SLOTS = 16
"""That a search has, but for few: when it is learned once more, as if its query were new, it has the same facts."""


class _Namespace:
    """One namespace of an example whose features change from slot to slot.

    Numbers are handed over as arrays: to write and parse them as text took longer than to learn from them.
    """

    def __init__(self, core: Any, example: Any, letter: str, again: int = 0) -> None:
        """`again`: how many features of late may come again, so that their numbers are kept."""
        self._group = example[ord(letter)]
        place = lru_cache(_NAMES)(lambda name: core.get_index_for_scalar_feature(examples.code(name), None, letter))
        self._places = lru_cache(1024)(partial(_places, place))
        self._put: Features | None = None
        self._again, self._lately = again, dict[int, tuple[Features, _Numbers]]()

    def put(self, features: Features) -> None:
        """What is put once stands until something else is: the slots of a search share their context."""
        if features is not self._put:
            self.fill(self._known(features) if self._again else self.numbers(features))
            self._put = features

    def _known(self, features: Features) -> _Numbers:
        """By identity, which nothing else can have as long as the features are kept beside."""
        if (known := self._lately.get(id(features))) is None:
            if len(self._lately) >= self._again:
                self._lately.clear()
            known = self._lately[id(features)] = features, self.numbers(features)
        return known[1]

    def numbers(self, features: Features) -> _Numbers:
        told = examples.checked(features)
        return self._places(tuple(told)), np.fromiter(told.values(), np.float32, len(told))

    def fill(self, numbers: _Numbers) -> None:
        self._put = None
        self._group.truncate_to(0)
        self._group.push_many_features(*numbers)


def _places(place: Callable[[str], int], names: Sequence[str]) -> NDArray[np.uint64]:
    return np.fromiter(map(place, names), np.uint64, len(names))


class Reader:
    """Slots as examples of one workspace's core: one for all slots, which is filled anew, and one for each rung.

    Talks to the core: what the library has around it looks at each example, which took as long as predicting.
    """

    def __init__(self, core: Any, again: int = 0) -> None:
        """`again`: how many facts of late may come again."""
        self._parse = partial(_library()._core._parse_line_text, core)
        letters = (examples.CONTEXT, examples.FACTS, examples.DRAWN, examples.STRATEGY)
        self._shared = self._parse("shared " + " ".join(f"|{letter} x" for letter in letters))
        self._context, self._facts, self._drawn, self._strategy = (
            _Namespace(core, self._shared, letter, again if letter == examples.FACTS else 0) for letter in letters
        )
        # these are few, and the same in search after search
        drawn, strategy = self._drawn, self._strategy
        self._of_drawn = lru_cache(4096)(lambda before: drawn.numbers(examples.drawn_features(before)))
        self._of_strategy = lru_cache(1024)(lambda *of: strategy.numbers(examples.strategy_features(*of)))
        self._rungs: dict[int, Any] = {}

    def __call__(self, slot: Slot) -> Any:
        """The example that the slot's rungs share. It is that of this slot until the next one is read."""
        self._context.put(slot.context)
        self._facts.put(slot.action)
        self._drawn.fill(self._of_drawn(slot.drawn))
        self._strategy.fill(self._of_strategy(slot.strategy, slot.source))
        return self._shared

    def rung(self, depth: int) -> Any:
        if depth not in self._rungs:
            self._rungs[depth] = self._parse(examples.rung_line(depth))
        return self._rungs[depth]


class Teacher:
    """Shows a workspace what rungs cost. `compares`: each among all feasible rungs of its slot; else alone."""

    def __init__(self, of: Any, *, compares: bool) -> None:
        self._read, self._compares = Reader(of._workspace, _SLOTS), compares
        self._learn, self._label = of._workspace.learn_multi_ex_one, _library().CBLabel
        self._none, self._told = self._label(label=None), self._label(label=None)

    def learn(self, slot: Slot, costs: Iterable[tuple[int, float, float]]) -> None:
        """(position in the ladder, cost, probability) each; a cost is a negative reward."""
        shared, rung = self._read(slot), self._read.rung
        among = [rung(d) for d, ok in zip(slot.ladder, slot.feasible, strict=True) if ok] if self._compares else []
        for place, cost, probability in costs:
            action = rung(slot.ladder[place])
            self._told.label = (0, cost, probability)
            action._set_label(self._told)
            self._learn([shared, *among] if self._compares else [shared, action])
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
        core = workspace((), model)._workspace
        self._read, self._predict = Reader(core), core.predict_multi_ex_one
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
        rungs = [place for place, ok in enumerate(slot.feasible) if ok]
        with self._lock:
            predicted = self._predict([self._read(slot), *[self._read.rung(slot.ladder[place]) for place in rungs]])
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
