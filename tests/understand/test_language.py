import pytest

from ltrr_opensearch.normalise import tokenize
from ltrr_opensearch.understand.language import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("a charger for my phone", "en"),
        ("tasche für den laptop", "de"),
        ("cable avec le connecteur", "fr"),
        ("funda para el portátil", "es"),
        ("hoes voor het toestel", "nl"),
        ("ノートパソコン ケース", "ja"),
        ("ноутбук", "ru"),
        ("노트북 가방", "ko"),
        ("laptop bag", "und"),
        ("die", "und"),
        ("ноутбук 노트북", "und"),
        ("", "und"),
    ],
)
def test_guess(text: str, language: str) -> None:
    assert guess_language(tokenize(text)) == language
