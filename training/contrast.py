"""What is trained for: a question lies near its paragraph and far from others of the same report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import SentenceTransformer

# Texts of like length that go through the model together: little is padded, and what passes from
# layer to layer stays small.
_TOGETHER = 16


class Contrast(torch.nn.Module):
    """In-batch softmax over paragraphs for each question, and over questions for each paragraph.

    A batch has two questions a paragraph, its sentence nearest to them, and further paragraphs of the
    same reports that no question names ("others"), which are negatives only.
    """

    def __init__(self, model, places, others=None, *, scale=20.0, symmetric=0.5, sentence=0.0, sigmoid=0.0, margin=None, neighbours=1, grad_others=False):
        super().__init__()
        self.model = model
        self.places = places    # pid -> (report, place)
        self.others = others or {}  # pid -> list[(report, place, text)]
        self.scale, self.symmetric, self.sentence = scale, symmetric, sentence
        self.sigmoid, self.margin, self.neighbours = sigmoid, margin, neighbours
        self.grad_others = grad_others
        self.sentences = {}
        if sigmoid:
            self.bias = torch.nn.Parameter(torch.tensor(-8.0)); self.gain = torch.nn.Parameter(torch.tensor(20.0).log())

    def embed(self, features):
        ids, mask = features["input_ids"], features["attention_mask"]
        lengths = mask.sum(1)
        order = torch.argsort(lengths)
        outs = []
        for part in order.split(_TOGETHER):
            n = int(lengths[part].max())
            f = {k: v[part, :n] for k, v in features.items() if torch.is_tensor(v) and v.ndim == 2}
            outs.append(self.model(f)["sentence_embedding"])
        v = torch.cat(outs)
        v = v[torch.argsort(order)]
        return functional.normalize(v, dim=-1)

    def texts(self, texts):
        return self.embed(self.model.preprocess(texts))

    def forward(self, sentence_features, labels):
        qa, qb, par = [self.embed(f) for f in list(sentence_features)[:3]]
        q = torch.cat([qa, qb])
        pids = labels.tolist()
        place = [self.places[p] for p in pids]
        extra = {}
        for p in pids:
            for r, at, text in self.others.get(p, []):
                if (r, at) not in extra and (r, at) not in set(place):
                    extra[(r, at)] = text
        allplace = place + list(extra)
        P = par
        if extra:
            with torch.set_grad_enabled(self.grad_others):
                e = self.texts(list(extra.values()))
            P = torch.cat([par, e])
        rep = torch.tensor([x[0] for x in allplace]); at = torch.tensor([x[1] for x in allplace])
        n = len(pids)
        near = (rep[:n, None] == rep[None]) & ((at[:n, None] - at[None]).abs() <= self.neighbours)
        eye = torch.zeros_like(near); eye[torch.arange(n), torch.arange(n)] = True
        mask = (near & ~eye).repeat(2, 1)
        S = q @ P.T
        if self.margin is not None:
            pos = torch.cat([(qa * par).sum(1), (qb * par).sum(1)])
            mask = mask | ((S.detach() > pos.detach()[:, None] + self.margin) & ~eye.repeat(2, 1))
        target = torch.arange(n).repeat(2)
        logits = (S * self.scale).masked_fill(mask, -1e4)
        loss = functional.cross_entropy(logits, target)
        if self.symmetric:
            for qq, m in ((qa, mask[:n, :n]), (qb, mask[n:, :n])):
                loss = loss + self.symmetric * functional.cross_entropy((par @ qq.T * self.scale).masked_fill(m.T, -1e4), torch.arange(n)) 
            loss = loss / (1 + 2*self.symmetric) 
        if self.sigmoid:
            z = S * self.gain.exp() + self.bias
            y = eye.repeat(2, 1).float()
            keep = (~mask).float()
            l = functional.binary_cross_entropy_with_logits(z, y, reduction="none") * keep
            loss = loss + self.sigmoid * l.sum() / len(target)
        if self.sentence:
            for qq, f, m in ((qa, sentence_features[3], mask[:n, :n]), (qb, sentence_features[4], mask[n:, :n])):
                s = self.embed(f)
                loss = loss + self.sentence / 2 * functional.cross_entropy((qq @ s.T * self.scale).masked_fill(m, -1e4), torch.arange(n))
        return loss
