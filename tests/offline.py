"""Runs a command in a network of its own, where nothing answers but the command itself.

    unshare --net python tests/offline.py COMMAND …

The new network has a loopback interface that is down; it is brought up here, since the page and
its reader meet on 127.0.0.1.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import sys

# From Linux's netdevice(7): read and set an interface's flags; the flag for "up".
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def bring_loopback_up() -> None:
    """Needs the rights over its network that `unshare --net` gives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH14s", b"lo", 0, b""))
        _, flags, _ = struct.unpack("16sH14s", answer)
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", flags | _IFF_UP, b""))


if __name__ == "__main__":
    bring_loopback_up()
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606
