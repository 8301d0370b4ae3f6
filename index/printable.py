"""Text that came from outside, made safe to print and to store."""

from __future__ import annotations

import json
import re
import unicodedata

# The categories that move the cursor, break the line, turn the reading direction or show nothing:
# controls (Cc), format marks such as U+202E (Cf), lone surrogates (Cs), line and paragraph
# separators (Zl, Zp). Private-use characters (Co) stay: reports print their bullets with them.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str) -> str:
    r"""`text` on one line, with every character that is not shown written as its escape.

    A byte of a file's name that is not UTF-8, which Python holds as a lone surrogate (PEP 383), is
    written as "\udcff". What is printable already comes back as it is.
    """
    if text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode()
        if unicodedata.category(character) in _UNSHOWN
        else character
        for character in text
    )


def one_line(text: str) -> str:
    """`text` as `printable` has it, but with spaces for its line breaks and tabs."""
    return printable(re.sub(r"[\t\n\v\f\r]+", " ", text))


def printable_name(path: str) -> str:
    r"""The name of a file for people and for the store; no two files get the same one.

    Therefore a backslash within a name, which may look like an escape, is doubled.
    """
    return printable(path.replace("\\", "\\\\"))


def json_line(content: object) -> str:
    """JSON that is one line by Unicode's rules too, which know more line ends than JSON does."""
    line = json.dumps(content, ensure_ascii=False)
    return re.sub("[\x85\u2028\u2029]", lambda end: f"\\u{ord(end[0]):04x}", line)
