"""`patron apply`: carries out a plan, read from a file or made on the spot."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.applying import Order, apply_plan, ensure_consented, ensure_decided
from deploy_tool.cli.commands.plan import read_wishes, source_and_target
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.installation import Installation
from deploy_tool.plan_files import read_plan
from deploy_tool.planning import Planned
from deploy_tool.proposing import propose, propose_again, renew_base
from deploy_tool.rendering import render_plan
from engine.errors import DeploymentFailed
from sandbox.baselines import settle_baselines

WORDS = frozenset({"retire", "narrowing"})


def run(arguments: Namespace, terminal: Terminal, installation: Installation) -> Exit:
    """Show the plan, ask when there is somebody to ask, and carry it out."""
    accepted = read_accepted(arguments.accept)
    planned = read_planned(arguments, installation)
    done = carry_out(terminal, installation, planned, accepted, yes=arguments.yes)
    _settle(arguments, installation, planned)
    return done


def carry_out(
    terminal: Terminal,
    installation: Installation,
    planned: Planned,
    accepted: frozenset[str],
    *,
    yes: bool,
    source: str = "deploy",
) -> Exit:
    """Show a plan, ask when there is somebody to ask, and carry it out.

    Raises: DeploymentFailed as `apply_plan`.
    """
    plan = planned.plan
    terminal.say(render_plan(plan))
    if not plan.changes and not plan.conflicts:
        terminal.answer({"plan": plan.digest, "version": plan.version, "changes": 0})
        return Exit.DONE
    ensure_decided(plan)
    ensure_consented(planned, accepted)
    if not yes and terminal.is_interactive:
        ensure_wanted(terminal, plan.target)
    order = Order(actor=installation.actor, accepted=accepted, source=source)
    database = installation.environment(plan.environment).database
    version = apply_plan(database, planned, order, installation.clock)
    terminal.say(f"Done: {plan.environment}@{version.number}.")
    terminal.answer({"plan": plan.digest, "version": version.number, "changes": len(plan.changes)})
    return Exit.DONE


def _settle(arguments: Namespace, installation: Installation, planned: Planned) -> None:
    """Note what is the same now: the directory and the version, a sandbox and its parent."""
    settle_baselines(installation.environments, planned.plan.environment)
    if arguments.source:
        number = planned.plan.version + (1 if planned.plan.changes else 0)
        renew_base(installation, arguments.source, planned, number)


def read_planned(arguments: Namespace, installation: Installation) -> Planned:
    """Read the plan that is named, or make the one that is meant. Raises: UsageWrong U100."""
    if arguments.plan is None:
        return propose(installation, *source_and_target(arguments), read_wishes(arguments))
    if arguments.source or arguments.to or arguments.treat or arguments.resolve:
        raise UsageWrong(message="Name a plan, or --from A --to ENV, not both.")
    return propose_again(installation, read_plan(Path(arguments.plan)))


def read_accepted(given: list[str]) -> frozenset[str]:
    """Read the words of --accept, with commas or repeated. Raises: UsageWrong U100."""
    words = {word.strip() for text in given for word in text.split(",")}
    unknown = sorted(words - WORDS)
    if unknown:
        raise UsageWrong(
            message=f'--accept "{unknown[0]}" is no consent.', hint="retire, narrowing, or both"
        )
    return frozenset(words)


def ensure_wanted(terminal: Terminal, target: str) -> None:
    """Ask whether to go on. Raises: DeploymentFailed D101, exit 5, when the answer is no."""
    if not terminal.asks(f"Apply this to {target}?"):
        raise DeploymentFailed(
            message="Nothing was changed.", code="D101", exit_code=Exit.CONSENT_MISSING, status=409
        )
