"""What a cluster offers: version, plugins, how features can be logged, and which k-NN engines are safe.

`engine: faiss` on a node without the native library kills that node at the first document, so it must be known to be
there before anything is written. Loading the library is what would kill the node, hence no request may try. Known is
(a) a node that already runs it (`faiss_initialized` of the k-NN statistics), or (b) a packaged distribution other than
`zip`, which ships the library (`tar`, `deb`, `rpm`, `docker`; Amazon's service says `tar`). Nodes assembled from zips
of a package registry call themselves `zip` and have none. Every data node must satisfy one of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ClusterError, MissingPlugin, TooOld
from ltrr_opensearch.types import Json

OLDEST = (2, 19)
"""`include_named_queries_score`, k-NN's `space_type` at the top level and LTR in the distribution."""

_SHIPS_NATIVE = frozenset({"tar", "deb", "rpm", "docker"})


@dataclass(frozen=True, slots=True)
class Capabilities:
    version: str
    distribution: str
    nodes: int
    ltr: bool
    knn: bool
    neural: bool
    ubi: bool
    security: bool
    faiss: bool
    """Whether the native library is surely on every data node."""

    @property
    def feature_logging(self) -> Literal["ltr_plugin", "named_scores"]:
        return "ltr_plugin" if self.ltr else "named_scores"

    def require_knn(self, engine: str) -> None:
        """Refuses what would fail later, or would kill a node."""
        if not self.knn:
            raise MissingPlugin(
                "vectors are configured but the cluster has no k-NN plugin on every node; install opensearch-knn, or "
                "remove the `vector` section of the index"
            )
        if engine == "faiss" and not self.faiss:
            raise MissingPlugin(
                "vector.engine is faiss, but its native library is not surely on every data node, and a node without "
                "it dies at the first document; use engine: lucene, or index one document into a faiss field of a "
                "cluster that you can afford to lose and try again"
            )


def detect(client: OpenSearch) -> Capabilities:
    """Asks the cluster. Raises `TooOld`, or `ClusterError` where it is something other than OpenSearch."""
    root, nodes = _said(client)
    read = read_capabilities(root, nodes, {})
    if not read.knn:
        return read
    stats = client.transport.perform_request("GET", "/_plugins/_knn/stats/faiss_initialized")
    return read_capabilities(root, nodes, stats)


def has_ltr(client: OpenSearch) -> bool:
    """Whether the LTR plugin is there; needs fewer rights than `detect`, which asks the k-NN plugin for its engines."""
    return read_capabilities(*_said(client), {}).ltr


def _said(client: OpenSearch) -> tuple[Json, Json]:
    root = client.info()
    check_version(root)
    only = "nodes.*.plugins.name,nodes.*.build_type,nodes.*.roles"
    return root, client.nodes.info(metric="plugins", filter_path=only)


def check_version(root: Mapping[str, Any]) -> None:
    """Looks at the answer of `GET /`."""
    version = root.get("version", {})
    number, distribution = str(version.get("number", "")), version.get("distribution")
    if distribution != "opensearch":
        raise ClusterError(
            f"this is {distribution or 'Elasticsearch'} {number}, not OpenSearch; only OpenSearch is supported: set "
            "cluster.url to one of 2.19 or newer"
        )
    major, minor = (int(n) for n in number.split(".")[:2])
    if (major, minor) < OLDEST:
        raise TooOld(
            f"OpenSearch {number} is too old; 2.19 or newer is needed: upgrade it, or set cluster.url to another"
        )


def read_capabilities(root: Mapping[str, Any], nodes: Mapping[str, Any], knn_stats: Mapping[str, Any]) -> Capabilities:
    """Pure reading of `GET /`, `GET /_nodes/plugins` and the k-NN statistics. A plugin counts if every node has it."""
    infos: Mapping[str, Mapping[str, Any]] = nodes.get("nodes", {})
    plugins = [{p["name"] for p in info.get("plugins", ())} for info in infos.values()]
    common = set.intersection(*plugins) if plugins else set()
    running = {id for id, s in knn_stats.get("nodes", {}).items() if s.get("faiss_initialized")}
    data = {id: info for id, info in infos.items() if "data" in info.get("roles", ("data",))}
    knn = "opensearch-knn" in common
    return Capabilities(
        version=str(root["version"]["number"]),
        distribution=str(root["version"].get("distribution")),
        nodes=len(infos),
        ltr="opensearch-ltr" in common,
        knn=knn,
        neural="opensearch-neural-search" in common,
        ubi=bool(common & {"opensearch-ubi", "user-behavior-insights"}),
        security="opensearch-security" in common,
        faiss=knn and all(id in running or info.get("build_type") in _SHIPS_NATIVE for id, info in data.items()),
    )
