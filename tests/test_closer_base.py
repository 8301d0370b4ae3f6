"""The base of the closer reader, put together of what five packages hold."""

from __future__ import annotations

import hashlib
import io
import zipfile
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from index import closer_base
from index.closer_base import PACKAGES, put_together
from index.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = b"the weights"


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the packages hold: a small archive in five parts; change them to break it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in closer_base._FILES:
            weights = name == closer_base._WEIGHTS
            archive.writestr(f"{closer_base.CLOSER_BASE}/{name}", WEIGHTS if weights else name)
    whole = made.getvalue()
    size = len(whole) // len(PACKAGES) + 1
    parts = [whole[at : at + size] for at in range(0, len(whole), size)]

    def files(package: str) -> list[SimpleNamespace]:
        at = PACKAGES.index(package)
        return [
            SimpleNamespace(name=f"base.zip.{at:03}", read_binary=lambda: parts[at]),
            SimpleNamespace(name="__init__.py", read_binary=lambda: b"no part of it"),
        ]

    monkeypatch.setattr("index.closer_base.metadata.files", files)
    monkeypatch.setattr(closer_base, "CLOSER_BASE_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    return parts


def test_the_parts_make_a_model(packages: list[bytes], tmp_path: Path) -> None:
    assert put_together(tmp_path / "new") == tmp_path / "new"
    assert (tmp_path / "new" / "model.safetensors").read_bytes() == WEIGHTS
    assert (tmp_path / "new" / "1_Pooling" / "config.json").is_file()


def test_parts_of_which_one_is_damaged_are_refused(packages: list[bytes], tmp_path: Path) -> None:
    packages[4] = b"no end of an archive"
    with pytest.raises(ModelError, match=r"do not hold it whole.*make setup"):
        put_together(tmp_path)


def test_other_weights_than_the_published_are_refused_with_both_hashes(
    packages: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closer_base, "CLOSER_BASE_SHA256", "c0ffee")
    found = hashlib.sha256(WEIGHTS).hexdigest()
    with pytest.raises(ModelError, match=f"SHA-256 {found} was found, c0ffee was expected"):
        put_together(tmp_path)


def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(closer_base, "PACKAGES", ("no-such-package",))
    with pytest.raises(ModelError, match=r"no-such-package was not found.*make setup"):
        put_together(tmp_path)
