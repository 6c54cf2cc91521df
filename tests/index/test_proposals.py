import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ltrr_opensearch.contradictions import contradictions
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index.proposals import GAZETTEER as VALUES
from ltrr_opensearch.index.proposals import PROPOSER, Learned, Proposals, made_for, marks_for
from ltrr_opensearch.index_settings import IndexSettings, ProposalSettings
from ltrr_opensearch.logged import Part
from ltrr_opensearch.propose.proposer import Proposer
from ltrr_opensearch.settings import Settings
from tests.propose.made import GAZETTEER

TOLD: dict[str, Any] = {
    "text_fields": {"title": 2, "body": 1},
    "slot_fields": ["brand", "kind"],
    "vector": {"field": "vec"},
    "proposals": {},
}


def learned(gazetteer: str = "g1", name: str = "p1", **changed: Any) -> Learned:
    settings = made_for(IndexSettings.model_validate({**TOLD, **changed}))
    return Learned(Proposer(GAZETTEER, {}), name, (), settings, gazetteer)


def test_a_run_goes_on_where_the_last_one_of_the_same_kind_came() -> None:
    note = {"made": learned().made, "marks": {"shop/0": 7}}
    assert marks_for(note, learned()) == {"shop/0": 7}
    assert marks_for({}, learned()) == {}


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "p2"},
        {"gazetteer": "g2"},
        {"proposals": {"least": 0.9}},
        {"proposals": {"field": "ltrr_other"}},
        {"proposals": {"fields": ["brand"]}},
        {"slot_fields": ["brand", {"field": "kind", "kind": "number"}]},
        {"text_fields": {"title": 2, "body": 3}},
        {"vector": {"field": "vec_2"}},
    ],
)
def test_whatever_proposals_depend_on_has_every_document_looked_at_again(changed: dict[str, Any]) -> None:
    note = {"made": learned().made, "marks": {"shop/0": 7}}
    assert marks_for(note, learned(**changed)) == {}


class Store:
    """Releases of one index, and what was read of them."""

    def __init__(self, settings: Any) -> None:
        self.settings, self.read = settings, list[str]()
        self.versions = {PROPOSER: "p1", VALUES: "g1"}

    def history(self, index: str) -> list[Any]:
        return [SimpleNamespace(versions=self.versions, current=True)]

    def part(self, index: str, kind: str, version: str) -> Part:
        self.read.append(version)
        payload = GAZETTEER.to_bytes() if kind == VALUES else Proposer(GAZETTEER, {}).to_bytes()
        sha256, meta = hashlib.sha256(payload).hexdigest(), {"made_for": self.settings, "measured": []}
        return Part(kind, index, version, "a", payload, sha256, datetime.now(UTC), meta)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Store, Proposals]]:
    def of(**made_with: Any) -> tuple[Store, Proposals]:
        store = Store(made_for(IndexSettings.model_validate({**TOLD, **made_with})))
        monkeypatch.setattr("ltrr_opensearch.index.proposals.ReleaseStore", lambda client, prefix: store)
        client: Any = None
        return store, Proposals(client, "l", "shop", IndexSettings.model_validate(TOLD), lambda: datetime.now(UTC))

    return of


def test_parts_are_read_when_their_versions_change(published: Callable[..., tuple[Store, Proposals]]) -> None:
    store, proposals = published()
    first = proposals.published()
    assert first is not None
    assert proposals.published() is first
    assert store.read == ["p1", "g1"]
    store.versions = {**store.versions, VALUES: "g2"}
    second = proposals.published()
    assert second is not None
    assert (second.gazetteer, store.read[2:]) == ("g2", ["p1", "g2"])


def test_a_misfit_is_told_once(published: Callable[..., tuple[Store, Proposals]]) -> None:
    store, proposals = published(proposals={"least": 0.9})
    said: list[str] = []
    assert [proposals.published(said.append) for _ in range(3)] == [None] * 3
    assert len(said) == 1
    assert "learned for other settings" in said[0]
    store.versions = {**store.versions, PROPOSER: "p2"}
    assert proposals.published(said.append) is None
    assert len(said) == 2


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"strategies": [{"name": "original", "use": "original"}]}, ("proposals",)),
        ({"slot_fields": ["brand", {"field": "kind", "kind": "date"}]}, ("proposals", "fields", 1)),
        ({"proposals": None, "strategies": [{"name": "original", "use": "original"}]}, None),
        ({}, None),
    ],
)
def test_proposals_that_would_not_be_made_or_searched(
    changed: dict[str, Any], where: tuple[object, ...] | None
) -> None:
    told = {**TOLD, "proposals": {"fields": ["brand", "kind"]}, **changed}
    found = [place for place, _ in contradictions(Settings.model_validate({"indexes": {"shop": told}}))]
    assert found == ([("indexes", "shop", *where)] if where else [])


def test_a_field_that_is_mapped_as_a_number_is_refused_where_it_is_named(
    published: Callable[..., tuple[Store, Proposals]],
) -> None:
    _, proposals = published()
    numbers = replace(GAZETTEER, kinds={"kind": "number"})
    assert proposals.fields(numbers) == ("brand",)
    asked = proposals.index.model_copy(update={"proposals": ProposalSettings(fields=("kind",))})
    with pytest.raises(SettingsError, match=r"indexes\.shop\.proposals\.fields: kind is a number, .* take it out"):
        replace(proposals, index=asked).fields(numbers)
