"""What a function is: one entry with its types, its Python, its SQL, a sentence and examples.

Separate from the families of functions, which are lists of such entries. The reference page and the
completion data are printed from the entries, and every example is a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from engine.expr.context import EvalContext
from engine.expr.types import ExprType, Kind, Typed
from engine.model.fields.base import Value

Values = Mapping[str, Value]
Evaluator = Callable[[Values, EvalContext], Value]
# A template with `{0}`, `{1}` … for arguments, `{*}` for all of them with commas between, and
# `{zone}`, `{today}`, `{now}` for facts of the surroundings. `{0:int}` asks for a whole number.
Template = str | Mapping[Kind, str]  # by the kind of the first argument
# On SQLite: call the entry's own Python as a user function.
OWN_PYTHON = "*"


class Blanks(StrEnum):
    """Who deals with blank arguments."""

    PASS_ON = "pass_on"  # noqa: S105  # any blank argument makes a blank result; Python never sees None
    OWN = "own"  # the function gets None and decides


class Style(StrEnum):
    """How the Python of an entry is called."""

    PLAIN = "plain"  # python(*values)
    CONTEXT = "context"  # python(context, *values)
    LAZY = "lazy"  # python(evaluators) gives an evaluator: it decides what is evaluated at all
    RECORD = "record"  # python(path) gives an evaluator: the argument is a field, not its value


class Exact(StrEnum):
    """Whether a number result holds every digit."""

    ALWAYS = "always"
    AS_ARGUMENTS = "as_arguments"
    NEVER = "never"


class Places(StrEnum):
    """How many places after the point an exact number result has."""

    UNKNOWN = "unknown"
    WHOLE = "whole"
    MOST = "most"  # as the argument with the most
    SUM = "sum"  # of all arguments, as products have
    GIVEN = "given"  # as the constant second argument says


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its name for the reference page, and the kinds it takes.

    `role` asks the checker for more: "constant", "field", "permission", "role", "value" (one of
    the values of the picklist in the first argument), "pattern".
    """

    name: str
    kinds: frozenset[Kind]
    is_optional: bool = False
    role: str = ""
    takes_blank: bool = True  # whether the bare word NULL may stand here


@dataclass(frozen=True, slots=True)
class Sql:
    """The SQL of a function per database: a template, or None where there is none.

    On SQLite a number argument arrives as decimal text or integer (see `engine.store.sql.numbers`)
    and a number result is the same; "{0:int}" arguments are SQLite integers. `WRITTEN` stands
    for functions that `engine.store.sql` writes out by itself.
    """

    sqlite: Template | None
    postgresql: Template | None
    is_written: bool = False


WRITTEN = Sql(None, None, is_written=True)

Result = ExprType | Callable[[Sequence[Typed]], ExprType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function or operator of the language.

    `repeats`: how many of the last parameters may be given again (MAX 1, CASE pairs 2 before the
    default). `sign` is set for operators. `uses` names what of the surroundings is read.
    """

    name: str
    parameters: tuple[Parameter, ...]
    result: Result
    # Any: each entry takes the Python types of its parameters; `style` says how it is called.
    python: Callable[..., Any]
    doc: str
    examples: tuple[tuple[str, str], ...]  # expression over constants -> value as text
    sql: Sql | None = None
    group: str = ""
    sign: str = ""
    repeats: int = 0
    blanks: Blanks = Blanks.PASS_ON
    style: Style = Style.PLAIN
    exact: Exact = Exact.ALWAYS
    places: Places = Places.UNKNOWN
    uses: frozenset[str] = field(default_factory=frozenset)
    can_fail: bool = False
    # Given the number of arguments: places of those that must be of one type with each other.
    alike: Callable[[int], tuple[tuple[int, ...], ...]] | None = None
    guards: bool = False  # numbers that are not exact are looked at to 30 places
    inexact: Function | None = None  # the entry for arguments that are not exact

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return sum(not parameter.is_optional for parameter in self.parameters)

    def parameter(self, place: int) -> Parameter | None:
        """Give the parameter at a 0-based place; the last ones repeat."""
        if place < len(self.parameters):
            return self.parameters[place]
        if not self.repeats:
            return None
        first = len(self.parameters) - self.repeats
        return self.parameters[first + (place - first) % self.repeats]

    def shown(self) -> str:
        """Give the call as the reference page writes it: `ROUND(number, places)`."""
        names = [f"[{p.name}]" if p.is_optional else p.name for p in self.parameters]
        return f"{self.name}({', '.join([*names, *(['…'] if self.repeats else [])])})"


def kinds(*given: Kind) -> frozenset[Kind]:
    """Make a set of kinds; no kind at all means any."""
    return frozenset(given or set(Kind) - {Kind.NULL})


def takes(name: str, *given: Kind, optional: bool = False, role: str = "") -> Parameter:
    """Make a parameter in one line."""
    return Parameter(name, kinds(*given), is_optional=optional, role=role)


def alike_all(count: int) -> tuple[tuple[int, ...], ...]:
    """All arguments are of one type."""
    return (tuple(range(count)),)
