"""Which files are as they were when the last generation was built, and what was read from them."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.records import Reading
from indexer.corpus import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from index.records import Passage, SourceFile
    from index.store import Store
    from indexer.corpus import CorpusFile

# A file that was written within two seconds of being looked at (the coarsest clock of a file
# system, FAT's) may be written again without its time changing: its time is not believed.
_TOO_FRESH_NS = 2_000_000_000
_MOST_NS = 2**63 - 1  # what the store can hold: 1677 to 2262
_NEVER = -1  # a time that no file has


@dataclass(frozen=True, slots=True)
class FileState:
    """Size, time of the last change (ns since 1970) and SHA-256; 0 and "" of what won't open."""

    bytes: int
    modified_ns: int
    sha256: str


def states_of(
    files: Sequence[CorpusFile], held: Mapping[str, SourceFile], *, verify: bool
) -> dict[str, FileState]:
    """The state of each file by name.

    One that has the size and the time that `held` says keeps its SHA-256 without being opened,
    unless `verify`.
    """
    return {file.name: _state(file, held.get(file.name), verify=verify) for file in files}


def _state(file: CorpusFile, before: SourceFile | None, *, verify: bool) -> FileState:
    try:
        status = file.path.stat()
        size, modified = status.st_size, status.st_mtime_ns
        if before is not None and not verify:
            known = (before.bytes, before.modified_ns)
            if known == (size, modified):
                return FileState(size, modified, before.sha256)
        if modified > time.time_ns() - _TOO_FRESH_NS or abs(modified) > _MOST_NS:
            modified = _NEVER
        return FileState(size, modified, sha256_of(file.path))
    except OSError:
        return FileState(0, 0, "")


class HeldReadings:
    """What the last generation holds of each file, so that it need not be read again."""

    def __init__(self, store: Store | None) -> None:
        self.files = {} if store is None else {file.file: file for file in store.files()}
        self._store = store
        self._readings: dict[str, Reading] = {}
        self.sentences: dict[str, tuple[tuple[int, int], ...]] = {}

    def same(self, states: Mapping[str, FileState]) -> bool:
        """Whether these are all the files, and every one as it was."""
        return {name: state.sha256 for name, state in states.items()} == {
            name: file.sha256 for name, file in self.files.items()
        }

    def unchanged(self, states: Mapping[str, FileState]) -> set[str]:
        """The names of the files that were read, or found unreadable, and are as they were.

        One that was a duplicate is read again: the other may be gone. So is one that could not be
        opened.
        """
        return {
            name
            for name, state in states.items()
            if state.sha256
            and (before := self.files.get(name)) is not None
            and before.sha256 == state.sha256
            and before.outcome != "duplicate"
        }

    def load(self) -> None:
        """Take the readings out of the store, once they are needed."""
        if self._store is None:
            return
        passages: dict[str, list[Passage]] = defaultdict(list)
        for passage in self._store.all_passages():
            passages[passage.report_id].append(passage)
            self.sentences[passage.paragraph.text] = passage.sentences
        for report in self._store.reports():
            own = passages[report.id]
            self._readings[report.file] = Reading(
                report.facts,
                tuple(one.paragraph for one in own if one.finding),
                tuple(one.paragraph for one in own if not one.finding),
                report.warnings,
                report.listed,
            )

    def reading(self, name: str) -> Reading | str:
        """What was read from the file of that name, or why it could not be read."""
        file = self.files[name]
        return self._readings[name] if file.outcome == "read" else file.reason or ""
