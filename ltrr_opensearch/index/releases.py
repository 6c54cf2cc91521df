"""Whether the parts of the release in force can be read and used, as a proxy would at its start."""

from __future__ import annotations

import json

from opensearchpy import OpenSearch
from opensearchpy.exceptions import TransportError

from ltrr_opensearch.choose.registry import build_policy, learned_part
from ltrr_opensearch.errors import ModelError, PartError
from ltrr_opensearch.experiment_settings import ExperimentSettings
from ltrr_opensearch.hypotheses.published import domain_of, weights_of
from ltrr_opensearch.knowledge.aggregates import Aggregates
from ltrr_opensearch.knowledge.exposure import Exposure
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.knowledge.personal import PersonalMemory
from ltrr_opensearch.knowledge.popularity import Popularity
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.knowledge.terms import Terms
from ltrr_opensearch.logged import Part
from ltrr_opensearch.propose.proposer import Proposer
from ltrr_opensearch.rank.in_cluster import CLUSTER_MODEL
from ltrr_opensearch.rank.load import verify_ranker
from ltrr_opensearch.release.best import lineage
from ltrr_opensearch.release.parts import reading
from ltrr_opensearch.release.store import ReleaseStore
from ltrr_opensearch.settings import Settings


def unreadable_parts(client: OpenSearch, prefix: str, index: str) -> tuple[str | None, list[PartError]]:
    """The id of the release in force, None before there is one, and the faults of its parts."""
    store = ReleaseStore(client, prefix)
    line = lineage(store.history(index))
    faults = []
    for kind, version in line[0].versions.items() if line else ():
        try:
            store.part(index, kind, version)
        except PartError as fault:
            faults.append(fault)
    return (line[0].id if line else None), faults


def unusable_parts(client: OpenSearch, settings: Settings, key: str) -> list[str]:
    """What a proxy could not use of the parts that it can read, each with the remedy after a semicolon.

    Loads them as a proxy does, with their stored predictions; a model that scores inside the cluster must be there.
    """
    store = ReleaseStore(client, settings.state.prefix)
    said = []
    for kind, version in next((r.versions for r in store.history(key) if r.current), {}).items():
        try:
            part = store.part(key, kind, version)
        except PartError:
            continue
        try:
            with reading(kind, version, key):
                _load(client, settings, part)
        except PartError as fault:
            said.append(str(fault))
    return said


def unmade_arms(client: OpenSearch, prefix: str, key: str, experiment: ExperimentSettings) -> list[str]:
    """Why arms of a live experiment cannot be made, so that all are served as usual."""
    store = ReleaseStore(client, prefix)
    history = store.history(key)
    serves = next((release.versions for release in history if release.current), {})
    said = []
    for arm in experiment.arms:
        if arm.release and arm.release not in {release.id for release in history}:
            said.append(f"arm {arm.name!r}: release {arm.release} is not kept; name another (ltrr models list)")
        try:
            if arm.policy:
                learned_part(arm.policy, store.part(key, "policy", serves["policy"]) if "policy" in serves else None)
        except ModelError as error:
            said.append(str(error))
    return said


def outdated_ranker(client: OpenSearch, prefix: str, key: str) -> str:
    """What is to be said where a ranker was trained on another feature set than set-up has published since."""
    store = ReleaseStore(client, prefix)
    versions = next((r.versions for r in store.history(key) if r.current), {})
    if not {"ranker", "feature_set"} <= versions.keys():
        return ""
    try:
        now = json.loads(store.part(key, "feature_set", versions["feature_set"]).payload)["version"]
    except (PartError, ValueError, KeyError):
        return ""
    learned = store.meta(key, "ranker", versions["ranker"]).get("feature_set", now)
    if learned == now:
        return ""
    return f"the ranker knows the features {learned}, set-up has published {now}; ltrr learn ranker"


def _load(client: OpenSearch, settings: Settings, part: Part) -> None:
    match part.kind:
        case "policy":
            build_policy(settings.choose, part)
        case "ranker":
            verify_ranker(part)
            if model := part.meta.get(CLUSTER_MODEL):
                _in_cluster(client, model)
        case "memory":
            Memory.from_bytes(part.payload)
        case "gazetteer":
            Gazetteer.from_bytes(part.payload)
        case "proposer":
            Proposer.from_bytes(part.payload, Knowledge.empty().gazetteer)
        case "terms":
            Terms.from_bytes(part.payload)
        case "aggregates":
            Aggregates.from_bytes(part.payload)
        case "popularity":
            Popularity.from_bytes(part.payload)
        case "personal":
            PersonalMemory.from_bytes(part.payload)
        case "exposure":
            Exposure.from_bytes(part.payload)
        case kind if domain_of(kind) is not None:
            weights_of(part)


def _in_cluster(client: OpenSearch, model: str) -> None:
    try:
        client.transport.perform_request("GET", f"/_ltr/_model/{model}")
    except TransportError as error:
        raise ModelError(f"the LTR plugin does not have its model {model}; run `ltrr learn ranker`") from error
