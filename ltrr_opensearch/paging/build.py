"""The parts of paging, from settings."""

from __future__ import annotations

import time
from collections.abc import Callable

from ltrr_opensearch.answer.pages import PageMemory
from ltrr_opensearch.cluster.headers import own_account
from ltrr_opensearch.paging.orders import Orders
from ltrr_opensearch.paging.shared import SharedPages
from ltrr_opensearch.retrieve.sending import Sender
from ltrr_opensearch.settings import Settings

KEPT_ORDERS = 10_000
"""Searches whose order a process remembers for their next pages."""
KEPT_SECONDS = 600.0


def shared_pages(
    settings: Settings, sender: Sender, failed: Callable[[str], None], is_set_up: Callable[[], bool]
) -> SharedPages | None:
    if not settings.serve.share_pages:
        return None
    index = f"{settings.state.prefix}_pages"
    return SharedPages(sender, own_account(settings.cluster), index, KEPT_SECONDS, failed, is_set_up=is_set_up)


def orders(settings: Settings, shared: SharedPages | None) -> Orders:
    return Orders(PageMemory(KEPT_ORDERS, KEPT_SECONDS, time.monotonic), shared, settings.serve.window)
