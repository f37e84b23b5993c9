"""Celery's transport over a folder, with messages that appear whole or not at all.

The library writes a message where readers look for it, and a worker that comes in between takes an
empty file and stops. Here it is written beside and then renamed, which no reader sees half of.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from time import monotonic
from typing import Any  # Any: a payload is what Celery makes of a task

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "filesystem"


class Channel(filesystem.Channel):
    """Puts messages into the folder by a rename."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # bases differ
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        target = Path(self.data_folder_out, name)
        unfinished = target.with_name(f".{name}.part")  # no queue ends like this
        unfinished.write_text(dumps(payload))  # type: ignore[no-untyped-call]  # untyped there
        os.replace(unfinished, target)  # noqa: PTH105  # says what matters: it is one step


class Transport(filesystem.Transport):
    """The library's transport with our channel."""

    Channel = Channel


def install_filesystem() -> None:
    """Let `filesystem://` mean this transport, in this process."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:Transport"
