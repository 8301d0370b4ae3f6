"""What `make fit` learns from: graded questions, and training questions on held-out reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from index.encoder import OnnxEncoder
from index.generation import open_generation
from index.records import Filters
from search.question import Known, understand
from search.retrieve import retrieve
from tests.quality.ranking import build, graded_sets, linked
from training.examples import load_reports, split
from training.recipes import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.generation import Generation
    from search.retrieve import Candidates
    from tests.quality.ranking import Question

# The features of a question's candidates, and how the right answer is shared out among them.
Lesson: TypeAlias = "tuple[NDArray[np.float64], NDArray[np.float64]]"


@dataclass(frozen=True, slots=True)
class Case:
    """A graded question with the candidates of its report; `grades` are theirs, float64."""

    name: str
    report: str
    question: Question
    text: str
    vector: NDArray[np.float32]
    candidates: Candidates
    grades: NDArray[np.float64]
    numbers: list[str | None]
    generation: Generation


class _Asking:
    """An index that questions are asked of, as the product asks them up to the ranking."""

    def __init__(self, folder: Path) -> None:
        self.generation = open_generation(folder)
        self._encoder = OnnxEncoder(self.generation.model_folder)
        store = self.generation.store
        self._known = Known(store.reports(), self.generation.lexical, self._encoder.has_word)

    def candidates(
        self, question: str, filters: Filters
    ) -> tuple[str, NDArray[np.float32], Candidates]:
        """What is left of the question to look for, its vector, and its candidates."""
        asked = understand(question, filters, self._known)
        vectors = self._encoder.encode_questions([asked.expanded])
        [found] = retrieve(self.generation, vectors, [asked], filters, 10)
        return asked.text, vectors[0], found


def graded_cases(shared: Path) -> list[Case]:
    """The graded questions in `shared`, each searched for in its report."""
    cases = []
    for name, (files, questions) in graded_sets(shared).items():
        asking = _Asking(build(files, name))
        numbers = [one.paragraph.number for one in asking.generation.store.all_passages()]
        for one in questions:
            text, vector, candidates = asking.candidates(one.text, one.filters)
            own = [numbers[row] for row in candidates.rows]
            grades = np.array([one.relevant.get(number or "", 0) for number in own], dtype=float)
            report = one.filters.report or name
            cases.append(
                Case(name, report, one, text, vector, candidates, grades, own, asking.generation)
            )
    return cases


def held_out_lessons(shared: Path) -> list[Lesson]:
    """The training questions on the held-out reports, each with its named paragraph.

    That paragraph's neighbours may answer, too, and are left out.
    """
    _, reports = split(load_reports(shared / "reports"))
    files = linked(shared, {one.file for one in reports}, "held_out")
    asking = _Asking(build([files], "held_out", SHIPPED.held_out_model))
    store = asking.generation.store
    ids = {one.file: one.id for one in store.reports()}
    lessons = []
    for report in reports:
        findings = [one.row for one in store.passages_of(ids[report.file]) if one.finding]
        for one in report.asked:
            _, _, candidates = asking.candidates(one.question, Filters(report=report.file))
            away = np.abs(candidates.rows - findings[one.answer])
            if 0 in away:
                features = candidates.features[away != 1].astype(np.float64)
                lessons.append((features, (away[away != 1] == 0).astype(np.float64)))
    return lessons


def lessons_of(cases: Sequence[Case]) -> list[Lesson]:
    """The answerable ones of `cases`."""
    return [
        (case.candidates.features.astype(np.float64), case.grades / case.grades.sum())
        for case in cases
        if case.grades.any()
    ]
