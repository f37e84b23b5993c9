"""Being away: a user says so themselves, and names who decides in their place meanwhile.

A delegate answers requests for approval that ask whoever is away; the history names both. Nobody
gains rights by it: a record that the delegate does not see stays hidden from them.
"""

from __future__ import annotations

from datetime import datetime

from engine.errors import FieldError, RequestInvalid
from engine.locale import say
from engine.saving.noting import ensure_oneself, note
from engine.saving.unit import Unit
from engine.store.platform import absences
from engine.store.platform.absences import Absence


def read_absence(unit: Unit) -> Absence:
    """Give the caller's own absence."""
    return absences.find_absence(unit.tx, unit.me)


def go_away(
    unit: Unit,
    delegate: int | str | None,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Absence:
    """Note that the caller is away from now or `since` on, and who stands in for them.

    Without a delegate it is the one named before. Raises: RequestInvalid W172 with every problem;
    AccessDenied A104 for who works as somebody else.
    """
    ensure_oneself(unit)
    errors, begin = [], since or unit.now
    chosen = _delegate(unit, delegate)
    if chosen in (None, unit.me):
        message = say("Name an active member who decides in your place, not yourself.")
        errors.append(FieldError(field="delegate", code="W172", message=message))
    if until is not None and until <= max(begin, unit.now):
        message = say("An absence ends after it begins, and in the future.")
        errors.append(FieldError(field="until", code="W172", message=message))
    if errors or chosen is None:
        raise RequestInvalid(errors[0].message, code="W172", errors=tuple(errors))
    absences.put_absence(unit.tx, unit.me, since=begin, until=until, delegate=chosen, at=unit.now)
    note(
        unit, "absence.set", f"user {unit.me}", {"delegate": chosen, "since": begin, "until": until}
    )
    return read_absence(unit)


def come_back(unit: Unit) -> Absence:
    """Note that the caller is there again. Raises: AccessDenied A104."""
    ensure_oneself(unit)
    absences.end_absence(unit.tx, unit.me)
    note(unit, "absence.end", f"user {unit.me}")
    return read_absence(unit)


def _delegate(unit: Unit, delegate: int | str | None) -> int | None:
    if delegate in (None, ""):
        delegate = read_absence(unit).delegate
    return None if delegate is None else absences.find_active_user(unit.tx, delegate)
