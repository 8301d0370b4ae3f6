"""Files → readings, in processes that can be killed.

A file that crashes the PDF library, hangs, or grows without end costs that file alone: it becomes
an UnreadableFileError with a plain reason, and a new process goes on with the next.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import traceback
from collections import deque
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import wait
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from index.errors import ReadingStoppedError, UnreadableFileError
from indexer.reading import read_file

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from multiprocessing.connection import Connection

    from index.records import Reading
    from indexer.corpus import CorpusFile

# Two processes use both cores of a usual laptop, and each costs its memory.
WORKERS = 2
# A worker is up after 0.4 s here; a slow disk that loads Python for the first time takes longest.
_SECONDS_TO_START = 120.0
# How often the workers are looked at. Memory is given out here at 0.5 GB a second, so a file that
# grows without end is found 25 MB late; on a machine ten times as fast the wall below stands first.
_WATCH_SECONDS = 0.05
# The wall behind the watch: more address space than this many times the limit is refused at once.
# A worker's address space is 1.2 times the memory it uses (52 of 43 MB after 200 reports).
_WALL = 2
_MEGABYTE = 1 << 20
_LONGEST_FAULT = 200  # letters: two lines of a terminal; some exceptions quote their whole input
_STATM_RESIDENT = 1  # proc(5): the second figure of statm is the resident set, in pages


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost.

    Of the 200 published reports the slowest takes 0.7 s and the largest 46 MB of memory, most of
    which is Python and the PDF library; two workers of 200 MB leave 200 of the 600 MB that reading
    may need to the process that collects. Each megabyte of the file adds to both: passage lists are
    read at 10 to 40 MB a second and need 7 to 12 times their size, but one of single letters is
    read at 1 MB a second and needs 19 times its size.
    """

    seconds: float = 30.0
    megabytes: int = 200
    seconds_a_megabyte: float = 5.0
    megabytes_a_megabyte: int = 20

    def for_file(self, path: Path) -> Limits:
        """The limits for the file at `path`, by its size."""
        with suppress(OSError):
            size = path.stat().st_size / _MEGABYTE
            return replace(
                self,
                seconds=self.seconds + size * self.seconds_a_megabyte,
                megabytes=self.megabytes + int(size * self.megabytes_a_megabyte),
            )
        return self


def read_files(
    files: Sequence[CorpusFile],
    finished: Callable[[], None],
    *,
    limits: Limits | None = None,
    read: Callable[[Path, str], Reading] = read_file,
) -> Generator[tuple[CorpusFile, Reading | UnreadableFileError], None, None]:
    """Each file with its reading, or with why there is none, in the order given.

    `finished` is called once a file, as they finish. `read` runs in the workers, which import it by
    its name. Memory is watched where the system tells it (Linux), time is everywhere. Closed early,
    it leaves no process. Raises ReadingStoppedError where no worker can be started.
    """
    early: dict[int, Reading | UnreadableFileError] = {}
    following = 0
    with closing(_Crew(files, limits or Limits(), read)) as crew:
        for at, outcome in crew.outcomes():
            finished()
            early[at] = outcome
            while following in early:
                yield files[following], early.pop(following)
                following += 1


class _Crew:
    """The workers, held open while they read a list of files."""

    def __init__(
        self, files: Sequence[CorpusFile], limits: Limits, read: Callable[[Path, str], Reading]
    ) -> None:
        self._files = files
        self._limits = limits
        self._read = read
        self._waiting = deque(range(len(files)))
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []

    def outcomes(self) -> Iterator[tuple[int, Reading | UnreadableFileError]]:
        """Each file's place and outcome, as they finish."""
        while self._waiting or self._busy:
            self._hand_out()
            wait([worker.connection for worker in self._busy], timeout=_WATCH_SECONDS)
            for worker in list(self._busy):
                outcome = worker.outcome()
                if outcome is None:
                    continue
                at, first = worker.at, worker.finished == 0
                self._busy.remove(worker)
                if not isinstance(outcome, _Lost):
                    worker.finished += 1
                    self._idle.append(worker)
                    yield at, outcome
                    continue
                worker.kill()
                if first or outcome.timed_out:
                    yield at, UnreadableFileError(outcome.reason)
                else:
                    # What an earlier file left behind in the worker may be to blame.
                    self._waiting.appendleft(at)

    def close(self) -> None:
        for worker in (*self._busy, *self._idle):
            worker.kill()

    def _hand_out(self) -> None:
        while self._waiting and len(self._busy) < WORKERS:
            worker = self._idle.pop() if self._idle else _Worker(self._read)
            self._busy.append(worker)
            at = self._waiting.popleft()
            file = self._files[at]
            worker.take(at, file, self._limits.for_file(file.path))


@dataclass(frozen=True, slots=True)
class _Lost:
    """Why a worker is of no more use."""

    reason: str
    timed_out: bool = False


