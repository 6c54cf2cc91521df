"""What operators see of searches: metrics, the slow-search log, JSON lines, traces."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from opensearchpy import OpenSearch
from prometheus_client.parser import text_string_to_metric_families

from ltrr_opensearch.settings import Settings
from ltrr_opensearch.telemetry.context import asked
from ltrr_opensearch.telemetry.logs import JsonFormatter, TextFormatter
from tests.operations.world import Running, configuration_of, running, served, until
from tests.proxy.listening import call

BODY = {"query": {"match": {"title": "green boots"}}, "size": 3}
TRACE = "0af7651916cd43dd8448eb211c80319c"
WHO = {"x-opaque-id": 'the "shop"', "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
EXPECTED = {
    *("ltrr_passthrough", "ltrr_fallbacks", "ltrr_searches", "ltrr_search_seconds", "ltrr_stage_seconds"),
    *("ltrr_plan_seconds", "ltrr_plans", "ltrr_draws", "ltrr_candidates", "ltrr_records", "ltrr_queue_records"),
    *("ltrr_spool_bytes", "ltrr_release", "ltrr_part", "ltrr_refused", "ltrr_shed", "ltrr_switched_off", "ltrr_build"),
}


@pytest.fixture(scope="module")
def proxy(shop: Settings) -> Iterator[Running]:
    with running(shop) as one:
        yield one


def samples(proxy: Running) -> dict[str, float]:
    text = call(proxy.admin, "GET", "/_ltrr/metrics").body.decode()
    families = list(text_string_to_metric_families(text))
    assert {family.name for family in families} >= EXPECTED
    assert all(family.documentation for family in families)
    found = [s for family in families for s in family.samples]
    return {f"{s.name}{json.dumps(s.labels, sort_keys=True)}": s.value for s in found}


def test_the_exposition_is_valid_and_its_numbers_are_those_of_the_searches(proxy: Running, key: str) -> None:
    before = samples(proxy)
    for _ in range(5):
        assert proxy.search(key, BODY).status == 200
    until(lambda: samples(proxy)[f'ltrr_searches_total{{"index": "{key}"}}'] >= 5)
    after = samples(proxy)
    grown = {name: value - before.get(name, 0.0) for name, value in after.items() if value != before.get(name)}
    assert grown[f'ltrr_search_seconds_count{{"index": "{key}"}}'] == 5
    assert grown['ltrr_stage_seconds_count{"stage": "retrieve"}'] == 5
    drawn = {name: value for name, value in grown.items() if name.startswith("ltrr_draws_total")}
    assert sum(v for n, v in drawn.items() if '"original"' in n) == 5
    assert sum(v for n, v in grown.items() if n.startswith("ltrr_plan_seconds_count")) == sum(
        v for n, v in grown.items() if n.startswith("ltrr_plans_total") and "not_asked" not in n
    )
    assert any(name.startswith('ltrr_release{"index"') and value == 1 for name, value in after.items())
    assert any(name.startswith('ltrr_part{"index"') and '"feature_set"' in name for name in after)


def test_the_writer_s_numbers_are_counted(proxy: Running, key: str) -> None:
    proxy.search(key, BODY)
    until(lambda: samples(proxy)['ltrr_records_total{"outcome": "written"}'] > 0)
    assert samples(proxy)["ltrr_spool_bytes{}"] == 0


def test_a_slow_search_is_logged_with_what_made_it_slow(shop: Settings, key: str, tmp_path: Path) -> None:
    """Every search is slower than a microsecond."""
    log = shop.log.model_copy(update={"spool_dir": str(tmp_path / "spool")})
    path = tmp_path / "ltrr.yml"
    path.write_text(configuration_of(shop.model_copy(update={"log": log}), slow_ms=0.001, log_format="json"))
    with served(path) as (process, proxy):
        query_id = proxy.search(key, BODY, WHO).headers["x-ltrr"]
        assert process.stderr is not None
        lines = (orjson.loads(line) for line in process.stderr)
        said = next(line for line in lines if line.get("event") == "slow_search")
    assert (said["query_id"], said["index"], said["level"]) == (query_id, key, "WARNING")
    assert said["stage"] in {*said["stages_ms"], "elsewhere"}
    assert {"original", "lexical"} & said["plans_ms"].keys(), "the floor leaves one out now and then"
    assert 0 < said["stages_ms"]["retrieve"] <= said["took_ms"]
    assert (said["x_opaque_id"], said["trace_id"]) == (WHO["x-opaque-id"], TRACE)
    assert "green" not in str(said), "the words are the person's"


def test_what_identifies_a_request_reaches_every_search_made_for_it(
    shop: Settings, key: str, client: OpenSearch, proxy: Running
) -> None:
    """The cluster's own slow log, set to log everything, names the client of each search that it saw."""
    from tests.operations.recorder import recording

    with recording(shop.cluster.url) as node, running(_before(shop, node.url)) as one:
        assert one.search(key, BODY, WHO).status == 200
        asked_for = [r for r in node.requests if r.path.startswith(f"/{key}/_search")]
    assert len(asked_for) >= 2, "the client's own query and at least one plan"
    assert all(r.headers["traceparent"] == WHO["traceparent"] for r in asked_for)
    assert all(r.headers["x-opaque-id"] == WHO["x-opaque-id"] for r in asked_for)


def _before(shop: Settings, url: str) -> Settings:
    return shop.model_copy(update={"cluster": shop.cluster.model_copy(update={"url": url})})


@pytest.mark.parametrize("form", [JsonFormatter(), TextFormatter()])
def test_a_line_stays_a_line_whatever_the_client_calls_itself(form: logging.Formatter) -> None:
    record = logging.LogRecord("ltrr", logging.WARNING, "f.py", 1, "late: %s", ("a\nb",), None)
    before = asked.set(((b"X-Opaque-Id", b"evil\xff\x1b[31m" + b"x" * 1000), (b"traceparent", b"00-not-a-trace-01")))
    try:
        line = form.format(record)
    finally:
        asked.reset(before)
    if isinstance(form, JsonFormatter):
        said = json.loads(line)
        assert "\n" not in line
        assert (said["message"], said["logger"], said["level"]) == ("late: a\nb", "ltrr", "WARNING")
        assert len(said["x_opaque_id"]) == 256
        assert "trace_id" not in said
    else:
        assert "\x1b" not in line
        assert "trace_id" not in line
        assert line.count("x") < 300


def test_an_exception_is_a_key_of_its_line() -> None:
    try:
        raise ValueError("odd")
    except ValueError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("ltrr", logging.ERROR, "f.py", 1, "failed", (), info)
    said = json.loads(JsonFormatter().format(record))
    assert said["exception"].endswith("ValueError: odd")
