"""The orders in which a recorded index would answer: each strategy's, all fused, and those of systems as they serve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ltrr_opensearch.answer.listing import listing
from ltrr_opensearch.arena.people import START
from ltrr_opensearch.arena.record import Template, request
from ltrr_opensearch.arena.recording import Recording
from ltrr_opensearch.arena.replay import Limits, Replay
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.memory import SAME_WORDS
from ltrr_opensearch.logged import Part
from ltrr_opensearch.phase_settings import PhaseName, PhaseSettings
from ltrr_opensearch.phased import in_phase
from ltrr_opensearch.protocols import Policy
from ltrr_opensearch.rank.load import load_ranker
from ltrr_opensearch.rule_settings import RuleSettings
from ltrr_opensearch.serving import Serving
from ltrr_opensearch.types import AnalyzedQuery, Asker

Order = dict[str, list[str]]
"""query -> document ids, best first."""
LONG = 3
"""Words from which on a query is long."""


def ranked_by(serving: Serving, part: Part | None, policy: Policy | None = None) -> Serving:
    """The same serving with a published ranker, scored here wherever it usually runs, and perhaps another policy."""
    ranker = load_ranker(part) if part else None
    more = tuple(n for n in ranker.features if n not in serving.columns) if ranker else ()
    return replace(serving, ranker=ranker, columns=serving.columns + more, policy=policy or serving.policy)


def found_by(recording: Recording, strategy: str) -> Order:
    """What a strategy's own list says; empty where it had nothing to ask."""
    hits = {query: recording.hits(query, strategy) or () for query in recording.queries}
    return {query: [hit.key.id for hit in some] for query, some in hits.items()}


def own_of(serving: Serving) -> str:
    """The strategy that is the client's own query."""
    own = next((s.name for s in serving.index.strategies if s.use == "original"), None)
    if own is None:
        raise DataError(f"index {serving.key!r} has no strategy that uses `original`: nothing stands for the own query")
    return own


def in_force(serving: Serving, phase: PhaseName, settings: PhaseSettings) -> Serving:
    """What answers in a phase: the policy's side where it decides for anybody, else (in shadow) the control's."""
    return in_phase(serving, phase, settings).of(0.0)


def served(recording: Recording, serving: Serving, template: Template, limits: Limits) -> Order:
    """The whole order of every recorded query, asked by somebody for whom nothing is explored.

    As on pages: the ranked union, then what else the client's own query found.
    """
    replay, own = Replay(recording, serving, template, limits), own_of(serving)
    order: Order = {}
    for query in recording.queries:
        ranked = replay.search(query, f"order {query}", START, Asker(explore=False)).searched.ranked
        behind = (hit.key for hit in recording.hits(query, own) or ())
        order[query] = [key.id for key in listing(ranked, behind, query).keys]
    return order


def not_part(index: IndexSettings, phase: PhaseName, rules: Sequence[RuleSettings]) -> list[str]:
    """What is served and no order here shows, in words."""
    stages = {"second_stage": index.second_stage, "diversify": index.diversify, "rules": any(r.enabled for r in rules)}
    said = [f"{name}: configured, and no part of these orders" for name, stage in stages.items() if stage]
    if index.experiment:
        said.append("experiment: what serves is measured as without its arms")
    if phase in ("share", "live"):
        said.append(f"phase {phase}: what serves is the policy's side, not that of the control group")
    return said


def slices(recording: Recording, serving: Serving, template: Template) -> dict[str, list[str]]:
    """Groups of queries by what is understood of them: words, recognised values, whether they were asked before."""
    found: dict[str, list[str]] = {}
    for query in recording.queries:
        for name in _slices(serving.analyze(request(query, serving.key, template))):
            found.setdefault(name, []).append(query)
    return dict(sorted(found.items()))


def _slices(query: AnalyzedQuery) -> Iterator[str]:
    words = len(query.tokens)
    yield f"{words} word{'s' if words > 1 else ''}" if words < LONG else f"{LONG} words or more"
    yield "a value recognised" if any(r.slots for r in query.readings) else "no value recognised"
    yield "remembered" if any(r.similarity >= SAME_WORDS for r in query.remembered) else "new to the memory"


def merged(one: Mapping[str, Sequence[str]], other: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Slices of ours and (query, slice) pairs of somebody's own."""
    found = {name: list(of) for name, of in one.items()}
    for query, name in other:
        found.setdefault(name, []).append(query)
    return found
