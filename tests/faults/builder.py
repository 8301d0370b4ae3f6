"""`python -m tests.faults.builder CORPUS INDEX`: a build that can be killed, by others or itself.

It is run in a process of its own, with the fake encoder, so that a build takes a fraction of a
second. Whatever stands after `--` is given to `python -m indexer` (to
`python -m search` where it begins with "search") in the place of a build.

The log is of JSON lines, [what, text]: "asked" when a text is given to the encoder, "kept" once its
vector is in the cache. The list of moments names everything that is done to the index folder.
"""

from __future__ import annotations

import argparse
import builtins
import io
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

import index.publish
import indexer.build
import indexer.encoding
from index.files import file_problems
from index.manifest import MODELS
from indexer.__main__ import main as indexer_main
from indexer.vector_cache import VectorCache
from search.__main__ import main as search_main
from tests.fake_encoder import FakeEncoder, fake_exported
from tests.fakes import FAKES
from tests.faults.marked import write_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection

    from index.encoder import PassageEncoder
    from index.export import Export
    from index.models import Model
    from index.windows import Vectors

# One of our made paragraphs with its sentences: so a small build has dozens of chunks.
CHUNK_LETTERS = 300
# What Python tells of before it does it (docs.python.org/3/library/audit_events.html).
_CHANGES = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "sqlite3.connect"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def main(arguments: Sequence[str], begun: Callable[[], None]) -> int:
    """Run one command as `arguments` say; `begun` is called when everything is in place."""
    options, command = _options(arguments)
    indexer.encoding._CHUNK_LETTERS = CHUNK_LETTERS
    # Its own is a semaphore of the system's, which whoever is killed leaves for others to tidy.
    tqdm.set_lock(threading.RLock())
    log = _Log(options.log)
    _note_what_is_kept(log)
    if options.real:
        _note_what_is_asked(log, options.slow)
    else:
        put_fakes_in_place(log, options.slow, real_readers=options.workers)
    if options.clock:
        _move_clock(options.clock)
    if options.file_limit is not None:
        _limit_files(options.file_limit)
    if options.user is not None:
        _become(options.user)
    moments = _Moments(options.index, options.die_at)
    moments.watch()
    begun()
    run = search_main if command[0] == "search" else indexer_main
    code = run(command[1:] if command[0] == "search" else command)
    moments.over = True
    if options.moments is not None:
        options.moments.write_text("\n".join(moments.names) + "\n", encoding="utf-8")
    return code


