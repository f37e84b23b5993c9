"""The policy and the values of an environment: shown and set, noted in the audit.

Neither is part of a configuration: they say what one environment needs and knows. Secrets are only
ever said to be set. Separate from the commands for the same reason as `looking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson

from deploy_tool.exits import UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.looking import Answer
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.policy import load_policy, set_policy
from deploy_tool.sources.trees import head_tree
from engine.names import did_you_mean
from engine.snapshots import Environment
from engine.store.platform import audit
from engine.store.platform.fence import switching
from engine.store.platform.values import list_values, load_values, put_value
from engine.store.tx import Tx

KIND = "env_var:"
Declared = Mapping[str, Mapping[str, object]]


def policy_of(installation: Installation, name: str) -> Answer:
    """Tell what a change of an environment needs."""
    environment = installation.environment(name)
    with environment.database.read() as tx:
        policy = load_policy(tx)
    return {"environment": environment.name, "policy": policy.as_json()}


def change_policy(installation: Installation, name: str, settings: Iterable[str]) -> Answer:
    """Set `KEY=VALUE …`, all or none; give the policy. Raises: UsageWrong U100."""
    environment, wanted = installation.environment(name), list(settings)
    with environment.database.write() as tx:
        policy = set_policy(tx, wanted)
        audit.note(
            tx,
            at=installation.clock.now(),
            actor=installation.actor,
            action="policy.set",
            target=str(environment.name),
            detail={"settings": wanted},
        )
    return {"environment": environment.name, "policy": policy.as_json()}


def values_of(installation: Installation, name: str, plan: Plan | None = None) -> Answer:
    """Give every declared variable with its value; of secrets only whether they are set."""
    environment = installation.environment(name)
    declared = _declared(environment, plan)
    with environment.database.read() as tx:
        known, values = list_values(tx), load_values(tx)
    shown = {name: _shown(name, data, known, values) for name, data in declared.items()}
    return {"values": shown}


def change_values(
    installation: Installation, name: str, wanted: Mapping[str, str], plan: Plan | None = None
) -> Answer:
    """Set values behind the fence, so that no transaction sees half of them; give them all.

    With a plan, the variables that it brings count as declared: they need their value before.
    Raises: UsageWrong U100 for a variable that is not declared.
    """
    environment = installation.environment(name)
    declared = _declared(environment, plan)
    for variable in wanted:
        _ensure_declared(variable, declared)

    def work(tx: Tx) -> None:
        for variable, value in wanted.items():
            is_secret = declared[variable].get("secret") is True
            put_value(tx, variable, value, is_secret=is_secret)
            audit.note(
                tx,
                at=installation.clock.now(),
                actor=installation.actor,
                action="env.value",
                target=variable,
            )

    if wanted:
        switching(environment.database, work)
    return values_of(installation, name, plan)


def read_pairs(texts: Iterable[str]) -> dict[str, str]:
    """Read NAME=VALUE …. Raises: UsageWrong U100."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageWrong(message=f'"{text}" is no NAME=VALUE.')
        found[name] = value
    return found


def _declared(environment: Environment, plan: Plan | None) -> Declared:
    """Give the variables that are declared, and those that a plan brings.

    Raises: UsageWrong U100 for a plan of another environment.
    """
    with environment.database.read() as tx:
        docs = head_tree(tx).docs
    found = {key.removeprefix(KIND): d.data for key, d in docs.items() if key.startswith(KIND)}
    if plan is None:
        return found
    if plan.environment != environment.name:
        message = f"The plan is for {plan.environment}, not for {environment.name}."
        raise UsageWrong(message=message)
    brought = {key: content for key, content in plan.content.items() if key.startswith(KIND)}
    return {
        **found,
        **{key.removeprefix(KIND): orjson.loads(one.data) for key, one in brought.items()},
    }


def _ensure_declared(name: str, declared: Declared) -> None:
    if name not in declared:
        hint = did_you_mean(name, declared) or "declare it in env_vars.yaml; --plan names the plan"
        raise UsageWrong(message=f"There is no variable {name}.", hint=hint)


def _shown(
    name: str, data: Mapping[str, object], known: Mapping[str, bool], values: Mapping[str, object]
) -> str:
    if name not in known:
        return "missing" if data.get("required") is True else "not set"
    return "set (secret)" if known[name] else str(values.get(name))
