"""Articles on other matters, of which the closer reader learns."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.processors import TemplateProcessing

from training.articles import (
    Article,
    ArticleQuestion,
    asked_articles,
    load_articles,
    split_articles,
)


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


def test_most_questions_without_an_answer_have_one_in_a_changed_paragraph() -> None:
    articles = load_articles()
    near = [(article, one) for article in articles for one in article.questions if not one.relevant]
    changed = [(article, one) for article, one in near if one.edited is not None]
    assert len(changed) > 0.95 * len(near)
    broken = [
        (article, one)
        for article in articles
        for one in article.questions
        if one.relevant and one.edited is not None
    ]
    assert len(broken) > 0.7 * len(near)
    for article, one in changed + broken:
        assert one.edited is not None
        place, text = one.edited
        assert [place] == ([one.near] if one.near is not None else list(one.relevant))
        assert text != article.paragraphs[place], one.question


def test_a_changed_paragraph_is_asked_its_question_alone() -> None:
    questions = (
        ArticleQuestion("when?", {1: 2}, None, ("b",), (1, "B")),
        ArticleQuestion("who?", {}, 0, (), (0, "A")),
        ArticleQuestion("where?", {}, 0, ()),
    )
    whole, broken, mended = asked_articles([Article("a", ("a", "b"), questions)])
    assert whole.paragraphs == ("a", "b")
    assert whole.graded == (("when?", {1: 2}), ("who?", {}), ("where?", {}))
    assert (broken.paragraphs, broken.graded) == (("a", "B"), (("when?", {}),))
    assert (mended.paragraphs, mended.graded) == (("A", "b"), (("who?", {0: 2}),))


def test_every_article_is_either_learnt_from_or_held_out() -> None:
    articles = load_articles()
    taught, held_out = split_articles(articles)
    assert len(held_out) == len(articles) / 16
    titles = [one.title for one in taught + held_out]
    assert sorted(titles) == sorted(one.title for one in articles)


@pytest.mark.model
def test_what_seems_to_answer_is_always_in_the_lesson() -> None:
    from training.articles import article_lessons  # noqa: PLC0415 - it imports torch

    # A paragraph's one token is its place.
    tokenizer = Tokenizer(WordLevel({**{str(at): at for at in range(10)}, "?": 10, "|": 11}, "?"))
    tokenizer.post_processor = TemplateProcessing(single="| $A |", special_tokens=[("|", 11)])
    questions = (
        ArticleQuestion("?", {0: 1, 3: 2, 4: 2}, None, ("3",)),
        ArticleQuestion("?", {2: 2}, None, ("2",), (2, "8")),
        ArticleQuestion("?", {}, 5, ()),
        ArticleQuestion("?", {}, 1, (), (1, "9")),
    )
    [taught] = article_lessons(tokenizer, [Article("a", tuple("012345"), questions)])
    found = {
        tuple(pair.ids[3] for pair in one.pairs): one.grades.astype(int).tolist() for one in taught
    }
    two, broken, empty, mended = sorted(found, key=lambda own: (own[:1] != (3,), own))
    assert two[:2] == (3, 4)  # those that answer in full
    assert two[2] in {1, 2, 5}
    assert found[two] == [2, 2, 0]
    assert broken[:2] == (2, 8)
    assert broken[2] not in {2, 8}
    assert found[broken] == [2, 0, 0]
    assert empty[0] == 5
    assert len(set(empty)) == 3
    assert found[empty] == [0, 0, 0]
    assert mended[:2] == (9, 1)
    assert mended[2] not in {1, 9}
    assert found[mended] == [2, 0, 0]
