"""Sandboxes: made from another environment's configuration, and deleted without a trace.

The story of `make_sandbox`: name -> parent's configuration -> a database of its own -> version 1 ->
the records that are wanted, masked -> its maker let in -> the directory, last. A process that is
killed in between leaves nothing that is listed, and the next one of that name clears it away. Each
sandbox gets a file or a schema that no other had, so a process that still holds a deleted one never
takes it for a new one of the same name.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from engine.clock import FixedClock
from engine.errors import Conflict, NotFound
from engine.names import EnvironmentName
from engine.people import add_member, address_of
from engine.settings import Settings
from engine.snapshots import Environment, Environments
from engine.store.database import Database
from engine.store.failures import Busy, UniqueViolated
from engine.store.places import being_made, erase, is_used, places_beside
from engine.store.platform import audit
from engine.store.platform.control import EnvironmentRow, add_environment, remove_environment
from engine.store.platform.upgrades import ENVIRONMENT, upgrade
from engine.store.platform.versions import Origin
from engine.store.steps import at_step
from sandbox.bringing.carrying import Progress
from sandbox.bringing.seeding import reseed, seed
from sandbox.bringing.wanted import Wanted
from sandbox.copying import Configuration, publish_copy, read_configuration
from sandbox.environments import PRODUCTION, find_row, list_rows
from sandbox.makers import makers_of
from sandbox.naming import ensure_name

KIND = "sandbox"
_TOKEN = 3  # bytes that part the place of a sandbox from that of an earlier one


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSandbox:
    """What somebody asks for. `url`: a database of its own; "" takes the installation's.

    `maker` is the e-mail of who is let in; `actor` is what the audit and version 1 note. `admits`:
    somebody is let in at all; else the caller does so. `wanted`: the records to bring along.
    """

    name: str
    actor: str
    parent: str = PRODUCTION
    url: str = ""
    maker: str = ""
    admits: bool = True
    wanted: Wanted = field(default_factory=Wanted)


def make_sandbox(
    settings: Settings,
    environments: Environments,
    new: NewSandbox,
    *,
    at: datetime,
    tell: Callable[[Progress], None] = lambda _: None,
) -> EnvironmentRow:
    """Make a sandbox with its parent's configuration and the records wanted; give its line.

    Takes about two seconds for a configuration of 800 components without records. Whether somebody
    may bring records along is for the caller to ask (`sandbox.bringing.rights`).
    Raises: RequestInvalid Q120 for a name that cannot be; Conflict C130 for one that is taken, C132
    for a database that is not empty; NotFound N101 for a parent that is not there; StoreFailed S105
    for a URL that cannot be used; MetadataInvalid M100; as `sandbox.bringing.seeding.seed`.
    """
    making = making_sandbox(settings, environments, new, at=at)
    while True:
        try:
            tell(next(making))
        except StopIteration as done:
            row: EnvironmentRow = done.value
            return row


def making_sandbox(
    settings: Settings, environments: Environments, new: NewSandbox, *, at: datetime
) -> Generator[Progress, None, EnvironmentRow]:
    """Make it as `make_sandbox`, telling how far it is; closed before its end, nothing is left."""
    ensure_name(new.name)
    _ensure_free(environments, new.name)
    parent = environments.open(new.parent)
    configuration = read_configuration(parent.database)
    place, schema = address_of(settings, f"{new.name}-{secrets.token_hex(_TOKEN)}", new.url)
    row = EnvironmentRow(
        name=new.name,
        kind=KIND,
        url=place,
        schema=schema,
        parent=parent.name,
        baseline=configuration.digest,
    )
    database = Database(place, schema)
    with being_made(database):
        _ensure_empty(database)
        if not new.url:
            clear_unfinished(environments, new.name, database)
        try:
            yield from _fill(database, parent, configuration, new, at)
            _enter(environments, row, at)
        except BaseException:
            erase(database)  # nothing of ours was there before
            raise
        finally:
            database.dispose()
    _note(parent, new.actor, "sandbox.create", new.name, at)
    at_step("sandbox.done")
    return row


def clear_unfinished(environments: Environments, name: str, beside: Database) -> None:
    """Remove what is left of a sandbox of that name whose making, or end, was killed."""
    for left in places_beside(beside, name, 2 * _TOKEN):
        with suppress(Busy), being_made(left):  # Busy: somebody makes it right now
            rows = list_rows(environments.control)
            if not any(_is_at(row, left) for row in rows):
                erase(left)
        left.dispose()


def _is_at(row: EnvironmentRow, place: Database) -> bool:
    known = Database(row.url, row.schema)
    return (known.url, known.schema) == (place.url, place.schema)


def reseeding(
    environments: Environments, name: str, *, actor: str, at: datetime
) -> Iterator[Progress]:
    """Bring the records of a sandbox anew, telling how far it is; its configuration stays.

    Raises: NotFound N101; Conflict C133 for what is no sandbox; as `seeding.reseed`.
    """
    sandbox = environments.open(name)
    parent = environments.open(ensure_parent(name, sandbox.row.parent))
    yield from reseed(parent, sandbox, clock=FixedClock(at))
    for environment in (sandbox, parent):
        _note(environment, actor, "sandbox.reseed", name, at)


def delete_sandbox(environments: Environments, name: str, *, actor: str, at: datetime) -> None:
    """Delete a sandbox with everything in it; nobody enters it any more, and nothing is left.

    Killed in between, it is out of the directory and its data are left behind, which nobody finds.
    Raises: NotFound N101; Conflict C131 for production and for a sandbox that others start from.
    """
    row = ensure_deletable(environments, name)
    with environments.control.write() as tx:
        remove_environment(tx, name)
    at_step("sandbox.removed")
    erase(Database(row.url, row.schema))
    _note(environments.open(str(row.parent)), actor, "sandbox.delete", name, at)


def ensure_deletable(environments: Environments, name: str) -> EnvironmentRow:
    """Give the line of a sandbox that may be deleted.

    Raises: NotFound N101; Conflict C131 for production and for a sandbox that others start from.
    """
    rows = {row.name: row for row in list_rows(environments.control)}
    row = rows.get(name)
    if row is None:
        message = f'There is no sandbox "{name}".'
        raise NotFound(message, code="N101", hint="patron sandbox list shows them")
    if row.kind != KIND:
        message = f"{row.name} is no sandbox; only sandboxes are deleted."
        raise Conflict(message, code="C131")
    children = [other.name for other in rows.values() if other.parent == name]
    if children:
        message = f"{', '.join(children)} started from {row.name}, so it cannot be deleted."
        raise Conflict(message, code="C131", hint=f"delete {children[0]} first")
    return row


def ensure_parent(name: str, parent: str | None) -> str:
    """Give the parent of a sandbox. Raises: Conflict C133 for what has none."""
    if parent is not None:
        return parent
    message = f"{name} is no sandbox, so there is nothing to bring it up to."
    raise Conflict(message, code="C133", hint="patron sandbox list shows the sandboxes")


def _ensure_free(environments: Environments, name: str) -> None:
    if find_row(environments.control, name) is not None:
        raise _taken(name)


def _taken(name: str) -> Conflict:
    message = f'There is an environment "{name}" already.'
    hint = f"choose another name, or delete it first: patron sandbox delete {name}"
    return Conflict(message, code="C130", hint=hint)


def _ensure_empty(database: Database) -> None:
    if is_used(database):
        message = "The database for the new sandbox holds something already; nothing was changed."
        raise Conflict(message, code="C132", hint="name a file that does not exist yet")


def _fill(
    database: Database,
    parent: Environment,
    configuration: Configuration,
    new: NewSandbox,
    at: datetime,
) -> Iterator[Progress]:
    """Make tables, version 1, records and members in the sandbox's own database."""
    at_step("sandbox.tables")
    upgrade(database, ENVIRONMENT)
    at_step("sandbox.version")
    reason = f"made from {parent.name}@{configuration.version}"
    origin = Origin(source="refresh", actor=new.actor, at=at, reason=reason)
    publish_copy(database, configuration, origin)
    makers = makers_of(parent, new.maker) if new.admits else ()
    if new.wanted.brings:
        sandbox = Environment(EnvironmentName(new.name), database)
        emails = {maker.member.email for maker in makers}
        yield from seed(parent, sandbox, new.wanted, admitted=emails, clock=FixedClock(at))
    at_step("sandbox.members")
    for maker in makers:
        add_member(database, maker.person, maker.member, at=at, actor=new.actor)


def _enter(environments: Environments, row: EnvironmentRow, at: datetime) -> None:
    at_step("sandbox.directory")
    try:
        with environments.control.write() as tx:
            add_environment(tx, row, at=at)
    except UniqueViolated as error:
        raise _taken(row.name) from error


def _note(environment: Environment, actor: str, action: str, name: str, at: datetime) -> None:
    """Note in the parent's audit what happened; the sandbox has one of its own."""
    with environment.database.write() as tx:
        audit.note(tx, at=at, actor=actor, action=action, target=name)
