"""What set-up publishes to the proxies: the feature set, the words' counts and, where slots or entities are
configured, the gazetteer.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from opensearchpy import OpenSearch

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.index.changes import slots_state
from ltrr_opensearch.index.clicked import clicked, roughly
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index.mentions import sample_documents
from ltrr_opensearch.index.terms import count_terms
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.knowledge.members import Pair
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.logged import Part
from ltrr_opensearch.rank.feature_sets import derive
from ltrr_opensearch.release.store import ReleaseStore

_log = logging.getLogger(__name__)

Build = Callable[[Mapping[Pair, float]], Gazetteer]
GAZETTEER = "gazetteer"
MADE_OF = "made_of"
"""Of a gazetteer's facts: the state of the index that it was read from."""


def setup_parts(
    client: OpenSearch,
    key: str,
    settings: IndexSettings,
    at: datetime,
    serving: Mapping[str, Part] | None = None,
    read: tuple[str, str] | None = None,
    build: Build | None = None,
) -> dict[str, Part]:
    """The parts as they should be now, from the settings and the index's values.

    Of the parts that are `serving`, a gazetteer that was made of the index as it is stays: reading millions of values
    takes minutes. `read`: the state of the index that was last seen to give a gazetteer, and that one's checksum.
    `build` makes the gazetteer where it is not as it was, with what clicks say; by default of the whole index.
    """
    feature_set = json.dumps(asdict(derive(settings)), sort_keys=True).encode()
    parts = {"feature_set": Part.of("feature_set", key, "json", feature_set, at)}
    terms = count_terms(sample_documents(client, key, settings), settings).to_bytes()
    parts["terms"] = Part.of("terms", key, "counts", terms, at)
    if settings.read_as:
        known = (serving or {}).get("gazetteer")
        clicks = _clicks(client, key, settings, serving or {})
        made_of = slots_state(client, key, settings, roughly(clicks))
        if known is not None and (known.meta.get(MADE_OF) == made_of or read == (made_of, known.sha256)):
            return parts | {"gazetteer": known}
        made = build(clicks) if build else build_gazetteer(client, key, settings, clicks)
        gazetteer = made.to_bytes()
        parts["gazetteer"] = Part.of("gazetteer", key, "values", gazetteer, at, {MADE_OF: made_of})
    return parts


def outdated(client: OpenSearch, prefix: str, key: str, parts: dict[str, Part]) -> dict[str, Part]:
    """Those of the parts that the current release has not, or has with another content."""
    current = ReleaseStore(client, prefix).current(key)
    serving = current.parts if current else {}
    return {k: p for k, p in parts.items() if k not in serving or serving[k].sha256 != p.sha256}


def publish(client: OpenSearch, prefix: str, key: str, parts: dict[str, Part]) -> str:
    """One release with these parts exchanged; returns its id."""
    return ReleaseStore(client, prefix).publish(key, parts, "setup")


def _clicks(client: OpenSearch, key: str, settings: IndexSettings, serving: Mapping[str, Part]) -> Mapping[Pair, float]:
    """What the memory that serves tells of degrees; a damaged one tells nothing, and set-up goes on without it."""
    memory = serving.get("memory")
    if memory is None or settings.entities is None or not settings.entities.degrees:
        return {}
    try:
        known = Memory.from_bytes(memory.payload)
    except ModelError as error:
        _log.warning("index %r: clicks move no degrees: %s", key, error)
        return {}
    return clicked(client, key, settings, known)
