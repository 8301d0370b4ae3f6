"""Dates as reports print them, and words that are no dates."""

from __future__ import annotations

from datetime import date

import pytest

from indexer.dates import goes_on, read_day, read_day_in_name, read_visits, weekdays

VISITS = [
    ("27 September to 8 October 2021", "2021-09-27", "2021-10-08"),
    ("28 June 2021 to 9 July 2021", "2021-06-28", "2021-07-09"),  # Sunderland 2021
    ("27 to 31 January 2025", "2025-01-27", "2025-01-31"),  # Sunderland 2025
    ("18 November – 10 December 2014", "2014-11-18", "2014-12-10"),  # Hull 2015
    ("15-19 July 2013", "2013-07-15", "2013-07-19"),  # Medway 2013
    ("18 Feb 2014 – 12 March 2014", "2014-02-18", "2014-03-12"),  # Bradford 2014
    ("05 July 2016–27 July 2016", "2016-07-05", "2016-07-27"),  # Wakefield 2016
    ("12/09/2016 to 06/10/2016", "2016-09-12", "2016-10-06"),  # Redbridge 2016
    ("28 July 2016", "2016-07-28", "2016-07-28"),  # City of London 2016
    ("29 November to 10 January 2022", "2021-11-29", "2022-01-10"),
    # Derbyshire 2019
    (
        "8 July 2019 to 12 July 2019 and 7 August 2019 to 8 August 2019",
        "2019-07-08",
        "2019-08-08",
    ),
    ("8 to 12 July and 7 to 8 August 2019", "2019-07-08", "2019-08-08"),
    ("1st to 5th Sept 2014", "2014-09-01", "2014-09-05"),
    ("1October 2014to 5October2014", "2014-10-01", "2014-10-05"),
]
NO_VISITS = [
    "",
    "to be confirmed",
    "8 May",
    "8 to 12 May",
    "31 February 2020",
    "30 February to 9 March 2020",
    "20 to 10 May 2020",
    "9 July 2021 to 28 June 2021",
    "7 August 2019 and 8 July 2019",
    "1 to 3 to 5 May 2020",
    "5 May 2020 at the latest",
    "spring 2019",
]


@pytest.mark.parametrize(("printed", "start", "end"), VISITS)
def test_printed_dates_give_the_first_and_the_last_day(printed: str, start: str, end: str) -> None:
    visits = read_visits(printed)
    assert (visits[0].start.isoformat(), visits[-1].end.isoformat()) == (start, end)


@pytest.mark.parametrize("printed", NO_VISITS)
def test_words_that_are_not_dates_give_no_visit(printed: str) -> None:
    assert read_visits(printed) == ()


@pytest.mark.parametrize(
    ("printed", "day"),
    [
        ("7 February 2017", date(2017, 2, 7)),
        ("01 September 2014", date(2014, 9, 1)),  # Manchester 2014
        ("25/11/2016", date(2016, 11, 25)),  # Redbridge 2016
        ("2021-08-20", date(2021, 8, 20)),
        ("20 August", None),
        ("20 Augustus 2021", None),
        ("29 February 2021", None),
        ("13/13/2016", None),
        ("20 August 2021 and later", None),
    ],
)
def test_a_day_is_read_only_when_it_is_whole(printed: str, day: date | None) -> None:
    assert read_day(printed) == day


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("children's services inspection,  pdf - 23 august 2013.pdf", date(2013, 8, 23)),
        ("sunderland-2021-08-20.txt", date(2021, 8, 20)),
        ("inspection_5_may_2020.html", date(2020, 5, 5)),
        ("saved 2022-01-02 of 5 may 2020.html", date(2020, 5, 5)),
        ("inspection 3 of 2020.pdf", None),
        ("report.pdf", None),
    ],
)
def test_the_day_in_a_files_name_is_found(name: str, day: date | None) -> None:
    assert read_day_in_name(name) == day


@pytest.mark.parametrize("line", ["8 August 2019", "to 8 August 2019", "2019", "– 4 Sept. 2014"])
def test_a_line_of_dates_goes_on_with_the_line_above(line: str) -> None:
    assert goes_on(line)


@pytest.mark.parametrize(
    "line", ["Lead inspector: Julie Knight", "8 August inspectors", "1" * 100_000, "May" * 100_000]
)
def test_a_line_with_other_words_does_not(line: str) -> None:
    assert not goes_on(line)


@pytest.mark.parametrize(
    ("printed", "days"),
    [("27 to 31 January 2025", 5), ("14 to 25 October 2024", 10), ("1 to 2 June 2019", 0)],
)
def test_a_visit_is_as_long_as_its_weekdays(printed: str, days: int) -> None:
    assert weekdays(read_visits(printed)[0]) == days
