"""What set-up must change in the cluster, as a list of requests; an empty list where all is there already."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from opensearchpy import NotFoundError, OpenSearch

from ltrr_opensearch.cluster.capabilities import Capabilities
from ltrr_opensearch.cluster.templates import Template, load_templates, plain_indexes
from ltrr_opensearch.errors import Conflict, SettingsError
from ltrr_opensearch.index.fields import flatten, misfits
from ltrr_opensearch.index.own_mappings import additions, clashes, made_without_template
from ltrr_opensearch.index.requests import Request
from ltrr_opensearch.index.sparse_mapping import (
    missing_proposed_properties,
    missing_sparse_properties,
    proposed_properties,
    sparse_properties,
)
from ltrr_opensearch.index.vector_mapping import missing_properties, properties
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.rank.feature_sets import derive, plugin_body
from ltrr_opensearch.settings import Settings, StateSettings
from ltrr_opensearch.types import Json

MOST_FIELDS = 5000
"""Limit of mapped fields in an index that we make: catalogues have thousands of attributes; OpenSearch's is 1000."""


def state_requests(client: OpenSearch, state: StateSettings) -> list[Request]:
    """Our templates, our indexes, and what indexes that were there before lack."""
    templates = [
        Request("PUT", t.path, body, "our index template")
        for t in load_templates(state)
        for body in [_signed(t)]
        if _installed(client, t) != body["_meta"]["digest"]
    ]
    missing = [n for n in plain_indexes(state) if not client.indices.exists(index=n)]
    additional = [
        Request("PUT", f"/{name}/_mapping", {"properties": lacking}, "fields that the index lacks")
        for name, mapping, wanted in _own_mappings(client, state)
        if (lacking := additions(mapping.get("properties", {}), wanted))
    ]
    return templates + [Request("PUT", f"/{n}", None, "our index") for n in missing] + additional


def state_clashes(client: OpenSearch, state: StateSettings) -> list[str]:
    """What in indexes that were there before us is mapped otherwise, in words; set-up leaves it as it is."""
    shared = {state.ubi_queries, state.ubi_events}
    return [
        said
        for name, there, wanted in _own_mappings(client, state)
        for said in (clashes if name in shared else made_without_template)(name, there, wanted)
    ]


class Fields(NamedTuple):
    """The fields that we fill, as they are named now; None for none."""

    vector: str | None = None
    sparse: str | None = None
    proposed: str | None = None


def index_requests(client: OpenSearch, key: str, settings: IndexSettings, fields: Fields) -> list[Request]:
    """What the client's index lacks.

    Raises `Conflict` where its mapping contradicts the configuration.
    """
    try:
        found: Mapping[str, Any] = client.indices.get(
            index=key, flat_settings=True, params={"ignore_unavailable": "true"}
        )
    except NotFoundError:
        found = {}
    if not found:
        return [_creation(key, settings, fields)]
    requests = []
    for name, body in sorted(found.items()):
        wrong = _misfits(client, key, name, body, settings)
        if wrong:
            raise Conflict(f"the configuration does not fit index {name}:\n" + "\n".join(f"  {w}" for w in wrong))
        vector = settings.vector
        if vector and fields.vector and (lacking := missing_properties(name, body, vector, fields.vector)):
            requests.append(Request("PUT", f"/{name}/_mapping", {"properties": lacking}, "vector field"))
        if fields.sparse and (lacking := missing_sparse_properties(name, body, fields.sparse)):
            requests.append(Request("PUT", f"/{name}/_mapping", {"properties": lacking}, "field of learned terms"))
        if fields.proposed and (lacking := missing_proposed_properties(name, body, fields.proposed)):
            requests.append(Request("PUT", f"/{name}/_mapping", {"properties": lacking}, "field of proposals"))
    return requests


def feature_requests(client: OpenSearch, settings: IndexSettings, capabilities: Capabilities) -> list[Request]:
    """The feature sets for the LTR plugin, where there is one; a set's name holds its version, so it never changes."""
    if not capabilities.ltr:
        return []
    whole = derive(settings)
    sets = {s.name: s for s in (whole, whole.without_vector()) if s.features}
    requests = []
    stores = client.transport.perform_request("GET", "/_ltr")["stores"]
    if "_default_" not in stores:
        requests.append(Request("PUT", "/_ltr", None, "feature store of the LTR plugin"))
    for name, feature_set in sets.items():
        path = f"/_ltr/_featureset/{name}"
        if requests or not _answers(client, path):
            requests.append(Request("POST", path, plugin_body(feature_set), "feature set in the LTR plugin"))
    return requests


