"""The parser of the command line, built from the table of commands.

Separate from `main`, because the reference page is made from the parser too. Mistakes raise
`UsageWrong` (exit 64) with the usage of the command they were made in, never argparse's exit 2.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import NoReturn

from deploy_tool.cli.table import COMMANDS, Command
from deploy_tool.exits import UsageWrong
from engine.names import did_you_mean


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Turn a mistake into the house's error."""
        raise UsageWrong(message=f"{self.prog}: {message}.", hint=self.format_usage().strip())

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Name the nearest choice instead of listing them all."""
        known = [str(choice) for choice in action.choices or ()]
        if known and value not in known:
            what = action.metavar if isinstance(action.metavar, str) else "/".join(known)
            hint = did_you_mean(str(value), known) or f"{self.prog} --help lists what there is"
            raise UsageWrong(message=f'{self.prog}: "{value}" is no {what}.', hint=hint)


def build_parser(commands: Iterable[Command] = COMMANDS) -> Parser:
    """Build the parser; parsed arguments carry their `Command` as `command`."""
    parser = Parser(
        prog="patron",
        description="Patron: a CRM cut to measure from metadata.",
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    groups: dict[str, argparse._SubParsersAction[Parser]] = {}
    for command in commands:
        group, _, name = command.name.rpartition(" ")
        if group and group not in groups:
            parent = subparsers.add_parser(group, help=_group_help(group, commands))
            groups[group] = parent.add_subparsers(metavar="COMMAND", required=True)
        _add(groups[group] if group else subparsers, name, command)
    return parser


def _add(into: argparse._SubParsersAction[Parser], name: str, command: Command) -> None:
    parser = into.add_parser(
        name, help=command.help, description=_sentence(command), allow_abbrev=False
    )
    for argument in command.arguments:
        parser.add_argument(*argument.names, help=argument.help, **argument.more)  # type: ignore[arg-type]  # the table holds what argparse takes; a test builds every parser
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--as", dest="as_email", metavar="EMAIL", help="who acts, for versions and the audit"
    )
    parser.set_defaults(command=command)


def _sentence(command: Command) -> str:
    return f"{command.help[:1].upper()}{command.help[1:]}."


def _group_help(group: str, commands: Iterable[Command]) -> str:
    names = [c.name.removeprefix(f"{group} ") for c in commands if c.name.startswith(f"{group} ")]
    return " | ".join(names)
