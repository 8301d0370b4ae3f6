"""Files → paragraphs → vectors → a published generation."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from index.closer_base import CLOSER_BASE, INSTALL
from index.coverage import coverage_of
from index.encoder import read_settings
from index.errors import CorpusError, IndexMissingError, IndexUnusableError, UnreadableFileError
from index.export import encoding_sha256, exported, passage_encoder
from index.generation import LEXICAL, PARAGRAPHS, SENTENCES, STORE, open_generation
from index.lexical import write_lexical
from index.manifest import Counts, ModelRecord
from index.models import configured_model
from index.printable import printable
from index.publish import clear_unfinished, new_generation, publish
from index.reader import CLOSER
from index.records import Passage, Report, SourceFile
from index.sentences import sentence_spans
from index.store import council_name, write_store
from index.vectors import write_vectors
from indexer.changes import HeldReadings, states_of
from indexer.corpus import find_files, roots_of
from indexer.duplicates import KnownReports
from indexer.encoding import encode, texts_of, titled
from indexer.lock import build_lock
from indexer.vector_cache import VectorCache, clear_unfinished_cache
from indexer.workers import read_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from index.coverage import Coverage
    from index.export import Export
    from index.generation import Generation
    from index.manifest import Manifest
    from index.models import Model
    from index.records import Reading
    from index.vectors import Storage
    from index.windows import Vectors
    from indexer.changes import FileState
    from indexer.corpus import CorpusFile
    from indexer.encoding import Progress

# Libraries whose versions decide what is read from a file, beside our own code.
_READERS = ("pypdfium2", "python-docx", "nupunkt")
# How vectors are stored: as the cache holds them, so nothing is lost; half of float32, and as fast.
_STORAGE: Storage = "float16"
_WITHOUT_CLOSER = (
    f"The closer reader is left out, since {CLOSER_BASE} is not installed: answers are chosen less "
    f"well. Install it and build with --force: {INSTALL}"
)


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build made, or found already made; `read` is how many files it had to read."""

    name: str
    manifest: Manifest
    files: tuple[SourceFile, ...]
    coverage: Coverage
    built: bool
    read: int
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
    verify: bool = False,
    wait: bool = False,
) -> BuildResult:
    """Make `folder` hold exactly what `paths` hold; does nothing where it does already.

    What is unchanged is neither read nor encoded again: a file is taken to be unchanged when its
    size and time are, or with `verify` when its bytes are. `force` reads every file again. Raises
    UsageError and CorpusError for what `paths` lack, ModelError, BuildLockedError (unless it is to
    `wait`), and OSError where the folder cannot be written. Whatever is raised, the published index
    stays.
    """
    started = time.monotonic()
    files = find_files(paths)
    model = configured_model()
    folder.mkdir(parents=True, exist_ok=True)
    rules = rules_sha256()
    with build_lock(folder, wait=wait), _current(folder, progress) as current:
        clear_unfinished(folder)
        clear_unfinished_cache(folder)
        held = HeldReadings(None if current is None else current.store)
        states = states_of(files, held.files, verify=verify)
        redone = _redone(current, model, rules, progress)
        if current is not None and not redone and not force and held.same(states):
            return BuildResult(
                current.name,
                current.manifest,
                tuple(current.store.files()),
                current.coverage(),
                built=False,
                read=0,
                seconds=time.monotonic() - started,
            )
        kept: set[str] = set()
        if current is not None and not force and current.manifest.rules_sha256 == rules:
            kept = held.unchanged(states)
            held.load()
        collection = _read(files, states, held, kept, progress)
        progress.start("Making the model ready", 1)  # it is exported where it is not yet
        export = exported(model, folder)
        if model.readers is not None and CLOSER.graph not in export.files:
            progress.say(_WITHOUT_CLOSER)
        cache = VectorCache(folder, export.folder.name, read_settings(export.folder).dimension)
        texts = texts_of(collection.reports, collection.passages)
        vectors = encode(texts, cache, lambda count: passage_encoder(export, count), progress)
        progress.start("Writing and verifying the index", 1)
        name, manifest = _write(
            folder, collection, *vectors, export=export, rules=rules, roots=roots_of(files)
        )
        cache.keep_only(texts.all())
    return BuildResult(
        name,
        manifest,
        collection.sources,
        coverage_of(collection.reports, collection.sources, len(collection.passages)),
        built=True,
        read=len(files) - len(kept),
        seconds=time.monotonic() - started,
    )


@contextmanager
def _current(folder: Path, progress: Progress) -> Iterator[Generation | None]:
    """The generation to build on; None where there is none, or it is of no use."""
    current = None
    with suppress(IndexMissingError):
        try:
            current = open_generation(folder)
        except IndexUnusableError as error:
            progress.say(f"{error} Building it from the start.")
    try:
        yield current
    finally:
        if current is not None:
            current.close()


def _redone(current: Generation | None, model: Model, rules: str, progress: Progress) -> bool:
    """Whether something other than the files has changed, and says what is done again for it."""
    if current is None:
        return False
    before = current.manifest.model
    said = []
    if current.manifest.rules_sha256 != rules:
        said.append("The rules that read files have changed: every file is read again.")
    if before.sha256 != model.sha256:
        # A new adapter of the same model has the same name.
        names = "" if before.name == model.name else f" from {before.name} to {model.name}"
        said.append(f"The model has changed{names}: every paragraph and sentence is encoded again.")
    elif before.encoding_sha256 != encoding_sha256():
        said.append(
            "The code that encodes has changed: every paragraph and sentence is encoded again."
        )
    for line in said:
        progress.say(line)
    return bool(said)


