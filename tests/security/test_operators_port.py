"""The operators' port: the loopback without a token, nothing without the token where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ltrr_opensearch.admin_settings import AdminSettings, token_of
from ltrr_opensearch.errors import SettingsError
from ltrr_opensearch.proxy.guard import Guard
from ltrr_opensearch.settings import ClusterSettings, Settings
from tests.proxy.listening import Listening, call, listening

TOKEN = "0123456789abcdef-token"
ROUTES = (
    *("/_ltrr/health/live", "/_ltrr/health/ready", "/_ltrr/metrics", "/_ltrr/explain/known"),
    *("/", "/_ltrr", "/_ltrr/nothing"),
)
AWAY = Settings(cluster=ClusterSettings(url="http://127.0.0.1:1"))


def bearing(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def guarded() -> Iterator[Listening]:
    with listening(AWAY, lambda _: None, Guard(TOKEN.encode())) as running:
        yield running


@pytest.fixture(scope="module")
def local() -> Iterator[Listening]:
    with listening(AWAY, lambda _: None) as running:
        yield running


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [{}, bearing("wrong"), bearing(TOKEN + "x"), bearing(TOKEN[:-1]), bearing(""), {"authorization": f"Basic {TOKEN}"}],
)
def test_no_route_answers_without_the_token(
    guarded: Listening, route: str, method: str, headers: dict[str, str]
) -> None:
    got = call(guarded.admin, method, route, None, headers)
    assert got.status == 401
    assert got.headers["www-authenticate"] == 'Bearer realm="ltrr"'
    assert TOKEN.encode() not in got.body


def test_the_token_opens_every_route(guarded: Listening) -> None:
    statuses = {route: call(guarded.admin, "GET", route, None, bearing(TOKEN)).status for route in ROUTES[:4]}
    assert statuses == dict(zip(ROUTES, (200, 503, 200, 200), strict=False))
    assert call(guarded.admin, "GET", "/_ltrr/metrics", None, {"authorization": f"bearer  {TOKEN}"}).status == 200


def test_health_may_tell_its_status_and_no_more() -> None:
    with listening(AWAY, lambda _: None, Guard(TOKEN.encode(), open_health=True)) as proxy:
        ready = call(proxy.admin, "GET", "/_ltrr/health/ready")
        assert (ready.status, ready.json) == (503, {"status": 503})
        assert call(proxy.admin, "GET", "/_ltrr/health/live").json == {"status": 200}
        assert call(proxy.admin, "GET", "/_ltrr/metrics").status == 401
        assert "127.0.0.1:1" in call(proxy.admin, "GET", "/_ltrr/health/ready", None, bearing(TOKEN)).json["reason"]


@pytest.mark.parametrize("host", ["localhost:9202", "127.0.0.1", "[::1]:9202", "127.9.9.9:1"])
def test_programs_of_this_machine_need_no_token(local: Listening, host: str) -> None:
    assert call(local.admin, "GET", "/_ltrr/metrics", None, {"host": host}).status == 200


@pytest.mark.parametrize(
    "headers",
    [{"host": "attacker.example:9202"}, {"host": "127.0.0.1.attacker.example"}, {"origin": "http://localhost"}],
)
def test_a_page_in_a_browser_of_this_machine_is_no_program_of_it(local: Listening, headers: dict[str, str]) -> None:
    assert call(local.admin, "GET", "/_ltrr/metrics", None, headers).status == 403


@pytest.mark.parametrize("route", ["/_ltrr/metrics", "/_ltrr/health/live", "/_ltrr/explain/known", "/_ltrr/", "/_ltrr"])
def test_the_clients_port_has_only_events(local: Listening, route: str) -> None:
    """Whatever else begins with `/_ltrr` is the cluster's to answer, which is away here."""
    assert call(local.url, "GET", route).json["error"]["type"] == "connect_transport_exception"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "proxy.example", "::ffff:192.0.2.1"])
def test_any_other_address_than_the_loopback_needs_a_token(host: str) -> None:
    with pytest.raises(SettingsError, match="can be reached from other machines; set LTRR_ADMIN_TOKEN"):
        token_of(AdminSettings(host=host))
    assert token_of(AdminSettings(host=host, token=TOKEN)) == TOKEN.encode()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_the_loopback_needs_none(host: str) -> None:
    assert token_of(AdminSettings(host=host)) is None


@pytest.mark.parametrize(
    "token", ["  ", "short", "fifteen-chars-x", "with a space in it", "not ascii: größe", "a\nb" * 9]
)
def test_a_weak_or_unusable_token_is_refused(token: str) -> None:
    with pytest.raises(SettingsError, match=r"admin\.token: a token has at least 16 characters"):
        token_of(AdminSettings(token=token))


def test_a_token_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN + "\n")
    assert token_of(AdminSettings(host="0.0.0.0", token_file=str(path))) == TOKEN.encode()
    with pytest.raises(SettingsError, match=r"admin\.token_file: .*nowhere cannot be read"):
        token_of(AdminSettings(token_file=str(tmp_path / "nowhere")))


def test_two_tokens_are_one_too_many() -> None:
    with pytest.raises(ValueError, match="keep one"):
        AdminSettings(token=TOKEN, token_file="x")
