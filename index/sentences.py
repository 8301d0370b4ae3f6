"""Where the sentences of a passage begin and end; the only user of nupunkt."""

from __future__ import annotations

import re

from nupunkt import sent_spans

# nupunkt leaves white space at a span's end, and makes a "sentence" of a closing bracket or a dash
# that stands alone: such a rest belongs to the one before.
_WORD = re.compile(r"\w")


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence in `text`, white space left out at both ends.

    Together the spans cover everything in `text` but white space.
    """
    spans: list[tuple[int, int]] = []
    for start, end in sent_spans(text):
        sentence = text[start:end]
        start_trimmed = start + len(sentence) - len(sentence.lstrip())
        end_trimmed = start + len(sentence.rstrip())
        if start_trimmed >= end_trimmed:
            continue
        if spans and not _WORD.search(sentence):
            spans[-1] = (spans[-1][0], end_trimmed)
        else:
            spans.append((start_trimmed, end_trimmed))
    return spans
