"""Filters as readers and programs are told of them."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

from index.records import Filters
from search.narrowed import LABELS, for_programs, from_programs, in_words, narrowing, nothing_left

SET = Filters(
    council="Leeds", date_from=date(2020, 1, 31), latest=True, phrases=("edge of care", "PLO")
)


def test_only_what_narrows_is_told() -> None:
    assert narrowing(Filters()) == {}
    assert in_words(Filters(council=None, latest=False, phrases=())) == ""


def test_readers_are_told_in_words() -> None:
    assert in_words(SET) == (
        "Council: Leeds; Inspected from: 31 January 2020; Only each council’s latest report; "
        "With the words: “edge of care”, “PLO”"
    )
    assert nothing_left(Filters(overall="Good")).endswith("filters: Overall grade: Good.")


def test_every_filter_has_a_label() -> None:
    assert LABELS.keys() == {one.name for one in fields(Filters)}


def test_what_programs_are_told_leads_back() -> None:
    told = for_programs(SET)
    assert told["from"] == "2020-01-31"
    assert from_programs(told) == narrowing(SET)
