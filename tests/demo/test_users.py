from collections import Counter
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from ltrr_opensearch.arena.clicks import PositionBased
from ltrr_opensearch.demo.users import Shop, Visit, rephrased, visits

QUERIES = ("laptop", "laptop bag", "usb hub", "usb stick", "fan")


def test_visits_repeat_with_their_seed_and_prefer_popular_queries() -> None:
    made = visits(QUERIES, 500, 20, seed=3)
    assert made == visits(QUERIES, 500, 20, seed=3)
    assert made != visits(QUERIES, 500, 20, seed=4)
    counts = Counter(visit.query for visit in made).most_common()
    assert counts[0][1] > 1.5 * counts[-1][1]
    assert len({visit.session for visit in made}) == 500


def test_a_rephrase_shares_words_with_the_query() -> None:
    assert rephrased("laptop", QUERIES) == "laptop bag"
    assert rephrased("usb hub", QUERIES) == "usb stick"
    assert rephrased("fan", QUERIES) is None


async def test_a_visit_searches_clicks_and_rephrases() -> None:
    searches: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []

    async def search(request: web.Request) -> web.Response:
        searches.append(await request.json())
        return web.json_response({"hits": {"hits": [{"_id": "1"}, {"_id": "2"}]}})

    async def accept(request: web.Request) -> web.Response:
        events.extend(await request.json())
        return web.json_response({"accepted": 1}, status=202)

    app = web.Application()
    app.router.add_post("/shop/_search", search)
    app.router.add_post("/_ltrr/events", accept)
    async with TestServer(app) as server:
        model = PositionBased(noise=0.0, satisfied=1.0)
        shop = Shop(
            str(server.make_url("/shop/_search")), str(server.make_url("/_ltrr/events")), model, {"b": {"1": 3}}
        )
        seen = await shop.serve([Visit("u", "s", "phone", "a", "b", "seed")], lambda _: None)
    assert [(s.query, s.shown, s.clicks) for s in seen] == [("a", ("1", "2"), ()), ("b", ("1", "2"), (1,))]
    assert [s["ext"]["ubi"]["query_id"] for s in searches] == [s.query_id for s in seen]
    assert searches[0]["ext"]["ltrr"]["context"] == {"user": "u", "session": "s", "device": "phone"}
    (event,) = events
    assert event["query_id"] == seen[1].query_id
    assert event["event_attributes"]["object"]["object_id"] == "1"
    assert event["event_attributes"]["position"] == {"ordinal": 1}
