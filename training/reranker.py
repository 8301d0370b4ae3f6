"""A cross-encoder as a reranker, tried: trained as the encoder is, and measured beside it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
from datasets import Dataset
from sentence_transformers import CrossEncoder
from sentence_transformers.cross_encoder import CrossEncoderTrainer, CrossEncoderTrainingArguments
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

from training.examples import SEED
from training.measure import REREAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from training.examples import AskedReport
    from training.measure import Encode, Reread

_AGAINST = 3  # paragraphs of the report that do not answer, for each that does
_LEARNING_RATE = 5e-5


def train_reranker(
    base: Path, reports: Sequence[AskedReport], encode: Encode, folder: Path
) -> Reread:
    """A cross-encoder on `base`, trained to tell answers from what `encode` puts among the first.

    `folder` keeps the state of training.
    """
    model = CrossEncoder(str(base), num_labels=1, max_length=256, local_files_only=True)
    pairs = list(_pairs(reports, encode))
    random.Random(SEED).shuffle(pairs)  # noqa: S311 - an order, not a secret
    trainer = CrossEncoderTrainer(
        model=model,
        args=CrossEncoderTrainingArguments(
            output_dir=str(folder),
            num_train_epochs=1,
            per_device_train_batch_size=32,
            learning_rate=_LEARNING_RATE,
            warmup_steps=0.1,
            seed=SEED,
            use_cpu=True,
            save_strategy="no",
            logging_steps=20,
            report_to="none",
        ),
        train_dataset=Dataset.from_list(
            [{"question": asked, "paragraph": text, "label": label} for asked, text, label in pairs]
        ),
        loss=BinaryCrossEntropyLoss(model),
    )
    trainer.train()
    model.eval()

    def reread(question: str, texts: list[str]) -> NDArray[np.float32]:
        found = model.predict([(question, text) for text in texts], show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)

    return reread


def _pairs(reports: Sequence[AskedReport], encode: Encode) -> Iterator[tuple[str, str, float]]:
    """Question, paragraph, and 1 where it is the named one, 0 where it is not and is near."""
    chance = random.Random(SEED)  # noqa: S311 - a choice, not a secret
    for report in reports:
        paragraphs = encode(list(report.paragraphs))
        for one, vector in zip(
            report.asked, encode([one.question for one in report.asked]), strict=True
        ):
            yield one.question, report.paragraphs[one.answer], 1.0
            nearest = np.argsort(-(paragraphs @ vector), kind="stable")[:REREAD].tolist()
            others = [at for at in nearest if abs(at - one.answer) > 1]
            for at in chance.sample(others, min(_AGAINST, len(others))):
                yield one.question, report.paragraphs[at], 0.0
