"""What several rooms' tests stand on: a fake encoder, a small corpus, and indexes of both kinds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from index.encoder import OnnxEncoder
from index.export import exported
from index.manifest import FOLDER_VARIABLE
from index.models import MODEL_VARIABLE, WEIGHTS, Model, configured_model
from indexer.build import build
from search.ask import Searcher
from tests.fake_encoder import FakeEncoder
from tests.fakes import FAKES
from tests.made_reports import write_reports

if TYPE_CHECKING:
    from index.export import Export

# A busy machine is no fault of what is tested.
settings.register_profile("any speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any speed")

CORPUS = Path(__file__).parents[1] / "corpus"


class Silence:
    """Progress that nobody watches; what was said is kept."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    def start(self, what: str, total: int) -> None: ...
    def advance(self, steps: int = 1) -> None: ...


def put_fakes_in_place(patch: pytest.MonkeyPatch, weights: Path) -> None:
    patch.setenv(MODEL_VARIABLE, str(weights))
    for place, fake in FAKES.items():
        patch.setattr(place, fake)


@pytest.fixture(scope="session")
def fake_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that needs no weights."""
    folder = tmp_path_factory.mktemp("model") / "fake"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"no weights")
    return folder


@pytest.fixture
def fake_model(fake_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The fake encoder in the place of the real one, and an index folder of the test's own."""
    put_fakes_in_place(monkeypatch, fake_weights)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "index"))
    return configured_model()


@pytest.fixture
def encoded(fake_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that builds encode from now on."""
    encoder = FakeEncoder(tmp_path)
    monkeypatch.setattr("indexer.build.passage_encoder", lambda *_: encoder)
    return encoder.passages


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder that holds the made reports."""
    return write_reports(tmp_path / "corpus")


@pytest.fixture
def built_index(fake_model: Model, corpus: Path, tmp_path: Path) -> Path:
    """The made reports, indexed with the fake encoder in the folder that commands look in."""
    build([corpus], tmp_path / "index", Silence())
    return tmp_path / "index"


@pytest.fixture(scope="session")
def made_index(fake_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made reports, indexed once for all tests that only read."""
    folder = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        put_fakes_in_place(patch, fake_weights)
        build([write_reports(folder / "corpus")], folder / "index", Silence())
    return folder / "index"


@pytest.fixture(scope="session")
def searcher(made_index: Path, fake_weights: Path) -> Searcher:
    """The made reports, ready to be asked."""
    with pytest.MonkeyPatch.context() as patch:
        put_fakes_in_place(patch, fake_weights)
        return Searcher(made_index)


@pytest.fixture(scope="session")
def real_export(tmp_path_factory: pytest.TempPathFactory) -> Export:
    """The export of the real model, made once, in an index folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(MODEL_VARIABLE, raising=False)
        return exported(configured_model(), tmp_path_factory.mktemp("real") / "index")


@pytest.fixture(scope="session")
def real_encoder(real_export: Export) -> OnnxEncoder:
    """The real model, loaded once."""
    return OnnxEncoder(real_export.folder)


@pytest.fixture(scope="session")
def real_index(real_export: Export) -> Path:
    """The index of corpus/, built with the real model; set INSPECTION_SEARCH_INDEX to it."""
    folder = real_export.folder.parents[1]
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(MODEL_VARIABLE, raising=False)
        build([CORPUS], folder, Silence())
    return folder
