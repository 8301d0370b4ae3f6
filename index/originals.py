"""The file that a report was read from, if it is still there as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from index.records import SourceFile


def find_original(source: SourceFile, roots: Iterable[str]) -> Path | None:
    """Where `source` lies under one of `roots`, None where no file there has the same bytes.

    A file that was changed since is not the one whose pages the index cites.
    """
    for root in roots:
        folder = Path(root).resolve()
        path = (folder / source.file).resolve()
        try:
            if path.is_relative_to(folder) and path.stat().st_size == source.bytes:
                with path.open("rb") as file:
                    if hashlib.file_digest(file, "sha256").hexdigest() == source.sha256:
                        return path
        except OSError:
            continue
    return None
