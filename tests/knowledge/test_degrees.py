import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.degrees import Degrees
from ltrr_opensearch.knowledge.members import Member, most_interesting, usual_shares, with_clicks

MEMBERS = [
    Member("leaning", "Hart", 8, {"Pop": 6, "Country": 2}, 20.0),
    Member("leaning", "Sally", 1, {"Jazz": 1}, 30.0),
    Member("leaning", "Merrow", 9, {"Jazz": 9}, 10.0),
    Member("leaning", "Both", 2, {"Jazz": 2, "Pop": 2}, 4.0),
    Member("mood", "Hart", 4, {"sad": 4}, 8.0),
]
KNOWN = Degrees.of(MEMBERS)


def test_a_degree_is_the_share_shrunk_to_what_is_usual() -> None:
    assert KNOWN.degree("leaning", "Hart", ["Pop"]) == pytest.approx((6 + 2 * 8 / 20) / 10)
    assert KNOWN.degree("leaning", "Hart", ["Jazz"]) == pytest.approx((2 * 12 / 20) / 10), "none of hers is jazz"
    assert KNOWN.degree("leaning", "Hart", ["Jazz", "Country"]) == pytest.approx((2 + 2 * 2 / 20) / 10)
    merrow, sally = (KNOWN.degree("leaning", name, ["Jazz"]) for name in ("Merrow", "Sally"))
    assert merrow is not None
    assert sally is not None
    assert merrow > sally, "one song makes no jazz artist"
    assert KNOWN.degree("leaning", "Nobody", ["Jazz"]) is None
    assert KNOWN.degree("leaning", "Hart", ["Polka"]) is None
    assert KNOWN.degree("mood", "Merrow", ["sad"]) is None, "a member of one degree is none of another"


def test_members_come_by_degree_and_interest() -> None:
    assert [one.key for one in KNOWN.most("leaning", ["Jazz"], 9)] == ["Sally", "Merrow", "Both"]
    assert [one.key for one in KNOWN.most("leaning", ["Jazz"], 2)] == ["Sally", "Merrow"]
    (hart, both) = KNOWN.most("leaning", ["Country", "Pop"], 9)
    assert (hart.key, both.key) == ("Hart", "Both")
    assert hart.degree == pytest.approx(KNOWN.degree("leaning", "Hart", ["Pop"])), "the larger of both"
    assert KNOWN.most("leaning", ["Polka"], 9) == Degrees.of().most("leaning", ["Jazz"], 9) == []


def test_how_much_likelier_than_usual() -> None:
    assert KNOWN.lift("leaning", ["Merrow"], ["Jazz"]) == pytest.approx((9 + 1.2) / 11 / 0.6)
    lift = KNOWN.lift("leaning", ["Hart"], ["Jazz"])
    assert lift is not None
    assert lift < 0.25
    assert KNOWN.lift("leaning", ["Nobody"], ["Jazz"]) is None


def test_clicks_count_as_documents() -> None:
    clicked = list(with_clicks(MEMBERS, {("leaning", "Hart", "Jazz"): 4.0, ("leaning", "Nobody", "Jazz"): 1.0}))
    assert (clicked[0].documents, clicked[0].groups) == (12, {"Pop": 6, "Country": 2, "Jazz": 4})
    assert clicked[1:-1] == MEMBERS[1:]
    assert clicked[-1] == Member("leaning", "Nobody", 1.0, {"Jazz": 1.0}, 1.0), "whose songs say nothing"
    moved = Degrees.of(clicked).degree("leaning", "Hart", ["Jazz"])
    before = KNOWN.degree("leaning", "Hart", ["Jazz"])
    assert moved is not None
    assert before is not None
    assert moved > 2 * before


def test_the_interesting_members_are_kept() -> None:
    assert [one.key for one in most_interesting(MEMBERS, 3)] == ["Sally", "Hart"]
    assert Degrees.of(MEMBERS[:1]).degree("leaning", "Sally", ["Pop"]) is None


def test_listed_are_the_best_of_a_group() -> None:
    many = [Member("d", f"m{n}", 2.0, {"a": 2.0, "b": 2.0}, float(n)) for n in range(300)]
    known = Degrees.of(many)
    assert [one.key for one in known.most("d", ["a", "b"])] == [f"m{n}" for n in range(299, 99, -1)]
    assert known.degree("d", "m3", ["a"]) == known.degree("d", "m299", ["a"])


def test_as_bytes_it_is_the_same() -> None:
    again = Degrees.from_blobs(KNOWN.blobs())
    assert again.most("leaning", ["Jazz"], 9) == KNOWN.most("leaning", ["Jazz"], 9)
    assert again.nbytes == KNOWN.nbytes > 0


@pytest.mark.parametrize("array", ["usual", "starts", "which", "shares", "interests", "documents", "firsts", "listed"])
def test_arrays_that_do_not_fit_are_refused(array: str) -> None:
    for damaged in (b"\1\0\0\0", KNOWN.blobs()[f"degree_{array}"][:-4]):
        with pytest.raises(ModelError, match="its degrees do not fit one another; publish it again with `ltrr setup`"):
            Degrees.from_blobs(KNOWN.blobs() | {f"degree_{array}": damaged})


COUNTS = st.dictionaries(st.sampled_from("abc"), st.integers(1, 20).map(float), max_size=3)


@given(st.dictionaries(st.text("xyz", min_size=1), COUNTS, max_size=6))
def test_degrees_are_shares_whatever_is_counted(counts: dict[str, dict[str, float]]) -> None:
    members = [Member("d", key, sum(of.values()) or 1.0, of, 1.0) for key, of in counts.items()]
    known = Degrees.of(members)
    usual = usual_shares(members)
    for key, of in counts.items():
        for _, group in usual:
            degree = known.degree("d", key, [group])
            assert degree is not None
            assert 0 < degree < 1 + 1e-6
            listed = {one.key: one.degree for one in known.most("d", [group], 9)}
            assert (key in listed) is (group in of)
            assert listed.get(key, degree) == degree
