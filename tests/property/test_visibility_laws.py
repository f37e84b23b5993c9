"""What a plan says of visibility over random organisations is what people then see."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest

from deploy_tool.plans.counting import Counts
from deploy_tool.sources.trees import read_running
from engine.errors import NotFound
from engine.impact import Seen
from engine.session import ListRequest, Session
from engine.store.database import Database
from tests.property.test_sharing_laws import PEOPLE, Organisation, make_deals
from tests.support.proof import proof_length
from tests.support.worlds import World, build_world, compile_texts, publish_texts

SEEDS = range(proof_length(4, 60))
Sights = Mapping[tuple[str, str], set[int]]  # (person, object) -> records


def sights(world: World) -> Sights:
    """Look at every object as everybody."""

    def work(session: Session, name: str) -> set[int]:
        try:
            return {int(str(r["id"])) for r in session.list(ListRequest(object=name)).records}
        except NotFound:
            return set()  # the object itself is not theirs

    return {
        (who, name): world.run(lambda s, n=name: work(s, n), who=who, write=False)
        for who in PEOPLE
        for name in ("deal", "line", "account")
    }


def foretold(world: World, files: Mapping[str, str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Count before anything is published: (object, role) -> (more, less)."""
    tree, model = compile_texts(files)
    previous = world.run(lambda s: s.snapshot.model, write=False)
    with world.environment.database.read() as tx:
        counts = Counts(
            environment=world.environment.name,
            running=read_running(tx),
            previous=previous,
            model=model,
        )
        counting = counts.over(tx)
        assert counting is not None
        seen: tuple[Seen, ...] = counting.visibility.all()
    assert tree.digest
    return {(one.object, one.role): (one.more, one.less) for one in seen}


def changed(files: dict[str, str], draw: random.Random) -> dict[str, str]:
    """Change what is not drawn by an organisation: the default of an object, rights of the set."""
    changes = dict(files)
    if draw.random() < 0.4:
        deal = changes["objects/deal.yaml"]
        changes["objects/deal.yaml"] = deal.replace("sharing: private", "sharing: read")
    right = draw.choice(["", "view_all: true, read: true", "share: true"])
    if right:
        sets = changes["access/permission_sets/work.yaml"]
        every = sets.partition("account: {")[2].partition("}")[0]
        changes["access/permission_sets/work.yaml"] = sets.replace(every, right, 1)
    return changes


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_plan_says_of_visibility_is_what_people_then_see(
    database: Database, seed: int
) -> None:
    """Roles, teams, queues, rules, defaults and rights, all drawn anew: counted, then published."""
    draw = random.Random(seed)  # noqa: S311  # test data
    firm, later = Organisation(draw), Organisation(draw)
    people = {
        name: {"permission_sets": ["work"], **({"role": role} if role else {})}
        for name, role in zip(PEOPLE, draw.choices(["r1", "r2", "r5", None], k=8), strict=True)
    }
    files, wanted = firm.make(), changed(later.make(), draw)
    world = build_world(database, files, people)
    world.run(lambda s: make_deals(s, firm, world))
    before = sights(world)

    told = foretold(world, wanted)
    publish_texts(world, wanted)

    after, found = sights(world), {}
    roles = {str(given.get("role", "")) for given in people.values()}
    for name in ("deal", "line", "account"):
        for role in roles:
            who = [p for p, given in people.items() if given.get("role", "") == role]
            more = set().union(*(after[p, name] - before[p, name] for p in who))
            less = set().union(*(before[p, name] - after[p, name] for p in who))
            if more or less:
                found[name, role] = (len(more), len(less))
    assert told == found
