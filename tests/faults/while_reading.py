"""Builds publish while many ask: no question fails, and no answer mixes two generations."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from search.ask import Searcher
from tests.faults.builder import put_fakes_in_place
from tests.faults.marked import write_report
from tests.faults.running import QUESTION, SECONDS, Outcome, run_builder

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from search.result import Result

# Between two questions of one reader: twenty readers that never rest would leave two cores nothing
# to build with.
_REST = 0.01
_MARK = re.compile(r"\bmark\d+x\b")


@dataclass(slots=True)
class Seen:
    """What readers saw: how often each generation with each set of marks, and what failed."""

    answers: Counter[tuple[str, frozenset[str], int]] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def note(self, searcher: Searcher) -> None:
        """Ask once."""
        try:
            result = searcher.ask(QUESTION, k=1000)
        except Exception as error:  # noqa: BLE001 (each is a failed request, and is told)
            self.failures.append(f"{type(error).__name__}: {error}")
        else:
            self.answers[result.generation, marks_of(result), len(result.hits)] += 1


def marks_of(result: Result) -> frozenset[str]:
    """The marks in everything that a result quotes or lists; one if it is of one generation.

    The year in an id is the mark's number too, and so is the year of the council's inspection.
    """
    marks = set()
    for hit in result.hits:
        marks |= set(_MARK.findall(hit.text)) | set(_MARK.findall(hit.file))
        marks.add(f"mark{int(hit.id.split('/')[0].split('-')[-3]) - 2000}x")
    for quotation in result.answer:
        cited = quotation.citation
        marks |= set(_MARK.findall(quotation.quote)) | set(_MARK.findall(cited.file))
        if not any(hit.id == cited.id and quotation.quote in hit.text for hit in result.hits):
            marks.add(f"a quotation of {cited.id} that is in no hit of that id")
    return frozenset(marks)


def _write_marked(corpus: Path, number: int) -> None:
    """Reports that bear the mark of that number, and no other; there are ever more paragraphs."""
    for path in corpus.glob("*.txt"):
        path.unlink()
    for place in range(3):
        write_report(corpus, place, f"mark{number}x", paragraphs=3 + number, year=2000 + number)


def ask_until_told(index: Path, told: Connection) -> None:
    """What a reader's process does: ask, until something is told, and tell what was seen."""
    put_fakes_in_place()
    searcher = Searcher(index)
    seen = Seen()
    told.send(None)
    while not told.poll(_REST):
        seen.note(searcher)
    told.send(seen)


def published_while_reading(builds: int = 20, threads: int = 16, processes: int = 4) -> Outcome:
    """`threads` that share a searcher and `processes` with their own ask while builds publish."""
    spawned = get_context("spawn")  # a forked child that searches with FAISS can hang
    with tempfile.TemporaryDirectory() as aside:
        corpus, index = Path(aside, "corpus"), Path(aside, "index")
        published = {_publish(corpus, index, 1): 1}
        searcher = Searcher(index)
        everyone = [Seen() for _ in range(threads)]
        over = threading.Event()
        pool = [
            threading.Thread(target=_ask_until, args=(searcher, seen, over.is_set))
            for seen in everyone
        ]
        readers = []
        try:
            for _ in range(processes):
                ours, theirs = spawned.Pipe()
                reader = spawned.Process(target=ask_until_told, args=(index, theirs))
                reader.start()
                theirs.close()
                readers.append((reader, ours))
            lost = [
                f"reader {at} did not begin"
                for at, (_, ours) in enumerate(readers)
                if not _hear(ours)
            ]
            for thread in pool:
                thread.start()
            for number in range(2, builds + 1):
                published[_publish(corpus, index, number)] = number
            time.sleep(0.5)  # for everyone to see the last
        finally:
            over.set()
            for thread in pool:
                if thread.ident is not None:
                    thread.join(SECONDS)
        for at, (reader, ours) in enumerate(readers):
            ours.send(None)
            if ours.poll(SECONDS) and isinstance(seen := ours.recv(), Seen):
                everyone.append(seen)
            else:
                lost.append(f"reader {at} told nothing")
            reader.join(SECONDS)
            reader.kill()
        return _judged(everyone, published, lost)


def _hear(ours: Connection) -> bool:
    try:
        return ours.poll(SECONDS) and ours.recv() is None
    except EOFError:
        return False


def _ask_until(searcher: Searcher, seen: Seen, over: Callable[[], bool]) -> None:
    while not over():
        seen.note(searcher)
        time.sleep(_REST)


def _publish(corpus: Path, index: Path, number: int) -> str:
    """The name of the generation that the build of that number publishes."""
    _write_marked(corpus, number)
    done = run_builder(corpus, index)
    found = re.search(r"Published generation ([^:]+):", done.out)
    if done.code != 0 or found is None:
        raise RuntimeError(f"Build {number} fails: {done.out} {done.err}")
    return found[1]


def _judged(everyone: list[Seen], published: dict[str, int], problems: list[str]) -> Outcome:
    requests = 0
    generations: set[str] = set()
    for seen in everyone:
        requests += seen.answers.total() + len(seen.failures)
        problems += [f"a request failed: {failure}" for failure in seen.failures]
        generations |= {name for name, _, _ in seen.answers}
        for (name, marks, hits), times in seen.answers.items():
            number = published.get(name, 0)
            if marks != {f"mark{number}x"}:
                problems.append(f"{times} answers of {name}, build {number}, bear {sorted(marks)}")
            if hits != 3 * (3 + number):
                problems.append(f"{times} answers of {name}, build {number}, have {hits} hits")
    fewest = min((len({name for name, _, _ in seen.answers}) for seen in everyone), default=0)
    if fewest < len(published) // 2:
        problems.append(f"a reader saw {fewest} of {len(published)} generations only")
    found = (
        f"{requests} requests by {len(everyone)} readers, who saw {len(generations)} "
        f"generations, each {fewest} or more"
    )
    return Outcome("published while reading", len(published), found, tuple(problems))
