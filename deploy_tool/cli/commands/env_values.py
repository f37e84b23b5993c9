"""`patron env values`: what `$env` holds in one environment; declared in files, valued here."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

import orjson

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.plan import Plan
from deploy_tool.plan_files import read_plan
from deploy_tool.trees import head_tree
from engine.names import did_you_mean
from engine.snapshots import Environment
from engine.store.platform import audit
from engine.store.platform.fence import switching
from engine.store.platform.values import list_values, load_values, put_value
from engine.store.tx import Tx

KIND = "env_var:"
Declared = Mapping[str, Mapping[str, object]]


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Set what is given, then show every declared variable; secrets only whether they are set.

    With a plan, the variables that it brings count as declared: they need their value before.
    """
    environment = installation.environment(arguments.env)
    with environment.database.read() as tx:
        docs = head_tree(tx).docs
    declared = {k.removeprefix(KIND): d.data for k, d in docs.items() if k.startswith(KIND)}
    if arguments.plan is not None:
        declared |= declared_by(read_plan(Path(arguments.plan)), environment.name)
    wanted = dict(read_pair(text, declared) for text in arguments.values)
    if wanted:
        _set(installation, environment, wanted, declared)
    with environment.database.read() as tx:
        known, values = list_values(tx), load_values(tx)
    shown = {name: _shown(name, data, known, values) for name, data in declared.items()}
    for name, value in shown.items():
        terminal.say(f"{name}  {value}")
    if not declared:
        terminal.say("env_vars.yaml declares no variable.")
    terminal.answer({"values": shown})
    return Exit.DONE


def declared_by(plan: Plan, environment: str) -> dict[str, Mapping[str, object]]:
    """Give the variables that a plan brings. Raises: UsageWrong U100 for one of elsewhere."""
    if plan.environment != environment:
        message = f"The plan is for {plan.environment}, not for {environment}."
        raise UsageWrong(message=message)
    return {
        key.removeprefix(KIND): orjson.loads(content.data)
        for key, content in plan.content.items()
        if key.startswith(KIND)
    }


def read_pair(text: str, declared: Declared) -> tuple[str, str]:
    """Read NAME=VALUE. Raises: UsageWrong U100 for anything else and for what is not declared."""
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageWrong(message=f'"{text}" is no NAME=VALUE.')
    if name not in declared:
        hint = did_you_mean(name, declared) or "declare it in env_vars.yaml; --plan names the plan"
        raise UsageWrong(message=f"There is no variable {name}.", hint=hint)
    return name, value


def _set(
    installation: Installation,
    environment: Environment,
    wanted: Mapping[str, str],
    declared: Declared,
) -> None:
    """Set values behind the fence, so that no transaction sees half of them."""

    def work(tx: Tx) -> None:
        for name, value in wanted.items():
            put_value(tx, name, value, is_secret=declared[name].get("secret") is True)
            audit.note(
                tx,
                at=installation.clock.now(),
                actor=installation.actor,
                action="env.value",
                target=name,
            )

    switching(environment.database, work)


def _shown(
    name: str, data: Mapping[str, object], known: Mapping[str, bool], values: Mapping[str, object]
) -> str:
    if name not in known:
        return "missing" if data.get("required") is True else "not set"
    return "set (secret)" if known[name] else str(values.get(name))
