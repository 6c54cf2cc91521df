"""Which models leave the LTR plugin, and how it is asked, against recorded exchanges."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest
from opensearchpy import OpenSearch

from ltrr_opensearch.cluster import ltr_plugin
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.learn.plugin_models import delete_unnamed, model_name, unnamed
from ltrr_opensearch.logged import Part
from ltrr_opensearch.rank.feature_sets import derive, plugin_body
from ltrr_opensearch.rank.linear import LinearRanker
from ltrr_opensearch.release.store import ReleaseStore
from tests.cluster.exchanges import exchange
from tests.learn.shop import Shop

NOW = datetime(2026, 5, 3, tzinfo=UTC)
OLD, SERVING, FRESH = (
    "20260501T120000.000000-0000aaaa",
    "20260501T120000.000000-0000bbbb",
    "20260502T120000.000000-0000cccc",
)


def test_the_names_of_models_are_read_as_recorded() -> None:
    request, response = exchange("58_list_models")
    ours = ltr_plugin.list_models("ltrr_shop_")
    assert (ours.method, ours.path.partition("?")[0]) == (request["method"], request["path"])
    assert "prefix=ltrr_shop_" in ours.path
    assert ltr_plugin.listed(response["body"]) == ["xgb_logistic", "xgb_v1", "lin_norm", "lin_v1", "lin_obj"]
    assert ltr_plugin.listed({}) == []  # what filter_path leaves of an empty list
    request, _ = exchange("64_delete_model")
    assert ltr_plugin.delete_model("lin_norm") == ltr_plugin.Exchange(request["method"], request["path"])


def test_only_old_models_of_this_index_that_nobody_names_may_go() -> None:
    mine = [model_name("ltrr", "my-shop", version) for version in (OLD, SERVING, FRESH)]
    others = [
        model_name("ltrr", "my-shop-2", OLD),
        model_name("other", "my-shop", OLD),
        "ltrr_my_shop_by_hand",
        "theirs",
    ]
    assert unnamed([*mine, *others], "ltrr", "my-shop", [mine[1]], NOW) == [mine[0]]


@contextmanager
def plugin(names: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Answers as recorded: lists these models, and says that it deleted one, or had no such model any more."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(200, {"hits": {"hits": [{"_source": {"name": name}} for name in names]}})

        def do_DELETE(self) -> None:
            recorded = exchange("65_delete_model_again" if asked else "64_delete_model")[1]
            asked.append(self.path)
            self.reply(recorded["status"], recorded["body"])

        def reply(self, status: int, body: object) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
        server.shutdown()


def test_models_that_no_kept_release_names_are_deleted(client: OpenSearch, index_name: str) -> None:
    shop = Shop.create(client, index_name)
    store = ReleaseStore(client, shop.prefix)
    for index in ("my-shop", "my_shop"):  # one name to the plugin
        part = Part("ranker", index, SERVING, "linear", b"x", sha256(b"x").hexdigest(), NOW)
        store.publish(index, {"ranker": part})
    twice = "20260501T120000.000000-0000dddd"
    names = [model_name(shop.prefix, "my-shop", v) for v in (OLD, twice, SERVING, FRESH)]
    with plugin(names) as (url, asked), OpenSearch(url) as there:
        assert delete_unnamed(there, store, shop.prefix, "my-shop", NOW) == names[:2]
    assert asked == [f"/_ltr/_model/{name}" for name in names[:2]]


@pytest.mark.ltr
def test_the_plugin_itself_lists_and_deletes(ltr_client: OpenSearch, ltr_index_name: str) -> None:
    features = derive(IndexSettings(text_fields={"title": 1}))
    if "_default_" not in ltr_client.transport.perform_request("GET", "/_ltr")["stores"]:
        ltr_client.transport.perform_request("PUT", "/_ltr")
    there = ltr_client.transport.perform_request("GET", f"/_ltr/_featureset/{features.name}", params={"ignore": 404})
    if not there.get("found"):
        ltr_client.transport.perform_request("POST", f"/_ltr/_featureset/{features.name}", body=plugin_body(features))
    store = ReleaseStore(ltr_client, ltr_index_name)
    part = Part("ranker", "shop", SERVING, "linear", b"x", sha256(b"x").hexdigest(), NOW)
    store.publish("shop", {"ranker": part})
    # more than one of the plugin's own pages
    names = [model_name(ltr_index_name, "shop", f"20260501T120000.000000-{n:08x}") for n in range(24)]
    names.append(model_name(ltr_index_name, "shop", SERVING))
    for name in names:
        exchange = ltr_plugin.create_model(name, features, LinearRanker(features.names, np.ones(len(features.names))))
        ltr_client.transport.perform_request(exchange.method, exchange.path, body=exchange.body)
    ltr_client.indices.refresh(index=".ltrstore")
    assert delete_unnamed(ltr_client, store, ltr_index_name, "shop", NOW) == names[:-1]
    ltr_client.indices.refresh(index=".ltrstore")
    listed = ltr_client.transport.perform_request("GET", ltr_plugin.list_models(ltr_index_name).path)
    assert ltr_plugin.listed(listed) == names[-1:]
    ltr_client.transport.perform_request("DELETE", ltr_plugin.delete_model(names[-1]).path)
