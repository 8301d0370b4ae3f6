"""A server of the product's own, on a free port, stopped by its own process id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from index.manifest import FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
_SECONDS_TO_START = 60


def _streamlit(port: int) -> list[str]:
    return [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]


@contextmanager
def serving(
    index: Path, log: Path, command: Callable[[int], list[str]] = _streamlit
) -> Iterator[str]:
    """The address of a server that answers from `index`; what it prints goes to `log`.

    `command` starts it on a port; it and what it starts are stopped as one group of processes.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with log.open("wb") as output:
        server = subprocess.Popen(
            command(port),
            cwd=ROOT,
            env={**os.environ, FOLDER_VARIABLE: str(index)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(server, address, log)
            yield address
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=20)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    for _ in range(10 * _SECONDS_TO_START):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"The server did not start: {log.read_text(errors='replace')}")
