"""Workflows made ready to run: which object they belong to, when they are looked at, their steps.

Separate from `steps`, which checks expressions: by now each is compiled and lies in `Work.ready`.
Here the tree of steps becomes a program, a list of instructions with jumps, so that a place in a
run is a number. Kinds of workflows that nothing runs yet are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.watching import gate_of
from engine.compile.work import Work, name_of
from engine.compiled import (
    Automation,
    CompiledObject,
    Instruction,
    Jump,
    JumpUnless,
    SetFields,
    Setting,
    Workflow,
)
from engine.errors import Severity
from engine.expr import Expression
from engine.expr.constants import parse_constant
from engine.names import FieldName, ObjectName
from engine.source import SourceDoc

BEFORE_SAVE = "before_save"
ACTIONS = (
    "set",
    "if",
    "create",
    "update",
    "email",
    "webhook",
    "wait",
    "for_each",
    "approve",
    "assign",
    "notify",
    "note",
    "call",
)
_RUN_BEFORE_SAVE = frozenset({"set", "if"})


def compile_automation(work: Work) -> None:
    """Fill `automation` with the workflows of each object, in order of their API names.

    Nothing is laid out while there are problems: such a configuration is not published.
    """
    found: dict[ObjectName, list[SourceDoc]] = {}
    for _, doc in sorted(work.named("workflow").items()):
        if doc.data.get("when") == BEFORE_SAVE and _is_active(doc.data):
            _check_before_save(work, doc, "/steps", doc.data.get("steps"))
            found.setdefault(ObjectName(str(doc.data.get("object", ""))), []).append(doc)
    if work.tree.broken or any(p.severity is Severity.ERROR for p in work.problems):
        return
    for name, docs in found.items():
        compiled = work.compiled[name]
        workflows = [_Workflow(work, doc, compiled).ready() for doc in docs]
        work.automation[name] = Automation(
            before_save=tuple(workflows), paths=_paths(compiled, workflows)
        )


def _check_before_save(work: Work, doc: SourceDoc, pointer: str, steps: object) -> None:
    """Report steps that do more than setting values: nothing is written yet that they could see."""
    for at, step in _steps(pointer, steps):
        action = _action(step)
        if action not in _RUN_BEFORE_SAVE:
            message = f"Before a save a workflow sets values of its record; `{action}` comes after."
            hint = "take `when: saved` (or created, updated) for this step"
            work.report(doc, "M315", message, pointer=f"{at}/{action}#", hint=hint)
        for branch in ("then", "else"):
            _check_before_save(work, doc, f"{at}/{branch}", step.get(branch))


def _paths(compiled: CompiledObject, workflows: list[Workflow]) -> frozenset[str]:
    read = frozenset(path for workflow in workflows for path in workflow.reads if "." in path)
    return compiled.paths | read


def _steps(pointer: str, steps: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give the steps of a list that are switched on, each with its place."""
    for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
        if isinstance(step, Mapping) and _is_active(step):
            yield f"{pointer}/{place}", step


def _action(step: Mapping[str, object]) -> str:
    return next((key for key in ACTIONS if key in step), "")


def _is_active(data: Mapping[str, object]) -> bool:
    return data.get("active") is not False


class _Workflow:
    """One workflow while its program grows. A workflow with problems never comes here."""

    def __init__(self, work: Work, doc: SourceDoc, compiled: CompiledObject) -> None:
        self._work, self._doc, self._compiled = work, doc, compiled
        self._program: list[Instruction] = []
        self._read: set[str] = set()

    def ready(self) -> Workflow:
        """Lay out the whole workflow."""
        name = name_of(self._doc.key)
        condition = self._expression("/if")
        self._lay_out("/steps", self._doc.data.get("steps"))
        return Workflow(
            name=name,
            label=str(self._doc.data.get("label") or name),
            gate=gate_of(self._compiled, condition),
            condition=condition,
            program=tuple(self._program),
            reads=frozenset(self._read),
            formulas=_formulas(self._compiled, self._read),
        )

    def _lay_out(self, pointer: str, steps: object) -> None:
        for at, step in _steps(pointer, steps):
            if "set" in step:
                settings = tuple(self._settings(f"{at}/set", step["set"]))
                self._program.append(SetFields(step=str(step["name"]), settings=settings))
            elif "if" in step:
                self._branch(at, step)

    def _branch(self, at: str, step: Mapping[str, object]) -> None:
        """Lay out a branch: a jump over `then`, and at its end one over `else`."""
        condition = self._expression(f"{at}/if")
        assert condition is not None  # it was compiled, or the workflow is broken
        place = len(self._program)
        self._program.append(Jump(to=place))  # its aim is known below
        self._lay_out(f"{at}/then", step.get("then"))
        end = len(self._program)
        if step.get("else"):
            self._program.append(Jump(to=end))
            self._lay_out(f"{at}/else", step["else"])
            self._program[end] = Jump(to=len(self._program))
            end += 1
        self._program[place] = JumpUnless(step=str(step["name"]), condition=condition, to=end)

    def _settings(self, pointer: str, values: object) -> Iterator[Setting]:
        for name, value in values.items() if isinstance(values, Mapping) else ():
            field = self._compiled.fields[FieldName(name)]
            expression = self._expression(f"{pointer}/{name}")
            constant = None if expression is not None else parse_constant(field.decl, value)
            yield Setting(field=field.name, expression=expression, constant=constant)

    def _expression(self, pointer: str) -> Expression | None:
        found = self._work.ready.get((self._doc.key, pointer))
        if found is not None:
            self._read.update(found.reads)
        return found


def _formulas(compiled: CompiledObject, read: set[str]) -> tuple[FieldName, ...]:
    """Give the formulas among what is read, and those that they read, in order of dependency."""
    needed = {name for name in compiled.formulas if name in read}
    for name in reversed(compiled.formulas):
        formula = compiled.fields[name].formula
        if name in needed and formula is not None:
            needed.update(other for other in compiled.formulas if other in formula.reads)
    return tuple(name for name in compiled.formulas if name in needed)
