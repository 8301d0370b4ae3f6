"""Every command of the README, run; and its example output, compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from index.generation import FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
PYTHON_COMMANDS = [command for command in COMMANDS if command.startswith(".venv/bin/python ")]
SHOWN = re.findall(r"```text\n(.*?)```", README, re.DOTALL)


def _run(command: str, index: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command.replace(".venv/bin/python", sys.executable)],
        cwd=ROOT,
        env={**os.environ, FOLDER_VARIABLE: str(index)},
        check=False,
        capture_output=True,
        text=True,
    )


def test_the_readme_shows_commands_of_both_kinds() -> None:
    make = [command for command in COMMANDS if command.startswith("make ")]
    assert make == ["make app", "make test"]
    assert len(PYTHON_COMMANDS) + len(make) == len(COMMANDS)


@pytest.mark.model
@pytest.mark.parametrize("command", PYTHON_COMMANDS)
def test_a_command_of_the_readme_runs(command: str, real_index: Path) -> None:
    done = _run(command, real_index)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    if "--json" in command or "--batch" in command:
        for line in done.stdout.splitlines():
            json.loads(line)


@pytest.mark.model
def test_the_answer_that_the_readme_shows_is_the_answer(real_index: Path) -> None:
    [shown] = SHOWN
    command = next(command for command in PYTHON_COMMANDS if command.endswith("-k 3"))
    assert _run(command, real_index).stdout.startswith(shown)


def _dry_run(target: str) -> Iterator[str]:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True, text=True
    )
    yield from done.stdout.splitlines()


def test_make_app_builds_and_serves_and_make_test_tests() -> None:
    app = list(_dry_run("app"))
    assert ".venv/bin/python -m indexer build" in app
    assert ".venv/bin/streamlit run app.py --server.port 8501" in app
    assert ".venv/bin/pytest" in list(_dry_run("test"))
