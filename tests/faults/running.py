"""A builder that is started, waited for or killed, and what an index folder holds afterwards."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from index.encoder import read_settings
from index.errors import IndexMissingError, InspectionSearchError
from index.generation import open_generation
from index.manifest import GENERATIONS, MODELS, published_names
from index.models import MODEL_VARIABLE
from indexer.checking import check_index
from indexer.vector_cache import FOLDER as CACHE
from indexer.vector_cache import VectorCache
from indexer.workers import _main_hidden
from search.ask import Searcher
from tests.faults.builder import put_fakes_in_place, run_apart

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.process import BaseProcess

    from search.result import Result

_processes = get_context("forkserver")
# No build here takes ten seconds; a busy machine may need some times as long.
SECONDS = 120.0
QUESTION = "How are care leavers housed?"
# The names that what is unfinished bears.
UNFINISHED = (".partial", ".old", ".new")
_COMMAND = re.compile(r"\.venv/bin/python -m indexer (\w+(?: --force)?)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one fault: how often it was tried, what was found, and all that is not right."""

    fault: str
    tries: int
    found: str
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a builder ended; `seconds` are those since it began to build."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Builder:
    """A builder at work."""

    process: BaseProcess
    began: float
    said: tuple[Path, Path]

    def ended(self, seconds: float = SECONDS) -> Ended:
        """Wait for it to end. Raises TimeoutError."""
        self.process.join(seconds)
        if self.process.exitcode is None:
            raise TimeoutError(f"A builder has not ended after {seconds:.0f} seconds.")
        took = time.monotonic() - self.began
        out, err = (path.read_text(encoding="utf-8", errors="replace") for path in self.said)
        return Ended(self.process.exitcode, out, err, took)


@contextmanager
def builder(corpus: Path, index: Path, *options: str | Path) -> Iterator[Builder]:
    """A builder that has begun; it is killed at the end if it has not ended.

    Its process comes from a server that has loaded the libraries and done nothing else, which
    spares a second each time.
    """
    _processes.set_forkserver_preload(["tests.faults.builder"])
    arguments = [str(one) for one in (corpus, index, *options)]
    with tempfile.TemporaryDirectory() as folder:
        said = Path(folder, "out"), Path(folder, "err")
        ready, theirs = _processes.Pipe(duplex=False)
        process = _processes.Process(
            target=run_apart, args=(arguments, said, dict(os.environ), theirs)
        )
        with _main_hidden():
            process.start()
        theirs.close()
        try:
            ready.poll(SECONDS)  # comes back when the builder closes its end, or dies
            yield Builder(process, time.monotonic(), said)
        finally:
            ready.close()
            process.kill()
            process.join()
            process.close()


def run_builder(corpus: Path, index: Path, *options: str | Path, seconds: float = SECONDS) -> Ended:
    """How a builder ended that nobody disturbed."""
    with builder(corpus, index, *options) as working:
        return working.ended(seconds)


def begin(weights: Path | None) -> None:
    """Put the fakes in place of the model for the life of this process; None leaves the real one.

    Not in `__main__`, where a spawned process does not find it.
    """
    if weights is None:
        os.environ.pop(MODEL_VARIABLE, None)
        return
    os.environ[MODEL_VARIABLE] = str(weights)
    put_fakes_in_place()


def told(log: Path, what: str) -> list[str]:
    """The texts that a builder's log says were "asked" or "kept"."""
    if not log.exists():
        return []
    whole = log.read_text(encoding="utf-8").rpartition("\n")[0]  # the last line may be cut short
    lines = map(json.loads, whole.splitlines())
    return [text for said, text in lines if said == what]


def cached_texts(index: Path, texts: Iterable[str]) -> set[str]:
    """Those of `texts` whose vector is in a cache of the index; looked for in a copy."""
    found: set[str] = set()
    wanted = list(texts)
    with tempfile.TemporaryDirectory() as aside:
        if (index / CACHE).is_dir():
            shutil.copytree(index / CACHE, Path(aside, CACHE))
        for path in Path(aside, CACHE).glob("*.vectors"):
            export = index / MODELS / path.stem
            if export.is_dir():
                cache = VectorCache(Path(aside), path.stem, read_settings(export).dimension)
                found |= set(wanted) - set(cache.missing(wanted))
    return found


def texts_held(index: Path) -> frozenset[tuple[str, str]]:
    """Id and text of every passage of the published generation. Raises as open_generation."""
    generation = open_generation(index)
    try:
        passages = generation.store.all_passages()
    finally:
        generation.close()
    return frozenset((one.id, one.paragraph.text) for one in passages)


def asked(index: Path) -> Result:
    """The answer of a searcher that is opened now; raises as Searcher does."""
    return Searcher(index).ask(QUESTION, k=1000)


def hits_of(result: Result) -> frozenset[tuple[str, str]]:
    """Id and text of every hit."""
    return frozenset((hit.id, hit.text) for hit in result.hits)


def unfinished(index: Path) -> list[str]:
    """What a build has left behind that it should not have."""
    left = [
        path.relative_to(index).as_posix()
        for path in index.rglob("*")
        if path.name.endswith(UNFINISHED) or path.name == "build.holder"
    ]
    named = {name for name in published_names(index) if name is not None}
    held = {path.name for path in (index / GENERATIONS).iterdir()}
    return sorted({*left, *(f"{GENERATIONS}/{name}" for name in held - named)})


def findings(index: Path) -> list[str] | None:
    """What `check` finds, None where nothing was ever published."""
    try:
        return list(check_index(index).problems)
    except IndexMissingError:
        return None


def serving_problems(index: Path, whole: Sequence[frozenset[tuple[str, str]]]) -> list[str]:
    """What is wrong with the answers, which must come from one of the `whole` collections."""
    try:
        result = asked(index)
        held = texts_held(index)
    except InspectionSearchError as error:
        return [f"search says {type(error).__name__}: {error}"]
    problems = []
    if held not in whole:
        problems.append("the generation published is none that a build made")
    if hits_of(result) != held:
        problems.append("the hits are not the texts of the generation published")
    if result.generation != published_names(index)[0]:
        problems.append(f"the answer names {result.generation}, which is not published")
    if not result.answer or any(quote.quote == "" for quote in result.answer):
        problems.append("nothing was quoted")
    return problems


def still_problems(index: Path, held: frozenset[tuple[str, str]]) -> list[str]:
    """What is wrong with the index that was published before."""
    found = findings(index)
    return [
        *(["check says that nothing was published"] if found is None else []),
        *(f"check finds: {finding}" for finding in found or []),
        *serving_problems(index, [held]),
    ]


def mending_problems(index: Path, corpus: Path, found: Sequence[str]) -> list[str]:
    """Which findings name no command, or one that does not mend; tried on a copy of the index."""
    problems = []
    commands = []
    for finding in found:
        named = _COMMAND.findall(finding)
        if not named:
            problems.append(f"check names no command: {finding}")
        commands += named
    for command in dict.fromkeys(commands):
        with tempfile.TemporaryDirectory() as aside:
            copy = Path(aside, "index")
            shutil.copytree(index, copy)
            words = command.split()
            paths = [str(corpus)] if words[0] == "build" else []
            done = run_builder(corpus, copy, "--", *words, *paths, "--index", str(copy))
            if done.code != 0:
                problems.append(f"`{command}`, which check names, fails: {done.err.strip()[-300:]}")
            elif words[0] == "build" and (left := findings(copy)):
                problems.append(f"after `{command}` check finds still: {left[0]}")
    return problems
