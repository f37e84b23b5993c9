"""Seeds a sandbox: finds what is wanted in its parent, at one instant, and has it carried over.

The order matters: where a sample starts is asked in a transaction of its own, because it may be any
expression; the records themselves are read in one that takes no turn of anybody's, so people and
deployments of the parent go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.clock import Clock, zone_of
from engine.compiled import Snapshot
from engine.errors import Conflict
from engine.expr import EvalContext
from engine.locale import say
from engine.saving.runs.regular import pass_over_existing
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.carrying import clear_records, last_id
from engine.store.emptying import forget_all
from engine.store.platform.enter import SYSTEM_USER, SystemCredential
from engine.store.platform.fence import fenced
from engine.store.platform.head import read_head
from engine.store.platform.members import list_members
from engine.store.platform.values import load_settings, put_setting
from engine.store.tx import Tx
from engine.unit import open_unit
from sandbox.bringing.carrying import Carrying, Progress
from sandbox.bringing.choosing import USER, Ids, carried_objects, choose, find_roots
from sandbox.bringing.wanted import SAMPLE, SETTING, Wanted, ensure_brings, stored_wanted
from sandbox.masking import Masker

_DOOR = "refresh"  # what the history of such saves would name
_LEAST = 1_000_000  # from here on a sandbox gives out ids of its own
_AHEAD = 100  # times what the parent has given out


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the parent runs, and where a sample starts; None where nothing was said of it."""

    snapshot: Snapshot
    roots: Ids | None


def seed(
    parent: Environment,
    sandbox: Environment,
    wanted: Wanted,
    *,
    admitted: Collection[str],
    clock: Clock,
) -> Iterator[Progress]:
    """Bring records into a sandbox that has none, telling how far it is.

    Raises: Conflict C134 when the parent is switched meanwhile; as `find_roots`.
    """
    found = _find(parent, wanted)
    with reading_at(parent, found.snapshot) as source, sandbox.database.write() as target:
        own = _own_ids(last_id(source))
        yield from _carry(source, target, sandbox, found, wanted, admitted, own, clock)
        put_setting(target, SETTING, {**wanted.as_json(), "own_ids": own})


def reseed(parent: Environment, sandbox: Environment, *, clock: Clock) -> Iterator[Progress]:
    """Take all records of a sandbox away and bring them anew, by the words it was made with.

    One transaction, and nobody writes meanwhile: killed in between, the sandbox has the records it
    had. Members stay. Raises: RequestInvalid Q121 as `ensure_reseedable`; Conflict C134, C135.
    """
    wanted = ensure_reseedable(sandbox)
    found = _find(parent, wanted)
    with reading_at(parent, found.snapshot) as source, fenced(sandbox.database) as target:
        own = _kept_own_ids(sandbox, target, last_id(source))
        unit = open_unit(sandbox, target, SystemCredential(), clock, _DOOR)
        for name in carried_objects(unit.snapshot):
            clear_records(target, unit.snapshot, name)
        forget_all(target)
        clear_records(target, unit.snapshot, USER, but=_staying(target))
        yield from _carry(source, target, sandbox, found, wanted, (), own, clock)


def ensure_reseedable(sandbox: Environment) -> Wanted:
    """Give the words by which a sandbox was made. Raises: RequestInvalid Q121 for no records."""
    wanted = wanted_of(sandbox)
    ensure_brings(sandbox.name, wanted)
    return wanted


def wanted_of(sandbox: Environment) -> Wanted:
    """Give the words by which a sandbox was made."""
    with sandbox.database.read() as tx:
        return stored_wanted(load_settings(tx).get(SETTING))


def _find(parent: Environment, wanted: Wanted) -> Found:
    def work(session: Session) -> Found:
        roots = find_roots(session, wanted) if wanted.data == SAMPLE else None
        return Found(snapshot=session.snapshot, roots=roots)

    return run(parent, SystemCredential(), work, write=False)


@contextmanager
def reading_at(parent: Environment, snapshot: Snapshot) -> Iterator[Tx]:
    """Read the parent at one instant, by what it runs then. Raises: Conflict C134."""
    with parent.database.read() as tx:
        if read_head(tx).token != snapshot.token:
            name = parent.name
            message = say("The configuration of {name} was changed just now.", name=name)
            raise Conflict(message, code="C134", hint=say("do it again; nothing was made"))
        yield tx


def _carry(
    source: Tx,
    target: Tx,
    sandbox: Environment,
    found: Found,
    wanted: Wanted,
    admitted: Collection[str],
    own: int,
    clock: Clock,
) -> Iterator[Progress]:
    unit = open_unit(sandbox, target, SystemCredential(), clock, _DOOR)
    is_sample = wanted.data == SAMPLE
    chosen = choose(source, found.snapshot, found.roots, wanted.most) if is_sample else None
    zone = zone_of(unit.snapshot.model.project.time_zone)
    carrying = Carrying(
        source=source,
        snapshot=found.snapshot,
        target=target,
        into=unit.snapshot,
        context=EvalContext(now=unit.now, zone=zone, env=unit.snapshot.env),
        masker=Masker(),
        admitted=frozenset(admitted),
        members=_staying(target),
        own=own,
    )
    yield from carrying.carry(chosen)
    pass_over_existing(unit)


def _staying(tx: Tx) -> frozenset[int]:
    """Give the users of a sandbox that are its own: its members, and the system."""
    return frozenset({SYSTEM_USER, *(member.user for member in list_members(tx))})


def _own_ids(last: int) -> int:
    """Give where ids of a sandbox begin: far enough for the parent never to come there."""
    return max(_LEAST, int(10 ** len(str(last * _AHEAD))))


def _kept_own_ids(sandbox: Environment, tx: Tx, last: int) -> int:
    kept = load_settings(tx).get(SETTING)
    own = int(str(kept.get("own_ids", 0))) if isinstance(kept, dict) else 0
    if last < own:
        return own
    message = say(
        "{name} has given out ids that its parent has given out as well.", name=sandbox.name
    )
    raise Conflict(message, code="C135", hint=say("delete the sandbox and make it anew"))
