from __future__ import annotations

import pytest

from index.records import Facts, Reading
from indexer.duplicates import KnownReports
from tests.made_records import paragraph


def _reading(*texts: str) -> Reading:
    numbered = [paragraph(text, str(at)) for at, text in enumerate(texts, start=1)]
    return Reading(Facts(), tuple(numbered), ())


TEN = tuple(f"Finding number {at} of ten." for at in range(10))


@pytest.mark.parametrize(
    ("name", "reading", "same"),
    [
        ("the same", _reading(*TEN), "first"),
        ("typeset anew", _reading(*(text.upper().replace(" ", "\n") for text in TEN)), "first"),
        ("one word mended", _reading(*TEN[:9], "Finding number nine, mended."), "first"),
        ("two paragraphs changed", _reading(*TEN[:8], "Another.", "And another."), None),
        ("the first half of it", _reading(*TEN[:5]), None),
        ("it and as much again", _reading(*TEN, *TEN), None),
        ("renumbered", _reading("New.", *TEN), None),
        ("another report", _reading("Something else."), None),
        ("nothing", _reading(), None),
    ],
)
def test_a_report_is_known_again_by_what_its_paragraphs_say(
    name: str, reading: Reading, same: str | None
) -> None:
    known = KnownReports()
    known.add("other", _reading("Finding number 0 of ten."))
    known.add("first", _reading(*TEN))
    assert known.same_as(reading) == same, name
