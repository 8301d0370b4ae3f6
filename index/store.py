"""Reports and paragraphs as rows; the only user of sqlite3."""

from __future__ import annotations

import errno
import json
import re
import sqlite3
import threading
from dataclasses import asdict, astuple
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from index.councils import load_councils
from index.errors import IndexUnusableError
from index.records import (
    Box,
    Facts,
    Judgement,
    Paragraph,
    Passage,
    Report,
    Section,
    SourceFile,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.records import Filters

_SCHEMA = """
CREATE TABLE reports (
    id TEXT PRIMARY KEY, file TEXT NOT NULL, council TEXT, printed_council TEXT, framework TEXT,
    inspection_start TEXT, inspection_end TEXT, published TEXT, lead_inspector TEXT,
    judgements TEXT NOT NULL, overall TEXT, warnings TEXT NOT NULL, listed INTEGER NOT NULL
) STRICT;
CREATE TABLE paragraphs (
    row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, report_id TEXT NOT NULL REFERENCES reports,
    finding INTEGER NOT NULL, number TEXT, part TEXT, section TEXT, section_grade TEXT,
    subheading TEXT, page_start INTEGER, page_end INTEGER, text TEXT NOT NULL, boxes TEXT NOT NULL,
    first_sentence INTEGER NOT NULL, sentences TEXT NOT NULL
) STRICT;
CREATE INDEX paragraphs_of_report ON paragraphs (report_id);
CREATE INDEX places ON paragraphs (finding, first_sentence);
CREATE TABLE files (
    file TEXT PRIMARY KEY, bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL,
    sha256 TEXT NOT NULL, outcome TEXT NOT NULL, report_id TEXT, reason TEXT
) STRICT;
"""


def write_store(
    path: Path,
    reports: Iterable[Report],
    passages: Iterable[Passage],
    files: Iterable[SourceFile],
) -> None:
    """Write a new store to `path`, which must not exist yet."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            # No journal and no waiting for the disk: publishing does that, once for all files, and
            # what was interrupted before is thrown away.
            connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
            connection.executescript(_SCHEMA)
            connection.executemany(
                "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(_report_row, reports),
            )
            connection.executemany(
                "INSERT INTO paragraphs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(_passage_row, passages),
            )
            connection.executemany(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
                map(astuple, files),
            )
    except sqlite3.OperationalError as error:  # the disk is full, or the file may not grow
        raise OSError(errno.EIO, f"{path.name} cannot be written: {error}", str(path)) from error
    finally:
        connection.close()


class Store:
    """A written store, open for reading; may be asked from several threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._reports: dict[str, Report] = {}
        try:
            # immutable: no journal is looked for and no lock file made, so a read-only folder
            # serves readers; a generation never changes once it is published.
            self._connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro&immutable=1",
                uri=True,
                check_same_thread=False,
            )
            self._connection.create_function("holds", 2, _holds, deterministic=True)
        except sqlite3.Error as error:
            raise IndexUnusableError(f"{path} cannot be opened: {error}.") from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def report(self, report_id: str) -> Report:
        """The report of that id, kept once it was asked for. Raises KeyError."""
        if report_id not in self._reports:
            for row in self._rows("SELECT * FROM reports WHERE id = ?", [report_id]):
                self._reports[report_id] = _report(row)
        return self._reports[report_id]

    def reports(self) -> list[Report]:
        """All reports, by file."""
        return [_report(row) for row in self._rows("SELECT * FROM reports ORDER BY file")]

    def files(self) -> list[SourceFile]:
        """What became of every file, by name."""
        return [SourceFile(*row) for row in self._rows("SELECT * FROM files ORDER BY file")]

    def passage(self, passage_id: str) -> Passage:
        """The passage of that id. Raises KeyError."""
        for row in self._rows("SELECT * FROM paragraphs WHERE id = ?", [passage_id]):
            return _passage(row)
        raise KeyError(passage_id)

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """The passages at these rows, in the order given. Raises KeyError."""
        wanted = json.dumps([int(row) for row in rows])
        found = {
            row[0]: _passage(row)
            for row in self._rows(
                "SELECT * FROM paragraphs WHERE row IN (SELECT value FROM json_each(?))", [wanted]
            )
        }
        return [found[int(row)] for row in rows]

    def passages_named(self, ids: Sequence[str]) -> dict[str, Passage]:
        """Those of these passages that there are, by id."""
        found = self._rows(
            "SELECT * FROM paragraphs WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps(list(ids))],
        )
        return {row[1]: _passage(row) for row in found}

    def passages_of(self, report_id: str) -> list[Passage]:
        """All passages of a report: the findings in their order, then the others in theirs."""
        found = self._rows("SELECT * FROM paragraphs WHERE report_id = ? ORDER BY row", [report_id])
        return [_passage(row) for row in found]

    def sections(self) -> list[Section]:
        """How many paragraphs each section of each report has."""
        found = self._rows(
            "SELECT report_id, section, section_grade, count(*) FROM paragraphs "
            "GROUP BY report_id, section, section_grade"
        )
        return [Section(*row) for row in found]

    def all_passages(self) -> list[Passage]:
        """Every passage, by row."""
        return [_passage(row) for row in self._rows("SELECT * FROM paragraphs ORDER BY row")]

    def count(self) -> tuple[int, int, int]:
        """How many reports, paragraphs and sentences there are."""
        [(reports, paragraphs, sentences)] = self._rows(
            "SELECT (SELECT count(*) FROM reports), count(*), "
            "coalesce(sum(json_array_length(sentences)), 0) FROM paragraphs"
        )
        return reports, paragraphs, sentences

    def places(self) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
        """For each row whether it is a finding, and which sentence is its first.

        Both of shape (paragraphs,).
        """
        # By an index that holds just these: the rows themselves hold all the text.
        found = self._rows("SELECT row, finding, first_sentence FROM paragraphs INDEXED BY places")
        values = np.array(sorted(found), dtype=np.int64).reshape(-1, 3)
        return values[:, 1].astype(np.bool_), values[:, 2]

    def problems(self) -> list[str]:
        """What does not hold together in the store, a clause each."""
        return [
            f"the store has {count} {what}"
            for what, statement in _UNSOUND.items()
            for [(count,)] in [self._rows(f"SELECT count(*) FROM {statement}")]  # noqa: S608
            if count
        ]

    def rows(self, filters: Filters) -> NDArray[np.int64] | None:
        """The rows that `filters` leave, ascending, int64; None where nothing is filtered."""
        conditions, values = _conditions(filters)
        if not conditions:
            return None
        where = " AND ".join(conditions)
        found = self._rows(
            "SELECT row FROM paragraphs JOIN reports ON reports.id = report_id "  # noqa: S608
            f"WHERE {where} ORDER BY row",
            values,
        )
        return np.fromiter((row for (row,) in found), dtype=np.int64)

    def report_starts(self) -> NDArray[np.int64]:
        """The first row of each report that has any, ascending: int64; its rows stand together."""
        found = self._rows("SELECT min(row) FROM paragraphs GROUP BY report_id")
        return np.sort(np.fromiter((row for (row,) in found), dtype=np.int64))

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise IndexUnusableError(f"The store of paragraphs cannot be read: {error}.") from error


