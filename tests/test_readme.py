"""Every command of the README, run; and its example output, compared."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from index.manifest import FOLDER_VARIABLE
from tests.serving import ROOT, serving

if TYPE_CHECKING:
    from pathlib import Path

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


@pytest.mark.model
def test_make_app_builds_nothing_anew_and_serves(real_index: Path, tmp_path: Path) -> None:
    if not (ROOT / ".venv" / "installed").exists():
        pytest.skip("make app would install here first: run the tests by make test")
    log = tmp_path / "log.txt"
    with serving(real_index, log, lambda port: ["make", "app", f"PORT={port}"]) as address:
        with urllib.request.urlopen(f"{address}/api/search?q=care+leavers&k=1") as response:  # noqa: S310
            assert len(json.load(response)["hits"]) == 1
        said = log.read_text(encoding="utf-8")
    assert "Nothing has changed" in said
    assert "Installing" not in said
    assert address in said


def test_make_test_runs_the_tests_and_make_app_serves_at_the_address_the_readme_names() -> None:
    def dry_run(target: str) -> str:
        command = ["make", "--dry-run", target]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        return done.stdout

    assert ".venv/bin/pytest\n" in dry_run("test")
    assert "app.py --server.port 8501" in dry_run("app")
    assert "http://127.0.0.1:8501" in README