def configured(settings: Settings, named: str) -> tuple[str, IndexSettings]:
    """The key and the configuration of an index that is named on the command line."""
    found = settings.index_for(named)
    if found is None:
        known = ", ".join(sorted(settings.indexes)) or "none"
        raise SettingsError(
            f"index {named} is not configured (configured: {known}); add it under `indexes`, or write a configuration "
            f"with: ltrr setup {named} --discover"
        )
    return found


def _own_mappings(client: OpenSearch, state: StateSettings) -> Iterator[tuple[str, Json, Json]]:
    """(concrete index, its mapping, the properties that ours has) of the indexes in which state is kept."""
    for template in load_templates(state):
        wanted = template.body["template"].get("mappings", {}).get("properties")
        pattern = ",".join(template.body.get("index_patterns", ()))
        if wanted and pattern:
            found = client.indices.get_mapping(index=pattern, params={"ignore_unavailable": "true"})
            yield from ((name, body["mappings"], wanted) for name, body in sorted(found.items()))


def _misfits(client: OpenSearch, key: str, name: str, body: Mapping[str, Any], settings: IndexSettings) -> list[str]:
    """Fields that only will be mapped when the first document comes are no fault of an empty index."""
    wrong = misfits(key, settings, flatten(body.get("mappings", {})))
    if wrong and client.count(index=name)["count"] == 0:
        return [w for w in wrong if "is not in the mapping" not in w]
    return wrong


def _creation(key: str, settings: IndexSettings, fields: Fields) -> Request:
    if any(c in key for c in "*?,"):
        raise Conflict(f"no index matches {key}, and a pattern cannot be created; create an index first")
    body: Json = {
        "settings": {"index.mapping.total_fields.limit": MOST_FIELDS},
        "mappings": {"properties": _own_properties(settings)},
    }
    if settings.vector and fields.vector:
        body["settings"]["index.knn"] = True
        body["mappings"]["properties"] |= properties(settings.vector, fields.vector)
    if fields.sparse:
        body["mappings"]["properties"] |= sparse_properties(fields.sparse)
    if fields.proposed:
        body["mappings"]["properties"] |= proposed_properties(fields.proposed)
    return Request("PUT", f"/{key}", body, "the index itself, which does not exist yet")


_SLOT_TYPES = {"number": "double", "boolean": "boolean", "date": "date"}


def _own_properties(settings: IndexSettings) -> Json:
    """Types for the configured fields of an index that does not exist; multi-fields under their text."""
    wanted: dict[str, Json] = {f: {"type": "text"} for f in settings.text_fields}
    types = {slot.field: _SLOT_TYPES.get(slot.kind or "keyword", "keyword") for slot in settings.slot_fields}
    for field in settings.read_as:
        parent, _, last = field.rpartition(".")
        if last == "keyword" and parent:
            wanted.setdefault(parent, {"type": "text"}).setdefault("fields", {})[last] = {
                "type": "keyword",
                "ignore_above": 256,
            }
        else:
            wanted.setdefault(field, {"type": types.get(field, "keyword")})
    for named in {settings.object_id_field, settings.id_field} - {None, "_id"}:
        wanted.setdefault(str(named), {"type": "keyword"})
    if settings.popularity:
        wanted.setdefault(settings.popularity.field, {"type": "float"})
    if settings.date_field:
        wanted.setdefault(settings.date_field, {"type": "date"})
    tree: Json = {}
    for path, body in wanted.items():
        *parents, leaf = path.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {}).setdefault("properties", {})
        node[leaf] = body
    return tree


def _signed(template: Template) -> Json:
    """With a digest of its content, since the cluster gives templates back in a spelling of its own."""
    content = json.dumps(template.body, sort_keys=True).encode()
    meta = {**template.body.get("_meta", {}), "digest": hashlib.sha256(content).hexdigest()[:16]}
    return {**template.body, "_meta": meta}


def _installed(client: OpenSearch, template: Template) -> str | None:
    """The digest of the installed template of that name."""
    try:
        answer = client.transport.perform_request("GET", template.path)
    except NotFoundError:
        return None
    kind = "component_template" if template.component else "index_template"
    entry = answer[f"{kind}s"][0][kind]
    digest: str | None = entry.get("_meta", {}).get("digest")
    return digest


def _answers(client: OpenSearch, path: str) -> bool:
    try:
        client.transport.perform_request("GET", path)
    except NotFoundError:
        return False
    return True
