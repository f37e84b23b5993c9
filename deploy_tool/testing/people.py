"""Who acts in a configuration test: made-up members, let in for the length of the test.

Which permission sets somebody gets is decided here; docs/decisions/configuration-tests.md says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from deploy_tool.testing.stage import EVERY_OBJECT
from engine.access.effective import ADMINISTRATOR
from engine.access.standing import above
from engine.clock import FixedClock
from engine.compiled import Model
from engine.names import ObjectName
from engine.session import Session
from engine.snapshots import Environment
from engine.store.platform.enter import SYSTEM_USER, MemberCredential, SystemCredential
from engine.store.platform.members import NewUser, insert_member, insert_user
from engine.store.tx import Tx
from engine.unit import open_unit

_USER = ObjectName("user")
SOURCE = "test"  # the door that the history of such records names


def sets_of(model: Model, actor: Mapping[str, object]) -> frozenset[str]:
    """Decide which permission sets somebody in a test holds.

    Those the test names; nobody named at all is an administrator; for a role alone, those that an
    app joins with the role in one entry of `for`, else every right on records and no permission.
    """
    if not actor:
        return frozenset({ADMINISTRATOR})
    named = actor.get("permission_sets")
    if isinstance(named, list | tuple):
        return frozenset(map(str, named))
    return _sets_of_role(model, str(actor.get("role", ""))) or frozenset({EVERY_OBJECT})


def _sets_of_role(model: Model, role: str) -> frozenset[str]:
    found = set()
    for app in model.declared.get("app", {}).values():
        audiences = app.get("for")
        for audience in audiences if isinstance(audiences, list | tuple) else ():
            if audience.get("role") == role and "permission_set" in audience:
                found.add(str(audience["permission_set"]))
    return frozenset(found)


@dataclass(slots=True)
class Cast:
    """The people of one test, each with a session in the one transaction of the test.

    The same description is the same person; so is the same `user`, whatever else is said.
    """

    environment: Environment
    tx: Tx
    model: Model
    now: datetime
    _sessions: dict[str, Session] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _roles: dict[int, str] = field(default_factory=dict)
    _system: Session | None = None

    @property
    def system(self) -> Session:
        """A session with all rights, for what nobody in the test does."""
        if self._system is None:
            self._system = self._open(SystemCredential())
        return self._system

    def gather(self, actors: Sequence[Mapping[str, object]]) -> None:
        """Let everybody in before anything is done, so that approvals find them.

        Somebody's manager is whoever in the test has the nearest role above theirs.
        """
        for actor in actors:
            self._number(actor)
        by_role = {role: number for number, role in reversed(self._roles.items())}
        for number, role in self._roles.items():
            higher = (by_role.get(name) for name in above(self.model.roles, role)[1:])
            manager = next((one for one in higher if one is not None), None)
            if manager is not None:
                self.system.update(_USER, number, {"manager": manager})

    def session(self, actor: Mapping[str, object]) -> Session:
        """Give the session of somebody; let them in first when they are new."""
        key = _key(actor)
        if key not in self._sessions:
            self._sessions[key] = self._open(MemberCredential(self._number(actor)))
        return self._sessions[key]

    def _number(self, actor: Mapping[str, object]) -> int:
        key = _key(actor)
        if key not in self._numbers:
            number = self._let_in(actor, len(self._numbers) + 1)
            self._numbers[key] = number
            if "role" in actor:
                self._roles[number] = str(actor["role"])
        return self._numbers[key]

    def _let_in(self, actor: Mapping[str, object], place: int) -> int:
        (number,) = self.environment.ids.take(self.tx, _USER)
        role = str(actor["role"]) if "role" in actor else None
        name = str(actor.get("user") or role or "Tester")
        new = NewUser(id=number, email=f"tester-{place}@example.test", name=name, role=role)
        insert_user(self.tx, new, by=SYSTEM_USER, at=self.now)
        sets = sorted(sets_of(self.model, actor))
        insert_member(self.tx, user=number, person=number, permission_sets=sets, at=self.now)
        return number

    def _open(self, credential: MemberCredential | SystemCredential) -> Session:
        clock = FixedClock(self.now)
        return Session(open_unit(self.environment, self.tx, credential, clock, SOURCE))


def _key(actor: Mapping[str, object]) -> str:
    return str(actor.get("user") or sorted((name, str(v)) for name, v in actor.items()))
