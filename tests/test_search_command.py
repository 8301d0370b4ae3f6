from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from index.manifest import FOLDER_VARIABLE
from index.models import MODEL_VARIABLE
from index.records import Filters
from search.__main__ import main
from search.narrowed import nothing_left
from tests.contract import problems_of

if TYPE_CHECKING:
    from index.models import Model

SHARED = Path(__file__).parents[2] / "shared"
QUESTIONS = SHARED / "questions" / "sunderland_2021.jsonl"


@pytest.fixture(autouse=True)
def index(fake_model: Model, made_index: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The made reports, where the command looks for them."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(made_index))
    return made_index


def said(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def objects(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(capsys)]


def batch(folder: Path, *lines: str | dict[str, object]) -> Path:
    path = folder / "batch.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


# For a person


def test_an_answer_is_printed_with_its_citations_and_the_paragraphs_below(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["are care leavers in good housing?", "--report", "northbridge-2021.txt"]) == 0
    lines = said(capsys)
    assert lines[:2] == [
        "1. “Care leavers live in good housing. They are proud of their housing.”",
        "   — Northbridge City Council, ILACS inspection 7–18 June 2021, para 3",
    ]
    at = lines.index("Paragraphs:")
    assert lines[at + 1].startswith("  1. ")
    assert lines[at + 1].endswith("Northbridge City Council, para 3")
    first = " ".join(" ".join(lines[at + 2 :]).split())
    assert first.startswith(
        "The experiences and progress of children in care and care leavers: Outstanding "
        "[Outstanding] Rent is paid on time. Care leavers live in good housing."
    )
    assert max(map(len, lines)) <= 100


def test_a_refusal_is_printed_with_the_nearest_paragraphs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["what about the weather?", "-k", "2"]) == 0
    lines = said(capsys)
    assert lines[0].startswith("Nothing was found that answers")
    assert lines[1] == "Nearest paragraphs, not an answer:"
    assert [line[:4] for line in lines if line[:3].strip().isdigit()] == ["  1.", "  2."]


def test_where_filters_leave_nothing_that_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["risk", "--council", "Elsewhere", "--latest"]) == 0
    assert said(capsys) == [
        nothing_left(Filters(council="Elsewhere", latest=True)),
        "No paragraphs.",
    ]


