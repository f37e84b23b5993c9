"""`patron test`: the examples of rules and the tests of a configuration, run somewhere aside."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit
from deploy_tool.site import Site
from deploy_tool.sources.checking import refusal
from deploy_tool.sources.checkouts import check_place
from deploy_tool.sources.places import EnvironmentPlace, read_place
from deploy_tool.testing import Report, run_tests
from deploy_tool.testing.rendering import as_json, render, write_junit
from engine.compile import compile_model


def run(arguments: Namespace, terminal: Terminal, site: Site) -> Exit:
    """Say what passed, failed and waits; exit 3 when something failed."""
    report = _report(arguments.a, site)
    for line in render(report):
        terminal.say(line)
    terminal.answer(as_json(report))
    if arguments.junit:
        write_junit(report, Path(arguments.junit))
    return Exit.INVALID if report.has_failed else Exit.DONE


def _report(name: str, site: Site) -> Report:
    """Compile what was named and test it. Raises: MetadataInvalid M100, exit 3."""
    place = read_place(name, site.looking.names)
    if isinstance(place, EnvironmentPlace):
        tree = site.looking.tree(place)[1]
        model, problems = compile_model(tree)
        folder = None
    else:
        checked = check_place(place)
        tree, model, problems = checked.tree, checked.model, checked.problems
        folder = checked.folder
    if model is None:
        raise refusal(problems, f"{name} cannot be tested")
    return run_tests(tree, model, site.clock, folder)
