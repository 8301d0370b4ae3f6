"""One byte of any stored file is another: `check` tells, and no reader shows another text."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from index.errors import IndexMissingError, IndexUnusableError, ModelError
from index.generation import open_generation
from index.manifest import CURRENT, GENERATIONS, MANIFEST, MODELS, published_names
from indexer.vector_cache import FOLDER as CACHE
from search.ask import Searcher
from tests.fake_encoder import bag
from tests.faults.marked import write_corpus
from tests.faults.running import (
    QUESTION,
    Outcome,
    asked,
    cached_texts,
    findings,
    run_builder,
    still_problems,
    texts_held,
    told,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.result import Result

# Every bit of the byte, and the least: a digit becomes its neighbour, "a" a "`".
_MASKS = (0xFF, 0x01)
# What readers do not need: a line's end in the pointer that has become another one says the same,
# and an export whose records do not hold is made again by the next build.
_HARMLESS = (CURRENT, "export.json")


@dataclass(frozen=True, slots=True)
class _Flip:
    """The byte at `place` of a file, and what it is XORed with."""

    path: Path
    place: int
    mask: int

    def turn(self) -> None:
        """Once damages, twice mends; size and times stay as they were."""
        status = self.path.stat()
        with self.path.open("r+b") as file:
            file.seek(self.place)
            [byte] = file.read(1)
            file.seek(self.place)
            file.write(bytes([byte ^ self.mask]))
        os.utime(self.path, ns=(status.st_atime_ns, status.st_mtime_ns))


def prepare(folder: Path, *options: str) -> Path:
    """An index of two generations in `folder`."""
    index = folder / "index"
    for changed in ("firstone", "oldmark"):
        corpus = write_corpus(folder / changed, "oldmark", changed=changed)
        done = run_builder(corpus, index, *options)
        if done.code != 0:
            raise RuntimeError(f"The index to damage cannot be built: {done.err}")
    return index


def flipped(
    index: Path,
    fault: str,
    *,
    rooms: Sequence[str] = (GENERATIONS, MODELS),
    manifest_places: int = 200,
    seed: int = 7,
) -> Outcome:
    """Each file of `rooms` and the pointer in turn, at its start, middle, end and anywhere."""
    chance = random.Random(seed)  # noqa: S311 (places, not secrets)
    before = timeless(asked(index))
    earlier = Searcher(index)  # opened before: must not crash, whatever it answers
    flips = list(_flips(index, rooms, chance, manifest_places))
    problems: list[str] = []
    ends: Counter[str] = Counter()
    for flip in flips:
        flip.turn()
        try:
            end, found = _damaged(index, flip.path, before)
        finally:
            flip.turn()
        ends[end] += 1
        where = f"{flip.path.relative_to(index)}, byte {flip.place} ^ {flip.mask:#04x}"
        problems += [f"{where}: {problem}" for problem in found]
    earlier.ask(QUESTION)
    if findings(index) != [] or timeless(asked(index)) != before:
        problems.append("mended, the index is not as it was")
    said = ", ".join(f"{count} {end}" for end, count in ends.most_common())
    return Outcome(fault, len(flips), said, tuple(problems))


def _flips(
    index: Path, rooms: Sequence[str], chance: random.Random, manifest_places: int
) -> Iterator[_Flip]:
    files = [index / CURRENT]
    for room in rooms:
        files += sorted(path for path in (index / room).rglob("*") if path.is_file())
    for path in files:
        size = path.stat().st_size
        if not size:
            continue
        places = {0, size // 2, size - 1, chance.randrange(size)}
        if path.name == MANIFEST:  # no other file says what it should be
            places |= set(chance.sample(range(size), min(manifest_places, size)))
        if path.name == CURRENT:
            places = set(range(size))
        for place in sorted(places):
            for mask in _MASKS:
                yield _Flip(path, place, mask)


def timeless(result: Result) -> Result:
    """A result without the time it took."""
    return result.model_copy(update={"timing_ms": {}})


def _damaged(index: Path, path: Path, before: Result) -> tuple[str, list[str]]:
    """What became of a damage, in a word, and what is wrong with that."""
    problems = []
    try:
        found = findings(index)
        if found is None:
            found = ["nothing was published"]
    except Exception as error:  # noqa: BLE001 (whatever it is, it is a finding of ours)
        return "check failed", [f"check raises {type(error).__name__}: {error}"]
    try:
        result = timeless(asked(index))
    except (IndexUnusableError, IndexMissingError, ModelError) as error:
        end = "told by check and search"
        if not str(error):
            problems.append("search raises an error without a message")
    except Exception as error:  # noqa: BLE001 (as above)
        return "search failed", [f"search raises {type(error).__name__}: {error}"]
    else:
        end = "told by check, answers as before"
        if result != before:
            # Another generation that is whole may be published by the damage: its name is told.
            problems.append("search answers otherwise than before")
    if not found:
        end = "not told, answers as before"
        if path.name not in _HARMLESS:
            problems.append("check finds nothing")
    return end, problems


def records_flipped(every: int = 1) -> Outcome:
    """Each part of records of the vector cache in turn: the next build does not use that record."""
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as aside:
        index = prepare(Path(aside))
        corpus = Path(aside, "oldmark")
        texts = _texts(index)
        [path] = (index / CACHE).iterdir()
        record, left = divmod(path.stat().st_size, len(texts))
        if left:
            raise RuntimeError("The cache was expected to hold a record a text.")
        size = path.stat().st_size
        # A byte of key, checksum and vector each, of the first record, one amid and the last.
        places = [
            first + within
            for first in (0, record * (len(texts) // 2), size - record)
            for within in (0, 15, 16, 19, 20, record - 1)
        ][::every]
        for place in places:
            copy = Path(aside, "copy")
            shutil.copytree(index, copy)
            _Flip(copy / CACHE / path.name, place, 0xFF).turn()
            found = _built_again(copy, corpus, texts, lost=1)
            problems += [f"byte {place} of {size} ^ 0xff: {one}" for one in found]
            shutil.rmtree(copy)
        cuts = [1, record - 1, record, record + 1, size // 2, size][::every]
        for cut in cuts:
            copy = Path(aside, "copy")
            shutil.copytree(index, copy)
            os.truncate(copy / CACHE / path.name, size - cut)
            found = _built_again(copy, corpus, texts, lost=-(-cut // record))
            problems += [f"the last {cut} of {size} bytes cut off: {one}" for one in found]
            shutil.rmtree(copy)
    tries = len(places) + len(cuts)
    return Outcome("vector cache damaged", tries, f"{tries} built again", tuple(problems))


def _built_again(index: Path, corpus: Path, texts: Sequence[str], lost: int) -> list[str]:
    """What is wrong after a build that has `lost` records of its cache less."""
    cached = cached_texts(index, texts)
    log = index.parent / "log"
    log.unlink(missing_ok=True)
    command = ("--", "build", "--force", str(corpus), "--index", str(index))
    done = run_builder(corpus, index, "--log", log, *command)
    if done.code != 0:
        return [f"the build fails: {done.err}"]
    problems = []
    if len(texts) - len(cached) != lost:
        problems.append(f"{len(texts) - len(cached)} records are lost, {lost} were damaged")
    if set(told(log, "asked")) != set(texts) - cached:
        problems.append("not just what was lost was encoded")
    if wrong := _wrong_vectors(index):
        problems.append(f"{wrong} vectors are not those of their texts")
    problems += [f"the build leaves {name}" for name in unfinished(index)]
    return problems + still_problems(index, texts_held(index))


def _texts(index: Path) -> list[str]:
    """Every text that the made reports have encoded, once: paragraphs and sentences."""
    generation = open_generation(index)
    try:
        passages = generation.store.all_passages()
    finally:
        generation.close()
    texts = [one.paragraph.text for one in passages]
    return list(dict.fromkeys(texts + [text for one in passages for text in one.sentence_texts]))


def _wrong_vectors(index: Path) -> int:
    """How many vectors are not those that the fake encoder gives their texts."""
    generation = open_generation(index)
    try:
        passages = generation.store.all_passages()
        pairs = (
            (generation.paragraphs.all(), [one.paragraph.text for one in passages]),
            (generation.sentences.all(), [text for one in passages for text in one.sentence_texts]),
        )
        return sum(
            not np.allclose(vector, bag(text), atol=1e-3)  # float16 holds three digits
            for vectors, texts in pairs
            for vector, text in zip(vectors, texts, strict=True)
        )
    finally:
        generation.close()


def stored_flipped(manifest_places: int = 200) -> Outcome:
    """The files of an index that the fake encoder made."""
    with tempfile.TemporaryDirectory() as aside:
        index = prepare(Path(aside))
        if None in published_names(index):
            raise RuntimeError("Two generations were expected.")
        return flipped(index, "a byte flipped", manifest_places=manifest_places)


def export_flipped() -> Outcome:
    """The files of the real model's export; to be called where there are no fakes."""
    with tempfile.TemporaryDirectory() as aside:
        index = prepare(Path(aside), "--real")
        return flipped(index, "a byte of the export flipped", rooms=(MODELS,))
