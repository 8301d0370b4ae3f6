"""Every name a council goes by leads to the one council, and to no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.councils import load_councils, read_councils

REPORTS = Path(__file__).parents[2] / "shared" / "reports"

FOUND = [
    ("Sunderland City Council", "Sunderland"),
    ("sunderland", "Sunderland"),
    ("Kingston upon Hull", "Kingston upon Hull"),
    ("hull", "Kingston upon Hull"),
    ("Kingston upon Hull Safeguarding Children Board", "Kingston upon Hull"),  # Hull 2015, page 37
    ("BCP", "Bournemouth, Christchurch and Poole"),
    ("Bournemouth, Christchurch & Poole Council", "Bournemouth, Christchurch and Poole"),
    ("Windsor & Maidenhead", "Windsor and Maidenhead"),
    ("RBWM", "Windsor and Maidenhead"),
    ("The Royal Borough of Windsor and Maidenhead", "Windsor and Maidenhead"),  # 2020
    ("City of London", "City of London"),
    ("London Corporation", "City of London"),
    ("Council of the Isles of Scilly", "Isles of Scilly"),  # 2019
    ("City of Bradford Metropolitan District Council", "Bradford"),  # 2014
    ("Metropolitan Borough of Rotherham", "Rotherham"),  # 2014
    ("Tameside metropolitan borough", "Tameside"),  # 2019
    ("Calderdale Metropolitan Council", "Calderdale"),  # 2015
    ("London Borough of Merton Council", "Merton"),  # 2017
    ("Royal Borough of Kingston upon Thames Council", "Kingston upon Thames"),  # 2015
    ("St. Helens Metropolitan Borough Council", "St Helens"),  # 2015
    ("Southend-on-Sea city council", "Southend-on-Sea"),  # 2024
    ("newcastle-upon-tyne", "Newcastle upon Tyne"),
    ("Newcastle", "Newcastle upon Tyne"),  # 2022
    ("Durham County Council", "Durham"),
    ("County Durham", "Durham"),
    ("Bedford Borough", "Bedford"),  # 2022
    ("Herefordshire, County of", "Herefordshire"),
    ("B&NES", "Bath and North East Somerset"),
    ("Medway Children’s Services", "Medway"),  # 2019
    ("Northants", "Northamptonshire"),
]

NOT_FOUND = [
    "",
    "council",
    "London",
    "London Borough of",
    "Bedfordshire",  # abolished before there were such reports; two councils share the name
    "North",
    "Sunderland and Durham",
    "how are care leavers supported in Sunderland?",
    "City of " * 50_000,
    f"x{' metropolitan' * 20_000} z",  # every way to cut it would be tried
]


@pytest.mark.parametrize(("printed", "name"), FOUND)
def test_a_printed_or_typed_name_finds_its_council(printed: str, name: str) -> None:
    council = load_councils().find(printed)
    assert council is not None
    assert council.name == name


@pytest.mark.timeout(5)
@pytest.mark.parametrize("printed", NOT_FOUND, ids=lambda printed: printed[:30])
def test_a_name_that_means_no_council_finds_none(printed: str) -> None:
    assert load_councils().find(printed) is None


def test_every_name_and_alias_leads_back_to_its_council() -> None:
    councils = load_councils()
    for council in councils.by_name.values():
        for name in councils.names(council.name):
            assert councils.find(name) is council
            assert councils.find(f"the {name.upper()}") is council


def test_the_153_councils_of_england_are_there_and_four_that_were_abolished() -> None:
    councils = load_councils().by_name.values()
    assert sum(council.ended is None for council in councils) == 153
    assert [council.name for council in councils if council.ended] == [
        "Bournemouth",
        "Cumbria",
        "Northamptonshire",
        "Poole",
    ]


def test_successors_are_councils_that_exist() -> None:
    by_name = load_councils().by_name
    for council in by_name.values():
        assert (council.ended is None) == (council.successors == ())
        assert all(by_name[name].ended is None for name in council.successors)


def test_councils_stand_in_alphabetical_order() -> None:
    names = list(load_councils().by_name)
    assert names == sorted(names, key=str.casefold)


def test_one_name_for_two_councils_is_refused() -> None:
    text = "name,aliases,ended,successors\nKingston upon Hull,Kingston,,\nKingston,,,\n"
    with pytest.raises(ValueError, match="'Kingston' means Kingston upon Hull and Kingston"):
        read_councils(text)


@pytest.mark.skipif(not REPORTS.is_dir(), reason="the published reports are not beside the project")
def test_every_folder_of_the_published_reports_is_a_council() -> None:
    folders = [folder.name.split("_", 1)[1] for folder in REPORTS.iterdir()]
    assert folders
    assert [name for name in folders if load_councils().find(name) is None] == []
