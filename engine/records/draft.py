"""A record while it is saved, and what was decided about it: what the stages hand on.

Separate from the stages, which are the order of execution and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.compiled import CompiledObject
from engine.errors import FieldError
from engine.expr import EvalContext, ExprFailed
from engine.expr.watching import Watch
from engine.model.fields.base import Value
from engine.names import FieldName


@dataclass(frozen=True, slots=True)
class Target:
    """What a lookup points at: the values of the paths over it, and why it cannot be pointed at."""

    values: Mapping[str, Value]
    errors: tuple[FieldError, ...] = ()


_UNKNOWN = Target({})


@dataclass(slots=True, kw_only=True)
class Draft:
    """A record while it is being saved.

    `values` holds the merged record: own fields, and paths over lookups (`account.region`) that the
    object's expressions read. `old` is the record as it was, None for a new one; `context.prior` is
    the record as the transaction found it.
    `reasons` says why a formula came out blank.

    The rest serves workflows before the save, and stays as it is for objects without any:
    `before_save` carries them out; `watch` is told of rules when somebody asks why; `paths` are
    those that somebody reads. `start` holds the values before the first stage, `found` what lookups
    point at that were set since.
    """

    object: CompiledObject
    old: Mapping[str, Value] | None
    values: dict[str, Value]
    context: EvalContext
    errors: list[FieldError] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    paths: frozenset[str] = frozenset()
    before_save: Callable[[Draft], None] | None = None
    watch: Watch | None = None
    start: Mapping[str, Value] | None = None
    found: Mapping[tuple[str, Value], Target] | None = None

    @property
    def is_new(self) -> bool:
        """Tell whether the record is being created."""
        return self.old is None

    def changed(self) -> int:
        """Give the mask of fields that differ from what the transaction found; 0 for a new one."""
        prior = self.context.prior
        return 0 if prior is None else changed_mask(self.object, prior, self.values)

    def is_touched(self, changed: int) -> bool:
        """Tell whether the save changes anything at all; a new record always does."""
        if self.old is None:
            return True
        if self.old is not self.context.prior:  # saved before in this transaction
            changed = changed_mask(self.object, self.old, self.values)
        return changed != 0

    def compute(self, name: FieldName) -> None:
        """Compute a formula from what is there; it is computed once more by its own stage."""
        formula = self.object.fields[name].formula
        assert formula is not None  # asked for formulas only
        try:
            self.values[name] = formula.evaluate(self.values, self.context)
        except ExprFailed:
            self.values[name] = None

    def put(self, name: FieldName, value: Value) -> tuple[FieldError, ...]:
        """Set a field. Paths over a lookup follow it, blank until its target is known.

        Returns: what is wrong with the target, as far as it is known.
        """
        self.values[name] = value
        if name not in self.object.references:
            return ()
        target = self._target(name, value)
        for path in self.over(name):
            self.values[path] = target.values.get(path)
        return target.errors

    def over(self, name: str) -> list[str]:
        """Give the paths over a lookup that somebody reads."""
        return [path for path in self.paths if path.startswith(f"{name}.")]

    def _target(self, name: str, value: Value) -> Target:
        start = self.start or {}
        if value is not None and start.get(name) == value:
            return Target({path: start.get(path) for path in self.over(name)})
        return (self.found or {}).get((name, value), _UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to write: the whole merged record, which fields changed, and what is wrong with it.

    `fired`: the workflows whose criteria held on the way; `set_by`: what they set, by field.
    """

    values: Mapping[str, Value]
    changed: int  # mask of stored fields whose value differs from the old record
    errors: tuple[FieldError, ...]
    reasons: Mapping[str, str]
    fired: tuple[str, ...] = ()
    set_by: Mapping[str, str] = field(default_factory=dict)


def changed_mask(
    compiled: CompiledObject, old: Mapping[str, Value] | None, values: Mapping[str, Value]
) -> int:
    """Tell which stored fields differ from the old record, as a mask."""
    mask = 0
    before = {} if old is None else old
    for stored in compiled.stored:
        name = stored.name
        if name in values and values[name] != before.get(name):
            mask |= stored.bit
    return mask
