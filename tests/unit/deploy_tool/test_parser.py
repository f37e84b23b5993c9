"""What the command line understands, and how it refuses the rest."""

from __future__ import annotations

import importlib.util

import pytest

from deploy_tool.cli import main
from deploy_tool.cli.parser import build_parser
from deploy_tool.cli.table import COMMANDS
from deploy_tool.exits import UsageWrong

# Every command of the contract, as metadata-format.md writes them.
CONTRACT = """
demo init serve worker check fmt status diff log blame drift pull plan validate approve apply resume
abort rollback restore purge test import export backup doctor login
env-list env-show env-policy env-values user-create token-create sandbox-create sandbox-refresh
sandbox-list sandbox-delete git-install audit-verify
"""
# What the contract does not name; it is extended, never changed.
BEYOND = {"user-reset-link", "user-set"}


def _words(command):
    """Write a command with a value for each argument that it needs."""
    words = command.name.split()
    for argument in command.arguments:
        if not argument.names[0].startswith("-") and argument.more.get("nargs") not in {"?", "*"}:
            words.append("x")
    return words


def test_every_command_of_the_contract_is_known():
    """No command is missing, and what goes beyond the contract was decided."""
    known = {c.name.replace(" ", "-") for c in COMMANDS}

    assert set(CONTRACT.split()) <= known <= set(CONTRACT.split()) | BEYOND


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_parses_with_json_and_as(command):
    """The options that all commands share are accepted by each of them."""
    parsed = build_parser().parse_args([*_words(command), "--json", "--as", "a@example.test"])

    assert parsed.command is command
    assert parsed.json
    assert parsed.as_email == "a@example.test"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda c: c.name)
def test_every_command_has_a_module_that_runs_it(command):
    """A command has a module of its own, or a sentence, never both."""
    module = f"deploy_tool.cli.commands.{command.module}"

    assert importlib.util.find_spec(module) is not None


def test_a_misspelt_command_is_refused_with_the_nearest_one(capsys):
    """People who mistype are told the right word."""
    code = main(["plam"])

    assert code == 64
    assert capsys.readouterr().err == 'U100 patron: "plam" is no COMMAND.\n  did you mean "plan"?\n'


def test_a_missing_argument_is_refused_with_the_usage_of_that_command():
    """The hint shows how the command is written."""
    with pytest.raises(UsageWrong) as caught:
        build_parser().parse_args(["diff", "one"])

    assert "required: B" in caught.value.message
    assert caught.value.hint.startswith("usage: patron diff")


def test_a_wrong_choice_is_refused_by_name():
    """An option with few values names what was given."""
    with pytest.raises(UsageWrong, match='"xml"'):
        build_parser().parse_args(["pull", "production", "--format", "xml"])


def test_options_are_not_abbreviated():
    """`--det` means nothing, so that later options cannot change its meaning."""
    with pytest.raises(UsageWrong, match="unrecognized arguments: --det"):
        build_parser().parse_args(["plan", "--det"])
