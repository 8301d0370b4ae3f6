"""Headless Chromium, and pages of a server that answers from the report in corpus/."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from index.models import MODEL_VARIABLE
from indexer.build import build
from tests.browser.driving import ARGUMENTS
from tests.browser.planted import HOSTILE, printed_report
from tests.conftest import Silence
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as Debian installs it; where REQUIRE_BROWSER is set it must be there."""
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail("Chromium is required here and is not installed")
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def address(real_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the page is served."""
    with serving(real_index, tmp_path_factory.mktemp("server") / "log.txt") as served:
        yield served


@pytest.fixture(scope="session")
def planted(real_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where two reports are served, one printed and one hostile."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copytree(real_index / "models", folder / "index" / "models")  # made once is enough
    corpus = folder / "corpus"
    corpus.mkdir()
    (corpus / "printed.pdf").write_bytes(printed_report())
    (corpus / "<img src=x onerror=alert(0)>.txt").write_text(HOSTILE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(MODEL_VARIABLE, raising=False)
        build([corpus], folder / "index", Silence())
    with serving(folder / "index", folder / "log.txt") as served:
        yield served


@pytest.fixture(params=[1280, 390])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page, as wide as a desktop's and as a telephone's."""
    context = browser.new_context(viewport={"width": request.param, "height": 900})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    yield context.new_page()
    context.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    """A fresh page as wide as a desktop's, for what the width makes no difference to."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()
