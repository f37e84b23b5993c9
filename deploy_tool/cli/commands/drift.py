"""`patron drift`: what became different in an environment outside of deployments."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.looking import Answer, entries, minute
from deploy_tool.plans.rendering import MARKS
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Name the versions that people made directly, tables that differ, values that are missing."""
    name = site.looking.known(arguments.env)
    found = site.looking.drift(name)
    said = [_line(name, version) for version in entries(found, "authored")]
    said += [_change(change) for change in entries(found, "changes")]
    for sort in ("physical", "values"):
        findings = found[sort]
        said.extend(map(str, findings if isinstance(findings, list) else ()))
    for line in said or [f"No drift: {name} is as it was deployed."]:
        terminal.say(line)
    terminal.answer(found)
    return Exit.DONE


def _line(environment: str, version: Answer) -> str:
    place = f"{environment}@{version['version']}  {minute(version['at'])}"
    return f"{place}  {version['source']}  {version['actor']}  {version['reason']}".rstrip()


def _change(change: Answer) -> str:
    """Say a change as a plan does."""
    mark = MARKS.get(str(change["op"]), "~")
    return f"  {mark} {str(change['component']).replace(':', ' ', 1)}  {change['why']}"
