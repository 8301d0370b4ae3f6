"""Generations: one complete index each, written aside, verified, and published by one rename.

    DIR/current                 the name of the published generation
    DIR/generations/NAME/       manifest.json, paragraphs.sqlite, vectors.faiss, words/
    DIR/build.lock              held by the one builder

A published generation never changes. The last one before it is kept beside it, so that a reader
that is just opening it can finish.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from index.coverage import coverage_of
from index.errors import IndexMissingError, IndexUnusableError
from index.lexical import FILES as LEXICAL_FILES
from index.lexical import Lexical
from index.store import Store
from index.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index.coverage import Coverage
    from index.encoder import Model

# To be raised whenever what is stored changes.
FORMAT = 1
DEFAULT_FOLDER = Path(__file__).parent / "data"
FOLDER_VARIABLE = "INSPECTION_SEARCH_INDEX"
STORE = "paragraphs.sqlite"
VECTORS = "vectors.faiss"
LEXICAL = "words"
_FILES = (STORE, VECTORS, *(f"{LEXICAL}/{name}" for name in LEXICAL_FILES))
_MANIFEST = "manifest.json"
_CURRENT = "current"
_GENERATIONS = "generations"
# How far a stored vector's length may be from 1: float32 rounds at 6e-8, sums of 384 squares later.
_UNIT_TOLERANCE = 1e-5


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelRecord(_Frozen):
    """What encoded: the model's name, SHA-256 of its weights, length of its vectors.

    `encoding_sha256` is taken over the code by which passages became vectors.
    """

    name: str
    sha256: str
    dimension: int
    encoding_sha256: str


class FileRecord(_Frozen):
    """Size in bytes and SHA-256 of one file of a generation."""

    bytes: int
    sha256: str


class Counts(_Frozen):
    """How many files were found, reports indexed, and paragraphs (each with a vector) stored."""

    files: int
    reports: int
    paragraphs: int


class Manifest(_Frozen):
    """What a generation says of itself.

    `corpus_sha256` is taken over every file's name and bytes and the rules that read them: where
    it, the model and the format are unchanged there is nothing to build.
    """

    format: int
    model: ModelRecord
    corpus_sha256: str
    counts: Counts
    built_at: datetime
    files: dict[str, FileRecord]


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation, open for reading."""

    name: str
    manifest: Manifest
    store: Store
    vectors: Vectors
    lexical: Lexical

    @classmethod
    def open(cls, folder: Path, name: str, manifest: Manifest) -> Generation:
        """The generation whose files lie in `folder`. Raises IndexUnusableError."""
        return cls(
            name,
            manifest,
            Store(folder / STORE),
            Vectors(folder / VECTORS),
            Lexical(folder / LEXICAL),
        )

    def coverage(self) -> Coverage:
        """What it covers, and what it could not."""
        reports = self.store.reports()
        return coverage_of(reports, self.store.files(), self.manifest.counts.paragraphs)

    def close(self) -> None:
        self.store.close()


def configured_folder() -> Path:
    """The index folder that the environment names, else `index/data`."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def rebuild_command(folder: Path) -> str:
    """The command that builds the index in `folder` anew, typed in the project's folder."""
    shown = "" if folder.resolve() == DEFAULT_FOLDER.resolve() else f" --index {folder}"
    return f".venv/bin/python -m indexer build --force{shown}"


def read_manifest(folder: Path) -> tuple[str, Manifest]:
    """Name and manifest of the generation published in `folder`.

    Raises IndexMissingError where none is, IndexUnusableError where it cannot be read or has
    another format.
    """
    rebuild = rebuild_command(folder)
    try:
        name = (folder / _CURRENT).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.exists() and not folder.is_dir():
            raise IndexUnusableError(
                f"The index folder {folder} is a file. Name a folder with --index."
            ) from error
        raise IndexMissingError(
            f"There is no index in {folder} yet. Build it: {rebuild.replace(' --force', '')}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnusableError(
            f"The index folder {folder} cannot be read: {_reason(error)} ({folder / _CURRENT}). "
            f"Mend the permissions or take that away, then build it again: {rebuild}"
        ) from error
    try:
        text = (_generation_folder(folder, name) / _MANIFEST).read_text(encoding="utf-8")
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        found = _format_of(text)
        problem = (
            f"has format {found}, and this version reads format {FORMAT}"
            if found not in (None, FORMAT)
            else f"has a manifest that cannot be understood ({error.error_count()} problems)"
        )
        raise IndexUnusableError(f"The index in {folder} {problem}. Build it: {rebuild}") from error
    except (OSError, ValueError) as error:  # a name of zeros, as power cuts leave, is a ValueError
        if _published_name(folder) != name:
            return read_manifest(folder)  # a newer generation was published meanwhile
        raise IndexUnusableError(
            f"The index in {folder} is incomplete: generation {name!r} has no readable manifest "
            f"({_reason(error)}). Build it again: {rebuild}"
        ) from error
    if manifest.format != FORMAT:
        raise IndexUnusableError(
            f"The index in {folder} has format {manifest.format}, and this version reads format "
            f"{FORMAT}. Build it again: {rebuild}"
        )
    return name, manifest


