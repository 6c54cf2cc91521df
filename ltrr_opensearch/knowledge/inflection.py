"""Other forms of a word that the catalogue does not know, by the endings of European languages.

No stemming: a form counts only if the catalogue knows it, so rules may be generous. English plurals are folded on both
sides before (`normalise.fold`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

ENDINGS: Mapping[str, str] = {
    "en": "-s ing- ed- er- ing-e",
    "de": "-e -en -n -er -s -es e-en",
    "fr": "-s -x -e -es al-aux eux-euse",
    "es": "-s -es o-a o-os a-as z-ces",
    "it": "o-i a-e e-i o-a co-chi ca-che",
    "nl": "-en -s -e -n",
    "pt": "-s -es o-a m-ns ao-oes al-ais",
}
"""Pairs of endings that take each other's place, in both directions."""
_LEAST_STEM = 3


def _pairs(rules: str) -> tuple[tuple[str, str], ...]:
    split = [tuple(rule.split("-")) for rule in rules.split()]
    return tuple(dict.fromkeys(pair for a, b in split for pair in ((a, b), (b, a))))


_RULES = {language: _pairs(rules) for language, rules in ENDINGS.items()}
_ALL = tuple(dict.fromkeys(pair for rules in _RULES.values() for pair in rules))


def forms(word: str, language: str) -> Iterator[str]:
    """Words that may be the same word in another form; of an undetermined language by all rules."""
    if not word.isalpha():
        return
    for ending, other in _RULES.get(language, _ALL):
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            yield word[: len(word) - len(ending)] + other
