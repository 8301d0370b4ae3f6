from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

import search.ask
from index.generation import open_generation
from index.manifest import FOLDER_VARIABLE
from indexer.build import build
from search.api import middleware, routes
from tests.conftest import Silence
from tests.contract import problems_of
from tests.made_pdf import Words, made_pdf
from tests.made_reports import COUNT, REPORTS

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
    ({"q": "risk", "from": "2021"}, "valid date like 2021-06-28 (from)"),
    ({"q": "risk", "to": "2021-06-28T10:00:00"}, "valid date like 2021-06-28 (to)"),
    ({"q": "risk", "latest": "perhaps"}, "valid boolean"),
    ({"q": "risk", "as_typed": "perhaps"}, "valid boolean"),
    ({"q": "risk" * 5001}, "at most 20000 characters (q)"),
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


def test_a_question_may_be_taken_as_it_is_typed(client: TestClient) -> None:
    for as_typed, corrected in (("false", "adoption"), ("true", None)):
        _, found = get(client, "/api/search", q="adoptoin", as_typed=as_typed)
        assert found["interpretation"]["corrected"] == corrected
    _, [one] = batch(client, [{"question": "adoptoin", "as_typed": True}])
    assert one["interpretation"]["corrected"] is None


def test_all_reports_are_listed_with_their_facts(client: TestClient) -> None:
    status, found = get(client, "/api/reports")
    assert status == 200
    assert [one["file"] for one in found["reports"]] == sorted(REPORTS)
    first = found["reports"][0]
    assert first["id"] == "northbridge-city-council-2018-06-15"
    assert first["council"] == "Northbridge City Council"
    assert (first["inspection_start"], first["inspection_end"]) == ("2018-06-04", "2018-06-15")
    assert first["overall"] == "Inadequate"
    assert first["published"] is None
    assert first["link"] == f"/report?id={first['id']}"


def test_a_report_has_its_own_paragraphs_in_order(client: TestClient) -> None:
    reports = get(client, "/api/reports")[1]["reports"]
    seen = []
    for one in reports:
        status, found = get(client, f"/api/reports/{one['id']}")
        assert status == 200
        assert {name: found[name] for name in one} == one
        assert {passage["id"].rpartition("/")[0] for passage in found["passages"]} == {one["id"]}
        seen += found["passages"]
    assert len(seen) == COUNT
    texts = [one["text"] for one in get(client, f"/api/reports/{reports[0]['id']}")[1]["passages"]]
    assert texts == [
        "Risk is missed. Too many children wait for early help.",
        "Care leavers have no housing.",
    ]


def test_a_passage_has_its_citation_in_every_form(client: TestClient) -> None:
    hit = get(client, "/api/search", q="adoption")[1]["hits"][0]
    # The slash of an id may be written as it is, or escaped.
    for path in (hit["id"], quote(hit["id"], safe="")):
        status, found = get(client, f"/api/passages/{path}")
        assert status == 200
        assert found["text"] == hit["text"] == "Adoption is timely."
        assert found["citation"]["label"] == found["forms"]["full"]
        assert found["forms"]["markdown"].startswith("[")
        link = f"(<http://testserver/passage?id={hit['id']}&text="
        assert link in found["forms"]["markdown"]
        assert found["forms"]["csl"]["id"] == hit["id"]
        assert found["report"]["file"] == hit["file"]
        assert found["pictures"] == []


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/api/reports/nothing", "There is no report nothing."),
        ("/api/reports/", "There is no report ."),
        ("/api/reports/%00%E2%80%AE", r"There is no report \x00\u202e."),
        ("/api/reports/northbridge-2018.txt", "There is no report northbridge-2018.txt."),
        ("/api/passages/nothing/1", "There is no passage nothing/1."),
        ("/api/pages/nothing/1.png", "There is no such report"),
        ("/api/pages/nothing/one.png", "There are GET /api/search"),
    ],
)
def test_what_there_is_not_is_404_and_says_so(path: str, said: str, client: TestClient) -> None:
    status, found = get(client, path)
    assert status == 404
    assert said in found["error"]


def batch(client: TestClient, questions: Any, path: str = "/api/batch") -> tuple[int, Any]:
    answer = client.post(path, json=questions)
    return answer.status_code, answer.json()


def test_a_batch_is_answered_in_order_each_with_its_own_filters(client: TestClient) -> None:
    status, found = batch(
        client,
        [
            {"id": "a", "question": "adoption", "k": 2},
            {"question": "risk", "council": "Southmere County Council"},
            {"id": 7, "question": "weather", "from": "2022-01-01", "ignored": True},
        ],
    )
    assert status == 200
    assert [one["id"] for one in found] == ["a", None, "7"]
    assert [one["answered"] for one in found] == [True, True, False]
    assert [one["question"] for one in found] == ["adoption", "risk", "weather"]
    assert len(found[0]["hits"]) == 2
    assert {hit["file"] for hit in found[1]["hits"]} == {"south/southmere-2022.txt"}
    for one in found:
        alone = {name: value for name, value in one.items() if name != "id"}
        assert problems_of(alone, k=2 if one["id"] == "a" else 10) == []


