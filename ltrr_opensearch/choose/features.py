"""The names a policy sees: context of the search, and facts about one plan.

One declaration, from which the documentation is generated. Numbers are scaled to about 0..1, so that no feature
drowns the others in a linear model. A name that ends in `=` stands for a family `name=value` of indicators.
"""

from __future__ import annotations

from dataclasses import dataclass

from ltrr_opensearch.kinds import KIND


@dataclass(frozen=True, slots=True)
class Declared:
    name: str
    unit: str
    meaning: str


CONTEXT = (
    Declared("language=", "indicator", "language of the text"),
    Declared(KIND, "indicator", "kind of query: values, mixed, identifier, word, words, sentence"),
    Declared("tokens", "tokens / 10", "length in tokens"),
    Declared("characters", "characters / 50", "length in characters"),
    Declared("digit_tokens", "share", "tokens with a digit"),
    Declared("readings", "count / 10", "interpretations found"),
    Declared("likelihood", "share", "likelihood of the best reading"),
    Declared("slots", "count / 5", "values of fields recognised by the best reading"),
    Declared("covered", "0 or 1", "the best reading leaves no text over"),
    Declared("confidence", "share", "mean confidence of the best reading's slots"),
    Declared("slot=", "indicator", "a field filled by the best reading"),
    Declared("memory_similarity", "share", "similarity of the nearest remembered query"),
    Declared("memory_exact", "0 or 1", "the same normalised query is remembered"),
    Declared("memory_queries", "count / 10", "remembered queries near this one"),
    Declared("memory_entities", "count / 50", "entities that the nearest remembered query leads to"),
    Declared("memory_score", "share", "best score of an entity of the nearest remembered query"),
    Declared("idf_largest", "idf / 10", "how rare the query's rarest word is in the index"),
    Declared("idf_smallest", "idf / 10", "how rare its commonest word is"),
    Declared("idf_mean", "idf / 10", "how rare its words are on the average"),
    Declared("unknown_tokens", "share", "words that no document of set-up's sample holds"),
    Declared("device=", "indicator", "the asker's device, as the application says"),
    Declared("locale=", "indicator", "the asker's locale"),
    Declared("segment=", "indicator", "the asker's segment"),
    Declared("hour=", "indicator", "hour of the day, UTC"),
    Declared("weekday=", "indicator", "day of the week, Monday is 0"),
    Declared("month=", "indicator", "month of the year, for seasons"),
    Declared("day_part=", "indicator", "night, morning, afternoon, evening: six hours each, UTC"),
    Declared("weekend", "0 or 1", "Saturday or Sunday"),
    Declared("query_asked", "ln(1 + searches) / 10", "how often this query was asked, decayed"),
    Declared("query_found", "share", "its rewarded searches in which some plan had the object"),
    Declared("query_is=", "indicator", "a checksum of a query asked before: what works for it, whatever its kind"),
)

ACTION = (
    Declared("likelihood", "share", "likelihood that the plan's reading is meant"),
    Declared("needs_vector", "0 or 1", "the plan causes an encoding"),
    Declared("fact_", "as the strategy gives it", "what the strategy knows before asking"),
    Declared("found", "share", "rewarded searches in which the strategy had the object"),
    Declared("reciprocal_rank", "1 / rank", "mean over those searches, 0 where not found"),
    Declared("results", "ln(1 + hits) / 15", "mean of the hits that matched"),
    Declared("took", "s", "mean time of the strategy's request"),
    Declared("kind_found", "share", "`found` among queries of this kind"),
    Declared("kind_reciprocal_rank", "1 / rank", "`reciprocal_rank` among queries of this kind"),
    Declared("query_found", "share", "`found` for this very query"),
    Declared("query_reciprocal_rank", "1 / rank", "`reciprocal_rank` for this very query"),
    Declared("query_asked", "ln(1 + searches) / 10", "rewarded searches for this very query, decayed"),
)
