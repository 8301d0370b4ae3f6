"""Articles on other matters → lessons: which of an article's paragraphs answers, or none.

Reports alone teach what they speak about. These teach to look at what is said of a thing and not
only at its name: four questions in ten have no answer, though one paragraph looks as if it gave
one. Most of these are an answered question with another name, number, direction or condition.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.reader import paired
from training.examples import SEED
from training.reader import Lesson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokenizers import Tokenizer

ARTICLES = Path(__file__).parent / "articles.jsonl"
# Of a question's paragraphs so many that answer are taken, and of those that have nothing to do
# with it; the one that looks as if it answered always is.
_ANSWERS = 2
_OTHERS = 2


@dataclass(frozen=True, slots=True)
class ArticleQuestion:
    """A question with the grades of the places that answer it: 2 answers, 1 does in part.

    Where nothing does, `near` is the place of the paragraph that looks as if it did; else None.
    `facts` are the words that answer, verbatim.
    """

    question: str
    relevant: Mapping[int, int]
    near: int | None
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Article:
    """An article's paragraphs, and the questions asked of it."""

    title: str
    paragraphs: tuple[str, ...]
    questions: tuple[ArticleQuestion, ...]


def load_articles(path: Path = ARTICLES) -> list[Article]:
    """The articles in the file `path`."""
    return [
        Article(
            line["title"],
            tuple(line["paragraphs"]),
            tuple(
                ArticleQuestion(
                    one["question"],
                    {int(at): grade for at, grade in one["relevant"].items()},
                    int(one["near"]) if "near" in one else None,
                    tuple(one.get("facts", ())),
                )
                for one in line["questions"]
            ),
        )
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def article_lessons(tokenizer: Tokenizer, articles: Sequence[Article]) -> list[list[Lesson]]:
    """For each of `articles` a lesson for every question on it, of a few paragraphs each.

    Asked together, what a paragraph answers and what it only seems to are told from each other.
    """
    chance = random.Random(SEED)  # noqa: S311 - no secret
    taught: list[list[Lesson]] = []
    for article in articles:
        taught.append([])
        for one in chance.sample(article.questions, len(article.questions)):
            best_first = sorted((-grade, at) for at, grade in one.relevant.items())
            answers = [at for _, at in best_first[:_ANSWERS]]
            others = [
                at
                for at in range(len(article.paragraphs))
                if at not in one.relevant and at != one.near
            ]
            near = [] if one.near is None else [one.near]
            taken = [*answers, *near, *chance.sample(others, min(_OTHERS, len(others)))]
            pairs = paired(tokenizer, one.question, [article.paragraphs[at] for at in taken])
            taught[-1].append(Lesson.of_grades(pairs, [one.relevant.get(at, 0) for at in taken]))
    return taught
