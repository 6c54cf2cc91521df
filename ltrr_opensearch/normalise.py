"""The form in which texts are compared: NFKC, casefolded, punctuation and runs of space folded into one space.

Look-ups go one step further and fold plurals (`fold`), so that "batteries" finds "battery". What is sent to the
cluster as text is never this form: analysis of documents and queries is the cluster's business.
"""

from __future__ import annotations

import re
import unicodedata

TOKEN = re.compile(r"\w+(?:[.,'\u2019+/#-]*\w+)*[+#]*")
"""A word with inner joints: "usb-c", "9.5", "802.11ac", "c++", "rock'n'roll" stay whole."""


def tokenize(text: str) -> tuple[str, ...]:
    """Words of the normalised text, in order."""
    return tuple(TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))


def normalise(text: str) -> str:
    """The key under which a query is remembered; idempotent."""
    return " ".join(tokenize(text))


def fold(token: str) -> str:
    """A light English plural folding, for look-ups only; short words and numbers stay as they are."""
    if len(token) < 4 or not token[-2:].isalpha() or not token.endswith("s") or token.endswith(("ss", "us", "is")):
        return token
    if token.endswith("ies"):
        return token[:-3] + "y"
    if token.endswith(("ches", "shes", "xes", "sses", "zes")):
        return token[:-2]
    return token[:-1]
