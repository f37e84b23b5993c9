"""The tokens that `patron login` was given: one per address, readable by their user alone.

Separate from the client: PATRON_TOKEN goes before what is kept, and no token is ever printed.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from deploy_tool.exits import UsageWrong
from engine.settings import Settings

FILE = "tokens.json"
_PRIVATE_FILE, _PRIVATE_FOLDER, _OTHERS = 0o600, 0o700, 0o077


def token_for(settings: Settings, url: str) -> str:
    """Give the token for an address. Raises: UsageWrong U123 where there is none."""
    token = settings.remote_token or _load(settings).get(url, "")
    if not token:
        message = f"No token for {url}."
        raise UsageWrong(message=message, code="U123", hint=f"patron login {url}, or PATRON_TOKEN")
    return token


def keep_token(settings: Settings, url: str, token: str) -> Path:
    """Keep a token, in place of an older one; give the file. Raises: UsageWrong U123."""
    known = {**_load(settings), url: token}
    path = _path(settings)
    fresh = path.with_name(f".{FILE}.{os.getpid()}")
    try:
        path.parent.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=_PRIVATE_FILE, exist_ok=False)
        fresh.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        message = f"The token cannot be kept in {path}: {error.strerror}."
        raise UsageWrong(message=message, code="U123", hint="use PATRON_TOKEN") from error
    return path


def _load(settings: Settings) -> dict[str, str]:
    """Read what is kept; a file that others can read is refused, not believed."""
    path = _path(settings)
    try:
        if os.name == "posix" and path.stat().st_mode & _OTHERS:
            message = f"Others can read {path}, so it is not used."
            raise UsageWrong(message=message, code="U123", hint=f"chmod 600 {path}")
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        message = f"{path} cannot be read."
        raise UsageWrong(message=message, code="U123", hint="delete it and log in again") from error
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(url): token for url, token in pairs if isinstance(token, str)}


def _path(settings: Settings) -> Path:
    if settings.config is None:
        message = "There is no folder for the settings of this user."
        raise UsageWrong(message=message, code="U123", hint="set XDG_CONFIG_HOME, or PATRON_TOKEN")
    return settings.config / FILE
