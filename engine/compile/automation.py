"""Workflows made ready to run: which object they belong to, when they are looked at, their steps.

Separate from `steps`, which checks expressions, and from `programs`, which lays them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from engine.compile.expressions import STEPS
from engine.compile.programs import active_steps, is_active, lay_out
from engine.compile.updating import check_updates
from engine.compile.watching import gate_of
from engine.compile.work import Work, name_of
from engine.compiled import Automation, CompiledObject, Schedule, Workflow
from engine.errors import Severity
from engine.expr import Kind
from engine.model.cron import BadCron, read_cron
from engine.names import FieldName, ObjectName
from engine.programs import Instruction, Program, WaitUntil
from engine.source import SourceDoc

BEFORE_SAVE, DELETED, AT = "before_save", "deleted", "at"
AFTER_SAVE = frozenset({"created", "updated", "saved", "webhook"})  # what a save may start
_ONCE = datetime(2024, 1, 1, tzinfo=UTC)
_RUN_BEFORE_SAVE = frozenset({"set", "if"})
_NOT_IN_THE_BIN = frozenset({"set", "assign", "approve"})


def compile_automation(work: Work) -> None:
    """Fill `workflows`, `programs` and, object by object, `automation`.

    Nothing is laid out while there are problems: such a configuration is not published.
    """
    docs = {n: d for n, d in sorted(work.named("workflow").items()) if is_active(d.data)}
    for doc in docs.values():
        _check_steps(work, doc)
        _check_schedule(work, doc)
    _check_calls(work)
    if _is_broken(work):
        return
    _lay_out_all(work)
    for name, doc in docs.items():
        work.workflows[name] = _workflow(work, doc)
    check_updates(work)
    found: dict[ObjectName, list[Workflow]] = {}
    for workflow in work.workflows.values():
        found.setdefault(workflow.object, []).append(workflow)
    awaiting = _awaiting(work.programs.values())
    for owner in sorted({*found, *awaiting, *work.deadlines}):
        made = _automation(work, owner, found.get(owner, []))
        work.automation[owner] = replace(made, awaits=owner in awaiting)


def _is_broken(work: Work) -> bool:
    return bool(work.tree.broken) or any(p.severity is Severity.ERROR for p in work.problems)


# --- what is refused ------------------------------------------------------------------------------


def _check_steps(work: Work, doc: SourceDoc) -> None:
    """Report steps that cannot run where this workflow runs."""
    when = doc.data.get("when")
    if when == BEFORE_SAVE:
        message = "Before a save a workflow sets values of its record; `{}` comes after."
        hint = "take `when: saved` (or created, updated) for this step"
        for at, action in _actions("/steps", doc.data.get("steps")):
            if action not in _RUN_BEFORE_SAVE:
                said = message.format(action)
                work.report(doc, "M315", said, pointer=f"{at}/{action}#", hint=hint)
    if when == DELETED:
        for at, action in _actions("/steps", doc.data.get("steps")):
            if action in _NOT_IN_THE_BIN:
                message = f"The record is in the bin by then: `{action}` cannot change it."
                work.report(doc, "M315", message, pointer=f"{at}/{action}#")


def _actions(pointer: str, steps: object) -> Iterable[tuple[str, str]]:
    """Give the place and the action of every step that works on the workflow's own record."""
    for at, step in active_steps(pointer, steps):
        yield at, next((key for key in step if key in ACTIONS), "")
        for branch in ("then", "else"):
            yield from _actions(f"{at}/{branch}", step.get(branch))


ACTIONS = (
    *("set", "if", "create", "update", "delete", "email", "webhook", "wait", "for_each"),
    *("approve", "assign", "notify", "note", "call"),
)


def _check_schedule(work: Work, doc: SourceDoc) -> None:
    """Report times that cannot be read, and dates that are none."""
    trigger = _Trigger.of(doc.data)
    if trigger.when == "every":
        try:
            read_cron(str(trigger.given.get("cron", ""))).after(_ONCE, UTC)
        except BadCron as bad:
            message = f"The time cannot be read: {bad}."
            work.report(doc, "M324", message, pointer=f"{trigger.pointer}/cron")
    if trigger.when == AT:
        owner = ObjectName(str(doc.data.get("object", "")))
        field = work.declared.get(owner, {}).get(FieldName(str(trigger.given.get("field", ""))))
        if field is None:
            return  # reported as a dangling reference
        is_computed = field.type == "formula"
        type_ = str(field.option("returns", "")) if is_computed else field.type
        if type_ not in ("date", "datetime"):
            message = f"`{field.name}` is no date: it is a field of the type {type_}."
            work.report(doc, "M324", message, pointer=f"{trigger.pointer}/field")
        elif is_computed and not _is_stored(work, owner, field.name):
            message = (
                f"`{field.name}` is computed when it is read, so no save tells when it changes."
            )
            hint = "let its formula read only its own record"
            work.report(doc, "M324", message, pointer=f"{trigger.pointer}/field", hint=hint)


def _is_stored(work: Work, owner: ObjectName, name: FieldName) -> bool:
    compiled = work.compiled.get(owner)
    return compiled is None or name not in compiled.fields or compiled.fields[name].is_stored


