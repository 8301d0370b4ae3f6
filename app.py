"""The one entry of the server: `streamlit run app.py` serves the page and the JSON API."""

from __future__ import annotations

import sys
import threading
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError, UsageError
from index.manifest import configured_folder
from search.api import log_requests, middleware, routes
from search.api_settings import Settings
from search.ask import shared_searcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def _warm() -> None:
    # The first reader must not wait for the model; what fails here is told when somebody asks.
    with suppress(InspectionSearchError):
        shared_searcher(configured_folder())


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    log_requests()
    threading.Thread(target=_warm, daemon=True).start()
    yield


def _settings() -> Settings:
    try:
        return Settings.from_environment()
    except UsageError as error:
        sys.exit(str(error))


app = st.App(
    Path(__file__).parent / "pages" / "navigation.py",
    lifespan=_lifespan,
    routes=routes(settings := _settings()),
    middleware=middleware(settings),
)
