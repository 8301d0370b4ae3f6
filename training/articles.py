"""Articles on other matters → lessons: which of an article's paragraphs answers, or none.

Reports alone teach what they speak about. These teach to look at what is said of a thing and not
only at its name: four questions in ten have no answer, though one paragraph looks as if it gave
one. Most of these are an answered question with another name, number, direction or condition.

Their wording alone gives many of them away, which is not to be learnt. So most questions come with
a paragraph in which a few words were changed, by which it answers where it did not, or the other
way round (Kaushik and others, Learning the Difference That Makes a Difference with
Counterfactually-Augmented Data, 2020).
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.reader import paired
from training.examples import SEED, AskedReport
from training.reader import Lesson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tokenizers import Tokenizer

ARTICLES = Path(__file__).parent / "articles.jsonl"
# One article of so many is not learnt from, and measured on.
_HELD_OUT_OF = 16
# Paragraphs of a lesson: what answers, what only seems to, and others where there is room.
_PARAGRAPHS = 3
_ANSWERS = 2  # of these, at most
_ANSWERS_IT = 2  # the grade


@dataclass(frozen=True, slots=True)
class ArticleQuestion:
    """A question with the grades of the places that answer it: 2 answers, 1 does in part.

    Where nothing does, `near` is the place of the paragraph that looks as if it did; else None.
    `facts` are the words that answer, verbatim. `edited` are the place of the paragraph that
    answers or seems to, and its text so changed that it does the other.
    """

    question: str
    relevant: Mapping[int, int]
    near: int | None
    facts: tuple[str, ...]
    edited: tuple[int, str] | None = None


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
            tuple(_question(one, line["paragraphs"]) for one in line["questions"]),
        )
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]


def _question(line: Mapping[str, Any], paragraphs: Sequence[str]) -> ArticleQuestion:
    relevant = {int(at): grade for at, grade in line["relevant"].items()}
    near = int(line["near"]) if "near" in line else None
    edited = None
    if "edit" in line:
        # Only a question that one paragraph answers, or seems to, has one.
        [place] = relevant if near is None else [near]
        edited = place, paragraphs[place].replace(line["edit"]["old"], line["edit"]["new"])
    return ArticleQuestion(line["question"], relevant, near, tuple(line.get("facts", ())), edited)


def split_articles(articles: Sequence[Article]) -> tuple[list[Article], list[Article]]:
    """Articles to learn from, and those held out: the same ones every time."""
    taught = [one for at, one in enumerate(articles) if at % _HELD_OUT_OF]
    return taught, list(articles[::_HELD_OUT_OF])


def asked_articles(articles: Sequence[Article]) -> list[AskedReport]:
    """The articles as graded reports: each as it is, and once for each paragraph that was edited.

    An edited one is asked the question that the edit is for, and no other.
    """
    return [one for article in articles for one in _asked(article)]


def _asked(article: Article) -> list[AskedReport]:
    as_it_is = tuple((one.question, one.relevant) for one in article.questions)
    asked = [AskedReport(article.title, article.paragraphs, (), as_it_is)]
    for one in article.questions:
        if one.edited is not None:
            place, text = one.edited
            texts = (*article.paragraphs[:place], text, *article.paragraphs[place + 1 :])
            grades = {} if one.relevant else {place: _ANSWERS_IT}
            asked.append(AskedReport(article.title, texts, (), ((one.question, grades),)))
    return asked


def article_lessons(tokenizer: Tokenizer, articles: Sequence[Article]) -> list[list[Lesson]]:
    """For each of `articles` a lesson for every question on it, of a few paragraphs each.

    Asked together, what a paragraph answers and what it only seems to are told from each other.
    """
    chance = random.Random(SEED)  # noqa: S311 - no secret
    return [
        [
            _lesson(tokenizer, article.paragraphs, one, chance)
            for one in chance.sample(article.questions, len(article.questions))
        ]
        for article in articles
    ]


def _lesson(
    tokenizer: Tokenizer, texts: Sequence[str], one: ArticleQuestion, chance: random.Random
) -> Lesson:
    best_first = sorted((-grade, at) for at, grade in one.relevant.items())
    places = [at for _, at in best_first[:_ANSWERS]] if one.near is None else [one.near]
    taken = [(texts[at], one.relevant.get(at, 0)) for at in places]
    if one.edited is not None:
        taken.append((one.edited[1], 0 if one.relevant else _ANSWERS_IT))
    others = [at for at in range(len(texts)) if at not in one.relevant and at != one.near]
    room = min(max(_PARAGRAPHS - len(taken), 1), len(others))
    taken += [(texts[at], 0) for at in chance.sample(others, room)]
    taken.sort(key=lambda own: -own[1])
    pairs = paired(tokenizer, one.question, [text for text, _ in taken])
    return Lesson.of_grades(pairs, [grade for _, grade in taken])
