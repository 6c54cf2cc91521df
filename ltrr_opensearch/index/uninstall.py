"""Takes away what set-up, proxies and jobs have added: of one index, or everything.

A list of requests, so that a dry run prints exactly what a run sends; whatever is gone already is no error. A mapping
cannot lose a field, so those of ours stay in the client's index; what they hold leaves the documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import quote

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.cluster import ltr_plugin
from ltrr_opensearch.cluster.capabilities import Capabilities, detect
from ltrr_opensearch.cluster.templates import load_templates, plain_indexes
from ltrr_opensearch.errors import PartError
from ltrr_opensearch.index.backfill import key_field
from ltrr_opensearch.index.fillers import DENSE, SPARSE
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.requests import Request, perform
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

STRIP = (
    "boolean had = false;"
    " for (f in params.fields) { if (ctx._source.containsKey(f)) { ctx._source.remove(f); had = true } }"
    " if (!had) { ctx.op = 'noop' }"
)
"""Every document is looked at: a `rank_features` field answers no query for the documents that have it."""
BY_QUERY = "_by_query"
REWRITING_S = 3600
"""Longest wait for documents to be rewritten without their vectors."""
_MODEL_VERSION = r"\d{8}T\d{6}\.\d{6}-[0-9a-f]{8}"


class Uninstall:
    """`key` is a configured index, or None for everything; `ubi` whether the UBI indexes go as well."""

    def __init__(self, client: OpenSearch, settings: Settings, key: str | None, *, ubi: bool = False) -> None:
        self._client = client
        self._settings = settings
        self._keys = tuple(settings.indexes) if key is None else (key,)
        self._whole = key is None
        self._ubi = ubi
        self._prefix = settings.state.prefix

    def requests(self) -> list[Request]:
        """What would be sent now, in its order: vectors first, whose fields our own indexes name."""
        vectors = [r for key in self._keys for r in self._vectors(key)]
        plugin = list(self._in_plugin(detect(self._client)))
        return [*vectors, *plugin, *(self._everything() if self._whole else self._of_index(self._keys[0]))]

    def perform(self) -> Iterator[Request]:
        """Sends them, each given when it is done."""
        for request in self.requests():
            try:
                _send(self._client, request)
            except NotFoundError:
                continue
            yield request

    def stays(self) -> list[str]:
        """What is not taken away, in words."""
        said = [
            f"the mapping of {field} stays in {key}: OpenSearch takes no field out of a mapping"
            for key, field in self._mapped()
        ]
        if not self._ubi:
            state = self._settings.state
            said.append(f"{state.ubi_queries} and {state.ubi_events} stay, which other UBI tools may share (--ubi)")
        return [*said, "spool folders stay on the machines of the proxies; an account and its role stay in the cluster"]

    def _vectors(self, key: str) -> Iterator[Request]:
        fields = [name for field in self._vector_fields(key) for name in (field, key_field(field))]
        fields += self._proposed(key)
        if fields and self._client.indices.exists(index=key):
            body: Json = {
                "query": {"match_all": {}},
                "script": {"source": STRIP, "lang": "painless", "params": {"fields": fields}},
            }
            path = f"/{quote(key, safe='*,')}/_update_by_query?refresh=true&conflicts=proceed"
            yield Request("POST", path, body, f"{', '.join(fields)} leave the documents")

    def _vector_fields(self, key: str) -> list[str]:
        """Fields that our encoders have filled; vectors that came from elsewhere are not ours to take away."""
        index = self._settings.indexes.get(key)
        if index is None:
            return []
        ours = [DENSE] if index.vector and index.vector.backfill else []
        ours += [SPARSE] if index.sparse else []
        store = JobStore(self._client, self._prefix)
        return [field.name for kind in ours for field in store.vector_fields(key, kind).by_encoder.values()]

    def _proposed(self, key: str) -> list[str]:
        """Fields that proposals were written into, whatever the settings say by now."""
        return list(JobStore(self._client, self._prefix).proposed(key).get("fields", ()))

    def _mapped(self) -> Iterator[tuple[str, str]]:
        for key in self._keys:
            for field in (*self._vector_fields(key), *self._proposed(key)):
                yield key, field

    def _in_plugin(self, capabilities: Capabilities) -> Iterator[Request]:
        """Models before the sets that they were made of; the plugin's store itself may serve others."""
        if not capabilities.ltr:
            return
        for name in sorted({name for start in self._model_starts() for name in self._models(start)}):
            yield Request("DELETE", f"/_ltr/_model/{name}", None, "our model in the LTR plugin")
        kept = {n for key, i in self._settings.indexes.items() if key not in self._keys for n in _set_names(i)}
        for name in sorted({n for key in self._keys for n in self._feature_sets(key)} - kept):
            if _answers(self._client, f"/_ltr/_featureset/{name}"):
                yield Request("DELETE", f"/_ltr/_featureset/{name}", None, "our feature set in the LTR plugin")

    def _model_starts(self) -> list[str]:
        return [f"{self._prefix}_"] if self._whole else [ltr_plugin.model_start(self._prefix, self._keys[0])]

    def _models(self, start: str) -> list[str]:
        exchange = ltr_plugin.list_models(start)
        names = ltr_plugin.listed(self._client.transport.perform_request(exchange.method, exchange.path))
        return [name for name in names if re.search(_MODEL_VERSION, name)]

    def _feature_sets(self, key: str) -> set[str]:
        """Names of the sets of now, and of those that releases were made with."""
        names = set(_set_names(self._settings.indexes[key]))
        store = ReleaseStore(self._client, self._prefix)
        for version in {r.versions.get("feature_set") for r in store.history(key)} - {None}:
            try:
                name = json.loads(store.part(key, "feature_set", str(version)).payload)["name"]
            except (PartError, KeyError, ValueError):
                continue
            names |= {name, f"{name}_text"}
        return names

    def _everything(self) -> Iterator[Request]:
        state = self._settings.state
        shared = (state.ubi_queries, state.ubi_events)
        decisions = self._client.indices.get(
            index=f"{self._prefix}_decisions-*", params={"filter_path": "*.settings.index.uuid"}
        )
        plain = [name for name in plain_indexes(state) if self._ubi or name not in shared]
        for name in [*sorted(decisions), *(n for n in plain if self._client.indices.exists(index=n))]:
            yield Request("DELETE", f"/{name}", None, "our index")
        for template in reversed(load_templates(state)):  # what a template is composed of goes after it
            if _answers(self._client, template.path):
                yield Request("DELETE", template.path, None, "our index template")

    def _of_index(self, key: str) -> Iterator[Request]:
        """Documents about one index; the indexes that hold them serve the others."""
        about: Json = {"query": {"term": {"index": key}}}
        for name, why in (("models", "its published parts"), ("memory", "its memory"), ("jobs", "its jobs")):
            yield self._deletion(f"{self._prefix}_{name}", about, why)
        yield self._deletion(f"{self._prefix}_decisions-*", about, "its decisions")
        yield Request("DELETE", f"/{self._prefix}_releases/_doc/{quote(quote(key, safe=''))}", None, "its releases")

    def _deletion(self, index: str, body: Json, why: str) -> Request:
        path = f"/{index}/_delete_by_query?refresh=true&conflicts=proceed&ignore_unavailable=true"
        return Request("POST", path, body, why)


def _send(client: OpenSearch, request: Request) -> None:
    if request.method == "DELETE":
        client.transport.perform_request("DELETE", request.path)
    elif BY_QUERY in request.path:
        # what a search does not see yet would stay
        index = request.path.split("/")[1]
        client.transport.perform_request("POST", f"/{index}/_refresh?ignore_unavailable=true")
        client.transport.perform_request(
            "POST", request.path, body=request.body, params={"request_timeout": REWRITING_S}
        )
    else:
        perform(client, request)


def _set_names(index: IndexSettings) -> tuple[str, ...]:
    whole = derive(index)
    return (whole.name, whole.without_vector().name)


def _answers(client: OpenSearch, path: str) -> bool:
    try:
        client.transport.perform_request("GET", path)
    except NotFoundError:
        return False
    return True
