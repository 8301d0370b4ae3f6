"""The API held against its own description, with requests that schemathesis makes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from starlette.applications import Starlette

import search.ask
from index.manifest import FOLDER_VARIABLE
from search.api import middleware, routes
from search.api_document import document
from tests.conftest import put_fakes_in_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OPERATIONS = [
    (path, method, mode)
    for path, item in document()["paths"].items()
    for method, operation in item.items()
    for mode in GenerationMode
    # Where nothing is asked for but a text in the path, nothing can be wrong.
    if mode.is_positive
    or {one["in"] for one in operation["parameters"]} - {"path"}
    or "requestBody" in operation
]


@pytest.fixture(scope="module")
def described(made_index: Path, fake_weights: Path) -> Iterator[Any]:
    """The API over the made reports, as it describes itself."""
    with pytest.MonkeyPatch.context() as patch:
        put_fakes_in_place(patch, fake_weights)
        patch.setenv(FOLDER_VARIABLE, str(made_index))
        patch.setattr(search.ask, "_shared", {})
        app = Starlette(routes=list(routes()), middleware=middleware())
        yield schemathesis.openapi.from_asgi("/api/openapi.json", app)


@pytest.mark.parametrize(("path", "method", "mode"), OPERATIONS)
def test_every_answer_is_as_it_is_described(
    path: str, method: str, mode: GenerationMode, described: Any
) -> None:
    @given(described[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=6,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def holds(case: Any) -> None:
        case.call_and_validate()

    holds()
