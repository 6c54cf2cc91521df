"""The documentation's pages, whose examples are executed."""

import re
from pathlib import Path

_DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> str:
    return (_DOCS / name).read_text(encoding="utf-8")


def example(name: str, language: str) -> str:
    """The page's only code block of a language."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", page(name), flags=re.DOTALL)
    return str(block)
