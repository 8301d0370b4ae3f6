"""Articles on other matters, of which the closer reader learns."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

from training.articles import Article, ArticleQuestion, load_articles


def test_every_question_says_what_answers_it_or_what_only_seems_to() -> None:
    articles = load_articles()
    assert len(articles) > 100
    assert len({one.title for one in articles}) == len(articles)
    for article in articles:
        places = range(len(article.paragraphs))
        for one in article.questions:
            assert set(one.relevant) <= set(places)
            assert set(one.relevant.values()) <= {1, 2}
            answered = bool(one.relevant)
            assert answered == (2 in one.relevant.values()) == bool(one.facts)
            assert answered == (one.near is None)
            assert answered or one.near in places
            for fact in one.facts:
                assert any(fact in article.paragraphs[at] for at in one.relevant), fact


def test_many_questions_have_no_answer() -> None:
    asked = [one for article in load_articles() for one in article.questions]
    empty = sum(not one.relevant for one in asked)
    assert 0.35 < empty / len(asked) < 0.5


@pytest.mark.model
def test_what_seems_to_answer_is_always_in_the_lesson() -> None:
    from training.articles import article_lessons  # noqa: PLC0415 - it imports torch

    # A paragraph's one token is its place.
    tokenizer = Tokenizer(WordLevel({**{str(at): at for at in range(6)}, "?": 6, "|": 7}, "?"))
    tokenizer.post_processor = TemplateProcessing(single="| $A |", special_tokens=[("|", 7)])
    questions = (
        ArticleQuestion("?", {0: 1, 3: 2, 4: 2}, None, ("3",)),
        ArticleQuestion("?", {}, 5, ()),
    )
    article = Article("a", tuple("012345"), questions)
    [together] = article_lessons(tokenizer, [article])
    empty, answered = sorted(together, key=lambda one: one.grades.max())
    first, *rest = ([pair.ids[3] for pair in one.pairs] for one in (answered, empty))
    assert first[:2] == [3, 4]  # those that answer in full
    assert set(first[2:]) < {1, 2, 5}
    assert len(first) == 4
    assert answered.grades.tolist() == [2, 2, 0, 0]
    [others] = rest
    assert others[0] == 5
    assert len(set(others)) == 3
    assert empty.grades.tolist() == [0, 0, 0]
