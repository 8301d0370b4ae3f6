"""The facts of the published reports: those read by hand exactly, all of them without a gap."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from index.councils import load_councils
from index.errors import UnreadableFileError
from index.records import Facts
from indexer.dates import read_day_in_name
from indexer.readers import read_document
from indexer.reports import normal_grade, read_facts

SHARED = Path(__file__).parents[2] / "shared"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published reports are not beside the project"
)

TRUTHS = sorted((SHARED / "truth").glob("*.json"))


@cache
def published_facts() -> dict[str, Facts]:
    """The facts of every readable report, by its path within the folder of reports."""
    facts = {}
    folder = SHARED / "reports"
    for path in sorted(folder.rglob("*.pdf")):
        file = path.relative_to(folder).as_posix()
        try:
            facts[file] = read_facts(read_document(path), file)
        except UnreadableFileError:
            continue
    return facts


@pytest.mark.parametrize("truth", TRUTHS, ids=lambda path: path.stem)
def test_the_facts_are_those_read_by_hand(truth: Path) -> None:
    expected: dict[str, Any] = json.loads(truth.read_text(encoding="utf-8"))
    path = SHARED / "reports" / expected["file"]
    facts = read_facts(read_document(path), expected["file"])
    assert facts.council == expected["authority"]
    assert facts.framework == expected["framework"]
    assert str(facts.inspection_start) == expected["inspection_start"]
    assert str(facts.inspection_end) == expected["inspection_end"]
    assert str(facts.published) == expected["published"]
    assert facts.lead_inspector == expected["lead_inspector"]
    assert facts.overall == normal_grade(expected["overall"])
    printed = {judgement.name: judgement.printed.capitalize() for judgement in facts.judgements}
    assert printed == expected["judgements"]


def test_no_published_report_lacks_a_field() -> None:
    facts = published_facts()
    assert len(facts) >= 196
    for file, report in facts.items():
        absent = [name for name in Facts.__slots__ if not getattr(report, name)]
        assert absent == [], file
        assert report.framework is not None
        fewest = 6 if "LSCB" in report.framework else 4 if "ILACS" in report.framework else 5
        assert len(report.judgements) in (fewest, 5), file


def test_dates_of_published_reports_are_in_order_and_agree_with_their_names() -> None:
    for file, report in published_facts().items():
        assert report.inspection_start is not None
        assert report.inspection_end is not None
        assert report.published is not None
        assert report.inspection_start <= report.inspection_end <= report.published, file
        # Sandwell 2015 came out 106 days after its last day; Derbyshire 2019 took 32 days in all.
        assert (report.published - report.inspection_end).days <= 110, file
        assert (report.inspection_end - report.inspection_start).days <= 32, file
        named = read_day_in_name(file)
        assert named is not None
        # Covers are up to two days older than the names of Manchester 2014 and Norfolk 2015.
        assert 0 <= (named - report.published).days <= 2, file


def test_the_printed_council_of_every_published_report_is_that_of_its_folder() -> None:
    councils = load_councils()
    for file, report in published_facts().items():
        folder = file.split("/", 1)[0].split("_", 1)[1]
        assert report.council is not None
        assert councils.find(report.council) == councils.find(folder), file
