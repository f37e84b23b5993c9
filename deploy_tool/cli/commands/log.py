"""`patron log`: the versions of an environment, newest first; or one deployment whole."""

from __future__ import annotations

from argparse import Namespace

from deploy_tool.cli.commands.rollback import read_deployment
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.looking import Answer, entries, minute
from deploy_tool.site import Site
from deploy_tool.telling_deployments import lines_of

SHORT = 7


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """List who made which version, when, how many components it changed; and what failed."""
    name = site.looking.known(arguments.env)
    number = read_deployment(arguments.deployment)
    if number is not None:
        told = site.looking.deployment(name, number)
        for line in lines_of(told):
            terminal.say(line)
        terminal.answer(told)
        return Exit.DONE
    found = site.looking.log(name)
    for version in entries(found, "versions"):
        terminal.say(_line(name, version))
    for deployment in entries(found, "deployments"):
        terminal.say(_undone(deployment))
    if not found["versions"]:
        terminal.say(f"{name} has no version yet.")
    terminal.answer(found)
    return Exit.DONE


def _line(environment: str, version: Answer) -> str:
    changed = version["changes"]
    what = "1 component" if changed == 1 else f"{changed} components"
    place = f"{environment}@{version['version']}  {minute(version['at'])}"
    said = f"{place}  {version['source']:<8}  {version['actor']}  {what}"
    number = version["deployment"]
    door = "" if number is None else f"  D-{number}"
    return f"{said}{door}{_revision(version)}  {version['reason']}".rstrip()


def _revision(version: Answer) -> str:
    """Say the git revision that a version is, shortened as git shortens it."""
    commit, plus, merged = str(version.get("git_revision") or "").partition("+")
    return f"  git {commit[:SHORT]}{plus}{merged}" if commit else ""


def _undone(deployment: Answer) -> str:
    """Say a deployment that became no version."""
    who = f"{minute(deployment['at'])}  {deployment['actor']}"
    place = f"D-{deployment['deployment']}  {deployment['state']}  {who}"
    return f"{place}  {deployment['error']}".rstrip()
