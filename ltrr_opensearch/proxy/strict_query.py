"""The query of a URL, read only where we read it as OpenSearch does.

OpenSearch takes `;` for a separator as it takes `&`, and refuses an escape that is none; others keep both as text.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

_PLAIN = re.compile(r"(?:[\x21-\x24\x26-\x3a\x3c-\x7e]|%[0-9A-Fa-f]{2})*")
"""Visible ASCII without `%`, but for escapes, and without `;`."""


def is_plain(query: str) -> bool:
    if not _PLAIN.fullmatch(query) or "#" in query:
        return False
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError:
        return False
    return True
