"""Small worlds for tests: an environment with a configuration, people in it, sessions as them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from engine.clock import Clock
from engine.compile import compile_model
from engine.compiled import Model, Snapshot
from engine.expr import EvalContext
from engine.names import ComponentKey, EnvironmentName, ObjectName
from engine.saving.refill import refill
from engine.session import Session, run
from engine.snapshots import Environment
from engine.source import SourceTree, canonical, tree_from_texts
from engine.store.database import Database
from engine.store.ddl import load_state, steps
from engine.store.platform.enter import MemberCredential
from engine.store.platform.fence import switching
from engine.store.platform.head import read_head
from engine.store.platform.ids import Ids
from engine.store.platform.members import NewUser, insert_member, insert_user
from engine.store.platform.physical import load_physical
from engine.store.platform.upgrades.run import ENVIRONMENT, upgrade
from engine.store.platform.versions import Content, Origin, load_tree, publish
from engine.store.tx import Tx

T = TypeVar("T")
AT = datetime(2026, 3, 1, tzinfo=UTC)
PROJECT = "project: test\nlabel: Test\nformat: 1\ntime_zone: Europe/Paris\n"


@dataclass
class World:
    """An environment and its people, by name; `admin` holds every right."""

    environment: Environment
    people: dict[str, int] = field(default_factory=dict)

    def run(
        self,
        work: Callable[[Session], T],
        *,
        who: str = "admin",
        write: bool = True,
        clock: Clock | None = None,
    ) -> T:
        """Do some work as somebody, in a transaction of its own."""
        credential = MemberCredential(self.people[who])
        return run(self.environment, credential, work, write=write, clock=clock)

    def statements(self, work: Callable[[Session], object], **how: object) -> int:
        """Count the statements of some work, entering included."""

        def counting(session: Session) -> int:
            work(session)
            return session.unit.tx.statements

        return self.run(counting, **how)  # type: ignore[arg-type]  # passed on as they are


def texts_of(objects: Mapping[str, str], **others: str) -> dict[str, str]:
    """Give files of a configuration: objects by name, other files by path with `__` for `/`."""
    named = {f"objects/{name}.yaml": text for name, text in objects.items()}
    more = {path.replace("__", "/") + ".yaml": text for path, text in others.items()}
    return {"project.yaml": PROJECT, **named, **more}


def compile_texts(texts: Mapping[str, str]) -> tuple[SourceTree, Model]:
    """Compile files that must be right."""
    tree, found = tree_from_texts(dict(texts))
    assert not found, [str(problem) for problem in found]
    model, problems = compile_model(tree)
    assert model is not None, [str(problem) for problem in problems]
    return tree, model


def environment_of(name: str, database: Database) -> Environment:
    """Give an environment over a database, as a process would open it."""
    return Environment(EnvironmentName(name), database)


def build_world(
    database: Database, texts: Mapping[str, str], people: Mapping[str, Mapping[str, object]]
) -> World:
    """Publish a configuration into an empty database and let people in.

    `people` gives keyword arguments of `NewUser` and `permission_sets` by name; `admin` is always
    there.
    """
    upgrade(database, ENVIRONMENT)
    world = World(environment_of("production", database))
    publish_texts(world, texts)
    ids = Ids()
    with database.write() as tx:
        for name, given in {
            "admin": {"permission_sets": ["system_administrator"]},
            **people,
        }.items():
            extra = dict(given)
            sets = extra.pop("permission_sets", [])
            (number,) = ids.take(tx, ObjectName("user"))
            new = NewUser(id=number, email=f"{name}@example.test", name=name.title(), **extra)
            insert_user(tx, new, by=1, at=AT)
            insert_member(tx, user=number, person=number, permission_sets=sets, at=AT)
            world.people[name] = number
    return world


def publish_texts(world: World, texts: Mapping[str, str]) -> int:
    """Make a version of what the files say, tables included; give its number."""
    tree, model = compile_texts(texts)

    def work(tx: Tx) -> int:
        base = read_head(tx).version
        before = load_tree(tx)
        for step in steps(model, load_state(tx), tx.dialect):
            step.run(tx, version=base + 1)
        snapshot = Snapshot(
            environment=world.environment.name,
            version=base + 1,
            token="",
            model=model,
            physical=load_physical(tx),
            env={},
        )
        refill(tx, snapshot, EvalContext(now=AT, zone=UTC), before)
        changes: dict[ComponentKey, Content | None] = {
            key: Content(digest=doc.digest, data=canonical(doc.data), source=doc.text or None)
            for key, doc in tree.docs.items()
            if before.get(key) != doc.digest
        }
        changes.update({key: None for key in before if key not in tree.docs})
        origin = Origin(source="import", actor="test", at=AT)
        return publish(tx, base=base, changes=changes, origin=origin).number

    return switching(world.environment.database, work)
