from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.adapter import read_adapter, write_adapter
from index.closer_base import CLOSER_BASE_SHA256
from index.errors import ModelError
from index.models import (
    BASE_MODEL,
    BASE_SHA256,
    GENERAL,
    MODEL_VARIABLE,
    REINSTALL,
    SHIPPED,
    SHIPPED_CLOSER,
    SHIPPED_READER,
    WEIGHTS,
    Model,
    Readers,
    adapted,
    check_weights,
    configured_model,
)

if TYPE_CHECKING:
    from pathlib import Path

# Which model


def test_the_general_model_is_the_published_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODEL_VARIABLE, GENERAL)
    model = configured_model()
    assert (model.name, model.sha256) == (BASE_MODEL, BASE_SHA256)
    assert model.adapters == ()


def test_the_default_model_is_the_general_one_with_the_shipped_adapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    model = configured_model()
    assert model.adapter == read_adapter(SHIPPED)
    assert model.adapter.base_sha256 == BASE_SHA256
    readers = Readers(read_adapter(SHIPPED_READER), read_adapter(SHIPPED_CLOSER))
    assert model.readers == readers
    assert readers.quick.base_sha256 == BASE_SHA256
    assert readers.closer.base_sha256 == CLOSER_BASE_SHA256
    assert len({model.sha256, BASE_SHA256, *(one.sha256 for one in model.adapters)}) == 5
    monkeypatch.setenv(MODEL_VARIABLE, GENERAL)
    assert configured_model().folder == model.folder


def test_what_was_made_for_another_base_is_refused(tmp_path: Path) -> None:
    write_adapter(tmp_path, "other", "b" * 64, {"bias": np.ones(2, dtype=np.float32)}, 1)
    made, closer, other = map(read_adapter, (SHIPPED, SHIPPED_CLOSER, tmp_path))
    base = Model(BASE_MODEL, tmp_path, BASE_SHA256)
    assert adapted(base, made, Readers(made, closer)).adapters == (made, made, closer)
    for adapter, readers in (
        (other, Readers(made, closer)),
        (made, Readers(other, closer)),
        (made, Readers(made, other)),
    ):
        with pytest.raises(ModelError, match=f"made for a model with SHA-256 {'b' * 64}"):
            adapted(base, adapter, readers)


def test_other_weights_than_the_published_are_refused_with_both_hashes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(MODEL_VARIABLE, GENERAL)
    monkeypatch.setattr("index.models.BASE_SHA256", "c0ffee")
    with pytest.raises(ModelError) as error:
        check_weights(configured_model())
    for part in (f"SHA-256 {BASE_SHA256} was found", "c0ffee was expected", REINSTALL):
        assert part in str(error.value)


def test_the_published_weights_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    check_weights(configured_model())


def test_a_name_that_no_folder_and_no_cached_model_has_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv(MODEL_VARIABLE, "nobody/no-such-model")
    with pytest.raises(ModelError, match="no model of that name in the local Hugging Face cache"):
        configured_model()


def test_a_model_that_is_not_installed_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(MODEL_VARIABLE, raising=False)
    monkeypatch.setattr("index.models.BASE_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match=f"{BASE_MODEL} is not installed.*{REINSTALL}"):
        configured_model()


def test_another_model_goes_by_its_folder_and_by_all_that_decides_its_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tuned"
    folder.mkdir()
    (folder / WEIGHTS).write_bytes(b"weights")
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    model = configured_model()
    assert (model.name, model.folder) == ("tuned", folder)
    for name, data in ((WEIGHTS, b"other"), ("1_Pooling/config.json", b"{}")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
        assert configured_model().sha256 != model.sha256
        model = configured_model()
    (folder / "README.md").write_text("says nothing of its vectors", "utf-8")
    assert configured_model() == model


@pytest.mark.parametrize("made", ["nothing", "a file", "an empty folder"])
def test_a_model_that_cannot_be_read_is_named_with_its_variable(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tuned"
    if made == "a file":
        folder.touch()
    elif made == "an empty folder":
        folder.mkdir()
    monkeypatch.setenv(MODEL_VARIABLE, str(folder))
    with pytest.raises(ModelError) as error:
        configured_model()
    for part in (f"{MODEL_VARIABLE}={folder}", str(folder / WEIGHTS), "unset", REINSTALL):
        assert part in str(error.value)


def test_a_model_of_the_local_hugging_face_cache_is_found_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = "0" * 40
    repository = tmp_path / "models--somebody--tuned"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(commit)
    (repository / "snapshots" / commit).mkdir(parents=True)
    (repository / "snapshots" / commit / WEIGHTS).write_bytes(b"weights")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv(MODEL_VARIABLE, "somebody/tuned")
    model = configured_model()
    assert model.name == "somebody/tuned"
    assert model.folder == repository / "snapshots" / commit


def test_a_model_in_a_folder_that_may_not_be_searched_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.exists", forbidden)
    monkeypatch.setenv(MODEL_VARIABLE, str(tmp_path / "closed" / "tuned"))
    with pytest.raises(ModelError, match="cannot be read: Permission denied"):
        configured_model()
