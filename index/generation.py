"""One complete index, open for reading, and the proof that it is whole.

    DIR/generations/NAME/       manifest.json, paragraphs.sqlite, paragraphs/, sentences/, words/
    DIR/models/SHA256-CODE/     the exported model that encodes questions

A published generation never changes. Opening it verifies every checksum and writes nothing; what is
open stays whole though two newer ones are published and its folder is cleared away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.coverage import coverage_of
from index.errors import IndexUnusableError
from index.files import file_problems
from index.lexical import Lexical
from index.manifest import (
    MODELS,
    export_name,
    generation_folder,
    manifest_of,
    read_manifest,
    rebuild_command,
)
from index.store import Store
from index.vectors import Vectors

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from index.coverage import Coverage
    from index.manifest import Manifest, ModelRecord
    from index.models import Model

STORE = "paragraphs.sqlite"
PARAGRAPHS = "paragraphs"
SENTENCES = "sentences"
LEXICAL = "words"
# How far a stored vector's length may be from 1: sums of 384 squares of float32 are 1e-7 off, and
# float16 rounds each number by up to 1 part in 2,048, of which a few hundred even out.
_UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation, open for reading.

    Row i of `paragraphs` and of `lexical` is the passage at row i of `store`; that passage says
    which rows of `sentences` are its own. `findings` says of each row whether it is one (bool,
    shape (paragraphs,)), and its sentences are sentence_starts[row]:sentence_starts[row + 1]
    (int64, shape (paragraphs + 1,)). `model_folder` holds the export that encodes questions.
    """

    name: str
    manifest: Manifest
    store: Store
    paragraphs: Vectors
    sentences: Vectors
    lexical: Lexical
    model_folder: Path
    findings: NDArray[np.bool_]
    sentence_starts: NDArray[np.int64]

    @classmethod
    def open(cls, folder: Path, name: str, manifest: Manifest, models: Path) -> Generation:
        """The generation whose files lie in `folder`. Raises IndexUnusableError."""
        store = Store(folder / STORE)
        findings, starts = store.places()
        sentences = Vectors(folder / SENTENCES)
        return cls(
            name,
            manifest,
            store,
            Vectors(folder / PARAGRAPHS),
            sentences,
            Lexical(folder / LEXICAL),
            models / model_folder_name(manifest.model),
            findings,
            np.append(starts, len(sentences)),
        )

    def coverage(self) -> Coverage:
        """What it covers, and what it could not."""
        reports = self.store.reports()
        return coverage_of(reports, self.store.files(), self.manifest.counts.paragraphs)

    def close(self) -> None:
        self.store.close()


def model_folder_name(model: ModelRecord) -> str:
    """The name of the folder in which a model's export lies."""
    return export_name(model.sha256, model.encoding_sha256)


def open_generation(folder: Path, model: Model | None = None) -> Generation:
    """The generation published in `folder`, its checksums and its model's verified.

    Raises IndexMissingError or IndexUnusableError; the latter also where `model` is given and is
    not the one it was built with.
    """
    while True:
        name, manifest = read_manifest(folder)
        built_with = manifest.model
        if model is not None and built_with.sha256 != model.sha256:
            raise IndexUnusableError(
                f"The index in {folder} was built with the model {built_with.name} "
                f"({built_with.sha256[:12]}…), and {model.name} ({model.sha256[:12]}…) is "
                f"configured. Build it again: {rebuild_command(folder)}"
            )
        problems = _broken_files(folder, name, manifest)
        if not problems:
            try:
                return Generation.open(
                    generation_folder(folder, name), name, manifest, folder / MODELS
                )
            except IndexUnusableError as error:
                problems = [str(error).removesuffix(".")]
        if read_manifest(folder)[0] == name:
            raise IndexUnusableError(
                f"The index in {folder} is damaged: {'; '.join(problems)}. "
                f"Build it again: {rebuild_command(folder)}"
            )
        # A newer generation was published meanwhile and this one cleared away: open that one.


def is_whole(folder: Path, name: str) -> bool:
    """Whether every file of the generation `name` and of its model is as it was written."""
    try:
        return not _broken_files(folder, name, manifest_of(folder, name))
    except IndexUnusableError:
        return False


def _broken_files(folder: Path, name: str, manifest: Manifest) -> list[str]:
    export = folder / MODELS / model_folder_name(manifest.model)
    return [
        *file_problems(generation_folder(folder, name), manifest.files),
        *(f"the model's {problem}" for problem in file_problems(export, manifest.model.files)),
    ]


def check_generation(generation: Generation) -> list[str]:
    """What is wrong inside an opened generation, a clause each; its checksums held already."""
    counts = generation.manifest.counts
    expected = (counts.reports, counts.paragraphs, counts.sentences)
    stored = generation.store.count()
    problems = []
    if stored != expected:
        problems.append(f"{STORE} holds {_counted(stored)}; the manifest says {_counted(expected)}")
    if len(generation.lexical) != counts.paragraphs:
        problems.append(
            f"{LEXICAL} holds {len(generation.lexical)} of {counts.paragraphs} paragraphs"
        )
    for name, vectors, count in (
        (PARAGRAPHS, generation.paragraphs, counts.paragraphs),
        (SENTENCES, generation.sentences, counts.sentences),
    ):
        problems += _vector_problems(name, vectors, count, generation.manifest.model.dimension)
    return problems + generation.store.problems()


def _counted(counts: tuple[int, int, int]) -> str:
    return "{} reports, {} paragraphs and {} sentences".format(*counts)


def _vector_problems(name: str, vectors: Vectors, count: int, dimension: int) -> list[str]:
    problems = []
    if len(vectors) != count:
        problems.append(f"{name} holds {len(vectors)} vectors for {count} {name}")
    if vectors.dimension != dimension:
        problems.append(
            f"{name} has vectors of length {vectors.dimension}; the manifest says {dimension}"
        )
    lengths = np.linalg.norm(vectors.all(), axis=1)
    wrong = int(np.count_nonzero(~(np.abs(lengths - 1) <= _UNIT_TOLERANCE)))
    if wrong:
        problems.append(f"{name} holds {wrong} vectors that are not of unit length")
    return problems
