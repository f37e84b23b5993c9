"""Runs taken up again: after a wait, a restart or a failure; by the revision they began by.

Separate from `running`, because here a run comes from its row. A workflow that has changed since is
laid out once more as it was, over the objects as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.compile import compile_model
from engine.compiled import Model
from engine.errors import AutomationFailed, Conflict, NotFound, PatronError
from engine.locale import say
from engine.programs import Program
from engine.saving.acting import acting
from engine.saving.runs.progress import CANCELLED, FAILED, WAITING, Progress
from engine.saving.runs.running import fail, move_on
from engine.saving.unit import Unit
from engine.source import tree_from_stored
from engine.store.memo import Memo
from engine.store.platform import runs
from engine.store.platform.runs import RunRow
from engine.store.platform.versions import load_revisions, load_tree_rows

# Gives the transaction in the name of a user; the second is who worked as them, if anybody did.
AsActor = Callable[[int, int | None], Unit]
_PINNED: Memo[tuple[object, ...], Program] = Memo(64)


def resume_due(unit: Unit, as_actor: AsActor, *, limit: int = 200) -> int:
    """Go on with runs that have waited long enough; give how many there were."""
    taken = runs.take_due(unit.tx, at=unit.now, limit=limit)
    groups: dict[tuple[object, ...], list[RunRow]] = {}
    for row in taken:
        who = (row.actor, row.helper)
        key = (row.component, row.pointer, tuple(sorted(row.parts.items())), who)
        groups.setdefault(key, []).append(row)
    for rows in groups.values():
        take_up(as_actor(rows[0].actor, rows[0].helper), rows)
    return len(taken)


def take_up(unit: Unit, rows: Sequence[RunRow]) -> None:
    """Go on with runs of one program and one person, from where they are."""
    unit = acting(unit)
    try:
        program = program_of(unit, rows[0])
    except PatronError as refused:
        for row in rows:
            fail(unit, _again(unit, row, None), refused)
        return
    move_on(unit, [_again(unit, row, program) for row in rows])


def _again(unit: Unit, row: RunRow, program: Program | None) -> Progress:
    known = program or Program(
        component=row.component, pointer=row.pointer, instructions=(), reads={}, parts=row.parts
    )
    context = replace(unit.caller.context, prior=None, is_new=False)
    progress = Progress(row=row, program=known, context=context, is_new=False)
    progress.restart()
    return progress


def program_of(unit: Unit, row: RunRow) -> Program:
    """Give the program of a run, as it was when the run began.

    Raises: AutomationFailed W114 when that does not fit the configuration any more.
    """
    model = unit.snapshot.model
    found = model.programs.get((row.component, row.pointer))
    if found is not None and dict(found.parts) == dict(row.parts):
        return found
    key = (model.digest, row.component, row.pointer, tuple(sorted(row.parts.items())))
    return _PINNED.get_or_make(key, lambda: _laid_out_again(unit, model, row))


def _laid_out_again(unit: Unit, model: Model, row: RunRow) -> Program:
    """Compile the configuration with this component as it was; objects that are the same stay."""
    was = {key: (data, text) for key, data, text in load_revisions(unit.tx, row.parts.items())}
    now = {key: (data, text) for key, data, text in load_tree_rows(unit.tx)}
    mixed = {**now, **was}
    stored = ((key, data, text or "") for key, (data, text) in sorted(mixed.items()))
    made, problems = compile_model(tree_from_stored(stored), model)
    found = None if made is None else made.programs.get((row.component, row.pointer))
    if found is None or was.keys() != row.parts.keys():
        reason = problems[0].message if problems else say("It was purged.")
        message = say(
            "The workflow as it was does not fit the configuration any more: {reason}",
            reason=reason,
        )
        raise AutomationFailed(message, code="W114")
    return found


# --- by hand --------------------------------------------------------------------------------------


def retry(unit: Unit, run: int, as_actor: AsActor) -> RunRow:
    """Go on with a failed run behind the last step kept. Raises: NotFound; Conflict W115."""
    row = _taken(unit, run, {FAILED}, say("Only a run that has failed is tried again."))
    take_up(as_actor(row.actor, row.helper), [row])
    return _found(unit, run)


def cancel(unit: Unit, run: int) -> RunRow:
    """End a run that waits or has failed. Raises: NotFound N100; Conflict W115."""
    said = say("Only a run that waits or has failed is cancelled.")
    row = _taken(unit, run, {WAITING, FAILED}, said)
    kept = replace(row, state=CANCELLED, waits_for="", due_at=None, ended_at=unit.now)
    runs.keep(unit.tx, kept)
    return kept


def _taken(unit: Unit, run: int, states: set[str], said: str) -> RunRow:
    row = runs.take(unit.tx, run)
    if row is None:
        raise NotFound(say("There is no such run, or you may not see it."))
    if row.state not in states:
        raise Conflict(said, code="W115")
    return row


def _found(unit: Unit, run: int) -> RunRow:
    row = runs.find(unit.tx, run)
    assert row is not None  # it was just written
    return row
