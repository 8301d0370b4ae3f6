"""A recipe and reports → tuned weights, by sentence-transformers' own trainer."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from datasets import Dataset
from sentence_transformers import (
    SentenceTransformerTrainer,
    SentenceTransformerTrainingArguments,
)
from sentence_transformers.base.sampler import DefaultBatchSampler
from torch import nn
from torch.utils.data import SequentialSampler
from transformers.trainer_utils import get_last_checkpoint

from index.sentences import sentence_spans
from training.contrast import Contrast
from training.examples import SEED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    from training.examples import AskedReport
    from training.recipes import Recipe

Weights = dict[str, "NDArray[np.float32]"]
_WARMUP = 0.1  # of all steps
_STEPS_BETWEEN_SAVES = 25
_LEAST_SENTENCES = 4  # of which two ask, and two are left to be found
_KEYS = "qwertyuiopasdfghjklzxcvbnm"


def weights_of(model: SentenceTransformer) -> Weights:
    """The model's weights by name, copied."""
    return {name: weight.numpy().copy() for name, weight in model.state_dict().items()}


def without_dropout(model: nn.Module) -> None:
    """Let `model` drop nothing while it is trained.

    Drawing the masks takes time on a CPU, and so few steps need no such regularisation.
    """
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0


def tune(
    model: SentenceTransformer, recipe: Recipe, reports: Sequence[AskedReport], folder: Path
) -> Weights:
    """What training changes in `model`'s weights, by name; `model` is then the tuned one.

    `folder` keeps the state every few steps: what was interrupted goes on from there.
    """
    before = weights_of(model)
    without_dropout(model)
    for name, parameter in model.named_parameters():
        # Half of all weights, of which questions touch a few each: they stay as they are, and
        # words that no question holds stay where they were among them.
        parameter.requires_grad = recipe.words or ".word_embeddings." not in f".{name}"
    rows, places = _rows(model, recipe, reports)
    hard = _hard(model, recipe, reports, places) if recipe.hard else {}
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=str(folder),
            num_train_epochs=1,  # the rows hold all epochs, each in an order of its own
            per_device_train_batch_size=recipe.batch,
            learning_rate=recipe.learning_rate,
            warmup_steps=_WARMUP,
            weight_decay=0.01,
            seed=SEED,
            use_cpu=True,
            save_steps=_STEPS_BETWEEN_SAVES,
            save_total_limit=1,
            logging_steps=5,
            report_to="none",
            batch_sampler=_in_order,
        ),
        train_dataset=Dataset.from_list(rows),
        loss=Contrast(model, recipe, places, hard),
    )
    last = get_last_checkpoint(str(folder)) if folder.is_dir() else None  # type: ignore[no-untyped-call]
    trainer.train(resume_from_checkpoint=last)
    model.eval()
    changed = {}
    for name, weight in weights_of(model).items():
        if weight.dtype == np.float32 and not np.array_equal(weight, before[name]):
            changed[name] = weight - before[name]
    return changed


def _in_order(dataset: Dataset, batch_size: int, **_: object) -> DefaultBatchSampler:
    return DefaultBatchSampler(SequentialSampler(dataset), batch_size, drop_last=False)


def _rows(
    model: SentenceTransformer, recipe: Recipe, reports: Sequence[AskedReport]
) -> tuple[list[dict[str, Any]], list[tuple[int, int]]]:
    """The rows of all epochs in their order, and report and place of each label's paragraph."""
    chance = random.Random(SEED)  # noqa: S311 - an order, not a secret
    places: list[tuple[int, int]] = []
    written: list[list[Pairs]] = []
    for number, report in enumerate(reports):
        asked: dict[int, list[str]] = defaultdict(list)
        for one in report.asked:
            asked[one.answer].append(one.question)
        said = _nearest_sentences(model, report)
        own = []
        for at, questions in asked.items():
            first, other = questions[0], questions[-1]
            near = said[first, at], said[other, at]
            own.append(Pairs(len(places), (first, other), report.paragraphs[at], near))
            places.append((number, at))
        written.append(own)
    rows = []
    for _ in range(recipe.weak):
        drawn = [weak_pairs(of, one.paragraphs, places, chance) for of, one in enumerate(reports)]
        rows += _epoch(drawn, recipe, chance)
    for _ in range(recipe.epochs):
        rows += _epoch(written, recipe, chance)
    return rows, places


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two questions on a paragraph, each with its nearest sentence, and the paragraph's label."""

    label: int
    questions: tuple[str, str]
    paragraph: str
    near: tuple[str, str]


