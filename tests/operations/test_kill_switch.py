"""The kill switch, on two proxies and one node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner, Result
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.settings import Settings
from tests.operations.world import Running, configuration_of, running, until
from tests.proxy.listening import call

BODY = {"query": {"match": {"title": "red shoes"}}, "size": 3}


@pytest.fixture(scope="module")
def both(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Running]]:
    log = shop.log.model_copy(update={"spool_dir": str(tmp_path_factory.mktemp("other"))})
    with running(shop) as one, running(shop.model_copy(update={"log": log})) as other:
        yield one, other


@pytest.fixture(scope="module")
def configuration(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("conf") / "ltrr.yml"
    path.write_text(configuration_of(shop))
    return path


def typed(configuration: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(configuration), *words])


def engaged(proxy: Running, key: str) -> bool:
    return "x-ltrr" in proxy.search(key, BODY).headers


def test_off_and_on_reach_every_proxy(both: tuple[Running, Running], configuration: Path, key: str) -> None:
    assert all(engaged(proxy, key) for proxy in both)
    said = typed(configuration, "off", "--why", "odd results")
    assert said.exit_code == 0, said.output
    until(lambda: not any(engaged(proxy, key) for proxy in both))
    for proxy in both:
        assert proxy.ready["ok"]
        assert proxy.ready["off"] == [key]
        assert f'ltrr_switched_off{{index="{key}"}} 1.0'.encode() in call(proxy.admin, "GET", "/_ltrr/metrics").body
    doctor = orjson.loads(typed(configuration, "doctor", "--json").output)
    (told,) = [finding for finding in doctor if finding["what"] == "kill switch"]
    assert told["state"] == "warning"
    assert "odd results" in told["found"]
    assert typed(configuration, "on").exit_code == 0
    until(lambda: all(engaged(proxy, key) for proxy in both))
    assert both[0].ready["off"] == []


def test_what_is_off_is_the_cluster_s_own_byte_for_byte(
    both: tuple[Running, Running], configuration: Path, key: str, shop: Settings
) -> None:
    typed(configuration, "off", key)
    until(lambda: not engaged(both[0], key))
    body = {**BODY, "query": {"match": {"title": {"query": "blue hats", "operator": "and"}}}}
    through = both[0].search(key, body)
    straight = Running(shop.cluster.url, "").search(key, body)
    assert through.status == straight.status
    assert set(through.headers) == set(straight.headers)
    assert through.json["hits"] == straight.json["hits"]
    lines = b'{"index":"%b"}\n%b\n' % (key.encode(), orjson.dumps(body))
    several = call(both[0].url, "POST", "/_msearch", lines, {"content-type": "application/x-ndjson"})
    assert several.json["responses"][0]["hits"] == straight.json["hits"]
    assert "x-ltrr" not in several.headers
    passed = b'ltrr_passthrough_total{reason="switched_off"}'
    assert passed in call(both[0].admin, "GET", "/_ltrr/metrics").body
    typed(configuration, "on", key)
    until(lambda: engaged(both[0], key))


def test_our_own_words_do_not_reach_the_cluster_while_it_is_off(
    both: tuple[Running, Running], configuration: Path, key: str
) -> None:
    typed(configuration, "off")
    until(lambda: not engaged(both[1], key))
    answer = both[1].search(key, {**BODY, "ext": {"ltrr": {"context": {"user": "u1"}}}})
    assert answer.status == 200
    typed(configuration, "on")
    until(lambda: engaged(both[1], key))


def test_one_index_cannot_be_on_while_everything_is_off(configuration: Path, key: str) -> None:
    typed(configuration, "off")
    refused = typed(configuration, "on", key)
    assert refused.exit_code == 1
    assert f"so {key} alone cannot be on" in refused.output
    assert "ltrr on" in refused.output
    assert typed(configuration, "on").exit_code == 0


def test_a_member_of_a_list_stands_for_its_key(shop: Settings, key: str, tmp_path: Path) -> None:
    several = shop.model_copy(update={"indexes": {f"{key},{key}-old": shop.indexes[key]}})
    path = tmp_path / "ltrr.yml"
    path.write_text(configuration_of(several))
    for word in ("off", "on"):
        done = typed(path, word, f"{key}-old")
        assert done.exit_code == 0, done.output
        assert f"learning is {word} for {key},{key}-old;" in done.output


def test_an_index_that_is_not_configured_is_refused(configuration: Path, key: str) -> None:
    refused = typed(configuration, "off", "nope")
    assert refused.exit_code == 1
    assert f"no index 'nope' in the configuration; configured: {key}" in refused.output


def test_an_unreachable_switch_turns_nothing(
    both: tuple[Running, Running], configuration: Path, key: str, client: OpenSearch, shop: Settings
) -> None:
    """The index that holds it is closed: what it said last holds."""
    typed(configuration, "off")
    until(lambda: not engaged(both[0], key))
    jobs = f"{shop.state.prefix}_jobs"
    client.indices.close(index=jobs)
    try:
        for _ in range(3):
            assert not engaged(both[0], key)
    finally:
        client.indices.open(index=jobs)
        client.cluster.health(index=jobs, params={"wait_for_status": "yellow"})
    assert typed(configuration, "on").exit_code == 0
    until(lambda: engaged(both[0], key))