class _Worker:
    """A process that reads one file after another, and the end of the pipe to it."""

    def __init__(self, read: Callable[[Path, str], Reading]) -> None:
        self.at = 0  # the place of the file it reads
        self.finished = 0  # how many files it has read
        self._started = False  # whether it has said so
        self._limits = Limits()
        self._kind = ""
        context = get_context("spawn")  # a fork would copy the locks of other threads as they are
        self.connection, theirs = context.Pipe()
        # Daemons are ended with this process.
        self._process = context.Process(target=_serve, args=(theirs, read), daemon=True)
        with _interrupts_held(), _main_hidden():
            self._process.start()
        theirs.close()
        self._since = time.monotonic()

    def take(self, at: int, file: CorpusFile, limits: Limits) -> None:
        """Give it a file to read."""
        self.at, self._limits, self._kind = at, limits, file.path.suffix.lower()
        self._since = time.monotonic()
        with suppress(OSError):  # it has ended meanwhile, as its outcome will say
            self.connection.send((file.path, file.name, limits))

    def outcome(self) -> Reading | UnreadableFileError | _Lost | None:
        """What came of the file; None while it is being read."""
        if self.connection.poll():
            return self._received()
        seconds = time.monotonic() - self._since
        if not self._started:
            if seconds > _SECONDS_TO_START:
                raise ReadingStoppedError(_not_started(f"not up after {seconds:.0f} seconds"))
            return None
        if seconds > self._limits.seconds:
            return _Lost(f"timed out after {self._limits.seconds:.0f} seconds", timed_out=True)
        if _resident_bytes(self._process.pid) > self._limits.megabytes * _MEGABYTE:
            return _Lost(_too_large(self._limits))
        return None

    def kill(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self.connection.close()

    def _received(self) -> Reading | UnreadableFileError | _Lost | None:
        try:
            message: Reading | UnreadableFileError | _Lost | None = pickle.loads(  # noqa: S301
                self.connection.recv_bytes()  # from our own worker
            )
        except (EOFError, OSError):
            return self._ended()
        if message is None:
            self._started = True
            self._since = time.monotonic()
            return None
        return message

    def _ended(self) -> _Lost:
        self._process.join()
        code = self._process.exitcode or 0
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        if not self._started:
            raise ReadingStoppedError(_not_started(how))
        if code >= 0:
            return _Lost(f"ended the process that read it ({how})")
        if code == -signal.SIGKILL:  # not by us: we do not ask again after killing
            return _Lost("its reading was killed by the system, which may have run out of memory")
        return _Lost(f"crashed the {'PDF library' if self._kind == '.pdf' else 'reader'} ({how})")


def _not_started(how: str) -> str:
    return (
        f"The processes that read files cannot be started ({how}). See what stands above, or "
        "whether memory or processes are limited here (ulimit -a), and run the command again."
    )


def _too_large(limits: Limits) -> str:
    return f"needed more than {limits.megabytes} MB of memory"


def _resident_bytes(pid: int | None) -> int:
    """The memory a process holds; 0 where the system does not tell it by file."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[_STATM_RESIDENT]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C is for the process that collects: a worker started here never hears it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _main_hidden() -> Iterator[None]:
    """A spawned process imports its parent's main module again, unless it finds none.

    A worker needs nothing of it, and it may be a server's page or another program's script, which
    would cost time and memory or be run a second time.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


# What follows runs in the worker.


def _serve(connection: Connection, read: Callable[[Path, str], Reading]) -> None:
    """Read files until the other end is closed."""
    _fall_silent()
    connection.send_bytes(pickle.dumps(None))
    while True:
        try:
            path, name, limits = connection.recv()
        except EOFError:
            return
        _limit(limits)
        connection.send_bytes(_outcome(path, name, limits, read))


def _fall_silent() -> None:
    """What the C library prints when it finds its heap broken is not for the user's terminal."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    os.close(nothing)


def _limit(limits: Limits) -> None:
    """Let the system keep the limits too, for what outruns the watch or outlives the watcher."""
    if sys.platform == "win32":
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime + _WALL * limits.seconds
    for what, most in (
        (resource.RLIMIT_AS, _WALL * limits.megabytes * _MEGABYTE),
        (resource.RLIMIT_CPU, int(seconds) + 1),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(
            what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard)
        )


def _outcome(path: Path, name: str, limits: Limits, read: Callable[[Path, str], Reading]) -> bytes:
    """What came of a file, pickled. Whatever is raised is an outcome."""
    try:
        reading = read(path, name)
        _check_storable(reading)
        return pickle.dumps(reading)
    except UnreadableFileError as error:
        return pickle.dumps(UnreadableFileError(str(error)))
    except MemoryError:
        return pickle.dumps(_Lost(_too_large(limits)))
    except Exception as error:  # noqa: BLE001 (a fault in a reader costs one file, not the build)
        return pickle.dumps(UnreadableFileError(_fault(error)))


def _check_storable(reading: Reading) -> None:
    """Raises UnicodeEncodeError where a text holds half a character, which no store takes."""
    facts = reading.facts
    texts = [facts.council, facts.lead_inspector, *reading.warnings]
    for passage in (*reading.paragraphs, *reading.unnumbered):
        texts += (passage.number, passage.part, passage.section, passage.subheading, passage.text)
    for text in texts:
        (text or "").encode()


def _fault(error: Exception) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = " ".join(f"{type(error).__name__}: {error}".split())[:_LONGEST_FAULT]
    where = f"{Path(place.filename).name}, line {place.lineno}"
    return f"the reader failed on it ({said}; {where}); please report this file"
