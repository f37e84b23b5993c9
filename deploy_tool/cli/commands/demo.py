"""`patron demo`: production and a sandbox with sample data, web and worker, one login per role."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.demo.running import run_demo
from deploy_tool.exits import Exit
from engine.settings import Settings


def run(arguments: Namespace, terminal: Terminal, settings: Settings) -> Exit:
    """Serve the demo until told to stop."""
    return Exit(run_demo(settings, terminal, arguments.port, browser=not arguments.no_browser))
