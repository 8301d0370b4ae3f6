"""Which readings are of the same report, however it is typeset; pure."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.records import Reading

# Two files are the same report when at least this share of the longer one's paragraphs agree in
# number, letters and digits. The text and the PDF of Sunderland 2021 differ in one word of 42
# paragraphs; of different reports those on North and West Northamptonshire 2022, which were one
# council before, share most: 19 of 43.
_SAME_SHARE = 0.9


class KnownReports:
    """The reports read so far, by what their paragraphs say."""

    def __init__(self) -> None:
        self._said: dict[bytes, set[str]] = defaultdict(set)
        self._lengths: dict[str, int] = {}

    def add(self, report_id: str, reading: Reading) -> None:
        """Remember what a report says."""
        said = _said(reading)
        self._lengths[report_id] = len(said)
        for one in said:
            self._said[one].add(report_id)

    def same_as(self, reading: Reading) -> str | None:
        """The id of the known report that `reading` is another copy of, None if it is new."""
        said = _said(reading)
        shared = Counter(report_id for one in said for report_id in self._said.get(one, ()))
        for report_id, count in shared.most_common(1):
            if count >= _SAME_SHARE * max(len(said), self._lengths[report_id]):
                return report_id
        return None


def _said(reading: Reading) -> set[bytes]:
    """A digest a paragraph, over its number, letters and digits."""
    digests = set()
    for paragraph in reading.paragraphs or reading.unnumbered:
        letters = "".join(re.findall(r"\w+", paragraph.text.casefold()))
        said = f"{paragraph.number}\0{letters}".encode(errors="replace")
        digests.add(hashlib.sha256(said).digest())
    return digests
