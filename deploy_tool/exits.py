"""Exit codes of the command line, and which error ends with which. A contract, tested literally.

Separate from the command line, because failures of plans and deployments carry their code along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from engine.errors import (
    AccessDenied,
    Conflict,
    DeploymentFailed,
    MetadataInvalid,
    NotFound,
    PatronError,
    RecordInvalid,
    RequestInvalid,
    SignInRequired,
)


class Exit(IntEnum):
    """What a command tells the shell."""

    DONE = 0
    INTERNAL = 1
    DIFFERENCES = 2
    INVALID = 3
    CONFLICT = 4
    CONSENT_MISSING = 5
    NOT_ALLOWED = 6
    STALE = 7
    BUSY = 8
    UNDONE = 9
    FOLLOW_UP = 10
    UNKNOWN = 11
    USAGE = 64


MEANINGS: Mapping[Exit, str] = {
    Exit.DONE: "done, or nothing to do",
    Exit.INTERNAL: "internal error",
    Exit.DIFFERENCES: "there are differences (only with `--detailed-exitcode`)",
    Exit.INVALID: "invalid: the problems were printed",
    Exit.CONFLICT: "conflict: both sides changed the same thing",
    Exit.CONSENT_MISSING: "consent is missing, or more is concerned than was consented to",
    Exit.NOT_ALLOWED: "not allowed",
    Exit.STALE: "the plan is stale: the environment has moved since",
    Exit.BUSY: "another deployment, or a long write, holds the environment",
    Exit.UNDONE: "failed, and undone",
    Exit.FOLLOW_UP: "switched; a follow-up is pending",
    Exit.UNKNOWN: "the outcome is unknown: look at `patron log`",
    Exit.USAGE: "wrong usage",
}


@dataclass(eq=False)
class UsageWrong(PatronError):
    """The command line, or what it names, makes no sense: exit 64."""

    code: str = "U100"
    status: int = 400


@dataclass(eq=False)
class Refused(PatronError):
    """What another machine refused, with the code that it ends a command with."""

    exit_code: int = Exit.INTERNAL
    errors: Sequence[object] = ()

    def as_json(self) -> dict[str, object]:
        """Give the error as it came."""
        return {**PatronError.as_json(self), "errors": list(self.errors)}


EXIT_OF: tuple[tuple[type[PatronError], Exit], ...] = (
    (UsageWrong, Exit.USAGE),
    (MetadataInvalid, Exit.INVALID),
    (RecordInvalid, Exit.INVALID),
    (RequestInvalid, Exit.INVALID),
    (NotFound, Exit.INVALID),
    (AccessDenied, Exit.NOT_ALLOWED),
    (SignInRequired, Exit.NOT_ALLOWED),
    (Conflict, Exit.CONFLICT),
)


DATABASE_BUSY = "S102"  # by code: importing the store takes longer than most commands run


def exit_of(error: PatronError) -> Exit:
    """Give the exit code of an error; what nobody foresaw is internal."""
    if isinstance(error, DeploymentFailed | Refused):
        return Exit(error.exit_code)
    if error.code == DATABASE_BUSY:
        return Exit.BUSY
    return next((code for kind, code in EXIT_OF if isinstance(error, kind)), Exit.INTERNAL)
