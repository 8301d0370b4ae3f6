"""What the server's owner decides about the API, read from the environment."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from index.errors import UsageError

ORIGINS_VARIABLE = "INSPECTION_SEARCH_ORIGINS"
HOSTS_VARIABLE = "INSPECTION_SEARCH_HOSTS"
RATE_VARIABLE = "INSPECTION_SEARCH_RATE"
LOG_VARIABLE = "INSPECTION_SEARCH_LOG_QUESTIONS"

# The names under which a browser on this machine reaches the server. Any other in the Host header
# is a page elsewhere that has had its own name pointed here.
_THIS_MACHINE = ("127.0.0.1", "localhost", "::1", "testserver")
# Two requests a second for a minute on end: more than a person types, less than a flood.
_RATE = 120
_ORIGIN = re.compile(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")
_HOST = re.compile(r"(\*\.)?[a-z0-9.-]+|\[?[0-9a-f:.]+\]?")


@dataclass(frozen=True, slots=True)
class Settings:
    """Who may ask, how often, and what is written down.

    `hosts` are the names by which the server may be addressed, in lower case and without a port;
    "*.example.org" stands for every name that ends so. `origins` are the pages elsewhere that may
    read answers, as "https://intranet.example.org", or "*" for all. `rate` is requests a minute for
    each address. `spare_this_machine` says that requests from this machine are not counted: they
    are where no rate was set, since a person's own programs may ask as fast as they like.
    `log_questions` has the questions in the access log.
    """

    hosts: tuple[str, ...] = _THIS_MACHINE
    origins: tuple[str, ...] = ()
    rate: int = _RATE
    spare_this_machine: bool = True
    log_questions: bool = False

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings; raises UsageError that names the variable that cannot be understood."""
        hosts, origins = _words(HOSTS_VARIABLE), _words(ORIGINS_VARIABLE)
        for host in hosts:
            if not _HOST.fullmatch(host):
                raise UsageError(
                    f"{HOSTS_VARIABLE} holds {host!r}; expected names as search.example.org, "
                    "without http:// and without a port, commas between them."
                )
        for origin in origins:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise UsageError(
                    f"{ORIGINS_VARIABLE} holds {origin!r}; expected origins as "
                    "https://intranet.example.org, without a path, commas between them."
                )
        rate = os.environ.get(RATE_VARIABLE, "").strip()
        if rate and not (rate.isascii() and rate.isdecimal() and int(rate) > 0):
            raise UsageError(
                f"{RATE_VARIABLE} is {rate!r}; expected the requests a minute for each address, "
                "a number above 0."
            )
        return cls(
            hosts=(*_THIS_MACHINE, *(host.strip("[]") for host in hosts)),
            origins=origins,
            rate=int(rate) if rate else _RATE,
            spare_this_machine=not rate,
            log_questions=os.environ.get(LOG_VARIABLE, "").strip() == "1",
        )


def _words(variable: str) -> tuple[str, ...]:
    given = os.environ.get(variable, "").lower()
    return tuple(word for word in re.split(r"[,\s]+", given) if word)
