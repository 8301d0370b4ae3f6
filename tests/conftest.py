"""What several rooms' tests stand on: a fake encoder, a small corpus, and indexes of both kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.encoder import MODEL_VARIABLE, WEIGHTS, Encoder, Model, configured_model, load_encoder
from index.generation import FOLDER_VARIABLE
from indexer.build import build
from search.ask import Searcher
from tests.fake_encoder import FakeEncoder
from tests.made_reports import REPORTS

CORPUS = Path(__file__).parents[1] / "corpus"


class Silence:
    """Progress that nobody watches."""

    def start(self, what: str, total: int) -> None: ...
    def advance(self, steps: int = 1) -> None: ...


@pytest.fixture
def fake_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """The fake encoder in the place of the real one, and an index folder of the test's own."""
    folder = tmp_path / "fake-model"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"no weights")
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "index"))
    monkeypatch.setattr("index.encoder.SentenceTransformerEncoder", FakeEncoder)
    return configured_model()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """A folder that holds the made reports."""
    folder = tmp_path / "corpus"
    for name, text in REPORTS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def built_index(fake_model: Model, corpus: Path, tmp_path: Path) -> Path:
    """The made reports, indexed with the fake encoder in the folder that commands look in."""
    folder = tmp_path / "index"
    build([corpus], folder, Silence())
    return folder


@pytest.fixture
def searcher(built_index: Path) -> Searcher:
    """The made reports, ready to be asked."""
    return Searcher(built_index)


@pytest.fixture(scope="session")
def real_encoder() -> Encoder:
    """The real model, loaded once."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(MODEL_VARIABLE, raising=False)
        return load_encoder()


@pytest.fixture(scope="session")
def real_index(real_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of corpus/, built with the real model; set INSPECTION_SEARCH_INDEX to it."""
    folder = tmp_path_factory.mktemp("real") / "index"
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(MODEL_VARIABLE, raising=False)
        build([CORPUS], folder, Silence(), load=lambda _: real_encoder)
    return folder
