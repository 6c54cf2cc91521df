"""What may differ between the proxy's answer to a bad request and the node's own."""

from __future__ import annotations

import re
from typing import Any

import orjson

from tests.fuzz.case import Case
from tests.fuzz.wire import Answered, Seen

REFUSALS = frozenset((400, 405, 408, 411, 413, 414, 417, 431, 501, 505))
"""How a server says that it cannot read a request."""
STRICTER = frozenset(
    (
        *("both_lengths", "odd_lengths", "folded", "bare_breaks", "codings"),
        *("injected", "foreign_forms", "path_tricks", "request_lines", "oversized_heads"),
    )
)
"""Classes in which we may refuse what the node takes: it is not sure that everybody reads these as the node does."""
_VOLATILE = re.compile(rb"@[0-9a-f]{4,}|\d+ms|\[\d+\.\d+\.\d+\.\d+:\d+\]")


def complaint(case: Case, node: Seen, proxy: Seen) -> str:
    """What is wrong with the proxy's answers; empty where nothing is."""
    if proxy.hung and not node.hung:
        return "hangs"
    if proxy.desync and not node.desync:
        return "what follows on the connection is answered by what was left over"
    if proxy.statuses == [502] and (node.closed or not node.answers):
        return ""  # what a gateway says of a node that closes, perhaps while it is still being sent to
    if ours := [status for status in proxy.statuses if status >= 500 and status not in node.statuses]:
        return f"answers {ours}"
    if case.events:
        return "" if proxy.statuses and proxy.statuses[0] < 500 else "no answer"
    if len(proxy.answers) > max(1, len(node.answers)) and not node.hung:
        return f"{len(proxy.answers)} answers where the node gives {len(node.answers)}"
    if proxy.torn and not node.torn:
        return "an answer is torn"
    return _difference(case, node, proxy)


def _difference(case: Case, node: Seen, proxy: Seen) -> str:
    if not proxy.answers:
        closes_too = not node.answers or (case.waits and case.kind in STRICTER | {"oversized"})
        return "" if closes_too else "closes without an answer"
    first = proxy.answers[0]
    if case.kind in STRICTER and first.status in REFUSALS:
        return ""
    if not node.answers:
        return f"answers {first.status} where the node closes"
    if node.answers[0].status == 101:
        return ""  # an offer of another protocol may be left aside
    return _unlike(node.answers[0], first)


def _unlike(node: Answered, proxy: Answered) -> str:
    if node.status != proxy.status:
        return f"answers {proxy.status}, the node {node.status}"
    if _essence(node.body) != _essence(proxy.body):
        return f"says {proxy.body[:300]!r}, the node {node.body[:300]!r}"
    return ""


def _essence(body: bytes) -> Any:
    """What two answers to the same request share: errors wholly, of a page only that it is one."""
    try:
        content = orjson.loads(_VOLATILE.sub(b"", body))
    except orjson.JSONDecodeError:
        return body
    if isinstance(content, dict) and isinstance(content.get("responses"), list):
        return [_item(item) for item in content["responses"]]
    return _item(content)


def _item(content: Any) -> Any:
    if isinstance(content, dict) and "error" in content:
        return content["error"]
    return "a page" if isinstance(content, dict) and "hits" in content else content
