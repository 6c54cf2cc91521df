"""Three queries that show what changed, one of them where it changed for the worse, if there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ltrr_opensearch.demo.data import Catalogue
from ltrr_opensearch.demo.measure import NDCG
from ltrr_opensearch.demo.results import HELD_OUT, TRAFFIC, Asked, Example, Listed
from ltrr_opensearch.demo.steps import explanation, telling_context
from ltrr_opensearch.evaluate.measures import per_query
from ltrr_opensearch.knowledge.memory import Memory
from ltrr_opensearch.logged import Decision, Judgment
from ltrr_opensearch.types import Vector

NEIGHBOURS = 5


def choose(
    catalogue: Catalogue, before: Mapping[str, Asked], after: Mapping[str, Asked], judged: list[Judgment]
) -> list[str]:
    """The largest gain among traffic queries, the largest among held-out ones, and the largest loss of all."""
    was, now = _ndcg(before, judged), _ndcg(after, judged)
    gain = {query: now[query] - was[query] for query in catalogue.queries}
    chosen = [max(part, key=lambda q: (gain[q], q)) for part in (catalogue.traffic, catalogue.held_out) if part]
    rest = [query for query in catalogue.queries if query not in chosen]
    return [*chosen, min(rest, key=lambda q: (gain[q], q))] if rest else chosen


def example(
    query: str,
    catalogue: Catalogue,
    asked: tuple[Asked, Asked],
    judged: list[Judgment],
    logged: tuple[Decision, Decision],
    memory: Memory,
    vector: Vector,
) -> Example:
    """`asked` is (before, after); `logged` the decision served and one that explored, for its probabilities."""
    titles = {product["id"]: product["title"] for product in catalogue.products}
    grades = catalogue.judges[query]
    served, exploring = logged

    def listed(documents: Sequence[str]) -> tuple[Listed, ...]:
        return tuple(Listed(i, titles.get(i, i), grades.get(i)) for i in documents)

    near = memory.near(served.normalized, vector, NEIGHBOURS)
    return Example(
        query=query,
        part=TRAFFIC if query in catalogue.traffic else HELD_OUT,
        before=listed(asked[0].documents),
        after=listed(asked[1].documents),
        ndcg=(_ndcg({query: asked[0]}, judged)[query], _ndcg({query: asked[1]}, judged)[query]),
        drawn=explanation(served, exploring),
        context=telling_context(served),
        remembered=tuple((r.query, r.similarity) for r in near),
    )


def _ndcg(answers: Mapping[str, Asked], judged: list[Judgment]) -> dict[str, float]:
    return per_query(judged, {q: a.documents for q, a in answers.items()}, (NDCG,))[NDCG]
