"""A generation is written aside, verified, and published by one rename; the last one is kept."""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from index.errors import IndexMissingError, IndexUnusableError
from index.files import file_record, sync, write_durably
from index.generation import Generation, check_generation, is_whole, model_folder_name
from index.manifest import (
    CURRENT,
    FORMAT,
    GENERATIONS,
    MANIFEST,
    MANIFEST_SHA256,
    MODELS,
    Counts,
    Manifest,
    ModelRecord,
    command,
    manifest_of,
    move_pointer,
    published_names,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PARTIAL, _OLD = ".partial", ".old"


@contextmanager
def new_generation(folder: Path) -> Iterator[Path]:
    """A folder to write a generation's files into; it is gone afterwards unless published."""
    generations = folder / GENERATIONS
    generations.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    partial = generations / f"{stamp}-{secrets.token_hex(3)}{_PARTIAL}"
    partial.mkdir()
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def publish(
    partial: Path,
    model: ModelRecord,
    rules_sha256: str,
    counts: Counts,
    roots: tuple[str, ...] = (),
) -> tuple[str, Manifest]:
    """Verify what was written into `partial` and make it the published generation.

    Raises IndexUnusableError, and publishes nothing, where it does not hold together.
    """
    generations = partial.parent
    folder = generations.parent
    written = [path for path in sorted(partial.rglob("*")) if path.is_file()]
    manifest = Manifest(
        format=FORMAT,
        model=model,
        rules_sha256=rules_sha256,
        counts=counts,
        built_at=datetime.now(UTC).replace(microsecond=0),
        roots=roots,
        files={path.relative_to(partial).as_posix(): file_record(path) for path in written},
    )
    write_durably(partial / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
    write_durably(partial / MANIFEST_SHA256, file_record(partial / MANIFEST).sha256 + "\n")
    generation = Generation.open(partial, partial.name, manifest, folder / MODELS)
    try:
        problems = check_generation(generation)
    finally:
        generation.close()
    if problems:
        raise IndexUnusableError(f"The new index does not hold together: {'; '.join(problems)}.")
    for path in (*partial.rglob("*"), partial):
        sync(path)
    name = partial.name.removesuffix(_PARTIAL)
    partial.rename(generations / name)
    sync(generations)
    # What rollback returns to must be whole, and a damaged index is what some builds mend.
    before = next((one for one in published_names(folder) if one and is_whole(folder, one)), None)
    move_pointer(folder, name, before)
    _clear(folder)
    return name, manifest


def clear_unfinished(folder: Path) -> None:
    """Take away what a build that was killed left behind; to be called under the build lock.

    Exports that are whole stay: the build that was killed may have made one for the next.
    """
    for left in (folder / MODELS).glob(f"*{_PARTIAL}"):
        shutil.rmtree(left, ignore_errors=True)
    with suppress(OSError):
        (folder / f"{CURRENT}.new").unlink(missing_ok=True)
    for left in (folder / GENERATIONS).glob(f"*{_PARTIAL}"):
        shutil.rmtree(left, ignore_errors=True)
    if published_names(folder)[0] is not None:  # else nobody knows which are to be kept
        _clear_generations(folder)


def roll_back(folder: Path) -> str:
    """Publish the generation before the published one again, and return its name.

    The two change places, so that a second time undoes the first. Raises IndexMissingError where
    there is none that is whole.
    """
    published, before = published_names(folder)
    if before is None or not is_whole(folder, before):
        raise IndexMissingError(
            f"There is no whole generation in {folder} to return to: one is kept after the second "
            f"build that changes anything. Build the index: {command('build', folder)}"
        )
    move_pointer(folder, before, published)
    return before


def _clear(folder: Path) -> None:
    """Take away what the published generation and the one before it have no need of."""
    models = set()
    for name in _clear_generations(folder):
        try:
            models.add(model_folder_name(manifest_of(folder, name).model))
        except IndexUnusableError:
            continue
    for export in (folder / MODELS).glob("*"):
        if export.name not in models:
            shutil.rmtree(export, ignore_errors=True)


def _clear_generations(folder: Path) -> set[str]:
    """Take away every other generation, and return the names of those two.

    Readers that hold one open keep what they hold: its files are freed when the last lets go.
    Where the system does not let go of open files (Windows) the folder cannot be renamed, stays
    whole, and goes at a later build.
    """
    kept = {name for name in published_names(folder) if name is not None}
    for old in (folder / GENERATIONS).glob("*"):
        if old.name in kept:
            continue
        aside = old if old.suffix == _OLD else old.with_name(old.name + _OLD)
        try:
            old.rename(aside)
        except OSError:
            continue
        shutil.rmtree(aside, ignore_errors=True)
    return kept
