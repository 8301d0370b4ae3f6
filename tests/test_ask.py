from __future__ import annotations

import json
import threading
from datetime import date
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import IndexMissingError, UsageError
from index.records import Filters
from index.sentences import sentence_spans
from indexer.build import build
from search.ask import MOST_HITS, Asked, Searcher
from search.narrowed import nothing_left
from search.rank import Ranking
from tests.conftest import Silence
from tests.contract import problems_of
from tests.made_reports import COUNT

if TYPE_CHECKING:
    from pathlib import Path

    from index.models import Model
    from search.result import Result


def cited(result: Result) -> list[tuple[str, str]]:
    return [(one.citation.file, one.citation.paragraph or "") for one in result.answer]


def places(result: Result) -> set[tuple[str, str | None]]:
    return {(hit.file, hit.paragraph) for hit in result.hits}


# What is answered, and what is not


def test_an_answer_quotes_the_sentence_that_answers_with_its_citation(searcher: Searcher) -> None:
    result = searcher.ask(
        "are care leavers in good housing?", Filters(report="northbridge-2021.txt")
    )
    first = result.answer[0]
    assert first.quote == ("Care leavers live in good housing. They are proud of their housing.")
    assert first.citation.label == (
        "Northbridge City Council, ILACS inspection 7–18 June 2021, para 3"
    )
    assert (result.answered, result.refusal) == (True, None)
    assert result.hits[0].quote_spans == ((22, 89),)


def test_the_best_paragraph_stands_first_and_scores_fall(searcher: Searcher) -> None:
    result = searcher.ask("adoption")
    assert (result.hits[0].file, result.hits[0].paragraph) == ("northbridge-2021.txt", "4")
    assert [hit.rank for hit in result.hits] == list(range(1, 11))
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


REFUSALS = [
    ("what about the weather?", Filters(), "Nothing was found that answers", COUNT),
    ("?!", Filters(), "The question holds no words", COUNT),
    ("как поддерживают детей", Filters(), "The reports are in English", COUNT),
    ("risk", Filters(council="Elsewhere"), "with these filters: Council: Elsewhere", 0),
    ("risk", Filters(council=""), "with these filters: Council: ", 0),
    (
        "risk",
        Filters(date_from=date(2030, 1, 1), latest=True),
        "filters: Inspected from: 1 January 2030; Only each council’s latest report",
        0,
    ),
]


@pytest.mark.parametrize(("question", "filters", "refusal", "hits"), REFUSALS)
def test_a_refusal_says_why_and_the_nearest_paragraphs_are_still_there(
    question: str, filters: Filters, refusal: str, hits: int, searcher: Searcher
) -> None:
    result = searcher.ask(question, filters, k=20)
    assert (result.answered, result.answer) == (False, ())
    assert result.refusal is not None
    assert refusal in result.refusal
    assert len(result.hits) == hits
    assert not any(hit.quote_spans for hit in result.hits)


def test_a_phrase_in_quotation_marks_must_occur(searcher: Searcher) -> None:
    result = searcher.ask('how is "good housing" found?', k=20)
    assert result.hits
    assert all("good housing" in hit.text.lower() for hit in result.hits)
    absent = searcher.ask('how is "good hous" found?')
    assert not absent.answered
    assert absent.refusal == nothing_left(Filters(phrases=("good hous",)))


def test_a_time_that_leaves_nothing_is_said_and_searched_without(searcher: Searcher) -> None:
    result = searcher.ask("care leavers before 2001", Filters(council="Northbridge City Council"))
    assert result.refusal is not None
    assert "Inspected until: 31 December 2000" in result.refusal
    assert result.interpretation.filters == {"council": "Northbridge City Council"}
    assert {hit.council for hit in result.hits} == {"Northbridge City Council"}


def test_a_year_that_no_report_is_from_is_answered_where_the_first_paragraph_names_it(
    corpus: Path, fake_model: Model, tmp_path: Path
) -> None:
    report = corpus / "northbridge-2021.txt"
    text = report.read_text("utf-8")
    report.write_text(
        text.replace("4. Adoption is", "4. Adoption was late in 2015. It is"), "utf-8"
    )
    build([corpus], tmp_path / "index", Silence())
    searcher = Searcher(tmp_path / "index")
    said = "The collection holds no report from 2015."
    result = searcher.ask("was adoption late at the 2015 inspection?")
    assert (result.refusal, result.notices) == (None, (said,))
    assert [one.quote for one in result.answer] == ["Adoption was late in 2015."]
    # What nobody says of that year is refused, however well another year would answer.
    other = searcher.ask("did care leavers live in good housing at the 2015 inspection?")
    assert (other.refusal, other.confidence, other.notices) == (said, 0.0, ())
    assert other.hits


