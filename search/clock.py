"""How long each step of a search took."""

from __future__ import annotations

import time


class Clock:
    """Milliseconds since the last lap, by name; for questions asked together, a share of each."""

    def __init__(self, questions: int = 1) -> None:
        self._questions = max(questions, 1)
        self._last = time.perf_counter()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self._laps[name] = 1000 * (now - self._last) / self._questions
        self._last = now

    def split(self) -> Clock:
        """A clock for one of the questions, which goes on from the laps they share."""
        own = Clock()
        own._laps = dict(self._laps)
        return own

    def laps(self) -> dict[str, float]:
        laps = {**self._laps, "total": sum(self._laps.values())}
        return {name: round(milliseconds, 2) for name, milliseconds in laps.items()}
