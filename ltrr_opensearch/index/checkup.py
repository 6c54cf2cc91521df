"""What `ltrr doctor` looks at: each check says how it is and, where something is wrong, the fix.

A check that cannot be made (a missing permission, say) is itself a finding; it never stops the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.choose.registry import build_policy
from ltrr_opensearch.cluster.capabilities import Capabilities, detect
from ltrr_opensearch.errors import LtrrError
from ltrr_opensearch.index.findings import Finding, State, parted
from ltrr_opensearch.index.index_checks import index_findings
from ltrr_opensearch.index.permissions import account, missing
from ltrr_opensearch.index.prepare import state_clashes, state_requests
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.log.look import look_at
from ltrr_opensearch.plan.registry import build_strategies
from ltrr_opensearch.release.switch import EVERYTHING, SwitchStore
from ltrr_opensearch.settings import LogSettings, Settings, StateSettings

_DISK_WARN, _DISK_BROKEN = 0.85, 0.95
"""OpenSearch's own low watermark, and its flood stage, after which it refuses writes."""
SPOOL_WARN = 0.25
"""Share of `log.spool_mb` that waits: more than an outage of minutes leaves."""


def examine(client: OpenSearch, settings: Settings) -> list[Finding]:
    """Everything, cluster first. If that does not answer, nothing else is asked."""
    try:
        capabilities = detect(client)
    except LtrrError as error:
        return [Finding("cluster", State.BROKEN, *parted(str(error))), *_configuration(settings)]
    prefix = settings.state.prefix
    checks: list[tuple[str, Callable[[], Iterator[Finding]]]] = [
        ("health", partial(_health, client)),
        ("disk", partial(_disk, client)),
        ("state", partial(_state, client, settings.state)),
        ("kill switch", partial(_switch, client, prefix)),
        ("spool", partial(_spool, settings.log)),
        ("permissions", partial(_permissions, client, settings)),
        *(
            (f"index {key}", partial(index_findings, client, settings, key, index, capabilities))
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
        yield Finding("configuration", State.BROKEN, *parted(message))


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
        yield Finding("our templates and indexes", State.WARN, *parted(clash))


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
