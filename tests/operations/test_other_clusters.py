"""A cluster that is no OpenSearch, or too old a one: it is relayed as it is, and everybody is told why."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from opensearchpy import OpenSearch

from ltrr_opensearch.cli.main import main
from ltrr_opensearch.settings import Settings
from tests.operations.recorder import Answer, Asked, recording
from tests.operations.world import configuration_of, running

BODY = {"query": {"match": {"title": "red shoes"}}, "size": 3}
ELASTICSEARCH = {
    "name": "n",
    "version": {"number": "8.15.0", "build_flavor": "default"},
    "tagline": "You Know, for Search",
}
OLD = {"name": "n", "version": {"number": "2.11.1", "distribution": "opensearch"}}


@pytest.mark.parametrize(
    ("root", "says"),
    [
        (ELASTICSEARCH, "this is Elasticsearch 8.15.0, not OpenSearch; only OpenSearch is supported"),
        (OLD, "OpenSearch 2.11.1 is too old; 2.19 or newer is needed"),
    ],
)
def test_it_is_relayed_and_said(
    shop: Settings, key: str, root: object, says: str, client: OpenSearch, tmp_path: Path
) -> None:
    def instead(asked: Asked) -> Answer | None:
        return (200, orjson.dumps(root)) if asked.target == "/" else None

    with recording(shop.cluster.url, instead) as other:
        before = shop.model_copy(update={"cluster": shop.cluster.model_copy(update={"url": other.url})})
        with running(before) as proxy:
            answer = proxy.search(key, BODY)
            ready = proxy.ready
        (tmp_path / "ltrr.yml").write_text(configuration_of(before))
        doctor = CliRunner().invoke(main, ["--config", str(tmp_path / "ltrr.yml"), "doctor"])
    assert answer.status == 200
    assert "x-ltrr" not in answer.headers
    assert ready["ok"]
    assert ready["off"] == [key]
    assert says in ready["faults"][0]
    assert doctor.exit_code == 1
    assert says.partition("; ")[0] in doctor.output
