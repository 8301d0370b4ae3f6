from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import UnreadableFileError
from index.generation import open_generation
from index.records import Facts
from indexer.build import build
from indexer.passage_lists import read_passage_list
from tests.conftest import Silence


def write(folder: Path, data: str | bytes, suffix: str = ".jsonl") -> Path:
    path = folder / f"list{suffix}"
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


# Good and bad files side by side: what stands in them, and (id, text, title) of each passage.

GOOD = [
    ('{"id": "a", "text": "One."}', [("a", "One.", None)]),
    ('{"id": "a", "text": "One.", "title": "On one"}', [("a", "One.", "On one")]),
    ('{"id": "a", "text": "One.", "title": ""}', [("a", "One.", None)]),
    ('{"id": "a", "text": "One.", "title": null}', [("a", "One.", None)]),
    ('{"id": 12, "text": "One."}', [("12", "One.", None)]),
    ('{"id": "a", "text": "One.", "url": [1, 2]}', [("a", "One.", None)]),
    (
        '{"id": "a", "text": "1."}\n\n{"id": "b", "text": "1."}\n',
        [("a", "1.", None), ("b", "1.", None)],
    ),
    (
        '{"id": "a", "text": "1."}\r\n{"id": "b", "text": "2."}',
        [("a", "1.", None), ("b", "2.", None)],
    ),
    ('\ufeff{"id": "a", "text": "One."}', [("a", "One.", None)]),
    ('{"id": "a", "text": "line\\nbreak \\u2028 é"}', [("a", "line\nbreak \u2028 é", None)]),
    ('{"id": "a", "text": "", "title": "On one"}', [("a", "", "On one")]),
    ('{"id": "a", "text": "a\u2028b"}', [("a", "a\u2028b", None)]),
]
BAD: list[tuple[str | bytes, str]] = [
    ("not json", "line 1: Invalid JSON"),
    ('{"id": "a", "text": "One."}\n{"id": "b"}', "line 2: Field required (text)"),
    ('{"text": "One."}', "line 1: Field required (id)"),
    ('\n\n{"id": "", "text": "One."}', "line 3: String should have at least 1 character (id)"),
    ('{"id": "a", "text": 7}', "line 1: Input should be a valid string (text)"),
    ('{"id": ["a"], "text": "One."}', "line 1: Input should be a valid string (id)"),
    ('["a", "One."]', "line 1: Input should be an object"),
    ('{"id": "a", "text": "1."}\n{"id": "a", "text": "2."}', "line 2: the id 'a' stands on two"),
    ('{"id": "1", "text": "1."}\n{"id": 1, "text": "2."}', "line 2: the id '1' stands on two"),
    ('{"id": "a", "text": "\\ud800"}', "line 1: Invalid JSON"),
    (b'{"id": "a", "text": "caf\xe9"}', "not UTF-8 at byte 24; save the passage list as UTF-8"),
]
GOOD_ROWS = [
    ("id,text\na,One.\n", [("a", "One.", None)]),
    ('text,id,title\n"One, two.",a,On one\n', [("a", "One, two.", "On one")]),
    ('ID,Text\r\na,"line\r\nbreak ""quoted"""\r\n', [("a", 'line\r\nbreak "quoted"', None)]),
    ("id,text,url\na,One.,x\n\n", [("a", "One.", None)]),
]
BAD_ROWS: list[tuple[str | bytes, str]] = [
    ("id,words\na,One.\n", "line 1: the columns are id, words"),
    ("a,One.\n", "line 1: the columns are a, one."),
    ("id,text\na,One, two.\n", "line 2: 3 cells under 2 columns"),
    ('id,text\na,"One.\nb,Two.\n', "line 2: unexpected end of data"),
    ('id,text\na,"One\ntwo."\n,Three.\n', "line 4: String should have at least 1 character (id)"),
    ("id,text\na,1\na,2\n", "line 3: the id 'a' stands on two lines"),
    (b"id,text\na,caf\xe9\n", "not UTF-8 at byte 13"),
]


@pytest.mark.parametrize(
    ("data", "passages", "suffix"),
    [(*case, ".jsonl") for case in GOOD] + [(*case, ".csv") for case in GOOD_ROWS],
)
def test_a_passage_list_is_read_as_it_stands(
    data: str, passages: list[tuple[str, str, str | None]], suffix: str, tmp_path: Path
) -> None:
    reading = read_passage_list(write(tmp_path, data, suffix))
    assert [(one.number, one.text, one.section) for one in reading.paragraphs] == passages
    assert (reading.facts, reading.unnumbered, reading.listed) == (Facts(), (), True)


@pytest.mark.parametrize(
    ("data", "complaint", "suffix"),
    [(*case, ".jsonl") for case in BAD] + [(*case, ".csv") for case in BAD_ROWS],
)
def test_a_passage_list_with_a_fault_is_refused_with_its_line(
    data: str | bytes, complaint: str, suffix: str, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableFileError) as error:
        read_passage_list(write(tmp_path, data, suffix))
    assert str(error.value).startswith(complaint)


@given(
    st.dictionaries(
        st.text(min_size=1), st.tuples(st.text(min_size=1), st.none() | st.text(min_size=1))
    )
)
def test_any_passages_are_read_back(passages: dict[str, tuple[str, str | None]]) -> None:
    lines = [
        json.dumps({"id": own, "text": text, "title": title}, ensure_ascii=False)
        for own, (text, title) in passages.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        reading = read_passage_list(write(Path(folder), "\n".join(lines)))
    found = {one.number: (one.text, one.section) for one in reading.paragraphs}
    assert found == {
        own: (text, title)
        for own, (text, title) in passages.items()
        if (text + (title or "")).strip()
    }


def test_a_passage_that_says_nothing_is_left_out_with_a_warning(tmp_path: Path) -> None:
    lines = '{"id": "a", "text": "One."}\n{"id": "b", "text": " ", "title": ""}'
    reading = read_passage_list(write(tmp_path, lines))
    assert [one.number for one in reading.paragraphs] == ["a"]
    assert reading.warnings == ("line 2: the passage 'b' is empty and is left out",)


# In the index

LIST = """\
{"id": "doc/7 é", "text": "Staff stay.", "title": "Housing"}
{"id": "8", "text": "Risk."}
"""


def test_the_title_is_encoded_and_indexed_with_the_text_and_the_id_is_the_paragraph(
    encoded: list[str], tmp_path: Path
) -> None:
    build([write(tmp_path, LIST)], tmp_path / "index", Silence())
    assert sorted(encoded) == ["Housing Staff stay.", "Risk.", "Staff stay."]
    generation = open_generation(tmp_path / "index")
    (first, second) = generation.store.passages([0, 1])
    assert (first.paragraph.number, first.paragraph.section) == ("doc/7 é", "Housing")
    assert (second.paragraph.number, second.paragraph.section) == ("8", None)
    assert (first.paragraph.text, first.finding) == ("Staff stay.", True)
    assert generation.lexical.scores("housing").tolist()[0] > 0
    assert generation.store.report(first.report_id).listed