def test_a_title_over_no_sentence_is_found_but_answers_nothing(
    fake_model: Model, tmp_path: Path
) -> None:
    (tmp_path / "list.jsonl").write_text('{"id": "1", "text": " ", "title": "Housing"}', "utf-8")
    build([tmp_path / "list.jsonl"], tmp_path / "index", Silence())
    result = Searcher(tmp_path / "index").ask("housing")
    assert (result.answered, result.answer, len(result.hits)) == (False, (), 1)


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_is_a_usage_error(question: str, searcher: Searcher) -> None:
    with pytest.raises(UsageError, match="The question is empty"):
        searcher.ask(question)


def test_a_question_that_was_cut_says_so_beside_its_answer(searcher: Searcher) -> None:
    result = searcher.ask("adoption " * 12_000)
    assert result.answered
    assert len(result.question) <= 1000
    assert result.notices == (
        "The question has 107,999 characters; the first 1,000 were searched for.",
    )


# Many together


def test_many_questions_get_together_what_each_gets_alone(searcher: Searcher) -> None:
    asked = [
        Asked("are care leavers in good housing?"),
        Asked("adoption", Filters(council="Northbridge"), 3),
        Asked("what about the weather?"),
        Asked("adoption", Filters(latest=True), 20),
        Asked("risk", Filters(council="Elsewhere")),
        Asked("adoption", k=1000),
        Asked("?!"),
    ]
    together = searcher.ask_many(asked)
    for one, result in zip(asked, together, strict=True):
        alone = searcher.ask(one.question, one.filters, one.k)
        assert result.timing_ms.keys() == alone.timing_ms.keys()
        assert result == alone.model_copy(update={"timing_ms": result.timing_ms})
    assert searcher.ask_many([]) == []


# How many


@pytest.mark.parametrize("ranking", get_args(Ranking))
@pytest.mark.parametrize("k", [1, 3, COUNT, MOST_HITS])
def test_k_paragraphs_come_back_whenever_k_exist(
    k: int, ranking: Ranking, searcher: Searcher
) -> None:
    assert len(searcher.ask("risk", k=k, ranking=ranking).hits) == min(k, COUNT)
    narrow = searcher.ask("risk", Filters(report="northbridge-2018.txt"), k, ranking)
    assert len(narrow.hits) == min(k, 2)


@pytest.mark.parametrize("ranking", get_args(Ranking))
def test_one_among_many_is_found_by_its_word_though_its_vector_is_as_theirs(
    ranking: Ranking, fake_model: Model, tmp_path: Path
) -> None:
    texts = [*(f"Passage {row}." for row in range(150)), "A zebra.", "The end."]
    lines = [json.dumps({"id": str(row), "text": text}) for row, text in enumerate(texts)]
    (tmp_path / "list.jsonl").write_text("\n".join(lines), "utf-8")
    build([tmp_path / "list.jsonl"], tmp_path / "index", Silence())
    hits = Searcher(tmp_path / "index").ask("zebra", k=120, ranking=ranking).hits
    assert len(hits) == 120
    assert (hits[0].paragraph == "150") == (ranking != "dense")


@pytest.mark.parametrize("k", [0, -1, MOST_HITS + 1])
def test_another_k_is_a_usage_error_that_names_the_range(k: int, searcher: Searcher) -> None:
    with pytest.raises(UsageError, match=f"k is {k}; it must be from 1 to {MOST_HITS}"):
        searcher.ask("risk", k=k)


# Filters

