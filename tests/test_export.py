from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from index.encoder import GRAPH, SETTINGS, WEIGHT_DATA, OnnxEncoder, read_settings
from index.errors import ModelError
from index.export import (
    Export,
    SentenceTransformerEncoder,
    export,
    exported,
    load_original,
    passage_encoder,
)
from index.files import file_record
from index.generation import open_generation
from index.manifest import FOLDER_VARIABLE
from index.models import MODEL_VARIABLE, Model, configured_model
from indexer.build import build
from indexer.checking import check_index
from search.ask import Searcher
from tests.conftest import Silence
from tests.made_model import KINDS, write_model
from tests.made_reports import write_reports

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[1]
TEXTS = ["care leavers", "a school for staff", "risk", "Housing, early!", "care " * 9, ""]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = tmp_path_factory.mktemp("tiny") / "prompted"
    write_model(folder, "prompted")
    return Model("prompted", folder, "ab" * 32)


def test_the_export_is_named_by_the_weights_and_records_every_file(real_export: Export) -> None:
    assert real_export.folder.name.startswith(real_export.model.sha256)
    for name, record in real_export.files.items():
        assert file_record(real_export.folder / name) == record
        assert os.access(real_export.folder / name, os.R_OK)


def test_the_export_gives_the_vectors_of_the_original(
    real_export: Export, real_encoder: OnnxEncoder
) -> None:
    original: Any = load_original(real_export.model.folder, real_export.model.adapter)
    texts = [*TEXTS, "The LADO’s work is timely; 87% of 1,204 cases in 2019–20.", "漢字"]
    expected = original.encode(texts, normalize_embeddings=True, show_progress_bar=False)
    assert np.sum(expected * real_encoder.encode_passages(texts), axis=1).min() > 0.99999


def test_an_export_that_is_whole_is_not_made_again_and_a_damaged_one_is(
    tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = exported(tiny, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("index.export._export_apart", lambda *_: pytest.fail("made again"))
        assert exported(tiny, tmp_path) == made
    data = bytearray((made.folder / WEIGHT_DATA).read_bytes())
    data[len(data) // 2] ^= 1
    (made.folder / WEIGHT_DATA).write_bytes(data)
    assert exported(tiny, tmp_path).files == made.files
    assert file_record(made.folder / WEIGHT_DATA) == made.files[WEIGHT_DATA]
    assert [path.name for path in made.folder.parent.iterdir()] == [made.folder.name]


@pytest.mark.parametrize("kind", KINDS)
def test_other_models_are_exported_with_their_pooling_layers_and_prompts(
    kind: str, tmp_path: Path
) -> None:
    write_model(tmp_path / "model", kind)
    (tmp_path / "export").mkdir()
    export(tmp_path / "model", tmp_path / "export")
    original: Any = load_original(tmp_path / "model")
    ours = OnnxEncoder(tmp_path / "export")
    for encode, encoded in (
        (original.encode_query, ours.encode_questions),
        (original.encode_document, ours.encode_passages),
    ):
        expected = encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
        assert np.sum(expected * encoded(TEXTS), axis=1).min() > 0.9999


def test_prompts_are_told_by_the_settings(tiny: Model, tmp_path: Path) -> None:
    settings = read_settings(exported(tiny, tmp_path).folder)
    assert (settings.query_prompt, settings.passage_prompt) == ("query: ", "passage: ")


def test_another_model_builds_and_answers_and_the_manifest_holds_its_prompts(
    tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODEL_VARIABLE, str(tiny.folder))
    build([write_reports(tmp_path / "corpus")], tmp_path / "index", Silence())
    model = open_generation(tmp_path / "index").manifest.model
    assert (model.name, model.dimension) == ("prompted", 16)
    assert (model.query_prompt, model.passage_prompt) == ("query: ", "passage: ")
    assert check_index(tmp_path / "index").problems == ()
    assert len(Searcher(tmp_path / "index").ask("care leavers").hits) == 10


def test_an_export_that_encodes_otherwise_is_refused_with_the_sentence(
    tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = OnnxEncoder.encode_passages

    def otherwise(self: OnnxEncoder, texts: Sequence[str]) -> Any:
        vectors = encode(self, texts)
        vectors[2] = vectors[2][::-1]
        return vectors

    monkeypatch.setattr(OnnxEncoder, "encode_passages", otherwise)
    with pytest.raises(
        ModelError, match=r"as a passage, 'LADO' has cosine .* 0\.9999 is the least"
    ):
        export(tiny.folder, tmp_path)


def test_a_folder_that_holds_no_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    model = Model("tuned", tmp_path, "0")
    with pytest.raises(ModelError, match="model tuned cannot be used: it cannot be loaded"):
        exported(model, tmp_path / "index")
    assert list((tmp_path / "index" / "models").iterdir()) == []


def test_a_gpu_is_used_where_torch_sees_one_and_there_is_enough_to_do(
    tiny: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = exported(tiny, tmp_path)
    assert isinstance(passage_encoder(made, 10**6), OnnxEncoder)  # none here
    monkeypatch.setattr("index.export._sees_gpu", lambda: True)
    assert isinstance(passage_encoder(made, 10), OnnxEncoder)
    on_gpu = passage_encoder(made, 10**6)
    assert isinstance(on_gpu, SentenceTransformerEncoder)
    texts = [*TEXTS[:-1], "care leavers and staff. " * 20]
    expected = OnnxEncoder(made.folder).encode_passages(texts)
    assert np.sum(expected * on_gpu.encode_passages(texts), axis=1).min() > 0.9999


def test_readers_never_import_torch_transformers_or_sentence_transformers(real_index: Path) -> None:
    asked = """
import sys
from search.__main__ import main
code = main(["how are care leavers supported?", "--json"])
heavy = {"torch", "transformers", "sentence_transformers", "onnx", "nupunkt"} & set(sys.modules)
print(sorted(heavy), file=sys.stderr)
sys.exit(code)
"""
    environment = {**os.environ, FOLDER_VARIABLE: str(real_index)}
    environment.pop(MODEL_VARIABLE, None)
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["answered"]
    assert done.stderr.strip() == "[]"


def test_the_graph_is_small_and_the_weights_lie_beside_it_to_be_mapped(real_export: Export) -> None:
    assert real_export.files[GRAPH].bytes < 1 << 20 < real_export.files[WEIGHT_DATA].bytes
    assert real_export.files[SETTINGS].bytes < 1 << 10


def test_the_default_is_exported_from_the_installed_package(
    monkeypatch: pytest.MonkeyPatch, real_export: Export
) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    assert configured_model() == real_export.model
