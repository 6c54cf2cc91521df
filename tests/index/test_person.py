"""What is kept of one person: found wherever it is, read out, and gone after forgetting, with nobody else's."""

import hashlib
from datetime import timedelta

import orjson
import pytest
from click.testing import CliRunner
from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.errors import Conflict, DataError
from ltrr_opensearch.index.person import AGGREGATES, PERSONAL, Person
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.logged import Part, Round
from ltrr_opensearch.settings import Settings
from tests.learn.shop import Shop
from tests.learn.synthetic import START, clicks, decisions

USER = "user3"


@pytest.fixture
def shop(client: OpenSearch, index_name: str) -> Shop:
    """Sixty searches of twenty people with their clicks, counted and published; one click names only its search."""
    made = Shop.create(client, index_name)
    searches = decisions(60)
    acted = list(clicks(searches))
    made.put(searches, acted)
    theirs = next(one for one in searches if one.asker.user == USER)
    nameless = {"action_name": "like", "query_id": theirs.query_id, "timestamp": START.isoformat()}
    made.index({"_index": f"{index_name}-events", **nameless})
    gains = {(one.query_id, one.object_id): 0.5 for one in acted if one.object_id}
    rounds = [Round(d, {id: gain for (query, id), gain in gains.items() if query == d.query_id}) for d in searches]
    asked = part_of(AGGREGATES, Aggregates().updated(rounds, 60).to_bytes())
    personal = part_of(PERSONAL, PersonalMemory().updated(rounds, 60, 100).to_bytes())
    made.store.publish("shop", {AGGREGATES: asked, PERSONAL: personal}, "counted")
    client.indices.refresh(index=f"{index_name}*")
    return made


def part_of(kind: str, payload: bytes) -> Part:
    digest = hashlib.sha256(payload).hexdigest()
    return Part(kind, "shop", digest[:12], kind, payload, digest, START + timedelta(days=1))


def test_everything_under_a_name_is_read_out_and_forgotten(shop: Shop, client: OpenSearch) -> None:
    person = Person(client, shop.settings(), USER)
    kept = list(person.kept())
    of = [one.index for one in kept]
    searches, events = (client.count(index=f"{shop.prefix}{kind}")["count"] for kind in ("_decisions-*", "-events"))
    assert of.count(f"{shop.prefix}_decisions-{START:%Y.%m}") == 3
    assert any(one.record.get("action_name") == "like" for one in kept), "it belongs to a search of theirs"
    counted = next(one for one in kept if one.id == AGGREGATES)
    assert counted.record["asked"] == pytest.approx(3, rel=0.01)
    assert counted.record["last_objects"]
    assert next(one for one in kept if one.id == PERSONAL).record["acted_upon"]

    gone = dict(person.forget())
    assert gone[f"{shop.prefix}_decisions-*"] == 3
    assert gone[f"{AGGREGATES} of shop"] == gone[f"{PERSONAL} of shop"] == 1
    assert list(person.kept()) == []
    assert client.count(index=f"{shop.prefix}_decisions-*")["count"] == searches - 3
    assert client.count(index=f"{shop.prefix}-events")["count"] == events - gone[f"{shop.prefix}-events"]
    serving = shop.store.current("shop")
    assert serving is not None
    known = Aggregates.from_bytes(serving.parts[AGGREGATES].payload)
    assert known.user(USER) is None
    assert known.user("user4") is not None
    remembered = PersonalMemory.from_bytes(serving.parts[PERSONAL].payload)
    assert (remembered.told(USER), remembered.told("user4") is None) == (None, False)
    assert [index for index, _ in person.remaining()] == ["shop"], "the release before"
    assert not any(dict(person.forget()).values()), "forgetting again finds nothing"


def test_what_is_left_is_told(shop: Shop, client: OpenSearch) -> None:
    events = f"{shop.prefix}-events"
    client.indices.put_settings(index=events, body={"index.blocks.write": True})
    try:
        with pytest.raises((Conflict, TransportError)):
            list(Person(client, shop.settings(), USER).forget())
    finally:
        client.indices.put_settings(index=events, body={"index.blocks.write": None})
    assert dict(Person(client, shop.settings(), USER).forget())[f"{shop.prefix}_decisions-*"] == 3, "a repeat ends it"


def test_a_hashed_log_is_asked_by_the_hash_and_one_that_names_nobody_not_at_all(shop: Shop, client: OpenSearch) -> None:
    told = shop.settings().model_dump(exclude_unset=True)
    hashed = Settings.model_validate(told | {"log": {"users": "hash"}})
    assert list(Person(client, hashed, USER).kept()) == [], "this log was written in clear"
    with pytest.raises(DataError, match="nothing is kept under anybody's name"):
        Person(client, Settings.model_validate(told | {"log": {"users": "omit"}}), USER)


def test_where_nothing_was_set_up_nothing_is_kept_nor_made(client: OpenSearch, index_name: str) -> None:
    state = {"prefix": index_name, "ubi_queries": f"{index_name}-q", "ubi_events": f"{index_name}-e"}
    person = Person(client, Settings.model_validate({"state": state}), USER)
    assert list(person.kept()) == []
    assert not any(dict(person.forget()).values())
    assert person.remaining() == []
    assert not client.indices.exists(index=f"{index_name}*", params={"allow_no_indices": "false"})


def test_the_commands_write_lines_and_ask_before_they_delete(
    shop: Shop, node: object, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("person")
    monkeypatch.chdir(folder)
    settings = shop.settings().model_dump(mode="json", exclude_unset=True)
    (folder / "ltrr.yml").write_bytes(orjson.dumps(settings | {"cluster": {"url": node.url}}))  # type: ignore[attr-defined]
    typed = CliRunner()
    written = typed.invoke(main, ["person", "export", USER, "--output", "theirs.jsonl"])
    assert written.exit_code == 0, written.output
    lines = [orjson.loads(line) for line in (folder / "theirs.jsonl").read_bytes().splitlines()]
    assert {line["record"].get("asker", {}).get("user") for line in lines if "asker" in line["record"]} == {USER}
    assert typed.invoke(main, ["person", "forget", USER], input="n\n").exit_code == 1
    done = typed.invoke(main, ["person", "forget", USER, "--yes"])
    assert done.exit_code == 0, done.output
    assert "earlier releases still count user3" in done.output
    assert "nothing is kept" in typed.invoke(main, ["person", "export", USER]).output
