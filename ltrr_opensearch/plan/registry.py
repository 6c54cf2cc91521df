"""Which strategies there are: ours by name, others by an entry point of the group `ltrr_opensearch.strategies`.

A strategy is built by a factory: (name, options, index settings, knowledge) -> Strategy. See docs/extending.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Any, TypeAlias

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings, StrategySettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.fresh import Fresh
from ltrr_opensearch.plan.knn import Knn
from ltrr_opensearch.plan.lexical import Lexical
from ltrr_opensearch.plan.original import Original
from ltrr_opensearch.plan.personal import Personal
from ltrr_opensearch.plan.popular import Popular
from ltrr_opensearch.plan.q2e import Q2e
from ltrr_opensearch.plan.related import Related
from ltrr_opensearch.plan.sparse import Sparse
from ltrr_opensearch.plan.structured import Structured
from ltrr_opensearch.protocols import Strategy

GROUP = "ltrr_opensearch.strategies"

Factory: TypeAlias = Callable[[str, Mapping[str, Any], IndexSettings, Knowledge], Strategy]

BUILT_IN: Mapping[str, Factory] = {
    "original": Original,
    "lexical": Lexical,
    "structured": Structured,
    "related": Related,
    "q2e": Q2e,
    "knn": Knn,
    "sparse": Sparse,
    "popular": Popular,
    "personal": Personal,
    "fresh": Fresh,
}


def build_strategies(index: IndexSettings, knowledge: Knowledge) -> tuple[Strategy, ...]:
    """The configured strategies in their order, what explores last, since policies count slots without it.

    Of the default ones, knn only where there is a vector field, sparse where there are learned terms.
    """
    chosen = index.strategies
    if "strategies" not in index.model_fields_set:
        there = {"knn": index.vector, "sparse": index.sparse}
        chosen = tuple(s for s in chosen if there.get(s.use, s) is not None)
    chosen = tuple(sorted(chosen, key=lambda s: s.use == "fresh"))
    return tuple(_factory(s)(s.name, s.options, index, knowledge) for s in chosen)


def _factory(settings: StrategySettings) -> Factory:
    if (built_in := BUILT_IN.get(settings.use)) is not None:
        return built_in
    found = entry_points(group=GROUP)
    for entry in found:
        if entry.name == settings.use:
            factory: Factory = entry.load()
            return factory
    known = ", ".join(sorted({*BUILT_IN, *found.names}))
    raise SettingsError(f"strategy {settings.name!r}: there is no {settings.use!r} to use; there are: {known}")
