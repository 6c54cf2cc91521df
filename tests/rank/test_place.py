"""One place of the page for what was found in order to learn: which, where, how likely, and when not."""

from collections import Counter
from collections.abc import Sequence

import pytest

from ltrr_opensearch.logged import Placed
from ltrr_opensearch.rank.place import NEAR, PLACES, place_under, placed
from ltrr_opensearch.types import EXPLORATION, Candidate, DocKey, Draw, Found, Ranked, Slot, SlotDraw

LADDER = (0, 10, 50)


def drawn(depth: int, source: str = EXPLORATION) -> Draw:
    slots = [("lexical", "lexical", 50), ("fresh", source, depth)]
    return Draw(
        "fixed",
        tuple(
            SlotDraw(Slot(plan, plan, of, i, {}, {}, (), LADDER, (True,) * 3), (0.0, 1.0, 0.0), d, 1.0)
            for i, (plan, of, d) in enumerate(slots)
        ),
    )


def order(length: int, fresh: dict[int, int]) -> list[Ranked]:
    """`fresh`: rank in the order -> rank in the plan of exploration."""
    return [
        Ranked(
            Candidate(
                DocKey("shop", str(at)),
                (Found("lexical", at, 1.0), *([Found("fresh", fresh[at], 1.0)] if at in fresh else [])),
            ),
            at,
            1 / at,
        )
        for at in range(1, length + 1)
    ]


RANKED = order(30, {3: 1, 20: 3, 25: 2})


def ids(ranked: tuple[Ranked, ...]) -> list[str]:
    return [r.candidate.key.id for r in ranked]


def test_the_best_that_is_not_among_the_first_gets_the_place() -> None:
    moved, what = placed(RANKED, drawn(10), seed=1)
    assert what is not None
    assert what.key.id == "25"
    assert moved[what.rank - 1].candidate.key.id == "25"
    assert what.probability == pytest.approx(1 / 9)
    assert [i for i in ids(moved) if i != "25"] == [r.candidate.key.id for r in RANKED if r.rank != 25]
    assert [r.rank for r in moved] == list(range(1, 31))


def test_every_place_but_the_first_is_as_likely() -> None:
    at = Counter(what.rank for seed in range(9000) if (what := placed(RANKED, drawn(10), seed * 7919)[1]))
    assert set(at) == set(PLACES) == set(range(2, 11))
    assert all(abs(times - 1000) < 4 * 1000**0.5 for times in at.values())


def test_the_same_seed_gives_the_same_place() -> None:
    assert placed(RANKED, drawn(10), 5) == placed(RANKED, drawn(10), 5)


@pytest.mark.parametrize(
    ("ranked", "draw"),
    [
        (RANKED, drawn(0)),
        (RANKED, drawn(10, "lexical")),
        (order(30, {2: 1, 10: 2}), drawn(10)),
        (order(10, {9: 1}), drawn(10)),
        ([], drawn(10)),
    ],
)
def test_where_there_is_nothing_to_place_the_order_stays(ranked: list[Ranked], draw: Draw) -> None:
    assert placed(ranked, draw, 1) == (tuple(ranked), None)


def under(given: int, *, sunk: str = "", first: str = "") -> Placed:
    """Where document 25 stands, given a place, once a rule sinks one document and pins another to the first place."""

    def arranged(keys: Sequence[DocKey]) -> list[DocKey]:
        kept = [key for key in keys if key.id not in (sunk, first)]
        return [*(k for k in keys if k.id == first), *kept, *(k for k in keys if k.id == sunk)]

    return place_under(Placed(DocKey("shop", "25"), given, 1 / 9), RANKED, arranged)


def test_rules_move_a_given_place_with_what_stands_around_it() -> None:
    assert (under(2, first="30").rank, under(2, first="30").probability) == (3, 1 / 9)
    assert under(5, sunk="1").rank == 4


def test_places_that_rules_make_one_are_as_likely_as_both() -> None:
    """Behind document 4 or before it is the same once it is sunk."""
    places = [under(given, sunk="4") for given in PLACES]
    assert [place.rank for place in places] == [2, 3, 4, 4, 5, 6, 7, 8, 9]
    assert [round(place.probability * 9) for place in places] == [1, 1, 2, 2, 1, 1, 1, 1, 1]


def test_a_near_miss_gets_the_place_the_nearer_the_likelier() -> None:
    share, seeds = 0.5, 20_000
    given = [what for seed in range(seeds) if (what := placed(RANKED, drawn(0), seed * 7919, share)[1])]
    assert abs(len(given) - share * seeds) < 4 * (share * (1 - share) * seeds) ** 0.5
    of = Counter(what.key.id for what in given)
    assert set(of) == {str(rank) for rank in range(11, 31)}
    assert of["11"] > of["12"] > of["14"] > of["20"]
    expected = {what.key.id: what.probability * len(PLACES) * seeds for what in given}
    assert all(abs(of[id] - times) < 4 * times**0.5 for id, times in expected.items())


def test_near_misses_are_no_further_than_the_next_forty() -> None:
    far = order(200, {})
    given = [what for seed in range(2000) if (what := placed(far, drawn(0), seed * 7919, 1.0)[1])]
    assert len(given) == 2000
    assert max(int(what.key.id) for what in given) == 10 + NEAR


def test_the_exploration_s_own_candidate_comes_before_near_misses() -> None:
    given = [placed(RANKED, drawn(10), seed, 1.0)[1] for seed in range(50)]
    assert {what.key.id if what else None for what in given} == {"25"}


def test_rules_that_lead_places_together_make_the_one_as_likely_as_both() -> None:
    given = placed(RANKED, drawn(0), 3, 1.0)[1]
    assert given is not None
    assert place_under(given, RANKED, list) == given
    first = place_under(given, RANKED, lambda keys: [given.key, *(k for k in keys if k != given.key)])
    assert first.rank == 1
    assert first.probability == pytest.approx(given.probability * len(PLACES))
