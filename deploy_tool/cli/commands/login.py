"""`patron login`: keeps a token for another machine's Patron, readable by this user alone."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace
from collections.abc import Mapping

from deploy_tool.cli.terminal import Terminal
from deploy_tool.exits import Exit, Refused, UsageWrong
from deploy_tool.remote.client import Address, Client, read_address
from deploy_tool.remote.tokens import keep_token
from engine.settings import Settings

PREFIX = "patron_"  # how every token begins
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def run(arguments: Namespace, terminal: Terminal, settings: Settings) -> Exit:
    """Take a token, or an e-mail with a password; try it, then keep it.

    Input that is piped in is a token in one line, or e-mail, password and code in a line each.
    """
    address = read_address(arguments.url)
    if address.scheme == "http" and address.host not in LOCAL:
        terminal.warn(f"{address.text} is not encrypted: whoever is in between can read the token.")
    given = _ask(terminal) if terminal.is_interactive else _piped()
    token = given[0] if given[0].startswith(PREFIX) else _sign_in(terminal, address, given)
    Client(address, token).get("/environments")
    path = keep_token(settings, address.text, token)
    terminal.say(f"Signed in to {address.text}; the token is kept in {path}.")
    terminal.say(f"Next: export PATRON_URL={address.text}")
    terminal.answer({"url": address.text, "environment": address.environment})
    return Exit.DONE


def _piped() -> list[str]:
    """Read what was piped in. Raises: UsageWrong U123 for nothing."""
    lines = [line.strip() for line in sys.stdin.read(10_000).splitlines() if line.strip()]
    if lines:
        return lines
    message = "There is nobody to ask, and nothing came by standard input."
    raise UsageWrong(message=message, code="U123", hint="pipe a token, or e-mail and password")


def _ask(terminal: Terminal) -> list[str]:
    print("E-mail, or a token: ", end="", file=terminal.err, flush=True)
    first = sys.stdin.readline().strip()
    if not first or first.startswith(PREFIX):
        return [first]
    return [first, getpass.getpass("Password: ", stream=terminal.err)]


def _sign_in(terminal: Terminal, address: Address, given: list[str]) -> str:
    """Exchange e-mail and password for a token; ask for a code where one is needed."""
    body = dict(zip(("email", "password", "code"), given, strict=False))
    client = Client(address, "")
    try:
        made: Mapping[str, object] = client.sign_in(body)
    except Refused as refused:
        if "code" in body or "code" not in refused.hint or not terminal.is_interactive:
            raise
        body["code"] = getpass.getpass("Code of your app: ", stream=terminal.err)
        made = client.sign_in(body)
    return str(made["token"])
