"""One builder at a time; the only user of filelock."""

from __future__ import annotations

import json
import os
import socket
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from index.errors import BuildLockedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = "build.lock"
# Beside the lock, which is emptied by whoever tries to take it.
_HOLDER = "build.holder"


@contextmanager
def build_lock(folder: Path, *, wait: bool) -> Iterator[None]:
    """Hold the index folder's lock; the system lets go of it when the process ends, however.

    Raises BuildLockedError, which says who holds it and since when, unless it is to `wait`.
    """
    lock = FileLock(folder / LOCK)
    holder = folder / _HOLDER
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise BuildLockedError(
            f"Another build is at work in {folder}{_told(holder)}. Wait until it is done and build "
            "again, or build with --wait."
        ) from error
    try:
        now = datetime.now(UTC).isoformat(" ", "seconds")
        holder.write_text(
            json.dumps({"process": os.getpid(), "host": socket.gethostname(), "since": now}),
            encoding="utf-8",
        )
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _told(holder: Path) -> str:
    try:
        told = json.loads(holder.read_text(encoding="utf-8"))
        return f" (process {told['process']} on {told['host']}, since {told['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # it has just begun, or just ended
