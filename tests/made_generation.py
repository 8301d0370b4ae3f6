"""Generations published without the indexer: as many passages as wished, all bearing one mark."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from index.files import FileRecord
from index.generation import LEXICAL, PARAGRAPHS, SENTENCES, STORE
from index.lexical import write_lexical
from index.manifest import MODELS, Counts, ModelRecord, export_name
from index.publish import new_generation, publish
from index.records import Facts, Report, SourceFile
from index.store import write_store
from index.vectors import write_vectors
from tests.fake_encoder import DIMENSION, bag
from tests.made_records import passage

if TYPE_CHECKING:
    from pathlib import Path

    from index.generation import Generation

MODEL = ModelRecord(
    name="fake",
    sha256="f" * 64,
    dimension=DIMENSION,
    query_prompt="",
    passage_prompt="",
    encoding_sha256="e" * 64,
    files={"model.onnx": FileRecord(bytes=5, sha256=hashlib.sha256(b"graph").hexdigest())},
)


def publish_made(
    folder: Path,
    mark: str = "first",
    passages: int = 3,
    counts: Counts | None = None,
    model: ModelRecord = MODEL,
) -> str:
    """The name of the new generation in `folder`; every text, file and digest says `mark`."""
    made = [passage(row, f"Staff say {mark} {row}.") for row in range(passages)]
    export = folder / MODELS / export_name(model.sha256, model.encoding_sha256)
    if not export.exists():
        export.mkdir(parents=True)
        (export / "model.onnx").write_bytes(b"graph")
    with new_generation(folder) as partial:
        write_store(
            partial / STORE,
            [Report("r", f"{mark}.txt", None, Facts())],
            made,
            [SourceFile(f"{mark}.txt", 1, 1, "", "read", "r", None)],
        )
        vectors = np.array([bag(one.paragraph.text) for one in made], dtype=np.float32)
        write_vectors(partial / PARAGRAPHS, vectors)
        write_vectors(partial / SENTENCES, vectors)
        write_lexical(partial / LEXICAL, [one.paragraph.text for one in made])
        counts = counts or Counts(files=1, reports=1, paragraphs=passages, sentences=passages)
        name, _ = publish(partial, model, rules_sha256=mark, counts=counts)
    return name


def marks_of(generation: Generation) -> set[str]:
    """The marks that a generation's manifest, store, vectors and words bear; one if it is whole."""
    manifest, store = generation.manifest, generation.store
    rows = range(manifest.counts.paragraphs)
    found = {manifest.rules_sha256, store.reports()[0].file.removesuffix(".txt")}
    found |= {one.paragraph.text.split()[2] for one in store.passages(rows)}
    vectors = (generation.paragraphs, generation.sentences)
    if {store.count()[1], *map(len, vectors), len(generation.lexical)} != {len(rows)}:
        found.add("other numbers of passages")
    if not generation.lexical.scores(manifest.rules_sha256).all():
        found.add("other words")
    return found


def publish_many(folder: Path, count: int) -> None:
    """Publish "mark1" with one passage, "mark2" with two, and so on; runs in a process of its own.

    There, because in Python 3.11 two threads that read numpy files at once can disturb each other.
    """
    for number in range(1, count + 1):
        publish_made(folder, f"mark{number}", passages=number)
