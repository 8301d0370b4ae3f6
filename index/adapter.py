"""What a tuned model adds to its base: low-rank differences, merged into the base's weights.

    adapter.json           the base's and the adapter's SHA-256, and the rank
    adapter.safetensors    NAME.down and NAME.up of each matrix, NAME of each other weight; float16

A matrix W of the base becomes W + up @ down (Hu and others, LoRA: Low-Rank Adaptation of Large
Language Models, 2021); any other weight is the base's plus the difference.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from index.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

DESCRIPTION = "adapter.json"
DIFFERENCES = "adapter.safetensors"
_DOWN, _UP = ".down", ".up"


@dataclass(frozen=True, slots=True)
class Adapter:
    """A tuned model's differences to the base with the weights `base_sha256`."""

    name: str
    folder: Path
    base_sha256: str
    sha256: str


def read_adapter(folder: Path) -> Adapter:
    """The adapter in `folder`, its differences not yet read. Raises ModelError."""
    try:
        values = json.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        return Adapter(values["name"], folder, values["base_sha256"], values["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The shipped model in {folder} cannot be read: {error}. Take the file again from the "
            "repository: git checkout -- index/model"
        ) from error


def check_adapter(adapter: Adapter) -> None:
    """Raises ModelError where its differences are not those that it goes by."""
    path = adapter.folder / DIFFERENCES
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        found = error.strerror or str(error)
    if found != adapter.sha256:
        raise ModelError(
            f"{path} is not what was shipped: {found} was found, SHA-256 {adapter.sha256} was "
            "expected. Take the file again from the repository: git checkout -- index/model"
        )


def merge(
    adapter: Adapter, weights: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """The weights that the adapter changes, by name. Raises ModelError where one is unknown."""
    from safetensors.numpy import load_file  # noqa: PLC0415 - only exports need it

    check_adapter(adapter)
    differences = load_file(adapter.folder / DIFFERENCES)
    merged = {}
    for name in {one.removesuffix(_DOWN).removesuffix(_UP) for one in differences}:
        if name not in weights:
            raise ModelError(f"The adapter in {adapter.folder} changes {name}, which is not there.")
        if name in differences:
            change = differences[name].astype(np.float32)
        else:
            up, down = (differences[name + part].astype(np.float32) for part in (_UP, _DOWN))
            change = up @ down
        merged[name] = weights[name] + change
    return merged


def write_adapter(
    folder: Path,
    name: str,
    base_sha256: str,
    changes: Mapping[str, NDArray[np.float32]],
    rank: int,
) -> None:
    """Write the `changes` to a base's weights, of matrices the nearest ones of `rank`.

    The nearest is the truncated singular value decomposition (Eckart and Young, 1936).
    """
    from safetensors.numpy import save_file  # noqa: PLC0415

    differences: dict[str, NDArray[np.float16]] = {}
    for weight, change in sorted(changes.items()):
        if change.ndim == 2 and rank < min(change.shape) // 2:  # noqa: PLR2004 - a matrix
            left, sizes, right = np.linalg.svd(change, full_matrices=False)
            root = np.sqrt(sizes[:rank])
            differences[weight + _UP] = (left[:, :rank] * root).astype(np.float16)
            differences[weight + _DOWN] = (root[:, None] * right[:rank]).astype(np.float16)
        else:
            differences[weight] = change.astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(differences, folder / DIFFERENCES)
    (folder / DIFFERENCES).chmod(0o644)  # it is written for its owner's eyes only
    described = {
        "name": name,
        "base_sha256": base_sha256,
        "sha256": hashlib.sha256((folder / DIFFERENCES).read_bytes()).hexdigest(),
        "rank": rank,
    }
    (folder / DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
