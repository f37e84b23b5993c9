"""Why an assignment gave a record to its owner, or to nobody: its entries, and who can take it.

What a run chose is in its steps; the entries are looked at as the record is now, and take no turn.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.compiled import Assignment, CompiledObject
from engine.expr.watching import AFTER, AWAY, CHOSEN, INACTIVE, LAST, NOBODY, OWNS, TAKES, UNKNOWN
from engine.names import component_key
from engine.saving.explaining.answers import Point, Someone, Teller, Why, is_hidden
from engine.saving.explaining.standing import standings
from engine.saving.runs.assigning import EntryLook, look_at_entries
from engine.saving.unit import Unit
from engine.store.platform import runs
from engine.store.platform.recipients import Wanted, find_people
from engine.store.platform.runs import StepRow
from engine.store.platform.runs import Wanted as WantedRuns

ASSIGNMENT = "assignment"
MOST_RUNS = 20  # of a record that are looked through for the last choice
_CHOSE = "chose"


def why_owner(unit: Unit, compiled: CompiledObject, record_id: int, found: Assignment) -> Why:
    """Say what each entry of an assignment makes of a record, and what a run chose last."""
    (standing,) = standings(unit, compiled, [record_id], found.reads)
    teller = Teller(unit, compiled, standing)
    looks = look_at_entries(unit, compiled, found, standing.values, standing.context)
    points = tuple(_points(teller, looks))
    outcomes = [point.outcome for point in points]
    outcome = next((one for one in outcomes if one in {CHOSEN, UNKNOWN}), NOBODY)
    chosen = _last_choice(unit, record_id, found.name)
    return Why(
        component=component_key(ASSIGNMENT, found.name),
        label=found.label,
        trigger="",
        event=standing.event,
        outcome=outcome,
        criteria=None,
        points=points,
        state="" if chosen is None else _CHOSE,
        since=None if chosen is None else chosen.moment,
    )


def _points(teller: Teller, looks: list[EntryLook]) -> Iterator[Point]:
    """Tell of the entries in order; of those behind one that was taken, that it was taken."""
    is_taken = hides = False
    for number, look in enumerate(looks, start=1):
        part = teller.part(look.entry.condition)
        path = look.entry.path
        is_closed = is_hidden(part) or (path is not None and not teller.may_follow(path))
        hides = hides or (is_closed and not is_taken)
        outcome = AFTER if is_taken else UNKNOWN if hides else look.outcome
        yield Point(
            name=look.entry.name or str(number),
            label=path.text if path is not None else look.entry.group,
            outcome=outcome,
            criteria=part,
            people=() if is_closed else tuple(_people(teller, look)),
        )
        is_taken = is_taken or (outcome == CHOSEN)


def _people(teller: Teller, look: EntryLook) -> Iterator[Someone]:
    """Tell of the members of a group: who can take something, who had the last turn."""
    unit, owner = teller.unit, teller.standing.values.get("owner")
    away = {one.user: one.is_away for one in look.members}
    wanted = Wanted(users=frozenset(away) | look.ids, roles=look.roles, emails=look.emails)
    for person in find_people(unit.tx, wanted):
        outcome = AWAY if away.get(person.user) and not look.is_meant else TAKES
        if person.user not in away:
            outcome = INACTIVE
        elif person.user == owner:
            outcome = OWNS
        elif outcome == TAKES and person.user == look.last:
            outcome = LAST
        yield Someone(by="", user=person.user, name=person.name, outcome=outcome)


def _last_choice(unit: Unit, record_id: int, assignment: str) -> StepRow | None:
    """Give the last step of a run that chose an owner of a record by an assignment."""
    for run in runs.list_runs(unit.tx, WantedRuns(record=record_id), limit=MOST_RUNS):
        for step in reversed(runs.steps_of(unit.tx, run.id)):
            is_it = step.action == "assign" and step.record == record_id
            if is_it and step.input.get("assignment") == assignment and step.output.get("owner"):
                return step
    return None
