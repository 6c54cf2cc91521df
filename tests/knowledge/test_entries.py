from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.gazetteer import Gazetteer

VALUES = [("brand", "Kingston Technology", 90), ("type", "Electric shaver", 40), ("material", "Steel", 30)]
SAID = Mentions(
    told={("brand", "kingston"): 50, ("type", "electric"): 50},
    meant={("brand", "kingston"): 49, ("type", "electric"): 3},
    words={"kingston": 50, "electric": 300},
    filled={"brand": 900, "type": 500},
    documents=1000,
)


def test_a_name_may_be_called_by_its_first_word_where_documents_do_so() -> None:
    gazetteer = Gazetteer.from_values(VALUES, mentions=SAID)
    (kingston,) = gazetteer.match(("kingston",))
    assert (kingston.value, kingston.spellings) == ("Kingston Technology", ("Kingston Technology",))
    assert kingston.confidence > 0.9
    assert gazetteer.match(("electric",)) == ()


def test_before_documents_were_read_first_words_are_looked_for_and_not_believed() -> None:
    gazetteer = Gazetteer.from_values(VALUES)
    assert gazetteer.named_in("kingston electric") == {"kingston", "electric"}
    assert gazetteer.match(("kingston",)) == ()


def test_a_general_value_is_spelled_by_its_special_ones() -> None:
    rows = [*VALUES, ("material", "Stainless steel", 9), ("material", "Steel, Wood", 5), ("material", "Wood", 4)]
    (steel,) = Gazetteer.from_values(rows).match(("steel",))
    assert steel.spellings == ("Steel", "Stainless steel", "Steel, Wood")


def test_a_longer_value_of_a_field_is_preferred_to_one_inside_it() -> None:
    rows = [("type", "Mobile workstation", 3), ("type", "Workstation", 300), ("line", "Workstation", 3)]
    slots = {(s.field, s.value): s.confidence for s in Gazetteer.from_values(rows).match(("mobile", "workstation"))}
    assert slots["type", "Mobile workstation"] > 5 * slots["type", "Workstation"]
    assert slots["line", "Workstation"] > 0
