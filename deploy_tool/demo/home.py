"""The folder of a demo: whether one may be made there, who is using it, what a second start needs.

`demo.json` lies beside the databases and says that this is a demo. Nothing is ever put into a
PATRON_HOME that holds another installation.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy_tool.exits import UsageWrong

STATE, LOCK, CONTROL, ENVIRONMENTS = "demo.json", "demo.lock", "control.db", "environments"
_CONSONANTS, _VOWELS, _GROUPS = "bdfghjklmnprstvz", "aeiou", 4
_ELSEWHERE = "name another folder: PATRON_HOME=… patron demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What is kept of a demo. `is_ready`: it was made to the end; `metadata`: made from what."""

    is_ready: bool
    passwords: Mapping[str, str] = field(default_factory=dict)
    metadata: str = ""


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold the folder for as long as a demo runs in it; made if it is not there.

    Raises: UsageWrong U110 for a folder that cannot be used, U112 when another demo holds it.
    """
    with _opened(home) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            message = f"A demo is running in {home} already."
            hint = f"look for its window, or {_ELSEWHERE}"
            raise UsageWrong(message, code="U112", hint=hint) from error
        yield


def _opened(home: Path) -> IO[str]:
    try:
        home.mkdir(parents=True, exist_ok=True)
        return (home / LOCK).open("w")
    except OSError as error:
        raise _unusable(home, error) from error


def _unusable(home: Path, error: OSError) -> UsageWrong:
    message = f"The folder {home} cannot be used: {error.strerror or error}."
    return UsageWrong(message, code="U110", hint=_ELSEWHERE)


def read_demo(home: Path) -> Demo | None:
    """Give what is known of the demo in a folder; None when the folder is free for one.

    Raises: UsageWrong U110 for a damaged note, U111 for an installation that is no demo.
    """
    note = home / STATE
    if not note.exists():
        if (home / CONTROL).exists() or (home / ENVIRONMENTS).exists():
            message = f"{home} holds an installation that is no demo; nothing was changed."
            raise UsageWrong(message, code="U111", hint=_ELSEWHERE)
        return None
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        return Demo(
            is_ready=found["is_ready"] is True,
            passwords={str(key): str(text) for key, text in found["passwords"].items()},
            metadata=str(found["metadata"]),
        )
    except OSError as error:
        raise _unusable(home, error) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"{note} is damaged, so the demo in {home} cannot be started."
        raise UsageWrong(message, code="U110", hint=f"remove {home}, or {_ELSEWHERE}") from error


def write_demo(home: Path, demo: Demo) -> None:
    """Keep what a second start needs; only this user may read it. Raises: UsageWrong U110."""
    text = json.dumps(
        {"is_ready": demo.is_ready, "passwords": dict(demo.passwords), "metadata": demo.metadata}
    )
    fresh = home / f"{STATE}.new"
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        fresh.replace(home / STATE)
    except OSError as error:
        raise _unusable(home, error) from error


def clear(home: Path) -> None:
    """Remove what a demo left that was never made to the end; only what a demo makes."""
    for path in home.glob(f"{CONTROL}*"):
        path.unlink()
    shutil.rmtree(home / ENVIRONMENTS, ignore_errors=True)


def new_password() -> str:
    """Make a password that can be read aloud and typed: about 50 bits."""
    groups = (
        "".join(secrets.choice(letters) for letters in (_CONSONANTS, _VOWELS) * 2)
        for _ in range(_GROUPS)
    )
    return "-".join(groups)
