"""How well the reports are read: against the truths, and over the whole folder.

    PYTHONPATH=. python tests/quality/reading.py [--list]

The truths and reports lie beside the checkout, in ../shared; without them there is nothing to say.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.errors import UnreadableFileError
from indexer.paragraphs import Split, split_paragraphs
from indexer.readers import read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index.records import Paragraph

SHARED = Path(__file__).parents[3] / "shared"
COLUMNS = ("number", "text", "section", "grade", "pages", "subheading", "part")
LONGEST = 600  # words; issue 3
# What looks stray and is printed so, by file name and paragraph.
PRINTED_SO = {
    # "… missing from home and care. Areas for improvement", and the heading again below it
    ("80444_calderdale/children's services inspection - 20 march 2015.pdf", "3"),
}
# What must not be inside a paragraph, by the words of the folder's headings, headers and footers.
STRAY = re.compile(
    r"Inspection of [A-Z][^.]{2,80} children’s services$"
    r"|\b\d+ (?:to|–) \d+ [A-Z][a-z]+ 20\d\d \d+$"
    r"|Key judgement|Judgement grade|(?<!\()Inspection findings"
    r"|The graded judge?ment |Piccadilly|Crown copyright"
    r"|The experiences and progress of [a-z ]+: ?(?:outstanding|good|requires|inadequate)"
    r"|The impact of leaders on social work practice with children and families"
    r"|Children (?:living|looked after) in this area|Areas for improvement$"
    r"|Summary for children and young people|What (?:needs|does .{5,20} need) to improve\?"
    r"|[.’”)] \d{1,3}$|[\ue000-\uf8ff\ufffe\x02]"
)


def folded(text: str | None) -> str:
    return " ".join((text or "").split())


def read(path: Path) -> Split:
    return split_paragraphs(read_document(path))


def pairs(
    truth: list[dict[str, Any]], found: tuple[Paragraph, ...]
) -> Iterator[tuple[dict[str, Any], Paragraph | None]]:
    """Each true paragraph with the one read for it: the same number, or the same first words."""
    left = list(found)
    for one in truth:
        if one["number"] is None:
            start = folded(one["text"])[:40]
            match = next((p for p in left if folded(p.text).startswith(start)), None)
        else:
            match = next((p for p in left if p.number == one["number"]), None)
        if match is not None:
            left.remove(match)
        yield one, match


def marks(one: dict[str, Any], found: Paragraph | None) -> dict[str, bool]:
    """What of a true paragraph was read rightly."""
    if found is None:
        return dict.fromkeys(COLUMNS, False)
    return {
        "number": True,
        "text": folded(one["text"]) == folded(found.text),
        "section": one["section"] == found.section,
        "grade": one["section_grade"] == found.section_grade,
        "pages": (one["page_start"], one["page_end"]) == (found.page_start, found.page_end),
        "subheading": one["subheading"] == found.subheading,
        "part": one["part"] == found.part,
    }


def measure_truths(*, listed: bool) -> bool:
    """Prints a row a truth; returns whether every figure is as issue 3 wants it."""
    total: Counter[str] = Counter()
    print(f"{'truth':18}{'true':>6}{'read':>6}", *(f"{name:>11}" for name in COLUMNS), "unnumbered")
    for path in sorted((SHARED / "truth").glob("*.json")):
        truth = json.loads(path.read_text(encoding="utf-8"))
        split = read(SHARED / "reports" / truth["file"])
        counts: Counter[str] = Counter()
        for one, found in pairs(truth["paragraphs"], split.paragraphs):
            for name, right in marks(one, found).items():
                counts[name] += right
                if listed and not right:
                    print(f"    {one['number']} p. {one['page_start']}: {name} is wrong")
        texts = {folded(passage.text) for passage in split.unnumbered}
        rest = [folded(one["text"]) in texts for one in truth["unnumbered"]]
        true = len(truth["paragraphs"])
        print(
            f"{path.stem:18}{true:6}{len(split.paragraphs):6}",
            *(f"{counts[name] / true:11.3f}" for name in COLUMNS),
            f"{sum(rest)} of {len(rest)}",
        )
        total.update(counts)
        total.update(true=true, read=len(split.paragraphs), rest=sum(rest), rests=len(rest))
    print(
        f"{'all':18}{total['true']:6}{total['read']:6}",
        *(f"{total[name] / total['true']:11.3f}" for name in COLUMNS),
        f"{total['rest']} of {total['rests']}",
    )
    needed = 0.995 * total["true"]
    whole = total["number"] == total["true"] == total["read"]
    return whole and all(total[name] >= needed for name in COLUMNS[1:5])


def measure_folder() -> bool:
    """Prints what looks wrong over all reports; returns whether nothing does."""
    totals: Counter[str] = Counter()
    wrong = 0
    for path in sorted((SHARED / "reports").glob("*/*.pdf")):
        name = f"{path.parent.name}/{path.name}"
        try:
            split = read(path)
        except UnreadableFileError as error:
            totals["not read"] += 1
            print(f"not read   {name}: {error}")
            continue
        totals.update({"read": 1, "paragraphs": len(split.paragraphs)})
        totals.update({"unnumbered": len(split.unnumbered)})
        for warning in split.warnings:
            print(f"warning    {name}: {warning}")
        for paragraph in split.paragraphs:
            where = f"{name}, {paragraph.number or '–'} p. {paragraph.page_start}"
            found = STRAY.search(paragraph.text)
            if found and (name, paragraph.number) not in PRINTED_SO:
                wrong += 1
                print(f"stray      {where}: {found[0]!r}")
            if (words := len(paragraph.text.split())) > LONGEST:
                wrong += 1
                print(f"too long   {where}: {words} words")
    print(
        ", ".join(f"{count} {name}" for name, count in totals.items()), f"{wrong} wrong", sep=", "
    )
    return wrong == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--list", action="store_true", help="list each wrong mark")
    options = parser.parse_args()
    if not (SHARED / "truth").is_dir():
        print(f"no truths at {SHARED}: nothing was measured")
        return 1
    good = [measure_truths(listed=options.list), measure_folder()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
