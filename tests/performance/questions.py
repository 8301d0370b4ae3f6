"""What a question costs: cold, warm, with a reranker and in a batch, against the baseline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
from sentence_transformers import CrossEncoder

from index.manifest import FOLDER_VARIABLE
from index.models import GENERAL, configured_model, named_model
from index.reranker import RERANKER_VARIABLE
from tests.performance.asking import WARMING
from tests.performance.measured import Measured, at_least, at_most

ROOT = Path(__file__).parents[2]
ROUNDS = 3
COLD = 5
WARM = 500
NARROWED = 200
RERANKED = 30
BATCH = 1000
_READ = 0.5  # milliseconds that reading takes at the least
LATE = 60  # milliseconds that 19 of 20 warm questions may take
# What a person would write.
_BASELINE = """
import json, sys
import faiss
from sentence_transformers import SentenceTransformer
folder, model, question = sys.argv[1:]
encoder = SentenceTransformer(model, local_files_only=True)
texts = json.load(open(folder + "/texts.json"))
vectors = faiss.read_index(folder + "/flat.faiss")
scores, rows = vectors.search(encoder.encode([question], normalize_embeddings=True), 10)
print(json.dumps([texts[row] for row in rows[0]]))
"""

# Runs a command and prints its seconds and its peak memory in KB. From a small process: Linux
# counts the memory of whoever starts a command into the command's own peak (getrusage(2)).
_MEASURE = """
import os, subprocess, sys, time
started = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - started, usage.ru_maxrss)
sys.exit(status != 0)
"""


def measure_cold(folder: Path, index: Path, questions: list[str]) -> list[Measured]:
    """Whole processes, by turns: the medians of seconds and of peak memory."""
    model = str(configured_model().folder)
    spent: dict[str, list[tuple[float, int]]] = {"ours": [], "baseline": []}
    for question in questions[:COLD]:
        spent["ours"].append(_process([sys.executable, "-m", "search", question, "--json"], index))
        spent["baseline"].append(
            _process([sys.executable, "-c", _BASELINE, str(folder), model, question], index)
        )
    seconds, memory = (
        {who: float(np.median([one[at] for one in own])) for who, own in spent.items()}
        for at in (0, 1)
    )
    return [
        Measured(
            "cold question, ours and baseline",
            f"{seconds['ours']:.2f} s, {seconds['baseline']:.2f} s",
            "",
            ok=True,
        ),
        at_most(
            "cold question: share of the baseline", seconds["ours"] / seconds["baseline"], 0.15
        ),
        Measured(
            "peak memory, ours and baseline",
            f"{memory['ours'] / 1024:.0f} MB, {memory['baseline'] / 1024:.0f} MB",
            "",
            ok=True,
        ),
        at_most("peak memory: share of the baseline", memory["ours"] / memory["baseline"], 0.35),
    ]


def _process(command: list[str], index: Path) -> tuple[float, int]:
    """Seconds and peak kilobytes of a process."""
    environment = {**os.environ, FOLDER_VARIABLE: str(index), "HF_HUB_OFFLINE": "1"}
    measuring = [sys.executable, "-c", _MEASURE, *command]
    done = subprocess.run(
        measuring, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    if done.returncode != 0:
        sys.exit(f"This failed: {command}")
    seconds, kilobytes = done.stdout.split()
    return float(seconds), int(kilobytes)


def _percentiles(what: str, milliseconds: list[float], decimals: int) -> Measured:
    """A row of the table, which has no limit."""
    median, late = np.percentile(milliseconds, (50, 95))
    shown = f"{median:.{decimals}f} ms, {late:.{decimals}f} ms"
    return Measured(f"{what}: p50, p95", shown, "", ok=True)


def measure_warm(folder: Path, index: Path, questions: list[str]) -> list[Measured]:
    """Questions one after another, by turns, each side in processes of its own.

    In one process the threads of torch, which wait by spinning, would slow whatever comes next.
    """
    spent: dict[str, list[float]] = {"ours": [], "baseline": []}
    parts: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for who in spent:
            told = _asked_apart(who, folder, index, questions[: WARMING + WARM])
            spent[who] += told.pop("milliseconds")
            for part, milliseconds in told.items():
                parts.setdefault(part, []).extend(milliseconds)
    rows = [_percentiles(f"warm question, {who}", own, 1) for who, own in spent.items()]
    rows += [_percentiles(f"  {part}", own, 2) for part, own in parts.items()]
    # A lap in which nothing is read takes some microseconds.
    read = float(np.mean(np.array(parts["read"]) > _READ))
    rows.append(Measured("warm question, read again", f"{read:.0%}", "", ok=True))
    share = float(np.percentile(spent["ours"], 50) / np.percentile(spent["baseline"], 50))
    late = float(np.percentile(spent["ours"], 95))
    # Of one report all first paragraphs are read.
    own = _asked_apart("narrowed", folder, index, questions[: WARMING + NARROWED])["milliseconds"]
    rows.append(_percentiles("warm question of one report", own, 1))
    return [
        *rows,
        at_most("warm question, p50: share of the baseline", share, 0.5),
        Measured("warm question, p95", f"{late:.1f} ms", f"at most {LATE} ms", ok=late <= LATE),
    ]


def measure_reranked(folder: Path, index: Path, questions: list[str]) -> list[Measured]:
    """What a reranker would cost: a cross-encoder on the base, untrained, over the best twenty."""
    reranker = folder / "reranker"
    base = str(named_model(GENERAL).folder)
    CrossEncoder(base, num_labels=1, local_files_only=True).save_pretrained(str(reranker))
    told = _asked_apart("ours", folder, index, questions[: WARMING + RERANKED], reranker)
    own = told["milliseconds"]
    spent = f"{np.percentile(own, 50):.0f} ms, {np.percentile(own, 95):.0f} ms"
    return [Measured("warm question, with a reranker: p50, p95", spent, "off by default", ok=True)]


def _asked_apart(
    who: str, folder: Path, index: Path, questions: list[str], reranker: Path | None = None
) -> dict[str, list[float]]:
    with_one = {} if reranker is None else {RERANKER_VARIABLE: str(reranker)}
    (folder / "asked.json").write_text(json.dumps(questions), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "tests.performance.asking", who, str(folder), str(index)],
        cwd=ROOT,
        env={**os.environ, **with_one},
        check=True,
        capture_output=True,
        text=True,
    )
    told: dict[str, list[float]] = json.loads(done.stdout)
    return told


def measure_batch(folder: Path, index: Path, questions: list[str]) -> list[Measured]:
    """A batch by the command, its start counted, against asking one by one when all is warm."""
    batch = folder / "batch.jsonl"
    asked = questions[:BATCH]
    lines = [json.dumps({"id": str(at), "question": one}) for at, one in enumerate(asked)]
    batch.write_text("\n".join(lines), encoding="utf-8")
    usual = _asked_apart("baseline", folder, index, [*asked[:WARMING], *asked])
    one_by_one: list[float] = []
    together: list[float] = []
    for _ in range(ROUNDS):
        told = _asked_apart("ours", folder, index, [*asked[:WARMING], *asked])
        one_by_one.append(sum(told["milliseconds"]) / 1000)
        seconds, _ = _process([sys.executable, "-m", "search", "--batch", str(batch)], index)
        together.append(seconds)
    baseline = len(asked) / (sum(usual["milliseconds"]) / 1000)
    single, whole = (len(asked) / float(np.median(own)) for own in (one_by_one, together))
    return [
        Measured("one by one, warm", f"{single:.0f} /s", "", ok=True),
        Measured("one by one, warm, baseline", f"{baseline:.0f} /s", "", ok=True),
        Measured("batch of 1,000, its start counted", f"{whole:.0f} /s", "", ok=True),
        # One by one our own questions use both cores as well: no batch can be three times as fast.
        Measured("batch to our own one by one", f"{whole / single:.2f}", "", ok=True),
        at_least("batch: questions a second to one by one", whole / baseline, 3.0),
    ]
