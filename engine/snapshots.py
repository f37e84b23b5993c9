"""Which version runs where: environments, and the snapshot that a transaction pins.

A process keeps the model it has; when `enter` tells of another head, it loads the revisions it has
not seen, compiles what changed as far as it is asked for, and swaps. Nothing is polled and nothing
is cleared.
"""

from __future__ import annotations

import gc
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from engine.compile import compile_stored
from engine.compiled import Model, Snapshot
from engine.errors import NotFound
from engine.names import EnvironmentName
from engine.people import open_control
from engine.settings import Settings
from engine.source import Contents, stored_tree, tree_digest
from engine.store.database import Database
from engine.store.platform.control import EnvironmentRow, find_environment, list_environments
from engine.store.platform.enter import Credential, Entered
from engine.store.platform.head import Head, read_head
from engine.store.platform.ids import Ids
from engine.store.platform.members import find_member
from engine.store.platform.physical import load_physical
from engine.store.platform.switches import load_switches
from engine.store.platform.upgrades.run import ENVIRONMENT, upgrade
from engine.store.platform.values import load_values
from engine.store.platform.versions import load_contents, load_contents_since
from engine.store.tx import Tx

__all__ = ["Credential", "Environment", "Environments"]

_LASTING = "production"  # the kind of environment that is never deleted
KEPT_SNAPSHOTS = 4  # readers on an instant before a switch may still ask for the one before


def nothing_to_wake() -> None:
    """Do nothing: without a message the worker finds what there is by itself, a second later."""


class Environment:
    """One environment as a process sees it: its database, its ids, the snapshots it has loaded."""

    def __init__(
        self,
        name: EnvironmentName,
        database: Database,
        row: EnvironmentRow | None = None,
        *,
        wake: Callable[[], None] = nothing_to_wake,
    ) -> None:
        self.name, self.database, self.ids = name, database, Ids()
        self.wake = wake
        self.row = row or EnvironmentRow(name=name, kind="production", url=str(database.url))
        self._snapshots: OrderedDict[str, Snapshot] = OrderedDict()
        self._loading = threading.Lock()
        self._loaded: Loaded | None = None
        self._users: dict[int, int] = {}  # person -> user: never changes while it is there

    def user_of(self, person: int) -> int:
        """Give the id of the user record of a person who is a member here.

        Whether they still are is checked by `enter`, in every transaction. Raises: NotFound N103.
        """
        user = self._users.get(person)
        if user is None:
            with self.database.read() as tx:
                member = find_member(tx, person=person)
            if member is None:
                raise NotFound("You are no member of this environment.", code="N103")
            user = self._users[person] = member.user
        return user

    def snapshot(self, tx: Tx, entered: Entered) -> Snapshot:
        """Give the snapshot of the head that `enter` told of; load it if it is new here.

        Cost when known: one look into a dictionary.
        """
        known = self._snapshots.get(entered.token)
        if known is not None:
            return known
        with self._loading:
            known = self._snapshots.get(entered.token)
            if known is None:
                known = self._load(tx, entered)
                self._keep(known)
        return known

    def _load(self, tx: Tx, entered: Entered) -> Snapshot:
        previous = next(reversed(self._snapshots.values()), None)
        self._loaded = load_contents_of_head(tx, self._loaded)
        return Snapshot(
            environment=self.name,
            version=entered.version,
            token=entered.token,
            model=_model(self._loaded, previous.model if previous else None),
            physical=load_physical(tx),
            env=MappingProxyType(load_values(tx)),  # type: ignore[arg-type]  # JSON values are values
            switches=load_switches(tx),
        )

    def _keep(self, snapshot: Snapshot) -> None:
        self._snapshots[snapshot.token] = snapshot
        while len(self._snapshots) > KEPT_SNAPSHOTS:
            self._snapshots.popitem(last=False)
        gc.freeze()  # a model lives long: full collections need not walk it


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The contents of a head, as a process has read them."""

    head: Head
    contents: Contents


def load_contents_of_head(tx: Tx, before: Loaded | None) -> Loaded:
    """Read the head's contents: what came since `before`, or all if that does not lead to it.

    A database that was put back from a backup has another past than a process remembers; the
    digest of the whole tells.
    """
    head = read_head(tx)
    if before is not None and before.head.tree == head.tree:
        return Loaded(head=head, contents=before.contents)
    if before is not None and before.head.version < head.version:
        later = {**before.contents, **load_contents_since(tx, before.head.version)}
        contents = {key: content for key, content in sorted(later.items()) if content is not None}
        if tree_digest((key, digest) for key, (digest, _) in contents.items()) == head.tree:
            return Loaded(head=head, contents=contents)
    return Loaded(head=head, contents=load_contents(tx))


def _model(loaded: Loaded, previous: Model | None) -> Model:
    """Give the model of a head. Raises: MetadataInvalid M100, when this engine is too old."""
    if previous is not None and previous.digest == loaded.head.tree:
        return previous
    return compile_stored(stored_tree(loaded.contents, loaded.head.tree), previous)


class Environments:
    """The directory of environments of an installation, each opened when first asked for."""

    def __init__(self, settings: Settings, *, wake: Callable[[], None] = nothing_to_wake) -> None:
        """Open an installation; `wake` tells a worker, after a commit, that there is something."""
        self.settings, self._wake = settings, wake
        self._open: dict[str, Environment] = {}
        self._opening = threading.Lock()

    @cached_property
    def control(self) -> Database:
        """The control database, opened when first asked for."""
        return open_control(self.settings)

    def open(self, name: str) -> Environment:
        """Give an environment by name. Raises: NotFound N101.

        Production is looked up once. Sandboxes come and go while processes run, and one of the same
        name may be another: for them the directory is asked every time, one statement.
        """
        known = self._open.get(name)
        if known is not None and known.row.kind == _LASTING:
            return known
        row = self._row(name)
        with self._opening:
            known = self._open.get(name)
            if known is not None and row is not None and _place(known.row) == _place(row):
                known.row = row
                return known
            if known is not None:
                del self._open[name]
                known.database.dispose()
            self._open[name] = found = self._connect(name, row)
            return found

    def names(self) -> list[str]:
        """List the environments of the directory."""
        with self.control.read() as tx:
            return [row.name for row in list_environments(tx)]

    def close(self) -> None:
        """Close every connection."""
        for environment in self._open.values():
            environment.database.dispose()
        if "control" in self.__dict__:
            self.control.dispose()

    def _row(self, name: str) -> EnvironmentRow | None:
        with self.control.read() as tx:
            return find_environment(tx, name)

    def _connect(self, name: str, row: EnvironmentRow | None) -> Environment:
        if row is None:
            message = f'There is no environment "{name}".'
            raise NotFound(message, code="N101", hint="`patron env list` shows them")
        database = Database(row.url, row.schema)
        upgrade(database, ENVIRONMENT)
        return Environment(EnvironmentName(name), database, row, wake=self._wake)


def _place(row: EnvironmentRow) -> tuple[str, str | None]:
    return row.url, row.schema