def test_a_batch_may_choose_the_ranking(client: TestClient) -> None:
    _, found = batch(client, [{"question": "adoption"}], "/api/batch?ranking=bm25")
    assert found[0]["hits"][0]["score"] == 1.0
    status, found = batch(client, [{"question": "adoption"}], "/api/batch?ranking=magic")
    assert (status, "'default', 'dense' or 'bm25'" in found["error"]) == (400, True)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (b"", 400, "The body is no JSON"),
        (b"{", 400, "The body is no JSON"),
        (b"[" * 100_000, 400, "The body is no JSON"),
        (b'[{"question": "\xff"}]', 400, "The body is no JSON"),
        (b"{}", 422, "valid array"),
        (b"[]", 422, "at least 1 item"),
        (b"[1]", 422, "(0)"),
        (b'[{"question": "risk"}, {"id": "1"}]', 422, "Field required (1 → question)"),
        (b'[{"question": "risk", "k": 101}]', 422, "less than or equal to 100 (0 → k)"),
        (b'[{"question": "risk", "from": 5}]', 422, "valid date like 2021-06-28 (0 → from)"),
        (b'[{"question": " "}]', 400, "The question is empty"),
        (b"[" + b'{"question": "risk"},' * 100 + b'{"question": "risk"}]', 422, "at most 100"),
        (b'["' + b" " * 262_144 + b'"]', 413, "longer than 262144 bytes"),
    ],
)
def test_a_batch_that_cannot_be_answered_is_told_why(
    body: bytes, status: int, said: str, client: TestClient
) -> None:
    answer = client.post("/api/batch", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert said in answer.json()["error"]


def test_a_batch_must_say_that_it_is_json(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        content = b'[{"question": "risk"}]'
        answer = client.post("/api/batch", content=content, headers={"content-type": kind})
        assert answer.status_code == 415
        assert "application/json" in answer.json()["error"]


@pytest.fixture
def printed(
    fake_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: TestClient
) -> TestClient:
    """The API over a report that has printed pages."""
    (tmp_path / "pdf").mkdir()
    numbered = ["1. Care leavers have housing.", "2. Risk is low.", "3. Staff stay."]
    lines = [Words(text, top=200 + 40 * at) for at, text in enumerate(numbered)]
    (tmp_path / "pdf" / "made.pdf").write_bytes(made_pdf([Words("Front page")], lines))
    build([tmp_path / "pdf"], tmp_path / "index", Silence())
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "index"))
    return client


def test_a_page_is_given_as_it_is_printed_with_its_passage_marked(printed: TestClient) -> None:
    _, found = get(printed, "/api/passages/made/2")
    (picture,) = found["pictures"]
    assert picture == "/api/pages/made/2.png?passage=made%2F2"
    marked, plain, other, crop = (
        printed.get(path)
        for path in (
            picture,
            "/api/pages/made/2.png",
            "/api/pages/made/2.png?passage=made/1",
            f"{picture}&crop=true",
        )
    )
    for answer in (marked, plain, other, crop):
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "image/png"
        assert answer.content.startswith(b"\x89PNG")
    assert len({marked.content, plain.content, other.content, crop.content}) == 4


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("made/3.png", 404, "made.pdf has 2 pages; there is no page 3."),
        ("made/0.png", 404, "there is no page 0."),
        ("made/2.png?passage=made/9", 404, "no such passage"),
        ("made/2.png?crop=perhaps", 400, "valid boolean"),
        ("northbridge/1.png", 404, "There is no such report"),
    ],
)
def test_a_page_that_there_is_not_is_said(
    path: str, status: int, said: str, printed: TestClient
) -> None:
    answer_status, found = get(printed, f"/api/pages/{path}")
    assert answer_status == status
    assert said in found["error"]


def test_a_report_without_printed_pages_says_so(client: TestClient) -> None:
    report = get(client, "/api/reports")[1]["reports"][0]
    status, found = get(client, f"/api/pages/{report['id']}/1.png")
    assert status == 404
    assert found["error"] == "northbridge-2018.txt has no printed pages; only a PDF has."
    other = get(client, "/api/search", q="adoption")[1]["hits"][0]["id"]
    status, found = get(client, f"/api/pages/{report['id']}/1.png", passage=other)
    assert status == 404
    assert "not of this report" in found["error"]


def test_a_file_that_has_changed_since_is_not_shown(printed: TestClient, tmp_path: Path) -> None:
    (tmp_path / "pdf" / "made.pdf").write_bytes(made_pdf([Words("1. Quite another.")]))
    status, found = get(printed, "/api/pages/made/2.png?passage=made/2")
    assert status == 404
    assert "has changed since" in found["error"]


def test_the_description_names_the_server_it_was_asked_of(client: TestClient) -> None:
    status, found = get(client, "/api/openapi.json")
    assert (status, found["openapi"]) == (200, "3.1.0")
    assert found["servers"] == [{"url": "http://testserver"}]
    parameters = found["paths"]["/api/search"]["get"]["parameters"]
    assert [one["name"] for one in parameters if one["required"]] == ["q"]
    assert {one["name"] for one in parameters} > {"council", "from", "to", "k", "as_typed"}
    assert all(one["description"] for one in parameters)
