"""Render docs/reference/command-line.md from the parser of the command line."""

from __future__ import annotations

from deploy_tool.cli.table import COMMANDS, Argument, Command
from deploy_tool.exits import MEANINGS

HEAD = """# Command line

`make install` puts the command at `.venv/bin/patron`. `patron --help` and `patron COMMAND --help`
tell the same in short. This page is made from the parser by `make docs`.

Every command takes `--json` (exactly one object on standard output, also when it fails; messages
for people go to standard error) and `--as EMAIL` (who acts, for versions and the audit).

| command | does |
|---|---|
"""
PLACES = """
## What A and B may be
The name of an environment (`production`), a version of it (`production@12`), or a directory: a path
with a slash in it, or one that holds `project.yaml`. An environment's name wins.

## Settings
Environment variables, all optional.

| variable | default | meaning |
|---|---|---|
| `PATRON_HOME` | `var/` | where Patron keeps its state |
| `PATRON_DATABASE_URL` | SQLite under `PATRON_HOME` | `postgresql://user:password@host/database` |
| `PATRON_BROKER_URL` | a directory under `PATRON_HOME` | Redis or RabbitMQ |
| `PATRON_SECRET_KEY` | made and kept on first start | seals audit and second factors: keep it |
| `PATRON_PUBLIC_URL` | – | address people use; links in mails begin with it |
| `PATRON_PROXIES` | 0 | how many of your own proxies stand before the web processes |
| `PATRON_SMTP_URL` | –: mails wait | the mail server, `smtp(s)://user:password@host:port` |
| `PATRON_WEBHOOK_ALLOW` | – | private networks that endpoints may lead to: `10.1.2.0/24` |
| `PATRON_MAIL_FROM` | `patron@` the mail server | the sender of mails |
| `PATRON_OIDC_…` | – | [single sign-on](../how-to/single-sign-on.md) |

## Exit codes

| code | means |
|---|---|
"""
FOOT = """
A problem is one line on standard error, in the form that editors jump to:

```
metadata/objects/account.yaml:41:19 M102 There is no field type "txt" (did you mean "text"?)
```

`check --json` answers `{"problems": [{"file", "line", "col", "code", "message", "hint"}]}`.
"""


def render() -> str:
    """Give the whole page: commands, places, settings, exit codes."""
    commands = [f"| `{_usage(c)}` | {c.help} |" for c in COMMANDS]
    codes = [f"| {int(code)} | {meaning} |" for code, meaning in MEANINGS.items()]
    tables = (HEAD, _lines(commands), PLACES, _lines(codes), FOOT)
    return "".join(tables)


def _lines(rows: list[str]) -> str:
    return "\n".join(rows) + "\n"


def _usage(command: Command) -> str:
    words = ["patron", command.name, *map(_argument, command.arguments)]
    return " ".join(words).replace("|", "\\|")


def _argument(argument: Argument) -> str:
    """Write one argument as the usage line of a manual does."""
    name, more = argument.names[0], argument.more
    choices = more.get("choices")
    value = "|".join(map(str, choices)) if isinstance(choices, tuple) else more.get("metavar", "")
    if not name.startswith("-"):
        return {"?": f"[{value}]", "*": f"[{value} …]"}.get(str(more.get("nargs")), str(value))
    again = " …" if more.get("action") == "append" else ""
    return f"[{name}{f' {value}' if value else ''}{again}]"
