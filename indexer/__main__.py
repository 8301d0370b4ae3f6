"""python -m indexer: build the index, read single files, check what was built."""

from __future__ import annotations

import argparse
import io
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from index.coverage import coverage_lines
from index.errors import BuildLockedError, InspectionSearchError, UnreadableFileError, UsageError
from index.manifest import configured_folder
from index.printable import json_line, printable
from index.publish import roll_back
from indexer.build import build
from indexer.checking import check_index
from indexer.corpus import DEFAULT_CORPUS, CorpusFile
from indexer.lock import build_lock
from indexer.workers import read_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from index.records import Paragraph, Reading
    from indexer.build import BuildResult

_COMMANDS = ("build", "read", "check", "rollback")


class _Bar:
    """Progress as a bar with the time left on a terminal, as a line every tenth elsewhere."""

    def __init__(self) -> None:
        self._bar: tqdm[None] | None = None
        self._what, self._total, self._done, self._said, self._started = "", 0, 0, 0, 0.0

    def say(self, line: str) -> None:
        self.close()
        print(printable(line), file=sys.stderr, flush=True)

    def start(self, what: str, total: int) -> None:
        self.close()
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=what, bar_format=_BAR, file=sys.stderr)
            return
        self._what, self._total, self._done, self._said = what, total, 0, 0
        self._started = time.monotonic()
        self.say(f"{what} …")

    def advance(self, steps: int = 1) -> None:
        if self._bar is not None:
            self._bar.update(steps)
            return
        self._done += steps
        tenth = 10 * self._done // max(self._total, 1)
        if self._said < tenth < 10:  # noqa: PLR2004
            self._said = tenth
            left = (time.monotonic() - self._started) * (self._total / self._done - 1)
            self.say(f"{self._what}: {10 * tenth} %, about {left:.0f} s left")

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


# Shares and times alone: files are counted in ones, texts in letters.
_BAR = "{desc}: {percentage:3.0f} %|{bar}| {elapsed}, {remaining} left"


def main(arguments: Sequence[str] | None = None) -> int:
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or (given[0] not in _COMMANDS and given[0] not in ("-h", "--help")):
        given.insert(0, "build")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A name or letter that the terminal's encoding lacks is written as its escape, which
            # is one in JSON too.
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(given)
    try:
        return int(options.run(options))
    except UsageError as error:
        return _fail(str(error), 2)
    except BuildLockedError as error:
        return _fail(str(error), 3)
    except InspectionSearchError as error:
        return _fail(str(error), 1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        return _fail(
            f"{error.strerror or error}{where}. The index that was published before, if any, is "
            "unchanged. Mend this and run the command again.",
            1,
        )
    except KeyboardInterrupt:
        return _fail("Interrupted. The index that was published before, if any, is unchanged.", 130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m indexer", description="Build and check the index of inspection reports."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("build", help="make the index hold exactly what PATHs hold")
    command.add_argument("paths", nargs="*", type=Path, metavar="PATH", default=[DEFAULT_CORPUS])
    command.add_argument("--index", type=Path, default=configured_folder(), metavar="DIR")
    command.add_argument(
        "--force", action="store_true", help="read every file again though nothing has changed"
    )
    command.add_argument(
        "--verify",
        action="store_true",
        help="compare every file's bytes, and not only its size and time",
    )
    command.add_argument(
        "--wait", action="store_true", help="wait for another build in the same folder to end"
    )
    command.set_defaults(run=_build)
    command = commands.add_parser("read", help="show what is read from files; store nothing")
    command.add_argument("files", nargs="+", type=Path, metavar="FILE")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.set_defaults(run=_read)
    command = commands.add_parser("check", help="verify the index")
    command.add_argument("--index", type=Path, default=configured_folder(), metavar="DIR")
    command.set_defaults(run=_check)
    command = commands.add_parser("rollback", help="return to the index before the last build")
    command.add_argument("--index", type=Path, default=configured_folder(), metavar="DIR")
    command.set_defaults(run=_rollback)
    return parser


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _build(options: argparse.Namespace) -> int:
    progress = _Bar()
    try:
        result = build(
            options.paths,
            options.index,
            progress,
            force=options.force,
            verify=options.verify,
            wait=options.wait,
        )
    finally:
        progress.close()
    _print_result(result)
    return 0


def _print_result(result: BuildResult) -> None:
    counts = result.manifest.counts
    done = "Published" if result.built else "Nothing has changed; the index stays as it is:"
    print(
        f"{done} generation {result.name}: {_number(counts.reports, 'report')}, "
        f"{_number(counts.paragraphs, 'paragraph')}, {_number(counts.sentences, 'sentence')}, "
        f"in {result.seconds:.1f} seconds ({_number(result.read, 'file')} read, "
        f"{len(result.files) - result.read:,} unchanged)."
    )
    for line in coverage_lines(result.coverage):
        print(line)


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _read(options: argparse.Namespace) -> int:
    failed = False
    files = [CorpusFile(path, path.name) for path in options.files]
    for file, reading in read_files(files, finished=lambda: None):
        path = str(file.path)
        if isinstance(reading, UnreadableFileError):
            failed = True
            if options.json:
                print(json_line({"file": path, "error": str(reading)}))
            else:
                _fail(printable(f"{path}: {reading}"), 1)
        elif options.json:
            print(json_line(_reading_object(path, reading)))
        else:
            council = reading.facts.council or "council not printed"
            paragraphs = _number(len(reading.paragraphs), "paragraph")
            passages = _number(len(reading.unnumbered), "passage")
            print(printable(f"{path}: {council}, {paragraphs}, {passages} without a number"))
            for warning in reading.warnings:
                print(printable(f"  {warning}"))
    return 1 if failed and not options.json else 0


def _reading_object(path: str, reading: Reading) -> dict[str, object]:
    facts = reading.facts

    def fields(paragraph: Paragraph, names: Sequence[str]) -> dict[str, object]:
        return {name: getattr(paragraph, name) for name in names}

    numbered = ("number", "part", "section", "section_grade", "subheading")
    placed = ("page_start", "page_end", "text")
    return {
        "file": path,
        "report": {
            "council": facts.council,
            "framework": facts.framework,
            **{
                name: None if (day := getattr(facts, name)) is None else day.isoformat()
                for name in ("inspection_start", "inspection_end", "published")
            },
            "lead_inspector": facts.lead_inspector,
            "judgements": [asdict(one) for one in facts.judgements],
            "overall": facts.overall,
        },
        "paragraphs": [fields(one, (*numbered, *placed)) for one in reading.paragraphs],
        "unnumbered": [fields(one, ("section", *placed)) for one in reading.unnumbered],
        "warnings": list(reading.warnings),
    }


def _check(options: argparse.Namespace) -> int:
    checked = check_index(options.index)
    for problem in checked.problems:
        print(printable(problem))
    if checked.counts is not None and not checked.problems:
        counts = checked.counts
        print(
            f"Generation {checked.name} is sound: {_number(counts.reports, 'report')}, "
            f"{_number(counts.paragraphs, 'paragraph')}, {_number(counts.sentences, 'sentence')}, "
            "every checksum and vector as written."
        )
    if checked.coverage is not None:
        for line in coverage_lines(checked.coverage):
            print(line)
    return 1 if checked.problems else 0


def _rollback(options: argparse.Namespace) -> int:
    with build_lock(options.index, wait=False):
        name = roll_back(options.index)
    print(f"Published generation {name} again. The one it replaces is kept: roll back to return.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
