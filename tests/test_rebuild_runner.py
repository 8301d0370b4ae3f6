"""A build started from the page: progress, log, end, cancelling; a script stands for the build."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

import pages.rebuild
from index.manifest import FOLDER_VARIABLE
from pages.rebuild import Rebuild, build_command, last_rebuild, start_rebuild
from pages.uploads import PASSWORD_VARIABLE, PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pages.rebuild import State


@pytest.fixture
def run() -> Iterator[Callable[[str], Rebuild]]:
    """Start a Python script as a build; what still runs at the end is ended."""
    started: list[Rebuild] = []

    def start(script: str) -> Rebuild:
        started.append(Rebuild([sys.executable, "-c", script]))
        return started[-1]

    yield start
    for one in started:
        one.cancel()
        assert one.wait(20)


def _when(rebuild: Rebuild, there: Callable[[State], bool]) -> State:
    for _ in range(200):
        state = rebuild.state()
        if there(state):
            return state
        time.sleep(0.05)
    raise AssertionError(rebuild.state())


WAITING = "; import time; time.sleep(60)"


def test_progress_is_read_from_the_builds_lines(run: Callable[[str], Rebuild]) -> None:
    lines = "Reading 3 files …\nEncoding 2,017 texts …\nEncoding 2,017 texts: 40 %, about 15 s left"
    rebuild = run(f"import sys; print({lines!r}, file=sys.stderr){WAITING}")
    state = _when(rebuild, lambda state: state.share > 0)
    assert (state.outcome, state.stage, state.share) == ("running", "Encoding 2,017 texts", 0.4)
    assert state.left == "about 15 s left"
    assert state.log == tuple(lines.splitlines())


def test_a_new_stage_begins_at_nothing(run: Callable[[str], Rebuild]) -> None:
    rebuild = run(rf"print('A …\nA: 90 %, about 1 s left\nB …'){WAITING}")
    state = _when(rebuild, lambda state: state.stage == "B")
    assert (state.share, state.left) == (0.0, "")


def test_a_build_that_ends_well_has_published(run: Callable[[str], Rebuild]) -> None:
    rebuild = run("print('Published generation x')")
    assert rebuild.wait(20)
    state = rebuild.state()
    assert (state.outcome, state.log) == ("published", ("Published generation x",))
    assert rebuild.state().seconds == state.seconds


def test_a_build_that_fails_has_said_why(run: Callable[[str], Rebuild]) -> None:
    rebuild = run("import sys; sys.exit('Another build is at work')")
    assert rebuild.wait(20)
    assert rebuild.state().outcome == "failed"
    assert rebuild.state().log == ("Another build is at work",)


def test_cancelling_ends_the_build_and_what_it_started(run: Callable[[str], Rebuild]) -> None:
    # The child holds the pipe that is waited for: that this ends proves that the child has.
    child = f"print('child', flush=True){WAITING}"
    rebuild = run(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])")
    _when(rebuild, lambda state: state.log == ("child",))
    rebuild.cancel()
    assert rebuild.wait(20)
    assert rebuild.state().outcome == "cancelled"


def test_a_build_that_ignores_the_request_is_killed(
    run: Callable[[str], Rebuild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.rebuild, "_SECONDS_TO_END", 0.2)
    rebuild = run(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"
        f"{WAITING}"
    )
    _when(rebuild, lambda state: state.log == ("deaf",))
    rebuild.cancel()
    assert rebuild.wait(20)
    assert rebuild.state().outcome == "cancelled"


def test_the_build_is_not_told_the_password(
    run: Callable[[str], Rebuild], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    rebuild = run(f"import os; print(os.environ.get({PASSWORD_VARIABLE!r}))")
    assert rebuild.wait(20)
    assert rebuild.state().log == ("None",)


def test_what_would_move_the_cursor_is_shown_as_its_escape(run: Callable[[str], Rebuild]) -> None:
    rebuild = run(r"print('a\x1b[2Jb\u202ec')")
    assert rebuild.wait(20)
    assert rebuild.state().log == (r"a\x1b[2Jb\u202ec",)


def test_there_is_one_build_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages.rebuild, "_last", None)
    assert last_rebuild() is None
    first = start_rebuild([sys.executable, "-c", "import time; time.sleep(60)"])
    assert start_rebuild([sys.executable, "-c", ""]) is first
    assert last_rebuild() is first
    first.cancel()
    assert first.wait(20)
    second = start_rebuild([sys.executable, "-c", ""])
    assert second is not first
    assert second.wait(20)


def test_the_command_is_the_projects_own_build(
    run: Callable[[str], Rebuild], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "index"))
    command = build_command(tmp_path / "nothing", tmp_path / "index")
    assert command[-5:] == [
        "indexer", "build", str(tmp_path / "nothing"), "--index", str(tmp_path / "index"),
    ]  # fmt: skip
    rebuild = Rebuild(command)
    assert rebuild.wait(60)
    state = rebuild.state()
    assert state.outcome == "failed"
    assert f"There is no file or folder {tmp_path / 'nothing'}" in state.log[-1]
    assert (PROJECT / "indexer" / "__main__.py").is_file()
