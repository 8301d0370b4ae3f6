"""Questions and reports → a trained reader: which of a report's nearest paragraphs answers.

The encoder says which paragraphs of the report lie near; the reader learns to tell among them the
one that answers (a cross-encoder on the retriever's own candidates: Nogueira and Cho, Passage
Re-ranking with BERT, 2019). There are two: a quick one, made of the encoder, and a closer one, made
of a larger base, which learns by other steps (`Learning`) and of articles, too.
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
from training.tune import without_dropout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.encoder import OnnxEncoder
    from index.reader import TextReader
    from index.reader_export import CrossEncoder
    from training.examples import AskedReport
    from training.measure import Again

    Weights = dict[str, NDArray[np.float32]]

# Epochs of the questions that name one paragraph, many and not sure of the others; then of the
# graded ones, fewer and complete, some of which nothing answers.
EPOCHS = (1, 3)
# The closer reader's, of the graded ones; then of articles, with so many of the graded among them.
EPOCHS_CLOSER = (1, 2)
GRADED_AMONG_ARTICLES = 1000
RANK = 128  # of the adapter
# The head is new, and its few weights learn so many times as fast.
_HEAD_FASTER = 20
_WARMUP = 0.06  # of all steps
_QUESTIONS = 6  # of a step
_NEAREST = 14  # of a lesson's paragraphs that do not answer
# One that lies nearer than the named paragraph by this answers too, in all likelihood.
_MARGIN = 0.15
# A paragraph's cosine, and that of its nearest sentence, as the fitted ranking weighs them.
_SHARES = (0.6, 0.4)
# Beside telling answers from others, each by itself is to be told as one or none, so that a logit
# means the same from question to question; an answer counts as much as two others.
_EACH = 0.5
_ANSWER_COUNTS = 2.0
_CITED = 2.0  # the grade of what a reader would cite
# So many of the nearest are read in the measuring, as in the product.
_READ = 6
# Pairs of like length that go through the model together: little is padded.
_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class Learning:
    """How a reader learns: its rate, and how many of its layers, from below, stay as they were.

    `drawn` are how many of a lesson's paragraphs that answer are taken, and how many others of so
    many nearest, anew each epoch.
    """

    rate: float
    frozen: int
    drawn: tuple[int, int, int]


QUICKLY = Learning(rate=5e-5, frozen=0, drawn=(3, 6, _NEAREST))
# The lowest layers stay, since that costs little and saves a fifth of the time.
CLOSELY = Learning(rate=4e-5, frozen=4, drawn=(2, 4, 10))


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with paragraphs, those that answer first, and their grades, 0 for no answer."""

    pairs: tuple[Pair, ...]
    grades: NDArray[np.float32]

    @classmethod
    def of_grades(cls, pairs: Sequence[Pair], grades: Sequence[int]) -> Lesson:
        return cls(tuple(pairs), np.array(grades, dtype=np.float32))


def lessons(
    encoder: OnnxEncoder, tokenizer: Tokenizer, reports: Sequence[AskedReport]
) -> tuple[list[Lesson], list[Lesson]]:
    """A lesson for every question on `reports`: first those that name a paragraph, then the graded.

    `encoder` says what lies near; a graded question has all that answers beside it. `tokenizer` is
    that of the reader.
    """
    named, graded = [], []
    for report in reports:
        questions = [one.question for one in report.asked] + [one for one, _ in report.graded]
        near = _Near(encoder, tokenizer, report, questions)
        for number, one in enumerate(report.asked):
            scored, places = near.scored[number], np.arange(len(report.paragraphs))
            others = places[
                (np.abs(places - one.answer) > 1) & (scored < scored[one.answer] + _MARGIN)
            ]
            named.append(near.lesson(number, {one.answer: 2}, others))
        for number, (_, grades) in enumerate(report.graded, len(report.asked)):
            others = np.setdiff1d(np.arange(len(report.paragraphs)), list(grades))
            graded.append(near.lesson(number, grades, others))
    return named, graded