def _options(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.builder")
    parser.add_argument("corpus", type=Path)
    parser.add_argument("index", type=Path)
    parser.add_argument("--slow", type=float, default=0.0, help="seconds that a chunk takes")
    parser.add_argument("--log", type=Path, help="where texts are told as they are encoded")
    parser.add_argument("--die-at", type=int, help="the moment, from 1, before which it is killed")
    parser.add_argument("--moments", type=Path, help="where all moments are told, at the end")
    parser.add_argument("--clock", type=float, default=0.0, help="seconds the clock is off")
    parser.add_argument("--file-limit", type=int, help="bytes that a file may have")
    parser.add_argument("--user", type=int, help="whom to become before the build begins")
    parser.add_argument("--workers", action="store_true", help="the real reading processes")
    parser.add_argument("--real", action="store_true", help="the real model too")
    given, command = list(arguments), []
    if "--" in given:
        place = given.index("--")
        given, command = given[:place], given[place + 1 :]
    options = parser.parse_args(given)
    return options, command or ["build", str(options.corpus), "--index", str(options.index)]


def run_apart(
    arguments: Sequence[str], said: Sequence[Path], environment: dict[str, str], ready: Connection
) -> None:
    """What a process started for it does: output goes to the files `said`, `ready` is closed."""
    os.environ.clear()
    os.environ.update(environment)
    for stream, path in enumerate(said, start=1):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(descriptor, stream)
        os.close(descriptor)
    sys.exit(main(arguments, ready.close))


def put_fakes_in_place(
    log: _Log | None = None, slow: float = 0.0, *, real_readers: bool = False
) -> None:
    """What tests.conftest does, without pytest and for the life of this process."""
    told = log or _Log(None)

    def telling(export: Export, _: int) -> PassageEncoder:
        return _TellingEncoder(FakeEncoder(export.folder), told, slow)

    fakes = {
        **FAKES,
        "indexer.build.exported": _exported,
        "indexer.build.passage_encoder": telling,
    }
    if real_readers:
        del fakes["indexer.build.read_files"]
    for place, fake in fakes.items():
        module, _, name = place.rpartition(".")
        setattr(import_module(module), name, fake)


def _exported(model: Model, index: Path) -> Export:
    """What fake_exported gives, made aside and renamed, as the real export is."""
    partial = index / MODELS / "made.partial"
    shutil.rmtree(partial, ignore_errors=True)
    made = fake_exported(model, partial)
    folder = index / MODELS / made.folder.name
    if file_problems(folder, made.files):
        shutil.rmtree(folder, ignore_errors=True)
        made.folder.rename(folder)
    shutil.rmtree(partial)
    return replace(made, folder=folder)


class _Log:
    """Lines that are in the file, whatever becomes of this process."""

    def __init__(self, path: Path | None) -> None:
        self._file = None if path is None else path.open("a", encoding="utf-8")

    def tell(self, what: str, texts: Sequence[str]) -> None:
        if self._file is not None:
            self._file.write("".join(json.dumps([what, text]) + "\n" for text in texts))
            self._file.flush()


class _TellingEncoder:
    """An encoder that tells what it is asked, and takes its time."""

    def __init__(self, encoder: PassageEncoder, log: _Log, slow: float) -> None:
        self._encoder, self._log, self._slow = encoder, log, slow

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self._log.tell("asked", texts)
        time.sleep(self._slow)
        return self._encoder.encode_passages(texts)


def _note_what_is_asked(log: _Log, slow: float) -> None:
    built: Any = indexer.build
    load = built.passage_encoder

    def telling(export: Export, count: int) -> PassageEncoder:
        return _TellingEncoder(load(export, count), log, slow)

    built.passage_encoder = telling


def _note_what_is_kept(log: _Log) -> None:
    add = VectorCache.add

    def telling(self: VectorCache, texts: Sequence[str], vectors: Vectors) -> None:
        add(self, texts, vectors)
        log.tell("kept", texts)

    kept: Any = VectorCache
    kept.add = telling


class _Moments:
    """Everything done to the index folder, counted; before the chosen one the process is killed."""

    def __init__(self, folder: Path, last: int | None) -> None:
        self.names: list[str] = []
        self.over = False
        self._folder = str(folder.absolute())
        self._last = last

    def watch(self) -> None:
        """Begin to count."""
        sys.addaudithook(self._hear)
        library: Any = os
        sync = os.fsync

        def telling_sync(descriptor: int) -> None:
            self._pass("fsync")
            sync(descriptor)

        library.fsync = telling_sync
        for module in (builtins, io):  # `open` and pathlib look it up in one each
            self._watch_opening(module)

    def _watch_opening(self, module: Any) -> None:
        real = module.open

        def telling_open(file: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            opened = real(file, mode, *rest, **named)
            if set(mode) & set("wax+") and self._in_folder(file):
                self._pass(f"write {file}")  # it is there, and empty or as it was
            return opened

        module.open = telling_open

    def _in_folder(self, path: Any) -> bool:
        named = isinstance(path, str | os.PathLike)
        return named and os.path.abspath(path).startswith(self._folder)  # noqa: PTH100

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if flags & _WRITING and self._in_folder(path):
                self._pass(f"open {path}")
        elif event in _CHANGES:
            # What rmtree removes is named relative to a descriptor: its place is not looked at.
            self._pass(f"{event} {arguments[0]}")

    def _pass(self, name: str) -> None:
        if self.over:
            return
        self.names.append(name.replace(self._folder, "").replace("\n", " "))
        if len(self.names) == self._last:
            os.kill(os.getpid(), signal.SIGKILL)


def _move_clock(seconds: float) -> None:
    real, real_ns = time.time, time.time_ns
    clock: Any = time
    clock.time = lambda: real() + seconds
    clock.time_ns = lambda: real_ns() + int(seconds * 1e9)

    class Moved(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Moved:
            moved = datetime.now(tz or UTC) + timedelta(seconds=seconds)
            return cls.fromisoformat(moved.isoformat())

    publish: Any = index.publish
    publish.datetime = Moved


def _limit_files(most: int) -> None:
    import resource  # noqa: PLC0415 (Windows has none, nor this limit)

    # Python ignores SIGXFSZ, so that a write beyond the limit fails with EFBIG.
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))


def _become(user: int) -> None:
    # Python's own folder may be closed to that user: what is imported late is imported now.
    with tempfile.TemporaryDirectory() as folder:
        report = write_report(Path(folder), 0, "anymark")
        aside = str(Path(folder, "index"))
        said = io.StringIO()
        out, err, sys.stdout, sys.stderr = sys.stdout, sys.stderr, said, said
        try:
            done = [
                indexer_main(["build", str(report), "--index", aside]),
                indexer_main(["check", "--index", aside]),
                search_main(["care leavers", "--index", aside]),
            ]
        finally:
            sys.stdout, sys.stderr = out, err
    if any(done):
        sys.exit(said.getvalue())
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], begun=lambda: None))
