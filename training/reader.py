"""Questions and reports → a trained reader: which of a report's nearest paragraphs answers.

The encoder says which paragraphs of the report lie near; the reader learns to tell among them the
one that answers (a cross-encoder on the retriever's own candidates: Nogueira and Cho, Passage
Re-ranking with BERT, 2019).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from index.reader import Pair, excerpt, padded, paired
from index.sentences import sentence_spans
from training.examples import SEED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from index.encoder import OnnxEncoder
    from index.reader import TextReader
    from index.reader_export import CrossEncoder
    from training.examples import Asked, AskedReport
    from training.measure import Again

    Weights = dict[str, NDArray[np.float32]]

EPOCHS = 2
RANK = 128  # of the adapter
_LEARNING_RATE = 5e-5
# The head is new, and its few weights learn so many times as fast.
_HEAD_FASTER = 20
_WARMUP = 0.06  # of all steps
_QUESTIONS = 6  # of a step
# Others that a question's paragraph is told from, drawn anew each epoch from so many nearest.
_OTHERS = 6
_NEAREST = 14
# One that lies nearer than the named paragraph by this answers too, in all likelihood.
_MARGIN = 0.15
# A paragraph's cosine, and that of its nearest sentence, as the fitted ranking weighs them.
_SHARES = (0.6, 0.4)
# Beside telling the answer from the others, each by itself is to be told as one or none, so that a
# logit means the same from question to question; an answer counts as much as two others.
_EACH = 0.5
_ANSWER_COUNTS = 2.0
# So many of the nearest are read in the measuring.
_READ = 4
# Pairs of like length that go through the model together: little is padded.
_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with its paragraph, and with others that lie near it in the report."""

    answer: Pair
    others: tuple[Pair, ...]


def lessons(encoder: OnnxEncoder, reports: Sequence[AskedReport]) -> list[Lesson]:
    """A lesson for every question that was asked of `reports`; `encoder` says what lies near."""
    tokenizer, encode = encoder.tokenizer, encoder.encode_passages
    made = []
    for report in reports:
        spans = [sentence_spans(text) for text in report.paragraphs]
        owners = np.array([at for at, own in enumerate(spans) for _ in own])
        questions = encode([one.question for one in report.asked])
        paragraphs = encode(list(report.paragraphs)) @ questions.T
        sentences = (
            questions
            @ encode(
                [
                    text[start:end]
                    for text, own in zip(report.paragraphs, spans, strict=True)
                    for start, end in own
                ]
            ).T
        )
        for number, one in enumerate(report.asked):
            own = [sentences[number, owners == at] for at in range(len(spans))]
            best = np.array([near.max(initial=-1) for near in own])
            scored = _SHARES[0] * paragraphs[:, number] + _SHARES[1] * best
            places = np.arange(len(spans))
            others = places[
                (np.abs(places - one.answer) > 1) & (scored < scored[one.answer] + _MARGIN)
            ]
            nearest = others[np.argsort(-scored[others], kind="stable")][:_NEAREST]
            texts = [
                excerpt(tokenizer, report.paragraphs[at], spans[at], own[at].tolist())
                for at in [one.answer, *nearest.tolist()]
            ]
            answer, *rest = paired(tokenizer, one.question, texts)
            made.append(Lesson(answer, tuple(rest)))
    return made


def again_by(encoder: OnnxEncoder, reader: TextReader) -> Again:
    """For `training.measure.score`: the nearest paragraphs in the order of their logits.

    The others come after them, in the order that they had.
    """

    def again(
        report: AskedReport, one: Asked, similarities: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        nearest = np.argsort(-similarities, kind="stable")[:_READ]
        [question] = encoder.encode_questions([one.question])
        texts = []
        for text in (report.paragraphs[at] for at in nearest):
            spans = sentence_spans(text)
            sentences = encoder.encode_passages([text[start:end] for start, end in spans])
            texts.append(reader.excerpt(text, spans, (sentences @ question).tolist()))
        logits = reader.read(one.question, texts).astype(np.float32)
        values: NDArray[np.float32] = similarities - similarities.max() + logits.min() - 1
        values[nearest] = logits
        return values

    return again


def train_reader(reader: CrossEncoder, taught: Sequence[Lesson], epochs: int = EPOCHS) -> None:
    """Train `reader` in place."""
    torch.manual_seed(SEED)
    chance = random.Random(SEED)  # noqa: S311 - an order, not a secret
    for module in reader.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0  # as in training/tune.py
    head: list[torch.nn.Parameter] = []
    body: list[torch.nn.Parameter] = []
    for name, parameter in reader.named_parameters():
        parameter.requires_grad = ".embeddings." not in name or "token_type" in name
        if parameter.requires_grad:
            (body if name.startswith("bert.") else head).append(parameter)
    optimizer = torch.optim.AdamW(
        [
            {"params": body, "lr": _LEARNING_RATE},
            {"params": head, "lr": _HEAD_FASTER * _LEARNING_RATE},
        ],
        weight_decay=0.01,
    )
    steps = epochs * (len(taught) // _QUESTIONS)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1, step / (_WARMUP * steps)) * max(0, 1 - step / steps)
    )
    reader.train()
    for _ in range(epochs):
        order = chance.sample(taught, len(taught))
        for first in range(0, len(order) - _QUESTIONS + 1, _QUESTIONS):
            optimizer.zero_grad()
            _loss(reader, order[first : first + _QUESTIONS], chance).backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    reader.eval()


def _loss(reader: CrossEncoder, taught: Sequence[Lesson], chance: random.Random) -> torch.Tensor:
    drawn = [
        [one.answer, *chance.sample(one.others, min(_OTHERS, len(one.others)))] for one in taught
    ]
    # Half as many bits take half the time where the processor has them, and are enough to learn by.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = _read(reader, [pair for own in drawn for pair in own]).float()
    total = torch.zeros(())
    for own in torch.split(logits, [len(own) for own in drawn]):
        wanted = torch.zeros(len(own))
        wanted[0] = 1.0
        total = total + functional.cross_entropy(own[None], torch.zeros(1, dtype=torch.long))
        total = total + _EACH * functional.binary_cross_entropy_with_logits(
            own, wanted, pos_weight=torch.tensor(_ANSWER_COUNTS)
        )
    return total / len(drawn)


def _read(reader: CrossEncoder, pairs: Sequence[Pair]) -> torch.Tensor:
    order = sorted(range(len(pairs)), key=lambda at: len(pairs[at].ids))
    parts = [order[at : at + _TOGETHER] for at in range(0, len(order), _TOGETHER)]
    logits = torch.cat(
        [reader(*map(torch.from_numpy, padded([pairs[at] for at in part]))) for part in parts]
    )
    return logits[torch.argsort(torch.tensor(order))]


def changes_of(reader: CrossEncoder, untrained: CrossEncoder) -> Weights:
    """What differs between the two, by the weight's name."""
    before = untrained.state_dict()
    return {
        name: (weight - before[name]).numpy()
        for name, weight in reader.state_dict().items()
        if weight.dtype == torch.float32 and not torch.equal(weight, before[name])
    }
