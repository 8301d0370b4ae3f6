"""Build, command and page with the network cut off."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.serving import ROOT, serving

pytestmark = pytest.mark.model

GUARD = Path(__file__).parent / "socket_guard"
QUESTION = "how are care leavers supported?"


def _outside_is_reachable() -> bool:
    """Whether packets leave this machine at all: a connection out of reach fails at once."""
    with socket.socket() as outside:
        outside.settimeout(2)
        try:
            outside.connect(("192.0.2.1", 80))  # RFC 5737: an address for documentation
        except OSError as error:
            return error.errno != errno.ENETUNREACH
    return True


def _cut_off_rehearsal(folder: Path) -> None:
    """Runs inside the cut-off network: what a reader does, from the corpus to the page."""
    assert not _outside_is_reachable()
    python = [sys.executable, "-m"]
    index = folder / "index"
    subprocess.run([*python, "indexer", "build", "--index", str(index)], cwd=ROOT, check=True)
    answered = subprocess.run(
        [*python, "search", QUESTION, "--json", "--index", str(index)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    assert json.loads(answered.stdout)["answered"]
    with serving(index, folder / "log.txt") as address:
        query = urllib.parse.urlencode({"q": QUESTION})
        with urllib.request.urlopen(f"{address}/api/search?{query}") as response:  # noqa: S310
            assert json.load(response)["answered"]
        with urllib.request.urlopen(address) as response:  # noqa: S310
            assert b"<html" in response.read()


def _rehearse(prefix: list[str], folder: Path, path: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-m", "tests.test_offline", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
        capture_output=True,
        text=True,
    )


def _own_network() -> list[str] | None:
    """The command that runs another in a network of its own; None where that is not allowed."""
    unshare = ["unshare", "--net", "--map-root-user"]
    try:
        allowed = subprocess.run([*unshare, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        return None
    return None if allowed.returncode else [*unshare, sys.executable, "tests/offline.py"]


def test_everything_works_with_the_network_cut_off(tmp_path: Path) -> None:
    network = _own_network()
    guarded = os.pathsep.join([str(ROOT), str(GUARD)])
    done = _rehearse(network or [], tmp_path, str(ROOT) if network else guarded)
    assert done.returncode == 0, done.stderr


def test_the_guard_lets_nothing_out() -> None:
    program = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=2)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(GUARD)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert "the test has cut the network off" in done.stderr


if __name__ == "__main__":
    _cut_off_rehearsal(Path(sys.argv[1]))
