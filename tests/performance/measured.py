"""A line of the bench, and whether what was measured reaches what was asked."""

from __future__ import annotations

from typing import NamedTuple


class Measured(NamedTuple):
    """One line of the bench: what was measured, the target in words, and whether it is met."""

    label: str
    value: str
    target: str
    ok: bool


def at_most(label: str, value: float, most: float) -> Measured:
    return Measured(label, f"{value:.4f}", f"(to reach: at most {most})", ok=value <= most)


def at_least(label: str, value: float, least: float) -> Measured:
    return Measured(label, f"{value:.2f}", f"(to reach: at least {least})", ok=value >= least)
