"""The pages for those who see, point and move otherwise: by axe, keyboard, width and setting."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.driving import PATIENCE, wait_until_drawn

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.model]

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
_REPORT = "sunderland-2021-08-20"
# Every page of ours and every state that looks otherwise, with words that are on it.
STATES = {
    "first": ("/", "Try one of these"),
    "answer": ("/?q=care+leavers&council=Sunderland&page=2", "Next page"),
    "grouped": ("/?q=care+leavers&group=1&sort=newest", "Sources"),
    "interpreted": ("/?q=care+leavers+suport+in+Sunderland", "Showing results for"),
    "refusal": ("/?q=boiling+point+of+tungsten+carbide", "What to try"),
    "nothing left": ("/?q=care&council=Leeds", "Ask the whole collection"),
    "empty": ("/?q=+", "The question is empty"),
    "paragraph": (f"/passage?id={_REPORT}/27&q=care", "As printed"),
    "changed": (f"/passage?id={_REPORT}/27&text=00000000", "has changed since"),
    "gone": (f"/passage?id={_REPORT}/999", "has no paragraph"),
    "report": (f"/report?id={_REPORT}&passage={_REPORT}/27&q=care", "Match "),
    "no report": ("/report?id=none", "has no report"),
    "collection": ("/collection", "Inspections by overall grade"),
    "basket": ("/basket", "The basket is empty"),
    "batch": ("/batch", "Many questions at once"),
}


def _unfold(page: Page) -> None:
    """Open all that is folded away, at once: the list of it changes with each that is opened."""
    page.locator("details:not([open]) > summary").evaluate_all("all => all.map((e) => e.click())")
    page.wait_for_timeout(400)  # Streamlit's own unfold slowly


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options=_RULES).response["violations"]
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_barrier_that_axe_finds_or_asks_elsewhere(
    browser: Browser, address: str, scheme: str
) -> None:
    width = {"light": 1280, "dark": 390}[scheme]
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    asked: set[str] = set()
    page.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    found = {}
    for name, (path, words) in STATES.items():
        page.goto(address + path)
        wait_until_drawn(page, words)
        _unfold(page)
        found[name] = _violations(page)
    context.close()
    assert found == {name: [] for name in STATES}
    assert asked == {urlsplit(address).netloc}


def test_an_open_list_and_an_open_calendar_have_no_barrier(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("Narrow the search").click(timeout=PATIENCE)
    page.get_by_role("combobox", name="Council").click()
    expect(page.get_by_role("option", name="Sunderland (1 report)")).to_be_visible()
    assert _violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_test_id("stDateInput").first.get_by_role("button").first.click()
    expect(page.get_by_role("grid").first).to_be_visible()
    assert _violations(page) == []


@pytest.mark.parametrize("width", [320, 640])
def test_nothing_is_wider_than_a_narrow_or_a_doubled_screen(
    browser: Browser, address: str, width: int
) -> None:
    # 640 is what 200 % leaves of 1280.
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path, words in STATES.values():
        page.goto(address + path)
        wait_until_drawn(page, words)
        _unfold(page)
        main = page.get_by_test_id("stMain")
        assert main.evaluate("e => e.scrollWidth <= e.clientWidth"), path
    page.close()


_FOCUS = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect();
  const shown = [one, one.closest('[data-baseweb], label, summary, details') ?? one].map(
    (e) => { const s = getComputedStyle(e);
             return [s.outlineStyle, s.boxShadow, s.borderColor, s.backgroundColor].join() });
  const name = one.ariaLabel || one.labels?.[0]?.textContent || one.textContent;
  return { tag: one.tagName, name: name.trim(), look: shown.join(),
           seen: box.bottom > 0 && box.top < innerHeight };
}"""


def test_everything_is_reached_and_used_by_keyboard(page: Page, address: str) -> None:
    page.goto(f"{address}/?q=care+leavers")
    wait_until_drawn(page, "Sources")
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        focus = page.evaluate(_FOCUS)
        assert focus["seen"], focus
        if focus["tag"] == "BODY":
            break
        reached.append(focus["name"])
    in_order = ["Search", "Collection", "Your question", "Search", "Narrow the search",
                "Copy the answer with its citations", "Order", "Group by report"]  # fmt: skip
    at = -1
    for name in in_order:
        at = next((i for i in range(at + 1, len(reached)) if name in reached[i]), -2)
        assert at >= 0, (name, reached)
    assert any(one.startswith("Copy citation: Sunderland City Council") for one in reached)


def test_a_question_is_asked_and_opened_by_keyboard_alone(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("searchbox")).to_be_visible(timeout=PATIENCE)
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUS)["name"] == "Your question":
            break
    page.keyboard.type("how are care leavers supported?")
    page.keyboard.press("Enter")
    wait_until_drawn(page, "Sources")
    for _ in range(40):
        page.keyboard.press("Tab")
        if "para 25" in page.evaluate(_FOCUS)["name"]:
            break
    page.keyboard.press("Enter")
    wait_until_drawn(page, "As printed")
    assert urlsplit(page.url).path == "/passage"


def test_what_has_the_focus_looks_otherwise(desk: Page, address: str) -> None:
    desk.goto(f"{address}/?q=care+leavers")
    wait_until_drawn(desk, "Sources")
    first = desk.locator("article").first
    for one in (
        desk.get_by_role("link", name="Collection"),
        desk.get_by_role("button", name="Search", exact=True),
        first.locator("a").first,
        first.locator("button").first,
        first.locator("summary"),
    ):
        before = one.evaluate("e => [getComputedStyle(e).boxShadow, getComputedStyle(e).outline]")
        desk.keyboard.press("Shift")  # so that the browser takes the keyboard to be in use
        one.focus()
        after = one.evaluate("e => [getComputedStyle(e).boxShadow, getComputedStyle(e).outline]")
        assert before != after


def test_nothing_moves_for_those_who_asked_for_stillness(browser: Browser, address: str) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/?q=care+leavers")
    wait_until_drawn(page, "Sources")
    slow = page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((e) => {
            const style = getComputedStyle(e);
            return [style.animationDuration, style.transitionDuration].some(
                (text) => text.split(",").some((one) => parseFloat(one) > 0.001));
        }).map((e) => e.outerHTML.slice(0, 100))"""
    )
    context.close()
    assert slow == []
