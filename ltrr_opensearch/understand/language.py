"""A cheap guess of a query's language: the script decides where it can, else function words; `und` when unsure.

Queries are short and full of brand names, so silence is the usual answer and a wrong guess the costlier one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

UNDETERMINED = "und"

_SCRIPTS = {
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "CJK": "zh",
    "CYRILLIC": "ru",
    "GREEK": "el",
    "ARABIC": "ar",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "THAI": "th",
}
"""First word of a character's Unicode name -> the language most often written with it."""

_FUNCTION_WORDS = {
    "en": "the a an and or of for with without in on to from my your how what which where is are best",
    "de": "der die das den dem ein eine einen und oder für mit ohne im auf zu von mein wie was welche wo ist sind",
    "fr": "le la les un une des et ou pour avec sans dans sur du au mon comment quel quelle où est sont meilleur",
    "es": "el la los las un una y o para con sin en sobre del al mi como qué cuál dónde es son mejor",
    "it": "il lo la gli un una e o per con senza nel su del al mio come che quale dove è sono migliore",
    "nl": "de het een en of voor met zonder in op naar van mijn hoe wat welke waar is zijn beste",
    "pt": "o a os as um uma e ou para com sem em sobre do da meu como que qual onde é são melhor",
}
_LANGUAGES_OF = {
    word: frozenset(lang for lang, words in _FUNCTION_WORDS.items() if word in words.split())
    for words in _FUNCTION_WORDS.values()
    for word in words.split()
}


def guess_language(tokens: Sequence[str]) -> str:
    """ISO 639-1 code of the language that most function words of the query belong to, else `und`."""
    written = {s for token in tokens for c in token if (s := _script(c)) is not None}
    if written:
        return "ja" if "ja" in written else written.pop() if len(written) == 1 else UNDETERMINED
    votes: dict[str, int] = {}
    for token in tokens:
        for language in _LANGUAGES_OF.get(token, ()):
            votes[language] = votes.get(language, 0) + 1
    best = max(votes.values(), default=0)
    winners = [language for language, n in votes.items() if n == best]
    return winners[0] if len(winners) == 1 and len(tokens) > 1 else UNDETERMINED


def _script(character: str) -> str | None:
    if character < "\u0370":
        return None
    return _SCRIPTS.get(unicodedata.name(character, "").split(" ", 1)[0].split("-", 1)[0])
