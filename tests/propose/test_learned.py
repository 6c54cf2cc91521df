from dataclasses import replace

import numpy as np
import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.gazetteer import Gazetteer
from ltrr_opensearch.propose.doubts import doubts_of
from ltrr_opensearch.propose.learned import FEWEST, learn
from ltrr_opensearch.propose.names import feature_name
from ltrr_opensearch.propose.proposer import Proposed, Proposer
from tests.propose.made import BRANDS, FIELDS, GAZETTEER, KINDS, document, shop

LEAST = 0.7
PROPOSER, MEASURED = learn(shop(), GAZETTEER, FIELDS, LEAST)


def proposed(
    number: int, text: str | None = None, values: dict[str, tuple[str, ...]] | None = None
) -> dict[str, list[str]]:
    """Field -> values, for a document that states `values` only."""
    (one,) = PROPOSER.propose([replace(document(number, text), values=values or {})], LEAST)
    return {f: [p.value for p in of] for f, of in one.items()}


def test_what_the_text_says_and_what_documents_alike_have_is_proposed_where_it_lacks() -> None:
    assert [proposed(n) for n in (200, 201)] == [{"brand": [BRANDS[n % 2]], "kind": [KINDS[n % 3]]} for n in (200, 201)]
    assert proposed(200, values={"brand": ("Own",)}) == {"kind": [KINDS[200 % 3]]}, "never over the original"
    assert proposed(200, "nobody says it") == {"kind": [KINDS[200 % 3]]}
    assert PROPOSER.propose([], LEAST) == []


def test_it_says_of_itself_how_right_it_is() -> None:
    assert [(m.field, m.documents, m.precision, m.coverage) for m in MEASURED] == [
        ("brand", 180, 1.0, 1.0),
        ("kind", 180, 1.0, 1.0),
    ]
    assert all(m.calibration_error < 0.05 for m in MEASURED)


def test_where_text_and_embedding_say_nothing_it_says_so() -> None:
    """Brands dealt by chance: what is learned of documents left out is that nothing can be known."""
    rng = np.random.default_rng(0)
    by_chance = [replace(d, values={"brand": (BRANDS[rng.integers(2)],)}) for d in shop()]
    (measured,) = learn(by_chance, GAZETTEER, ("brand",), 0.9)[1]
    assert measured.coverage < 0.05


def test_without_embeddings_the_text_alone_decides() -> None:
    proposer, measured = learn(shop(vector=False), GAZETTEER, FIELDS, LEAST)
    assert [m.coverage for m in measured] == [1.0, 0.0], "kinds are not said"
    assert proposer.fields["kind"].classifier is None
    (one,) = PROPOSER.propose([document(200, "dell", vector=False, kind="Laptop")], LEAST)
    assert [p.value for p in one["brand"]] == ["Dell"], "also of one that knows embeddings"


def test_a_field_of_few_documents_is_left_out() -> None:
    few = [replace(d, values={}) if n >= FEWEST - 1 else d for n, d in enumerate(shop())]
    proposer, measured = learn(few, GAZETTEER, FIELDS, LEAST)
    assert (dict(proposer.fields), measured) == ({}, [])


def test_where_documents_alike_seldom_have_the_field_it_is_lacking_rightly() -> None:
    """Phones have no brand here, and one that lacks it is no wonder whatever its text says."""
    documents = [replace(d, values={"kind": ("Phone",)}) if n % 3 == 2 else d for n, d in enumerate(shop())]
    proposer, _ = learn(documents, GAZETTEER, FIELDS, LEAST)
    phone, laptop = document(200, "dell", kind="Phone"), document(201, "dell", kind="Laptop")
    assert [of.keys() for of in proposer.propose([phone, laptop], LEAST)] == [set(), {"brand"}]


def test_it_survives_being_stored() -> None:
    stored = PROPOSER.to_bytes()
    again = Proposer.from_bytes(stored, GAZETTEER)
    documents = [replace(document(n), values={}) for n in range(300, 320)]
    assert again.propose(documents, LEAST) == PROPOSER.propose(documents, LEAST)
    assert again.to_bytes() == stored
    for damaged in (stored[:-4], b"x" * 40, stored[:8] + b"\0" * (len(stored) - 8)):
        with pytest.raises(ModelError):
            Proposer.from_bytes(damaged, Gazetteer.from_values([]))


def test_a_text_that_contradicts_what_is_stated_is_told() -> None:
    wrong, right = document(200, "acer", brand="Dell"), document(202, "dell emc", brand="Dell")
    (doubt,) = doubts_of(PROPOSER, [wrong, right], 0.9)
    assert (doubt.id, doubt.field, doubt.states, doubt.says) == ("200", "brand", ("Dell",), "Acer")
    assert '"states": ["Dell"], "text_says": "Acer"' in doubt.to_line()


def test_names_hold_no_dots_and_stay_apart() -> None:
    assert feature_name("brand.keyword", "st. john 100%") == "brand%2Ekeyword=st%2E john 100%25"
    assert feature_name("a", "b%2Ec") != feature_name("a", "b.c")
    assert Proposed("k", "v", 0.5).confidence == 0.5


def test_a_boolean_is_proposed_only_where_the_text_says_yes() -> None:
    """Documents that say nothing of it mostly have it not, whatever those alike that state it say."""
    says = [replace(document(n, "screen" if n % 3 == 0 else "none"), values={"screen": ("true",)}) for n in range(90)]
    noes = [replace(document(n, "none"), values={"screen": ("false",)}) for n in range(90, 120)]
    proposer, (measured,) = learn([*says, *noes], GAZETTEER, ("screen",), 0.6)
    assert measured.covered == 30
    lacking = [replace(document(n, text), values={}) for n, text in ((200, "a screen"), (201, "none"), (203, "none"))]
    assert [[p.key for p in one.get("screen", ())] for one in proposer.propose(lacking, 0.6)] == [["true"], [], []]
