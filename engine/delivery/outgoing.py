"""The outbox for people: who may look at what leaves the system, and send it again or discard it.

What a mail says was written with the rights of the configuration, so looking at it asks for a
permission of its own. In a sandbox, which sends nothing, who builds it may look as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import AccessDenied, Conflict, NotFound
from engine.locale import say
from engine.saving.noting import note
from engine.session import Session
from engine.store.jsontext import to_json
from engine.store.platform import outbox_shelf
from engine.store.platform.outbox_shelf import Kept

MANAGES = "manage_outbox"
BUILDS = ("customize", "deploy")  # in a sandbox
CAPTURED = "captured"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What one caller may do with the outbox of their environment."""

    session: Session

    def may_manage(self) -> bool:
        """Tell whether the caller may look, replay and discard."""
        return MANAGES in self.session.unit.access.permissions

    def may_see_captured(self) -> bool:
        """Tell whether the caller may look at what a sandbox has captured."""
        held = self.session.unit.access.permissions
        return self.may_manage() or any(name in held for name in BUILDS)

    def counts(self) -> dict[str, int]:
        """Count effects by state. Raises: AccessDenied A100."""
        self._ensure(CAPTURED)
        found = outbox_shelf.count_states(self.session.unit.tx)
        shown = found if self.may_manage() else {CAPTURED: found.get(CAPTURED, 0)}
        return {state: number for state, number in shown.items() if number}

    def list(self, state: str, *, limit: int, before: int | None = None) -> Sequence[Kept]:
        """Give effects in a state, newest first. Raises: AccessDenied A100."""
        self._ensure(state)
        return outbox_shelf.list_effects(self.session.unit.tx, state, limit=limit, before=before)

    def get(self, effect: int) -> Kept:
        """Give one effect. Raises: AccessDenied A100; NotFound N100."""
        self._ensure(CAPTURED)
        found = outbox_shelf.find_effect(self.session.unit.tx, effect)
        if found is None or (found.state != CAPTURED and not self.may_manage()):
            raise NotFound
        return found

    def replay(self, effects: Sequence[int] | None) -> int:
        """Let dead effects be tried again, some or all; gives how many.

        Raises: AccessDenied A100; NotFound N100; Conflict W156 for one that is not dead.
        """
        self._ensure("dead")
        unit = self.session.unit
        changed = outbox_shelf.replay(unit.tx, effects, at=unit.now)
        self._note("outbox.replay", effects, changed)
        unit.tx.after_commit(unit.wake)
        return changed

    def discard(self, effects: Sequence[int] | None) -> int:
        """Give dead effects up for good; gives how many. Raises: as `replay`."""
        self._ensure("dead")
        unit = self.session.unit
        changed = outbox_shelf.discard(unit.tx, effects, at=unit.now)
        self._note("outbox.discard", effects, changed)
        return changed

    def _ensure(self, state: str) -> None:
        is_open = self.may_see_captured() if state == CAPTURED else self.may_manage()
        if not is_open:
            message = say("Your permissions do not let you see what leaves the system.")
            raise AccessDenied(message, hint=say("it takes the permission {name}", name=MANAGES))

    def _note(self, action: str, effects: Sequence[int] | None, changed: int) -> None:
        """Note a deed in the audit; one effect that could not be changed is refused."""
        unit = self.session.unit
        if effects is not None and len(effects) == 1 and not changed:
            if outbox_shelf.find_effect(unit.tx, effects[0]) is None:
                raise NotFound
            message = say("Only an effect that was given up is sent again or discarded.")
            raise Conflict(message, code="W156")
        target = "all" if effects is None else ", ".join(map(str, effects))
        note(unit, action, target)


def body_of(kept: Kept) -> str:
    """Give what a call sends, as JSON with exact numbers."""
    return to_json(kept.payload.get("body") or {})


def effect_shape(kept: Kept) -> dict[str, object]:
    """Give an effect as callers read it in lists: without what it carries."""
    return {
        "id": kept.id,
        "kind": kept.kind,
        "to": kept.payload.get("to") or kept.payload.get("endpoint"),
        "subject": kept.payload.get("subject"),
        "record": kept.payload.get("record"),
        "key": kept.key,
        "state": kept.state,
        "attempts": kept.attempts,
        "due_at": kept.due_at,
        "created_at": kept.created_at,
        "finished_at": kept.finished_at,
        "error": kept.error or None,
    }