NORTH_2018 = {("northbridge-2018.txt", "1"), ("northbridge-2018.txt", "2")}
FILTERS = [
    (Filters(report="northbridge-2018.txt"), NORTH_2018),
    (Filters(report="northbridge-city-council-2018-06-15"), NORTH_2018),
    (Filters(grade="inadequate"), NORTH_2018),
    (Filters(date_to=date(2018, 6, 15)), NORTH_2018),
    (
        Filters(grade="Outstanding"),
        {("northbridge-2021.txt", "3"), ("northbridge-2021.txt", "4")},
    ),
    (
        Filters(council="southmere county council", section="care LEAVERS"),
        {("south/southmere-2022.txt", "3")},
    ),
    (
        Filters(latest=True, section="help and protection"),
        {
            ("northbridge-2021.txt", "1"),
            ("northbridge-2021.txt", "2"),
            ("south/southmere-2022.txt", "1"),
            ("south/southmere-2022.txt", "2"),
        },
    ),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_only_what_the_filters_leave_is_found_cited_and_told(
    filters: Filters, expected: set[tuple[str, str | None]], searcher: Searcher
) -> None:
    result = searcher.ask("housing and care leavers, risk and staff", filters, k=COUNT)
    assert places(result) == expected
    assert set(cited(result)) <= expected
    assert result.interpretation.filters


# The object


@pytest.mark.parametrize(
    ("question", "filters"), [("risk", Filters()), *[case[:2] for case in REFUSALS]]
)
@pytest.mark.parametrize("ranking", get_args(Ranking))
def test_every_field_of_the_contract_is_there_and_true(
    question: str, filters: Filters, ranking: Ranking, searcher: Searcher
) -> None:
    result = searcher.ask(question, filters, 5, ranking)
    assert problems_of(result.model_dump(mode="json"), k=5) == []


WORDS = st.sampled_from(
    ["risk", "Risk!", "care leavers", "housing", "LAC", "school", "漢字", "?", "x", " ", "\0", "%"]
)


@given(st.text() | st.lists(WORDS, max_size=8).map(" ".join), st.sampled_from(get_args(Ranking)))
def test_any_question_gets_a_sound_answer_or_a_usage_error(
    searcher: Searcher, question: str, ranking: Ranking
) -> None:
    try:
        result = searcher.ask(question, ranking=ranking)
    except UsageError:
        assert not question.strip()
        return
    assert problems_of(result.model_dump(mode="json"), k=10) == []
    texts = {hit.id: hit.text for hit in result.hits}
    for one in result.answer:
        assert one.quote in texts[one.citation.id]
        spans = sentence_spans(texts[one.citation.id])
        (at,) = [hit.quote_spans for hit in result.hits if hit.id == one.citation.id]
        assert at[0][0] in {start for start, _ in spans}
        assert at[0][1] in {end for _, end in spans}


def test_a_passage_is_found_by_its_id_with_its_report(searcher: Searcher) -> None:
    hit = searcher.ask("adoption").hits[0]
    report, passage = searcher.passage(hit.id)
    assert (report.file, passage.paragraph.text) == (hit.file, hit.text)
    with pytest.raises(KeyError):
        searcher.passage("no/1")


# Over time


def test_a_new_generation_is_noticed_without_opening_anew(corpus: Path, built_index: Path) -> None:
    searcher = Searcher(built_index)
    first = searcher.ask("adoption")
    for path in corpus.glob("north*"):
        path.unlink()
    made = build([corpus], built_index, Silence())
    second = searcher.ask("adoption")
    assert (first.answered, second.answered) == (True, False)
    assert first.generation != second.generation == made.name
    assert len(second.hits) == 3


def test_an_index_that_is_taken_away_is_missed(built_index: Path) -> None:
    searcher = Searcher(built_index)
    (built_index / "current").unlink()
    with pytest.raises(IndexMissingError, match="There is no index"):
        searcher.ask("adoption")


def test_threads_get_the_answers_that_one_gets(searcher: Searcher) -> None:
    questions = ["adoption", "risk and staff", "care leavers", "what about the weather?"] * 5
    alone = [searcher.ask(question).hits for question in questions]
    together: dict[int, object] = {}

    def ask(own: int) -> None:
        together[own] = [searcher.ask(question).hits for question in questions]

    threads = [threading.Thread(target=ask, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == dict.fromkeys(range(4), alone)


# What a page needs beside the result


def test_every_hit_has_its_report_and_passage(searcher: Searcher) -> None:
    result = searcher.ask("care leavers", k=3)
    sources = searcher.sources(result)
    assert list(sources) != []
    for hit in result.hits:
        report, passage = sources[hit.id]
        assert (report.file, passage.paragraph.text) == (hit.file, hit.text)


def test_the_nearest_sentence_is_the_one_with_the_words_of_the_question(
    searcher: Searcher,
) -> None:
    result = searcher.ask("care leavers live in good housing")
    there = "northbridge-city-council-2021-06-18/3"
    [hit] = [one for one in result.hits if one.id == there]
    assert hit.nearest_span is not None
    start, end = hit.nearest_span
    assert hit.text[start:end] == "Care leavers live in good housing."
    assert "nearest_span" not in hit.model_dump()
