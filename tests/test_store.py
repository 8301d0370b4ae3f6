from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import IndexUnusableError
from index.records import Facts, Filters, Passage, Report, Section, SourceFile
from index.store import Store, council_name, write_store
from tests.made_records import any_files, any_passages, any_reports, paragraph, passage_of


@settings(max_examples=40)
@given(any_reports, any_passages, any_files)
def test_what_was_written_is_read_back(
    reports: list[Report], passages: list[Passage], files: list[SourceFile]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store")
        write_store(path, reports, passages, files)
        store = Store(path)
        assert store.reports() == sorted(reports, key=lambda report: report.file.encode())
        assert store.files() == sorted(files, key=lambda file: file.file.encode())
        assert store.passages(range(len(passages))) == passages
        assert [store.passage(one.id) for one in passages] == passages
        assert [store.report(one.id) for one in reports] == reports
        sentences = sum(len(one.sentences) for one in passages)
        assert store.count() == (len(reports), len(passages), sentences)
        store.close()


# Three reports on two councils and a list, two passages each; a duplicate of the second.

BATH = "Bath and North East Somerset"
HELP = "The experiences of children who need help: Good"
CARE = "Children in care: Outstanding"
REPORTS = [
    Report(
        "bath-2018",
        "old/bath.pdf",
        BATH,
        Facts(inspection_end=date(2018, 5, 4), framework="SIF", overall="Requires improvement"),
    ),
    Report(
        "bath-2022",
        "bath.pdf",
        BATH,
        Facts(inspection_end=date(2022, 3, 11), published=date(2022, 4, 20)),
    ),
    Report("northbridge", "it's 100%.pdf", "Northbridge", Facts(published=date(2020, 6, 1))),
    Report("list", "list.jsonl", None, Facts(), listed=True),
]
PASSAGES = [
    passage_of(one, 2 * at + second, f"{report.id}/{second}", report.id)
    for at, report in enumerate(REPORTS)
    for second, one in enumerate(
        [
            paragraph("On help.", "1", section=HELP, grade="Good"),
            paragraph("On care.", "2", section=CARE, grade="Outstanding"),
        ]
        if not report.listed
        else [paragraph("No title."), paragraph("A title.", section="Help_at 50%")]
    )
]
FILES = [
    *(SourceFile(one.file, 9, 9, "", "read", one.id, None) for one in REPORTS),
    SourceFile("copy of bath.pdf", 9, 9, "", "duplicate", "bath-2022", "the same report"),
    SourceFile("broken.pdf", 9, 9, "", "unreadable", None, "not a PDF"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    path = tmp_path_factory.mktemp("store") / "store"
    write_store(path, REPORTS, PASSAGES, FILES)
    return Store(path)


FILTERS = [
    (Filters(council="Bath and North East Somerset"), [0, 1, 2, 3]),
    (Filters(council="bath and north east somerset"), [0, 1, 2, 3]),
    (Filters(council="Bath & North East Somerset Council"), [0, 1, 2, 3]),
    (Filters(council="BANES"), [0, 1, 2, 3]),
    (Filters(council=" northbridge "), [4, 5]),
    (Filters(council="NORTHBRIDGE"), [4, 5]),
    (Filters(council="Somerset"), []),
    (Filters(council="North"), []),
    (Filters(report="bath-2022"), [2, 3]),
    (Filters(report="bath.pdf"), [2, 3]),
    (Filters(report="old/bath.pdf"), [0, 1]),
    (Filters(report="copy of bath.pdf"), [2, 3]),
    (Filters(report="it's 100%.pdf"), [4, 5]),
    (Filters(report="broken.pdf"), []),
    (Filters(report="bath"), []),
    (Filters(date_from=date(2020, 6, 1)), [2, 3, 4, 5]),
    (Filters(date_from=date(2020, 6, 2)), [2, 3]),
    (Filters(date_from=date(2022, 3, 12)), []),
    (Filters(date_to=date(2020, 6, 1)), [0, 1, 4, 5]),
    (Filters(date_to=date(2020, 5, 31)), [0, 1]),
    (Filters(date_from=date(2018, 5, 4), date_to=date(2018, 5, 4)), [0, 1]),
    (Filters(date_from=date(2021, 1, 1), date_to=date(2020, 1, 1)), []),
    (Filters(section="children who NEED help"), [0, 2, 4]),
    (Filters(section="children"), [0, 1, 2, 3, 4, 5]),
    (Filters(section="_at 50%"), [7]),
    (Filters(section="%"), [7]),
    (Filters(grade="outstanding"), [1, 3, 5]),
    (Filters(grade="Out"), []),
    (Filters(framework="sif"), [0, 1]),
    (Filters(framework="S"), []),
    (Filters(overall="requires improvement to be good"), [0, 1]),
    (Filters(overall="Good"), []),
    (Filters(phrases=("ON care",)), [1, 3, 5]),
    (Filters(phrases=("on", "title")), []),
    (Filters(phrases=("car",)), []),  # no whole word
    (Filters(latest=True), [2, 3, 4, 5, 6, 7]),
    (Filters(latest=True, council="bath"), [2, 3]),
    (Filters(latest=True, date_to=date(2019, 1, 1)), []),
    (Filters(council="bath", section="in care", grade="Outstanding"), [1, 3]),
    (Filters(council="bath", report="northbridge"), []),
]


@pytest.mark.parametrize(("filters", "rows"), FILTERS)
def test_filters_leave_exactly_the_rows_that_meet_all_of_them(
    filters: Filters, rows: list[int], store: Store
) -> None:
    found = store.rows(filters)
    assert found is not None
    assert found.tolist() == rows


def test_without_a_filter_all_rows_are_meant_and_none_are_listed(store: Store) -> None:
    assert store.rows(Filters()) is None


def test_passages_are_found_by_their_ids_and_those_that_are_not_there_are_left_out(
    store: Store,
) -> None:
    found = store.passages_named(["northbridge/1", "gone/1", "bath-2018/0"])
    assert found == {"northbridge/1": PASSAGES[5], "bath-2018/0": PASSAGES[0]}


def test_the_passages_of_a_report_are_in_their_order(store: Store) -> None:
    assert store.passages_of("bath-2022") == PASSAGES[2:4]
    assert store.passages_of("gone") == []


def test_the_sections_of_a_report_are_counted(store: Store) -> None:
    own = [one for one in store.sections() if one.report_id == "northbridge"]
    assert sorted(own, key=str) == [
        Section("northbridge", CARE, "Outstanding", 1),
        Section("northbridge", HELP, "Good", 1),
    ]


HOSTILE = st.text() | st.sampled_from(
    ["' OR 1=1 --", '"; DROP TABLE reports', "%", "_", "?", "\0", "bath\0.pdf", "é" * 10_000]
)
NAMES = st.sampled_from(["bath.pdf", "GOOD", "northbridge", "help", "copy of bath.pdf", "BANES"])


@given(HOSTILE | NAMES | st.tuples(NAMES, HOSTILE).map("".join))
def test_a_hostile_filter_is_a_name_like_any_other(store: Store, text: str) -> None:
    of_file = {one.report_id for one in FILES if text in (one.file, one.report_id)}
    of_council = {
        one.id
        for one in REPORTS
        if one.council is not None and _folded(council_name(text)) == _folded(one.council)
    }
    expected = {
        Filters(report=text): [one.report_id in of_file for one in PASSAGES],
        Filters(council=text): [one.report_id in of_council for one in PASSAGES],
        Filters(section=text): [
            _folded(text) in _folded(section) if (section := one.paragraph.section) else False
            for one in PASSAGES
        ],
        Filters(grade=text): [
            _plain_grade(text) == _plain_grade(grade)
            if (grade := one.paragraph.section_grade)
            else False
            for one in PASSAGES
        ],
    }
    for filters, left in expected.items():
        found = store.rows(filters)
        assert found is not None
        assert found.tolist() == [row for row, is_left in enumerate(left) if is_left]


def _folded(text: str) -> str:
    """`text` in small letters as SQLite knows them: those of ASCII."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _plain_grade(grade: str) -> str:
    return _folded(grade).replace(" to be good", "")


def test_passages_come_in_the_order_asked_for_and_as_often(store: Store) -> None:
    rows = [5, 0, 5, 2]
    assert [one.row for one in store.passages(rows)] == rows
    assert store.passages([]) == []


def test_more_rows_are_read_at_once_than_sqlite_binds_values(store: Store) -> None:
    many = 33_000  # SQLite binds 32,766 to a statement
    assert len(store.passages([5] * many)) == many


def test_what_is_not_there_is_a_key_error(store: Store) -> None:
    with pytest.raises(KeyError, match="no/1"):
        store.passage("no/1")
    with pytest.raises(KeyError, match="no"):
        store.report("no")
    with pytest.raises(KeyError, match="99"):
        store.passages([0, 99])


@pytest.mark.parametrize("data", [b"not a database, but long enough to look at" * 10, b""])
def test_a_file_that_is_no_store_is_unusable(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "store").write_bytes(data)
    with pytest.raises(IndexUnusableError, match="cannot be read"):
        Store(tmp_path / "store").count()


def test_a_missing_store_is_unusable(tmp_path: Path) -> None:
    with pytest.raises(IndexUnusableError, match="cannot be opened"):
        Store(tmp_path / "store")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Sunderland City Council", "Sunderland"),
        ("b&nes", BATH),
        ("  Northbridge ", "Northbridge"),
        ("", ""),
    ],
)
def test_a_council_goes_by_its_short_name_or_as_it_was_typed(typed: str, name: str) -> None:
    assert council_name(typed) == name


@pytest.mark.parametrize("asked", ["Requires improvement", "requires improvement to be good"])
def test_a_grade_is_found_by_its_old_and_its_new_name(tmp_path: Path, asked: str) -> None:
    printed = ["Requires improvement", "Requires improvement to be good", "Good"]
    passages = [
        passage_of(paragraph("A.", grade=grade), row, f"r/{row}")
        for row, grade in enumerate(printed)
    ]
    write_store(tmp_path / "store", [Report("r", "r.pdf", None, Facts())], passages, [])
    rows = Store(tmp_path / "store").rows(Filters(grade=asked))
    assert rows is not None
    assert rows.tolist() == [0, 1]
