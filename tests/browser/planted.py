"""Two reports for the browser: one with printed pages, and one that attacks whoever shows it."""

from __future__ import annotations

from tests.made_pdf import Words, made_pdf

_LONG = "w" * 10_000
_SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
_OUTSIDE = "![seen](http://outside.example/seen.png) <img src=http://outside.example/b.png>"
_FRAME = "<iframe srcdoc='<script>alert(3)</script>'></iframe>"
_TURNED = "\u202egnihton\u202c"  # right-to-left marks

HOSTILE = f"""\
{_SCRIPT} City Council

Inspection of children’s social care services

Inspection dates: 7 June 2021 to 18 June 2021

Lead inspector: {_SCRIPT}, Her Majesty’s Inspector

Judgement	Grade
Overall effectiveness	Good

The experiences and progress of {_SCRIPT} children: Good

1. Lighthouse keepers are visited {_SCRIPT} every week. {_OUTSIDE}
2. Lighthouse keepers {_FRAME} are proud of their lamps. {_TURNED}
3. Lighthouse lamps are {_LONG} bright.
"""


def printed_report() -> bytes:
    """A PDF of two pages, three numbered paragraphs on the second."""
    front = [Words("Inspection of Northbridge local authority children's services", size=26)]
    heading = Words("What needs to improve?", size=14, bold=True)
    found = [
        Words(f"{number} {text}", top=100 + 30 * number)
        for number, text in enumerate(
            (
                "Foster carers are trained in first aid every year.",
                "Windmills are painted by young people in the spring.",
                "Bicycles are lent to young people who live far away.",
            ),
            start=1,
        )
    ]
    return made_pdf(front, [heading, *found])
