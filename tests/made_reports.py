"""Small reports made for tests, in the layout of the published text files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NORTHBRIDGE_2018 = """\
Northbridge City Council

Inspection of children’s social care services

Inspection dates: 4 June 2018 to 15 June 2018

**Lead inspector: Ada Brown
Her Majesty’s Inspector**

Judgement	Grade
Overall effectiveness	Inadequate

The experiences and progress of children who need help and protection: Inadequate

1. Risk is missed. Too many children wait for early help.
2. Care leavers have no housing.
"""

NORTHBRIDGE_2021 = """\
Northbridge City Council

Inspection of children’s social care services

Inspection dates: 7 June 2021 to 18 June 2021

**Lead inspector: Ada Brown
Her Majesty’s Inspector**

Judgement	Grade
Overall effectiveness	Good

Services for children are good.

What needs to improve

- The stability of staff.

The experiences and progress of children who need help and protection: Good

1. Early help is strong. Risk is assessed on the day.
2. A place at school is found for every child.

The experiences and progress of children in care and care leavers: Outstanding

3. Rent is paid on time. Care leavers live in good housing. They are proud of their housing.
4. Adoption is timely.
"""

SOUTHMERE_2022 = """\
Southmere County Council

Inspection of children’s social care services

Inspection dates: 3 October 2022 to 14 October 2022

Lead inspector: Bo Green, Her Majesty’s Inspector

Judgement	Grade
Overall effectiveness	Good

The experiences and progress of children who need help and protection: Good

1. Staff know every school. Staff stay.
2. Risk is understood by staff.

The experiences and progress of children in care and care leavers: Good

3. Care leavers are supported.
"""

# Eleven passages: two, four with two that bear no number, and three.
REPORTS = {
    "northbridge-2018.txt": NORTHBRIDGE_2018,
    "northbridge-2021.txt": NORTHBRIDGE_2021,
    "south/southmere-2022.txt": SOUTHMERE_2022,
}
COUNT = 11


def write_reports(folder: Path) -> Path:
    """`folder`, with the made reports in it."""
    for name, text in REPORTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
