import pytest

from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.index_settings import IndexSettings, StrategySettings, VectorSettings
from ltrr_opensearch.knowledge.snapshot import Knowledge
from ltrr_opensearch.plan.fresh import FreshOptions
from ltrr_opensearch.plan.lexical import LexicalOptions
from ltrr_opensearch.plan.q2e import Q2eOptions
from ltrr_opensearch.plan.registry import BUILT_IN, build_strategies
from ltrr_opensearch.plan.related import RelatedOptions
from ltrr_opensearch.plan.structured import StructuredOptions
from tests.plan.pages import page


def _names(index: IndexSettings) -> list[str]:
    return [s.name for s in build_strategies(index, Knowledge.empty())]


def test_the_defaults_ask_knn_only_where_there_are_vectors() -> None:
    assert _names(IndexSettings(text_fields={"t": 1})) == ["original", "lexical", "structured", "q2e", "fresh"]
    with_vectors = IndexSettings(text_fields={"t": 1}, vector=VectorSettings())
    assert _names(with_vectors) == ["original", "lexical", "structured", "q2e", "knn", "fresh"]


def test_one_strategy_under_two_names() -> None:
    strategies = (
        StrategySettings(name="all", use="lexical"),
        StrategySettings(name="any", use="lexical", options={"operator": "or"}),
    )
    assert _names(IndexSettings(text_fields={"t": 1}, strategies=strategies)) == ["all", "any"]


def test_an_unknown_strategy_is_refused_with_what_there_is() -> None:
    index = IndexSettings(text_fields={"t": 1}, strategies=(StrategySettings(name="mine", use="bm52"),))
    with pytest.raises(SettingsError, match="'mine': there is no 'bm52' to use; there are: fresh, knn, lexical"):
        build_strategies(index, Knowledge.empty())


def test_every_strategy_and_option_is_documented() -> None:
    text = page("strategies.md")
    options = {
        *LexicalOptions.model_fields,
        *StructuredOptions.model_fields,
        *Q2eOptions.model_fields,
        *FreshOptions.model_fields,
        *RelatedOptions.model_fields,
    }
    assert [name for name in (*BUILT_IN, *sorted(options)) if f"`{name}`" not in text] == []
