"""What stands before the page and the API: hosts, headers, limits, origins and the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import search.ask
from index.errors import UsageError
from index.manifest import FOLDER_VARIABLE
from search.api import log_requests, middleware, routes
from search.api_guard import ACCESS_LOG, RateLimit
from search.api_settings import (
    HOSTS_VARIABLE,
    LOG_VARIABLE,
    ORIGINS_VARIABLE,
    RATE_VARIABLE,
    Settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from index.models import Model

ELSEWHERE = "https://intranet.example.org"
Serve: TypeAlias = "Callable[..., TestClient]"


@pytest.fixture
def serve(fake_model: Model, made_index: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """A client of the API beside a page, with the environment as given."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(made_index))
    monkeypatch.setattr(search.ask, "_shared", {})

    def served(address: str = "testclient", **environment: str) -> TestClient:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        page = Route("/", lambda _: PlainTextResponse("the page"))
        app = Starlette(routes=[*routes(), page], middleware=middleware())
        return TestClient(app, raise_server_exceptions=False, client=(address, 1))

    return served


def test_only_the_names_of_this_machine_reach_page_and_api(serve: Serve) -> None:
    client = serve()
    for host, status in [
        ("127.0.0.1:8501", 200),
        ("localhost", 200),
        ("LOCALHOST:8501", 200),
        ("[::1]:8501", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("127.0.0.1.", 400),
        ("[::1", 400),
        ("a@localhost", 400),
        ("localhost@evil.example", 400),
        ("", 400),
    ]:
        for path in ("/", "/api/health"):
            answer = client.get(path, headers={"host": host})
            assert answer.status_code == status, host
            if status == 400:
                assert "does not go by that name" in answer.json()["error"]


def test_other_names_are_allowed_by_configuration(serve: Serve) -> None:
    client = serve(**{HOSTS_VARIABLE: "Search.example.org, *.council.example"})
    for host, status in [
        ("search.example.org", 200),
        ("a.council.example:80", 200),
        ("council.example", 400),
        ("evilcouncil.example", 400),
        ("localhost", 200),
    ]:
        answer = client.get("/api/health", headers={"host": host})
        assert answer.status_code == status, host


def test_the_page_may_run_no_script_but_ours_and_reach_no_server_but_ours(serve: Serve) -> None:
    headers = serve().get("/", headers={"host": "127.0.0.1:8501"}).headers
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self' ws://127.0.0.1:8501 wss://127.0.0.1:8501"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]


def test_a_host_cannot_write_itself_into_the_policy(serve: Serve) -> None:
    for host in ("localhost:8501; script-src *", "localhost:1 *", "localhost:1,*", "*@localhost"):
        answer = serve().get("/", headers={"host": host})
        assert "*" not in answer.headers["content-security-policy"], host


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/health", 200),
        ("/api/search", 400),
        ("/api/nothing", 404),
        ("/api/batch", 405),
        ("/api", 404),
        ("/api/reports/a%0Ab", 404),
    ],
)
def test_every_answer_of_the_api_is_json_that_nothing_may_keep_or_frame(
    path: str, status: int, serve: Serve
) -> None:
    answer = serve().get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/json"
    assert isinstance(answer.json(), dict)
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_pages_elsewhere_may_read_nothing_until_they_are_allowed(serve: Serve) -> None:
    answer = serve().get("/api/health", headers={"origin": ELSEWHERE})
    assert "access-control-allow-origin" not in answer.headers
    client = serve(**{ORIGINS_VARIABLE: f"{ELSEWHERE} http://10.0.0.1:81"})
    answer = client.get("/api/health", headers={"origin": ELSEWHERE})
    assert answer.headers["access-control-allow-origin"] == ELSEWHERE
    assert "access-control-allow-credentials" not in answer.headers
    answer = client.get("/api/health", headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    asked = {"origin": ELSEWHERE, "access-control-request-method": "POST"}
    asked["access-control-request-headers"] = "content-type"
    assert client.options("/api/batch", headers=asked).status_code == 200
    assert (
        "access-control-allow-origin" not in client.get("/", headers={"origin": ELSEWHERE}).headers
    )


def test_an_address_that_asks_too_often_is_told_when_to_come_again(serve: Serve) -> None:
    client = serve("192.0.2.7", **{RATE_VARIABLE: "3", ORIGINS_VARIABLE: ELSEWHERE})
    assert [client.get("/api/health").status_code for _ in range(3)] == [200] * 3
    answer = client.get("/api/health", headers={"origin": ELSEWHERE})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "20"
    assert answer.json() == {"error": "You may ask 3 times a minute. Try again in 20 seconds."}
    assert answer.headers["access-control-allow-origin"] == ELSEWHERE
    assert client.get("/").status_code == 200  # the page is not counted


def test_this_machine_is_counted_only_where_a_rate_is_set(serve: Serve) -> None:
    for address in ("127.0.0.1", "::1", "testclient"):
        client = serve(address)
        assert {client.get("/api/reports").status_code for _ in range(130)} == {200}
    client = serve("127.0.0.1", **{RATE_VARIABLE: "1"})
    assert [client.get("/api/health").status_code for _ in range(2)] == [200, 429]


def test_an_address_elsewhere_has_120_a_minute_unless_told_otherwise(serve: Serve) -> None:
    client = serve("192.0.2.7")
    # A few more come to be allowed while these are asked.
    found = [client.get("/api/nothing").status_code for _ in range(200)]
    assert found[:120] == [404] * 120
    assert 429 in found


class TestBuckets:
    """The limit by a clock that the test moves."""

    @pytest.fixture
    def now(self) -> list[float]:
        return [0.0]

    @pytest.fixture
    def limit(self, now: list[float]) -> RateLimit:
        async def app(scope: Scope, receive: Receive, send: Send) -> None: ...

        return RateLimit(app, Settings(rate=6), clock=lambda: now[0])

    def test_a_bucket_fills_evenly(self, limit: RateLimit, now: list[float]) -> None:
        assert [limit._seconds_to_wait("192.0.2.7") for _ in range(7)] == [0] * 6 + [10]
        assert limit._seconds_to_wait("192.0.2.8") == 0
        now[0] = 9.5
        assert limit._seconds_to_wait("192.0.2.7") == 1
        now[0] = 10
        assert [limit._seconds_to_wait("192.0.2.7") for _ in range(2)] == [0, 10]
        now[0] = 1000
        assert [limit._seconds_to_wait("192.0.2.7") for _ in range(7)] == [0] * 6 + [10]

    def test_what_is_kept_of_addresses_has_an_end(
        self, limit: RateLimit, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("search.api_guard._MOST_ADDRESSES", 3)
        for last in range(9):
            limit._seconds_to_wait(f"192.0.2.{last}")
        assert list(limit._buckets) == [f"192.0.2.{last}" for last in (6, 7, 8)]


def test_the_log_says_what_was_asked_for_and_not_the_question(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ACCESS_LOG, "propagate", True)
    caplog.set_level(logging.INFO, logger=ACCESS_LOG.name)
    client = serve("192.0.2.7")
    client.get("/api/search", params={"q": "secret housing", "k": "0"})
    client.post("/api/batch", json=[{"question": "secret housing"}])
    client.get("/api/nothing%0D%1B[2J%E2%80%A8GET%20/forged%20200\u202e")
    assert "secret" not in caplog.text
    first, second, third = [record.getMessage() for record in caplog.records]
    assert first.startswith("GET /api/search 400 ")
    assert first.endswith(" ms 192.0.2.7")
    assert second.startswith("POST /api/batch 200 ")
    assert third.startswith(r"GET /api/nothing\r\x1b[2J\u2028GET /forged 200\u202e 404 ")


def test_the_log_holds_questions_where_that_is_asked_for_each_on_one_line(
    serve: Serve, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ACCESS_LOG, "propagate", True)
    caplog.set_level(logging.INFO, logger=ACCESS_LOG.name)
    client = serve(**{LOG_VARIABLE: "1"})
    client.get("/api/search", params={"q": "risk\n127.0.0.1 GET /forged\x1b[2J\u2028"})
    (record,) = caplog.records
    assert r'"risk\\n127.0.0.1 GET /forged\\x1b[2J\\u2028"' in record.getMessage()
    assert record.getMessage().isprintable()


def test_the_log_goes_to_the_servers_own_lines_and_each_request_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    monkeypatch.setattr(ACCESS_LOG, "handlers", [])
    monkeypatch.setattr(ACCESS_LOG, "propagate", True)
    before = ACCESS_LOG.level
    log_requests()
    log_requests()
    serve().get("/api/health")
    ACCESS_LOG.setLevel(before)
    assert capsys.readouterr().err.count("GET /api/health 200 ") == 1


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        (ORIGINS_VARIABLE, "intranet.example.org", "expected origins as https://intranet"),
        (ORIGINS_VARIABLE, f"{ELSEWHERE}/page", "expected origins as https://intranet"),
        (ORIGINS_VARIABLE, "null", "expected origins as https://intranet"),
        (HOSTS_VARIABLE, "http://search.example.org", "expected names as search.example.org"),
        (HOSTS_VARIABLE, "search.example.org:80", "expected names as search.example.org"),
        (HOSTS_VARIABLE, "*", "expected names as search.example.org"),
        (RATE_VARIABLE, "0", "a number above 0"),
        (RATE_VARIABLE, "often", "a number above 0"),
        (RATE_VARIABLE, "²", "a number above 0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(UsageError, match=variable) as raised:
        Settings.from_environment()
    assert said in str(raised.value)


def test_settings_left_empty_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (ORIGINS_VARIABLE, HOSTS_VARIABLE, RATE_VARIABLE, LOG_VARIABLE):
        monkeypatch.setenv(variable, " ")
    assert Settings.from_environment() == Settings()
