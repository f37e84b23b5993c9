"""Steps laid out as programs: instructions with jumps, so that a place in a run is a number.

Separate from `steps`, which checks expressions: by now each is compiled and lies in `Work.ready`.
The same for all that hold steps: workflows, approvals, deadlines. A `call` takes the steps of the
other workflow in, so that a run needs nothing but its own program.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from engine.compile.meetings import TwoRecords
from engine.compile.objects import scope_of
from engine.compile.recipients import compile_recipients
from engine.compile.steps import related_objects
from engine.compile.work import Work, at_pointer
from engine.compiled import CompiledObject
from engine.expr import Expression, Given, compile_expression
from engine.expr.constants import parse_constant
from engine.names import PLATFORM_FIELDS, ComponentKey, Digest, FieldName, ObjectName
from engine.programs import (
    AddNote,
    Approve,
    Assign,
    CallEndpoint,
    Choice,
    CreateRecord,
    DeleteRecords,
    ForEach,
    Instruction,
    Jump,
    JumpUnless,
    NextOne,
    Notify,
    Program,
    Recipient,
    SendMail,
    Sent,
    SetFields,
    Setting,
    UpdateRecords,
    WaitFor,
    WaitUntil,
)
from engine.source import SourceDoc

Step = Mapping[str, object]
MOST_INSTRUCTIONS = 2000


def lay_out(
    work: Work, doc: SourceDoc, pointer: str, steps: object, compiled: CompiledObject
) -> Program:
    """Lay out steps that work on records of an object; what follows from problems is left out."""
    layout = _Layout(work)
    layout.place(doc, pointer, steps, compiled, "")
    reads = {name: frozenset(paths) for name, paths in layout.reads.items()}
    return Program(
        component=doc.key,
        pointer=pointer,
        instructions=tuple(layout.instructions),
        reads=MappingProxyType(reads),
        parts=MappingProxyType({doc.key: doc.digest, **layout.parts}),
    )


def is_active(data: Mapping[str, object]) -> bool:
    """Tell whether a component or a step is switched on."""
    return data.get("active") is not False


def active_steps(pointer: str, steps: object) -> Iterator[tuple[str, Step]]:
    """Give the steps of a list that are switched on, each with its place."""
    for place, step in enumerate(steps if isinstance(steps, list | tuple) else ()):
        if isinstance(step, Mapping) and is_active(step):
            yield f"{pointer}/{place}", step


class _Layout:
    """One program while it grows. Components with problems never come here."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.instructions: list[Instruction] = []
        self.reads: dict[ObjectName, set[str]] = {}
        self.parts: dict[ComponentKey, Digest] = {}

    def place(
        self, doc: SourceDoc, pointer: str, steps: object, compiled: CompiledObject, before: str
    ) -> None:
        """Lay out a list of steps; `before` stands before their names."""
        self.reads.setdefault(compiled.name, set())
        for at, step in active_steps(pointer, steps):
            if len(self.instructions) >= MOST_INSTRUCTIONS:
                message = f"With what it calls, this has more than {MOST_INSTRUCTIONS} steps."
                self._work.report(doc, "M322", message, pointer=f"{at}/name")
                return
            _Placing(self, self._work, doc, compiled, before).one(at, step)

    def add(self, instruction: Instruction) -> int:
        """Add an instruction and give its place."""
        self.instructions.append(instruction)
        return len(self.instructions) - 1


