"""`make train`: encoder and readers, made again; `python -m training try NAME`: one experiment.

A recipe is first trained without the held-out reports and measured on them; then on all reports,
and measured on the graded questions in ../shared, none of which is on one of these. The readers are
trained without the held-out reports and shipped so, since `make fit` learns on them how far to
trust them; `python -m training read` makes both alone, `read-closer` the closer one, and
`measure-readers` measures those that are shipped. What they read is found by an encoder that has
not seen the held-out reports, either, which is trained first where it is not there.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file, save_file

from index.adapter import read_adapter, write_adapter
from index.closer_base import CLOSER_BASE, CLOSER_BASE_SHA256, put_together
from index.encoder import OnnxEncoder, untrimmed
from index.export import export, load_original
from index.models import (
    BASE_MODEL,
    BASE_SHA256,
    GENERAL,
    SHIPPED,
    SHIPPED_CLOSER,
    SHIPPED_READER,
    Readers,
    named_model,
)
from index.reader import Reader
from index.reader_export import load_reader
from training.articles import article_lessons, asked_articles, load_articles, split_articles
from training.examples import GRADED, SEED, TYPED, load_reports, split
from training.measure import (
    Scores,
    bootstrap,
    encoder_of,
    graded,
    load_graded,
    row,
    score,
    table_head,
)
from training.pairs import PAIRS, shared_pairs
from training.reader import (
    CLOSELY,
    EPOCHS,
    EPOCHS_CLOSER,
    GRADED_AMONG_ARTICLES,
    QUICKLY,
    RANK,
    again_by,
    changes_of,
    lessons,
    train_reader,
)
from training.recipes import RECIPES, WORK
from training.tune import tune

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import SentenceTransformer

    from index.adapter import Adapter
    from training.examples import AskedReport
    from training.recipes import Recipe

NAME = f"{BASE_MODEL} for inspection reports"
# How much worse than the shipped model a new one may be, in nDCG@10 over the graded questions.
_WORSE = 0.005
_CHANGES = "changes.safetensors"
# Which readers each command makes.
_READERS = {"read": ("quick", "closer"), "read-closer": ("closer",), "measure-readers": ()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training")
    parser.add_argument(
        "what",
        nargs="?",
        choices=("train", "try", *_READERS, "pairs"),
        default="train",
    )
    parser.add_argument("name", nargs="?", choices=sorted(RECIPES), default="shipped")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    options = parser.parse_args()
    if not (options.shared / "reports").is_dir():
        print(f"The reports were expected in {options.shared}/reports, which is not there.")
        return 1
    started = time.monotonic()
    reports = load_reports(options.shared / "reports")
    if options.what == "pairs":
        pairs = shared_pairs(reports)
        PAIRS.write_text("".join(f"{pair}\n" for pair in pairs), encoding="utf-8")
        print(f"{len(pairs):,} pairs of words: {PAIRS}")
        return 0
    trained, held_out = split(reports)
    recipe = RECIPES[options.name]
    print(table_head())
    if options.what in _READERS:
        tuned = _adapter(recipe, trained, "split")
        _read(tuned, trained, held_out, options.shared, _READERS[options.what])
        return 0
    base = _measured("held-out reports", "general", held_out, None)
    tuned = _adapter(recipe, trained, "split")
    ours = _measured("held-out reports", options.name, held_out, tuned)
    if recipe == RECIPES["shipped"]:
        _model(tuned).save(str(recipe.held_out_model))  # for `make fit`
    low, high = bootstrap(ours, base)
    print(f"gain in nDCG@10 on held-out reports: 95 % of resamplings in {low:+.4f} … {high:+.4f}")
    if options.what == "train":
        _read(tuned, trained, held_out, options.shared, _READERS["read"])
        return _ship(recipe, reports, options.shared, started)
    return 0


def _ship(recipe: Recipe, reports: Sequence[AskedReport], shared: Path, started: float) -> int:
    made = _adapter(recipe, reports, "all")
    sets = load_graded(shared)
    means = {}
    for name, adapter in (("general", None), ("shipped before", _shipped()), ("result", made)):
        if name == "general" or adapter is not None:
            model = _model(adapter)
            found = [(of, graded(own, encoder_of(model))) for of, own in sets.items()]
            for of, values in found:
                print(row(of, name, values))
            means[name] = sum(values.ndcg.mean() for _, values in found) / len(found)
    print(f"{time.monotonic() - started:,.0f} s in all")
    least = max(means["general"], means.get("shipped before", 0) - _WORSE)
    if means["result"] < least:
        print(f"The result is worse than what is shipped and stays in {made.folder}.")
        return 1
    for file in made.folder.iterdir():
        shutil.copyfile(file, SHIPPED / file.name)
    print(f"The result is shipped in {SHIPPED}; shared indexes are built again by: make index")
    return 0


def _read(
    adapter: Adapter,
    trained: Sequence[AskedReport],
    held_out: Sequence[AskedReport],
    shared: Path,
    made: Sequence[str],
) -> None:
    """Train and ship those readers that are `made`, and measure all on held-out reports.

    They read the nearest paragraphs of the encoder with `adapter`.
    """
    general = named_model(GENERAL).folder
    with tempfile.TemporaryDirectory() as place:
        export(general, Path(place), adapter)
        encoder = OnnxEncoder(Path(place), in_bulk=True)
        if "quick" in made:
            _read_quickly(encoder, adapter, trained)
        if "closer" in made:
            reports = load_reports(shared / "reports", graded=(GRADED, TYPED))
            _read_closely(encoder, split(reports)[0])
        readers = Readers(read_adapter(SHIPPED_READER), read_adapter(SHIPPED_CLOSER))
        export(general, Path(place), adapter, readers)
        again = again_by(encoder, Reader(Path(place)))
        found = score(held_out, encoder.encode_passages, again)
        print(row("held-out reports", "and the readers", found))
        articles = asked_articles(split_articles(load_articles())[1])
        for of, asked in (("… graded", held_out), ("held-out articles", articles)):
            for name, then in (("without them", None), ("and the readers", again)):
                print(row(of, name, graded(asked, encoder.encode_passages, then)), flush=True)


def _read_quickly(encoder: OnnxEncoder, adapter: Adapter, trained: Sequence[AskedReport]) -> None:
    reader = load_reader(_model(adapter))
    named, graded_ones = lessons(encoder, encoder.tokenizer, trained)
    singly = [[[one] for one in taught] for taught in (named, graded_ones)]
    train_reader(reader, list(zip(singly, EPOCHS, strict=True)), QUICKLY)
    changes = changes_of(reader, load_reader(_model(None)))
    write_adapter(SHIPPED_READER, f"{NAME}, reading", BASE_SHA256, changes, RANK)


def _read_closely(encoder: OnnxEncoder, trained: Sequence[AskedReport]) -> None:
    with tempfile.TemporaryDirectory() as place:
        base = put_together(Path(place))
        original, untrained = load_original(base), load_reader(load_original(base))
    tokenizer = untrimmed(original.tokenizer.backend_tokenizer)
    reader = load_reader(original)
    _, graded_ones = lessons(encoder, tokenizer, trained)
    singly = [[one] for one in graded_ones]
    among = random.Random(SEED).sample(singly, GRADED_AMONG_ARTICLES)  # noqa: S311 - no secret
    articles, _ = split_articles(load_articles())
    mixed = article_lessons(tokenizer, articles) + among
    train_reader(reader, list(zip((singly, mixed), EPOCHS_CLOSER, strict=True)), CLOSELY)
    changes = changes_of(reader, untrained)
    name = f"{CLOSER_BASE} for inspection reports, reading closer"
    write_adapter(SHIPPED_CLOSER, name, CLOSER_BASE_SHA256, changes, RANK)


def _shipped() -> Adapter | None:
    return read_adapter(SHIPPED) if SHIPPED.is_dir() and any(SHIPPED.iterdir()) else None


def _adapter(recipe: Recipe, reports: Sequence[AskedReport], work: str) -> Adapter:
    """The adapter that a recipe makes of reports; made once, and resumed where interrupted."""
    folder = WORK / f"{recipe.trained}-{work}"
    if not (folder / _CHANGES).exists():
        changes = tune(_model(None), recipe, reports, folder / "state")
        save_file(changes, folder / "partial")
        (folder / "partial").rename(folder / _CHANGES)
        shutil.rmtree(folder / "state", ignore_errors=True)
    changes = {
        weight: np.float32(recipe.average) * change
        for weight, change in load_file(folder / _CHANGES).items()
    }
    write_adapter(folder / "adapter", NAME, BASE_SHA256, changes, recipe.rank)
    return read_adapter(folder / "adapter")


def _model(adapter: Adapter | None) -> SentenceTransformer:
    model = load_original(named_model(GENERAL).folder, adapter)
    words: Any = model[0]
    words.auto_model.set_attn_implementation("sdpa")  # it trains faster, and is the same
    return model


def _measured(
    of: str, name: str, reports: Sequence[AskedReport], adapter: Adapter | None
) -> Scores:
    values = score(reports, encoder_of(_model(adapter)))
    print(row(of, name, values), flush=True)
    return values


if __name__ == "__main__":
    sys.exit(main())
