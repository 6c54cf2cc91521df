"""The phase of each index: one document in `{prefix}_jobs`, beside the release and not a part of it.

A release says what was learned, a phase how far that is trusted. So going back to an earlier release keeps the phase,
and a guardrail that takes trust away leaves ranker and memory as they are. Proxies read the document by its id, which
is in real time; whoever writes it replaces what he has read, so that of two checks at once only one counts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError

from ltrr_opensearch.errors import Conflict, DataError
from ltrr_opensearch.phase_settings import PHASES, PhaseName
from ltrr_opensearch.release.parts import encoded
from ltrr_opensearch.release.switch import index_of
from ltrr_opensearch.types import Json

MOVES = 200
"""Moves that are kept, the newest."""
ATTEMPTS = 10

By = Literal["thresholds", "guardrail", "operator"]


@dataclass(frozen=True, slots=True)
class Move:
    at: datetime
    before: PhaseName
    to: PhaseName
    by: By
    reason: str
    figures: Json = field(default_factory=dict)
    """What was measured when it was decided."""


@dataclass(frozen=True, slots=True)
class PhaseState:
    """`held` says why no move up happens by itself; None where it may. `evidence` is counted by learning."""

    phase: PhaseName
    since: datetime | None = None
    held: str | None = None
    moves: tuple[Move, ...] = ()
    """The newest last."""
    evidence: Json = field(default_factory=dict)

    def moved(self, move: Move) -> PhaseState:
        """What was measured in one phase says nothing of the next, so evidence begins anew."""
        kept = (*self.moves, move)[-MOVES:]
        return replace(self, phase=move.to, since=move.at, moves=kept, evidence={})


class PhaseStore:
    def __init__(self, client: OpenSearch, prefix: str, first: PhaseName) -> None:
        """`first` is the phase of an index that has no document yet."""
        self._client = client
        self._name = index_of(prefix)
        self._first = first

    def phase(self, index: str) -> PhaseName:
        """The cheap question of a proxy's poll."""
        found = self._get(index, _source_includes="phase")
        return _phase(found["_source"].get("phase"), index) if found.get("found") else self._first

    def state(self, index: str) -> PhaseState:
        return self.read(index)[0]

    def read(self, index: str) -> tuple[PhaseState, Any]:
        """The state, and the condition under which `write` may replace it."""
        found = self._get(index)
        if not found.get("found"):
            return PhaseState(self._first), {"op_type": "create"}
        condition = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
        return _state(found["_source"], index), condition

    def write(self, index: str, state: PhaseState, condition: Any) -> bool:
        """False where somebody else was faster, and nothing is written."""
        body = asdict(state) | {"kind": "phase", "index": index, "updated": datetime.now(UTC).isoformat()}
        body["moves"] = [asdict(move) | {"at": move.at.isoformat()} for move in state.moves]
        body["since"] = state.since.isoformat() if state.since else None
        try:
            self._client.index(index=self._name, id=_id(index), body=body, params=condition)
        except ConflictError:
            return False
        return True

    def change(self, index: str, change: Callable[[PhaseState], PhaseState]) -> PhaseState:
        for _ in range(ATTEMPTS):
            state, condition = self.read(index)
            changed = change(state)
            if self.write(index, changed, condition):
                return changed
        raise Conflict(f"the phase of index {index!r} is being changed by others all the time; try again")

    def _get(self, index: str, **params: str) -> Json:
        found: Json = self._client.get(index=self._name, id=_id(index), params=params, ignore=404)
        return found


def _id(index: str) -> str:
    return f"phase-{encoded(index)}"


def _phase(value: object, index: str) -> PhaseName:
    for phase in PHASES:
        if value == phase:
            return phase
    raise DataError(f"the phase of index {index!r} is {value!r}; set one of {', '.join(PHASES)}: ltrr phases set")


def _state(source: Json, index: str) -> PhaseState:
    phase = _phase(source.get("phase"), index)
    try:
        return PhaseState(
            phase=phase,
            since=_time(source["since"]) if source["since"] else None,
            held=source["held"],
            moves=tuple(Move(**{**move, "at": _time(move["at"])}) for move in source["moves"]),
            evidence=source["evidence"],
        )
    except (KeyError, TypeError, ValueError) as cause:
        raise DataError(
            f"the record of index {index!r}'s phase cannot be read ({type(cause).__name__} {cause}); delete document "
            f"{_id(index)} of the jobs index, and set the phase: ltrr phases set"
        ) from cause


def _time(value: str) -> datetime:
    return datetime.fromisoformat(value).astimezone(UTC)