class _Near:
    """How near the paragraphs of a report and their sentences lie to questions.

    `scored` is float32 of shape (questions, paragraphs).
    """

    def __init__(
        self,
        encoder: OnnxEncoder,
        tokenizer: Tokenizer,
        report: AskedReport,
        questions: list[str],
    ) -> None:
        self._tokenizer, self._texts, self._questions = tokenizer, report.paragraphs, questions
        self._spans = [sentence_spans(text) for text in report.paragraphs]
        asked = encoder.encode_questions(questions)
        sentences = [
            text[start:end]
            for text, own in zip(report.paragraphs, self._spans, strict=True)
            for start, end in own
        ]
        ends = np.cumsum([len(own) for own in self._spans])[:-1]
        self._said = np.split(asked @ encoder.encode_passages(sentences).T, ends, axis=1)
        best = np.stack([own.max(axis=1, initial=-1) for own in self._said], axis=1)
        paragraphs = asked @ encoder.encode_passages(list(report.paragraphs)).T
        self.scored = _SHARES[0] * paragraphs + _SHARES[1] * best

    def lesson(self, number: int, grades: Mapping[int, int], others: NDArray[np.intp]) -> Lesson:
        """The question at `number` with what answers it and the nearest of `others`."""
        order = np.argsort(-self.scored[number, others], kind="stable")
        nearest = others[order][:_NEAREST].tolist()
        texts = [
            excerpt(
                self._tokenizer,
                self._texts[at],
                self._spans[at],
                self._said[at][number].tolist(),
            )
            for at in [*grades, *nearest]
        ]
        pairs = paired(self._tokenizer, self._questions[number], texts)
        return Lesson.of_grades(pairs, [*grades.values(), *[0] * len(nearest)])


def again_by(encoder: OnnxEncoder, reader: TextReader) -> Again:
    """For `training.measure.score`: the nearest paragraphs in the order of their logits.

    The others come after them, in the order that they had.
    """

    def again(
        question: str, paragraphs: Sequence[str], similarities: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        nearest = np.argsort(-similarities, kind="stable")[:_READ]
        [vector] = encoder.encode_questions([question])
        texts = []
        for text in (paragraphs[at] for at in nearest):
            spans = sentence_spans(text)
            sentences = encoder.encode_passages([text[start:end] for start, end in spans])
            texts.append(reader.excerpt(text, spans, (sentences @ vector).tolist()))
        logits = reader.read(question, texts).astype(np.float32)
        values: NDArray[np.float32] = similarities - similarities.max() + logits.min() - 1
        values[nearest] = logits
        return values

    return again


def train_reader(
    reader: CrossEncoder,
    courses: Sequence[tuple[Sequence[Sequence[Lesson]], int]],
    learning: Learning,
) -> None:
    """Train `reader` in place on one course after the other: lessons, and how many epochs.

    The lessons of a course come in groups, which are shuffled each epoch and stay together.
    """
    torch.manual_seed(SEED)
    chance = random.Random(SEED)  # noqa: S311 - an order, not a secret
    without_dropout(reader)
    frozen = tuple(f"bert.encoder.layer.{layer}." for layer in range(learning.frozen))
    head: list[torch.nn.Parameter] = []
    body: list[torch.nn.Parameter] = []
    for name, parameter in reader.named_parameters():
        learns = ".embeddings." not in name or "token_type" in name
        parameter.requires_grad = learns and not name.startswith(frozen)
        if parameter.requires_grad:
            (body if name.startswith("bert.") else head).append(parameter)
    optimizer = torch.optim.AdamW(
        [
            {"params": body, "lr": learning.rate},
            {"params": head, "lr": _HEAD_FASTER * learning.rate},
        ],
        weight_decay=0.01,
    )
    steps = [
        order[first : first + _QUESTIONS]
        for taught, epochs in courses
        for _ in range(epochs)
        for order in [[one for group in chance.sample(taught, len(taught)) for one in group]]
        for first in range(0, len(order) - _QUESTIONS + 1, _QUESTIONS)
    ]
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min(1, step / (_WARMUP * len(steps))) * max(0, 1 - step / len(steps)),
    )
    reader.train()
    for taught in steps:
        optimizer.zero_grad()
        _loss(reader, taught, learning, chance).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    reader.eval()


def _loss(
    reader: CrossEncoder, taught: Sequence[Lesson], learning: Learning, chance: random.Random
) -> torch.Tensor:
    drawn = [_drawn(one.grades, learning, chance) for one in taught]
    pairs = [one.pairs[at] for one, own in zip(taught, drawn, strict=True) for at in own]
    # Half as many bits take half the time where the processor has them, and are enough to learn by.
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = _read(reader, pairs).float()
    total = torch.zeros(())
    for one, places, own in zip(
        taught, drawn, torch.split(logits, list(map(len, drawn))), strict=True
    ):
        grades = torch.from_numpy(one.grades[places])
        if grades.any():
            total = total + functional.cross_entropy(own[None], (grades / grades.sum())[None])
        total = total + _EACH * functional.binary_cross_entropy_with_logits(
            own, grades / _CITED, pos_weight=torch.tensor(_ANSWER_COUNTS)
        )
    return total / len(drawn)


def _drawn(grades: NDArray[np.float32], learning: Learning, chance: random.Random) -> list[int]:
    """The places of a few that answer and of a few others."""
    most_answers, most_others, nearest = learning.drawn
    answers = np.flatnonzero(grades).tolist()
    others = np.flatnonzero(grades == 0)[:nearest].tolist()
    return [
        *chance.sample(answers, min(most_answers, len(answers))),
        *chance.sample(others, min(most_others, len(others))),
    ]


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
