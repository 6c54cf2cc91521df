"""Rules beside the index that they are for: whether the cluster takes their clauses, and what they select of it.

Read as our own account, for whoever writes the rules; while serving every document is read as the caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthorizationException, RequestError

from ltrr_opensearch.rule_settings import RuleSettings, SelectedSettings
from ltrr_opensearch.types import Json


@dataclass(frozen=True, slots=True)
class Selection:
    """What one action of a rule selects. `documents` is None where our account may not read the index."""

    rule: str
    action: str
    documents: int | None
    missing: tuple[str, ...] = ()
    """Pinned `_id`s that no document has."""
    refusal: str = ""
    """The cluster's, in its words."""


def look_up(client: OpenSearch, index: str, rules: Iterable[RuleSettings]) -> Iterator[Selection]:
    """Every action of the rules, in their order."""
    for rule in rules:
        for action, selected in (("exclude", rule.exclude), ("boost", rule.boost), ("bury", rule.bury)):
            if selected:
                yield _selected(client, index, rule.id, action, selected)
        if rule.pin:
            yield _pinned(client, index, rule)


def faults_of(client: OpenSearch, index: str, rules: Iterable[RuleSettings]) -> Iterator[tuple[str, str, bool]]:
    """What keeps rules from doing what they say: (what was found, what to do, whether the cluster refuses it)."""
    for one in look_up(client, index, rules):
        if one.refusal:
            found = f"rule {one.rule}: the cluster refuses what {one.action} selects by: {one.refusal}"
            yield found, f"correct the filter of {one.action}, in the configuration or by `ltrr rules put`", True
        elif one.missing:
            found = f"rule {one.rule}: no document has the pinned _id {', '.join(one.missing)}"
            yield found, "correct the _id, or take the pin out", False
        elif one.documents == 0:
            yield f"rule {one.rule}: {one.action} selects no document", "correct what it selects by", False


def _selected(client: OpenSearch, index: str, rule: str, action: str, selected: SelectedSettings) -> Selection:
    body: Json = {"size": 0, "track_total_hits": True, "query": {"bool": {"filter": [selected.clause]}}}
    try:
        found = client.search(index=index, body=body)
    except AuthorizationException:
        return Selection(rule, action, None)
    except RequestError as error:
        return Selection(rule, action, 0, refusal=_reason(error))
    return Selection(rule, action, int(found["hits"]["total"]["value"]))


def _pinned(client: OpenSearch, index: str, rule: RuleSettings) -> Selection:
    ids = list(dict.fromkeys(pin.id for pin in rule.pin))
    body: Json = {"size": 0, "query": {"ids": {"values": ids}}}
    body["aggs"] = {"there": {"filters": {"filters": {id: {"ids": {"values": [id]}} for id in ids}}}}
    try:
        found = client.search(index=index, body=body)["aggregations"]["there"]["buckets"]
    except AuthorizationException:
        return Selection(rule.id, "pin", None)
    missing = tuple(id for id in ids if not found[id]["doc_count"])
    return Selection(rule.id, "pin", len(ids) - len(missing), missing)


def _reason(error: RequestError) -> str:
    """The root of what the cluster says, which names the clause."""
    info = error.info if isinstance(error.info, dict) else {}
    causes = info.get("error", {}).get("root_cause") or [{}]
    return str(causes[0].get("reason") or error.error)
