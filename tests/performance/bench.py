"""`make bench`: building and asking an index of 200 reports, against what most people write.

The baseline is measured in the same run: SentenceTransformer.encode of every paragraph, FAISS'
IndexFlatIP, and a JSON file of texts. Every figure is a ratio to it, or to our own first build.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import torch

from index.encoder import OnnxEncoder
from index.export import exported
from index.generation import open_generation
from index.models import configured_model
from index.vectors import EXACT, Storage, Vectors, write_vectors
from indexer.build import build
from tests.performance.asking import Baseline
from tests.performance.measured import Measured, at_least, at_most
from tests.performance.million import measure_limit, measure_million
from tests.performance.questions import measure_batch, measure_cold, measure_reranked, measure_warm

if TYPE_CHECKING:
    from collections.abc import Callable


ROOT = Path(__file__).parents[2]
SEED = 4
ENCODED = 1200  # paragraphs encoded by either side, in rounds that take turns
ROUNDS = 3


class Steps:
    """Progress that notes when each step of a build begins."""

    def __init__(self) -> None:
        self.began: list[tuple[str, float]] = []

    def say(self, line: str) -> None: ...
    def start(self, what: str, total: int) -> None:
        self.began.append((what, time.perf_counter()))

    def advance(self, steps: int = 1) -> None: ...


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--no-million", action="store_true", help="leave the million out")
    options = parser.parse_args()
    reports: Path = options.shared / "reports"
    if not reports.is_dir():
        print(f"The reports were expected in {reports}, which is not there.")
        return 1
    lines = (options.shared / "training" / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [json.loads(line)["question"] for line in lines]
    random.Random(SEED).shuffle(questions)  # noqa: S311 - a sample, not a secret
    questions = list(dict.fromkeys(questions))
    with tempfile.TemporaryDirectory() as folder:
        measured = _measure(Path(folder), reports, questions, million=not options.no_million)
    return 0 if all(one.ok for one in measured) else 1


def _measure(folder: Path, reports: Path, questions: list[str], *, million: bool) -> list[Measured]:
    measured: list[Measured] = []

    def show(rows: list[Measured]) -> None:
        for row in rows:
            mark = "" if row.ok else "  NOT REACHED"
            print(f"{row.label:<58}{row.value:>22}  {row.target}{mark}", flush=True)
        measured.extend(rows)

    corpus, index = folder / "corpus", folder / "index"
    shutil.copytree(reports, corpus)
    # The two largest come later, so that what changes is no smaller than most.
    left_out = sorted(corpus.rglob("*.pdf"), key=lambda path: path.stat().st_size)[-2:]
    left_out = [path.rename(folder / f"{at}.pdf") for at, path in enumerate(left_out)]
    first, rows = _first_build(corpus, index)
    show(rows)
    show(_rebuilds(corpus, index, left_out, first))
    generation = open_generation(index)
    texts = [one.paragraph.text for one in generation.store.all_passages()]
    paragraphs = generation.paragraphs.all()
    Baseline.write(folder, texts, paragraphs)
    show(_encoding(Baseline(folder), index, texts))
    show(measure_cold(folder, index, questions))
    show(measure_warm(folder, index, questions))
    show(measure_reranked(folder, index, questions))
    show(measure_batch(folder, index, questions))
    show(_storage(index, questions))
    if million:
        encoder = OnnxEncoder(generation.model_folder)
        asked = encoder.encode_questions(questions[:300])
        show(measure_limit(paragraphs, asked))
        show(measure_million(paragraphs, asked))
    return measured


def _first_build(corpus: Path, index: Path) -> tuple[float, list[Measured]]:
    steps = Steps()
    started = time.perf_counter()
    result = build([corpus], index, steps)
    ended = time.perf_counter()
    counts = result.manifest.counts
    what = f"{counts.reports} reports, {counts.paragraphs} + {counts.sentences} vectors"
    rows = [Measured(f"first build: {what}", f"{ended - started:.1f} s", "", ok=True)]
    ends = [began for _, began in steps.began[1:]] + [ended]
    for (step, began), end in zip(steps.began, ends, strict=True):
        share = (end - began) / (ended - started)
        rows.append(Measured(f"  {step.lower()}", f"{end - began:.1f} s, {share:.1%}", "", ok=True))
    return ended - started, rows


def _rebuilds(corpus: Path, index: Path, left_out: list[Path], first: float) -> list[Measured]:
    """Rebuilds by the command, as a user types it, against the seconds of the first build."""
    rows = []

    def rebuild(what: str, most: float) -> None:
        command = [sys.executable, "-m", "indexer", "build", str(corpus), "--index", str(index)]
        spent = _seconds(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True))
        rows.append(
            Measured(f"rebuild, {what}", f"{spent:.1f} s", "", ok=True),
        )
        rows.append(at_most("  share of the first build", spent / first, most))

    one, other = left_out
    place = corpus / "added.pdf"
    rebuild("nothing changed", 0.02)
    shutil.copy(one, place)
    rebuild("one report added", 0.05)
    shutil.copy(other, place)
    rebuild("one report changed", 0.05)
    place.unlink()
    rebuild("one report removed", 0.05)
    return rows


def _encoding(baseline: Baseline, index: Path, texts: list[str]) -> list[Measured]:
    """Passages a second, by turns, and how near ours come to bare matrix products."""
    sample = random.Random(SEED).sample(texts, min(ENCODED, len(texts)))  # noqa: S311
    ours = OnnxEncoder(exported(configured_model(), index).folder, in_bulk=True)
    ours.encode_passages(sample[:32])
    baseline.model.encode(sample[:32], show_progress_bar=False)
    seconds = {"ours": 0.0, "baseline": 0.0}
    for _ in range(ROUNDS):
        seconds["ours"] += _seconds(lambda: ours.encode_passages(sample))
        seconds["baseline"] += _seconds(
            lambda: baseline.model.encode(sample, show_progress_bar=False)
        )
    a_second = {who: ROUNDS * len(sample) / spent for who, spent in seconds.items()}
    tokens = sum(len(ours.tokens(text)) for text in sample)
    floor = _matrix_products_per_second() / (_MULTIPLICATIONS * tokens / len(sample))
    return [
        Measured("encoding, baseline", f"{a_second['baseline']:.1f} /s", "", ok=True),
        Measured("encoding, ours", f"{a_second['ours']:.1f} /s", "", ok=True),
        at_least("encoding, ours to the baseline", a_second["ours"] / a_second["baseline"], 1.25),
        Measured(
            "encoding, share of the speed of bare matrix products",
            f"{a_second['ours'] / floor:.2f}",
            "",
            ok=True,
        ),
    ]


# Multiplications for a token in the matrix products of all-MiniLM-L6-v2: in each of 6 layers four
# of 384 × 384 (attention) and two of 384 × 1536; attention's own grow with the text and are left
# out (a hundredth at 80 tokens).
_MULTIPLICATIONS = 6 * (4 * 384 * 384 + 2 * 384 * 1536)


def _matrix_products_per_second() -> float:
    """Multiplications a second in products of the encoder's largest kind, on every core.

    By torch's library or by numpy's, whichever is faster: each is slow on some processors.
    """
    rows, weights = np.ones((1024, 384), np.float32), np.ones((384, 1536), np.float32)
    factors: list[tuple[Any, Any]] = [
        (rows, weights),
        (torch.from_numpy(rows), torch.from_numpy(weights)),
    ]
    times = 200
    spent = min(
        _seconds(lambda: [left @ right for _ in range(times)])  # noqa: B023 - called at once
        for left, right in factors
        for _ in range(3)
    )
    return times * 1024 * 384 * 1536 / spent


def _storage(index: Path, questions: list[str]) -> list[Measured]:
    """What storing sentences in fewer bits saves and changes: their own file, one question."""
    generation = open_generation(index)
    sentences = generation.sentences.all()
    asked = OnnxEncoder(generation.model_folder).encode_questions(questions[:200])
    best: dict[str, list[list[int]]] = {}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for storage in get_args(Storage):
            write_vectors(Path(folder, storage), sentences, storage)
            size = Path(folder, storage, EXACT).stat().st_size / (1 << 20)
            vectors = Vectors(Path(folder, storage))
            started = time.perf_counter()
            best[storage] = [[row for row, _ in vectors.nearest(one, 10)] for one in asked]
            spent = (time.perf_counter() - started) / len(asked)
            pairs = list(zip(best["float32"], best[storage], strict=True))
            kept = np.mean([len(set(a) & set(b)) / len(a) for a, b in pairs])
            first = np.mean([a[0] == b[0] for a, b in pairs])
            rows.append(
                Measured(
                    f"sentences as {storage}: size, mean; best kept, ten kept",
                    f"{size:.0f} MB, {1000 * spent:.1f} ms",
                    f"{first:.1%}, {kept:.1%}",
                    ok=True,
                )
            )
    return rows


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
