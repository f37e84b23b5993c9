"""`patron serve`: the web processes, and a worker beside them unless told not to."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.serving import serve
from engine.settings import Settings


def run(arguments: Namespace, _terminal: Terminal, settings: Settings) -> Exit:
    """Serve until told to stop."""
    return Exit(
        serve(
            settings,
            arguments.host,
            arguments.port,
            arguments.processes,
            with_worker=not arguments.no_worker,
        )
    )
