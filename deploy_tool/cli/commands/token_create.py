"""`patron token create`: an API token of a member, printed alone."""

from __future__ import annotations

from argparse import Namespace
from datetime import timedelta

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from engine.people import create_token

MOST_DAYS = 3660  # ten years; the same as over REST


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Make the token; its text can never be shown again."""
    if arguments.days is not None and not 1 <= arguments.days <= MOST_DAYS:
        message = f"A token lasts 1 to {MOST_DAYS:,} days."
        raise UsageWrong(message=message)
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
