"""Vectors of texts that were encoded before, so that none is encoded twice.

    DIR/encoded/MODEL-CODE.vectors      one record a text, appended as texts are encoded

A record holds the first 16 bytes of the SHA-256 of its text, a checksum, and the vector in float16:
half the space, and the cosine to the vector in float32 stays above 0.9999999. A build that is
killed leaves what it has encoded; a record cut short, or damaged, is as if it were not there.
"""

from __future__ import annotations

import hashlib
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from index.windows import unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from index.windows import Vectors

FOLDER = "encoded"
_SUFFIX = ".vectors"
_KEY_BYTES = 16  # of SHA-256: two of 10 million texts meet once in 10^24 corpora


class VectorCache:
    """The encoded texts of one model, held open by the one builder."""

    def __init__(self, index: Path, name: str, dimension: int) -> None:
        """Open the cache of the model's export `name` in the index folder, made where missing."""
        self._path = index / FOLDER / f"{name}{_SUFFIX}"
        self._record = np.dtype(
            [("key", f"V{_KEY_BYTES}"), ("crc", "<u4"), ("vector", "<f2", (dimension,))]
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._parts = [self._read()]
        self._rows = {key.tobytes(): row for row, key in enumerate(self._parts[0]["key"])}

    def _read(self) -> NDArray[np.void]:
        """The whole and undamaged records; the file is cut back to whole ones."""
        with self._path.open("ab") as file:
            file.truncate(file.tell() - file.tell() % self._record.itemsize)
        records = np.fromfile(self._path, dtype=self._record)
        sound = np.fromiter(
            (_crc(one) == crc for one, crc in zip(_payloads(records), records["crc"], strict=True)),
            dtype=bool,
            count=len(records),
        )
        whole: NDArray[np.void] = records[sound]
        return whole

    def _records(self) -> NDArray[np.void]:
        if len(self._parts) > 1:
            self._parts = [np.concatenate(self._parts)]
        return self._parts[0]

    def missing(self, texts: Iterable[str]) -> list[str]:
        """Those of `texts` that have no vector yet, each once, in their order."""
        return [text for text in dict.fromkeys(texts) if _key(text) not in self._rows]

    def add(self, texts: Sequence[str], vectors: Vectors) -> None:
        """Remember the unit vector of each text (float32, shape (texts, dimension)).

        Raises OSError where the file cannot be written.
        """
        records = np.zeros(len(texts), dtype=self._record)
        for at, text in enumerate(texts):
            records[at]["key"] = np.void(_key(text))
        records["vector"] = vectors
        records["crc"] = [_crc(one) for one in _payloads(records)]
        with self._path.open("ab") as file:
            file.write(records.tobytes())
        known = sum(map(len, self._parts))
        self._rows |= {_key(text): known + at for at, text in enumerate(texts)}
        self._parts.append(records)

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """The unit vector of each text: float32 of shape (len(texts), dimension).

        Raises KeyError for a text that has none.
        """
        rows = [self._rows[_key(text)] for text in texts]
        return unit(self._records()["vector"][rows].astype(np.float32))

    def keep_only(self, texts: Iterable[str]) -> None:
        """Forget every other text, and other models; what is kept is written aside and renamed.

        Where that cannot be written, all stays.
        """
        used = sorted({self._rows[_key(text)] for text in texts})
        records = self._records()
        with suppress(OSError):
            if len(used) < len(records):
                aside = self._path.with_suffix(".new")
                aside.write_bytes(records[used].tobytes())
                aside.replace(self._path)
            for other in self._path.parent.iterdir():
                if other != self._path:
                    other.unlink()


def clear_unfinished_cache(index: Path) -> None:
    """Take away what a build that was killed was writing aside."""
    with suppress(OSError):
        for left in (index / FOLDER).glob("*.new"):
            left.unlink()


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:_KEY_BYTES]


def _payloads(records: NDArray[np.void]) -> Iterable[bytes]:
    """What the checksum of each record is taken over: its key and its vector."""
    for record in records:
        yield record["key"].tobytes() + record["vector"].tobytes()


def _crc(payload: bytes) -> int:
    return zlib.crc32(payload)
