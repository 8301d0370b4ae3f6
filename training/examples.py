"""Questions and the reports they were asked of → what a model is trained and measured on."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.reading import read_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

QUESTIONS = Path(__file__).parent / "questions.jsonl"
GRADED = Path(__file__).parent / "graded.jsonl"
# Further ones, like those that are typed into a search box, of which the closer reader learns, too.
TYPED = Path(__file__).parent / "typed.jsonl"
# Reports of the training questions on which candidates are compared, and never trained.
HELD_OUT = 30
SEED = 20211


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the place of the paragraph that answers it in its report."""

    question: str
    style: str
    answer: int


@dataclass(frozen=True, slots=True)
class AskedReport:
    """A report's numbered paragraphs in order, and the questions asked of it.

    `graded` are others, each with the grades of all places that answer: 2 is to be cited, 1 is
    acceptable, and none at all is a question that the report does not answer.
    """

    file: str
    paragraphs: tuple[str, ...]
    asked: tuple[Asked, ...]
    graded: tuple[tuple[str, Mapping[int, int]], ...] = ()


def load_reports(
    folder: Path, questions: Path = QUESTIONS, graded: Sequence[Path] = (GRADED,)
) -> list[AskedReport]:
    """The reports of `questions`, read from `folder`, by file, with what `graded` have on them.

    Raises UnreadableFileError; a question whose paragraph is not in its report is a ValueError.
    """
    asked, further = lines_by_report(questions), lines_by_report(*graded)
    return [_read(folder, file, own, further[file]) for file, own in sorted(asked.items())]


def lines_by_report(*questions: Path) -> defaultdict[str, list[dict[str, Any]]]:
    """The lines of files of questions, by the report that they were asked of."""
    lines = defaultdict(list)
    for path in questions:
        for question in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            lines[question["report"]].append(question)
    return lines


def _read(
    folder: Path, file: str, lines: list[dict[str, Any]], graded: list[dict[str, Any]]
) -> AskedReport:
    paragraphs = read_file(folder / file, file).paragraphs
    # A number that a file with two reports prints twice means the first.
    places = {one.number: at for at, one in reversed(list(enumerate(paragraphs)))}
    named = {line["paragraph"] for line in lines} | {at for one in graded for at in one["relevant"]}
    if missing := named - places.keys():
        raise ValueError(f"{file} has no paragraph {', '.join(sorted(missing))}")
    return AskedReport(
        file,
        tuple(one.text for one in paragraphs),
        tuple(Asked(one["question"], one["style"], places[one["paragraph"]]) for one in lines),
        tuple(
            (one["question"], {places[at]: grade for at, grade in one["relevant"].items()})
            for one in graded
        ),
    )


def split(reports: Sequence[AskedReport]) -> tuple[list[AskedReport], list[AskedReport]]:
    """Reports to train on, and those held out: the same ones every time."""
    shuffled = random.Random(SEED).sample(list(reports), len(reports))  # noqa: S311 - no secret
    return shuffled[HELD_OUT:], shuffled[:HELD_OUT]
