"""How the page is driven: where to type, and when it has come to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

# No sandbox, since tests may run as root in a container; nothing of the browser's own goes out.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
QUESTION = "how are care leavers supported?"
# Milliseconds. The first question waits for the model, which takes 10 s on two free cores.
PATIENCE = 90_000


def wait_until_drawn(page: Page, text: str) -> None:
    """Return when `text` is on the page and the page has come to rest."""
    expect(page.get_by_text(text).first).to_be_visible(timeout=PATIENCE)
    at_rest = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
    expect(at_rest).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)


def choose(page: Page, label: str, typed: str, option: str) -> None:
    """Type part of an option into a list, which then offers it, and choose it.

    What unfolds around a list closes it, so all that moves must have come to an end.
    """
    box = page.get_by_role("combobox", name=label)
    expect(box).to_be_visible(timeout=PATIENCE)
    page.wait_for_function(
        "() => document.getAnimations().every((one) => one.playState !== 'running')",
        timeout=PATIENCE,
    )
    box.click(timeout=PATIENCE)
    box.press_sequentially(typed, delay=50)  # the list follows what is typed
    page.get_by_role("option", name=option).click(timeout=PATIENCE)


def ask(page: Page, address: str, question: str) -> None:
    """Open the page, type the question, and press Enter."""
    page.goto(address)
    box = page.get_by_role("searchbox", name="Your question")
    box.fill(question, timeout=PATIENCE)
    box.press("Enter")


def query_of(page: Page) -> dict[str, list[str]]:
    """What the page's address asks for."""
    return parse_qs(urlsplit(page.url).query)
