"""Reads damaged copies of the real reports through the workers, and tells what came of them.

    PYTHONPATH=. python tests/performance/mutated_pdfs.py [COUNT] [--seed SEED] [--write NUMBER]

None may end the reading, hang it, or show a fault in our own code. The reports lie beside the
checkout, in ../shared; without them there is nothing to say.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from index.errors import UnreadableFileError
from indexer.corpus import CorpusFile
from indexer.workers import read_files
from tests.mutations import mutant

REPORTS = Path(__file__).parents[3] / "shared" / "reports"
COUNT = 2000  # issue 3
# Small reports are read quickly; every tenth of the others adds the older layouts, which are large.
SMALL = 80
BATCH = 100  # mutants on the disk at once, about 20 MB
KINDS = {  # what a reason begins with, and the row of the table it counts in
    "crashed": "crashed the PDF library (contained)",
    "ended the process": "crashed the PDF library (contained)",
    "its reading was killed": "killed by the system (contained)",
    "timed out": "timed out (contained)",
    "needed more than": "needed too much memory (contained)",
    "the reader failed": "FAULT in our code (contained)",
}


def kind_of(outcome: object) -> str:
    """The row of the table that an outcome counts in."""
    if not isinstance(outcome, UnreadableFileError):
        return "read"
    reason = str(outcome)
    contained = (row for start, row in KINDS.items() if reason.startswith(start))
    # Refusals are told apart by their words, not by the pages they name.
    return next(contained, "refused: " + re.sub(r"\d+(, \d+)*", "N", reason))


def measure(sources: list[bytes], count: int, seed: int) -> bool:
    """Prints a row an outcome; returns whether every mutant had one and none showed a fault."""
    kinds: Counter[str] = Counter()
    started = time.perf_counter()
    for first in range(0, count, BATCH):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for number in range(first, min(first + BATCH, count)):
                path = Path(folder, f"{number}.pdf")
                path.write_bytes(mutant(sources, f"{seed}/{number}"))
                files.append(CorpusFile(path, path.name))
            for file, outcome in read_files(files, lambda: None):
                kind = kind_of(outcome)
                kinds[kind] += 1
                if "contained" in kind:
                    print(f"  mutant {file.path.stem}: {outcome}")
    seconds = time.perf_counter() - started
    print(f"{count:,} mutated PDFs, seed {seed}, in {seconds:.0f} s")
    for kind, times in sorted(kinds.items(), key=lambda pair: -pair[1]):
        print(f"{times:7,}  {kind}")
    return kinds.total() == count and kinds["FAULT in our code (contained)"] == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=int, metavar="NUMBER", help="write that mutant and stop")
    options = parser.parse_args()
    paths = sorted(REPORTS.glob("*/*.pdf"), key=lambda path: (path.stat().st_size, path))
    if not paths:
        print(f"no reports at {REPORTS}: nothing was measured")
        return 1
    data = [path.read_bytes() for path in (*paths[:SMALL], *paths[SMALL::10])]
    sources = [pdf for pdf in data if pdf.startswith(b"%PDF-")]  # four are web pages
    if options.write is not None:
        path = Path(f"mutant-{options.write}.pdf")
        path.write_bytes(mutant(sources, f"{options.seed}/{options.write}"))
        print(path)
        return 0
    return 0 if measure(sources, options.count, options.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
