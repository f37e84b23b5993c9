"""What is not as it should be in an environment: for `patron doctor` and `patron drift`."""

from __future__ import annotations

from collections.abc import Iterator

from deploy_tool.sources.trees import Running
from engine.compile import compile_model
from engine.store.ddl import steps
from engine.store.platform.values import list_values
from engine.store.tx import Tx


def unlike_its_model(running: Running, dialect: str) -> Iterator[str]:
    """Compare the stored configuration with this engine and with the tables."""
    if not running.head.version:
        yield "nothing was published yet (patron init goes on)"
        return
    if running.tree.digest != running.head.tree:
        yield "the stored components are not those of the head"
    model, problems = compile_model(running.tree)
    if model is None:
        yield from (f"the stored configuration: {problem}" for problem in problems)
        return
    for step in steps(model, running.state, dialect):
        yield f"tables differ from the configuration: {step.explain()}"


def missing_values(tx: Tx, running: Running) -> Iterator[str]:
    """Name the required variables without a value here."""
    known = list_values(tx)
    for key, doc in running.tree.docs.items():
        name = key.removeprefix("env_var:")
        if name != key and doc.data.get("required") is True and name not in known:
            yield f"the variable {name} has no value here (patron env values ENV {name}=…)"