def test_a_long_question_is_cut_with_a_notice_beside_the_output(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["risk " * 20_000, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err.startswith("The question has 99,999 characters")
    assert json.loads(captured.out)["answered"]


# For programs


def test_json_is_one_object_on_one_line_as_the_contract_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["risk", "--json", "-k", "4"]) == 0
    (found,) = objects(capsys)
    assert problems_of(found, k=4) == []
    assert found["question"] == "risk"


FILTERS = [
    (["--council", "northbridge city council"], {"northbridge-2018.txt", "northbridge-2021.txt"}),
    (["--report", "south/southmere-2022.txt"], {"south/southmere-2022.txt"}),
    (["--report", "northbridge-city-council-2018-06-15"], {"northbridge-2018.txt"}),
    (["--from", "2022-01-01"], {"south/southmere-2022.txt"}),
    (["--to", "2018-12-31"], {"northbridge-2018.txt"}),
    (["--section", "leavers"], {"northbridge-2021.txt", "south/southmere-2022.txt"}),
    (["--grade", "inadequate"], {"northbridge-2018.txt"}),
    (["--latest"], {"northbridge-2021.txt", "south/southmere-2022.txt"}),
    (["--latest", "--grade", "outstanding"], {"northbridge-2021.txt"}),
    (["--council", "\udcff"], set()),
    (["--report", "lost\udce9.pdf"], set()),
]


@pytest.mark.parametrize(("arguments", "files"), FILTERS)
def test_filters_narrow_what_is_found(
    arguments: list[str], files: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["risk", "-k", "20", "--json", *arguments]) == 0
    (found,) = objects(capsys)
    assert {hit["file"] for hit in found["hits"]} == files
    assert len(found["interpretation"]["filters"]) == sum(a[:2] == "--" for a in arguments)


def test_rankings_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    for ranking in ("default", "dense", "bm25"):
        assert main(["adoption", "--json", "--ranking", ranking]) == 0
    scores = [found["hits"][0]["score"] for found in objects(capsys)]
    assert scores[1:] == [1.0, 1.0]
    assert scores[0] > 1


def test_a_batch_answers_each_line_in_order_with_its_id(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = batch(
        tmp_path,
        {"id": "a", "question": "adoption"},
        "",
        {"id": 7, "question": "what about the weather?", "relevant": {"25": 2}},
        {"id": "c", "question": "?!", "type": "none"},
    )
    assert main(["--batch", str(lines), "-k", "3"]) == 0
    found = objects(capsys)
    assert [one.pop("id") for one in found] == ["a", "7", "c"]
    assert [one["answered"] for one in found] == [True, False, False]
    assert [problems_of(one, k=3) for one in found] == [[], [], []]


def test_a_batch_line_narrows_by_long_names_and_stands_above_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = batch(
        tmp_path,
        {"id": 1, "question": "risk"},
        {"id": 2, "question": "risk", "council": "Southmere County Council"},
        {"id": 3, "question": "risk", "latest": False, "to": "2018-12-31", "k": 1},
        {"id": 4, "question": "risk", "from": "2022-01-01", "grade": "good", "section": "help"},
        {"id": 5, "question": "risk", "report": "northbridge-2018.txt", "council": None},
    )
    assert main(["--batch", str(lines), "--latest", "-k", "20"]) == 0
    found = objects(capsys)
    assert [len(one["hits"]) for one in found] == [9, 3, 1, 2, 0]
    assert [one["interpretation"]["filters"] for one in found[:3]] == [
        {"latest": True},
        {"council": "Southmere County Council", "latest": True},
        {"to": "2018-12-31"},
    ]


def test_a_batch_with_a_mark_and_windows_line_ends_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "batch.jsonl"
    path.write_bytes(
        b'\xef\xbb\xbf{"id": 1, "question": "risk"}\r\n{"id": 2, "question": "r2"}\r\n'
    )
    assert main(["--batch", str(path)]) == 0
    assert [one["id"] for one in objects(capsys)] == ["1", "2"]


# What goes wrong: the code, and what is said

BAD_LINES = [
    ("{", "line 2: Invalid JSON"),
    ("[]", "line 2: Input should be an object"),
    ('{"question": "risk"}', "line 2: Field required (id)"),
    ('{"id": 1}', "line 2: Field required (question)"),
    ('{"id": 1, "question": " "}', "line 2: the question is empty"),
    ('{"id": 1, "question": 5}', "line 2: Input should be a valid string (question)"),
    ('{"id": 1, "question": "risk", "from": "June"}', "line 2: Input should be a valid date"),
    ('{"id": 1, "question": "risk", "k": 0}', "line 2: Input should be greater than or equal to 1"),
    ('{"id": 1, "question": "risk", "k": 1001}', "line 2: Input should be less than or equal"),
    ('{"id": 1, "question": "risk", "council": 3}', "line 2: Input should be a valid string"),
    ('{"id": 1, "question": "\\ud800"}', "line 2: Invalid JSON"),
]


@pytest.mark.parametrize(("line", "complaint"), BAD_LINES)
def test_a_bad_batch_line_is_named_before_anything_is_answered(
    line: str, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = batch(tmp_path, {"id": 1, "question": "risk"}, line, {"id": 2, "question": "risk"})
    assert main(["--batch", str(lines)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"{lines}, {complaint}" in captured.err


@pytest.mark.parametrize(
    ("data", "complaint"), [(None, "No such file"), (b"\xff", "it is not UTF-8")]
)
def test_a_batch_that_cannot_be_read_is_named(
    data: bytes | None, complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "batch.jsonl"
    if data is not None:
        path.write_bytes(data)
    assert main(["--batch", str(path)]) == 2
    assert f"The batch {path} cannot be read: {complaint}" in capsys.readouterr().err


@pytest.mark.parametrize("question", ["", "  \n"])
def test_an_empty_question_exits_2_and_gives_an_example(
    question: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([question]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("The question is empty. Ask something, for example:")


USAGE = [
    ([], "give one question"),
    (["risk", "--batch", "x.jsonl"], "give one question"),
    (["how", "are", "leavers"], "unrecognized arguments"),
    (["risk", "-k", "0"], "'0' is not a number from 1 to 1000"),
    (["risk", "-k", "1001"], "is not a number from 1 to 1000"),
    (["risk", "-k", "ten"], "is not a number from 1 to 1000"),
    (["risk", "-k", "²"], "is not a number from 1 to 1000"),
    (["risk", "--from", "June 2021"], "'June 2021' is not a date; expected one like 2021-06-28"),
    (["risk", "--to", "2021-02-30"], "'2021-02-30' is not a date"),
    (["risk", "--ranking", "magic"], "invalid choice"),
]


@pytest.mark.parametrize(("arguments", "complaint"), USAGE)
def test_a_wrong_command_line_exits_2_and_says_what_was_expected(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert complaint in capsys.readouterr().err


def test_without_an_index_it_exits_1_and_names_the_command_that_builds_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["risk", "--index", str(tmp_path)]) == 1
    err = capsys.readouterr().err
    assert err == (
        f"There is no index in {tmp_path} yet. "
        f"Build it: .venv/bin/python -m indexer build --index {tmp_path}\n"
    )


def test_with_another_model_than_the_indexs_it_exits_1_and_names_both(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tuned").mkdir()
    (tmp_path / "tuned" / "model.safetensors").write_bytes(b"tuned")
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "tuned"))
    assert main(["risk"]) == 1
    err = capsys.readouterr().err
    assert "built with the model fake" in err
    assert "tuned" in err
    assert f".venv/bin/python -m indexer build --force --index {index}" in err


def test_an_interrupt_ends_it_with_130_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("search.__main__.Searcher", interrupted)
    assert main(["risk"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


def test_a_reader_that_has_seen_enough_ends_it_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = batch(tmp_path, *({"id": one, "question": "risk"} for one in range(3)))
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w", encoding="utf-8") as closed:  # noqa: PTH123 (a descriptor, no path)
        monkeypatch.setattr(sys, "stdout", closed)
        assert main(["--batch", str(lines)]) == 1
        monkeypatch.undo()
    assert capsys.readouterr().err == ""


def test_a_terminal_without_the_letters_shows_their_escapes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out"
    with path.open("w", encoding="ascii") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert main(["adoption", "--json"]) == 0
        monkeypatch.undo()
    found = json.loads(path.read_text(encoding="ascii"))
    assert "7–18 June 2021" in found["answer"][0]["citation"]["label"]


# With the real model and the shipped report


@pytest.fixture
def real_model(
    real_index: Path, real_encoder: object, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """The arguments that ask the index of the shipped report, with the real model in its place."""
    monkeypatch.delenv(MODEL_VARIABLE)
    monkeypatch.setattr("search.ask.OnnxEncoder", lambda *_, **__: real_encoder)
    return ["--index", str(real_index)]


@pytest.mark.model
def test_the_shipped_report_tells_how_care_leavers_are_supported(
    real_model: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["how are care leavers supported?", "--json", *real_model]) == 0
    (found,) = objects(capsys)
    assert problems_of(found, k=10) == []
    assert {one["citation"]["paragraph"] for one in found["answer"]} & {"25", "26", "27"}
    assert found["answer"][0]["citation"]["label"].startswith(
        "Sunderland City Council, ILACS inspection 28 June–9 July 2021, para 2"
    )


@pytest.mark.model
@pytest.mark.skipif(not QUESTIONS.exists(), reason="the questions are not beside the checkout")
def test_questions_on_the_shipped_report_get_sound_answers(
    real_model: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = QUESTIONS.read_text("utf-8").splitlines()[::8]  # all of them: make quality
    assert main(["--batch", str(batch(tmp_path, *asked)), *real_model]) == 0
    found = objects(capsys)
    assert [one.pop("id") for one in found] == [json.loads(line)["id"] for line in asked]
    assert [problem for one in found for problem in problems_of(one, k=10)] == []
