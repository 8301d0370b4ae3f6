"""Files → paragraphs → vectors → a published generation."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from index.coverage import coverage_of
from index.encoder import configured_model, load_encoder
from index.errors import (
    BuildLockedError,
    CorpusError,
    IndexMissingError,
    IndexUnusableError,
    UnreadableFileError,
)
from index.generation import (
    LEXICAL,
    STORE,
    VECTORS,
    Counts,
    ModelRecord,
    new_generation,
    open_generation,
    publish,
)
from index.lexical import write_lexical
from index.printable import printable
from index.records import Passage, Report, SourceFile
from index.store import council_name, write_store
from index.vectors import write_vectors
from indexer.corpus import find_files, sha256_of
from indexer.duplicates import KnownReports
from indexer.encoding import encode, encoding_sha256, titled
from indexer.workers import read_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from index.coverage import Coverage
    from index.encoder import Encoder, Model, Vectors
    from index.generation import Generation, Manifest
    from index.records import Reading
    from indexer.corpus import CorpusFile
    from indexer.encoding import Progress


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made, or found already made."""

    name: str
    manifest: Manifest
    files: tuple[SourceFile, ...]
    coverage: Coverage
    built: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class _Collection:
    """All that is to be stored: every report, its passages by row, and what became of each file."""

    reports: tuple[Report, ...]
    passages: tuple[Passage, ...]
    sources: tuple[SourceFile, ...]


def build(
    paths: Sequence[Path],
    folder: Path,
    progress: Progress,
    *,
    force: bool = False,
    load: Callable[[Model], Encoder] = load_encoder,
) -> BuildResult:
    """Make `folder` hold exactly what `paths` hold; does nothing where it does already.

    Raises UsageError and CorpusError for what `paths` lack, ModelError, BuildLockedError, and
    OSError where the folder cannot be written. Whatever is raised, the published index stays.
    """
    started = time.monotonic()
    files = find_files(paths)
    model = configured_model()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "build.lock", timeout=0):
            digests = _digests(files)
            corpus_sha256 = _corpus_sha256(digests)
            with _current(folder, model, force=force) as current:
                if current is not None and current.manifest.corpus_sha256 == corpus_sha256:
                    return BuildResult(
                        current.name,
                        current.manifest,
                        tuple(current.store.files()),
                        current.coverage(),
                        built=False,
                        seconds=time.monotonic() - started,
                    )
                collection = _read(files, digests, progress)
                vectors = encode(
                    collection.reports, collection.passages, current, lambda: load(model), progress
                )
            name, manifest = _write(folder, collection, vectors, model, corpus_sha256)
    except Timeout as error:
        raise BuildLockedError(
            f"Another build is at work in {folder}. Wait until it is done, then build again."
        ) from error
    return BuildResult(
        name,
        manifest,
        collection.sources,
        coverage_of(collection.reports, collection.sources, len(collection.passages)),
        built=True,
        seconds=time.monotonic() - started,
    )


@contextmanager
def _current(folder: Path, model: Model, *, force: bool) -> Iterator[Generation | None]:
    """The generation to build on; None where there is none, or it is of no use, or by `force`."""
    current = None
    if not force:
        with suppress(IndexMissingError, IndexUnusableError):
            current = open_generation(folder, model)
    try:
        yield current
    finally:
        if current is not None:
            current.close()


def _digests(files: Sequence[CorpusFile]) -> dict[str, str]:
    """SHA-256 of each file's bytes by name; empty for one that cannot be opened."""
    digests = {}
    for file in files:
        try:
            digests[file.name] = sha256_of(file.path)
        except OSError:
            digests[file.name] = ""
    return digests


def _corpus_sha256(digests: dict[str, str]) -> str:
    """A digest over every file's name and bytes, and over the code that reads and stores them.

    By the code itself and not by a version number, which a change of the rules could forget.
    """
    whole = hashlib.sha256()
    indexer = Path(__file__).parent
    for root in (indexer.parent / "index", indexer):
        for source in sorted([*root.rglob("*.py"), *root.glob("*.csv")]):
            whole.update(hashlib.sha256(source.read_bytes()).digest())
    for name, digest in sorted(digests.items()):
        whole.update(f"{name}\0{digest}\0".encode(errors="surrogateescape"))
    return whole.hexdigest()


