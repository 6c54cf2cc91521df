"""The rules of an index that are kept in the cluster: one document in `{prefix}_jobs`, beside those of the file.

Proxies read it by its id, which is in real time, so that a rule holds within seconds and without a restart; whoever
changes it replaces what he has read. A stored rule takes the place of a configured one of the same id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConflictError
from pydantic import ValidationError

from ltrr_opensearch.errors import Conflict, DataError
from ltrr_opensearch.release.parts import encoded
from ltrr_opensearch.release.switch import index_of
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.rules.book import Rules
from ltrr_opensearch.types import Json

MOST_RULES = 5_000
"""Of an index: all of them are one document, which every proxy reads whole when it has changed."""
ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Stored:
    """`faults`: what stands in the document and is no rule, in words. `version` is None before anything was stored."""

    rules: Rules = ()
    faults: tuple[str, ...] = ()
    version: str | None = None


def rule_of(value: object, where: str) -> RuleSettings:
    """A rule as it is written; a `DataError` says what is wrong with it, on one line."""
    try:
        return RuleSettings.model_validate(value)
    except ValidationError as error:
        name = value.get("id") if isinstance(value, dict) else None
        said = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'rule'}: {one['msg'].removeprefix('Value error, ')}"
            for one in error.errors(include_url=False)
        )
        raise DataError(f"{where}: rule {name or '?'}: {said}") from None


def merged(configured: Iterable[RuleSettings], stored: Sequence[RuleSettings]) -> Rules:
    """All rules of an index: what is stored first, since somebody put it there over what the file says."""
    known = {rule.id for rule in stored}
    return (*stored, *(rule for rule in configured if rule.id not in known))


class RuleStore:
    def __init__(self, client: OpenSearch, prefix: str) -> None:
        self._client = client
        self._name = index_of(prefix)

    def version(self, index: str) -> str | None:
        """The cheap question of a proxy's poll: changes whenever the rules do; None where none were stored."""
        found = self._get(index, _source="false")
        return f"{found['_primary_term']}.{found['_seq_no']}" if found.get("found") else None

    def in_force(self, index: str, configured: Iterable[RuleSettings]) -> Rules:
        """All rules of an index; what is stored and is no rule is left out."""
        return merged(configured, self.read(index).rules)

    def read(self, index: str) -> Stored:
        return self._read(index)[0]

    def put(self, index: str, rules: Sequence[RuleSettings], *, replace: bool = False) -> Rules:
        """Adds rules, in place of stored ones of the same id; `replace`: of all. Returns what is stored."""

        def change(stored: Rules) -> Rules:
            given = {rule.id: rule for rule in rules}
            if replace:
                return tuple(given.values())
            kept = tuple(given.pop(rule.id, rule) for rule in stored)
            return (*kept, *given.values())

        return self._change(index, change, whole=replace)

    def remove(self, index: str, ids: Sequence[str]) -> Rules:
        """Takes rules away; a `DataError` names those that are not stored. Returns what is left."""

        def change(stored: Rules) -> Rules:
            known = [rule.id for rule in stored]
            if unknown := [id for id in ids if id not in known]:
                raise DataError(
                    f"index {index!r} has no stored rule {', '.join(unknown)}; stored: {', '.join(known) or 'none'}"
                )
            return tuple(rule for rule in stored if rule.id not in ids)

        return self._change(index, change)

    def _change(self, index: str, change: Callable[[Rules], Rules], *, whole: bool = False) -> Rules:
        """`whole`: nothing that is stored stays, be it a rule or not."""
        for _ in range(ATTEMPTS):
            stored, condition = self._read(index)
            if stored.faults and not whole:
                raise DataError(f"{stored.faults[0]}; put the whole set anew: ltrr rules put FILE --replace")
            rules = change(stored.rules)
            if self._write(index, rules, condition):
                return rules
        raise Conflict(f"the rules of index {index!r} are being changed by others all the time; try again")

    def _write(self, index: str, rules: Rules, condition: Any) -> bool:
        """False where somebody else was faster, and nothing is written."""
        if len(rules) > MOST_RULES:
            raise DataError(f"{len(rules)} rules for index {index!r}; at most {MOST_RULES} are stored")
        told = [rule.model_dump(mode="json", exclude_defaults=True) for rule in rules]
        body = {"kind": "rules", "index": index, "updated": datetime.now(UTC).isoformat(), "rules": told}
        try:
            self._client.index(index=self._name, id=_id(index), body=body, params=condition)
        except ConflictError:
            return False
        return True

    def _read(self, index: str) -> tuple[Stored, Any]:
        """What is stored, and the condition under which it may be replaced."""
        found = self._get(index)
        if not found.get("found"):
            return Stored(), {"op_type": "create"}
        condition = {"if_seq_no": found["_seq_no"], "if_primary_term": found["_primary_term"]}
        version = f"{found['_primary_term']}.{found['_seq_no']}"
        rules, faults = [], []
        for value in found["_source"].get("rules", []):
            try:
                rules.append(rule_of(value, f"document {_id(index)} of {self._name}"))
            except DataError as fault:
                faults.append(str(fault))
        return Stored(tuple(rules), tuple(faults), version), condition

    def _get(self, index: str, **params: str) -> Json:
        found: Json = self._client.get(index=self._name, id=_id(index), params=params, ignore=404)
        return found


def _id(index: str) -> str:
    return f"rules-{encoded(index)}"