def rules_sha256() -> str:
    """A digest over the code and the libraries that read files and store what they say.

    Over the code itself and not a version number, which a change of the rules could forget.
    """
    whole = hashlib.sha256()
    indexer = Path(__file__).parent
    for root in (indexer.parent / "index", indexer):
        for source in sorted([*root.rglob("*.py"), *root.glob("*.csv")]):
            whole.update(hashlib.sha256(source.read_bytes()).digest())
    for library in _READERS:
        whole.update(f"{library} {version(library)}\0".encode())
    return whole.hexdigest()


def _readings(
    files: Sequence[CorpusFile], held: HeldReadings, kept: set[str], progress: Progress
) -> Iterator[tuple[CorpusFile, Reading | UnreadableFileError]]:
    """Each file with its reading or why there is none, in order; what is held is not read again."""
    new = [file for file in files if file.name not in kept]
    noun = "file" if len(new) == 1 else "files"
    progress.start(f"Reading {len(new):,} {noun}", len(new))
    fresh = read_files(new, progress.advance)
    for file in files:
        if file.name in kept:
            reading = held.reading(file.name)
            yield file, UnreadableFileError(reading) if isinstance(reading, str) else reading
        else:
            yield next(fresh)


def _read(
    files: Sequence[CorpusFile],
    states: Mapping[str, FileState],
    held: HeldReadings,
    kept: set[str],
    progress: Progress,
) -> _Collection:
    readings: dict[str, tuple[Report, Reading]] = {}
    known = KnownReports()
    sources: list[SourceFile] = []

    def became(
        file: CorpusFile,
        outcome: Literal["read", "duplicate", "unreadable"],
        report_id: str | None,
        reason: str | None,
    ) -> None:
        state = states[file.name]
        sources.append(
            SourceFile(
                file.name, state.bytes, state.modified_ns, state.sha256, outcome, report_id, reason
            )
        )

    # Formats with pages first: of a report that is there twice, the one that can be cited by page
    # is kept.
    ordered = sorted(files, key=lambda file: (file.path.suffix.lower() != ".pdf", file.name))
    for file, reading in _readings(ordered, held, kept, progress):
        if isinstance(reading, UnreadableFileError):
            became(file, "unreadable", None, printable(str(reading)))  # it may quote the file
        elif (same := known.same_as(reading)) is not None:
            reason = f"the same report as {readings[same][0].file}, which is kept"
            became(file, "duplicate", same, reason)
        else:
            report = _report(file, reading, readings)
            readings[report.id] = report, reading
            known.add(report.id, reading)
            became(file, "read", report.id, None)
    if not readings:
        listed = "\n".join(f"  {source.file}: {source.reason}" for source in sources)
        raise CorpusError(f"None of the {len(files)} files could be read:\n{listed}")
    progress.start("Splitting sentences", 1)
    kept_readings = sorted(readings.values(), key=lambda one: one[0].file)
    return _Collection(
        tuple(report for report, _ in kept_readings),
        tuple(_passages(kept_readings, held.sentences)),
        tuple(sorted(sources, key=lambda source: source.file)),
    )


def _report(file: CorpusFile, reading: Reading, taken: Iterable[str]) -> Report:
    facts = reading.facts
    council = None if facts.council is None else council_name(facts.council)
    day = facts.issued
    readable = (
        f"{_slug(council)}-{day.isoformat()}"
        if council is not None and day is not None
        else _slug(file.path.stem)
    )
    if readable in taken:
        readable += "-" + hashlib.sha256(file.name.encode(errors="replace")).hexdigest()[:6]
    return Report(readable, file.name, council, facts, reading.warnings, reading.listed)


def _passages(
    readings: Sequence[tuple[Report, Reading]],
    known: Mapping[str, tuple[tuple[int, int], ...]],
) -> list[Passage]:
    """Every passage by row; `known` are the sentences of texts that were split before."""
    passages: list[Passage] = []
    first = 0
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
            text = paragraph.text
            sentences = known[text] if text in known else tuple(sentence_spans(text))
            passages.append(
                Passage(
                    row=len(passages),
                    id=f"{report.id}/{name}",
                    report_id=report.id,
                    finding=at < findings,
                    paragraph=paragraph,
                    first_sentence=first,
                    sentences=sentences,
                )
            )
            first += len(sentences)
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
    paragraphs: Vectors,
    sentences: Vectors,
    *,
    export: Export,
    rules: str,
    roots: tuple[str, ...],
) -> tuple[str, Manifest]:
    reports, passages, sources = collection.reports, collection.passages, collection.sources
    settings = read_settings(export.folder)
    adapter = export.model.adapter
    with new_generation(folder) as partial:
        write_store(partial / STORE, reports, passages, sources)
        write_vectors(partial / PARAGRAPHS, paragraphs, _STORAGE)
        write_vectors(partial / SENTENCES, sentences, _STORAGE)
        write_lexical(partial / LEXICAL, [titled(one.paragraph) for one in passages])
        return publish(
            partial,
            ModelRecord(
                name=export.model.name,
                sha256=export.model.sha256,
                base_sha256=adapter.base_sha256 if adapter else None,
                adapter_sha256=adapter.sha256 if adapter else None,
                dimension=settings.dimension,
                query_prompt=settings.query_prompt,
                passage_prompt=settings.passage_prompt,
                encoding_sha256=export.encoding_sha256,
                files=export.files,
            ),
            rules,
            Counts(
                files=len(sources),
                reports=len(reports),
                paragraphs=len(paragraphs),
                sentences=len(sentences),
            ),
            roots,
        )
