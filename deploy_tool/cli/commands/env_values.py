"""`patron env values`: what `$env` holds in one environment; declared in files, valued here."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.plans.plan_files import read_plan
from deploy_tool.setting import read_pairs
from deploy_tool.site import Site


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Set what is given, then show every declared variable; secrets only whether they are set.

    With a plan, the variables that it brings count as declared: they need their value before.
    """
    name = site.looking.known(arguments.env)
    plan = None if arguments.plan is None else read_plan(Path(arguments.plan))
    shown = site.setting.values(name, read_pairs(arguments.values), plan)
    values = shown["values"]
    for variable, value in values.items() if isinstance(values, Mapping) else ():
        terminal.say(f"{variable}  {value}")
    if not values:
        terminal.say("env_vars.yaml declares no variable.")
    terminal.answer(shown)
    return Exit.DONE
