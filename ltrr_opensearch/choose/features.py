"""The names a policy sees: context of the search, and facts about one plan.

One declaration, from which docs/features.md is generated. Numbers are scaled to about 0..1, so that no feature drowns
the others in a linear model. A name that ends in `=` stands for a family `name=value`, one that ends in `_` for one
whose names strategies give.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from ltrr_opensearch.choose_settings import FeatureGroup
from ltrr_opensearch.kinds import KIND, KINDS

GROUPS: tuple[str, ...] = get_args(FeatureGroup)


@dataclass(frozen=True, slots=True)
class Declared:
    """`group` switches it (`choose.features`); `type` is indicator, share, number or flag."""

    name: str
    group: FeatureGroup
    type: str
    unit: str
    source: str
    meaning: str


_TEXT, _READ, _MEMORY = "the query's text", "gazetteer", "memory"
_SAID, _CLOCK = "`ext.ltrr.context` or a header", "the search's time"
_LOG, _STRATEGY, _TERMS = "aggregates", "the strategy", "set-up's word counts"

CONTEXT = (
    Declared("language=", "text", "indicator", "1", _TEXT, "language of the text"),
    Declared(KIND, "text", "indicator", "1", _TEXT + ", " + _READ, "kind of query: " + ", ".join(KINDS)),
    Declared("tokens", "text", "number", "tokens / 10", _TEXT, "length in tokens"),
    Declared("characters", "text", "number", "characters / 50", _TEXT, "length in characters"),
    Declared("digit_tokens", "text", "share", "of tokens", _TEXT, "tokens with a digit"),
    Declared("idf_largest", "text", "number", "idf / 10", _TERMS, "how rare the query's rarest word is in the index"),
    Declared("idf_smallest", "text", "number", "idf / 10", _TERMS, "how rare its commonest word is"),
    Declared("idf_mean", "text", "number", "idf / 10", _TERMS, "how rare its words are on the average"),
    Declared("unknown_tokens", "text", "share", "of tokens", _TERMS, "words that no document of set-up's sample holds"),
    Declared("readings", "readings", "number", "readings / 10", _READ, "interpretations found"),
    Declared("likelihood", "readings", "share", "likelihood", _READ, "of the best reading"),
    Declared("slots", "readings", "number", "slots / 5", _READ, "values of fields recognised by the best reading"),
    Declared("covered", "readings", "flag", "0 or 1", _READ, "the best reading leaves no text over"),
    Declared("confidence", "readings", "share", "confidence", _READ, "mean over the best reading's slots"),
    Declared(
        "slot=",
        "readings",
        "share",
        "confidence",
        _READ,
        "of a field that the best reading fills, or a type that it names",
    ),
    Declared("entity=", "readings", "share", "likelihood", _READ, "of readings that want entities of this type"),
    Declared(
        "intent=",
        "readings",
        "share",
        "likelihood",
        _READ,
        "what is wanted, over all readings: values (things that have them), refined (a topic among these), item, topic",
    ),
    Declared("memory_similarity", "memory", "share", "similarity", _MEMORY, "of the nearest remembered query"),
    Declared("memory_exact", "memory", "flag", "0 or 1", _MEMORY, "the same normalised query is remembered"),
    Declared("memory_queries", "memory", "number", "queries / 10", _MEMORY, "remembered queries near this one"),
    Declared("memory_entities", "memory", "number", "entities / 50", _MEMORY, "that the nearest one leads to"),
    Declared("memory_score", "memory", "share", "Q2E score", _MEMORY, "of the nearest one's best entity"),
    Declared("device=", "asker", "indicator", "1", _SAID, "the asker's device"),
    Declared("locale=", "asker", "indicator", "1", _SAID, "the asker's locale"),
    Declared("segment=", "asker", "indicator", "1", _SAID, "the asker's segment, or a profile's"),
    Declared("hour=", "time", "indicator", "1", _CLOCK, "hour of the day, on the asker's clock or else UTC"),
    Declared("weekday=", "time", "indicator", "1", _CLOCK, "day of the week, Monday is 0; as are the next three"),
    Declared("month=", "time", "indicator", "1", _CLOCK, "month of the year"),
    Declared("day_part=", "time", "indicator", "1", _CLOCK, "night, morning, afternoon, evening: six hours each"),
    Declared("weekend", "time", "flag", "0 or 1", _CLOCK, "Saturday or Sunday"),
    Declared("local_time", "time", "flag", "0 or 1", _SAID, "the asker's clock is known: by `time_zone` or the locale"),
    Declared(
        "season=", "season", "indicator", "1", _CLOCK + ", the locale's country", "seasons of shopping and leisure"
    ),
    Declared("user_searches", "user", "number", "ln(1 + searches) / 10", _LOG, "of this person, decayed"),
    Declared("user_success", "user", "share", "of searches", _LOG, "in which this person acted on something"),
    Declared("user_failed", "user", "share", "of searches", _LOG, "of this person that failed (see `query_failed`)"),
    Declared("user_kind=", "user", "share", "of searches", _LOG, "this person's usual kind of query, and its share"),
    Declared("user_same_kind", "user", "share", "of searches", _LOG, "of this person that were of this query's kind"),
    Declared("query_asked", "query", "number", "ln(1 + searches) / 10", _LOG, "for this very query, decayed"),
    Declared("query_found", "query", "share", "of rewarded searches", _LOG, "in which some plan had the object"),
    Declared(
        "query_failed", "query", "share", "of searches", _LOG, "without an action, after which somebody asked anew"
    ),
    Declared(
        "query_focus",
        "query",
        "share",
        "probability",
        _LOG,
        "that two actions for it are on the same object: e^-H2 of the clicks, 1 for a known item",
    ),
    Declared("query_is=", "query", "indicator", "1", _LOG, "a checksum of a query asked before: what works for it"),
)

ACTION = (
    Declared("fact_", "plan", "number", "as the strategy gives it", _STRATEGY, "what it knows before asking"),
    Declared("likelihood", "plan", "share", "likelihood", _STRATEGY, "that the plan's reading is meant"),
    Declared("needs_vector", "plan", "flag", "0 or 1", _STRATEGY, "the plan causes an encoding"),
    Declared("found", "overall", "share", "of rewarded searches", _LOG, "in which the strategy had the object"),
    Declared("reciprocal_rank", "overall", "share", "1 / rank", _LOG, "mean over those searches, 0 where not found"),
    Declared("score", "overall", "number", "ln(1 + score) / 5", _LOG, "mean of its best candidate's score"),
    Declared("results", "overall", "number", "ln(1 + hits) / 15", _LOG, "mean of the hits that matched"),
    Declared("took", "overall", "number", "s", _LOG, "mean time of its request"),
    Declared("candidates", "overall", "number", "candidates / 100", _LOG, "mean of what it brought when it was asked"),
    Declared("kind_found", "by_kind", "share", "of rewarded searches", _LOG, "`found` among queries of this kind"),
    Declared("kind_reciprocal_rank", "by_kind", "share", "1 / rank", _LOG, "the same of `reciprocal_rank`"),
    Declared("kind_level", "by_kind", "share", "s / (s + usual)", _LOG, "mean best score beside its usual one"),
    Declared("kind_results", "by_kind", "number", "ln(1 + hits) / 15", _LOG, "`results` among queries of this kind"),
    Declared("query_found", "by_query", "share", "of rewarded searches", _LOG, "`found` for this very query"),
    Declared("query_reciprocal_rank", "by_query", "share", "1 / rank", _LOG, "`reciprocal_rank` for this very query"),
    Declared(
        "query_rewarded", "by_query", "number", "ln(1 + searches) / 10", _LOG, "that these two rest upon, decayed"
    ),
    Declared("query_level", "by_query", "share", "s / (s + usual)", _LOG, "mean best score beside its usual one"),
    Declared(
        "query_last_level", "by_query", "share", "s / (s + usual)", _LOG, "the same of the last time it was asked"
    ),
    Declared("query_results", "by_query", "number", "ln(1 + hits) / 15", _LOG, "`results` for this very query"),
    Declared("query_last_results", "by_query", "number", "ln(1 + hits) / 15", _LOG, "the same of the last time"),
    Declared("user_found", "by_user", "share", "of rewarded searches", _LOG, "`found` for this person"),
    Declared("user_rewarded", "by_user", "number", "ln(1 + searches) / 10", _LOG, "that it rests upon, decayed"),
    Declared(
        "rare", "entities", "share", "of first ten", _LOG + ", exposure", "rarely shown so far, as new things are"
    ),
    Declared("popular", "entities", "share", "of first ten", _LOG + ", exposure", "among what took half of all gains"),
    Declared("personal", "entities", "share", "of first ten", _LOG, "acted upon by the same person before"),
    Declared(
        "agreement", "entities", "share", "of the memory's first ten", _LOG, "that it has among its first ten too"
    ),
    Declared("kind_agreement", "entities", "share", "of the memory's first ten", _LOG, "for this kind of query"),
    Declared("query_rare", "entities", "share", "of first ten", _LOG + ", exposure", "`rare` for this very query"),
    Declared(
        "query_popular", "entities", "share", "of first ten", _LOG + ", exposure", "`popular` for this very query"
    ),
    Declared("query_agreement", "entities", "share", "of the memory's first ten", _LOG, "for this very query"),
)

RUNG = (
    ("strategy=", "indicator", "the strategy"),
    ("source=", "indicator", "its source: lexical, dense, sparse, structured, related, memory"),
    ("depth=", "indicator", "the depth, one line a rung that is feasible"),
    ("PLAN:DEPTH", "indicator", "what each slot before this one drew"),
    ("asked", "plans / 5", "how many of them were asked"),
)
"""What the bandit adds of the action itself (`choose.examples`): name, unit, meaning."""
