"""Readers made for tests that do, in a worker, what a hostile file may make a real one do.

The file's first word says what.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import TYPE_CHECKING

from index.errors import UnreadableFileError
from index.records import Facts, Paragraph, Reading

if TYPE_CHECKING:
    from pathlib import Path

OTHERS_ARE_FINISHED = "others-are-finished"
_left_behind = False


def reading(text: str) -> Reading:
    """A reading of one paragraph."""
    paragraph = Paragraph(
        number="1",
        part=None,
        section="Section",
        section_grade=None,
        subheading=None,
        page_start=None,
        page_end=None,
        text=text,
    )
    return Reading(Facts(), (paragraph,), unnumbered=())


def read(path: Path, name: str) -> Reading:
    """Does what the file says, and if that can be survived returns a reading of its text."""
    text = path.read_text(encoding="utf-8")
    _DEEDS.get(text.split()[0], lambda: None)()
    return reading(text)


def read_half_a_character(path: Path, name: str) -> Reading:
    """A text that no store takes."""
    return reading("\ud800")


def read_process(path: Path, name: str) -> Reading:
    """The number of the process that read, after long enough for the other to take a file too."""
    time.sleep(0.1)
    return reading(str(os.getpid()))


def read_first_file_last(path: Path, name: str) -> Reading:
    """The first file is finished once `OTHERS_ARE_FINISHED` lies beside it."""
    if name.startswith("00"):
        while not (path.parent / OTHERS_ARE_FINISHED).exists():
            time.sleep(0.01)
    return reading(name)


def _crash() -> None:
    for stream in (1, 2):
        os.write(stream, b"free(): invalid pointer\n")
    ctypes.string_at(0)


def _abort() -> None:
    os.abort()


def _be_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _leave() -> None:
    os._exit(3)


def _loop() -> None:
    while True:
        pass


def _hang_outside_python() -> None:
    # Holds the interpreter's lock and hears no signal, as a loop within a C library would.
    ctypes.PyDLL(None).sleep(60)


def _grow() -> None:
    held = []
    while True:
        held.append(b"x" * (1 << 20))


def _swell() -> None:
    # More than the limit, less than the wall behind it, and kept: only the watch sees it.
    held = b"x" * (200 << 20)
    time.sleep(60)
    del held


def _ask_for_too_much() -> None:
    # Asked for and never touched: only the wall sees it.
    bytes(1 << 30)


def _fail() -> None:
    raise IndexError("list index\x1b[2J out of range" + "!" * 1000)


def _sink() -> None:
    _sink()


def _refuse() -> None:
    raise UnreadableFileError("no text layer")


def _interrupt() -> None:
    raise KeyboardInterrupt


def _hear_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def _poison() -> None:
    global _left_behind  # noqa: PLW0603
    _left_behind = True


def _suffer() -> None:
    if _left_behind:
        os.abort()


_DEEDS = {
    "crash": _crash,
    "abort": _abort,
    "be-killed": _be_killed,
    "leave": _leave,
    "loop": _loop,
    "hang": _hang_outside_python,
    "grow": _grow,
    "swell": _swell,
    "ask-for-too-much": _ask_for_too_much,
    "fail": _fail,
    "sink": _sink,
    "refuse": _refuse,
    "interrupt": _interrupt,
    "hear-ctrl-c": _hear_ctrl_c,
    "poison": _poison,
    "suffer": _suffer,
}
