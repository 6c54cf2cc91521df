"""Each scenario, straight and through a real proxy, compared field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise

import orjson
import pytest
from hypothesis import given, settings

from ltrr_opensearch.types import Json
from tests.parity.combined import searches
from tests.parity.play import Player
from tests.parity.rules import VARYING, around, at, bare, headers_of, key_of, keys_in, masked, total_of
from tests.parity.scenario import Fate, Scenario, Step, scenarios
from tests.parity.wire import Response
from tests.parity.world import World

ANSWERED = "x-ltrr"


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda s: s.id)
def test_scenario(world: World, scenario: Scenario) -> None:
    player = Player(world)
    for step in scenario.played:
        before = player.passed()
        straight, through = player.ask(step, "straight"), player.ask(step, "through")
        fate: Fate = step.engine or scenario.engine
        assert through.status == straight.status, through.body
        if step.told:
            assert step.told in straight.headers
            assert step.told in through.headers
        if step.adds:
            assert step.adds not in straight.headers
            through = replace(through, headers=dict(through.headers))
            assert through.headers.pop(step.adds)
        if fate == "passes":
            assert ANSWERED not in through.headers
            assert counted(before, player.passed()) == scenario.reasons(step)
            same(straight, through, scenario.allowed(step))
        else:
            assert ANSWERED in through.headers, counted(before, player.passed())
            engaged(player, scenario, step, straight, through)
    for path in scenario.shows:
        assert any(value not in (None, [], {}, "") for value in at(straight.json, path)), f"nothing at {path} straight"
        assert any(value not in (None, [], {}, "") for value in at(through.json, path)), f"nothing at {path} through"
    if scenario.walk:
        walked(player, scenario)


def counted(before: dict[str, float], after: dict[str, float]) -> set[str]:
    """The reasons under which something passed through in between."""
    return {reason for reason, value in after.items() if value > before.get(reason, 0)}


def same(straight: Response, through: Response, allowed: frozenset[str]) -> None:
    """Byte for byte, but for what a rule takes out of both."""
    assert masked(through.body, allowed) == masked(straight.body, allowed)
    unchanged = through.body == straight.body
    assert headers_of(through.headers, unchanged) == headers_of(straight.headers, unchanged)
    ours, theirs = ([n for n in r.spelled if n.lower() not in VARYING] for r in (through, straight))
    assert [n for n in ours if n.lower() in through.headers] == theirs


def engaged(player: Player, scenario: Scenario, step: Step, straight: Response, through: Response) -> None:
    assert headers_of(through.headers, False) == headers_of(straight.headers, False)
    if step.items is None:
        answered(player, scenario, step, straight.json, through.json)
        return
    theirs, ours, allowed = straight.json["responses"], through.json["responses"], scenario.allowed(step)
    assert len(ours) == len(theirs) == len(step.items)
    assert len(through.headers[ANSWERED].split(",")) == step.items.count("engages")
    for fate, one, other, alone in zip(step.items, theirs, ours, alone_of(step), strict=True):
        if fate == "engages":
            answered(player, scenario, alone, one, other)
        else:
            assert masked(orjson.dumps(other), allowed) == masked(orjson.dumps(one), allowed)


def alone_of(step: Step) -> Iterator[Step]:
    """The searches of an `_msearch`, each as a request of its own."""
    lines = [orjson.loads(line or "{}") for line in (step.content or "").split("\n")[:-1]]
    for head, body in zip(lines[::2], lines[1::2], strict=True):
        index = head.get("index", "{shop}")
        path = "/_search" if "pit" in body else None
        yield Step(search=body, path=path, index=",".join(index) if isinstance(index, list) else index)


def answered(player: Player, scenario: Scenario, step: Step, straight: Json, through: Json) -> None:
    allowed = scenario.allowed(step)
    assert around(through, allowed) == around(straight, allowed)
    assert list(through) == list(straight)
    if "total" in allowed and (total := total_of(straight)) is not None:
        assert (total_of(through) or 0) >= total
    theirs, ours = straight.get("hits", {}).get("hits"), through.get("hits", {}).get("hits")
    if theirs is None or "values" in allowed:
        assert keys_in(ours) == keys_in(theirs)
        return
    assert len(ours) == len(theirs) or ("filled" in allowed and len(ours) > len(theirs))
    scores = [hit["_score"] for hit in ours]
    assert all(a > b for a, b in pairwise(scores))
    as_asked(player, step, ours, allowed)
    if "order" not in allowed:
        assert [key_of(h) for h in ours] == [key_of(h) for h in theirs]
    if "one_each" in allowed:
        values = [value_of(step, hit) for hit in ours]
        assert len(set(values)) == len(values)
    if scenario.holds:
        keys = {key_of(hit) for hit in ours}
        assert player.matching(step, scenario.holds, keys) == keys


def as_asked(player: Player, step: Step, hits: list[Json], allowed: frozenset[str]) -> None:
    """Every hit is what the node itself makes of that document for this request; none comes twice."""
    keys = [key_of(hit) for hit in hits]
    assert len(set(keys)) == len(keys)
    known = {} if "one_each" in allowed else player.own_hits(step)
    if beyond := [id for index, id in keys if (index, id) not in known]:
        known |= player.others(step, beyond)
    for hit in hits:
        assert bare(hit, allowed) == bare(known[key_of(hit)], allowed)


def walked(player: Player, scenario: Scenario) -> None:
    """Page after page: nothing twice, and with pages enough for all nothing lost."""
    assert scenario.walk is not None
    size, seen, totals = scenario.walk.size, [], set()
    for number in range(scenario.walk.pages):
        asked = (scenario.search or {}) | {"size": size, "from": number * size}
        page = player.ask(scenario.model_copy(update={"search": asked}), "through").json
        seen += page["hits"]["hits"]
        totals.add(total_of(page))
    unit = partial(value_of, scenario) if "one_each" in scenario.allowed(scenario) else key_of
    units, own = list(map(unit, seen)), set(map(unit, player.own_hits(scenario).values()))
    assert len(set(units)) == len(units)
    (total,) = {len(own | set(units))} if unit is not key_of else totals
    assert total is not None
    assert len(units) == min(total, size * scenario.walk.pages)
    if size * scenario.walk.pages >= total:
        assert own <= set(units)
    if scenario.holds:
        keys = set(map(key_of, seen))
        assert player.matching(scenario, scenario.holds, keys) == keys


def value_of(step: Step, hit: Json) -> str:
    """Of the field by which hits are collapsed."""
    return repr(hit.get("fields", {}).get((step.search or {})["collapse"]["field"]))


@settings(max_examples=60, derandomize=True)
@given(searches())
def test_features_combined(world: World, search: Scenario) -> None:
    player = Player(world)
    straight, through = player.ask(search, "straight"), player.ask(search, "through")
    assert straight.status == through.status == 200
    assert ANSWERED in through.headers
    engaged(player, search, search, straight, through)


def told(world: World, query: Json) -> dict[str, Json]:
    """What the proxy says of its plans, by name."""
    body = {"query": query, "ext": {"ltrr": {"explain": True}}}
    plans = Player(world).ask(Step(search=body), "through").json["ext"]["ltrr"]["plans"]
    return {plan["plan"]: plan for plan in plans}


def test_the_hits_come_from_every_plan(world: World) -> None:
    """What the scenarios compare is the work of several plans, or they would prove nothing."""
    plans = told(world, {"match": {"title": "red shoes"}})
    assert plans.keys() == {"original", "lexical", "structured", "q2e", "knn"}
    assert all(plan["outcome"] == "ok" and plan["found"] for plan in plans.values()), plans


def test_a_filter_leaves_as_many_neighbours(world: World) -> None:
    """It stands inside the `knn` clause; beside it hardly any would be left."""
    few = {"bool": {"must": {"match": {"title": "red shoes"}}, "filter": {"range": {"price": {"gt": 190}}}}}
    assert told(world, few)["knn"]["found"] == 10
