"""`make load`: many sessions asking at once, and the server's memory as questions go by.

A session is a page in headless Chromium: it opens, types a question of its own, presses Enter, and
waits for the answer to be drawn. First some come one after another, then many at once, with as many
programs that ask the API. Then thousands of different questions are asked of the API, with a fresh
page now and then, and the server's memory after the first two hundred is compared with that at the
end. Linux only: memory is read from /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shlex
import shutil
import statistics
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from playwright.async_api import Browser, async_playwright, expect

from index.manifest import DEFAULT_FOLDER
from tests.browser.driving import ARGUMENTS
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# What readers ask about, and what of it: every pair is a question that no cache has seen.
_SUBJECTS = (
    "care leavers",
    "children in care",
    "disabled children",
    "children missing from home",
    "unaccompanied asylum-seeking children",
    "foster carers",
    "adopters",
    "social workers",
    "personal advisers",
    "senior leaders",
    "elected members",
    "partner agencies",
    "schools",
    "the police",
    "health visitors",
    "young carers",
    "privately fostered children",
    "children at risk of exploitation",
    "families in early help",
    "brothers and sisters",
    "babies before birth",
    "homeless young people",
    "children educated at home",
    "independent reviewing officers",
    "the virtual school",
)
_ASPECTS = (
    "supported",
    "listened to",
    "seen alone",
    "visited",
    "housed",
    "trained",
    "supervised",
    "assessed",
    "reviewed",
    "protected",
    "placed",
    "educated",
    "recorded",
    "challenged",
    "funded",
    "recruited",
    "helped early",
    "told their rights",
    "kept safe online",
    "involved in plans",
)
_WAYS = ("how are {} {}?", "are {} {} in good time?", "where are {} not {}?", "who says {} are {}?")
_FIRST = 200
_ALONE = 10
_MOST_GROWTH = 1.10  # what is asked of the product: a tenth between the first 200 and 2,000
_PATIENCE = 300_000  # milliseconds: thirty pages draw on as few as two cores


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.load", description=__doc__)
    parser.add_argument("--index", type=Path, default=DEFAULT_FOLDER, metavar="DIR")
    parser.add_argument("--sessions", type=int, default=30, metavar="N")
    parser.add_argument("--questions", type=int, default=2000, metavar="N")
    parser.add_argument("--page-every", type=int, default=100, metavar="N")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium")
    if chromium is None:
        print("Chromium is not installed: apt-get install chromium", file=sys.stderr)
        return 1
    questions = [way.format(*pair) for way in _WAYS for pair in product(_SUBJECTS, _ASPECTS)]
    if not _FIRST < options.questions <= len(questions):
        parser.error(f"--questions must be above {_FIRST} and at most {len(questions)}")
    with tempfile.TemporaryDirectory() as folder:
        number, log = Path(folder) / "pid", Path(folder) / "log.txt"
        with serving(options.index, log, _numbered(number)) as address:
            _ask_api(address, "how are care leavers supported?")  # the model is loaded now
            measured = _Measured(address, chromium, int(number.read_text()))
            asyncio.run(measured.ask_alone([f"{one} alone" for one in questions[:_ALONE]]))
            at_once = [f"{one} and why" for one in questions[: options.sessions]]
            asyncio.run(measured.ask_at_once(at_once))
            growth = measured.watch_memory(questions[: options.questions], options.page_every)
        traces = log.read_text(errors="replace").count("Traceback")
    print(f"tracebacks in the server's log: {traces}")
    print(f"errors: {len(measured.errors)}")
    for error in measured.errors[:5]:
        print(f"  {error}")
    return int(bool(measured.errors) or traces > 0 or growth > _MOST_GROWTH)


def _numbered(number: Path) -> Callable[[int], list[str]]:
    """The command that serves on a port, having written down its own process id."""

    def command(port: int) -> list[str]:
        python, file = shlex.quote(sys.executable), shlex.quote(str(number))
        served = f"exec {python} -m streamlit run app.py --server.port {port}"
        return ["/bin/sh", "-c", f"echo $$ > {file}; {served}"]

    return command


def _ask_api(address: str, question: str) -> None:
    """Raises where the answer is not one to this question."""
    with urllib.request.urlopen(f"{address}/api/search?q={quote(question)}", timeout=300) as answer:  # noqa: S310
        found = json.load(answer)
    if found["question"] != question or not found["hits"]:
        raise ValueError(f"no result for {question!r}")


async def _ask_page(browser: Browser, address: str, question: str) -> tuple[float, float]:
    """Seconds until a page can be typed into, and from Enter until the result is drawn."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = await context.new_page()
        opened = time.perf_counter()
        await page.goto(address, timeout=_PATIENCE)
        box = page.get_by_role("searchbox")
        await box.fill(question, timeout=_PATIENCE)
        started = time.perf_counter()
        await box.press("Enter")
        drawn = page.get_by_role("heading", level=2).filter(visible=True).first
        await expect(drawn).to_be_visible(timeout=_PATIENCE)
        rest = page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')
        await expect(rest).to_be_visible(timeout=_PATIENCE)
        await expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=_PATIENCE)
        await expect(page.get_by_test_id("stException")).to_have_count(0)
        return started - opened, time.perf_counter() - started
    finally:
        await context.close()


