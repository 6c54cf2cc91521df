"""What belongs to the entities that a query names: an artist's tracks, a product's accessories.

The entities of each likely reading bring along what the declared relations say, by the likelihood of the readings that
name them, popular documents first; a genre its artists, by the degree to which they belong to it. A track need not say
what its artist is called; what says any of the words that the reading leaves over comes before what does not, so that
of a laptop's accessories its chargers do, if one is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.entities import EntityEvidence, Way
from ltrr_opensearch.plan.evidence import scored
from ltrr_opensearch.plan.graded import Grade
from ltrr_opensearch.plan.options import Options, read_options
from ltrr_opensearch.plan.text import TextOptions, text_query, with_popularity
from ltrr_opensearch.types import NAME, TYPE, AnalyzedQuery, Encoded, Json, QueryPlan, Reading, SlotValue

ANY_WORD = TextOptions(operator="or")


class Meant(NamedTuple):
    """How likely entities are meant, and the text that the likeliest reading of them leaves over."""

    likelihood: float
    residual: str


Belonging = Mapping[tuple[Way, tuple[str, ...]], Meant]
"""By relation or degree, and keys of the named entities."""


class RelatedOptions(Options):
    relations: tuple[str, ...] | None = Field(
        None, description="Names of the relations and degrees to follow; default: all."
    )
    readings: int = Field(3, ge=1, le=10, description="Most readings whose entities bring something along.")
    least_likelihood: float = Field(0.05, ge=0, le=1, description="Readings less likely than this are left out.")


class Related:
    def __init__(self, name: str, options: Mapping[str, Any], index: IndexSettings, knowledge: Knowledge) -> None:
        self.name = name
        self._options = read_options(RelatedOptions, name, options)
        if index.entities is None or not index.entities.relations:
            raise SettingsError(f"strategy {name!r} needs relations: give the index an `entities` section with some")
        known = [way.name for way in index.entities.ways]
        if unknown := sorted(set(self._options.relations or ()) - set(known)):
            said = f"no relation is called {', '.join(unknown)}; there are: {', '.join(known)}"
            raise SettingsError(f"strategy {name!r}: {said}")
        self._entities = EntityEvidence(index.entities, knowledge.gazetteer)
        self._popularity = index.popularity
        self._text_fields = index.text_fields

    def plan(self, query: AnalyzedQuery) -> Sequence[QueryPlan]:
        likely = [r for r in query.readings if _names(r) and r.likelihood >= self._options.least_likelihood]
        belonging = self._belonging(likely[: self._options.readings])
        clauses = [
            self._scored(grade, meant)
            for (way, keys), meant in belonging.items()
            for grade in self._entities.brought(way, keys)
        ]
        if not clauses:
            return ()
        asked: Json = clauses[0] if len(clauses) == 1 else {"dis_max": {"queries": clauses}}

        def clause(_depth: int, _encoded: Encoded) -> Json | None:
            return asked

        facts = {"relations": float(len(belonging))}
        likelihood = min(max(meant.likelihood for meant in belonging.values()), 1.0)
        return (QueryPlan(self.name, self.name, "related", clause, likelihood=likelihood, facts=facts),)

    def _belonging(self, readings: Sequence[Reading]) -> Belonging:
        found: dict[tuple[Way, tuple[str, ...]], Meant] = {}
        for reading in readings:
            said = reading.entity if any(slot.kind == TYPE for slot in reading.slots) else ""
            for slot in _names(reading):
                for way in self._entities.ways(slot, said):
                    keys = self._entities.keys(slot, way)
                    if keys and (self._options.relations is None or way.name in self._options.relations):
                        before = found.get((way, keys), Meant(0.0, reading.residual))
                        found[way, keys] = before._replace(likelihood=before.likelihood + reading.likelihood)
        return found

    def _scored(self, grade: Grade, meant: Meant) -> Json:
        """The likelihood times the degree, as much again for the words left over, and as much more as the popularity
        makes of it: a boost would not reach the latter.
        """
        boost = round(meant.likelihood * grade.degree, 4)
        found = scored(grade.clause, boost)
        if meant.residual:
            said = scored(text_query(meant.residual, self._text_fields, ANY_WORD), boost)
            found = {"bool": {"must": [found], "should": [said]}}
        return with_popularity(found, self._popularity.times(boost) if self._popularity else None)


def _names(reading: Reading) -> list[SlotValue]:
    return [slot for slot in reading.slots if slot.kind == NAME and not slot.negated]
