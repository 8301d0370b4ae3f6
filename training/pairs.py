"""`python -m training.pairs`: pairs of words that the training questions' reports share."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from index.lexical import pairs_of
from training.examples import load_reports

PAIRS = Path(__file__).parents[1] / "search" / "pairs.txt"
# In fewer reports a pair is one report's turn of phrase. Of 3, 6 and 12 this told best, on the
# training questions of the held-out reports, which first paragraphs answer.
LEAST_REPORTS = 6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.pairs", description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    folder = parser.parse_args().shared / "reports"
    if not folder.is_dir():
        print(f"The reports were expected in {folder}, which is not there.")
        return 1
    holding: Counter[str] = Counter()
    for report in load_reports(folder):
        holding.update(set().union(*(pairs_of(text) for text in report.paragraphs)))
    shared = sorted(pair for pair, reports in holding.items() if reports >= LEAST_REPORTS)
    PAIRS.write_text("\n".join(shared) + "\n", encoding="utf-8")
    print(f"{len(shared):,} pairs stand in {LEAST_REPORTS} reports or more: {PAIRS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
