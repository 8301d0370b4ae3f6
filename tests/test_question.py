from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import search.question
from index.errors import UsageError
from index.lexical import Lexical, write_lexical
from index.records import Facts, Filters, Reading, Report
from indexer.reading import read_file
from search.question import MOST, Known, load_terms, read_terms, understand

SHARED = Path(__file__).parents[2] / "shared"
needs_shared = pytest.mark.skipif(
    not (SHARED / "reports").is_dir(), reason="needs the reports in ../shared"
)


@pytest.mark.parametrize("asked", ["", " ", "\n\t\r", "\u00a0\u2003\u3000"])
def test_a_question_of_white_space_is_a_usage_error_that_gives_an_example(asked: str) -> None:
    with pytest.raises(UsageError, match=r"The question is empty\. .* care leavers"):
        understand(asked, Filters())


def test_white_space_within_a_question_is_made_single() -> None:
    assert understand("  how are\n\ncare\tleavers  ", Filters()).text == "how are care leavers"


# Questions that words can answer, and those that none can

ASKABLE = ["risk", "Is it OK?", "s47", "what about No. 10", "café", "naïve plans", "IRO"]
NO_WORDS = ["?", "!!! ...", "12 34", "2021-07-09", "a b c", "😀😀", "—", "\0", "x"]
OTHER_SCRIPTS = ["как поддерживают детей", "ما هو الدعم", "照顾离开者如何得到支持", "πώς", "דוח"]


@pytest.mark.parametrize("asked", ASKABLE)
def test_a_question_in_words_is_searched_for_without_remark(asked: str) -> None:
    question = understand(asked, Filters())
    assert (question.text, question.refusal, question.notices) == (asked, None, ())


@pytest.mark.parametrize("asked", NO_WORDS)
def test_a_question_without_words_is_refused_as_such(asked: str) -> None:
    assert (
        understand(asked, Filters()).refusal
        == "The question holds no words. Ask it in English words."
    )


@pytest.mark.parametrize("asked", OTHER_SCRIPTS)
def test_a_question_in_another_script_is_refused_as_such(asked: str) -> None:
    refusal = understand(asked, Filters()).refusal
    assert refusal is not None
    assert "not. Ask it in English" in refusal


def test_a_word_of_another_script_within_an_english_question_does_no_harm() -> None:
    assert understand("what is said about дети in care", Filters()).refusal is None


# Long questions


def test_what_is_said_of_a_question_is_said_once(tmp_path: Path) -> None:
    write_lexical(tmp_path / "words", ["Fostering in Leeds and in Bradford."])
    facts = [Report(name, f"{name}.pdf", name, Facts()) for name in ("Leeds", "Bradford")]
    known = Known(facts, Lexical(tmp_path / "words"), lambda _: False)
    question = understand("fostring in Leeds and Bradford", Filters(), known)
    assert question.corrected == "fostering in Leeds and Bradford"
    assert len(question.notices) == 1


def test_a_question_of_1000_characters_is_whole() -> None:
    asked = "risk " * 199 + "risks"
    assert len(asked) == MOST
    assert (understand(asked, Filters()).text, understand(asked, Filters()).notices) == (asked, ())


def test_a_longer_question_is_cut_between_words_with_a_notice() -> None:
    question = understand("safeguarding " * 7_700, Filters())
    assert question.text == " ".join(["safeguarding"] * 76)
    assert len(question.text) <= MOST
    assert question.notices == (
        "The question has 100,099 characters; the first 1,000 were searched for.",
    )


def test_a_longer_question_without_a_space_is_cut_where_it_must_be() -> None:
    assert understand("x" * 100_000, Filters()).text == "x" * MOST


@given(st.text())
@example("\udcff and \ud800: what a command makes of bytes that are no text")
def test_any_question_is_understood_or_empty(asked: str) -> None:
    try:
        question = understand(asked, Filters())
    except UsageError:
        assert not asked.strip()
        return
    assert 0 < len(question.text) <= MOST
    assert question.text == " ".join(question.text.split())
    question.expanded.encode()  # whatever encodes and stores text can take it


