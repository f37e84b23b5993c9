"""Problems, conflicts and refusals in the places and words of the page that shows them."""

from __future__ import annotations

from dataclasses import dataclass

from admin.drafts import Draft
from admin.saving import Outcome
from admin.words import Say, address, title_of
from engine.errors import Problem
from engine.source.sheets import render_fragment
from web.visit import visit

_LONGEST = 160  # characters of a line that is shown with its problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A problem as a page lists it: where, what, what to do; `address` of its component."""

    place: str
    text: str
    hint: str
    code: str
    address: str = ""
    line: str = ""  # of the text, with a caret below the place in `caret`
    caret: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictRow:
    """A property that two people changed: as it was, as it is now, as it was sent."""

    what: str
    base: str
    theirs: str
    mine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a change needs more than a click: what, and what it means."""

    what: str
    why: str
    word: str


def problems_by_pointer(draft: Draft, outcome: Outcome | None) -> dict[str, list[str]]:
    """Give sentences by the pointer at which they stand in the form."""
    found = {pointer: list(sentences) for pointer, sentences in draft.problems.items()}
    for problem in outcome.proposal.problems if outcome else ():
        if problem.component == draft.key and problem.pointer:
            found.setdefault(_field_of(problem.pointer), []).append(_sentence(problem))
    return found


def top_problems(draft: Draft, outcome: Outcome | None) -> list[Told]:
    """List every problem, as the head of the page does; those of the YAML with line and column."""
    told = [
        Told(place="", text=sentence, hint="", code="")
        for pointer, sentences in draft.problems.items()
        for sentence in sentences
        if pointer.startswith("~")
    ]
    for problem in outcome.proposal.problems if outcome else ():
        is_here = not problem.component or problem.component == draft.key or not problem.file
        place = f"{problem.line}:{problem.col}" if problem.line and not problem.file else ""
        is_other = bool(problem.component) and problem.component != draft.key
        told.append(
            Told(
                place=place if is_here else "",
                text=f"{problem.component}: {problem.message}" if is_other else problem.message,
                hint=problem.hint,
                code=problem.code,
                **_shown_line(draft.text, problem, is_here=bool(place)),
                address=address(visit().root, problem.component) if is_other else "",
            )
        )
    return told


def _shown_line(text: str, problem: Problem, *, is_here: bool) -> dict[str, str]:
    """Give the line that a problem lies in, and a caret under its character."""
    lines = text.splitlines()
    if not is_here or problem.line > len(lines) or len(lines[problem.line - 1]) > _LONGEST:
        return {}
    return {"line": lines[problem.line - 1], "caret": f"{' ' * (problem.col - 1)}^"}


def conflict_rows(outcome: Outcome | None) -> list[ConflictRow]:
    """Give what both sides changed."""
    return [
        ConflictRow(
            what=f"{found.component} {found.property}".strip(),
            base=value_text(found.base),
            theirs=value_text(found.target),
            mine=value_text(found.incoming),
        )
        for found in (outcome.proposal.conflicts if outcome else ())
    ]


def reasons_of(outcome: Outcome | None, say: Say) -> list[Reason]:
    """Give the changes that are not additive, each with what it means."""
    if outcome is None or outcome.planned is None:
        return []
    return [
        Reason(what=title_of(each.component, say), why=each.explain(), word=each.cls.word)
        for each in outcome.planned.operations
        if each.cls.word
    ]


def _field_of(pointer: str) -> str:
    """Give the pointer of the widget that shows what a pointer leads to: itself."""
    return pointer.removesuffix("#")


def _sentence(problem: Problem) -> str:
    return f"{problem.message} ({problem.hint})" if problem.hint else problem.message


def value_text(value: object) -> str:
    """Write a value of a component as people compare it: — for nothing."""
    if value is None:
        return "—"
    return render_fragment(list(value) if isinstance(value, tuple) else value)
