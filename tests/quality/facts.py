"""Two tables: how many facts of the hand-read reports are exact, and what all reports lack.

Run from the repository root: PYTHONPATH=. python tests/quality/facts.py [SHARED]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from index.councils import load_councils
from index.errors import UnreadableFileError
from index.records import Facts
from indexer.dates import read_day_in_name
from indexer.readers import read_document
from indexer.reports import normal_grade, read_facts

SHARED = Path(__file__).parents[3] / "shared"
# Visits last one or two weeks in ILACS, two to four in SIF; reports follow within about 100 days.
LONGEST_VISIT = 30
LATEST_REPORT = 100


def read_all(folder: Path) -> tuple[dict[str, Facts], dict[str, str]]:
    """The facts of every readable report by path, and why the others cannot be read."""
    facts: dict[str, Facts] = {}
    unreadable: dict[str, str] = {}
    for path in sorted(folder.rglob("*.pdf")):
        file = path.relative_to(folder).as_posix()
        try:
            facts[file] = read_facts(read_document(path), file)
        except UnreadableFileError as error:
            unreadable[file] = str(error)
    return facts, unreadable


def differences(facts: Facts, truth: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Field → what was read and what stands in the truth, where the two are not the same."""
    normal = {name: normal_grade(grade) for name, grade in truth["judgements"].items()}
    pairs: dict[str, tuple[object, object]] = {
        "council": (facts.council, truth["authority"]),
        "framework": (facts.framework, truth["framework"]),
        "inspection_start": (str(facts.inspection_start), truth["inspection_start"]),
        "inspection_end": (str(facts.inspection_end), truth["inspection_end"]),
        "published": (str(facts.published), truth["published"]),
        "lead_inspector": (facts.lead_inspector, truth["lead_inspector"]),
        "overall": (facts.overall, normal_grade(truth["overall"])),
        "judgements": ({j.name: j.grade for j in facts.judgements}, normal),
        "printed grades": (
            {j.name: j.printed.capitalize() for j in facts.judgements},
            truth["judgements"],
        ),
    }
    return {field: (read, true) for field, (read, true) in pairs.items() if read != true}


def oddities(file: str, facts: Facts) -> list[str]:
    """What a reader should look at: values that can be right, but seldom are."""
    odd = []
    folder = file.split("/", 1)[0].split("_", 1)[-1]
    councils = load_councils()
    if facts.council is None or councils.find(facts.council) != councils.find(folder):
        odd.append(f"council {facts.council!r} in folder {folder!r}")
    start, end, published = facts.inspection_start, facts.inspection_end, facts.published
    if start and end and published:
        if not start <= end <= published:
            odd.append(f"dates out of order: {start}, {end}, {published}")
        if not 0 < (end - start).days <= LONGEST_VISIT:
            odd.append(f"on site from {start} to {end}")
        if (published - end).days > LATEST_REPORT:
            odd.append(f"published {(published - end).days} days after the visit")
    if published != (named := read_day_in_name(file)):
        odd.append(f"published {published} on the cover, {named} in the name")
    return odd


def main(shared: Path) -> None:
    facts, unreadable = read_all(shared / "reports")
    truths = [json.loads(path.read_text()) for path in sorted((shared / "truth").glob("*.json"))]
    wrong: Counter[str] = Counter()
    details = []
    for truth in truths:
        for field, (read, true) in differences(facts[truth["file"]], truth).items():
            wrong[field] += 1
            details.append(f"  {truth['file']}: {field}\n    read  {read}\n    truth {true}")
    print(f"Exact in {len(truths)} hand-read reports")
    for field in (*Facts.__slots__, "printed grades"):
        print(f"  {field:18} {len(truths) - wrong[field]:3}")
    print("\n".join(details))

    print(f"{len(facts)} reports read, {len(unreadable)} unreadable; absent:")
    for field in Facts.__slots__:
        absent = [file for file, report in facts.items() if not getattr(report, field)]
        print(f"  {field:18} {len(absent):3}  {'; '.join(absent)}")
    for title, counted in (
        ("Frameworks", Counter(report.framework for report in facts.values())),
        ("Overall", Counter(report.overall for report in facts.values())),
        ("Judgements", Counter(len(report.judgements) for report in facts.values())),
        ("Printed", Counter(j.printed for report in facts.values() for j in report.judgements)),
    ):
        print(f"{title}: " + ", ".join(f"{count} × {key}" for key, count in counted.most_common()))
    print("To be looked at:")
    for file, report in facts.items():
        for odd in oddities(file, report):
            print(f"  {file}: {odd}")
    for file, reason in unreadable.items():
        print(f"  {file}: {reason}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SHARED)
