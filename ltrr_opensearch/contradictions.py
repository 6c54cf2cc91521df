"""Settings that are each allowed and make no sense together: each with its place and a way out. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.policy_contradictions import Contradiction, of_policies
from ltrr_opensearch.settings import Settings

UNPROPOSED = ("number", "date")
"""Kinds of slots whose values are not proposed, see docs/content.md."""


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    yield from _cluster(settings)
    yield from _state(settings)
    yield from _log(settings)
    yield from of_policies(settings)
    yield from _learn(settings)
    yield from _personal(settings)
    for key, index in settings.indexes.items():
        for location, said in _index(index):
            yield ("indexes", key, *location), said


def _cluster(settings: Settings) -> Iterator[Contradiction]:
    cluster, serve, admin = settings.cluster, settings.serve, settings.admin
    if (cluster.username is None) != (cluster.password is None):
        given, lacking = ("username", "password") if cluster.username else ("password", "username")
        yield (
            ("cluster", given),
            f"is given without cluster.{lacking} (or OPENSEARCH_{lacking.upper()}); give both, or neither",
        )
    if serve.port and (serve.host, serve.port) == (admin.host, admin.port):
        yield ("serve", "port"), f"{serve.port} is also admin.port; the two listen on ports of their own: change one"


def _state(settings: Settings) -> Iterator[Contradiction]:
    state = settings.state
    if state.ubi_queries == state.ubi_events:
        yield ("state", "ubi_events"), f"{state.ubi_events} is also state.ubi_queries; give each an index of its own"
    for name in ("ubi_queries", "ubi_events"):
        if getattr(state, name).startswith(f"{state.prefix}_"):
            yield (
                ("state", name),
                f"{getattr(state, name)} starts like our own indexes ({state.prefix}_); choose another name or prefix",
            )
    for key in settings.indexes:
        if key.startswith(f"{state.prefix}_") or key in (state.ubi_queries, state.ubi_events):
            yield ("indexes", key), "is an index of ours, not of documents; take it out, or change state.prefix"


def _log(settings: Settings) -> Iterator[Contradiction]:
    if settings.state.secret_is_known:
        if settings.learn.memory_users > 1:
            said = "counts people by their hashes, but everybody knows the key of the hashes; set state.secret"
            yield ("learn", "memory_users"), said
        for name in ("users", "queries"):
            if getattr(settings.log, name) != "keep":
                said = f"is {getattr(settings.log, name)}, but everybody knows the key of the hashes; set state.secret"
                yield ("log", name), said


def _learn(settings: Settings) -> Iterator[Contradiction]:
    learn = settings.learn
    if not any(learn.gains.values()):
        yield (
            ("learn", "gains"),
            "no action is worth anything, so that nothing could be learned; give one a gain above 0",
        )
    if learn.min_rounds > learn.max_rounds:
        yield (
            ("learn", "min_rounds"),
            f"{learn.min_rounds} is more than max_rounds {learn.max_rounds}, so that no ranker is ever published; "
            "lower it",
        )
    if learn.engine == "dask" and not learn.dask_scheduler:
        yield ("learn", "dask_scheduler"), "engine dask needs the address of a scheduler, like tcp://scheduler:8786"


def _personal(settings: Settings) -> Iterator[Contradiction]:
    if settings.learn.personal_people and settings.log.users == "omit":
        said = "remembers people by their names in the log, which has none under log.users omit; take it out"
        yield ("learn", "personal_people"), said
    for key, index in settings.indexes.items():
        for n, one in enumerate(index.strategies):
            if one.use == "personal" and not settings.learn.personal_people:
                said = "personal finds nothing while learn.personal_people is 0; raise it, or take this out"
                yield ("indexes", key, "strategies", n, "use"), said


def _index(index: IndexSettings) -> Iterator[Contradiction]:
    if not index.text_fields:
        yield ("text_fields",), "names no field, so that no plan could match; name at least one, like {title: 3}"
    yield from _strategies(index)
    yield from _weights(index)
    yield from _proposals(index)
    yield from _features(index)
    if index.diversify and not index.diversify.field and index.vector is None:
        yield ("diversify",), "needs the `vector` section, or a field whose values tell what is alike; add one of them"


def _strategies(index: IndexSettings) -> Iterator[Contradiction]:
    if "strategies" not in index.model_fields_set:
        return
    if not index.strategies:
        yield ("strategies",), "is empty, so that nothing is asked; leave the key out for the usual ones"
    uses = [s.use for s in index.strategies]
    needs = {
        "knn": (index.vector, "a `vector` section"),
        "sparse": (index.sparse, "a `sparse` section"),
        "structured": (index.slot_fields or index.entities, "slot_fields or `entities`"),
        "related": (index.entities and index.entities.relations, "`entities` with relations"),
    }
    for n, use in enumerate(uses):
        if use == "original" and "original" in uses[:n]:
            first = index.strategies[uses.index("original")].name
            yield ("strategies", n, "use"), f"original is used by {first} already; a search has one query of its own"
        if use in needs and not needs[use][0]:
            yield ("strategies", n, "use"), f"{use} finds nothing without {needs[use][1]}; add it, or take this out"


def _weights(index: IndexSettings) -> Iterator[Contradiction]:
    names = [s.name for s in index.strategies]
    for name, weight in index.fusion.weights.items():
        place = ("fusion", "weights", name)
        if name not in names:
            yield place, f"there is no strategy of this name; there are: {', '.join(names)}"
        elif weight < 0:
            yield place, f"{weight:g} is negative; 0 leaves a strategy's order out, 1 is usual"


def _proposals(index: IndexSettings) -> Iterator[Contradiction]:
    if index.proposals is None:
        return
    if "structured" not in [s.use for s in index.strategies]:
        yield ("proposals",), "are searched by the strategy structured alone; add it to strategies, or take this out"
    kinds = {slot.field: slot.kind for slot in index.slot_fields}
    for n, field in enumerate(index.proposals.fields):
        if (kind := kinds.get(field)) in UNPROPOSED:
            yield ("proposals", "fields", n), f"{field} is a {kind}, for which nothing is proposed; take it out"


def _features(index: IndexSettings) -> Iterator[Contradiction]:
    counts = Counter(f.name for f in index.features or ())
    for n, feature in enumerate(index.features or ()):
        if counts[feature.name] > 1:
            yield ("features", n, "name"), f"{feature.name} is the name of {counts[feature.name]} features; rename one"
        if index.vector is None and "{{vector}}" in json.dumps(feature.query):
            yield ("features", n, "query"), "{{vector}} needs the `vector` section; add it, or leave the feature out"
