"""The basket's page and the form that fills it, without a browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from pages import keeping
from pages.exporting import file_stem
from pages.keeping import token_of
from search.basket import Baskets, with_added
from search.export import selection_of
from tests.drawn import drawn, html

if TYPE_CHECKING:
    from search.ask import Searcher
    from search.export import Excerpt

QUESTION = "how are care leavers supported?"


@pytest.fixture
def baskets(monkeypatch: pytest.MonkeyPatch) -> Baskets:
    """No basket yet, and every window is the same reader's."""
    made = Baskets()
    monkeypatch.setattr(keeping, "_BASKETS", made)
    monkeypatch.setattr(keeping, "token_of", lambda _: b"ann")
    return made


@pytest.fixture
def three(searcher: Searcher, baskets: Baskets) -> list[Excerpt]:
    """Three quotations, in the basket."""
    found = selection_of(searcher.ask(QUESTION), searcher.passage)
    quotations = list(with_added((), (one for _, one in found.excerpts())))[:3]
    baskets.put(keeping._secret(), tuple(quotations))
    return quotations


def _quotes(app: AppTest, three: list[Excerpt]) -> list[str]:
    shown = html(app)
    wholes = {one.quote: shown.find(f"“{one.quote}”") for one in three}
    return sorted((quote for quote, at in wholes.items() if at >= 0), key=wholes.__getitem__)


def _adding() -> None:
    import search.ask  # noqa: PLC0415 streamlit runs this function alone
    from pages.basket import draw_add_to_basket  # noqa: PLC0415

    searcher = search.ask.shared_searcher(None)  # type: ignore[arg-type]
    draw_add_to_basket(searcher.ask("how are care leavers supported?"), searcher)


def test_an_empty_basket_says_how_it_is_filled(baskets: Baskets) -> None:
    assert "The basket is empty" in html(drawn("basket.py"))


def test_ticked_quotations_go_into_the_basket(
    searcher: Searcher, baskets: Baskets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.ask.shared_searcher", lambda _: searcher)
    result = searcher.ask(QUESTION)
    app = AppTest.from_function(_adding, default_timeout=30).run()
    ticked = [box.value for box in app.checkbox]
    assert ticked == [True] * len(result.answer) + [False] * len(result.hits)
    app.checkbox[0].uncheck()
    app.checkbox[-1].check()
    app.button[0].click().run()
    assert not app.exception
    expected = [*(one.quote for one in result.answer[1:]), result.hits[-1].text]
    assert [one.quote for one in keeping.kept()] == expected
    assert f"{len(expected)} quotation" in html(app)
    app.button[0].click().run()
    assert "already there" in html(app)
    assert len(keeping.kept()) == len(expected)


def test_quotations_are_moved_noted_on_and_removed(three: list[Excerpt]) -> None:
    first, second, third = (one.quote for one in three)
    app = drawn("basket.py")
    assert _quotes(app, three) == [first, second, third]
    [down] = [one for one in app.button if one.label == "Move 1 down"]
    down.click().run()
    assert _quotes(app, three) == [second, first, third]
    app.text_area[2].input("ask about =this").run()
    assert [one.note for one in keeping.kept()] == ["", "", "ask about =this"]
    [remove] = [one for one in app.button if one.label == "Remove 1"]
    remove.click().run()
    assert _quotes(app, three) == [first, third]
    assert [one.value for one in app.text_area] == ["", "ask about =this"]


def test_the_first_goes_no_further_up_and_the_last_no_further_down(three: list[Excerpt]) -> None:
    labels = {one.label for one in drawn("basket.py").button}
    assert not labels & {"Move 1 up", "Move 3 down"}
    assert {"Move 2 up", "Move 2 down"} <= labels


def test_a_basket_is_there_in_another_window_and_can_be_emptied(three: list[Excerpt]) -> None:
    other, app = drawn("basket.py"), drawn("basket.py")
    [empty] = [one for one in app.button if one.label == "Take all out"]
    empty.click().run()
    assert "The basket is empty" in html(app)
    [up] = [one for one in other.button if one.label == "Move 2 up"]
    up.click().run()
    assert not other.exception
    assert "The basket is empty" in html(other)


def test_a_basket_is_downloaded_in_every_format(three: list[Excerpt]) -> None:
    labels = [one.proto.label for one in drawn("basket.py").get("download_button")]
    assert labels == ["Word", "Markdown", "CSV", "BibTeX", "CSL-JSON"]


def test_without_a_cookie_a_session_has_a_basket_of_its_own(
    three: list[Excerpt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "token_of", token_of)
    assert "The basket is empty" in html(drawn("basket.py"))


def test_a_cookie_gives_the_same_token_however_it_is_masked() -> None:
    cookies = {generate_xsrf_token_string(b"sixteen letters!", 1) for _ in range(5)}
    assert len(cookies) == 5
    assert {token_of(one) for one in cookies} == {b"sixteen letters!"}


@pytest.mark.parametrize("cookie", ["", "2|x|y|1", "2|00|00", "1|00|00|1", "2|||1", "2|00||1"])
def test_what_is_no_token_is_none(cookie: str) -> None:
    assert token_of(cookie) is None


@pytest.mark.parametrize(
    ("question", "stem"),
    [
        ("How are care leavers supported?", "how-are-care-leavers-supported"),
        ("../../etc/passwd", "etc-passwd"),
        ("ＣＯＮ：\u202e", "con"),
        ("как?", "quotations"),
        ("x" * 10_000, "x" * 60),
    ],
)
def test_the_name_of_a_download_is_plain(question: str, stem: str) -> None:
    assert file_stem(question) == stem
