"""python -m search "question": cited quotations for a person, or JSON for a program."""

from __future__ import annotations

import argparse
import io
import os
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from index.encoder import cores
from index.errors import InspectionSearchError, UsageError
from index.manifest import configured_folder
from index.printable import json_line
from index.records import Filters
from search.ask import MOST_HITS, Asked, Searcher
from search.cite import pages
from search.narrowed import from_programs, said
from search.rank import Ranking
from search.request import BatchLine, Narrowing, first_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search.result import Result

_WIDTH = 96
# Questions of a batch that are encoded and searched for together. Fewer leave more of the batch to
# Python, which runs on one core at a time; more leave a core idle at the end.
_TOGETHER = 128


def main(arguments: Sequence[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A letter that the terminal's encoding lacks is written as its escape.
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.question is None) == (options.batch is None):
        parser.error('give one question, or --batch FILE: python -m search "…"')
    try:
        filters = Narrowing.model_validate(vars(options)).filters(Filters())
        if options.batch is not None:
            _answer_batch(options, filters)
        else:
            _answer(options, filters)
        sys.stdout.flush()
    except UsageError as error:
        return _fail(str(error), 2)
    except InspectionSearchError as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt:
        return _fail("Interrupted.", 130)
    except BrokenPipeError:
        # Whoever reads has seen enough (`| head`); Python must not try to write the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m search",
        description="Find the paragraphs that answer a question, with citations.",
    )
    parser.add_argument("question", nargs="?", help="what to ask, in one argument")
    parser.add_argument("--index", type=Path, default=configured_folder(), metavar="DIR")
    parser.add_argument("--council", metavar="C", help="only reports on this council")
    parser.add_argument("--report", metavar="R", help="only this report: its id or its file")
    parser.add_argument("--from", type=_day, metavar="DATE", help="inspections ended on or after")
    parser.add_argument("--to", type=_day, metavar="DATE", help="inspections ended on or before")
    parser.add_argument("--framework", metavar="F", help="only under this framework: ILACS or SIF")
    parser.add_argument("--section", metavar="S", help="only sections whose heading holds this")
    parser.add_argument("--grade", metavar="G", help="only sections with this grade")
    parser.add_argument("--overall", metavar="G", help="only reports with this overall grade")
    parser.add_argument("--latest", action="store_true", help="only each council's latest report")
    parser.add_argument(
        "--as-typed",
        action="store_true",
        help="do not read councils, years and misspelt words out of the question",
    )
    parser.add_argument("-k", type=_count, default=10, help="how many paragraphs (10)")
    parser.add_argument("--ranking", choices=get_args(Ranking), default="default")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--batch",
        type=Path,
        metavar="FILE",
        help='answer each line {"id", "question"} of a .jsonl file, which may hold filters too; '
        "prints one JSON object a line, in order",
    )
    return parser


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a date; expected one like 2021-06-28"
        ) from error


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_HITS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MOST_HITS}")
    return int(text)


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _answer(options: argparse.Namespace, filters: Filters) -> None:
    asked = Asked(options.question, filters, options.k, options.as_typed)
    [result] = Searcher(options.index).ask_many([asked], options.ranking)
    for notice in result.notices:
        print(notice, file=sys.stderr)
    print(json_line(result.model_dump(mode="json")) if options.json else _in_words(result, filters))


def _answer_batch(options: argparse.Namespace, filters: Filters) -> None:
    lines = list(_batch_lines(options.batch))
    searcher = Searcher(options.index, in_bulk=True)
    parts = [lines[at : at + _TOGETHER] for at in range(0, len(lines), _TOGETHER)]

    def ask(part: list[BatchLine]) -> list[Result]:
        return searcher.ask_many(
            [
                Asked(
                    line.question,
                    line.filters(filters),
                    line.k or options.k,
                    options.as_typed,
                )
                for line in part
            ],
            options.ranking,
        )

    # While one part is encoded and compared, outside of Python, another is ranked and quoted.
    with ThreadPoolExecutor(cores()) as pool:
        for part, results in zip(parts, pool.map(ask, parts), strict=True):
            for line, result in zip(part, results, strict=True):
                for notice in result.notices:
                    print(f"{line.id}: {notice}", file=sys.stderr)
                print(json_line({"id": line.id, **result.model_dump(mode="json")}), flush=True)


def _batch_lines(path: Path) -> Iterator[BatchLine]:
    """Every line, checked before the first is answered. Raises UsageError that names the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"The batch {path} cannot be read: {reason}.") from error
    for at, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = BatchLine.model_validate_json(line)
        except ValidationError as error:
            raise UsageError(
                f"{path}, line {at}: {first_problem(error)}. Expected an object like "
                '{"id": "1", "question": "how are care leavers supported?"}.'
            ) from error
        if not found.question.strip():
            raise UsageError(f"{path}, line {at}: the question is empty.")
        yield found


def _in_words(result: Result, filters: Filters) -> str:
    lines = _interpreted(result, filters)
    if result.refusal is not None:
        lines.append(result.refusal)
    for number, one in enumerate(result.answer, start=1):
        lines += [
            *_wrapped(f"“{one.quote}”", f"{number}. "),
            *_wrapped(one.citation.label, "   — "),
            "",
        ]
    title = "Paragraphs" if result.answered else "Nearest paragraphs, not an answer"
    lines += [f"{title}:" if result.hits else "No paragraphs."]
    for hit in result.hits:
        place = "unnumbered" if hit.paragraph is None else f"para {hit.paragraph}"
        where = f"{hit.council or hit.file}, {place}{pages(hit.page_start, hit.page_end)}"
        heading = " ".join(filter(None, [hit.section, hit.grade and f"[{hit.grade}]"]))
        lines += [
            f"{hit.rank:>3}. {hit.score:.3f}  {where}",
            *_wrapped(heading, "            "),
            *_wrapped(textwrap.shorten(hit.text, 2 * _WIDTH, placeholder=" …"), "            "),
        ]
    return "\n".join(lines)


def _interpreted(result: Result, given: Filters) -> list[str]:
    """What was read out of the question, where anything was, and how to undo it."""
    lines = []
    if result.interpretation.corrected is not None:
        lines.append(f"Showing results for: {result.interpretation.corrected}")
    read = from_programs(result.interpretation.filters)
    named = [said(name, value) for name, value in read.items() if not getattr(given, name)]
    if named:
        lines.append(f"Searched within: {'; '.join(named)}")
    return [*lines, "(as it was typed: --as-typed)", ""] if lines else []


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent))


if __name__ == "__main__":
    sys.exit(main())
