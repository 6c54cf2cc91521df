import pytest

from ltrr_opensearch.errors import ModelError
from ltrr_opensearch.knowledge.beliefs import Mentions
from ltrr_opensearch.knowledge.company import LEAST_SHARE, Company

SAID = Mentions(
    words={"cable": 100, "filter": 100, "rare": 3},
    beside={("cable", "length"): 90, ("filter", "length"): 0, ("filter", "brand"): 100, ("cable", "brand"): 100},
    filled={"length": 200, "brand": 1000},
    documents=1000,
)


def test_a_field_that_a_words_documents_lack_has_a_small_share() -> None:
    company = Company.of(SAID)
    assert company.of_words(["cable"]).get("length", 1.0) == 1
    assert company.of_words(["filter"]).get("length", 1.0) < 0.06
    assert (
        company.of_words(["cable", "filter"]).get("length", 1.0)
        == company.of_words(["filter"]).get("length", 1.0)
        >= LEAST_SHARE
    )
    assert company.of_words(["filter"]).get("brand", 1.0) == 1


def test_what_is_not_known_takes_nothing() -> None:
    company = Company.of(SAID)
    assert company.of_words(["rare", "new"]).get("length", 1.0) == 1
    assert company.of_words(["filter"]).get("other", 1.0) == 1
    assert Company.of(Mentions()).of_words(["filter"]).get("length", 1.0) == 1


def test_blobs_keep_it_and_damage_is_told() -> None:
    company = Company.of(SAID)
    copy = Company.from_blobs(company.fields, company.blobs())
    assert copy.of_words(["filter"]).get("length", 1.0) == company.of_words(["filter"]).get("length", 1.0)
    with pytest.raises(ModelError, match="words and the fields beside them differ"):
        Company.from_blobs(("length",), company.blobs())