# What a sound store has none of; sentences are numbered through all paragraphs, by row.
_UNSOUND = {
    "paragraphs whose rows do not count from 0": (
        "(SELECT row, row_number() OVER (ORDER BY row) - 1 AS place FROM paragraphs) "
        "WHERE row <> place"
    ),
    "paragraphs of no report": "paragraphs WHERE report_id NOT IN (SELECT id FROM reports)",
    "paragraphs whose sentences are not where the vectors have them": (
        "(SELECT first_sentence, coalesce(sum(json_array_length(sentences)) OVER ("
        "ORDER BY row ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS place "
        "FROM paragraphs) WHERE first_sentence <> place"
    ),
    "sentences that reach beyond their paragraphs": (
        "paragraphs, json_each(sentences) AS span WHERE json_extract(span.value, '$[1]') > "
        "length(text)"
    ),
    "files of no report": "files WHERE report_id NOT IN (SELECT id FROM reports)",
}
# The day a report speaks of: the inspection's last, or where none is printed its publication.
_DAY = "coalesce(reports.inspection_end, reports.published)"
_LATER_REPORT = """EXISTS (
    SELECT 1 FROM reports AS other WHERE other.council = reports.council
    AND coalesce(other.inspection_end, other.published)
      > coalesce(reports.inspection_end, reports.published)
)"""
# Until 2017 the grade was printed "Requires improvement", and then "… to be good": one grade.
_SAME_GRADE = "replace(lower({}), ' to be good', '') = replace(lower(?), ' to be good', '')"
# By way of the files, so that a duplicate's name leads to the report that was kept.
_OF_REPORT = "reports.id IN (SELECT report_id FROM files WHERE ? IN (file, report_id))"


