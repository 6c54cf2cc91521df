"""Other forms of a word that the catalogue does not know, by the endings of European languages.

No stemming: a form counts only if the catalogue knows it, so rules may be generous. English plurals are folded on both
sides before (`normalise.fold`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

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


def _by_ending(pairs: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    others: dict[str, list[str]] = {}
    for ending, other in pairs:
        others.setdefault(ending, []).append(other)
    return {ending: tuple(dict.fromkeys(of)) for ending, of in others.items()}


_PAIRS = {language: _pairs(rules) for language, rules in ENDINGS.items()}
_RULES = {language: _by_ending(pairs) for language, pairs in _PAIRS.items()}
_ALL = _by_ending(pair for pairs in _PAIRS.values() for pair in pairs)
_LONGEST = max(map(len, _ALL))


def forms(word: str, language: str) -> Iterator[str]:
    """Words that may be the same word in another form; of an undetermined language by all rules."""
    if not word.isalpha():
        return
    rules = _RULES.get(language, _ALL)
    for stem in range(max(_LEAST_STEM, len(word) - _LONGEST), len(word) + 1):
        for other in rules.get(word[stem:], ()):
            yield word[:stem] + other
