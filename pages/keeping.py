"""Whose basket is whose: by a secret that the reader's browser already holds.

A session of the page ends with every link and reload, and a basket must not. Streamlit gives each
browser a random token, in a cookie, against forged requests; it is the same on all our pages.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

import streamlit as st

from search.basket import Baskets

if TYPE_CHECKING:
    from search.export import Excerpt

_COOKIE = "_streamlit_xsrf"
_PARTS = 4  # of the cookie: "2", a mask, the masked token, the time; all but the first change
_OWN = "secret of the basket"
_BASKETS = Baskets()


def kept() -> tuple[Excerpt, ...]:
    """What this reader has in the basket."""
    return _BASKETS.get(_secret())


def keep(basket: tuple[Excerpt, ...]) -> None:
    """Put `basket` in the place of this reader's."""
    _BASKETS.put(_secret(), basket)


def _secret() -> bytes:
    token = token_of(st.context.cookies.get(_COOKIE, ""))
    if token is None:  # a browser without cookies keeps its basket for one session
        if _OWN not in st.session_state:
            st.session_state[_OWN] = secrets.token_bytes(16)
        token = bytes(st.session_state[_OWN])
    return hashlib.sha256(token).digest()


def token_of(cookie: str) -> bytes | None:
    """The token in the value of the cookie, None where it holds none (Tornado's version 2)."""
    parts = cookie.strip("\"'").split("|")
    if len(parts) != _PARTS or parts[0] != "2":
        return None
    try:
        mask, masked = (bytes.fromhex(part) for part in parts[1:3])
    except ValueError:
        return None
    if not mask or not masked:
        return None
    return bytes(one ^ mask[place % len(mask)] for place, one in enumerate(masked))
