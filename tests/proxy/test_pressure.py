from __future__ import annotations

import asyncio
import time

import orjson

from ltrr_opensearch.limit_settings import LimitSettings
from ltrr_opensearch.proxy.pressure import TICKS, Pressure

LIMITS = LimitSettings(searches=2, requests=3, shed_ms=100, refuse_ms=1000, retry_after_s=7)
PATIENCE_S = 30


def late(pressure: Pressure, *delays_s: float) -> None:
    for delay_s in delays_s:
        pressure.ticked(delay_s)


def test_more_searches_than_allowed_are_shed_and_more_requests_refused() -> None:
    pressure = Pressure(LIMITS)
    for _ in range(3):
        assert pressure.refuses() == ""
        pressure.entered()
    assert pressure.refuses() == "requests"
    with pressure.searching():
        assert not pressure.sheds()
        with pressure.searching():
            assert pressure.sheds()
    assert not pressure.sheds()
    pressure.left()
    assert pressure.refuses() == ""


def test_a_delay_that_stands_sheds_and_then_refuses() -> None:
    pressure = Pressure(LIMITS)
    pressure.entered()
    late(pressure, *[0.2] * TICKS)
    assert pressure.sheds()
    assert pressure.refuses() == ""
    late(pressure, *[1.5] * TICKS)
    assert pressure.refuses() == "delay"
    late(pressure, 0.0)
    assert not pressure.sheds()
    assert pressure.refuses() == ""


def test_a_hiccup_is_no_overload() -> None:
    pressure = Pressure(LIMITS)
    late(pressure, 5.0)
    assert not pressure.sheds()


def test_an_idle_proxy_takes_a_request_whatever_was_measured() -> None:
    pressure = Pressure(LIMITS)
    late(pressure, *[5.0] * TICKS)
    assert pressure.refuses() == ""


def test_a_refusal_has_opensearchs_shape_and_says_when_to_come_back() -> None:
    pressure = Pressure(LIMITS)
    answer = pressure.refusal("requests")
    assert (answer.status, dict(answer.headers)[b"retry-after"]) == (429, b"7")
    error = orjson.loads(answer.body)["error"]
    assert error["type"] == "rejected_execution_exception"
    assert error["root_cause"][0]["reason"] == error["reason"]
    assert "serve.limits.requests" in error["reason"]


async def test_a_loop_that_is_held_up_is_measured() -> None:
    pressure = Pressure(LIMITS)
    async with asyncio.timeout(PATIENCE_S), pressure.running():
        while pressure.delay_s < 0.15:
            time.sleep(0.2)  # noqa: ASYNC251 blocking is the point
            await asyncio.sleep(0)
    assert pressure.sheds()
