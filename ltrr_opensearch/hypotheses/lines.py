"""Utterances as JSON lines, in and out. Whatever is wrong with a line is told with its number and its field.

In: `{"id", "hypotheses": [{"system", "domain", "intent", "slots": [{"name", "value", "confidence"}],
"domain_confidence", "intent_confidence", "evidence"}], "text", "context", "truth", "group"}`; only `id`, `hypotheses`
and of a hypothesis `domain` and `intent` are needed. Out: the same id, with claims in their new order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ltrr_opensearch.errors import DataError
from ltrr_opensearch.hypotheses.rerank import Believed
from ltrr_opensearch.hypotheses.values import Context, Hypothesis, Slot, Truth, Utterance
from ltrr_opensearch.types import Json

SHOWN = 80
"""Characters of a value that are repeated in an error."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Slot(_Line):
    name: str = Field(min_length=1)
    value: str
    confidence: float | None = Field(None, ge=0, le=1)

    def made(self) -> Slot:
        return Slot(self.name, self.value, self.confidence)


class _Truth(_Line):
    domain: str = Field(min_length=1)
    intent: str = Field(min_length=1)
    slots: tuple[_Slot, ...] = ()

    def made(self) -> Truth:
        return Truth(self.domain, self.intent, tuple(slot.made() for slot in self.slots))


class _Hypothesis(_Truth):
    system: str = Field("system", min_length=1)
    domain_confidence: float | None = Field(None, ge=0, le=1)
    intent_confidence: float | None = Field(None, ge=0, le=1)
    evidence: dict[str, float] = {}

    def hypothesis(self) -> Hypothesis:
        said = self.made()
        sure = (self.domain_confidence, self.intent_confidence)
        return Hypothesis(self.system, said.domain, said.intent, said.slots, *sure, self.evidence)


class _Context(_Line):
    device: str | None = None
    locale: str | None = None
    hour: int | None = Field(None, ge=0, le=23)
    previous_domain: str | None = None


class _Utterance(_Line):
    id: str = Field(min_length=1)
    hypotheses: tuple[_Hypothesis, ...] = Field(min_length=1)
    text: str = ""
    context: _Context = _Context()
    truth: _Truth | None = None
    group: str = ""

    def made(self) -> Utterance:
        return Utterance(
            self.id,
            tuple(one.hypothesis() for one in self.hypotheses),
            self.text,
            Context(**self.context.model_dump()),
            self.truth.made() if self.truth else None,
            self.group,
        )


def read(lines: Iterable[bytes], name: str, *, truth: bool = False) -> Iterator[Utterance]:
    """One by one; blank lines are skipped. `truth`: a line without it is a `DataError` too."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _read(line, f"{name}, line {number}", truth)


def _read(line: bytes, place: str, truth: bool) -> Utterance:
    try:
        found = _Utterance.model_validate(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{place}: no JSON ({error}); give one object a line") from error
    except ValidationError as error:
        raise DataError(f"{place}: {_told(error)}") from error
    if truth and found.truth is None:
        raise DataError(f"{place}: utterance {found.id!r} has no `truth`; give its domain, intent and slots")
    return found.made()


def _told(error: ValidationError) -> str:
    """The first fault: where in the line, what, and the value."""
    first = error.errors(include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "the line"
    value = "" if first["type"] == "missing" else f", not {str(first['input'])[:SHOWN]!r}"
    return f"{where}: {first['msg'].lower()}{value}; docs/hypotheses.md has the form"


def to_line(id: str, order: Sequence[Believed]) -> bytes:
    return orjson.dumps({"id": id, "hypotheses": [_said(one, rank) for rank, one in enumerate(order, start=1)]}) + b"\n"


def _said(one: Believed, rank: int) -> Json:
    said: Json = {"rank": rank, "domain": one.claim.domain, "intent": one.claim.intent}
    said["slots"] = [{"name": slot.name, "value": slot.value} for slot in one.claim.backers[0].slots]
    said["systems"] = [backer.system for backer in one.claim.backers]
    said |= {"likelihood": round(one.likelihood, 6), "intent_likelihood": round(one.intent_likelihood, 6)}
    return said | {"weighted": one.weighted}


def utterance_line(one: Utterance) -> bytes:
    """The line that reads as this utterance."""
    said: Json = {"id": one.id, "text": one.text, "group": one.group, "context": _given(asdict(one.context))}
    said["hypotheses"] = [_given(asdict(hypothesis)) for hypothesis in one.hypotheses]
    if one.truth:
        said["truth"] = asdict(one.truth)
    return orjson.dumps(said) + b"\n"


def _given(values: Json) -> Json:
    return {name: value for name, value in values.items() if value is not None}
