"""The command line `patron`: parse, find the module of the command, run it, end with its code.

A composition root: it reads the process environment once and hands it on. Modules are imported when
their command runs, by name from the table, so that `patron check` and `patron fmt` start without
the database, the web or the worker.
"""

from __future__ import annotations

import importlib
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence

from deploy_tool.cli.parser import build_parser
from deploy_tool.cli.table import Command
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong, exit_of
from engine.errors import PatronError
from engine.settings import Settings

__all__ = ["main"]

INTERRUPTED = 128 + signal.SIGINT  # what shells expect of a command that Ctrl-C ended


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code; every failure is one sentence on stderr."""
    given = sys.argv[1:] if words is None else list(words)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an arrow must not stop a deployment
    terminal = Terminal(json="--json" in given)
    try:
        return int(_run(given, terminal))
    except PatronError as error:
        terminal.complain(error)
        return int(exit_of(error))
    except KeyboardInterrupt:
        terminal.warn("Stopped.")
        return INTERRUPTED
    except BrokenPipeError:
        # Who read our output has enough: nothing may be written to it any more, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return int(Exit.INTERNAL)
    except Exception as error:  # noqa: BLE001 -- the edge of the process: exit 1, and an object with --json
        traceback.print_exc(file=terminal.err)
        terminal.complain(PatronError(message=f"Internal error: {type(error).__name__}."))
        return int(Exit.INTERNAL)


def _run(words: Sequence[str], terminal: Terminal) -> Exit:
    arguments = build_parser().parse_args(words)
    command: Command = arguments.command
    settings = Settings.from_env(os.environ)
    module = importlib.import_module(f"deploy_tool.cli.commands.{command.module}")
    _ensure_here(command, settings)
    result: Exit
    if command.is_light:
        result = module.run(arguments, terminal, settings)
        return result
    if command.is_anywhere and settings.remote_url:
        remote = importlib.import_module("deploy_tool.remote")
        result = module.run(arguments, terminal, remote.open_site(settings, arguments.as_email))
        return result
    rooms = importlib.import_module("deploy_tool.here")
    with rooms.Installation(settings, arguments.as_email or "") as installation:
        works_on = rooms.LocalSite(installation) if command.is_anywhere else installation
        result = module.run(arguments, terminal, works_on)
    return result


def _ensure_here(command: Command, settings: Settings) -> None:
    """Refuse what only works beside the installation's files. Raises: UsageWrong U120."""
    if settings.remote_url and not (command.is_anywhere or command.is_offline):
        raise UsageWrong(
            message=f"patron {command.name} works on the machine that holds the installation; "
            f"PATRON_URL names another one, {settings.remote_url}.",
            code="U120",
            hint="sign in to that machine, or unset PATRON_URL to work on this one",
        )
