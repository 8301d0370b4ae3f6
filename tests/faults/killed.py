"""SIGKILL at any moment of a build: what is published stays whole, and the next build goes on."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from index.manifest import CURRENT, published_names
from tests.faults.builder import put_fakes_in_place
from tests.faults.marked import write_corpus
from tests.faults.running import (
    Outcome,
    builder,
    cached_texts,
    findings,
    mending_problems,
    run_builder,
    serving_problems,
    texts_held,
    told,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# A chunk takes so long that encoding and all the rest take about the same time.
SLOW = "0.004"
# A moment of a build on a busy machine comes later than when it was measured.
_LATER = 1.2
# Exporting takes some 12 s on two cores, most of it for loading torch.
_WHILE_EXPORTING = (0.5, 4.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of build: the index it starts from (none for a first one), what it is given to do.

    `before` is what is published when it starts, `after` what is once it has ended undisturbed;
    `again` is the build that follows a killed one. `real` is with the real model.
    """

    name: str
    start: Path | None
    corpus: Path
    command: tuple[str, ...]
    before: frozenset[tuple[str, str]] | None
    after: frozenset[tuple[str, str]]
    again: tuple[str, ...] = ("build",)
    real: bool = False


@dataclass(frozen=True, slots=True)
class Death:
    """When a build of a kind is killed: before the moment of that number, or after `seconds`."""

    kind: Kind
    moment: int | None = None
    name: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        if self.moment is None:
            return f"{self.kind.name}, killed after {self.seconds:.4f} s"
        return f"{self.kind.name}, killed before moment {self.moment}: {self.name}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """In which state a killed build left the index, and all that is not right."""

    state: str
    problems: tuple[str, ...]


def prepare_kinds(folder: Path, *, real: bool = False) -> list[Kind]:
    """The kinds of builds; each but the first starts with two generations."""
    flags = ("--real",) if real else ()
    old = write_corpus(folder / "old", "oldmark")
    first = write_corpus(folder / "first", "oldmark", changed="firstone")
    new = write_corpus(folder / "new", "oldmark", changed="changedmark")
    start = folder / "start"
    held = {}
    for corpus in (new, first, old):
        _build(corpus, start, flags)
        held[corpus] = texts_held(start)
    # An export that is not there would be made anew, which takes longer than all the rest.
    empty = folder / "empty"
    shutil.copytree(start / "models", empty / "models")
    name = "real " if real else ""
    return [
        Kind(f"{name}first build", empty, old, ("build",), None, held[old], real=real),
        Kind(f"{name}changed file", start, new, ("build",), held[old], held[new], real=real),
        Kind(
            f"{name}forced build",
            start,
            old,
            ("build", "--force"),
            held[old],
            held[old],
            ("build", "--force"),
            real=real,
        ),
        Kind(
            f"{name}forced build, then a plain one",
            start,
            old,
            ("build", "--force"),
            held[old],
            held[old],
            real=real,
        ),
        Kind(f"{name}rollback", start, old, ("rollback",), held[old], held[first], real=real),
    ]


def _build(corpus: Path, index: Path, flags: Sequence[str]) -> None:
    done = run_builder(corpus, index, *flags)
    if done.code != 0:
        raise RuntimeError(f"The index to start from cannot be built: {done.err}")


def deaths_at_moments(kinds: Sequence[Kind], every: int = 1) -> list[Death]:
    """A death before every `every`-th thing that a build of each kind does to the index folder."""
    deaths = []
    for kind in kinds:
        with tempfile.TemporaryDirectory() as aside:
            index, moments = Path(aside, "index"), Path(aside, "moments")
            _start(kind, index)
            done = run_builder(
                kind.corpus, index, *_driver(kind), "--moments", moments, *_given(kind, index)
            )
            if done.code != 0:
                raise RuntimeError(f"An undisturbed {kind.name} fails: {done.err}")
            names = moments.read_text(encoding="utf-8").splitlines()
        deaths += [
            Death(kind, moment, names[moment - 1]) for moment in range(1, len(names) + 1, every)
        ]
    return deaths


def deaths_at_random(kinds: Sequence[Kind], count: int, seed: int = 20_260_101) -> list[Death]:
    """`count` deaths, spread evenly over the kinds and over the seconds that each takes."""
    chance = random.Random(seed)  # noqa: S311 (moments, not secrets)
    deaths = []
    seconds = {}
    for kind in kinds:
        with tempfile.TemporaryDirectory() as aside:
            index = Path(aside, "index")
            _start(kind, index)
            seconds[kind.name] = run_builder(
                kind.corpus, index, *_driver(kind), *_given(kind, index)
            ).seconds
    for at in range(count):
        kind = kinds[at % len(kinds)]
        each = count // len(kinds) + 1
        place = (at // len(kinds) + chance.random()) / each
        deaths.append(Death(kind, seconds=place * seconds[kind.name] * _LATER))
    return deaths


def try_deaths(fault: str, deaths: Sequence[Death], at_once: int = 1) -> Outcome:
    """What came of all deaths; several at once in processes of their own."""
    if at_once == 1:
        verdicts = list(map(die, deaths))
    else:
        real = deaths[0].kind.real  # whoever looks at what the real model made, needs it
        with ProcessPoolExecutor(
            at_once, get_context("spawn"), None if real else put_fakes_in_place
        ) as pool:
            verdicts = list(pool.map(die, deaths, timeout=3600))
    states = Counter(verdict.state for verdict in verdicts)
    problems = [
        f"{death}: {problem}"
        for death, verdict in zip(deaths, verdicts, strict=True)
        for problem in verdict.problems
    ]
    found = ", ".join(f"{count} {state}" for state, count in states.most_common())
    return Outcome(fault, len(deaths), found, tuple(problems))


def die(death: Death) -> Verdict:
    """Kill one build, look at what it leaves, and build again."""
    try:
        return _die(death)
    except Exception as error:  # noqa: BLE001 (what no reader expects is a problem, and is told)
        return Verdict("unexpected", (f"{type(error).__name__}: {error}",))


def _die(death: Death) -> Verdict:
    kind = death.kind
    with tempfile.TemporaryDirectory() as aside:
        index, log, next_log = (Path(aside, name) for name in ("index", "log", "next-log"))
        _start(kind, index)
        before = published_names(index)
        dying = ("--die-at", str(death.moment)) if death.moment else ()
        with builder(
            kind.corpus, index, *_driver(kind), "--log", log, *dying, *_given(kind, index)
        ) as working:
            if death.moment is None:
                time.sleep(death.seconds)
                working.process.kill()
            ended = working.ended()
        state = _state(index, before, ended.code)
        problems = []
        if death.moment and ended.code == 0:
            problems.append("it was to be killed, and ended well")
        problems += _problems_after(kind, index)
        wanted = {text for _, text in kind.after} | set(told(log, "asked"))
        kept = set(told(log, "kept"))
        cached = cached_texts(index, wanted | kept)
        if state != "published" and (lost := kept - cached):
            problems.append(f"{len(lost)} texts that were in the cache are not in it any more")
        paths = [str(kind.corpus)]
        again = run_builder(
            kind.corpus,
            index,
            *_flags(kind),
            "--log",
            next_log,
            "--",
            *kind.again,
            *paths,
            "--index",
            str(index),
        )
        problems += _problems_next(kind, index, again.code, again.err)
        encoded = told(next_log, "asked")
        # Sentences are texts too, of which the collection does not tell: look each up.
        if twice := cached & set(encoded):
            problems.append(f"{len(twice)} texts were encoded again, as {min(twice)!r}")
        return Verdict(state, tuple(problems))


def _start(kind: Kind, index: Path) -> None:
    if kind.start is not None:
        shutil.copytree(kind.start, index)


def _flags(kind: Kind) -> tuple[str, ...]:
    return ("--real",) if kind.real else ()


def _driver(kind: Kind) -> tuple[str, ...]:
    return (*_flags(kind), "--slow", SLOW)


def _given(kind: Kind, index: Path) -> tuple[str, ...]:
    paths = () if kind.command[0] == "rollback" else (str(kind.corpus),)
    return ("--", *kind.command, *paths, "--index", str(index))


def _state(index: Path, before: tuple[str | None, str | None], code: int) -> str:
    if code == 0:
        return "ended first"
    if published_names(index) != before:
        return "published"
    left = [
        name
        for name in (unfinished(index) if (index / "generations").is_dir() else [])
        if name != "build.holder"
    ]
    return "unfinished" if left else "nothing written"


def _problems_after(kind: Kind, index: Path) -> list[str]:
    """What is wrong with an index whose builder was killed."""
    found = findings(index)
    if found is None:
        if kind.before is not None or (index / CURRENT).exists():
            return ["check says that nothing was published"]
        return []
    whole = [one for one in (kind.before, kind.after) if one is not None]
    return [
        *(f"check finds: {finding}" for finding in found[:1]),
        *mending_problems(index, kind.corpus, found),
        *serving_problems(index, whole),
    ]


def _problems_next(kind: Kind, index: Path, code: int, said: str) -> list[str]:
    """What is wrong after the build that followed."""
    if code != 0:
        return [f"the next build fails: {said.strip()[-500:]}"]
    after = texts_held(index) if kind.name.endswith("rollback") else kind.after
    found = findings(index)
    return [
        *(f"the next build leaves {name}" for name in unfinished(index)),
        *(f"after the next build check finds: {finding}" for finding in found or []),
        *serving_problems(index, [after]),
    ]


def killed(count: int = 200, every: int = 1, at_once: int = 2) -> list[Outcome]:
    """SIGKILL at `count` random moments and before every `every`-th thing done to the folder."""
    with tempfile.TemporaryDirectory() as aside:
        kinds = prepare_kinds(Path(aside))
        return [
            try_deaths("SIGKILL at random", deaths_at_random(kinds[:-1], count), at_once),
            try_deaths("SIGKILL at each step", deaths_at_moments(kinds, every), at_once),
        ]


def killed_with_the_real_model(count: int = 12, at_once: int = 2) -> list[Outcome]:
    """The same with the real model and reading processes, and while the model is exported."""
    with tempfile.TemporaryDirectory() as aside:
        kinds = prepare_kinds(Path(aside), real=True)
        whole = replace(kinds[0], name="real export", start=None)
        exports = [Death(whole, seconds=seconds) for seconds in _WHILE_EXPORTING]
        return [
            try_deaths("SIGKILL, the real model", deaths_at_random(kinds[:-2], count), at_once),
            try_deaths("SIGKILL while exporting", exports, at_once=2),
        ]