def _read(files: Sequence[CorpusFile], digests: dict[str, str], progress: Progress) -> _Collection:
    readings: dict[str, tuple[Report, Reading]] = {}
    known = KnownReports()
    sources: list[SourceFile] = []
    progress.start("Reading files", len(files))
    # Formats with pages first: of a report that is there twice, the one that can be cited by page
    # is kept.
    ordered = sorted(files, key=lambda file: (file.path.suffix.lower() != ".pdf", file.name))
    for file, reading in read_files(ordered, progress.advance):
        digest = digests[file.name]
        if isinstance(reading, UnreadableFileError):
            reason = printable(str(reading))  # it may quote the file
            sources.append(SourceFile(file.name, digest, "unreadable", None, reason))
            continue
        if (same := known.same_as(reading)) is not None:
            reason = f"the same report as {readings[same][0].file}, which is kept"
            sources.append(SourceFile(file.name, digest, "duplicate", same, reason))
            continue
        report = _report(file, reading, readings)
        readings[report.id] = report, reading
        known.add(report.id, reading)
        sources.append(SourceFile(file.name, digest, "read", report.id, None))
    if not readings:
        listed = "\n".join(f"  {source.file}: {source.reason}" for source in sources)
        raise CorpusError(f"None of the {len(files)} files could be read:\n{listed}")
    kept = sorted(readings.values(), key=lambda one: one[0].file)
    return _Collection(
        tuple(report for report, _ in kept),
        tuple(_passages(kept)),
        tuple(sorted(sources, key=lambda source: source.file)),
    )


def _report(file: CorpusFile, reading: Reading, taken: Iterable[str]) -> Report:
    facts = reading.facts
    council = None if facts.council is None else council_name(facts.council)
    day = facts.published or facts.inspection_end
    readable = (
        f"{_slug(council)}-{day.isoformat()}"
        if council is not None and day is not None
        else _slug(file.path.stem)
    )
    if readable in taken:
        readable += "-" + hashlib.sha256(file.name.encode(errors="replace")).hexdigest()[:6]
    return Report(readable, file.name, council, facts, reading.warnings, reading.listed)


def _passages(readings: Sequence[tuple[Report, Reading]]) -> list[Passage]:
    passages: list[Passage] = []
    for report, reading in readings:
        times: Counter[str] = Counter()
        findings = len(reading.paragraphs)
        for at, paragraph in enumerate((*reading.paragraphs, *reading.unnumbered)):
            name = paragraph.number or _slug(paragraph.section or "passage")
            times[name] += 1
            # Passages without a number count within their section; a number that is printed again
            # (Hull 2015, where the second part starts at 1) says which time it is.
            if paragraph.number is None:
                name += f"-{times[name]}"
            elif times[name] > 1:
                name += f"~{times[name]}"
            own = f"{report.id}/{name}"
            passages.append(Passage(len(passages), own, report.id, at < findings, paragraph))
    return passages


def _slug(text: str) -> str:
    """Lower-case words joined by "-", as they stand in an address."""
    return (
        "-".join(re.findall(r"[^\W_]+", text.casefold().replace("’", "").replace("'", "")))
        or "report"
    )


def _write(
    folder: Path,
    collection: _Collection,
    vectors: Vectors,
    model: Model,
    corpus_sha256: str,
) -> tuple[str, Manifest]:
    reports, passages, sources = collection.reports, collection.passages, collection.sources
    with new_generation(folder) as partial:
        write_store(partial / STORE, reports, passages, sources)
        write_vectors(partial / VECTORS, vectors)
        write_lexical(partial / LEXICAL, [titled(one.paragraph) for one in passages])
        return publish(
            partial,
            ModelRecord(
                name=model.name,
                sha256=model.sha256,
                dimension=vectors.shape[1],
                encoding_sha256=encoding_sha256(),
            ),
            corpus_sha256,
            Counts(files=len(sources), reports=len(reports), paragraphs=len(passages)),
        )
