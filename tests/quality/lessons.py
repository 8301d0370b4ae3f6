"""What `make fit` learns from: graded questions, and training questions on held-out reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.encoder import OnnxEncoder
from index.generation import open_generation
from index.reader import Reader
from index.records import Filters
from search.question import Known, understand
from search.ranked import read
from search.retrieve import retrieve
from tests.quality.ranking import build, graded_sets, linked
from training.examples import load_reports, split
from training.recipes import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.generation import Generation
    from index.reader import TextReader
    from search.question import Question as Understood
    from search.retrieve import Candidates
    from tests.quality.ranking import Question


class Readings:
    """The logits of a question's candidates, each read when it is first asked for."""

    def __init__(
        self,
        asking: _Asking,
        question: str,
        vector: NDArray[np.float32],
        rows: NDArray[np.int64],
    ) -> None:
        """Of `question` with `vector`, and of the paragraphs at `rows` of what `asking` holds."""
        self._asking, self._question, self._vector = asking, question, vector
        self._rows = rows
        self._known: dict[int, float] = {}

    def of(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """The logits of the candidates at `places`: float64 of shape (len(places),)."""
        wanted = [at for at in places.tolist() if at not in self._known]
        if wanted:
            generation = self._asking.generation
            passages = generation.store.passages(self._rows[wanted].tolist())
            logits = read(
                self._question,
                self._vector,
                passages,
                generation.sentences,
                self._asking.reader,
            )
            self._known |= zip(wanted, logits.tolist(), strict=True)
        return np.array([self._known[at] for at in places.tolist()])


@dataclass(frozen=True, slots=True)
class Lesson:
    """The features of a question's candidates, and how the right answer is shared among them.

    `features` is float64 of shape (candidates, len(FEATURES)), `shares` of shape (candidates,).
    """

    features: NDArray[np.float64]
    shares: NDArray[np.float64]
    readings: Readings


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
    readings: Readings


class _Asking:
    """An index that questions are asked of, as the product asks them up to the ranking."""

    def __init__(self, folder: Path, reader: TextReader | None = None) -> None:
        """The index in `folder`, with `reader` or with that of its model."""
        self.generation = open_generation(folder)
        self.reader = reader or Reader(self.generation.model_folder)
        self._encoder = OnnxEncoder(self.generation.model_folder)
        store = self.generation.store
        self._known = Known(store.reports(), self.generation.lexical, self._encoder.has_word)

    def candidates(
        self, question: str, filters: Filters
    ) -> tuple[Understood, NDArray[np.float32], Candidates]:
        """The question as it is understood, its vector, and its candidates."""
        asked = understand(question, filters, self._known)
        vectors = self._encoder.encode_questions([asked.expanded])
        [found] = retrieve(self.generation, vectors, [asked], filters, 10)
        return asked, vectors[0], found


def graded_cases(shared: Path) -> list[Case]:
    """The graded questions in `shared`, each searched for in its report."""
    cases = []
    for name, (files, questions) in graded_sets(shared).items():
        asking = _Asking(build(files, name))
        numbers = [one.paragraph.number for one in asking.generation.store.all_passages()]
        for one in questions:
            asked, vector, candidates = asking.candidates(one.text, one.filters)
            own = [numbers[row] for row in candidates.rows]
            grades = np.array([one.relevant.get(number or "", 0) for number in own], dtype=float)
            report = one.filters.report or name
            readings = Readings(asking, asked.expanded, vector, candidates.rows)
            cases.append(
                Case(
                    name,
                    report,
                    one,
                    asked.text,
                    vector,
                    candidates,
                    grades,
                    own,
                    asking.generation,
                    readings,
                )
            )
    return cases


def held_out_lessons(shared: Path, reader: TextReader) -> list[Lesson]:
    """The training questions on the held-out reports, each with its named paragraph.

    `reader` is the shipped one, which has not seen these reports either.

    That paragraph's neighbours may answer, too, and are left out.
    """
    _, reports = split(load_reports(shared / "reports"))
    files = linked(shared, {one.file for one in reports}, "held_out")
    index = build([files], "held_out", SHIPPED.held_out_model)
    asking = _Asking(index, reader)
    store = asking.generation.store
    ids = {one.file: one.id for one in store.reports()}
    lessons = []
    for report in reports:
        findings = [one.row for one in store.passages_of(ids[report.file]) if one.finding]
        for one in report.asked:
            asked, vector, found = asking.candidates(one.question, Filters(report=report.file))
            away = np.abs(found.rows - findings[one.answer])
            if 0 in away:
                kept = away != 1
                features = found.features[kept].astype(np.float64)
                readings = Readings(asking, asked.expanded, vector, found.rows[kept])
                lessons.append(Lesson(features, (away[kept] == 0).astype(np.float64), readings))
    return lessons


def lessons_of(cases: Sequence[Case]) -> list[Lesson]:
    """The answerable ones of `cases`."""
    return [
        Lesson(
            case.candidates.features.astype(np.float64),
            case.grades / case.grades.sum(),
            case.readings,
        )
        for case in cases
        if case.grades.any()
    ]
