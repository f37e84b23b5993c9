"""Sharing by hand and handing over: what people do to let others at single records.

Reached as `Session.sharing`. Rights: `share` for shares, `transfer` for a new owner; nobody gives
further than they reach themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from engine.compiled import CompiledObject, Model
from engine.errors import AccessDenied, Conflict, FieldError, NotFound, PatronError, RequestInvalid
from engine.locale import say
from engine.names import ObjectName, did_you_mean
from engine.saving.noting import note
from engine.saving.runs.assigning import choose_owner, ensure_declared
from engine.saving.save import Change, change
from engine.saving.unit import Record, Unit
from engine.store.platform import shares
from engine.store.platform.shares import Share
from engine.store.reading import fetch_by_ids

LEVELS = ("read", "edit")
SORTS = ("user", "role", "role_and_below", "team", "queue")
_USER = ObjectName("user")


@dataclass(frozen=True, slots=True)
class Sharing:
    """Shares and owners of records, as one caller may change them."""

    unit: Unit

    def share(
        self,
        compiled: CompiledObject,
        record_id: int,
        group: Mapping[str, object],
        access: str,
        until: datetime | None = None,
    ) -> Share:
        """Open a record to one group (`{"role": "emea"}`, `{"user": 12}`) for reading or editing.

        A share that the group has already is replaced. Raises: NotFound N100; AccessDenied A100;
        RequestInvalid Q111 with every problem.
        """
        may_edit = self._reached(compiled, record_id)
        principal, errors = self._principal(group)
        errors += self._refused(compiled, access, until)
        if errors:
            message = say("The record cannot be shared like this.")
            raise RequestInvalid(message, code="Q111", errors=tuple(errors))
        if access == "edit" and not may_edit:
            raise AccessDenied(say("You may see this record, but not let others change it."))
        unit = self.unit
        number = shares.put_share(
            unit.tx,
            record=record_id,
            object=compiled.name,
            principal=principal,
            access=access,
            until=until,
            at=unit.now,
            by=unit.me,
        )
        self._note(compiled, record_id, "record.share", {"with": principal, "access": access})
        return next(s for s in shares.list_shares(unit.tx, record_id) if s.id == number)

    def unshare(self, compiled: CompiledObject, record_id: int, share: int) -> None:
        """End a share. Raises: NotFound N100, N108; AccessDenied A100."""
        self._reached(compiled, record_id)
        if not shares.delete_share(self.unit.tx, record_id, share):
            raise NotFound(say("This record has no such share."), code="N108")
        self._note(compiled, record_id, "record.unshare", {"share": share})

    def shares(self, compiled: CompiledObject, record_id: int) -> list[Share]:
        """List the shares of a record. Raises: NotFound N100; AccessDenied A100."""
        self._reached(compiled, record_id)
        return shares.list_shares(self.unit.tx, record_id)

    def hand_over(
        self,
        compiled: CompiledObject,
        record_id: int,
        owner: object,
        expected_version: int | None = None,
    ) -> Record:
        """Give a record another owner, a person or a queue.

        With the right `transfer`: any record that the caller sees. Without it, members of a queue
        may take its records. What the caller no longer sees afterwards is answered with its id.
        Raises: NotFound N100; AccessDenied A100; RecordInvalid R100; Conflict C100.
        """
        if owner in (None, ""):
            message = say("A record always has an owner.")
            error = FieldError(field="owner", code="R105", message=message)
            raise RequestInvalid(message, code="Q111", errors=(error,))
        wanted = Change(
            id=record_id,
            given={"owner": owner},
            expected_version=expected_version,
            hands_over=True,
        )
        outcome = change(self.unit, compiled, [wanted])[0]
        if isinstance(outcome, PatronError):
            raise outcome
        still = self._visible(compiled, record_id)
        return outcome if still else {"id": record_id, "version": outcome["version"]}

    def assign(
        self,
        compiled: CompiledObject,
        record_id: int,
        assignment: str,
        expected_version: int | None = None,
    ) -> Record:
        """Give a record to whom an assignment of the configuration says, by the right `transfer`.

        Raises: as `hand_over`; RequestInvalid W190 for an unknown assignment; Conflict W191 when
        nobody can take the record.
        """
        unit = self.unit
        if not self._visible(compiled, record_id):
            raise NotFound
        unit.rights(compiled, "transfer")
        ensure_declared(unit, compiled, assignment)
        owner = choose_owner(unit, compiled, {"id": record_id}, unit.caller.context, assignment)
        if owner is None:
            message = say("Nobody whom this assignment names can take the record now.")
            hint = say("look at who is active, and who is away")
            raise Conflict(message, code="W191", hint=hint)
        return self.hand_over(compiled, record_id, owner, expected_version)

    def _visible(self, compiled: CompiledObject, record_id: int) -> bool:
        plan = self.unit.planner.load_paths(compiled, ())
        unit = self.unit
        return bool(fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [record_id]))

    def _reached(self, compiled: CompiledObject, record_id: int) -> bool:
        """Make sure that the caller sees a record and may share; tell whether they may edit it."""
        unit = self.unit
        access = unit.access.of(compiled.name)
        plan = unit.planner.load_paths(compiled, ())
        found = fetch_by_ids(
            unit.tx,
            unit.snapshot,
            plan,
            unit.caller,
            [record_id],
            edit_policy=access.edit_policy,
        )
        if record_id not in found:
            raise NotFound
        unit.rights(compiled, "share")
        return access.may("edit") and found[record_id][1]

    def _refused(
        self, compiled: CompiledObject, access: str, until: datetime | None
    ) -> list[FieldError]:
        errors = []
        if compiled.sharing == "parent":
            message = say(
                "{objects} are seen with what they belong to: share that.", objects=compiled.plural
            )
            errors.append(FieldError(field="with", code="Q111", message=message))
        if access not in LEVELS:
            message = say('"{access}" is no access: it is read or edit.', access=access)
            errors.append(FieldError(field="access", code="Q111", message=message))
        if until is not None and until <= self.unit.now:
            message = say("A share must end in the future.")
            errors.append(FieldError(field="until", code="Q111", message=message))
        return errors

    def _principal(self, group: Mapping[str, object]) -> tuple[str, list[FieldError]]:
        """Read `{"role": "emea"}` as "role:emea", if there is such a group or person."""
        sort, name = next(iter(group.items()), ("", ""))
        if len(group) != 1 or sort not in SORTS:
            message: str = say("`with` names one of {names}.", names=", ".join(SORTS))
            return "", [FieldError(field="with", code="Q111", message=message)]
        if sort == "user":
            return self._person(name)
        known = known_groups(self.unit.snapshot.model, sort)
        if name in known:
            return f"{sort}:{name}", []
        what = sort.partition("_")[0]
        message, hint = f'There is no {what} "{name}".', did_you_mean(str(name), known)
        return "", [FieldError(field="with", code="Q111", message=message, hint=hint)]

    def _person(self, number: object) -> tuple[str, list[FieldError]]:
        unit = self.unit
        is_number = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**53
        if is_number:
            assert isinstance(number, int)  # looked at above
            plan = unit.planner.load_paths(unit.snapshot.model.objects[_USER], ())
            if fetch_by_ids(unit.tx, unit.snapshot, plan, unit.caller, [number]):
                return f"user:{number}", []
        message = say("There is no user with the id {number}.", number=number)
        return "", [FieldError(field="with", code="Q111", message=message)]

    def _note(
        self, compiled: CompiledObject, record_id: int, action: str, detail: Mapping[str, object]
    ) -> None:
        note(self.unit, action, f"{compiled.name} {record_id}", detail)


def known_groups(model: Model, sort: str) -> frozenset[str]:
    """Name the roles, teams or queues of a model."""
    if sort.startswith("role"):
        return frozenset(model.roles)
    return frozenset(model.declared.get(sort, {}))
