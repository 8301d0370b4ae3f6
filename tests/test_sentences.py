from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import sentence_spans

# What stands in reports: abbreviations, initials, brackets, quotations, percentages, bullets.
SENTENCES = [
    ["One.", "Two."],
    ["Is it safe?", "Yes!", "It is."],
    ["Dr. Smith saw Mr. Jones.", "He left."],
    ["St. Helens is good.", "It was inspected in Sept. 2019."],
    ["Some wait, e.g. for housing.", "Most do not."],
    ["It rose from 2.1 to 3.5%.", "It fell in 2021."],
    ["They waited (for weeks).", "Then came help.", "(See below.)"],
    ["“We are heard.”", "Children say so."],
    ["Staff said ‘we are proud’.", "They stay."],
    ["No full stop"],
    ["one; two: three"],
]


@pytest.mark.parametrize("sentences", SENTENCES)
def test_a_text_is_split_where_its_sentences_end(sentences: list[str]) -> None:
    text = " ".join(sentences)
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@pytest.mark.parametrize("text", ["", " ", "\n\t"])
def test_a_text_of_white_space_has_no_sentence(text: str) -> None:
    assert sentence_spans(text) == []


def test_a_line_break_stays_inside_a_sentence_and_out_of_its_ends() -> None:
    text = "  The first\nline. \n The second.  "
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "The first\nline.",
        "The second.",
    ]


def test_what_holds_no_word_belongs_to_the_sentence_before() -> None:
    text = "It is good. – Staff stay. )"
    assert [text[start:end] for start, end in sentence_spans(text)] == [
        "It is good.",
        "– Staff stay. )",
    ]


@given(
    st.text() | st.lists(st.sampled_from(["Go. ", "No ", "(", "? ", "“Yes.” ", "\n"])).map("".join)
)
def test_sentences_stand_in_order_and_together_cover_all_but_white_space(text: str) -> None:
    spans = sentence_spans(text)
    at = 0
    for start, end in spans:
        assert at <= start < end
        assert text[start:end] == text[start:end].strip()
        assert text[at:start].strip() == ""
        at = end
    assert text[at:].strip() == ""
