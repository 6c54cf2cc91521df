"""What `ltrr doctor` looks at of one index: its mapping, its release, and what was filled in beside its documents."""

from __future__ import annotations

from collections.abc import Iterator

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError

from ltrr_opensearch.cluster.capabilities import Capabilities
from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.errors import ClusterError
from ltrr_opensearch.index.entity_checks import entities_said
from ltrr_opensearch.index.fields import flatten, misfits
from ltrr_opensearch.index.fillers import SPARSE
from ltrr_opensearch.index.findings import Finding, State, parted
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.proposals import GAZETTEER, made_for
from ltrr_opensearch.index.releases import outdated_ranker, unmade_arms, unreadable_parts, unusable_parts
from ltrr_opensearch.index.rules import faults_of
from ltrr_opensearch.index.vector_mapping import missing_properties
from ltrr_opensearch.index_settings import IndexSettings, SparseSettings
from ltrr_opensearch.release.rules import RuleStore, merged
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings


def index_findings(
    client: OpenSearch, settings: Settings, key: str, index: IndexSettings, capabilities: Capabilities
) -> Iterator[Finding]:
    try:
        found = client.indices.get(index=key, flat_settings=True)
    except NotFoundError:
        found = {}
    if not found:
        yield Finding(f"index {key}", State.BROKEN, "does not exist", f"ltrr load {key} FILE, or correct its name")
        return
    documents = client.count(index=key)["count"]
    wrong = [w for body in found.values() for w in misfits(key, index, flatten(body["mappings"]))] if documents else []
    for said in dict.fromkeys(wrong):
        yield Finding(f"index {key}", State.BROKEN, *parted(said))
    if not wrong:
        yield Finding(f"index {key}", State.OK, f"{documents} documents in {', '.join(sorted(found))}")
    yield from _release(client, settings, key)
    for said in unmade_arms(client, settings.state.prefix, key, index.experiment) if index.experiment else ():
        yield Finding(f"experiment of {key}", State.BROKEN, *parted(said))
    if index.entities and documents and not wrong:
        yield from _entities(client, key, index.entities)
    if index.vector:
        yield from _vectors(client, settings, key, index, capabilities, documents)
    if index.sparse:
        yield from _sparse(client, settings, key, index.sparse)
    if index.proposals:
        yield _proposals(client, settings, key, index)
    if not wrong:
        yield from _rules(client, settings, key, index)


def _rules(client: OpenSearch, settings: Settings, key: str, index: IndexSettings) -> Iterator[Finding]:
    """Those of the file are tried nowhere else before somebody's search meets them."""
    stored = RuleStore(client, settings.state.prefix).read(key)
    rules = merged(index.rules, stored.rules)
    what = f"rules of {key}"
    for fault in stored.faults:
        yield Finding(what, State.BROKEN, fault, "store it again by `ltrr rules put`, or take it away")
    faults = list(faults_of(client, key, rules))
    for found, fix, refused in faults:
        yield Finding(what, State.BROKEN if refused else State.WARN, found, fix)
    if rules and not faults and not stored.faults:
        yield Finding(what, State.OK, f"{len(rules)}, each taken by the cluster and selecting documents")


def _entities(client: OpenSearch, key: str, entities: EntitySettings) -> Iterator[Finding]:
    said, faults = entities_said(client, key, entities)
    for found, fix in faults:
        yield Finding(f"entities of {key}", State.WARN, found, fix)
    if not faults:
        yield Finding(f"entities of {key}", State.OK, said)


def _release(client: OpenSearch, settings: Settings, key: str) -> Iterator[Finding]:
    id, faults = unreadable_parts(client, settings.state.prefix, key)
    unusable = unusable_parts(client, settings, key)
    for said in unusable:
        yield Finding(f"release of {key}", State.BROKEN, *parted(said))
    for fault in faults:
        yield Finding(f"release of {key}", State.BROKEN, *parted(str(fault)))
    if old := outdated_ranker(client, settings.state.prefix, key):
        yield Finding(f"release of {key}", State.WARN, *parted(old))
    if not faults and not unusable:
        pinned = ReleaseStore(client, settings.state.prefix).pinned(key)
        said = f"{id}, every part readable{', pinned (ltrr models unpin)' if pinned else ''}"
        yield Finding(f"release of {key}", State.OK, said if id else "none yet")


