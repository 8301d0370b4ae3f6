"""Damaged PDFs, made from sound ones: the same seed makes the same damage."""

from __future__ import annotations

import random
import re
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# A few bytes flipped leave most of a file readable, hundreds leave little.
_MOST_FLIPS = 256
_LONGEST_PIECE = 20_000
_STREAM = re.compile(rb"(?<=stream\r\n|\nstream\n)(.*?)(?=\r?\nendstream)", re.DOTALL)
_NUMBER = re.compile(rb"(?<= )\d+(?=[ />\r\n])")
_NAME = re.compile(rb"/[A-Z][A-Za-z0-9]+")
_HARD_NUMBERS = (b"0", b"-1", b"1", b"65536", b"2147483647", b"4294967295", b"99999999999999999999")


def mutant(sources: Sequence[bytes], seed: str) -> bytes:
    """One of the sources, damaged in one or several ways by what `seed` says."""
    dice = random.Random(seed)  # noqa: S311 (the same damage each time)
    data = dice.choice(sources)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        data = dice.choice(_DAMAGES)(data, sources, dice)
    return data


def _flipped(data: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    damaged = bytearray(data)
    for _times in range(dice.randint(1, _MOST_FLIPS)):
        if damaged:
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _truncated(data: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """Often with an end mark, without which the rest is not looked at."""
    return data[: dice.randrange(len(data) + 1)] + dice.choice((b"", b"\nstartxref\n9\n%%EOF\n"))


def _spliced(data: bytes, sources: Sequence[bytes], dice: random.Random) -> bytes:
    """A piece of a source written over a piece, or put between."""
    piece = _piece(dice.choice(sources), dice)
    at = dice.randrange(len(data) + 1)
    return data[:at] + piece + data[at + dice.choice((0, len(piece))) :]


def _shortened(data: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """A piece left out."""
    at = dice.randrange(len(data) + 1)
    return data[:at] + data[at + dice.randrange(_LONGEST_PIECE) :]


def _renumbered(data: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """Lengths, counts, references and the like made wrong."""
    return _replaced(data, _NUMBER, dice, lambda _: dice.choice(_HARD_NUMBERS))


def _renamed(data: bytes, _: Sequence[bytes], dice: random.Random) -> bytes:
    """Keys and types that trade places."""
    names = _NAME.findall(data) or [b"/Type"]
    return _replaced(data, _NAME, dice, lambda _: dice.choice(names))


def _damaged_inside(data: bytes, sources: Sequence[bytes], dice: random.Random) -> bytes:
    """Compressed streams damaged under their compression: what the file says, not how."""

    def damaged(stream: bytes) -> bytes:
        try:
            content = zlib.decompress(stream)
        except zlib.error:
            return stream
        damage = dice.choice((_flipped, _shortened, _spliced, _renumbered, _renamed))
        return zlib.compress(damage(content, sources, dice))

    return _replaced(data, _STREAM, dice, damaged)


def _replaced(
    data: bytes, what: re.Pattern[bytes], dice: random.Random, by: Callable[[bytes], bytes]
) -> bytes:
    """Up to ten of the places that `what` matches, replaced."""
    found = list(what.finditer(data))
    chosen = sorted(dice.sample(found, min(len(found), dice.randint(1, 10))), key=re.Match.start)
    for place in reversed(chosen):
        data = data[: place.start()] + by(place[0]) + data[place.end() :]
    return data


def _piece(data: bytes, dice: random.Random) -> bytes:
    at = dice.randrange(len(data) + 1)
    return data[at : at + dice.randrange(_LONGEST_PIECE)]


_DAMAGES = (
    _flipped,
    _truncated,
    _spliced,
    _shortened,
    _renumbered,
    _renamed,
    _damaged_inside,
)
