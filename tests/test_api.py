from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import search.ask
from index.generation import open_generation
from index.manifest import FOLDER_VARIABLE
from search.api import middleware, routes
from tests.contract import problems_of
from tests.made_reports import COUNT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from index.models import Model


@pytest.fixture
def client(
    fake_model: Model, made_index: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient]:
    """The API over the made reports."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(made_index))
    monkeypatch.setattr(search.ask, "_shared", {})
    app = Starlette(routes=list(routes()), middleware=middleware())
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def get(client: TestClient, path: str, **parameters: Any) -> tuple[int, dict[str, Any]]:
    answer = client.get(path, params=parameters or None)
    assert answer.headers["content-type"] == "application/json"
    found = json.loads(answer.content)
    assert isinstance(found, dict)
    return answer.status_code, found


def test_a_search_answers_with_the_object_of_the_contract(client: TestClient) -> None:
    status, found = get(client, "/api/search", q="adoption", k=4)
    assert status == 200
    assert problems_of(found, k=4) == []
    assert found["answer"][0]["quote"] == "Adoption is timely."


FILTERS: list[tuple[dict[str, str], set[str]]] = [
    ({"council": "Southmere County Council"}, {"south/southmere-2022.txt"}),
    ({"report": "northbridge-2018.txt"}, {"northbridge-2018.txt"}),
    ({"from": "2022-01-01"}, {"south/southmere-2022.txt"}),
    ({"to": "2018-12-31"}, {"northbridge-2018.txt"}),
    ({"section": "in care", "grade": "outstanding"}, {"northbridge-2021.txt"}),
    ({"latest": "true"}, {"northbridge-2021.txt", "south/southmere-2022.txt"}),
    ({"latest": "false", "grade": "inadequate"}, {"northbridge-2018.txt"}),
    ({"council": "Elsewhere"}, set()),
    ({"ranking": "bm25", "grade": "inadequate"}, {"northbridge-2018.txt"}),
]


@pytest.mark.parametrize(("filters", "files"), FILTERS)
def test_filters_go_by_the_names_of_the_command(
    filters: dict[str, str], files: set[str], client: TestClient
) -> None:
    status, found = get(client, "/api/search", q="risk", **filters)
    assert status == 200
    assert {hit["file"] for hit in found["hits"]} == files


def test_a_ranking_can_be_chosen(client: TestClient) -> None:
    by_words, fitted = (
        get(client, "/api/search", q="adoption", ranking=ranking)[1]["hits"][0]["score"]
        for ranking in ("bm25", "default")
    )
    assert by_words == 1.0 != fitted


def test_a_refusal_is_an_answer_and_no_error(client: TestClient) -> None:
    for question in ("what about the weather?", "?!", "照顾离开者"):
        status, found = get(client, "/api/search", q=question)
        assert (status, found["answered"]) == (200, False)
        assert found["refusal"]


BAD: list[tuple[dict[str, str], str]] = [
    ({}, "Field required (q). Ask like /api/search?q="),
    ({"q": ""}, "The question is empty"),
    ({"q": " \n"}, "The question is empty"),
    ({"q": "risk", "k": "0"}, "greater than or equal to 1 (k)"),
    ({"q": "risk", "k": "1001"}, "less than or equal to 1000 (k)"),
    ({"q": "risk", "k": "ten"}, "valid integer"),
    ({"q": "risk", "from": "June"}, "valid date"),
    ({"q": "risk", "latest": "perhaps"}, "valid boolean"),
    ({"q": "risk", "ranking": "magic"}, "'default', 'dense' or 'bm25' (ranking)"),
]


@pytest.mark.parametrize(("parameters", "complaint"), BAD)
def test_a_wrong_question_is_400_and_says_what_is_wrong(
    parameters: dict[str, str], complaint: str, client: TestClient
) -> None:
    status, found = get(client, "/api/search", **parameters)
    assert (status, list(found)) == (400, ["error"])
    assert complaint in found["error"]


@pytest.mark.parametrize("path", ["/api/", "/api/nothing", "/api/search/more"])
def test_an_unknown_path_is_404_in_json_and_names_what_there_is(
    path: str, client: TestClient
) -> None:
    status, found = get(client, path)
    assert status == 404
    assert "GET /api/search?q=… and GET /api/health" in found["error"]


def test_another_method_is_405_in_json(client: TestClient) -> None:
    answer = client.post("/api/search", json={"q": "risk"})
    assert answer.status_code == 405
    assert "Method Not Allowed" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/search?q=risk", "/api/health"])
def test_without_an_index_it_is_503_until_there_is_one(
    path: str, client: TestClient, made_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "none"))
    status, found = get(client, path)
    assert status == 503
    assert "There is no index in" in found["error"]
    assert "python -m indexer build" in found["error"]
    monkeypatch.setenv(FOLDER_VARIABLE, str(made_index))
    assert get(client, path)[0] == 200


def test_health_tells_the_generation_and_its_counts(client: TestClient, made_index: Path) -> None:
    assert get(client, "/api/health") == (
        200,
        {
            "generation": open_generation(made_index).name,
            "reports": 3,
            "paragraphs": COUNT,
            "model": "fake",
        },
    )


def test_what_was_not_foreseen_is_500_without_its_inner_words(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Path) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("search.api.shared_searcher", fail)
    status, found = get(client, "/api/search", q="risk")
    assert (status, found) == (
        500,
        {"error": "Something went wrong here; the server's log says what."},
    )
    assert "secret" in caplog.text


def test_a_host_that_is_not_this_machine_is_turned_away(client: TestClient) -> None:
    for host, status in (("127.0.0.1:8501", 200), ("localhost", 200), ("evil.example", 400)):
        answer = client.get("/api/health", headers={"host": host})
        assert answer.status_code == status, host


def test_bytes_that_are_no_text_do_no_harm(client: TestClient) -> None:
    answer = client.get("/api/search?q=risk%FF%00&council=%ED%A0%80")
    assert answer.status_code == 200
    assert answer.json()["hits"] == []