# The sector's words

EXPANSIONS = [
    ("how are care leavers supported?", ["care experienced young people"]),
    ("CARE LEAVERS", ["care experienced young people"]),
    ("the IRO's work", ["independent reviewing officer"]),
    ("the iro", ["independent reviewing officer"]),
    ("independent reviewing officers", ["IRO"]),
    ("LADO and lado", ["local authority designated officer", "designated officer"]),
    ("what is pre-proceedings work", ["PLO", "public law outline"]),
    # Not these: a name is a whole word, and one in capitals is not the word in small letters.
    ("carefree leavers", []),
    ("a grandchild in care", []),
    ("a neat plan", []),
    ("pa system", []),
    ("send a letter", []),
    ("café", []),
    ("the environment", []),
]


@pytest.mark.parametrize(("asked", "expansions"), EXPANSIONS)
def test_a_question_is_expanded_by_the_reports_words_for_its_own(
    asked: str, expansions: list[str]
) -> None:
    question = understand(asked, Filters())
    assert list(question.expansions) == expansions
    assert question.expanded == " ".join([question.text, *expansions])


BESIDE = [
    (
        "Are IROs keeping an eye on LAC?",
        "",
        "Are independent reviewing officers (IROs) keeping an eye on children in care (LAC)?",
    ),
    ("help for lac", "Looked after children are well.", "help for looked after children (lac)"),
    ("the lado", "", "the local authority designated officer (lado)"),
    ("the LADO", "A designated officer is there.", "the designated officer (LADO)"),
    ("s47 enquiries", "S47 enquiries are quick.", "section 47 (s47) enquiries"),
    # A full name stays alone, except where the texts have another one and not this one.
    ("independent reviewing officers, IROs", "IROs", "independent reviewing officers, IROs"),
    ("care leavers", "Care leavers have a home.", "care leavers"),
    ("care leavers", "Staff stay.", "care leavers"),
    (
        "are care leavers well?",
        "Care experienced young people are.",
        "are care leavers (care experienced young people) well?",
    ),
    ("a neat plan for the pa system", "", "a neat plan for the pa system"),
]


@pytest.mark.parametrize(("asked", "texts", "expected"), BESIDE)
def test_beside_texts_a_question_is_read_in_the_names_that_they_use(
    asked: str, texts: str, expected: str
) -> None:
    assert understand(asked, Filters()).beside(texts) == expected
    assert understand(asked, Filters(), as_typed=True).beside(texts) == asked


def test_every_term_has_two_names_and_a_place_where_it_can_be_seen() -> None:
    for term in load_terms():
        assert len(term.names) >= 2, term
        assert term.example, term
        assert len(set(term.names)) == len(term.names), term


@needs_shared
def test_a_term_can_be_seen_where_its_line_says() -> None:
    read: dict[str, Reading] = {}
    for term in load_terms():
        seen = []
        places = re.findall(r"([A-Z][^;()]*?) (20\d\d), para (\d+)", term.example)
        for council, year, number in places:
            folder = council.lower().replace(" and ", "*")
            for path in (SHARED / "reports").glob(f"*{folder}/*{year}.pdf"):
                known = read.setdefault(str(path), read_file(path, path.name))
                seen += [one.text for one in known.paragraphs if one.number == number]
        assert any(map(term.held, seen)), term


def test_no_name_means_two_things() -> None:
    names = [name for term in load_terms() for name in term.names]
    assert len(names) == len(set(names))


def test_the_file_of_terms_has_two_cells_a_row_and_no_stray_spaces() -> None:
    path = Path(search.question.__file__).with_name("language.csv")
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert rows[0] == ["names", "example"]
    assert {len(row) for row in rows} == {2}
    for row in rows:
        assert [cell.strip() for cell in row] == row


def test_terms_are_read_several_to_a_cell() -> None:
    (term,) = read_terms("names,example\nIRO; reviewer ;;,Hull 2015\n")
    assert (term.names, term.example) == (("IRO", "reviewer"), "Hull 2015")
