"""The one entry of the server: `streamlit run app.py` serves the page and the JSON API."""

from __future__ import annotations

import threading
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from index.errors import InspectionSearchError
from index.manifest import configured_folder
from search.api import middleware, routes
from search.ask import shared_searcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def _warm() -> None:
    # The first reader must not wait for the model; what fails here is told when somebody asks.
    with suppress(InspectionSearchError):
        shared_searcher(configured_folder())


@asynccontextmanager
async def _lifespan(_: st.App) -> AsyncIterator[None]:
    threading.Thread(target=_warm, daemon=True).start()
    yield


app = st.App(
    Path(__file__).parent / "pages" / "navigation.py",
    lifespan=_lifespan,
    routes=routes(),
    middleware=middleware(),
)