def _holds(text: str, phrase: str) -> bool:
    """Whether `phrase` stands in `text` as whole words, in capitals or not."""
    # An apostrophe is printed curly and typed straight.
    text, phrase = (one.replace("’", "'") for one in (text, phrase))
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text, re.IGNORECASE) is not None


def _conditions(filters: Filters) -> tuple[list[str], list[object]]:
    """SQL conditions, all of them constants, and the values bound to them."""
    council = None if filters.council is None else council_name(filters.council)
    wanted: list[tuple[str, object]] = [
        ("reports.council = ? COLLATE NOCASE", council),
        (_OF_REPORT, filters.report),
        (f"{_DAY} >= ?", _iso(filters.date_from)),
        (f"{_DAY} <= ?", _iso(filters.date_to)),
        ("instr(lower(section), lower(?))", filters.section),
        (_SAME_GRADE.format("section_grade"), filters.grade),
        (_SAME_GRADE.format("reports.overall"), filters.overall),
        ("reports.framework = ? COLLATE NOCASE", filters.framework),
    ]
    given = [(condition, value) for condition, value in wanted if value is not None]
    conditions = [condition for condition, _ in given]
    values = [value for _, value in given]
    for phrase in filters.phrases:
        conditions.append("holds(text, ?)")
        values.append(phrase)
    if filters.latest:
        conditions.append(f"NOT {_LATER_REPORT}")
    return conditions, values


def council_name(name: str) -> str:
    """The short name of the council that `name` means, or `name` itself where none is known."""
    council = load_councils().find(name)
    return name.strip() if council is None else council.name


def _report_row(report: Report) -> tuple[object, ...]:
    facts = report.facts
    return (
        report.id,
        report.file,
        report.council,
        facts.council,
        facts.framework,
        _iso(facts.inspection_start),
        _iso(facts.inspection_end),
        _iso(facts.published),
        facts.lead_inspector,
        json.dumps([asdict(judgement) for judgement in facts.judgements]),
        facts.overall,
        json.dumps(report.warnings),
        report.listed,
    )


def _report(row: tuple[Any, ...]) -> Report:
    report_id, file, council, printed, framework, start, end, published, inspector = row[:9]
    judgements, overall, warnings, listed = row[9:]
    return Report(
        id=report_id,
        file=file,
        council=council,
        facts=Facts(
            council=printed,
            framework=framework,
            inspection_start=_date(start),
            inspection_end=_date(end),
            published=_date(published),
            lead_inspector=inspector,
            judgements=tuple(Judgement(**judgement) for judgement in json.loads(judgements)),
            overall=overall,
        ),
        warnings=tuple(json.loads(warnings)),
        listed=bool(listed),
    )


def _passage_row(passage: Passage) -> tuple[object, ...]:
    paragraph = passage.paragraph
    return (
        passage.row,
        passage.id,
        passage.report_id,
        passage.finding,
        paragraph.number,
        paragraph.part,
        paragraph.section,
        paragraph.section_grade,
        paragraph.subheading,
        paragraph.page_start,
        paragraph.page_end,
        paragraph.text,
        json.dumps([[box.page, box.x0, box.top, box.x1, box.bottom] for box in paragraph.boxes]),
        passage.first_sentence,
        json.dumps(passage.sentences),
    )


def _passage(row: tuple[Any, ...]) -> Passage:
    number, part, section, grade, subheading, first, last, text, boxes = row[4:13]
    first_sentence, sentences = row[13:]
    return Passage(
        row=row[0],
        id=row[1],
        report_id=row[2],
        finding=bool(row[3]),
        paragraph=Paragraph(
            number=number,
            part=part,
            section=section,
            section_grade=grade,
            subheading=subheading,
            page_start=first,
            page_end=last,
            text=text,
            boxes=tuple(Box(*box) for box in json.loads(boxes)),
        ),
        first_sentence=first_sentence,
        sentences=tuple((start, end) for start, end in json.loads(sentences)),
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(day: str | None) -> date | None:
    return None if day is None else date.fromisoformat(day)
