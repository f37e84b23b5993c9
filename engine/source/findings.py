"""Problems while reading files: noted with their place, worded for an admin."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.errors import Problem
from engine.source.nodes import Node


@dataclass(slots=True)
class Findings:
    """The problems of one file, growing while it is read."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, code: str, message: str, line: int = 1, col: int = 1, hint: str = "") -> None:
        """Note a problem at a place of the file."""
        self.problems.append(
            Problem(code=code, message=message, file=self.file, line=line, col=col, hint=hint)
        )


def problem_at(
    file: str,
    node: Node,
    code: str,
    message: str,
    hint: str = "",
    *,
    component: str = "",
    pointer: str = "",
) -> Problem:
    """Make a problem that points at a node of a file."""
    return Problem(
        code=code,
        message=message,
        component=component,
        pointer=pointer.removesuffix("#"),
        file=file,
        line=node.line,
        col=node.col,
        hint=hint,
    )