class _Placing:
    """One step on its way into a program: its document, and the object of its record."""

    def __init__(
        self,
        layout: _Layout,
        work: Work,
        doc: SourceDoc,
        compiled: CompiledObject,
        before: str,
    ) -> None:
        self._layout, self._work, self._doc = layout, work, doc
        self._compiled, self._before = compiled, before

    def one(self, at: str, step: Step) -> None:
        """Lay out one step, and those below it."""
        action = next((key for key in _STEPS if key in step), "")
        _STEPS[action](self, at, step, f"{self._before}{step['name']}")

    def set(self, at: str, step: Step, name: str) -> None:
        settings = tuple(self._settings(f"{at}/set", step["set"], self._compiled))
        self._layout.add(SetFields(step=name, settings=settings))

    def create(self, at: str, step: Step, name: str) -> None:
        target = self._work.compiled[ObjectName(str(step["create"]))]
        settings = tuple(self._settings(f"{at}/values", step.get("values"), target))
        self._layout.add(CreateRecord(step=name, object=target.name, settings=settings))

    def update(self, at: str, step: Step, name: str) -> None:
        chosen = self._chosen(at, ObjectName(str(step["update"])))
        target = self._work.compiled[chosen.object]
        settings: list[Setting] = []
        given: list[Given] = []
        reads: set[str] = set()
        for setting in self._settings(f"{at}/set", step["set"], target, is_own=False):
            if setting.expression is None:
                settings.append(setting)
                continue
            own, asked = self._parted(target.name, setting.expression, len(given))
            settings.append(Setting(field=setting.field, expression=own))
            given += asked
            reads |= own.reads
        self._layout.add(
            UpdateRecords(
                step=name,
                chosen=chosen,
                settings=tuple(settings),
                reads=frozenset(reads),
                given=tuple(given),
            )
        )

    def delete(self, at: str, step: Step, name: str) -> None:
        chosen = self._chosen(at, ObjectName(str(step["delete"])))
        self._layout.add(DeleteRecords(step=name, chosen=chosen))

    def branch(self, at: str, step: Step, name: str) -> None:
        """Lay out a branch: a jump over `then`, and at its end one over `else`."""
        condition = self._needed(f"{at}/if")
        place = self._layout.add(Jump(to=0))  # its aim is known below
        self._below(f"{at}/then", step.get("then"))
        end = len(self._layout.instructions)
        if step.get("else"):
            self._layout.add(Jump(to=end))
            self._below(f"{at}/else", step["else"])
            self._layout.instructions[end] = Jump(to=len(self._layout.instructions))
            end += 1
        self._layout.instructions[place] = JumpUnless(step=name, condition=condition, to=end)

    def loop(self, at: str, step: Step, name: str) -> None:
        target = related_objects(self._work, self._compiled.name)[str(step["for_each"])]
        each = self._work.compiled[target]
        where = self._work.ready.get((self._doc.key, f"{at}/where"))
        place = self._layout.add(Jump(to=0))
        self._layout.place(self._doc, f"{at}/do", step["do"], each, f"{name}.")
        self._layout.add(NextOne(to=place))
        self._layout.instructions[place] = ForEach(
            step=name,
            chosen=self._pointing(each),
            where=where,
            to=len(self._layout.instructions),
        )

    def _pointing(self, each: CompiledObject) -> Choice:
        """Choose the records of an object that point at the step's own."""
        fields = (each.fields[reference] for reference in each.references)
        via = [f.name for f in fields if self._compiled.name in f.decl.targets]
        text = " OR ".join(f"{name} = $record.id" for name in via if name not in PLATFORM_FIELDS)
        scope = scope_of(self._work, self._compiled.name)
        meeting = TwoRecords(scope.of(each.name), scope)
        own, given = self._parted(each.name, compile_expression(text, meeting), 0)
        return Choice(object=each.name, condition=own, given=given)

    def call(self, at: str, step: Step, name: str) -> None:
        """Take in the steps of another workflow, under its own condition."""
        doc = self._work.named("workflow").get(str(step["call"]))
        if doc is None or not is_active(doc.data):
            return  # switched off: a call of it does nothing
        self._layout.parts[doc.key] = doc.digest
        condition = self._work.ready.get((doc.key, "/if"))
        place = None if condition is None else self._layout.add(Jump(to=0))
        steps = doc.data.get("steps")
        self._layout.place(doc, "/steps", steps, self._compiled, f"{name}.")
        if place is not None and condition is not None:
            self._note(condition)
            end = len(self._layout.instructions)
            self._layout.instructions[place] = JumpUnless(step=name, condition=condition, to=end)

    def wait(self, at: str, step: Step, name: str) -> None:
        wait = step["wait"]
        assert isinstance(wait, Mapping)  # the schema saw to it
        if "until" in wait:
            self._layout.add(WaitUntil(step=name, until=self._needed(f"{at}/wait/until")))
            return
        number, unit = str(wait["for"]).split()
        self._layout.add(WaitFor(step=name, number=int(number), unit=unit.rstrip("s")))

    def email(self, at: str, step: Step, name: str) -> None:
        mail = self._work.mails.get(str(step["email"]))
        if mail is not None:
            texts = (mail.own, *mail.translations.values())
            read = self._layout.reads.setdefault(self._compiled.name, set())
            read.update(path for text in texts for path in text.reads)
        self._layout.add(SendMail(step=name, email=str(step["email"]), to=self._people(at, "to")))

    def notify(self, at: str, step: Step, name: str) -> None:
        text = self._needed(f"{at}/text")
        self._layout.add(Notify(step=name, to=self._people(at, "notify"), text=text))

    def webhook(self, at: str, step: Step, name: str) -> None:
        body = step.get("body")
        sent = [
            Sent(name=key, expression=expression, constant=None if expression else value)
            for key, value in (body.items() if isinstance(body, Mapping) else ())
            for expression in (self._expression(f"{at}/body/{key}"),)
        ]
        endpoint = str(step["webhook"])
        self._layout.add(CallEndpoint(step=name, endpoint=endpoint, body=tuple(sent)))

    def note(self, at: str, _step: Step, name: str) -> None:
        self._layout.add(AddNote(step=name, text=self._needed(f"{at}/note")))

    def assign(self, at: str, step: Step, name: str) -> None:
        given = step["assign"]
        doc = self._work.named("assignment").get(given) if isinstance(given, str) else None
        if doc is not None:
            is_ours = doc.data.get("object") == self._compiled.name
            for pointer, found in self._work.ready.items() if is_ours else ():
                if pointer[0] == doc.key:
                    self._note(found)
        self._layout.add(Assign(step=name, assignment=given))

    def approve(self, _at: str, step: Step, name: str) -> None:
        self._layout.add(Approve(step=name, approval=str(step["approve"])))

    def _below(self, pointer: str, steps: object) -> None:
        self._layout.place(self._doc, pointer, steps, self._compiled, self._before)

    def _people(self, at: str, key: str) -> tuple[Recipient, ...]:
        """Give recipients; what their expressions read is noted."""
        who = at_pointer(self._doc.data, f"{at}/{key}")
        found = compile_recipients(self._work, self._doc, f"{at}/{key}", who)
        for one in found:
            if isinstance(one, Expression):
                self._note(one)
        return found

    def _chosen(self, at: str, target: ObjectName) -> Choice:
        condition = self._work.ready[self._doc.key, f"{at}/where"]
        own, given = self._parted(target, condition, 0)
        return Choice(object=target, condition=own, given=given)

    def _parted(
        self, target: ObjectName, expression: Expression, start: int
    ) -> tuple[Expression, tuple[Given, ...]]:
        """Take what the step's own record says out of an expression over the target's records."""
        scope = scope_of(self._work, self._compiled.name)
        meeting = TwoRecords(scope.of(target), scope)
        own, given = meeting.part(expression, start=start)
        for one in given:
            self._note(one.value)
        return own, given

    def _settings(
        self, pointer: str, values: object, target: CompiledObject, *, is_own: bool = True
    ) -> Iterator[Setting]:
        for name, value in values.items() if isinstance(values, Mapping) else ():
            field = target.fields[FieldName(name)]
            at = f"{pointer}/{name}"
            found = self._work.ready.get((self._doc.key, at))
            expression = self._expression(at) if is_own else found
            constant = None if expression is not None else parse_constant(field.decl, value)
            yield Setting(field=field.name, expression=expression, constant=constant)

    def _needed(self, pointer: str) -> Expression:
        found = self._expression(pointer)
        assert found is not None  # it was compiled, or the component is broken
        return found

    def _expression(self, pointer: str) -> Expression | None:
        found = self._work.ready.get((self._doc.key, pointer))
        if found is not None:
            self._note(found)
        return found

    def _note(self, expression: Expression) -> None:
        self._layout.reads.setdefault(self._compiled.name, set()).update(expression.reads)


_STEPS = {
    "create": _Placing.create,
    "update": _Placing.update,
    "delete": _Placing.delete,
    "set": _Placing.set,
    "email": _Placing.email,
    "webhook": _Placing.webhook,
    "wait": _Placing.wait,
    "for_each": _Placing.loop,
    "approve": _Placing.approve,
    "assign": _Placing.assign,
    "notify": _Placing.notify,
    "note": _Placing.note,
    "call": _Placing.call,
    "if": _Placing.branch,
}
