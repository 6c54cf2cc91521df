"""Icecat as ranking is measured on it: the shop's own query over six text fields, five plans, everything recorded."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from ltrr_opensearch.arena.learner import Learner
from ltrr_opensearch.arena.replay import Limits, Replay
from ltrr_opensearch.bench.recorded import Recorded, prepare, recorded
from ltrr_opensearch.choose.fixed import Fixed
from ltrr_opensearch.demo import data
from ltrr_opensearch.demo.shop_index import configuration, index_body
from ltrr_opensearch.demo.stack import Stack
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.normalise import normalise
from ltrr_opensearch.settings import Settings
from ltrr_opensearch.types import Json

INDEX = "icecat-arena"
RATED_FILE = "Broad_Query_Set_rated.csv"
FIELDS = ("title", "name", "short_description", "supplier", "attr_t_product_type", "attr_t_type")
DEPTH = 50
"""Of every plan, so that all ways of ordering have the same candidates."""
PAGE = 10
MOST = 1000
"""Candidates ranked: all of a union."""
STRATEGIES: list[Json] = [
    {"name": "original", "use": "original"},
    {"name": "lexical", "use": "lexical"},
    {"name": "title", "use": "lexical", "options": {"fields": {"title": 1.0}, "operator": "or"}},
    {"name": "structured", "use": "structured"},
    {"name": "q2e", "use": "q2e"},
    {"name": "knn", "use": "knn"},
]

CHOOSE: Json = {
    "ladder": [0, 10, DEPTH],
    "safe_depth": DEPTH,
    "budget": 6 * DEPTH,
    "floor": 0.1,
    "near_share": 0.2,
}

Grades = dict[str, dict[str, float]]


def own_query(text: str) -> Json:
    """The shop's own search, without boosts: they made it worse (docs/ranking.md)."""
    return {"query": {"multi_match": {"query": text, "fields": list(FIELDS)}}, "size": DEPTH}


def shown_query(text: str) -> Json:
    """The same as people see it: a page of ten."""
    return {**own_query(text), "size": PAGE}


@dataclass(frozen=True)
class RankingWorld:
    """`final`: the ratings that all three raters' were settled to; `first`: rater 1; `others`: raters 2 and 3."""

    made: Recorded
    final: Grades
    first: Grades
    others: Grades

    @property
    def settings(self) -> Settings:
        return self.made.settings

    @property
    def index(self) -> IndexSettings:
        return self.settings.indexes[INDEX]

    def learner(self, kinds: Sequence[str] = ()) -> Learner:
        """What learns from searches of this shop, in memory."""
        vectors = {normalise(q): a.vector for q, a in self.made.recording.queries.items() if a.vector is not None}
        return Learner(self.settings, INDEX, self.made.gazetteer, vectors, kinds, self.made.terms)

    def replay(self, learner: Learner) -> Replay:
        """Every plan at the same depth, but for the little that the floor explores."""
        return Replay(self.made.recording, learner.serving(Fixed(DEPTH)), shown_query, Limits(rank_depth=MOST))


def world(console: Console, stack: Stack) -> RankingWorld:
    folder = data.find(stack.home)
    catalogue = data.load(folder)
    final = read_final(folder / RATED_FILE)
    content = configuration(INDEX, "", stack.ports, stack.home)
    content["choose"] = CHOOSE
    content["indexes"][INDEX] |= {"text_fields": dict.fromkeys(FIELDS, 1), "strategies": STRATEGIES}
    prepare(console, stack, INDEX, index_body(catalogue.products), catalogue.products, content)
    also = {query: set(grades) for query, grades in final.items()}
    made = recorded(console, stack, INDEX, sorted(final), own_query, also)
    first = {query: {id: float(g) for id, g in of.items()} for query, of in catalogue.users.items()}
    others = {query: {id: float(g) for id, g in of.items()} for query, of in catalogue.judges.items()}
    return RankingWorld(made, final, first, others)


def read_final(file: Path) -> Grades:
    grades: defaultdict[str, dict[str, float]] = defaultdict(dict)
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            grades[row["query"]][row["docid"]] = float(row["rating"])
    return dict(grades)
