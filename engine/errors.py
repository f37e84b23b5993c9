"""The exception tree, the finding (`Problem`) and the registry of codes.

Separate from everything, because every room speaks of errors in the same words and none may import
another room for it. The tree:

    PatronError                      code, message; never shows SQL or paths
    ├─ MetadataInvalid(problems)     M1xx syntax · M2xx reference · M3xx expression
    ├─ MetadataStale(pinned, active) V1xx  redone once with a fresh snapshot; never reaches a user
    ├─ AccessDenied                  A1xx  seen, but not allowed
    ├─ SignInRequired                A2xx  no token, or one that is not good (HTTP 401)
    ├─ Throttled(retry_after)        A22x  too many attempts (HTTP 429)
    ├─ NotFound                      N1xx  absent or hidden: the same answer
    ├─ RecordInvalid(errors)         R1xx  unreadable or refused values, by field
    │  └─ AutomationFailed           W1xx  a workflow could not do its work, so nothing was saved
    ├─ RequestInvalid                Q1xx  a request that cannot be read (HTTP 400 or 422)
    ├─ Conflict(current)             C1xx  stale version, unique value, record still in use
    ├─ RecordLocked                  W160  an approval keeps the record as it is (HTTP 423)
    └─ DeploymentFailed(step)        D1xx

Mistakes in metadata are values (`Problem`), collected and raised once, at the edge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters: an error stops publishing, a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding in metadata, in the words of an admin.

    `line` and `col` are 1-based; 0 means unknown (stored metadata has no file).
    `pointer` is a JSON pointer inside the component.
    """

    code: str
    message: str
    component: str = ""
    pointer: str = ""
    file: str = ""
    line: int = 0
    col: int = 0
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.col}" if self.file else self.component
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place} {self.code} {self.message}{hint}"

    def as_json(self) -> dict[str, object]:
        """Give the shape of `patron check --json`."""
        return {
            "file": self.file,
            "line": self.line,
            "col": self.col,
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "severity": str(self.severity),
            "component": self.component,
        }


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Order findings as people read them: by file, line and column; duplicates once."""
    unique = dict.fromkeys(problems)
    return tuple(sorted(unique, key=lambda p: (p.file, p.line, p.col, p.component, p.code)))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One refused value: the field (or "" for the whole record), why, and what to do."""

    field: str
    code: str
    message: str
    hint: str = ""

    def as_json(self) -> dict[str, str]:
        """Give the shape of one entry of `errors` in the HTTP answer."""
        shown = {"field": self.field, "code": self.code, "message": self.message}
        return {**shown, "hint": self.hint} if self.hint else shown


@dataclass(eq=False)
class PatronError(Exception):
    """Root of everything that Patron raises on purpose."""

    message: str
    code: str = "P100"
    status: int = 500
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.code} {self.message}"

    def as_json(self) -> dict[str, object]:
        """Give the one HTTP error shape."""
        return {
            "code": self.code,
            "message": self.message,
            "hint": self.hint,
            "errors": [],
            "status": self.status,
        }


@dataclass(eq=False)
class MetadataInvalid(PatronError):
    """Metadata that cannot be published; carries every problem at once."""

    problems: tuple[Problem, ...] = ()
    code: str = "M100"
    status: int = 422

    def as_json(self) -> dict[str, object]:
        """Give the HTTP error shape, with the problems."""
        return {**PatronError.as_json(self), "problems": [p.as_json() for p in self.problems]}


@dataclass(eq=False)
class MetadataStale(PatronError):
    """The head moved between pinning a model and entering the transaction."""

    code: str = "V100"


@dataclass(eq=False)
class AccessDenied(PatronError):
    """The actor sees the target and may not do this to it."""

    code: str = "A100"
    status: int = 403


@dataclass(eq=False)
class SignInRequired(PatronError):
    """No credential, or one that is unknown, expired or revoked."""

    message: str = "Sign in first: the token is missing, unknown or expired."
    code: str = "A200"
    status: int = 401


@dataclass(eq=False)
class Throttled(PatronError):
    """Too many attempts; `retry_after` says how many seconds to wait."""

    message: str = "There were too many attempts."
    code: str = "A220"
    status: int = 429
    retry_after: int = 1

    def __post_init__(self) -> None:
        """Say how long, in the unit that people would use."""
        minutes = -(-self.retry_after // 60)
        wait = f"{minutes} minutes" if minutes > 1 else f"{self.retry_after} seconds"
        self.hint = self.hint or f"wait {wait} and try again"


@dataclass(eq=False)
class NotFound(PatronError):
    """Absent or hidden; the two cannot be told apart."""

    message: str = "There is no such record, or you may not see it."
    code: str = "N100"
    status: int = 404


@dataclass(eq=False)
class RecordInvalid(PatronError):
    """Values that cannot be stored; every refused field at once."""

    message: str = "Some values cannot be saved."
    errors: tuple[FieldError, ...] = ()
    code: str = "R100"
    status: int = 422

    def as_json(self) -> dict[str, object]:
        """Give the HTTP error shape, with the errors by field."""
        return {**PatronError.as_json(self), "errors": [e.as_json() for e in self.errors]}


@dataclass(eq=False)
class AutomationFailed(RecordInvalid):
    """A step of a workflow or an approval could not be carried out; `component` says whose."""

    message: str = "A workflow could not do its work, so nothing was saved."
    component: str = ""
    code: str = "W100"


@dataclass(eq=False)
class RequestInvalid(PatronError):
    """A request that cannot be understood: unreadable (400) or naming unknown things (422)."""

    code: str = "Q100"
    status: int = 422
    errors: tuple[FieldError, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Give the HTTP error shape, with the errors by field."""
        return {**PatronError.as_json(self), "errors": [e.as_json() for e in self.errors]}


@dataclass(eq=False)
class Conflict(PatronError):
    """Somebody else was faster, a value is taken, or a record is still in use."""

    code: str = "C100"
    status: int = 409
    current: Mapping[str, object] | None = None
    errors: tuple[FieldError, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """Give the HTTP error shape; a stale version answers with the record as it is now."""
        shown = {**PatronError.as_json(self), "errors": [e.as_json() for e in self.errors]}
        return shown if self.current is None else {**shown, "current": self.current}


@dataclass(eq=False)
class RecordLocked(PatronError):
    """The record waits for an approval; `errors` says what else is wrong with the change."""

    message: str = "This record waits for an approval and cannot be changed."
    code: str = "W160"
    status: int = 423
    errors: tuple[FieldError, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Give the HTTP error shape, with the errors by field."""
        return {**PatronError.as_json(self), "errors": [e.as_json() for e in self.errors]}


@dataclass(eq=False)
class DeploymentFailed(PatronError):
    """A deployment stopped at a step; says which and what to do."""

    step: str = ""
    code: str = "D100"
    exit_code: int = 9
