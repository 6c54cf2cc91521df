"""Live experiments as people meet them: served by the whole proxy, clicked, and reported by `ltrr experiment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.experiment.people import arm_of
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Asker, Json
from tests.operations.world import COLOURS, Running, configuration_of, running, until
from tests.proxy.listening import call

ARMS = ({"name": "usual"}, {"name": "own", "original": True})
SEARCH = {"query": {"match": {"title": "red shoes"}}, "size": 10}


def with_experiment(shop: Settings, key: str, **changes: Any) -> Settings:
    index = shop.indexes[key].model_dump(exclude_unset=True)
    index["experiment"] = {"name": "own-or-all", "arms": ARMS, "people": 200, **changes}
    return Settings.model_validate(shop.model_dump(exclude_unset=True) | {"indexes": {key: index}})


def told(settings: Settings, key: str, folder: Path, *words: str) -> Result:
    config = folder / "ltrr.yml"
    document = yaml.safe_load(configuration_of(settings))
    experiment = settings.indexes[key].experiment
    document["indexes"][key]["experiment"] = (
        experiment.model_dump(mode="json", exclude_none=True) if experiment else None
    )
    config.write_text(yaml.safe_dump(document))
    return CliRunner(env={"COLUMNS": "160"}).invoke(main, ["--config", str(config), "experiment", "report", *words])


def visited(proxy: Running, key: str, user: str, clicks: bool) -> Json:
    """A person's search, with a click on its first hit or none."""
    answer = proxy.search(key, SEARCH, {"X-LTRR-User": user})
    if clicks:
        clicked(proxy, answer.headers["x-ltrr"], user, answer.json["hits"]["hits"][0]["_id"])
    return answer.json


def clicked(proxy: Running, query_id: str, user: str, id: str) -> None:
    named = {"action_name": "click", "query_id": query_id, "user_id": user}
    event = {**named, "event_attributes": {"object": {"object_id": id}}}
    assert call(proxy.url, "POST", "/_ltrr/events", orjson.dumps(event)).status == 202


def written(client: OpenSearch, settings: Settings, searches: int, clicks: int) -> bool:
    client.indices.refresh(index=f"{settings.state.prefix}*")
    decisions = client.count(index=f"{settings.state.prefix}_decisions-*")["count"]
    query = {"query": {"term": {"action_name": "click"}}}
    return decisions >= searches and bool(client.count(index=settings.state.ubi_events, body=query)["count"] >= clicks)


def test_a_split_by_person_is_served_logged_and_reported(
    shop: Settings, key: str, client: OpenSearch, tmp_path: Path
) -> None:
    settings = with_experiment(shop, key)
    experiment, secret = settings.indexes[key].experiment, settings.state.secret.get_secret_value()
    assert experiment is not None
    arms = {f"u{n}": arm_of(experiment, Asker(user=f"u{n}"), secret) for n in range(260)}
    clicks = {user for n, (user, arm) in enumerate(arms.items()) if arm or n % 3 == 0}
    with running(settings) as proxy:
        for user in arms:
            visited(proxy, key, user, user in clicks)
        proxy.search(key, SEARCH)  # nobody that is known
        until(lambda: written(client, settings, 261, len(clicks)))
    found: Json = orjson.loads(told(settings, key, tmp_path, "--window-s", "0", "--json").output)
    for number, name in enumerate(("usual", "own")):
        people = [user for user, arm in arms.items() if arm == number]
        assert (found["arms"][name]["people"], found["arms"][name]["searches"]) == (len(people), len(people))
        rate = len(clicks.intersection(people)) / len(people)
        assert found["arms"][name]["measures"]["success"]["value"] == pytest.approx(rate)
        assert found["arms"][name]["measures"]["reciprocal"]["value"] == pytest.approx(rate)
    assert found["second_less_first"]["success"]["low"] > 0
    assert found["second_less_first"]["success"]["p"] < 0.01
    shown = told(settings, key, tmp_path, "--window-s", "0").output
    assert "More searches end in an action with own" in shown
    assert "MISMATCH" not in shown
    nothing = told(settings, key, tmp_path, "--window-s", "86400").output
    assert "No search of it among the 0" in nothing


def test_pages_of_both_arms_are_clicked_and_one_is_preferred(
    shop: Settings, key: str, client: OpenSearch, tmp_path: Path
) -> None:
    settings = with_experiment(shop, key, name="both", kind="interleave")
    explained = SEARCH | {"ext": {"ltrr": {"explain": True}}}
    with running(settings) as proxy:
        for n in range(120):
            body = explained | {"query": {"match": {"title": f"{COLOURS[n % 3]} shoes"}}}
            answer = proxy.search(key, body, {"X-LTRR-User": f"v{n}"})
            hits, teams = answer.json["hits"]["hits"], answer.json["ext"]["ltrr"]["experiment"]["teams"]
            assert set(teams) == {"usual", "own"}
            clicked(proxy, answer.headers["x-ltrr"], f"v{n}", hits[teams.index("own" if n % 4 else "usual")]["_id"])
        until(lambda: written(client, settings, 120, 120))
    found: Json = orjson.loads(told(settings, key, tmp_path, "--window-s", "0", "--json").output)
    assert (found["preferred"]["wins"], found["preferred"]["losses"]) == (90, 30)
    assert found["preferred"]["look"]["low"] > 0
    assert not any(ratio["mismatch"] for ratio in found["ratios"])
    assert "People prefer own" in told(settings, key, tmp_path, "--window-s", "0").output
    later = with_experiment(shop, key, name="another")
    assert "No search of it" in told(later, key, tmp_path, "--window-s", "0").output
    earlier = told(later, key, tmp_path, "--window-s", "0", "--name", "both", "--json")
    assert orjson.loads(earlier.output)["preferred"]["people"] == 120


def test_what_cannot_be_reported_is_said(shop: Settings, key: str, tmp_path: Path) -> None:
    without = told(shop, key, tmp_path)
    assert without.exit_code == 1
    assert "has no experiment; name an earlier one: --name NAME" in without.output
    unknown = told(shop, key, tmp_path, "--name", "never")
    assert unknown.exit_code == 1
    assert "experiment 'never' has no searches of two arms in this time (arms: none)" in unknown.output
