"""Where a command writes: one JSON object for machines on stdout, sentences for people.

Separate and passed as a value, so that no command knows which of the two it talks to.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TextIO

import orjson

from engine.errors import MetadataInvalid, PatronError


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The streams of one run; with `json`, stdout holds the one object and people read stderr."""

    json: bool = False
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)

    @property
    def is_interactive(self) -> bool:
        """Tell whether a person can be asked."""
        return sys.stdin.isatty() and self.err.isatty()

    def say(self, text: str) -> None:
        """Write a line for people: the result on stdout, beside a JSON object on stderr."""
        print(text, file=self.err if self.json else self.out, flush=True)

    def warn(self, text: str) -> None:
        """Write a line for people on stderr."""
        print(text, file=self.err, flush=True)

    def answer(self, value: Mapping[str, object]) -> None:
        """Write the one object of `--json`; nothing without it."""
        if self.json:
            print(to_json(value), file=self.out, flush=True)

    def complain(self, error: PatronError) -> None:
        """Write an error in both forms: its sentence, its problems and what helps."""
        if isinstance(error, MetadataInvalid):
            for problem in error.problems:
                self.warn(str(problem))
        self.warn(f"{error.code} {error.message}" + (f"\n  {error.hint}" if error.hint else ""))
        self.answer(error.as_json())

    def asks(self, question: str) -> bool:
        """Ask a person for a yes; anything else is a no."""
        print(f"{question} [y/N] ", end="", file=self.err, flush=True)
        return sys.stdin.readline().strip().lower() in {"y", "yes"}


def to_json(value: object) -> str:
    """Write a value as indented JSON, Decimals with exactly their digits."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_INDENT_2).decode()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f").encode())
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
