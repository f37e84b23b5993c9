"""`patron purge`: removes retired components and their values for good."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.apply import ensure_wanted
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site
from engine.errors import DeploymentFailed


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Name what would be lost; remove it once somebody has said yes, or what is due with --due."""
    name = site.looking.known(arguments.env)
    wanted = [one for one in site.mending.retired(name) if one["due"] or not arguments.due]
    for one in wanted:
        terminal.say(f"- {one['component']}   retired {one['since']}")
    if not wanted:
        terminal.say("Nothing to purge.")
        terminal.answer({"purged": []})
        return Exit.DONE
    if not arguments.due:
        _ensure_meant(arguments, terminal, name)
    gone = site.mending.purge(name, only_due=arguments.due)
    terminal.say(f"Gone for good: {len(gone)}.")
    terminal.answer({"purged": gone})
    return Exit.DONE


def _ensure_meant(arguments: Namespace, terminal: Terminal, name: str) -> None:
    """Ask, or want the word. Raises: DeploymentFailed D101, exit 5."""
    if "purge" in {word for text in arguments.accept for word in text.split(",")}:
        return
    if terminal.is_interactive:
        ensure_wanted(terminal, f"{name}: these values cannot be brought back")
        return
    raise DeploymentFailed(
        message="These values cannot be brought back; nothing was removed.",
        code="D101",
        exit_code=Exit.CONSENT_MISSING,
        status=409,
        hint="patron purge ENV --accept purge, or --due for what has been kept long enough",
    )
