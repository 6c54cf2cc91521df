"""Features: declared, finite, and the kind of query."""

from datetime import UTC, datetime
from math import isfinite
from pathlib import Path

import pytest

from ltrr_opensearch.choose.context import action_features, context_features
from ltrr_opensearch.choose.features import ACTION, CONTEXT
from ltrr_opensearch.kinds import kind_in, kind_of
from ltrr_opensearch.knowledge.aggregates import Aggregates, Cell
from ltrr_opensearch.types import (
    AnalyzedQuery,
    Asker,
    EntityScore,
    QueryPlan,
    Reading,
    Remembered,
    SearchRequest,
    SlotValue,
    VectorUse,
)

AT = datetime(2026, 3, 7, 14, tzinfo=UTC)
BRAND = SlotValue("brand", "acme", 0, 1, 0.9)
KNOWN = Aggregates(
    {
        ("knn", "", ""): Cell(10, 8, 6, 3, 500, 120),
        ("knn", "values", ""): Cell(4, 4, 1, 0.5, 40, 40),
        ("knn", "", "acme"): Cell(2, 2, 2, 2, 9, 20),
        ("", "", "acme"): Cell(3, 2, 2, 0, 0, 0),
    },
    AT,
)


def analyzed(text: str, *readings: Reading, asker: Asker | None = None) -> AnalyzedQuery:
    asker = asker or Asker(device="tv", locale="de-DE", segment="a|b c:d")
    request = SearchRequest("q", "shop", text, {}, (), (), (), 10, 20, asker, None, AT)
    remembered = (Remembered(text, 1.0, (EntityScore("1", 0.7), EntityScore("2", 0.2))),)
    return AnalyzedQuery(request, text, tuple(text.split()), "en", readings, remembered)


def is_declared(name: str, names: set[str]) -> bool:
    return name in names or name.partition("=")[0] + "=" in names or name.startswith("fact_")


def test_every_feature_is_declared_and_finite() -> None:
    query = analyzed("acme", Reading((BRAND,), "", 0.8))
    plan = QueryPlan(
        "knn", "knn", "dense", lambda d, v: None, VectorUse.NEEDED, facts={"matched": 2.0, "odd": float("nan")}
    )
    context, action = context_features(query, KNOWN, AT), action_features(plan, query, KNOWN)
    assert [n for n in context if not is_declared(n, {d.name for d in CONTEXT})] == []
    assert [n for n in action if not is_declared(n, {d.name for d in ACTION})] == []
    assert all(isfinite(v) for v in (*context.values(), *action.values()))


def test_context_says_what_is_known() -> None:
    context = context_features(analyzed("acme", Reading((BRAND,), "", 0.8)), KNOWN, AT)
    assert context["kind=values"] == context["slot=brand"] == context["weekend"] == context["day_part=afternoon"] == 1
    assert context["memory_exact"] == 1
    assert context["memory_score"] == pytest.approx(0.7)
    assert context["query_found"] == 1
    assert kind_in(context) == "values"
    assert kind_in({}) == ""


def test_action_features_hold_history() -> None:
    query = analyzed("acme", Reading((BRAND,), "", 0.8))
    action = action_features(QueryPlan("knn", "knn", "dense", lambda d, v: None), query, KNOWN)
    assert action["found"] == pytest.approx(6 / 8)
    assert action["kind_found"] == pytest.approx(1 / 4)
    assert action["query_reciprocal_rank"] == 1
    assert action["took"] == pytest.approx(0.012)
    assert "found" not in action_features(QueryPlan("x", "x", "dense", lambda d, v: None), query, KNOWN)


@pytest.mark.parametrize(
    ("text", "readings", "kind"),
    [
        ("acme", (Reading((BRAND,), "", 1.0),), "values"),
        ("acme tv", (Reading((BRAND,), "tv", 1.0),), "mixed"),
        ("wh-1000xm4", (), "identifier"),
        ("12345", (), "identifier"),
        ("2 tables", (), "words"),
        ("lamp", (Reading((), "lamp", 1.0),), "word"),
        ("", (), "word"),
        ("something to read in bed", (), "sentence"),
    ],
)
def test_kinds(text: str, readings: tuple[Reading, ...], kind: str) -> None:
    assert kind_of(analyzed(text, *readings)) == kind


def test_every_feature_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "learning-loop.md").read_text(encoding="utf-8")
    assert [d.name for d in (*CONTEXT, *ACTION) if f"| `{d.name}` | {d.unit} | {d.meaning} |" not in page] == []
