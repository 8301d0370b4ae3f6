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
    from collections.abc import Sequence

QUESTIONS = Path(__file__).parent / "questions.jsonl"
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
    """A report's numbered paragraphs in order, and the questions asked of it."""

    file: str
    paragraphs: tuple[str, ...]
    asked: tuple[Asked, ...]


def load_reports(folder: Path, questions: Path = QUESTIONS) -> list[AskedReport]:
    """The reports of `questions`, read from `folder`, by file.

    Raises UnreadableFileError; a question whose paragraph is not in its report is a ValueError.
    """
    lines = defaultdict(list)
    for line in questions.read_text(encoding="utf-8").splitlines():
        question = json.loads(line)
        lines[question["report"]].append(question)
    return [_read(folder, file, own) for file, own in sorted(lines.items())]


def _read(folder: Path, file: str, lines: list[dict[str, str]]) -> AskedReport:
    paragraphs = read_file(folder / file, file).paragraphs
    # A number that a file with two reports prints twice means the first.
    places = {one.number: at for at, one in reversed(list(enumerate(paragraphs)))}
    missing = {line["paragraph"] for line in lines} - places.keys()
    if missing:
        raise ValueError(f"{file} has no paragraph {', '.join(sorted(missing))}")
    return AskedReport(
        file,
        tuple(one.text for one in paragraphs),
        tuple(Asked(one["question"], one["style"], places[one["paragraph"]]) for one in lines),
    )


def split(reports: Sequence[AskedReport]) -> tuple[list[AskedReport], list[AskedReport]]:
    """Reports to train on, and those held out: the same ones every time."""
    shuffled = random.Random(SEED).sample(list(reports), len(reports))  # noqa: S311 - no secret
    return shuffled[HELD_OUT:], shuffled[:HELD_OUT]
