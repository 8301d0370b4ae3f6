"""`make quality`: how well questions are answered, over the questions in ../shared.

Prints a table: each question set, each ranking; reciprocal rank fusion of dense and BM25 beside
them. The indexes it needs are built from ../shared by the product's own build, kept in
tests/quality/data, and built again when anything has changed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.models import MODEL_VARIABLE
from index.records import Filters
from search.ask import Asked, Searcher
from search.rank import FITTED
from tests.quality.measures import auroc, calibration_error, mean, ndcg, recall, reliability

if TYPE_CHECKING:
    from collections.abc import Sequence

    from search.rank import Ranking
    from search.result import Result

DATA = Path(__file__).parent / "data"
# Graded questions on ten reports on which nothing is trained or fitted.
UNTOUCHED = Path(__file__).parent / "untouched.jsonl"
# The published nDCG@10 of all-MiniLM-L6-v2 on SciFact, dense: it proves encoder and index right.
SCIFACT_PUBLISHED = 0.645
PUBLIC = ("scifact", "squad2_dev", "conditionalqa_pool")
# The constant of reciprocal rank fusion (Cormack and others, 2009).
_FUSION = 60
_TOGETHER = 128
_BASELINES: tuple[Ranking, ...] = ("dense", "bm25")
_COLUMNS = (
    "nDCG@10",
    "hit@1",
    "recall@5",
    "AUROC",
    "calib.",
    "answered",
    "refused",
    "cited>=1",
    "cited=2",
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
    kind: str = ""
    file: str | None = None


def main() -> int:
    parser = argparse.ArgumentParser(prog="make quality")
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--public", action="store_true", help="the public sets (half an hour)")
    parser.add_argument("--scoped", action="store_true", help="questions over all 200 reports")
    parser.add_argument("--json", type=Path, help="write every question's result to this file")
    options = parser.parse_args()
    if not options.shared.is_dir():
        print(f"The questions were expected in {options.shared}, which is not there.")
        return 1
    print(f"{'set':<19}{'ranking':<9}" + "".join(f"{column:>9}" for column in _COLUMNS))
    if options.public:
        for name in PUBLIC:
            _public(options.shared, name)
    elif options.scoped:
        _scoped(options.shared)
    else:
        _graded(options.shared, options.json)
    return 0


def graded_sets(shared: Path) -> dict[str, tuple[list[Path], list[Question]]]:
    """The graded questions in `shared` by set, with the files they are asked of."""
    return {
        "sunderland": (
            [shared / "corpus" / "sunderland-2021-08-20.txt"],
            [
                question_of(line, Filters())
                for line in read_lines(shared / "questions" / "sunderland_2021.jsonl")
            ],
        ),
        "many_reports": _of_reports(
            shared, shared / "questions" / "many_reports.jsonl", "many_reports"
        ),
    }


def _of_reports(shared: Path, questions: Path, name: str) -> tuple[list[Path], list[Question]]:
    """The questions in a file, each with its report as filter, and a folder with the reports."""
    lines = read_lines(questions)
    return (
        [linked(shared, {line["report"] for line in lines}, name)],
        [question_of(line, Filters(report=line["report"])) for line in lines],
    )


def _graded(shared: Path, written: Path | None) -> None:
    failures: list[str] = []
    every: list[dict[str, Any]] = []
    untouched = {"untouched": _of_reports(shared, UNTOUCHED, "untouched")}
    for name, (files, questions) in (graded_sets(shared) | untouched).items():
        searcher = Searcher(build(files, name), in_bulk=True)
        for ranking in ("dense", "bm25", "default"):
            results = ask_all(searcher, questions, ranking)
            _print_row(name, ranking, _row(questions, results))
        _print_row(name, "fusion", _fused(searcher, questions))
        _print_kinds(name, questions, results)
        _print_reliability(name, questions, results)
        if name not in untouched:  # what is looked at is soon fitted to
            failures += _failures(name, questions, results)
        every += [
            {"set": name, "relevant": one.relevant, **result.model_dump(mode="json")}
            for one, result in zip(questions, results, strict=True)
        ]
    fitted = json.loads(FITTED.read_text(encoding="utf-8")).get("cross-validated")
    print(f"The default ranking cross-validated over reports, by make fit: {json.dumps(fitted)}")
    print(f"\n{len(failures)} questions whose first paragraph is not one to cite:")
    print("\n".join(failures))
    if written is not None:
        written.write_text(json.dumps(every, indent=1), encoding="utf-8")


def _scoped(shared: Path) -> None:
    """The questions with the council typed into them, asked of everything without a filter."""
    many = read_lines(shared / "questions" / "many_reports.jsonl")
    questions = [
        Question(
            line["question_scoped"],
            Filters(),
            line["relevant"],
            tuple(line["answer_facts"]),
            line["type"],
            line["report"],
        )
        for line in many
    ]
    narrowed = [question_of(line, Filters(report=line["report"])) for line in many]
    searcher = Searcher(build([shared / "reports"], "all_reports"), in_bulk=True)
    for ranking in ("dense", "bm25", "default"):
        as_typed = ask_all(searcher, questions, ranking, as_typed=True)
        _print_row("scoped, as typed", ranking, _row(questions, as_typed))
    _print_row("scoped", "default", _row(questions, ask_all(searcher, questions, "default")))
    _print_row(
        "report as filter", "default", _row(narrowed, ask_all(searcher, narrowed, "default"))
    )


def _public(shared: Path, name: str) -> None:
    folder = shared / "public" / name
    relevant: dict[str, dict[str, int]] = defaultdict(dict)
    for line in (folder / "qrels.tsv").read_text(encoding="utf-8").splitlines():
        query, passage, grade = line.split("\t")
        relevant[query][passage] = int(grade)
    unanswerable = {
        line["id"]
        for line in read_lines(folder / "answers.jsonl")
        if line.get("answerable") is False
    }
    questions = [
        Question(line["text"], Filters(), relevant.get(line["id"], {}), ())
        for line in read_lines(folder / "queries.jsonl")
        if line["id"] in relevant or line["id"] in unanswerable
    ]
    searcher = Searcher(build([folder / "corpus.jsonl"], name), in_bulk=True)
    for ranking in ("dense", "bm25", "default"):
        _print_row(name, ranking, _row(questions, ask_all(searcher, questions, ranking)))
    if name == "scifact":
        print(f"  published for all-MiniLM-L6-v2, dense: {SCIFACT_PUBLISHED}")


def ask_all(
    searcher: Searcher, questions: Sequence[Question], ranking: str, *, as_typed: bool = False
) -> list[Result]:
    """The result of each question, in order."""
    chosen: Ranking = ranking  # type: ignore[assignment]
    asked = [Asked(one.text, one.filters, 10, as_typed) for one in questions]
    parts = [asked[at : at + _TOGETHER] for at in range(0, len(asked), _TOGETHER)]
    return [result for part in parts for result in searcher.ask_many(part, chosen)]


def linked(shared: Path, reports: set[str], name: str) -> Path:
    """A folder that holds just these reports, under their own names, as links."""
    folder = DATA / f"{name}_reports"
    shutil.rmtree(folder, ignore_errors=True)
    for report in sorted(reports):
        link = folder / report
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((shared / "reports" / report).resolve())
    return folder


def build(paths: list[Path], name: str, model: Path | None = None) -> Path:
    """The index of `paths`, built by the product's own command where it is not there yet.

    With the model in the folder `model`, where that is given.
    """
    folder = DATA / name
    command = [sys.executable, "-m", "indexer", "build", *map(str, paths), "--index", str(folder)]
    environment = dict(os.environ) if model is None else {**os.environ, MODEL_VARIABLE: str(model)}
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, env=environment)
    if done.returncode != 0:
        sys.exit(f"The index of {name} could not be built.")
    return folder


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a .jsonl file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def folded(text: str) -> str:
    """`text` as facts are compared: in lower case, apostrophes straight, white space single."""
    return " ".join(text.replace("’", "'").casefold().split())


def question_of(line: dict[str, Any], filters: Filters) -> Question:
    """The question in a line of a file of graded ones."""
    facts = tuple(line["answer_facts"])
    return Question(line["question"], filters, line["relevant"], facts, line["type"])


def _found(question: Question, result: Result) -> list[str | None]:
    """The numbers of the paragraphs found, None for one of another report than is meant."""
    return [hit.paragraph if question.file in (None, hit.file) else None for hit in result.hits]


def _grade(question: Question, file: str, paragraph: str | None) -> int:
    same = question.file in (None, file)
    return question.relevant.get(paragraph or "", 0) if same else 0


def _row(questions: Sequence[Question], results: Sequence[Result]) -> list[float]:
    """The values of the columns, in their order; words are the mean of all quotations together."""
    both = list(zip(questions, results, strict=True))
    answerable = [(one, result) for one, result in both if one.relevant]
    empty = [result for one, result in both if not one.relevant]
    found = [(_found(one, result), one) for one, result in answerable]
    grades = [
        _grade(one, quotation.citation.file, quotation.citation.paragraph)
        for one, result in answerable
        for quotation in result.answer
    ]
    for _, result in both:
        texts = {hit.id: hit.text for hit in result.hits}
        for quotation in result.answer:
            if quotation.quote not in texts[quotation.citation.id]:
                sys.exit(f"Not verbatim: {quotation.quote!r} in {quotation.citation.id}")
    return [
        mean([ndcg(order, one.relevant) for order, one in found]),
        mean([one.relevant.get(order[0] or "", 0) == _most(one) for order, one in found]),
        mean([recall(order, _best(one), 5) for order, one in found]),
        auroc(
            [result.confidence for _, result in answerable], [result.confidence for result in empty]
        ),
        calibration_error(
            [result.confidence for _, result in both], [_right(*pair) for pair in both]
        ),
        mean([result.answered for _, result in answerable]),
        mean([not result.answered for result in empty]),
        mean([grade >= 1 for grade in grades]),
        mean([grade == 2 for grade in grades]),
        mean(
            [
                any(folded(fact) in folded(quotation.quote) for quotation in result.answer)
                for one, result in answerable
                for fact in one.facts
            ]
        ),
        mean(
            [
                sum(len(quotation.quote.split()) for quotation in result.answer)
                for _, result in answerable
                if result.answered
            ]
        ),
    ]


def _most(question: Question) -> int:
    """The grade of what a reader would cite: 2, or 1 in sets that have only that."""
    return max(question.relevant.values())


def _best(question: Question) -> set[str]:
    return {number for number, grade in question.relevant.items() if grade == _most(question)}


def _right(question: Question, result: Result) -> bool:
    """Whether the first paragraph answers."""
    return bool(result.hits) and (
        _grade(question, result.hits[0].file, result.hits[0].paragraph) > 0
    )


def _fused(searcher: Searcher, questions: Sequence[Question]) -> list[float]:
    """The first three columns for reciprocal rank fusion of dense and BM25."""
    orders = []
    both = [
        searcher.ask_many([Asked(one.text, one.filters, 100) for one in questions], ranking)
        for ranking in _BASELINES
    ]
    for results in zip(*both, strict=True):
        shares: dict[str | None, float] = defaultdict(float)
        for result in results:
            for hit in result.hits:
                if hit.paragraph is not None:  # all without a number would count as one
                    shares[hit.paragraph] += 1 / (_FUSION + hit.rank)
        orders.append(sorted(shares, key=lambda number: -shares[number]))
    found = [(order, one) for order, one in zip(orders, questions, strict=True) if one.relevant]
    return [
        mean([ndcg(order, one.relevant) for order, one in found]),
        mean([one.relevant.get(order[0] or "", 0) == _most(one) for order, one in found]),
        mean([recall(order, _best(one), 5) for order, one in found]),
    ]


def _print_row(name: str, ranking: str, values: Sequence[float]) -> None:
    shown = "".join(f"{value:>9.3f}" for value in values)
    print(f"{name:<19}{ranking:<9}{shown}", flush=True)


def _print_kinds(name: str, questions: Sequence[Question], results: Sequence[Result]) -> None:
    for kind in sorted({one.kind for one in questions}):
        pairs = [
            (one, result)
            for one, result in zip(questions, results, strict=True)
            if one.kind == kind
        ]
        _print_row(f"  {kind[:16]}", f"of {len(pairs)}", _row(*map(list, zip(*pairs, strict=True))))


def _print_reliability(name: str, questions: Sequence[Question], results: Sequence[Result]) -> None:
    right = [_right(*pair) for pair in zip(questions, results, strict=True)]
    sure = [result.confidence for result in results]
    print(f"  {name}: confidence and how often the first paragraph answers, a fifth each: ", end="")
    print(", ".join(f"{one:.2f} {share:.2f}" for one, share, _ in reliability(sure, right)))


def _failures(name: str, questions: Sequence[Question], results: Sequence[Result]) -> list[str]:
    lines = []
    for one, result in zip(questions, results, strict=True):
        first = result.hits[0].paragraph if result.hits else None
        if one.relevant and not _right(one, result):
            wanted = ", ".join(sorted(_best(one)))
            lines.append(f"  {name}: {one.text!r} found {first}, should have found {wanted}")
        elif not one.relevant and result.answered:
            lines.append(f"  {name}: {one.text!r} has no answer, and {first} was quoted")
    return lines


if __name__ == "__main__":
    sys.exit(main())
