"""What set-up publishes to the proxies: the feature set, the words' counts and, where slots are configured, the
gazetteer.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index.mentions import sample_documents
from ltrr_opensearch.index.terms import count_terms
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.logged import Part
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.release.store import ReleaseStore


def setup_parts(client: OpenSearch, key: str, settings: IndexSettings, at: datetime) -> dict[str, Part]:
    """The parts as they should be now, from the settings and the index's values."""
    feature_set = json.dumps(asdict(derive(settings)), sort_keys=True).encode()
    parts = {"feature_set": _part("feature_set", key, "json", feature_set, at)}
    terms = count_terms(sample_documents(client, key, settings), settings).to_bytes()
    parts["terms"] = _part("terms", key, "counts", terms, at)
    if settings.slot_fields:
        gazetteer = build_gazetteer(client, key, settings).to_bytes()
        parts["gazetteer"] = _part("gazetteer", key, "values", gazetteer, at)
    return parts


def outdated(client: OpenSearch, prefix: str, key: str, parts: dict[str, Part]) -> dict[str, Part]:
    """Those of the parts that the current release has not, or has with another content."""
    current = ReleaseStore(client, prefix).current(key)
    serving = current.parts if current else {}
    return {k: p for k, p in parts.items() if k not in serving or serving[k].sha256 != p.sha256}


def publish(client: OpenSearch, prefix: str, key: str, parts: dict[str, Part]) -> str:
    """One release with these parts exchanged; returns its id."""
    return ReleaseStore(client, prefix).publish(key, parts, "setup")


def _part(kind: str, key: str, algorithm: str, payload: bytes, at: datetime) -> Part:
    sha256 = hashlib.sha256(payload).hexdigest()
    return Part(kind, key, sha256[:12], algorithm, payload, sha256, at)
