"""Quotations that a reader collects from several searches: kept, put in order, noted on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from search.export import Part, Selection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from search.export import Excerpt

    Basket = tuple[Excerpt, ...]

# A paper quotes tens of paragraphs; the limits keep one reader from filling the server's memory.
MOST_KEPT = 200
MOST_BASKETS = 1000
LONGEST_NOTE = 2000  # letters; about a page


def with_added(basket: Basket, excerpts: Iterable[Excerpt]) -> Basket:
    """`basket` with those of `excerpts` that it does not hold yet, at most MOST_KEPT in all."""
    held = {_same(one) for one in basket}
    added = {_same(one): one for one in excerpts if _same(one) not in held}
    return (*basket, *added.values())[:MOST_KEPT]


def _same(excerpt: Excerpt) -> tuple[str, str]:
    return excerpt.passage.id, excerpt.quote


def moved(basket: Basket, place: int, by: int) -> Basket:
    """`basket` with the quotation at `place` moved by so many places, no further than its ends."""
    rest = [*basket[:place], *basket[place + 1 :]]
    rest.insert(max(place + by, 0), basket[place])
    return tuple(rest)


def without(basket: Basket, place: int) -> Basket:
    """`basket` without the quotation at `place`."""
    return basket[:place] + basket[place + 1 :]


def noted(basket: Basket, place: int, note: str) -> Basket:
    """`basket` with `note` on the quotation at `place`."""
    annotated = replace(basket[place], note=note.strip()[:LONGEST_NOTE])
    return (*basket[:place], annotated, *basket[place + 1 :])


def selection_of(basket: Basket, base: str = "") -> Selection:
    """What is exported of a basket."""
    return Selection("Collected quotations", (Part("Quotations", basket),), base)


class Baskets:
    """The baskets of this server's readers by a secret of each, until the server ends.

    Of more than MOST_BASKETS the one that was longest not looked at is given up.
    """

    def __init__(self, most: int = MOST_BASKETS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._held: OrderedDict[bytes, Basket] = OrderedDict()

    def get(self, secret: bytes) -> Basket:
        with self._lock:
            if secret not in self._held:
                return ()
            self._held.move_to_end(secret)
            return self._held[secret]

    def put(self, secret: bytes, basket: Basket) -> None:
        with self._lock:
            self._held.pop(secret, None)
            if basket:
                self._held[secret] = basket
            while len(self._held) > self._most:
                self._held.popitem(last=False)
