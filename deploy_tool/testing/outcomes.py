"""What became of tests: passed, failed with what was expected and found, or waiting and for what.

Separate from running and rendering, which share nothing but these values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.names import ComponentKey
from engine.source import SourceDoc


class State(StrEnum):
    """How a test ended. One that waits needs a part of the product that comes later."""

    PASSED = "passed"
    FAILED = "failed"
    WAITS = "waits"


class Stopped(Exception):
    """Ends the playing of a test at a step: as failed, or as waiting for `found`."""

    def __init__(self, state: State, *, expected: str = "", found: str, pointer: str = "") -> None:
        super().__init__(found)
        self.state, self.expected, self.found, self.pointer = state, expected, found, pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One test or example. `line` is that of the step or example which failed, else of its start.

    `file` is "" and `line` 0 for a configuration that is read from an environment. `found` says
    what a failed test found, and what a waiting one waits for.
    """

    kind: str  # test | example | copy
    name: str
    component: ComponentKey
    state: State
    file: str = ""
    line: int = 0
    expected: str = ""
    found: str = ""
    seconds: float = 0.0

    @property
    def place(self) -> str:
        """Where to look: file and line, or the component."""
        return f"{self.file}:{self.line}" if self.file else str(self.component)

    def as_json(self) -> Mapping[str, object]:
        """Give one entry of `tests` in the object of `--json`."""
        shown: dict[str, object] = {
            "kind": self.kind,
            "name": self.name,
            "component": self.component,
            "state": str(self.state),
            "file": self.file,
            "line": self.line,
            "seconds": round(self.seconds, 4),
        }
        if self.state is State.FAILED:
            shown |= {"expected": self.expected, "found": self.found}
        if self.state is State.WAITS:
            shown["waits_for"] = self.found
        return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All outcomes of a run, in the order of the files."""

    outcomes: tuple[Outcome, ...]

    def count(self, state: State) -> int:
        """Count the tests that ended so."""
        return sum(outcome.state is state for outcome in self.outcomes)

    @property
    def has_failed(self) -> bool:
        """Tell whether a test failed; one that waits has not."""
        return any(outcome.state is State.FAILED for outcome in self.outcomes)


def outcome_of(
    doc: SourceDoc, kind: str, name: str, stopped: Stopped | None, pointer: str, seconds: float
) -> Outcome:
    """Say how a test of a component ended; None for `stopped` means that it passed.

    `pointer` is the place of the test in the component, where it was not stopped at another.
    """
    file, line, _ = doc.mark((stopped.pointer if stopped else "") or pointer)
    return Outcome(
        kind=kind,
        name=name,
        component=doc.key,
        state=State.PASSED if stopped is None else stopped.state,
        file=file,
        line=line,
        expected="" if stopped is None else stopped.expected,
        found="" if stopped is None else stopped.found,
        seconds=seconds,
    )


def outcome_from(shown: Mapping[str, object]) -> Outcome:
    """Read one entry of `tests` back, as `Outcome.as_json` wrote it."""
    state = State(str(shown["state"]))
    line, seconds = shown["line"], shown["seconds"]
    return Outcome(
        kind=str(shown["kind"]),
        name=str(shown["name"]),
        component=ComponentKey(str(shown["component"])),
        state=state,
        file=str(shown["file"]),
        line=line if isinstance(line, int) else 0,
        expected=str(shown.get("expected", "")),
        found=str(shown.get("waits_for" if state is State.WAITS else "found", "")),
        seconds=float(str(seconds)),
    )
