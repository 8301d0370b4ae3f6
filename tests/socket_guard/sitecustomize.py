"""Imported by any Python that has this folder in PYTHONPATH: it then reaches this machine only.

For systems where nobody may make a network of their own.
"""

from __future__ import annotations

import errno
import socket
from typing import Any

_connect = socket.socket.connect


def _connect_here_only(self: socket.socket, address: Any) -> None:
    if self.family != socket.AF_UNIX and str(address[0]) not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(errno.ENETUNREACH, "the test has cut the network off")
    _connect(self, address)


socket.socket.connect = _connect_here_only  # type: ignore[method-assign, assignment]
