"""Two builders in one folder: the second is refused, or waits, and no dead one holds it."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.faults.marked import write_corpus
from tests.faults.running import Outcome, builder, findings, run_builder, unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

# So long takes a chunk of the builder that holds the lock, of which there are a dozen and more.
_SLOW = "0.1"


def held_locks() -> Outcome:
    """A second builder beside one at work, with --wait, and after one that was killed."""
    problems: list[str] = []
    with tempfile.TemporaryDirectory() as aside:
        corpus, index, log = (Path(aside, name) for name in ("corpus", "index", "log"))
        write_corpus(corpus, "oldmark")
        wait = ("--", "build", "--wait", str(corpus), "--index", str(index))
        with builder(corpus, index, "--slow", _SLOW, "--log", log) as first:
            _wait_until(lambda: log.exists() and log.stat().st_size > 0)
            second = run_builder(corpus, index)
            names = rf"process {first.process.pid} on \S+, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"
            if second.code != 3 or not re.search(names, second.err) or "--wait" not in second.err:
                problems.append(f"the second says with {second.code}: {second.err.strip()}")
            rollback = run_builder(corpus, index, "--", "rollback", "--index", str(index))
            if rollback.code != 3 or not re.search(names, rollback.err):
                problems.append(f"rollback says with {rollback.code}: {rollback.err.strip()}")
            waited = run_builder(corpus, index, *wait)
            if waited.code != 0 or "Nothing has changed" not in waited.out:
                problems.append(f"the one that waits: {waited.code} {waited.out} {waited.err}")
            if (ended := first.ended()).code != 0:
                problems.append(f"the first, beside others: {ended.err.strip()}")
        write_corpus(corpus, "changedmark", reports=5)
        log.unlink()
        with builder(corpus, index, "--slow", _SLOW, "--log", log) as first:
            _wait_until(lambda: log.exists() and log.stat().st_size > 0)
            with builder(corpus, index, *wait) as waiting:
                first.process.kill()
                first.ended()
                if (after := waiting.ended()).code != 0:
                    problems.append(f"the one that waited for one that died: {after.err.strip()}")
        if (third := run_builder(corpus, index)).code != 0:
            problems.append(f"after one that was killed: {third.err.strip()}")
        problems += [f"check finds: {finding}" for finding in findings(index) or []]
        problems += [f"{name} is left" for name in unfinished(index)]
    return Outcome("two builders", 5, "refused, refused, waited, took over", tuple(problems))


def _wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Come back once `condition` holds. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"Nothing has come of it in {seconds:.0f} seconds.")
        time.sleep(0.005)