def open_generation(folder: Path, model: Model | None = None) -> Generation:
    """The generation published in `folder`, its checksums verified.

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
        generation_folder = _generation_folder(folder, name)
        problems = _file_problems(generation_folder, manifest)
        if not problems:
            try:
                return Generation.open(generation_folder, name, manifest)
            except IndexUnusableError as error:
                problems = [str(error).removesuffix(".")]
        if read_manifest(folder)[0] == name:
            raise IndexUnusableError(
                f"The index in {folder} is damaged: {'; '.join(problems)}. "
                f"Build it again: {rebuild_command(folder)}"
            )
        # A newer generation was published meanwhile and this one cleared away: open that one.


def check_generation(generation: Generation) -> list[str]:
    """What is wrong inside an opened generation, a sentence each; its checksums held already."""
    problems = []
    counts = generation.manifest.counts
    reports, paragraphs = generation.store.count()
    vectors = len(generation.vectors)
    if (reports, paragraphs) != (counts.reports, counts.paragraphs):
        problems.append(
            f"{STORE} holds {reports} reports and {paragraphs} paragraphs; the manifest says "
            f"{counts.reports} and {counts.paragraphs}"
        )
    if vectors != paragraphs:
        problems.append(f"{VECTORS} holds {vectors} vectors for {paragraphs} paragraphs")
    if len(generation.lexical) != paragraphs:
        problems.append(f"{LEXICAL} holds {len(generation.lexical)} of {paragraphs} paragraphs")
    if generation.vectors.dimension != generation.manifest.model.dimension:
        problems.append(
            f"{VECTORS} has vectors of length {generation.vectors.dimension}; the manifest says "
            f"{generation.manifest.model.dimension}"
        )
    lengths = np.linalg.norm(generation.vectors.all(), axis=1)
    wrong = int(np.count_nonzero(np.abs(lengths - 1) > _UNIT_TOLERANCE))
    if wrong:
        problems.append(f"{VECTORS} holds {wrong} vectors that are not of unit length")
    try:
        generation.store.passages(range(paragraphs))
    except KeyError as error:
        problems.append(f"{STORE} has no paragraph at row {error.args[0]}")
    return problems


@contextmanager
def new_generation(folder: Path) -> Iterator[Path]:
    """A folder to write a generation's files into; it is gone afterwards unless published."""
    generations = folder / _GENERATIONS
    generations.mkdir(parents=True, exist_ok=True)
    for left in generations.glob("*.partial"):  # what an interrupted build left behind
        shutil.rmtree(left, ignore_errors=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    partial = generations / f"{stamp}-{secrets.token_hex(3)}.partial"
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def publish(
    partial: Path, model: ModelRecord, corpus_sha256: str, counts: Counts
) -> tuple[str, Manifest]:
    """Verify what was written into `partial` and make it the published generation.

    Raises IndexUnusableError, and publishes nothing, where it does not hold together.
    """
    generations = partial.parent
    folder = generations.parent
    manifest = Manifest(
        format=FORMAT,
        model=model,
        corpus_sha256=corpus_sha256,
        counts=counts,
        built_at=datetime.now(UTC).replace(microsecond=0),
        files={name: _file_record(partial / name) for name in _FILES},
    )
    _write_durably(partial / _MANIFEST, manifest.model_dump_json(indent=2) + "\n")
    written = Generation.open(partial, partial.name, manifest)
    try:
        problems = check_generation(written)
    finally:
        written.close()
    if problems:
        raise IndexUnusableError(f"The new index does not hold together: {'; '.join(problems)}.")
    for file in partial.rglob("*"):
        _sync(file)
    _sync(partial)
    name = partial.name.removesuffix(".partial")
    partial.rename(generations / name)
    _sync(generations)
    previous = _published_name(folder)
    aside = folder / f"{_CURRENT}.new"
    _write_durably(aside, name + "\n")
    aside.replace(folder / _CURRENT)
    _sync(folder)
    for old in generations.iterdir():
        if old.name not in (name, previous):
            shutil.rmtree(old, ignore_errors=True)
    return name, manifest


def _generation_folder(folder: Path, name: str) -> Path:
    # Only the last part: the pointer is a file like any other and must not lead elsewhere.
    return folder / _GENERATIONS / Path(name or "?").name


def _published_name(folder: Path) -> str | None:
    try:
        return (folder / _CURRENT).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None


def _format_of(manifest_json: str) -> int | None:
    class OnlyFormat(BaseModel):
        format: int

    try:
        return OnlyFormat.model_validate_json(manifest_json).format
    except ValidationError:
        return None


def _file_record(path: Path) -> FileRecord:
    with path.open("rb") as file:
        return FileRecord(
            bytes=path.stat().st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest()
        )


def _file_problems(generation_folder: Path, manifest: Manifest) -> list[str]:
    problems = []
    for name, expected in manifest.files.items():
        try:
            found = _file_record(generation_folder / name)
        except OSError as error:
            problems.append(f"{name} cannot be read ({_reason(error)})")
            continue
        if found != expected:
            problems.append(
                f"{name} has {found.bytes} bytes with SHA-256 {found.sha256[:12]}…, and "
                f"{expected.bytes} with {expected.sha256[:12]}… were written"
            )
    return problems


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return error.reason
    return (isinstance(error, OSError) and error.strerror) or str(error)


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path) -> None:
    if path.is_dir() and os.name == "nt":  # Windows opens no folder
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
