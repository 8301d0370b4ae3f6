"""`make faults`: builds that are killed, full disks, damage, many readers, odd files.

Prints a table: each fault, how often it was tried, what was found, and whether all is right; below
it all that is not. Exits with 1 if anything is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from index.models import WEIGHTS
from tests.faults.flipped import export_flipped, records_flipped, stored_flipped
from tests.faults.full_disk import disk_full, file_too_large, not_permitted
from tests.faults.killed import killed, killed_with_the_real_model
from tests.faults.locks import held_locks
from tests.faults.odd_files import odd_files
from tests.faults.running import Outcome, begin
from tests.faults.while_reading import published_while_reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# So many problems of a fault are told; all, where it was asked for alone.
_TOLD = 5
# The real model takes a minute; with it there are no fakes, in a process of its own.
_WITH_FAKES: tuple[Callable[[], Outcome | list[Outcome]], ...] = (
    killed,
    disk_full,
    file_too_large,
    not_permitted,
    stored_flipped,
    records_flipped,
    published_while_reading,
    odd_files,
    held_locks,
)
_WITHOUT = (killed_with_the_real_model, export_flipped)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--only", help="faults in whose function's name this is")
    parser.add_argument("--without-model", action="store_true", help="leave out the real model")
    options = parser.parse_args()
    print(f"{'fault':<30}{'tries':>6}{'seconds':>9}  {'ok':<4}found")
    good = True
    with tempfile.TemporaryDirectory() as aside:
        # Another user has to read it, for whom the folder of the tests is made otherwise.
        Path(aside).chmod(0o755)
        folder = Path(aside, "fake")
        folder.mkdir()
        (folder / WEIGHTS).write_bytes(b"no weights")
        for with_fakes, faults in ((True, _WITH_FAKES), (False, _WITHOUT)):
            for fault in faults:
                if (options.only or "") not in fault.__name__:
                    continue
                if options.without_model and not with_fakes:
                    continue
                good &= _try(fault, folder if with_fakes else None, None if options.only else _TOLD)
    return 0 if good else 1


def _try(
    fault: Callable[[], Outcome | list[Outcome]], weights: Path | None, most: int | None
) -> bool:
    started = time.monotonic()
    # A process of its own: one that a fault ends is a finding too.
    with ProcessPoolExecutor(1, get_context("spawn"), begin, (weights,)) as pool:
        try:
            came = pool.submit(fault).result(timeout=3600)
        except Exception as error:  # noqa: BLE001 (whatever ends a fault, the others are tried)
            said = f"{type(error).__name__}: {error}"
            came = Outcome(fault.__name__, 0, "came to no end", (said,))
    outcomes = came if isinstance(came, list) else [came]
    seconds = time.monotonic() - started
    for at, outcome in enumerate(outcomes):
        took = f"{seconds:.0f}" if at == len(outcomes) - 1 else ""
        ok = "no" if outcome.problems else "yes"
        print(f"{outcome.fault:<30}{outcome.tries:>6}{took:>9}  {ok:<4}{outcome.found}")
        _tell(outcome.problems, most)
    return not any(outcome.problems for outcome in outcomes)


def _tell(problems: Sequence[str], most: int | None) -> None:
    for problem in problems[:most]:
        print(f"    {' '.join(problem.split())[:500]}")
    if most is not None and len(problems) > most:
        print(f"    … and {len(problems) - most} more")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