class _Measured:
    """A server under load, and what went wrong."""

    def __init__(self, address: str, chromium: str, process: int) -> None:
        self._address = address
        self._chromium = chromium
        self._process = process
        self.errors: list[str] = []

    async def ask_alone(self, questions: Sequence[str]) -> None:
        """Each question by a page that nobody else is served beside."""
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=self._chromium, args=ARGUMENTS
            )
            seconds = [await self._page(browser, question) for question in questions]
            await browser.close()
        print(f"{len(questions)} pages one after another")
        _print_pages(seconds)

    async def ask_at_once(self, questions: Sequence[str]) -> None:
        """Each question by a page and by a program, all together."""
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=self._chromium, args=ARGUMENTS
            )
            pages = [self._page(browser, question) for question in questions]
            with ThreadPoolExecutor(len(questions)) as pool:
                loop = asyncio.get_running_loop()
                programs = [
                    loop.run_in_executor(pool, self._program, question) for question in questions
                ]
                drawn, answered = await asyncio.gather(
                    asyncio.gather(*pages), asyncio.gather(*programs)
                )
            await browser.close()
        print(f"{len(questions)} pages and {len(questions)} programs at once")
        _print_pages(drawn)
        print(f"  program, asked to answered: {_spread(answered)}")

    def watch_memory(self, questions: Sequence[str], page_every: int) -> float:
        """How many times the memory after the first questions the server has after all."""
        early = 0.0
        for at in range(0, len(questions), page_every):
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(self._program, questions[at : at + page_every]))
            asyncio.run(self._one_page(questions[at]))
            asked = min(at + page_every, len(questions))
            if asked >= _FIRST and not early:
                early = self._megabytes()
                print(f"memory after {asked:,} questions: {early:.0f} MB")
        late = self._megabytes()
        growth = late / early
        print(f"memory after {len(questions):,} questions: {late:.0f} MB, {growth:.3f} times")
        return growth

    async def _one_page(self, question: str) -> None:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=self._chromium, args=ARGUMENTS
            )
            await self._page(browser, question)
            await browser.close()

    async def _page(self, browser: Browser, question: str) -> tuple[float, float] | None:
        try:
            return await _ask_page(browser, self._address, question)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and shown
            self.errors.append(f"page, {question}: {str(error).splitlines()[0]}")
            return None

    def _program(self, question: str) -> float | None:
        started = time.perf_counter()
        try:
            _ask_api(self._address, question)
        except Exception as error:  # noqa: BLE001 - as above
            self.errors.append(f"program, {question}: {error}")
            return None
        return time.perf_counter() - started

    def _megabytes(self) -> float:
        status = Path(f"/proc/{self._process}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


def _print_pages(seconds: Sequence[tuple[float, float] | None]) -> None:
    known = [one for one in seconds if one is not None]
    print(f"  page, opened to usable: {_spread([one for one, _ in known])}")
    print(f"  page, Enter to drawn: {_spread([one for _, one in known])}")


def _spread(seconds: Sequence[float | None]) -> str:
    known = sorted(one for one in seconds if one is not None)
    if not known:
        return "none came through"
    return f"median {statistics.median(known):.1f} s, slowest {known[-1]:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
