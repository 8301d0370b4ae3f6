"""What is trained for: questions near what answers them and far from the rest of the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sentence_transformers import SentenceTransformer

    from training.recipes import Recipe

# Texts of like length that go through the model together: little is padded, and what passes from
# layer to layer stays small enough for the cache.
_TOGETHER = 16
# The similarity at which a pair told apart by itself is as likely an answer as not.
_CENTRE = 0.5
_NEVER = -1e4  # a logit that counts for nothing


class Contrast(torch.nn.Module):
    """The loss of a batch that is filled report by report.

    It is InfoNCE (van den Oord and others, Representation Learning with Contrastive Predictive
    Coding, 2018). Two questions share the encoding of their paragraph. Against each question stand
    all other paragraphs of the batch but its own's neighbours, which often answer too; against each
    paragraph, in the share `symmetric`, all other questions, so that similarities mean the same
    from question to question; and in the share `sentence`, the nearest sentences of the others.
    `hard` adds paragraphs of the same report that lie near the question before training; one that
    comes nearer than the named paragraph by `margin` answers too, in all likelihood, and is left
    out.
    """

    def __init__(
        self,
        model: SentenceTransformer,
        recipe: Recipe,
        places: Sequence[tuple[int, int]],
        hard: Mapping[int, Sequence[tuple[int, int, str]]],
    ) -> None:
        """For `model` and `recipe`.

        `places` are report and place of each named paragraph, by its label; `hard` says report,
        place and text of each further negative of a label.
        """
        super().__init__()
        self.model = model
        self._recipe = recipe
        self._places = places
        self._hard = hard

    def forward(
        self, sentence_features: Iterable[dict[str, torch.Tensor]], labels: torch.Tensor
    ) -> torch.Tensor:
        """The loss of a batch: two questions, a paragraph and two sentences a label."""
        recipe = self._recipe
        features = list(sentence_features)
        questions = [self._embed(one) for one in features[:2]]
        named = self._embed(features[2])
        places, texts = self._negatives(labels.tolist())
        paragraphs = named
        if texts:
            with torch.no_grad():
                further = self._embed(self.model.preprocess(texts))
            paragraphs = torch.cat([named, further])
        count = len(named)
        own = torch.eye(count, dtype=torch.bool)
        neighbours = _neighbours(places, count)
        answers = torch.arange(count)
        total = torch.zeros(())
        for at, asked in enumerate(questions):
            similarities = asked @ paragraphs.T
            barred = neighbours | self._nearer(similarities, count)
            barred[:, :count] &= ~own
            total = total + self._cross(similarities, barred, answers)
            if recipe.symmetric:
                turned = named @ asked.T
                total = total + recipe.symmetric * self._cross(turned, barred[:, :count].T, answers)
            if recipe.pairwise:
                total = total + recipe.pairwise * self._apart(similarities, barred, answers)
            if recipe.sentence:
                sentences = self._embed(features[3 + at])
                said = asked @ sentences.T
                total = total + recipe.sentence * self._cross(said, barred[:, :count], answers)
        return total / len(questions)

    def _cross(
        self, similarities: torch.Tensor, barred: torch.Tensor, answers: torch.Tensor
    ) -> torch.Tensor:
        logits = (similarities * self._recipe.scale).masked_fill(barred, _NEVER)
        return functional.cross_entropy(logits, answers)

    def _apart(
        self, similarities: torch.Tensor, barred: torch.Tensor, answers: torch.Tensor
    ) -> torch.Tensor:
        """Every pair by itself, answer or not, as a sigmoid about one similarity for all."""
        logits = (similarities - _CENTRE) * self._recipe.scale
        wanted = torch.zeros_like(logits).scatter(1, answers[:, None], 1.0)
        each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        return each.masked_fill(barred, 0).sum() / len(answers)

    def _nearer(self, similarities: torch.Tensor, count: int) -> torch.Tensor:
        found = similarities.detach()
        return found > found[:, :count].diagonal()[:, None] + self._recipe.margin

    def _negatives(self, labels: Sequence[int]) -> tuple[list[tuple[int, int]], list[str]]:
        """Report and place of all paragraphs compared with, and the texts of the further ones."""
        places = [self._places[label] for label in labels]
        further = {
            (report, at): text
            for label in labels
            for report, at, text in self._hard.get(label, ())
            if (report, at) not in places
        }
        return places + list(further), list(further.values())

    def _embed(self, features: dict[str, torch.Tensor]) -> torch.Tensor:
        """Unit vectors, in the order given, encoded in groups of like length."""
        lengths = features["attention_mask"].sum(dim=1)
        order = torch.argsort(lengths)
        vectors = []
        for group in torch.split(order, _TOGETHER):
            longest = int(lengths[group].max())
            part: dict[str, Any] = {
                name: values[group, :longest]
                for name, values in features.items()
                if torch.is_tensor(values) and values.ndim > 1  # a row a text
            }
            vectors.append(self.model(part)["sentence_embedding"])
        together = torch.cat(vectors)[torch.argsort(order)]
        return functional.normalize(together, dim=-1)


def _neighbours(places: Sequence[tuple[int, int]], count: int) -> torch.Tensor:
    """Which paragraphs stand beside which of the first `count` in the same report: bool."""
    reports = torch.tensor([report for report, _ in places])
    at = torch.tensor([place for _, place in places])
    same = reports[:count, None] == reports[None]
    return same & ((at[:count, None] - at[None]).abs() <= 1)