def weak_pairs(
    report: int,
    paragraphs: Sequence[str],
    places: list[tuple[int, int]],
    chance: random.Random,
) -> list[Pairs]:
    """Two sentences of each longer paragraph as questions for what is left of it.

    It is the inverse cloze task (Lee and others, Latent Retrieval for Weakly Supervised Open Domain
    Question Answering, 2019). The paragraphs are added to `places`.
    """
    drawn = []
    for at, text in enumerate(paragraphs):
        sentences = [text[start:end] for start, end in sentence_spans(text)]
        if len(sentences) < _LEAST_SENTENCES:
            continue
        first, other = chance.sample(sentences, 2)
        rest = [one for one in sentences if one not in (first, other)]
        if not rest:
            continue
        near = chance.choice(rest), chance.choice(rest)
        drawn.append(Pairs(len(places), (first, other), " ".join(rest), near))
        places.append((report, at))
    return drawn


def _epoch(
    reports: Sequence[Sequence[Pairs]], recipe: Recipe, chance: random.Random
) -> list[dict[str, Any]]:
    """The rows of an epoch.

    Batches are filled report by report, so that most of a question's negatives are of its report.
    """
    order = [
        {
            "question": _slip(pairs.questions[0], recipe, chance),
            "other_question": _slip(pairs.questions[1], recipe, chance),
            "paragraph": pairs.paragraph,
            "sentence": pairs.near[0],
            "other_sentence": pairs.near[1],
            "label": pairs.label,
        }
        for own in chance.sample(reports, len(reports))
        for pairs in chance.sample(own, len(own))
    ]
    batches = [order[at : at + recipe.batch] for at in range(0, len(order), recipe.batch)]
    # The last one of an epoch is short, and only the last of all may be.
    whole = [batch for batch in batches if len(batch) == recipe.batch]
    return [row for batch in chance.sample(whole, len(whole)) for row in batch]


def _nearest_sentences(
    model: SentenceTransformer, report: AskedReport
) -> dict[tuple[str, int], str]:
    """For each question and its answer the sentence of it that lies nearest, untrained."""
    sentences = [
        (at, text[start:end])
        for at in sorted({one.answer for one in report.asked})
        for text in [report.paragraphs[at]]
        for start, end in sentence_spans(text)
    ]
    texts = [one.question for one in report.asked] + [text for _, text in sentences]
    vectors = model.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    near = vectors[: len(report.asked)] @ vectors[len(report.asked) :].T
    owners = np.array([at for at, _ in sentences])
    nearest = np.where(owners == [[one.answer] for one in report.asked], near, -1).argmax(axis=1)
    return {
        (one.question, one.answer): sentences[place][1]
        for one, place in zip(report.asked, nearest.tolist(), strict=True)
    }


def _hard(
    model: SentenceTransformer,
    recipe: Recipe,
    reports: Sequence[AskedReport],
    places: Sequence[tuple[int, int]],
) -> dict[int, list[tuple[int, int, str]]]:
    """For each label the paragraphs of its report that lie nearest to its questions."""
    found: dict[int, list[tuple[int, int, str]]] = {}
    for number, report in enumerate(reports):
        paragraphs = model.encode(
            list(report.paragraphs), normalize_embeddings=True, show_progress_bar=False
        )
        for label, (of, at) in enumerate(places):
            if of != number:
                continue
            questions = [one.question for one in report.asked if one.answer == at]
            near = model.encode(questions, normalize_embeddings=True) @ paragraphs.T
            nearest = [
                int(place)
                for row in near
                for place in [one for one in np.argsort(-row) if abs(int(one) - at) > 1][
                    : recipe.hard
                ]
            ]
            found[label] = [
                (number, place, report.paragraphs[place]) for place in dict.fromkeys(nearest)
            ]
    return found


def _slip(question: str, recipe: Recipe, chance: random.Random) -> str:
    """`question`, in the recipe's share of cases with a slip or two of the keyboard."""
    if len(question) < 8 or chance.random() >= recipe.typos:  # noqa: PLR2004 - a word or two
        return question
    letters = list(question)
    for _ in range(chance.randint(1, 2)):
        at = chance.randrange(len(letters) - 1)
        kind = chance.choice(("swap", "drop", "double", "wrong"))
        if kind == "swap":
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind == "drop":
            letters[at] = ""
        elif kind == "double":
            letters[at] *= 2
        else:
            letters[at] = chance.choice(_KEYS)
    return "".join(letters)
