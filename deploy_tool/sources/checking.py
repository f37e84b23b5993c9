"""Checks a directory of metadata: read, compile, and every problem under the name people typed.

Separate from the commands, because `check`, `init`, `plan` and `apply` all refuse the same way.
Works offline; imports no database.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from engine.compile import compile_model
from engine.compiled import Model
from engine.errors import MetadataInvalid, Problem, Severity, sort_problems
from engine.source import SourceTree, load_tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A directory as far as it could be understood; `model` is None when a problem is an error."""

    folder: Path
    tree: SourceTree
    model: Model | None
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stand in the way of publishing."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)

    def ensure(self) -> SourceTree:
        """Give the tree when nothing is wrong with it. Raises: MetadataInvalid M100."""
        if self.errors:
            raise refusal(self.problems, f"{self.folder} was not published")
        return self.tree


def check_folder(folder: Path, shown: Path | None = None) -> Checked:
    """Read and compile a directory; all problems at once, by file and line.

    `shown` is what people call it, where that is not its path.
    """
    tree, found = load_tree(folder)
    model, more = compile_model(tree)
    name = folder if shown is None else shown
    problems = sort_problems(under(name, problem) for problem in (*found, *more))
    is_sound = not any(problem.severity is Severity.ERROR for problem in problems)
    return Checked(folder=name, tree=tree, model=model if is_sound else None, problems=problems)


def refusal(problems: tuple[Problem, ...], what: str) -> MetadataInvalid:
    """Sum problems up as the one error that carries them all."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    count = "1 problem" if errors == 1 else f"{errors} problems"
    return MetadataInvalid(message=f"{count}: {what}.", problems=problems)


def under(folder: Path, problem: Problem) -> Problem:
    """Name the file as an editor finds it from where the command was typed."""
    if not problem.file:
        return problem
    return replace(problem, file=str(PurePosixPath(folder, problem.file)))
