"""A build that was started from the page: one at a time, with its progress and its log."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from index.printable import printable
from pages.uploads import PASSWORD_VARIABLE, PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_LINES_KEPT = 500
# "Encoding 2,017 paragraphs and sentences: 40 %, about 15 s left", as a build says where it does
# not talk to a terminal; before it, "Encoding 2,017 paragraphs and sentences …".
_STAGE = re.compile(r"(?P<stage>.+) …")
_SHARE = re.compile(r"(?P<stage>.+): (?P<percent>\d{1,3}) %, (?P<left>about \d+ s left)")
_SECONDS_TO_END = 10


@dataclass(frozen=True, slots=True)
class State:
    """How far a build is; `share` of the present stage, 0 to 1, and `left` as the build says it."""

    outcome: Literal["running", "published", "cancelled", "failed"]
    stage: str
    share: float
    left: str
    seconds: float
    log: tuple[str, ...]


def build_command(corpus: Path, folder: Path) -> list[str]:
    """The command that builds the index in `folder` from `corpus`, behind what serves readers."""
    nice = shutil.which("nice")
    first = [nice, "-n", "10"] if nice else []
    build = ["-m", "indexer", "build", str(corpus.absolute()), "--index", str(folder.absolute())]
    return [*first, sys.executable, *build]


class Rebuild:
    """A running build, or one that has ended."""

    def __init__(self, command: Sequence[str], known: Iterable[str] = ()) -> None:
        """Start it; `known` are the ids of the reports that there are. Raises OSError."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8"}
        environment.pop(PASSWORD_VARIABLE, None)
        self.known = frozenset(known)
        self._lock = threading.Lock()
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._stage, self._share, self._left = "Starting", 0.0, ""
        self._cancelled = False
        self._started, self._ended = time.monotonic(), 0.0
        # A group of its own: the processes that read files end with it.
        self._process = subprocess.Popen(  # noqa: S603 our own command, and no shell
            command,
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        # The lines end when all that was started has ended, not the command alone.
        with self._process as process:
            for line in process.stdout or ():
                self._take(printable(line.rstrip("\r\n")))
        self._ended = time.monotonic()

    def _take(self, line: str) -> None:
        with self._lock:
            self._lines.append(line)
            if found := _SHARE.fullmatch(line):
                self._stage, self._left = found["stage"], found["left"]
                self._share = min(int(found["percent"]) / 100, 1.0)
            elif found := _STAGE.fullmatch(line):
                self._stage, self._share, self._left = found["stage"], 0.0, ""

    def running(self) -> bool:
        return self._reader.is_alive()

    def cancel(self) -> None:
        """End it and what it started; the index stays as it was published."""
        self._cancelled = True
        self._signal(signal.SIGTERM)
        last = threading.Timer(_SECONDS_TO_END, self._kill)
        last.daemon = True
        last.start()

    def _kill(self) -> None:
        self._signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if not self.running():
            return
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            else:
                self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so many seconds."""
        self._reader.join(seconds)
        return not self.running()

    def state(self) -> State:
        with self._lock:
            if self.running():
                outcome: Literal["running", "published", "cancelled", "failed"] = "running"
            elif self._process.returncode == 0:
                outcome = "published"
            else:
                outcome = "cancelled" if self._cancelled else "failed"
            until = time.monotonic() if outcome == "running" else self._ended
            return State(
                outcome=outcome,
                stage=self._stage,
                share=self._share,
                left=self._left,
                seconds=until - self._started,
                log=tuple(self._lines),
            )


_starting = threading.Lock()
_last: Rebuild | None = None


def last_rebuild() -> Rebuild | None:
    """The build that this server started last, None for none."""
    return _last


def start_rebuild(command: Sequence[str], known: Iterable[str] = ()) -> Rebuild:
    """Start a build, or return the one that is running. Raises OSError."""
    global _last  # noqa: PLW0603 one build for all sessions of the server
    with _starting:
        if _last is None or not _last.running():
            _last = Rebuild(command, known)
        return _last
