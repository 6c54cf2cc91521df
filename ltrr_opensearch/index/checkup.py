"""What `ltrr doctor` looks at: each check says how it is and, where something is wrong, the fix.

A check that cannot be made (a missing permission, say) is itself a finding; it never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from opensearchpy import OpenSearch
from opensearchpy.exceptions import NotFoundError, TransportError

from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.cluster.capabilities import Capabilities, detect
from ltrr_opensearch.entity_settings import EntitySettings
from ltrr_opensearch.errors import ClusterError, LtrrError
from ltrr_opensearch.index.entity_checks import entities_said
from ltrr_opensearch.index.fields import flatten, misfits
from ltrr_opensearch.index.fillers import SPARSE
from ltrr_opensearch.index.jobs import JobStore
from ltrr_opensearch.index.permissions import account, missing
from ltrr_opensearch.index.prepare import state_clashes, state_requests
from ltrr_opensearch.index.proposals import GAZETTEER, made_for
from ltrr_opensearch.index.releases import outdated_ranker, unreadable_parts, unusable_parts
from ltrr_opensearch.index.rules import faults_of
from ltrr_opensearch.index.vector_mapping import missing_properties
from ltrr_opensearch.index_settings import IndexSettings, SparseSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.log.look import look_at
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.release.rules import RuleStore, merged
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.release.switch import EVERYTHING, SwitchStore
from ltrr_opensearch.settings import LogSettings, Settings, StateSettings


class State(StrEnum):
    """`WARN` works, but not as well as it could; `BROKEN` does not."""

    OK = "ok"
    WARN = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    what: str
    state: State
    found: str
    fix: str = ""


_DISK_WARN, _DISK_BROKEN = 0.85, 0.95
"""OpenSearch's own low watermark, and its flood stage, after which it refuses writes."""
SPOOL_WARN = 0.25
"""Share of `log.spool_mb` that waits: more than an outage of minutes leaves."""


def examine(client: OpenSearch, settings: Settings) -> list[Finding]:
    """Everything, cluster first. If that does not answer, nothing else is asked."""
    try:
        capabilities = detect(client)
    except LtrrError as error:
        return [Finding("cluster", State.BROKEN, *_split(str(error))), *_configuration(settings)]
    prefix = settings.state.prefix
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("health", partial(_health, client)),
        ("disk", partial(_disk, client)),
        ("state", partial(_state, client, settings.state)),
        ("kill switch", partial(_switch, client, prefix)),
        ("spool", partial(_spool, settings.log)),
        ("permissions", partial(_permissions, client, settings)),
        *(
            (f"index {key}", partial(_index, client, settings, key, index, capabilities))
            for key, index in settings.indexes.items()
        ),
    ]
    findings = [*_cluster(capabilities), *_configuration(settings)]
    for name, check in checks:
        findings += _guarded(name, check)
    return findings


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except (LtrrError, TransportError) as error:
        return [Finding(name, State.BROKEN, str(error), "grant our account what it needs, see docs/doctor.md")]


def _split(message: str) -> tuple[str, str]:
    """Our messages say what is wrong, then what to do."""
    found, _, fix = message.partition("; ")
    return found, fix


def _cluster(found: Capabilities) -> Iterator[Finding]:
    yield Finding("cluster", State.OK, f"{found.distribution} {found.version}, {found.nodes} nodes")
    plugins = {"ltr": found.ltr, "k-NN": found.knn, "neural-search": found.neural, "UBI": found.ubi}
    plugins["security"] = found.security
    yield Finding("plugins", State.OK, ", ".join(f"{n} {'yes' if there else 'no'}" for n, there in plugins.items()))
    way = "the LTR plugin" if found.ltr else "named query scores (no LTR plugin)"
    yield Finding("feature logging", State.OK, f"by {way}")
    if found.knn:
        said = "lucene, faiss" if found.faiss else "lucene (faiss: native library not surely there, hence refused)"
        yield Finding("k-NN engines", State.OK, said)


def _configuration(settings: Settings) -> Iterator[Finding]:
    if not settings.indexes:
        yield Finding("configuration", State.BROKEN, "no index is configured", "ltrr setup INDEX --discover")
    if settings.state.secret_is_known:
        fix = "set state.secret to a random text, the same on every proxy"
        yield Finding("configuration", State.WARN, "state.secret is the default, known to everybody", fix)
    yield from _parts(settings)
    if settings.encoder.model and find_spec("sentence_transformers") is None:
        fix = "pip install 'ltrr-opensearch[encoder]', or remove encoder.model"
        yield Finding("encoder", State.BROKEN, "encoder.model is set, sentence-transformers is not installed", fix)

    second = [key for key, index in settings.indexes.items() if index.second_stage]
    if second and find_spec("sentence_transformers") is None:
        fix = f"pip install 'ltrr-opensearch[encoder]', or remove second_stage of {', '.join(second)}"
        yield Finding("second stage", State.BROKEN, "it is configured, sentence-transformers is not installed", fix)