def _vectors(
    client: OpenSearch, settings: Settings, key: str, index: IndexSettings, capabilities: Capabilities, documents: int
) -> Iterator[Finding]:
    assert index.vector is not None
    what = f"vectors of {key}"
    try:
        capabilities.require_knn(index.vector.engine)
        fields = JobStore(client, settings.state.prefix).vector_fields(key).by_encoder.values()
        names = [f.name for f in fields] or [index.vector.field]
        lacking = _mapped(client, key, index, names)
    except ClusterError as error:
        yield Finding(what, State.BROKEN, *parted(str(error)))
        return
    if lacking:
        yield Finding(what, State.BROKEN, f"field {', '.join(lacking)} is not mapped", f"ltrr setup {key}")
        return
    for name in names:
        have = client.count(index=key, body={"query": {"exists": {"field": name}}})["count"]
        state = State.OK if have == documents else State.WARN
        fix = "" if have == documents else _coverage_fix(settings, key, index)
        yield Finding(what, state, f"{name}: {have} of {documents} documents", fix)
    if index.vector and not settings.encoder.model:
        fix = "set encoder.model to what made the vectors, or remove the knn strategy"
        yield Finding(what, State.WARN, "no encoder for queries: the knn strategy stays silent", fix)


def _sparse(client: OpenSearch, settings: Settings, key: str, sparse: SparseSettings) -> Iterator[Finding]:
    what = f"learned terms of {key}"
    if not settings.sparse_encoder.model:
        fix = "set sparse_encoder.model (`ltrr sparse-encoder` makes one), or take the `sparse` section out"
        yield Finding(what, State.WARN, "no sparse encoder: the sparse strategy stays silent", fix)
        return
    fields = JobStore(client, settings.state.prefix).vector_fields(key, SPARSE).by_encoder.values()
    if not fields:
        yield Finding(what, State.BROKEN, f"field {sparse.field} was never filled", f"ltrr setup {key}")
    for field in fields:
        # rank_features fields answer no exists query, so the job's own mark tells
        said = "filled" if field.complete else "still being filled"
        state = State.OK if field.complete else State.WARN
        yield Finding(what, state, f"{field.name}: {said}", "" if field.complete else f"ltrr sync {key}")


def _proposals(client: OpenSearch, settings: Settings, key: str, index: IndexSettings) -> Finding:
    what, anew = f"proposals of {key}", f"ltrr attributes propose {key}"
    note = JobStore(client, settings.state.prefix).proposed(key)
    if not note:
        return Finding(what, State.WARN, "nothing was proposed yet", anew)
    made, wanted = note["made"]["settings"], made_for(index)
    # the field of vectors is the encoder's, of which sync tells
    if other := [name for name in wanted if name != "vector" and made[name] != wanted[name]]:
        return Finding(what, State.WARN, f"to be proposed again, made for other settings: {', '.join(other)}", anew)
    if not note["done"]:
        return Finding(what, State.WARN, "a run was broken off", anew)
    serving = next((r.versions for r in ReleaseStore(client, settings.state.prefix).history(key) if r.current), {})
    if serving.get(GAZETTEER) != note["made"]["gazetteer"]:
        return Finding(what, State.WARN, "other values are known since, which were not looked for", f"ltrr sync {key}")
    return Finding(what, State.OK, f"up to date at {note['updated'][:19]}")


def _mapped(client: OpenSearch, key: str, index: IndexSettings, names: list[str]) -> list[str]:
    assert index.vector is not None
    bodies = client.indices.get(index=key, flat_settings=True)
    return [n for n in names for i, b in bodies.items() if n in missing_properties(i, b, index.vector, n)]


def _coverage_fix(settings: Settings, key: str, index: IndexSettings) -> str:
    if index.vector and not index.vector.backfill:
        return "vectors come from elsewhere (vector.backfill: false): ask who makes them"
    if not settings.encoder.model:
        return f"set encoder.model, then: ltrr setup {key}"
    return f"ltrr sync {key}; those listed as failed have no text to embed"
