"""`patron git install`: teaches the git repository around here to merge and show metadata."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from engine.settings import Settings

ATTRIBUTES = tuple(f"*.{suffix} merge=patron diff=patron" for suffix in ("yaml", "yml", "json"))
START = "from deploy_tool.git.start import main; main()"
DRIVERS = ("deploy_tool.git.merging", "deploy_tool.git.showing")
_ROOT = Path(__file__).resolve().parents[3]


def run(arguments: Namespace, terminal: Terminal, settings: Settings) -> Exit:  # noqa: ARG001  # every light command gets them
    """Write .gitattributes beside each project.yaml, and the drivers into .git/config."""
    top = Path(_git("rev-parse", "--show-toplevel"))
    folders = sorted(path.parent for path in top.rglob("project.yaml") if ".git" not in path.parts)
    if not folders:
        message = f"No folder below {top} holds a project.yaml."
        raise UsageWrong(message=message, hint="patron pull production --to metadata/ writes one")
    python = f"PYTHONPATH={shlex.quote(str(_ROOT))} {shlex.quote(sys.executable)}"
    driver = f"{python} -c {shlex.quote(START)}"
    _git("config", "merge.patron.name", "Patron metadata, by component and property")
    _git("config", "merge.patron.driver", f"{driver} {DRIVERS[0]} %O %A %B %P")
    _git("config", "diff.patron.textconv", f"{driver} {DRIVERS[1]}")
    _keep_bytecode()
    for folder in folders:
        _attribute(folder / ".gitattributes")
        terminal.say(f"{folder.relative_to(top)}: files merge and differ by property from now on.")
    terminal.answer({"folders": [str(folder.relative_to(top)) for folder in folders]})
    return Exit.DONE


def _keep_bytecode() -> None:
    """Load the drivers once and keep their bytecode: git starts them once per file.

    It matters where Python was told not to write any; where it may not, they start slower.
    """
    program = f"import sys; sys.dont_write_bytecode = False; import {', '.join(DRIVERS)}"
    subprocess.run([sys.executable, "-c", program], cwd=_ROOT, check=True)  # noqa: S603  # a program of ours


def _attribute(path: Path) -> None:
    """Add the lines that are missing; others stay."""
    there = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    missing = [line for line in ATTRIBUTES if line not in there]
    if missing:
        path.write_text("\n".join([*there, *missing]) + "\n", encoding="utf-8")


def _git(*words: str) -> str:
    """Ask git. Raises: UsageWrong U100 outside of a repository, or without git."""
    git = shutil.which("git") or "git"
    try:
        done = subprocess.run([git, *words], capture_output=True, text=True, check=True)  # noqa: S603  # words of ours
    except (OSError, subprocess.CalledProcessError) as error:
        message = "This is no git repository, or git is not installed."
        raise UsageWrong(message=message, hint="run it inside the repository") from error
    return done.stdout.strip()
