"""Scenarios as they stand in `scenarios/*.yml`. `README.md` beside them explains the keys; unknown ones are refused."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal

import orjson
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

HERE = Path(__file__).parent
Fate = Literal["engages", "passes"]

ALLOWANCES = {
    "ranked": ("took", "order", "score", "total"),
    "counted": ("took", "order", "score"),
    "untouched": (),
    "timed": ("took",),
}
"""Named sets of allowed differences; `rules.py` says what each of them is."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Step(Strict):
    """One request. `search` is short for a POST of that body to `/{index}/_search`, `lines` for ndjson.

    `items` says the fate of each search of an `_msearch`, `told` a header that both answers must have, `adds` one
    that only the proxy gives. The body may be `packed` by gzip, `chunked`, `grown` by so many spaces, its query
    `nested` in so many bools.
    """

    method: str = "POST"
    path: str | None = None
    index: str = "{shop}"
    url: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    search: dict[str, Any] | None = None
    body: Any = None
    raw: str | None = None
    lines: list[Any] | None = None
    engine: Fate | None = None
    reason: str | None = None
    save: dict[str, str] = Field(default_factory=dict)
    items: list[Fate] | None = None
    told: str | None = None
    adds: str | None = None
    packed: bool = False
    chunked: bool = False
    grown: int = 0
    nested: int = 0
    allow: str | list[str] | None = None

    @property
    def target(self) -> str:
        path = self.path if self.path is not None else f"/{self.index}/_search"
        return f"{path}?{self.url}" if self.url else path

    @property
    def content(self) -> str | None:
        """The body, with what is to be filled in still in it."""
        if self.raw is not None:
            return self.raw
        if self.lines is not None:
            return "".join(orjson.dumps(line).decode() + "\n" for line in self.lines)
        said = self.search if self.search is not None else self.body
        for _ in range(self.nested):
            said = said | {"query": {"bool": {"must": said["query"]}}}
        return None if said is None else orjson.dumps(said).decode() + " " * self.grown

    @property
    def sent_headers(self) -> dict[str, str]:
        if self.content is None:
            return self.headers
        kind = "application/x-ndjson" if self.lines is not None else "application/json"
        packed = {"content-encoding": "gzip"} if self.packed else {}
        sent = {"content-type": kind} | packed | self.headers
        return {name: value for name, value in sent.items() if value}

    def encoded(self, content: str) -> bytes:
        raw = content.encode()
        return gzip.compress(raw, mtime=0) if self.packed else raw


class Walk(Strict):
    """Pages of a size, one after the other, from the first."""

    size: int
    pages: int


class Scenario(Step):
    """A request, or several `steps`, played straight and through the proxy, and what may differ."""

    id: str
    row: str
    engine: Fate
    allow: str | list[str] = "untouched"
    holds: dict[str, Any] | None = None
    shows: list[str] = Field(default_factory=list)
    walk: Walk | None = None
    steps: list[Step] = Field(default_factory=list)

    @model_validator(mode="after")
    def _passes_for_a_reason(self) -> Scenario:
        if self.engine == "passes" and not self.reason and not self.steps:
            raise ValueError(f"{self.id}: says that it passes, but not for which reason")
        return self

    @property
    def played(self) -> list[Step]:
        return self.steps or [self]

    def reasons(self, step: Step) -> set[str]:
        return set((step.reason or self.reason or "").split(", "))

    def allowed(self, step: Step) -> frozenset[str]:
        said = step.allow if step.allow is not None else self.allow
        return frozenset(ALLOWANCES[said] if isinstance(said, str) else said)


@cache
def scenarios() -> tuple[Scenario, ...]:
    """All of them, in the order of the files."""
    return tuple(one for file in sorted((HERE / "scenarios").glob("*.yml")) for one in _in(file))


def _in(file: Path) -> Iterator[Scenario]:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for given in content["scenarios"]:
        yield Scenario.model_validate({"row": content["row"], **given, "id": f"{file.stem}/{given['id']}"})
