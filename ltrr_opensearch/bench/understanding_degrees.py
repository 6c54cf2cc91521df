"""What is claimed of degrees of belonging, on a made-up catalogue of faulty tags: they put those first who belong most.

Artists, their songs and the queries' judgments were written before anything read degrees; judged is by what the artists
play in truth, of which the songs' tags are a copy with gaps and errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from opensearchpy import OpenSearch

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.bench.fused import fused
from ltrr_opensearch.bench.music import BY_DEGREE, CONFIGURED, Judged, judged_by_degree, mixed_rows, music_world
from ltrr_opensearch.bench.read_world import ReadWorld
from ltrr_opensearch.evaluate.measures import mean, ndcg, paired_difference
from ltrr_opensearch.index.gazetteer import build_gazetteer
from ltrr_opensearch.index_settings import IndexSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge

INDEX = "music-degrees"
USES = ("original", "lexical", "structured", "related")
PAGE = 10


def by_degree(client: OpenSearch) -> list[Figure]:
    """nDCG@10 of all queries and by class, beside the same union without degrees and with a plain yes or no."""
    with_ = music_world(client, INDEX, mixed_rows(), BY_DEGREE)
    plain = IndexSettings.model_validate(CONFIGURED)
    without = ReadWorld(client, INDEX, plain, Knowledge(gazetteer=build_gazetteer(client, INDEX, plain)))
    asked = judged_by_degree()
    kinds = sorted({one.kind for one in asked})
    classes = [("all", asked), *((kind, [one for one in asked if one.kind == kind]) for kind in kinds)]
    worlds = {"none": without, "yes or no": _yes_or_no(with_)}
    ours = {one.query: _ndcg(with_, one) for one in asked}
    theirs = {said: {one.query: _ndcg(world, one) for one in asked} for said, world in worlds.items()}
    return [_gain(f"beside {said}, {name}", of, ours, theirs[said]) for said in worlds for name, of in classes]


def _yes_or_no(world: ReadWorld) -> ReadWorld:
    """As if one song of a genre made its artist wholly one of it."""
    gazetteer = world.knowledge.gazetteer
    wholly = replace(gazetteer.degrees, shares=np.ones_like(gazetteer.degrees.shares))
    return replace(world, knowledge=Knowledge(gazetteer=replace(gazetteer, degrees=wholly)))


def _gain(name: str, asked: Sequence[Judged], ours: Mapping[str, float], theirs: Mapping[str, float]) -> Figure:
    with_, without = ({one.query: of[one.query] for one in asked} for of in (ours, theirs))
    gap = paired_difference(with_, without)
    return Figure(
        f"degrees of belonging {name}",
        gap.mean,
        "nDCG@10",
        None,
        0.0 if name.endswith(", all") else None,
        interval=(gap.low, gap.high),
        runs=gap.queries,
        made_with=f"with {mean(with_):.4f}; without {mean(without):.4f}",
    )


def _ndcg(world: ReadWorld, asked: Judged) -> float:
    """What is judged and not on the page stands behind it."""
    page = fused(world, asked.query, USES)[:PAGE]
    left = [grade for id, grade in asked.grades.items() if id not in page]
    shown = [asked.grades.get(id, 0) for id in page] + [0] * (PAGE - len(page))
    grades = np.array([*shown, *left], np.float64)
    return ndcg(grades, -np.arange(len(grades), dtype=np.float32), PAGE)
