"""Slots as Vowpal Wabbit's examples: the same as its own parser makes of text, whatever the names and numbers."""

import pytest
from vowpal_wabbit_next import CBLabel, TextFormatParser

from ltrr_opensearch.choose import examples
from ltrr_opensearch.choose.vowpal import Reader, Teacher, workspace
from ltrr_opensearch.errors import DataError
from ltrr_opensearch.types import Features, Slot

LADDER = (0, 10, 50, 200)
SLOT = Slot("knn", "knn", "dense", 1, {"kind=words": 1.0}, {"found": 0.5}, (("original", 50),), LADDER, (True,) * 4)
ARGUMENTS = ["--cb_explore_adf", "--cb_type", "mtr", "--squarecb", *examples.interaction_arguments()]


def slots() -> list[Slot]:
    """Several searches of two slots that share their context; some numbers are 0, of some slots nothing is known.

    Whole numbers, since the library reads others (0.125) from text with a small error.
    """
    made = []
    for n in range(40):
        context = {f"kind={n % 3}": 1.0, "tokens": float(n), "covered": float(n % 2)}
        first = SLOT._replace(plan="original", strategy="original", source="lexical", drawn=(), context=context)
        made += [first, SLOT._replace(context=context, action={"found": float(40 - n), "rare": 0.0} if n % 4 else {})]
    return made


def as_text(slot: Slot) -> str:
    """The shared line as somebody would write it."""
    spaces = {
        examples.CONTEXT: slot.context,
        examples.FACTS: slot.action,
        examples.DRAWN: examples.drawn_features(slot.drawn),
        examples.STRATEGY: examples.strategy_features(slot.strategy, slot.source),
    }
    return "shared " + " ".join(f"|{letter} {written(features)}" for letter, features in spaces.items())


def written(features: Features) -> str:
    return " ".join(f"{examples.code(name)}:{value:g}" for name, value in features.items())


def test_arrays_teach_what_text_does_bit_by_bit() -> None:
    ours, theirs = workspace(ARGUMENTS), workspace(ARGUMENTS)
    teacher, parser = Teacher(ours, compares=False), TextFormatParser(theirs)
    for n, slot in enumerate(slots()):
        rung, cost = n % 4, -n / 80
        teacher.learn(slot, [(rung, cost, 1.0)])
        action = parser.parse_line(examples.rung_line(LADDER[rung]))
        action.set_label(CBLabel(label=(0, cost, 1.0)))
        theirs.learn_one([parser.parse_line(as_text(slot)), action])
    assert ours.serialize() == theirs.serialize()


def test_names_are_only_checksums() -> None:
    """What would be syntax in text has a place of its own, as any other name."""
    of = workspace(ARGUMENTS)
    hostile = "x |a b:9\n0:-1:1 |"
    shared = Reader(of._workspace)(SLOT._replace(context={f"segment={hostile}": 1.0}, strategy=hostile, source=hostile))
    places = {chr(group.feat_group_index): list(group.indices) for group in shared}
    assert {name: len(of) for name, of in places.items() if name in "cfds"} == {"c": 1, "f": 1, "d": 2, "s": 2}
    assert set(examples.code(hostile)) <= set("x0123456789abcdef")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e9])
def test_numbers_that_would_poison_the_model_are_refused(value: float) -> None:
    of = workspace(ARGUMENTS)
    teacher, before = Teacher(of, compares=False), of.serialize()
    for bad in (SLOT._replace(action={"found": value}), SLOT._replace(context={"found": value})):
        with pytest.raises(DataError, match="'found' is"):
            teacher.learn(bad, [(1, -0.5, 1.0)])
    assert of.serialize() == before


def test_a_refused_slot_leaves_nothing_to_the_next_one() -> None:
    refused, never = workspace(ARGUMENTS), workspace(ARGUMENTS)
    teacher, other = Teacher(refused, compares=False), Teacher(never, compares=False)
    with pytest.raises(DataError):
        teacher.learn(SLOT._replace(action={"found": float("nan")}), [(1, -0.5, 1.0)])
    for each in (teacher, other):
        each.learn(SLOT._replace(action={}), [(1, -0.5, 1.0)])
    assert refused.serialize() == never.serialize()
