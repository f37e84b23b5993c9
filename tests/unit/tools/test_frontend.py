from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.repository import ROOT
from tools import browser, frontend


def _command(folder: Path, name: str, prints: str) -> Path:
    """Put a command into a folder that prints one line."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {prints}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(("version", "usable"), [("11.19.1", True), ("6.14.4", False)])
def test_npm_must_know_the_lock_file(tmp_path: Path, version: str, usable: bool) -> None:
    """An npm older than the format of the lock file is as good as none."""
    npm = _command(tmp_path, "npm", version)

    assert frontend.is_usable([str(npm)]) is usable


def test_absent_command_is_no_npm(tmp_path: Path) -> None:
    """Asking a command that is not there raises nothing."""
    assert not frontend.is_usable([str(tmp_path / "npm")])


def test_npm_of_the_system_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has a good npm, nothing is downloaded for it."""
    npm = _command(tmp_path / "bin", "npm", "10.2.0")
    monkeypatch.setenv("PATH", str(npm.parent))
    installs: list[str] = []

    found = frontend.find_npm(lambda: bool(installs.append("node")))

    assert (list(found), installs) == ([str(npm)], [])


def test_npm_comes_into_the_environment_where_the_system_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Node.js, the Python package that brings it is installed, and used from then on."""
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(frontend, "VENV", tmp_path / "venv")
    own = tmp_path / "venv" / "bin"

    found = frontend.find_npm(lambda: bool(_command(own, "npm", "11.0.0")))

    assert list(found) == [str(own / "npm")]
    assert list(frontend.find_npm(lambda: pytest.fail("installed twice"))) == [str(own / "npm")]


def test_no_npm_anywhere_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither can be had there is none, and nothing raises."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(frontend, "VENV", tmp_path / "venv")

    assert frontend.find_npm(lambda: False) == ()


def test_unreachable_registry_gets_one_sentence(tmp_path: Path) -> None:
    """Without a registry the installation goes on, and one line says what is missing."""
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    _command(tmp_path / "bin", "npm", "11.0.0").write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo 11.0.0 && exit\nexit 1\n'
    )
    words = [sys.executable, "-m", "tools.frontend"]
    env = {**os.environ, "PATH": str(tmp_path / "bin"), "PYTHONPATH": str(ROOT)}

    done = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 0
    assert done.stdout.count("\n") == 2
    assert "the npm registry cannot be reached" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_first_browser_found_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's Chromium is found under any of its names; none gives an empty answer."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert browser.find_chromium() == ""
    path = _command(tmp_path, "chromium-browser", "Chromium")
    assert browser.find_chromium() == str(path)
