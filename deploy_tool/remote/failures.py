"""What went wrong far away, as the errors that a command meets at home.

Separate from the client, because every refusal has to end with the same sentence and the same exit
code as on the machine itself. The server says the code in the header `Patron-Exit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_tool.exits import Exit, Refused
from engine.errors import MetadataInvalid, PatronError, Problem, Severity

EXIT_HEADER = "patron-exit"
_UNAUTHORIZED, _SERVER = 401, 500
_TEXTS = ("code", "message", "component", "file", "hint")


@dataclass(eq=False)
class Unreachable(PatronError):
    """The other machine cannot be reached, or what answers is no Patron."""

    code: str = "U121"
    status: int = 502


def refusal_of(status: int, headers: Mapping[str, str], body: object, url: str) -> PatronError:
    """Give the error that an answer tells of."""
    if not isinstance(body, dict) or "code" not in body or "message" not in body:
        message = f"{url} answered {status}, and not as Patron does."
        return Unreachable(message, hint="is this the address of a Patron, and is it running?")
    code, message = str(body["code"]), str(body["message"])
    hint = str(body.get("hint", "")) or (_LOGIN if status == _UNAUTHORIZED else "")
    problems = body.get("problems")
    if isinstance(problems, list):
        found = tuple(_problem(one) for one in problems if isinstance(one, dict))
        return MetadataInvalid(message, code=code, status=status, hint=hint, problems=found)
    return Refused(
        message,
        code=code,
        status=status,
        hint=hint,
        exit_code=_exit(headers.get(EXIT_HEADER, ""), code, status),
        errors=body.get("errors") or [],
    )


_LOGIN = "patron login URL keeps a new token; PATRON_TOKEN overrides it"


def _exit(given: str, code: str, status: int) -> int:
    """Read the exit code; where a proxy took the header away, the code of the error tells."""
    if given.isascii() and given.isdigit() and int(given) in set(Exit):
        return int(given)
    if status >= _SERVER:
        return Exit.INTERNAL
    by_letter = {"A": Exit.NOT_ALLOWED, "C": Exit.CONFLICT, "U": Exit.USAGE}
    return by_letter.get(code[:1], Exit.INVALID)


def _problem(one: Mapping[str, object]) -> Problem:
    texts = {name: str(one.get(name, "")) for name in _TEXTS}
    is_warning = one.get("severity") == Severity.WARNING
    return Problem(
        **texts,
        line=_number(one.get("line")),
        col=_number(one.get("col")),
        severity=Severity.WARNING if is_warning else Severity.ERROR,
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