def _check_calls(work: Work) -> None:
    """Report workflows that call each other in a circle, once, where it is closed."""
    done: set[str] = set()
    for name in sorted(work.named("workflow")):
        _follow_calls(work, name, (), done)


def _follow_calls(work: Work, name: str, above: tuple[str, ...], done: set[str]) -> None:
    doc = work.named("workflow").get(name)
    if doc is None or name in done or doc.key in work.broken:
        return
    for at, called in _calls("/steps", doc.data.get("steps")):
        if called in (*above, name):
            path = " → ".join([*above, name, called])
            message = f"Workflows call each other in a circle: {path}."
            work.report(doc, "M321", message, pointer=f"{at}/call")
            done.update((*above, name))
            return
        _follow_calls(work, called, (*above, name), done)
    done.add(name)


def _calls(pointer: str, steps: object) -> Iterable[tuple[str, str]]:
    for at, step in active_steps(pointer, steps):
        if "call" in step:
            yield at, str(step["call"])
        for below in ("then", "else", "do"):
            yield from _calls(f"{at}/{below}", step.get(below))


# --- what is made ---------------------------------------------------------------------------------


def _lay_out_all(work: Work) -> None:
    """Lay out every list of steps of the configuration, whatever holds it."""
    for kind, keys in STEPS.items():
        for _, doc in sorted(work.named(kind).items()):
            compiled = work.compiled.get(ObjectName(str(doc.data.get("object", ""))))
            for key in keys:
                if compiled is not None and (kind == "workflow" or doc.data.get(key)):
                    pointer = f"/{key}"
                    program = lay_out(work, doc, pointer, doc.data.get(key), compiled)
                    work.programs[doc.key, pointer] = program


def _workflow(work: Work, doc: SourceDoc) -> Workflow:
    compiled = work.compiled[ObjectName(str(doc.data["object"]))]
    condition = work.ready.get((doc.key, "/if"))
    program = work.programs[doc.key, "/steps"]
    read = set(program.reads.get(compiled.name, ()))
    if condition is not None:
        read |= condition.reads
    trigger = _Trigger.of(doc.data)
    return Workflow(
        name=name_of(doc.key),
        label=str(doc.data.get("label") or name_of(doc.key)),
        object=compiled.name,
        when=trigger.when,
        gate=gate_of(compiled, condition),
        condition=condition,
        program=program,
        reads=frozenset(read),
        formulas=_formulas(compiled, read),
        schedule=_schedule(work, doc, trigger),
    )


class _Trigger(NamedTuple):
    """A trigger as it is written: `when: at` beside `at: {…}`, or `when: {at: {…}}`."""

    when: str
    given: Mapping[str, object]
    pointer: str

    @classmethod
    def of(cls, data: Mapping[str, object]) -> _Trigger:
        """Read it in either form."""
        when = data.get("when")
        if isinstance(when, Mapping):
            (name, given), *_ = when.items()
            return cls(name, given, f"/when/{name}")
        given = data.get(str(when))
        return cls(str(when), given if isinstance(given, Mapping) else {}, f"/{when}")


def _schedule(work: Work, doc: SourceDoc, trigger: _Trigger) -> Schedule | None:
    if trigger.when not in {AT, "every"}:
        return None
    where = work.ready.get((doc.key, f"{trigger.pointer}/where"))
    if trigger.when == "every":
        return Schedule(cron=str(trigger.given["cron"]), where=where)
    number, unit = str(trigger.given.get("offset", "0 days")).split()
    field = FieldName(str(trigger.given["field"]))
    return Schedule(field=field, number=int(number), unit=unit.rstrip("s"), where=where)


def _automation(work: Work, owner: ObjectName, workflows: list[Workflow]) -> Automation:
    compiled = work.compiled[owner]
    before = tuple(w for w in workflows if w.when == BEFORE_SAVE)
    after = tuple(w for w in workflows if w.when in AFTER_SAVE)
    read: set[str] = {path for w in before for path in w.reads}
    read.update(path for w in after if w.condition is not None for path in w.condition.reads)
    read.update(path for one in work.deadlines.get(owner, ()) for path in one.reads)
    return Automation(
        before_save=before,
        after=tuple(replace(w, formulas=()) for w in after),
        deleted=tuple(w for w in workflows if w.when == DELETED),
        at=tuple(w for w in workflows if w.when == AT),
        paths=compiled.paths | frozenset(path for path in read if "." in path),
    )


def _awaiting(programs: Iterable[Program]) -> set[ObjectName]:
    """Name the objects of which some program waits for a condition."""
    return {
        name
        for program in programs
        if any(map(_is_condition, program.instructions))
        for name in program.reads
    }


def _is_condition(instruction: Instruction) -> bool:
    if not isinstance(instruction, WaitUntil):
        return False
    return instruction.until.type.kind is Kind.CHECKBOX


def _formulas(compiled: CompiledObject, read: set[str]) -> tuple[FieldName, ...]:
    """Give the formulas among what is read, and those that they read, in order of dependency."""
    needed = {name for name in compiled.formulas if name in read}
    for name in reversed(compiled.formulas):
        formula = compiled.fields[name].formula
        if name in needed and formula is not None:
            needed.update(other for other in compiled.formulas if other in formula.reads)
    return tuple(name for name in compiled.formulas if name in needed)
