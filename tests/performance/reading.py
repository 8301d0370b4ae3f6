"""How fast the real reports are read with both cores, against pulling their plain text in one.

    PYTHONPATH=. python tests/performance/reading.py

The reports lie beside the checkout, in ../shared; without them there is nothing to say.
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Self

import pypdfium2 as pdfium

from indexer.corpus import find_files
from indexer.workers import WORKERS, read_files

REPORTS = Path(__file__).parents[3] / "shared" / "reports"
MOST_TIMES = 2.0  # issue 3
MOST_MEGABYTES = 600  # issue 3
_MEGABYTE = 1 << 20
_PAGE = resource.getpagesize()


def pull_plain_text(path: Path) -> int:
    """Letters of the file's text, page by page, as plainly as the library gives it."""
    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError:
        return 0
    letters = 0
    for page in document:
        text = page.get_textpage()
        letters += len(text.get_text_range())
        text.close()
        page.close()
    document.close()
    return letters


class Memory:
    """Watches what this process and its children hold together, from a thread."""

    def __init__(self) -> None:
        self.most_together = self.most_here = self.most_in_one_child = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            here = resident(os.getpid())
            each = [resident(child) for child in children()]
            self.most_here = max(self.most_here, here)
            self.most_in_one_child = max(self.most_in_one_child, *each, 0)
            self.most_together = max(self.most_together, here + sum(each))


def children() -> list[int]:
    """The processes that this one has started and that still run."""
    tasks = Path("/proc/self/task").glob("*/children")
    return [int(child) for task in tasks for child in read_or_empty(task).split()]


def resident(pid: int) -> int:
    """Bytes that a process holds, shared libraries counted in each; 0 once it has ended."""
    figures = read_or_empty(Path(f"/proc/{pid}/statm")).split()
    return int(figures[1]) * _PAGE if figures else 0


def read_or_empty(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return ""


def main() -> int:
    if not REPORTS.is_dir():
        print(f"no reports at {REPORTS}: nothing was measured")
        return 1
    files = find_files([REPORTS])
    for file in files:  # so that neither measurement waits for the disk
        file.path.read_bytes()
    started, busy = time.perf_counter(), time.process_time()
    for file in files:
        pull_plain_text(file.path)
    plain, plain_busy = time.perf_counter() - started, time.process_time() - busy
    started, busy = time.perf_counter(), time.process_time()
    with Memory() as memory:
        kept = list(read_files(files, lambda: None))  # as a build keeps them
    reading, reading_busy = time.perf_counter() - started, time.process_time() - busy
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    reading_busy += workers.ru_utime + workers.ru_stime
    times = reading / plain
    together = memory.most_together / _MEGABYTE
    print(f"{len(kept)} files                            seconds  of the processor")
    print(f"plain text, one process           {plain:9.1f}{plain_busy:18.1f}")
    print(f"reading, two workers              {reading:9.1f}{reading_busy:18.1f}")
    print(f"times the plain text              {times:9.2f}  (to reach: at most {MOST_TIMES})")
    # Other work on the machine lengthens the seconds, and those of two processes more.
    idle = reading_busy / WORKERS / plain_busy
    print(f"  on a machine that is idle near  {idle:9.2f}")
    print(f"memory at most, all processes, MB {together:9.0f}  (to reach: below {MOST_MEGABYTES})")
    print(f"  the process that collects       {memory.most_here / _MEGABYTE:9.0f}")
    print(f"  the larger worker               {memory.most_in_one_child / _MEGABYTE:9.0f}")
    return 0 if times <= MOST_TIMES and together < MOST_MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
