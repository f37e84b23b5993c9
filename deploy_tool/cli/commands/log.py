"""`patron log`: the versions of an environment, newest first."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.looking import Answer, entries, minute
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """List who made which version, when, and how many components it changed."""
    name = site.looking.known(arguments.env)
    found = site.looking.log(name)
    for version in entries(found, "versions"):
        terminal.say(_line(name, version))
    if not found["versions"]:
        terminal.say(f"{name} has no version yet.")
    terminal.answer(found)
    return Exit.DONE


def _line(environment: str, version: Answer) -> str:
    changed = version["changes"]
    what = "1 component" if changed == 1 else f"{changed} components"
    place = f"{environment}@{version['version']}  {minute(version['at'])}"
    said = f"{place}  {version['source']:<8}  {version['actor']}  {what}"
    return f"{said}  {version['reason']}".rstrip()
