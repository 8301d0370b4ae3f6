"""`make quality`: how well questions are answered, over the questions in ../shared.

Prints a table: each question set, each ranking. The indexes it needs are built from ../shared by
the product's own build, kept in tests/quality/data, and built again when anything has changed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from index.records import Filters
from search.ask import Searcher
from search.rank import Ranking
from tests.quality.measures import auroc, mean, ndcg, recall

if TYPE_CHECKING:
    from search.result import Result

DATA = Path(__file__).parent / "data"
# The published nDCG@10 of all-MiniLM-L6-v2 on SciFact, dense: it proves encoder and index right.
SCIFACT_PUBLISHED = 0.645
_COLUMNS = (
    "nDCG@10",
    "hit@1",
    "recall@5",
    "AUROC",
    "answered",
    "refused",
    "cited>=1",
    "facts",
    "words",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A graded question; `relevant` is empty where the right result is a refusal."""

    text: str
    filters: Filters
    relevant: dict[str, int]
    facts: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make quality")
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--scifact", action="store_true", help="SciFact only (several minutes)")
    options = parser.parse_args()
    if not options.shared.is_dir():
        print(f"The questions were expected in {options.shared}, which is not there.")
        return 1
    return _scifact(options.shared) if options.scifact else _reports(options.shared)


def graded_sets(shared: Path) -> dict[str, tuple[list[Path], list[Question]]]:
    """The graded questions by set, with the files they are asked of."""
    many = read_lines(shared / "questions" / "many_reports.jsonl")
    return {
        "sunderland": (
            [shared / "corpus" / "sunderland-2021-08-20.txt"],
            [
                _question(line, Filters())
                for line in read_lines(shared / "questions" / "sunderland_2021.jsonl")
            ],
        ),
        "many_reports": (
            [linked(shared, {line["report"] for line in many}, "many_reports")],
            [_question(line, Filters(report=line["report"])) for line in many],
        ),
    }


def _reports(shared: Path) -> int:
    print(f"{'set':<14}{'ranking':<9}" + "".join(f"{column:>10}" for column in _COLUMNS))
    for name, (files, questions) in graded_sets(shared).items():
        searcher = Searcher(build(files, name))
        for ranking in get_args(Ranking):
            results = [searcher.ask(one.text, one.filters, 10, ranking) for one in questions]
            values = _row(questions, results)
            print(f"{name:<14}{ranking:<9}" + "".join(f"{value:>10.3f}" for value in values))
    return 0


def _scifact(shared: Path) -> int:
    folder = shared / "public" / "scifact"
    searcher = Searcher(build([folder / "corpus.jsonl"], "scifact"))
    relevant: dict[str, dict[str, int]] = {}
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, passage, grade = line.split("\t")
        relevant.setdefault(query, {})[passage] = int(grade)
    for ranking in get_args(Ranking):
        scores = [
            ndcg(
                [hit.paragraph for hit in searcher.ask(line["text"], None, 10, ranking).hits],
                relevant[line["id"]],
            )
            for line in read_lines(folder / "queries.jsonl")
            if line["id"] in relevant
        ]
        published = (
            f"  (published for the model: {SCIFACT_PUBLISHED})" if ranking == "dense" else ""
        )
        print(f"scifact  {ranking:<9} nDCG@10 {mean(scores):.4f} over {len(scores)}{published}")
    return 0


def linked(shared: Path, reports: set[str], name: str) -> Path:
    """A folder that holds just these reports, under their own names, as links."""
    folder = DATA / f"{name}_reports"
    shutil.rmtree(folder, ignore_errors=True)
    for report in sorted(reports):
        link = folder / report
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((shared / "reports" / report).resolve())
    return folder


def build(paths: list[Path], name: str) -> Path:
    """The index of `paths`, built by the product's own command where it is not there yet."""
    folder = DATA / name
    command = [sys.executable, "-m", "indexer", "build", *map(str, paths), "--index", str(folder)]
    if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit(f"The index of {name} could not be built.")
    return folder


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a .jsonl file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _question(line: dict[str, Any], filters: Filters) -> Question:
    return Question(line["question"], filters, line["relevant"], tuple(line["answer_facts"]))


def _row(questions: list[Question], results: list[Result]) -> list[float]:
    """The values of the columns, in their order; words are the mean of all quotations together."""
    both = list(zip(questions, results, strict=True))
    answerable = [(one, result) for one, result in both if one.relevant]
    empty = [result for one, result in both if not one.relevant]
    found = [([hit.paragraph for hit in result.hits], one.relevant) for one, result in answerable]
    grades = [
        one.relevant.get(quotation.citation.paragraph or "", 0)
        for one, result in answerable
        for quotation in result.answer
    ]
    facts = [
        any(folded(fact) in folded(quotation.quote) for quotation in result.answer)
        for one, result in answerable
        for fact in one.facts
    ]
    for _, result in both:
        texts = {hit.id: hit.text for hit in result.hits}
        for quotation in result.answer:
            if quotation.quote not in texts[quotation.citation.id]:
                sys.exit(f"Not verbatim: {quotation.quote!r} in {quotation.citation.id}")
    return [
        mean([ndcg(order, relevant) for order, relevant in found]),
        mean([relevant.get(order[0] or "", 0) == 2 for order, relevant in found]),
        mean([recall(order, _best(relevant), 5) for order, relevant in found if _best(relevant)]),
        auroc(
            [result.confidence for _, result in answerable], [result.confidence for result in empty]
        ),
        mean([result.answered for _, result in answerable]),
        mean([not result.answered for result in empty]),
        mean([grade >= 1 for grade in grades]),
        mean(facts),
        mean(
            [
                sum(len(quotation.quote.split()) for quotation in result.answer)
                for _, result in answerable
                if result.answered
            ]
        ),
    ]


def _best(relevant: dict[str, int]) -> set[str]:
    return {paragraph for paragraph, grade in relevant.items() if grade == 2}


def folded(text: str) -> str:
    """`text` as facts are compared: in lower case, apostrophes straight, white space single."""
    return " ".join(text.replace("’", "'").casefold().split())


if __name__ == "__main__":
    sys.exit(main())
