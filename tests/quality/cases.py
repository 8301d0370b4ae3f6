"""What `make fit` learns from: graded questions, each searched for in its report."""

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
from tests.quality.ranking import build, graded_sets, linked, question_of
from training.examples import GRADED, lines_by_report, load_reports, split
from training.recipes import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from index.generation import Generation
    from index.reader import TextReader
    from search.question import Question as Understood
    from search.retrieve import Candidates
    from tests.quality.ranking import Question


OURS = "held_out"  # the set of our own questions, on held-out reports


class Readings:
    """The logits of a question's candidates, read when they are first asked for.

    What is read together belongs together: it says in which names the question is read.
    """

    def __init__(
        self,
        asking: _Asking,
        question: Understood,
        vector: NDArray[np.float32],
        rows: NDArray[np.int64],
    ) -> None:
        """Of `question` with `vector`, and of the paragraphs at `rows` of what `asking` holds."""
        self._asking, self._question, self._vector = asking, question, vector
        self._rows = rows
        self._known: dict[frozenset[int], dict[int, float]] = {}

    def of(self, places: NDArray[np.intp]) -> NDArray[np.float64]:
        """The logits of the candidates at `places`: float64 of shape (len(places),)."""
        together = frozenset(places.tolist())
        if together not in self._known:
            generation = self._asking.generation
            logits = read(
                self._question,
                self._vector,
                generation.store.passages(self._rows[places].tolist()),
                generation.sentences,
                self._asking.reader,
            )
            self._known[together] = dict(zip(places.tolist(), logits.tolist(), strict=True))
        return np.array([self._known[together][at] for at in places.tolist()])


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

    @property
    def shares(self) -> NDArray[np.float64]:
        """How the right answer is shared among the candidates, where there is one; sums to 1."""
        shares: NDArray[np.float64] = self.grades / self.grades.sum()
        return shares


class _Asking:
    """An index that questions are asked of, as the product asks them up to the ranking."""

    def __init__(self, folder: Path, reader: TextReader | None = None) -> None:
        """The index in `folder`, with `reader` or with that of its model."""
        self.generation = open_generation(folder)
        self.reader = reader or Reader(self.generation.model_folder)
        self._encoder = OnnxEncoder(self.generation.model_folder)
        store = self.generation.store
        self._known = Known(store.reports(), self.generation.lexical, self._encoder.has_word)
        self._numbers = [one.paragraph.number for one in store.all_passages()]

    def case(self, name: str, question: Question) -> Case:
        """The graded `question` of the set `name`, searched for."""
        asked = understand(question.text, question.filters, self._known)
        vectors = self._encoder.encode_questions([asked.expanded])
        [candidates] = retrieve(self.generation, vectors, [asked], question.filters, 10)
        vector = vectors[0]
        own = [self._numbers[row] for row in candidates.rows]
        grades = np.array([question.relevant.get(at or "", 0) for at in own], dtype=float)
        readings = Readings(self, asked, vector, candidates.rows)
        return Case(
            name,
            question.filters.report or name,
            question,
            asked.text,
            vector,
            candidates,
            grades,
            own,
            self.generation,
            readings,
        )


def graded_cases(shared: Path) -> list[Case]:
    """The graded questions in `shared`, each searched for in its report."""
    cases = []
    for name, (files, questions) in graded_sets(shared).items():
        asking = _Asking(build(files, name))
        cases += [asking.case(name, one) for one in questions]
    return cases


def held_out_cases(shared: Path, reader: TextReader) -> list[Case]:
    """The graded questions on the held-out reports, searched for by a model trained without these.

    `reader` is the shipped one, whose two have not seen these reports either.
    """
    _, reports = split(load_reports(shared / "reports"))
    files = {one.file for one in reports}
    index = build([linked(shared, files, "held_out")], "held_out", SHIPPED.held_out_model)
    asking = _Asking(index, reader)
    return [
        asking.case(OURS, question_of(line, Filters(report=file)))
        for file, lines in sorted(lines_by_report(GRADED).items())
        if file in files
        for line in lines
    ]
