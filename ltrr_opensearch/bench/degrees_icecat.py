"""Whether degrees foretell: Icecat's brands and the colours and types of products that nobody had looked at.

No documents there are brands; what is judged is the estimate alone, by the Brier score (1950) of the held-out half.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ltrr_opensearch.bench.figures import Figure
from ltrr_opensearch.evaluate.measures import mean, paired_difference
from ltrr_opensearch.knowledge.degrees import Degrees
from ltrr_opensearch.knowledge.members import Member, usual_shares
from ltrr_opensearch.types import Json

MEMBER, GROUPS = "supplier", ("attr_t_product_colour", "attr_t_type")
SEEDS = 5
OURS, PLAIN, USUAL = "degree", "share as it is", "what is usual for all"
Shares = Mapping[str, float]


def foretold(products: Sequence[Json]) -> list[Figure]:
    """Medians over the seeds; the interval is that of the seed in the middle, over its held-out products."""
    return [figure for field in GROUPS for figure in _of_field(field, products)]


def _of_field(field: str, products: Sequence[Json]) -> list[Figure]:
    told = [(str(p[MEMBER]), str(p[field])) for p in products if p.get(MEMBER) and p.get(field)]
    runs = [_scores(told, seed) for seed in range(SEEDS)]
    return [_figure(field, peer, runs) for peer in (PLAIN, USUAL)]


def _figure(field: str, peer: str, runs: Sequence[Mapping[str, Mapping[str, float]]]) -> Figure:
    gaps = sorted((paired_difference(run[OURS], run[peer]) for run in runs), key=lambda gap: gap.mean)
    gap, ours, theirs = gaps[SEEDS // 2], mean(runs[0][OURS]), mean(runs[0][peer])
    return Figure(
        f"Brier score of a brand's {field.removeprefix('attr_t_')} by degree, beside {peer}",
        gap.mean,
        "",
        None,
        0.0 if peer == USUAL else None,
        higher_is_better=False,
        interval=(gap.low, gap.high),
        runs=SEEDS,
        made_with=f"{gap.queries} held-out products; first seed: {ours:.4f} and {theirs:.4f}",
    )


def _scores(told: Sequence[tuple[str, str]], seed: int) -> dict[str, dict[str, float]]:
    """Of each way to foretell the Brier score by held-out product, of brands that the other half has."""
    order = np.random.default_rng(seed).permutation(len(told)).tolist()
    half = len(order) // 2
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for place in order[:half]:
        counts[told[place][0]][told[place][1]] += 1
    ways = _ways(counts)
    held_out = [place for place in order[half:] if told[place][0] in counts]
    foretell = {name: {brand: way(brand) for brand in counts} for name, way in ways.items()}
    return {
        name: {str(place): _brier(of[told[place][0]], told[place][1]) for place in held_out}
        for name, of in foretell.items()
    }


def _ways(counts: Mapping[str, Counter[str]]) -> dict[str, Callable[[str], Shares]]:
    members = [Member("d", brand, of.total(), dict(of), 1.0) for brand, of in counts.items()]
    usual, known = {group: share for (_, group), share in usual_shares(members).items()}, Degrees.of(members)
    return {
        OURS: lambda brand: {group: known.degree("d", brand, [group]) or 0.0 for group in usual},
        PLAIN: lambda brand: {group: n / counts[brand].total() for group, n in counts[brand].items()},
        USUAL: lambda _brand: usual,
    }


def _brier(shares: Shares, group: str) -> float:
    return sum((share - (name == group)) ** 2 for name, share in shares.items()) + (group not in shares)