def _parts(settings: Settings) -> Iterator[Finding]:
    """The policy and the strategies by name, as the proxy looks for them; one cause is told once."""
    builds: list[Callable[[], object]] = [partial(build_policy, settings.choose)]
    builds += [partial(build_strategies, index, Knowledge.empty()) for index in settings.indexes.values()]
    said: dict[str, None] = {}
    for build in builds:
        try:
            build()
        except LtrrError as error:
            said[str(error)] = None
    for message in said:
        yield Finding("configuration", State.BROKEN, *_split(message))


def _health(client: OpenSearch) -> Iterator[Finding]:
    health = client.cluster.health()
    fix = "" if health["status"] != "red" else "GET /_cluster/allocation/explain says why a primary shard is missing"
    state = State.BROKEN if health["status"] == "red" else State.OK
    yield Finding("health", state, f"{health['status']}, {health['unassigned_shards']} shards unassigned", fix)


def _disk(client: OpenSearch) -> Iterator[Finding]:
    nodes = client.nodes.stats(metric="fs", filter_path="nodes.*.name,nodes.*.fs.total")["nodes"]
    used = {n["name"]: 1 - t["available_in_bytes"] / t["total_in_bytes"] for n in nodes.values() for t in [_total(n)]}
    worst = max(used.values())
    state = State.BROKEN if worst >= _DISK_BROKEN else State.WARN if worst >= _DISK_WARN else State.OK
    fix = "" if state is State.OK else "free space or add nodes; OpenSearch stops writing at 95 %"
    yield Finding("disk", state, ", ".join(f"{name} {share:.0%} used" for name, share in sorted(used.items())), fix)


def _total(node: dict[str, dict[str, dict[str, int]]]) -> dict[str, int]:
    return node["fs"]["total"]


def _state(client: OpenSearch, state: StateSettings) -> Iterator[Finding]:
    missing = dict.fromkeys(r.subject for r in state_requests(client, state))
    if missing:
        said = f"missing or older than this version: {', '.join(missing)}"
        yield Finding("our templates and indexes", State.BROKEN, said, "ltrr setup INDEX")
    else:
        yield Finding("our templates and indexes", State.OK, f"installed, prefix {state.prefix}")
    for clash in state_clashes(client, state):
        yield Finding("our templates and indexes", State.WARN, *_split(clash))


def _switch(client: OpenSearch, prefix: str) -> Iterator[Finding]:
    off = SwitchStore(client, prefix).read().off
    for key, entry in off.items():
        what = "every index" if key == EVERYTHING else key
        said = f"learning is off for {what} since {entry.since or 'nobody knows when'}: {entry.why}"
        yield Finding("kill switch", State.WARN, said, "ltrr on, when what it was turned for is over")
    if not off:
        yield Finding("kill switch", State.OK, "learning is on")


def _spool(log: LogSettings) -> Iterator[Finding]:
    """As this machine sees it; a proxy elsewhere has a disk of its own."""
    kept = look_at(Path(log.spool_dir))
    if kept is None:
        yield Finding("spool", State.OK, f"nothing in {log.spool_dir} on this machine")
        return
    fix = f"let our account of the machine write {log.spool_dir}, or name another folder in log.spool_dir"
    if not kept.writable:
        yield Finding("spool", State.BROKEN, f"{log.spool_dir} cannot be written by this account", fix)
    full = kept.waiting_bytes / (log.spool_mb * 2**20)
    said = f"{kept.waiting_bytes / 1e6:.1f} MB wait for the cluster, {kept.refused} records were refused for good"
    if full > SPOOL_WARN:
        yield Finding("spool", State.WARN, said, "see why the cluster takes no records: ltrr_record_failures_total")
    elif kept.refused:
        yield Finding("spool", State.WARN, said, f"read the reasons in {log.spool_dir}/*/refused.ndjson")
    else:
        yield Finding("spool", State.OK, said)


def _permissions(client: OpenSearch, settings: Settings) -> Iterator[Finding]:
    who = account(client)
    refused = missing(client, settings)
    for trial, why in refused:
        fix = f"give our account the role that `ltrr role {trial.role}` prints; doctor itself needs that of setup"
        yield Finding("permissions", State.BROKEN, f"{trial.what} is not allowed: {why}", fix)
    if not refused:
        yield Finding("permissions", State.OK, f"everything that was tried is allowed{f' ({who})' if who else ''}")


def _index(
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
        yield Finding(f"index {key}", State.BROKEN, *_split(said))
    if not wrong:
        yield Finding(f"index {key}", State.OK, f"{documents} documents in {', '.join(sorted(found))}")
    yield from _release(client, settings, key)
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
        yield Finding(f"release of {key}", State.BROKEN, *_split(said))
    for fault in faults:
        yield Finding(f"release of {key}", State.BROKEN, *_split(str(fault)))
    if old := outdated_ranker(client, settings.state.prefix, key):
        yield Finding(f"release of {key}", State.WARN, *_split(old))
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
        yield Finding(what, State.BROKEN, *_split(str(error)))
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
