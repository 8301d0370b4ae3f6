"""What a generation says of itself, and the pointer to the one that is published.

DIR/current                 two lines: the published generation, and the one before it
DIR/generations/NAME/manifest.json
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from index.errors import IndexMissingError, IndexUnusableError
from index.files import FileRecord, reason, sync, write_durably

# To be raised whenever what is stored changes.
FORMAT = 3
DEFAULT_FOLDER = Path(__file__).parent / "data"
FOLDER_VARIABLE = "INSPECTION_SEARCH_INDEX"
MANIFEST = "manifest.json"
MANIFEST_SHA256 = "manifest.sha256"
CURRENT = "current"
GENERATIONS = "generations"
MODELS = "models"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelRecord(_Frozen):
    """What encoded: the model's name and SHA-256, its prompts, the length of its vectors.

    `base_sha256` and `adapter_sha256` are those of the two that make up an adapted model, None for
    any other. `encoding_sha256` is taken over the code by which texts became vectors; `files` are
    those of the export that encodes questions.
    """

    name: str
    sha256: str
    base_sha256: str | None = None
    adapter_sha256: str | None = None
    dimension: int
    query_prompt: str
    passage_prompt: str
    encoding_sha256: str
    files: dict[str, FileRecord]


class Counts(_Frozen):
    """How many files were found, reports indexed, and paragraphs and sentences stored.

    Each paragraph and each sentence has a vector.
    """

    files: int
    reports: int
    paragraphs: int
    sentences: int


class Manifest(_Frozen):
    """What a generation says of itself.

    `rules_sha256` is taken over the code that reads files and stores what they say; `roots` are the
    folders that file names are relative to, where the build found them.
    """

    format: int
    model: ModelRecord
    rules_sha256: str
    counts: Counts
    built_at: datetime
    roots: tuple[str, ...] = ()
    files: dict[str, FileRecord]


def configured_folder() -> Path:
    """The index folder that the environment names, else `index/data`."""
    return Path(os.environ.get(FOLDER_VARIABLE) or DEFAULT_FOLDER)


def command(name: str, folder: Path) -> str:
    """A command on the index in `folder`, as it is typed in the project's folder."""
    shown = "" if folder.resolve() == DEFAULT_FOLDER.resolve() else f" --index {folder}"
    return f".venv/bin/python -m indexer {name}{shown}"


def rebuild_command(folder: Path) -> str:
    """The command that builds the index in `folder` anew."""
    return command("build --force", folder)


def export_name(model_sha256: str, encoding_sha256: str) -> str:
    """The name of the folder of a model's export: its SHA-256, and eight digits for the code."""
    return f"{model_sha256}-{encoding_sha256[:8]}"


def generation_folder(folder: Path, name: str) -> Path:
    """Where the generation of that name lies."""
    # Only the last part: the pointer is a file like any other and must not lead elsewhere.
    return folder / GENERATIONS / Path(name or "?").name


def published_names(folder: Path) -> tuple[str | None, str | None]:
    """The published generation and the one before it, None for what the pointer does not say."""
    try:
        lines = (folder / CURRENT).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None, None
    first, second, *_ = [*(line.strip() or None for line in lines), None, None]
    return first, second


def move_pointer(folder: Path, name: str, before: str | None) -> None:
    """Publish the generation `name` by one rename; `before` is what rollback returns to."""
    aside = folder / f"{CURRENT}.new"
    write_durably(aside, f"{name}\n{before or ''}".rstrip() + "\n")
    aside.replace(folder / CURRENT)
    sync(folder)


def read_manifest(folder: Path) -> tuple[str, Manifest]:
    """Name and manifest of the generation published in `folder`.

    Raises IndexMissingError where none is, IndexUnusableError where it cannot be read or has
    another format.
    """
    rebuild = rebuild_command(folder)
    try:
        lines = (folder / CURRENT).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.exists() and not folder.is_dir():
            raise IndexUnusableError(
                f"The index folder {folder} is a file. Name a folder with --index."
            ) from error
        raise IndexMissingError(
            f"There is no index in {folder} yet. Build it: {command('build', folder)}"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnusableError(
            f"The index folder {folder} cannot be read: {reason(error)} ({folder / CURRENT}). "
            f"Mend the permissions or take that away, then build it again: {rebuild}"
        ) from error
    name = lines[0].strip() if lines else ""
    try:
        return name, manifest_of(folder, name)
    except IndexUnusableError:
        if published_names(folder)[0] != (name or None):
            return read_manifest(folder)  # a newer generation was published meanwhile
        raise


def manifest_of(folder: Path, name: str) -> Manifest:
    """The manifest of the generation `name`. Raises IndexUnusableError."""
    rebuild = rebuild_command(folder)
    try:
        text = (generation_folder(folder, name) / MANIFEST).read_text(encoding="utf-8")
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
        raise IndexUnusableError(
            f"The index in {folder} is incomplete: generation {name!r} has no readable manifest "
            f"({reason(error)}). Build it again: {rebuild}"
        ) from error
    if manifest.format != FORMAT:
        raise IndexUnusableError(
            f"The index in {folder} has format {manifest.format}, and this version reads format "
            f"{FORMAT}. Build it again: {rebuild}"
        )
    try:
        told = (generation_folder(folder, name) / MANIFEST_SHA256).read_bytes()
    except OSError as error:
        raise IndexUnusableError(
            f"The index in {folder} is incomplete: {MANIFEST_SHA256} of generation {name!r} cannot "
            f"be read ({reason(error)}). Mend the permissions, or build it again: {rebuild}"
        ) from error
    if told != f"{hashlib.sha256(text.encode()).hexdigest()}\n".encode():
        raise IndexUnusableError(
            f"The index in {folder} is damaged: the manifest of generation {name!r} is not the one "
            f"that was written. Build it again: {rebuild}"
        )
    return manifest


def _format_of(manifest_json: str) -> int | None:
    class OnlyFormat(BaseModel):
        format: int

    try:
        return OnlyFormat.model_validate_json(manifest_json).format
    except ValidationError:
        return None
