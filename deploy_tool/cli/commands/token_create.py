"""`patron token create`: an API token of a member, printed alone."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.people import create_token


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Make the token; its text can never be shown again."""
    if arguments.days is not None and arguments.days < 1:
        raise UsageWrong(message="A token lasts at least one day: --days 1 or more.")
    now = installation.clock.now()
    expires = None if arguments.days is None else now + timedelta(days=arguments.days)
    text = create_token(
        installation.environment(arguments.env).database,
        arguments.email,
        at=now,
        actor=installation.actor,
        expires=expires,
        label=arguments.label,
        scopes=arguments.scope,
    )
    if not terminal.json:
        terminal.say(text)
    terminal.answer({"token": text})
    return Exit.DONE
