"""Processes and ports, as the operating system knows them: what serving and working share.

Separate from `serving`, which decides; nothing here knows Patron.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import sys

from deploy_tool.exits import UsageWrong

LAST_PORT = 65535
PR_SET_PDEATHSIG = 1  # Linux: the signal a process gets when its parent dies


def die_with_parent(parent: int) -> None:
    """Let this process be told to stop when its parent dies, even by `kill -9`.

    Linux only; elsewhere an orphan goes on until somebody stops it.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # It died before we asked.
        sys.exit(1)


def choose_port(host: str, port: int) -> int:
    """Make sure that a server can listen here, and give the port; 0 asks for any free one.

    Raises: UsageWrong U102, with what to do.
    """
    if not 0 <= port <= LAST_PORT:
        raise UsageWrong(f"{port} is no port; they end at {LAST_PORT}.", code="U102")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        message = f'"{host}" is no address of this machine.'
        raise UsageWrong(message, code="U102", hint="try --host 127.0.0.1") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError as error:
            message = f"Only an administrator of this machine may listen on port {port}."
            raise UsageWrong(message, code="U102", hint="choose one above 1023") from error
        except OSError as error:
            message = f"Nothing can listen on {host}:{port}: {error.strerror}."
            hint = "another program may be there: stop it, or choose another port with --port"
            raise UsageWrong(message, code="U102", hint=hint) from error
        return int(probe.getsockname()[1])
