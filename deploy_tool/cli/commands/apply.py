"""`patron apply`: carries out a plan, read from a file or made on the spot."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.commands.plan import read_wishes, source_and_target
from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plans.rendering import render_plan
from deploy_tool.site import Prepared, Site
from engine.errors import DeploymentFailed

WORDS = frozenset({"retire", "narrowing"})


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Show the plan, ask when there is somebody to ask, and carry it out."""
    accepted = read_accepted(arguments.accept)
    prepared = read_prepared(arguments, site)
    done = carry_out(terminal, prepared, accepted, yes=arguments.yes)
    if arguments.source:
        plan = prepared.plan
        number = plan.version + (1 if plan.changes else 0)
        site.promoting.settle(arguments.source, prepared, number)
    return done


def carry_out(
    terminal: Terminal, prepared: Prepared, accepted: frozenset[str], *, yes: bool
) -> Exit:
    """Show a plan, ask when there is somebody to ask, and carry it out.

    Raises: DeploymentFailed as `apply_plan`.
    """
    plan = prepared.plan
    terminal.say(render_plan(plan))
    if not plan.changes and not plan.conflicts:
        terminal.answer({"plan": plan.digest, "version": plan.version, "changes": 0})
        return Exit.DONE
    prepared.ensure_ready(accepted)
    if not yes and terminal.is_interactive:
        ensure_wanted(terminal, plan.target)
    version = prepared.apply(accepted)
    terminal.say(f"Done: {plan.environment}@{version}.")
    terminal.answer({"plan": plan.digest, "version": version, "changes": len(plan.changes)})
    return Exit.DONE


def read_prepared(arguments: Namespace, site: Site) -> Prepared:
    """Read the plan that is named, or make the one that is meant. Raises: UsageWrong U100."""
    if arguments.plan is None:
        return site.promoting.plan(*source_and_target(arguments), read_wishes(arguments))
    if arguments.source or arguments.to or arguments.treat or arguments.resolve:
        raise UsageWrong(message="Name a plan, or --from A --to ENV, not both.")
    return site.promoting.read(Path(arguments.plan))


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
