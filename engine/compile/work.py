"""The bench on which the passes work: what is collected, declared and found so far.

The only mutable structure of the compiler. It is dropped when the model is frozen, but for stored
metadata: there it stays behind the model and makes each object ready when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import RLock
from typing import TypeVar

from engine.compile.lazily import Lazy, made
from engine.compile.scopes import ObjectScope
from engine.compiled import (
    Approval,
    Assignment,
    Automation,
    CompiledObject,
    Deadline,
    Incoming,
    MailTemplate,
    Members,
    Model,
    PermissionSet,
    SharingRule,
    View,
    Workflow,
    WorkingHours,
)
from engine.errors import MetadataInvalid, Problem, Severity, sort_problems
from engine.expr import Expression, ExprInvalid, ExprType, compile_expression
from engine.expr import Scope as ExprScope
from engine.expr.templates import Template, compile_template
from engine.model.declarations import Field
from engine.names import ComponentKey, Digest, FieldName, ObjectName, split_key
from engine.programs import Program, RecordConversion
from engine.source import SourceDoc, SourceTree

T = TypeVar("T")


@dataclass(slots=True)
class Parts:
    """The documents of one object, by kind and name, in the order of the tree."""

    doc: SourceDoc | None = None
    is_platform: bool = False
    fields: dict[str, SourceDoc] = field(default_factory=dict)
    record_types: dict[str, SourceDoc] = field(default_factory=dict)
    validation_rules: dict[str, SourceDoc] = field(default_factory=dict)
    indexes: dict[str, SourceDoc] = field(default_factory=dict)
    duplicate_rules: dict[str, SourceDoc] = field(default_factory=dict)
    translations: dict[str, SourceDoc] = field(default_factory=dict)  # by language

    def documents(self) -> Iterator[SourceDoc]:
        """Give every document of the object."""
        if self.doc is not None:
            yield self.doc
        for group in (
            self.fields,
            self.record_types,
            self.validation_rules,
            self.indexes,
            self.duplicate_rules,
            self.translations,
        ):
            yield from group.values()


class Work:
    """One compilation: source in, declarations and compiled objects growing, problems collected."""

    def __init__(
        self, tree: SourceTree, previous: Model | None, *, is_checked: bool = False
    ) -> None:
        self.tree = tree
        self.is_checked = is_checked  # it was published: nothing has to be looked at again
        self.previous = None if is_checked else previous
        # Objects that may be taken over; the rest of a model before is not held.
        self.kept = made(previous.objects) if previous else {}
        self.lock = RLock()
        self.problems: list[Problem] = []
        self.parts: Mapping[ObjectName, Parts] = {}
        self.own: Mapping[ObjectName, Digest] = {}
        self.others: dict[str, dict[str, SourceDoc]] = {}  # kind -> name -> document
        self.known: Mapping[str, frozenset[str]] = {}  # permissions, roles, env values, objects
        self.env: Mapping[str, str] = {}  # environment values and their declared types
        self.declared_alone: Mapping[ObjectName, Mapping[FieldName, Field]] = {}
        self.declared: Mapping[ObjectName, Mapping[FieldName, Field]] = {}
        self.compiled: Mapping[ObjectName, CompiledObject] = {}
        self.permission_sets: dict[str, PermissionSet] = {}
        self.views: Mapping[ObjectName, Mapping[str, View]] = {}
        self.groups: dict[str, Members] = {}
        self.sharing: Mapping[ObjectName, tuple[SharingRule, ...]] = {}
        self.broken: set[ComponentKey] = set()  # their followers are not reported again
        self.uses: dict[ComponentKey, tuple[ComponentKey, ...]] = {}
        # Expressions that are ready, by component and place: checked once, laid out later.
        self.ready: dict[tuple[ComponentKey, str], Expression] = {}
        self.automation: dict[ObjectName, Automation] = {}
        self.assignments: dict[str, Assignment] = {}
        self.mails: dict[str, MailTemplate] = {}
        self.incoming: dict[str, Incoming] = {}
        self.approvals: dict[ObjectName, tuple[Approval, ...]] = {}
        self.workflows: dict[str, Workflow] = {}
        self.programs: dict[tuple[ComponentKey, str], Program] = {}
        self.hours: dict[str, WorkingHours] = {}
        self.deadlines: dict[ObjectName, tuple[Deadline, ...]] = {}
        self.conversions: dict[ObjectName, RecordConversion] = {}

    def lazily(
        self, names: Iterable[ObjectName], make: Callable[[ObjectName], T]
    ) -> Lazy[ObjectName, T]:
        """Give what `make` makes of each object: now, or once it is asked for if it was checked."""

        def made_of(name: ObjectName) -> T:
            found = make(name)
            if self.is_checked:
                self.ensure_sound()
            return found

        lazy = Lazy(names, made_of, self.lock)
        if not self.is_checked:
            for name in lazy:
                lazy[name]
        return lazy

    def ensure_sound(self) -> None:
        """Refuse stored metadata that does not compile. Raises: MetadataInvalid M100."""
        problems = sort_problems(self.problems)
        if any(problem.severity is Severity.ERROR for problem in problems):
            message = "The stored configuration cannot be compiled by this version of Patron."
            raise MetadataInvalid(message, problems=problems)

    def named(self, kind: str) -> Mapping[str, SourceDoc]:
        """Give the documents of a kind that stands outside objects, by name."""
        return self.others.get(kind, {})

    def report(
        self, doc: SourceDoc, code: str, message: str, pointer: str = "", hint: str = ""
    ) -> None:
        """Note a problem at a place of a document."""
        self.problems.append(doc.problem(code, message, pointer=pointer, hint=hint))
        self.broken.add(doc.key)

    def expression(
        self,
        doc: SourceDoc,
        pointer: str,
        scope: ExprScope,
        *,
        expect: ExprType | None = None,
        blank_zero: bool = False,
    ) -> Expression | None:
        """Compile the expression at `pointer`; its problems stand under the character."""
        text = self._text(doc, pointer)
        compiled = self._attempt(
            doc,
            pointer,
            lambda: compile_expression(text, scope, expect=expect, blank_zero=blank_zero),
        )
        if compiled is not None:
            self.ready[doc.key, pointer] = compiled
            if isinstance(scope, ObjectScope):
                self._note_uses(doc, scope, compiled.reads)
        return compiled

    def _note_uses(self, doc: SourceDoc, scope: ObjectScope, paths: Iterable[str]) -> None:
        """Add the fields that an expression reads to what its component uses."""
        if self.is_checked:
            return
        read = (key for path in sorted(paths) for key in scope.trail(tuple(path.split("."))))
        known = self.uses.get(doc.key, ())
        own = (key for key in read if key in self.tree.docs)  # not those that the engine declares
        self.uses[doc.key] = tuple(dict.fromkeys((*known, *own)))

    def template(self, doc: SourceDoc, pointer: str, scope: ExprScope) -> Template | None:
        """Compile a text with expressions in braces; problems stand under their character."""
        text = self._text(doc, pointer)
        return self._attempt(doc, pointer, lambda: compile_template(text, scope))

    def _attempt(self, doc: SourceDoc, pointer: str, compile: Callable[[], T]) -> T | None:
        try:
            return compile()
        except ExprInvalid as invalid:
            if not self.follows_from_broken(doc, self._text(doc, pointer)):
                self._note(doc, pointer, invalid)
            self.broken.add(doc.key)
            return None

    def _note(self, doc: SourceDoc, pointer: str, invalid: ExprInvalid) -> None:
        for found in invalid.problems:
            self.problems.append(
                doc.problem(
                    found.code,
                    found.message,
                    pointer=pointer,
                    hint=found.hint,
                    line_offset=found.line - 1,
                    col_offset=found.col - 1,
                )
            )

    def _text(self, doc: SourceDoc, pointer: str) -> str:
        text = at_pointer(doc.data, pointer)
        return text if isinstance(text, str) else _constant_text(text)

    def is_unread(self, doc: SourceDoc, steps: tuple[str, ...]) -> bool:
        """Tell whether a path leads into an object that could not be read and is reported."""
        fields = self.declared.get(ObjectName(split_key(doc.key)[1][0]), {})
        lookup = fields.get(FieldName(steps[0]))
        targets = lookup.targets if lookup else ()
        return any(self.tree.is_broken(f"field:{target}.{steps[1]}") for target in targets)

    def follows_from_broken(self, doc: SourceDoc, text: str) -> bool:
        """Tell whether an expression reads something that is itself reported: it says no more."""
        owner = split_key(doc.key)[1][0]
        lookups = (key.removeprefix(f"field:{owner}.") for key in self.broken)
        if any(re.search(rf"\b{re.escape(name)}\s*\.", text) for name in lookups):
            return True
        # What could not be read at all is in no scope: its name tells that it was meant.
        unread = (split_key(key)[1][-1] for key in self.tree.broken)
        return any(re.search(rf"\b{re.escape(name)}\b", text) for name in unread)


def at_pointer(data: object, pointer: str) -> object:
    """Follow a JSON pointer; None where it leads nowhere."""
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, list | tuple) and key.isdigit() and int(key) < len(data):
            data = data[int(key)]
        else:
            return None
    return data


def _constant_text(value: object) -> str:
    """Write a YAML constant as an expression (`where: true`)."""
    names = {None: "NULL", True: "TRUE", False: "FALSE"}
    return names[value] if value is None or isinstance(value, bool) else str(value)


def name_of(key: ComponentKey) -> str:
    """Give the last part of a component's key."""
    return split_key(key)[1][-1]
