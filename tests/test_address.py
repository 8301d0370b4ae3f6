"""The state of the search page in its address."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.records import Filters
from pages.address import FIRST_DAY, LAST_DAY, Address, link, read_address, written

words = st.text(min_size=1).map(str.strip).filter(bool)
days = st.dates(FIRST_DAY, LAST_DAY)
addresses = st.builds(
    Address,
    q=st.one_of(st.just(""), words),
    council=st.one_of(st.none(), words),
    date_from=st.one_of(st.none(), days),
    date_to=st.one_of(st.none(), days),
    framework=st.one_of(st.none(), words),
    section=st.one_of(st.none(), words),
    grade=st.one_of(st.none(), words),
    overall=st.one_of(st.none(), words),
    latest=st.booleans(),
    report=st.one_of(st.none(), words),
    as_typed=st.booleans(),
    sort=st.sampled_from(["relevance", "newest", "oldest"]),
    group=st.booleans(),
    page=st.integers(1, 1000),
)


@given(addresses)
def test_what_is_written_into_an_address_is_read_back(address: Address) -> None:
    assert read_address(written(address)) == address
    assert read_address(dict(parse_qsl(urlsplit(address.link()).query))) == address


def test_the_first_page_has_a_bare_address() -> None:
    assert written(Address()) == {}
    assert Address().link() == "/"


@given(st.dictionaries(st.sampled_from([*Address.__dataclass_fields__, "from"]), st.text()))
def test_any_address_is_read(query: dict[str, str]) -> None:
    assert read_address(query).page >= 1


@pytest.mark.parametrize("digits", [30, 5000])
def test_a_page_number_that_is_too_long_is_no_error(digits: int) -> None:
    assert read_address({"page": "9" * digits}).page == 1000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("from", "2021-13-01"),
        ("from", "0001-01-01"),
        ("to", "9999-12-31"),
        ("to", "yesterday"),
        ("sort", "shortest"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "²"),
        ("latest", "yes"),
        ("council", "  "),
    ],
)
def test_what_is_no_value_counts_as_not_given(name: str, text: str) -> None:
    assert read_address({name: text}) == Address()


def test_blanks_are_a_question_that_the_page_must_answer() -> None:
    assert read_address({"q": "  "}).q == "  "


def test_a_change_leads_to_the_first_page() -> None:
    there = Address(q="care", page=3, as_typed=True)
    assert there.changed(council="Leeds") == Address(q="care", council="Leeds", as_typed=True)


def test_a_new_question_is_read_anew() -> None:
    assert Address(q="care", as_typed=True).changed(q="housing") == Address(q="housing")


def test_the_filters_are_those_of_the_address() -> None:
    address = Address(q="care", council="Leeds", date_from=date(2020, 1, 1), latest=True, page=2)
    assert address.filters() == Filters(council="Leeds", date_from=date(2020, 1, 1), latest=True)


def test_a_link_leaves_out_what_is_empty() -> None:
    assert link("/report", {"id": "a b", "q": "", "passage": None}) == "/report?id=a+b"
