"""`patron worker`: background jobs and schedules."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.working import work
from engine.settings import Settings


def run(arguments: Namespace, _terminal: Terminal, settings: Settings) -> Exit:
    """Work until told to stop."""
    return Exit(work(settings, arguments.processes))
