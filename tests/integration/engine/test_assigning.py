"""Who gets a record: the first entry that holds, turns that are fair at once, the fewest open."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from engine.errors import Conflict, NotFound, RequestInvalid
from engine.saving.runs.assigning import choose_owner, choose_owners
from engine.session import Session
from tests.support.worlds import World, publish_texts, texts_of

REGION = """\
object: region
label: Region
sharing: private
fields:
  name: {type: text}
  chief: {type: lookup, to: user}
"""
LEAD = """\
object: lead
label: Lead
sharing: private
fields:
  name: {type: text}
  size: {type: number}
  region: {type: lookup, to: region}
  status: {type: picklist, default: new, values: {new: {}, done: {closed: true}}}
"""
ROLES = "roles: {sales: {}, desk: {parent: sales}}\n"
QUEUES = "queues: {box: {members: [{role: desk}, {user: Sam@example.test}], objects: [lead]}}\n"
TEAMS = "teams: {few: {members: [{user: ben@example.test}]}}\n"
ASSIGNMENT = """\
assignment: lead
object: lead
entries:
  - {if: size > 1000, to: {queue: box}}
  - {if: size > 100, to: {role: sales}, by: load}
  - {if: region.chief.active, to: region.chief}
  - {if: size = 7, to: {user: Sam@example.test}}
  - {to: {role: sales}, by: round_robin}
"""
REP = """\
permission_set: rep
objects: {lead: {create: true, read: true, edit: true}}
"""
MOVER = """\
permission_set: mover
objects: {lead: {create: true, read: true, edit: true, transfer: true}}
"""
FILES = texts_of(
    {"lead": LEAD, "region": REGION},
    access__roles=ROLES,
    access__queues=QUEUES,
    access__teams=TEAMS,
    access__permission_sets__rep=REP,
    access__permission_sets__mover=MOVER,
    assignment__lead=ASSIGNMENT,
)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give three sellers, one at the desk, a rep and a mover."""
    people = {name: {"role": "sales"} for name in ("ann", "ben", "sam")}
    desk = {"role": "desk"}
    rights = {"rep": {"permission_sets": ["rep"]}, "mover": {"permission_sets": ["mover"]}}
    return make_world(FILES, **people, dora=desk, **rights)


def chosen(world: World, assignment: object = "lead", **values: object) -> int | None:
    """Say who gets a new lead with these values, and keep the turn."""

    def work(session: Session) -> int | None:
        compiled = session.compiled("lead")
        made = session.create("lead", values)
        unit = session.unit
        return choose_owner(unit, compiled, {"id": made["id"]}, unit.caller.context, assignment)

    return world.run(work)


def names(world: World, *owners: int | None) -> str:
    """Name owners, in order."""
    known = {number: name for name, number in world.people.items()}
    return " ".join(known.get(owner or 0, "nobody") for owner in owners)


def test_the_first_entry_that_holds_counts(world: World) -> None:
    """A queue as it is, a path to a user, a user by e-mail in any case, then the rest in turns."""
    chief = world.run(lambda s: s.create("region", {"chief": world.people["ben"]})["id"])
    queue = world.run(lambda s: s.unit.tx.row("SELECT id FROM patron_queue"))

    assert queue is not None
    assert chosen(world, size=5000) == queue[0]
    assert names(world, chosen(world, size=1, region=chief)) == "ben"
    assert names(world, chosen(world, size=7)) == "sam"
    assert names(world, chosen(world, size=1)) == "ann"


def test_turns_go_round_and_pass_over_who_cannot(world: World) -> None:
    """In the order of ids; who is inactive, no member any more or away is left out."""
    first = [chosen(world) for _ in range(4)]
    world.run(lambda s: s.update("user", world.people["ben"], {"active": False}))
    world.run(lambda s: s.update("user", world.people["sam"], {"delegate": world.people["ann"]}))
    second = [chosen(world) for _ in range(2)]
    world.run(lambda s: s.update("user", world.people["sam"], {"delegate": None}))
    third = [chosen(world) for _ in range(2)]

    assert names(world, *first) == "ann ben sam ann"
    assert names(world, *second) == "ann ann"
    assert names(world, *third) == "sam ann"


def test_where_nobody_is_left_the_next_entry_counts(world: World) -> None:
    """An inactive chief is passed over; a group without anybody gives nobody."""
    ben = world.people["ben"]
    chief = world.run(lambda s: s.create("region", {"chief": ben})["id"])
    for name in ("ann", "sam"):
        world.run(lambda s, name=name: s.update("user", world.people[name], {"active": False}))

    assert names(world, chosen(world, region=chief)) == "ben"
    world.run(lambda s: s.update("user", ben, {"active": False}))
    assert chosen(world, region=chief) is None
    assert chosen(world, {"team": "few"}) is None


def test_one_group_is_one_circle(world: World) -> None:
    """Whoever asks, a declared assignment or a step: the next one gets it, and nobody twice."""
    asked = ["lead", {"role": "sales"}, "lead", {"role": "sales", "by": "round_robin"}]

    assert names(world, *(chosen(world, one) for one in asked)) == "ann ben sam ann"
    assert names(world, chosen(world, {"queue": "box", "by": "round_robin"})) == "sam"
    assert names(world, chosen(world, {"user": "ben@example.test"})) == "ben"


def test_load_gives_to_who_has_fewest_open(world: World) -> None:
    """Closed records and those in the bin do not count; equals take turns."""
    ann, ben, sam = (world.people[name] for name in ("ann", "ben", "sam"))

    def fill(session: Session) -> None:
        for owner, status in ((ann, "new"), (ben, "done"), (ben, "done"), (sam, "new")):
            session.create("lead", {"owner": owner, "status": status})
        gone = session.create("lead", {"owner": ben})
        session.delete("lead", int(gone["id"]))  # type: ignore[call-overload]  # an integer

    world.run(fill)

    def several(session: Session) -> list[int | None]:
        context = session.unit.caller.context
        asking = [({"id": 1, "size": 500, "region.chief.active": None}, context)] * 3
        asking = [({**values, "region.chief": None}, context) for values, _ in asking]
        return choose_owners(session.unit, session.compiled("lead"), asking, "lead")

    assert names(world, *world.run(several)) == "ben sam ann"


def test_two_at_once_never_get_the_same_turn(world: World) -> None:
    """Six savers at once, ten records each: everybody gets exactly the same number."""
    found: list[int | None] = []

    def save() -> None:
        found.extend(chosen(world) for _ in range(10))

    threads = [threading.Thread(target=save) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(Counter(found).values()) == [20, 20, 20]


def test_circles_in_opposite_order_wait_for_each_other(world: World) -> None:
    """Two savers whose records ask the same circles the other way round: both come to an end."""
    fitting = {"assignment": "lead", "object": "lead"}
    turns = [{"if": "size = 1", "to": "sales"}, {"if": "size = 2", "to": "desk"}]
    entries = [
        f"  - {{if: {one['if']}, to: {{role: {one['to']}}}, by: round_robin}}" for one in turns
    ]
    head = "".join(f"{key}: {value}\n" for key, value in fitting.items())
    publish_texts(
        world, {**FILES, "assignment/lead.yaml": head + "entries:\n" + "\n".join(entries) + "\n"}
    )
    start, failures = threading.Barrier(2, timeout=60), []

    def save(*sizes: int) -> None:
        def work(session: Session) -> list[int | None]:
            unit = session.unit
            asking = [({"id": n, "size": n}, unit.caller.context) for n in sizes]
            return choose_owners(unit, session.compiled("lead"), asking, "lead")

        start.wait()
        for _ in range(30):
            try:
                assert None not in world.run(work)
            except Exception as wrong:  # noqa: BLE001  # whatever it is, the test tells it
                failures.append(wrong)

    threads = [threading.Thread(target=save, args=sizes) for sizes in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    assert failures == []


def test_a_turn_that_is_undone_is_given_again(world: World) -> None:
    """A save that fails afterwards has not used its turn up."""

    def failing(session: Session) -> None:
        unit = session.unit
        compiled = session.compiled("lead")
        choose_owner(unit, compiled, {"id": 1, "size": 1}, unit.caller.context, {"role": "sales"})
        raise NotFound

    with pytest.raises(NotFound):
        world.run(failing)

    assert names(world, chosen(world)) == "ann"


def test_statements_do_not_grow_with_the_records(world: World) -> None:
    """Two hundred records cost as many statements as two, but for their turns."""

    def asking(session: Session, count: int) -> int:
        compiled = session.compiled("lead")
        context = session.unit.caller.context
        lead = int(session.create("lead", {"size": 1})["id"])  # type: ignore[call-overload]  # an integer
        before = session.unit.tx.statements
        choose_owners(session.unit, compiled, [({"id": lead}, context)] * count, "lead")
        return session.unit.tx.statements - before

    assert world.run(lambda s: asking(s, 200)) == world.run(lambda s: asking(s, 2)) == 4


def test_a_record_is_handed_over_by_an_assignment(world: World) -> None:
    """It needs the right to transfer; an unknown name is told, a hidden record stays hidden."""
    own = world.run(lambda s: s.create("lead", {"name": "A"})["id"], who="mover")
    seen = world.run(lambda s: s.create("lead", {"name": "B"})["id"], who="rep")

    moved = world.run(
        lambda s: s.sharing.assign(s.compiled("lead"), int(str(own)), "lead"), who="mover"
    )
    owner = world.run(lambda s: s.get("lead", int(str(own)))["owner"], write=False)

    assert names(world, owner) == "ann"  # type: ignore[arg-type]  # an id
    assert moved == {"id": own, "version": 2}
    with pytest.raises(RequestInvalid) as wrong:
        world.run(lambda s: s.sharing.assign(s.compiled("lead"), int(str(seen)), "leads"))
    assert (wrong.value.code, wrong.value.hint) == ("W190", 'did you mean "lead"?')
    with pytest.raises(NotFound):
        world.run(
            lambda s: s.sharing.assign(s.compiled("lead"), int(str(seen)), "lead"), who="mover"
        )
    for name in ("ann", "ben", "sam"):
        world.run(lambda s, name=name: s.update("user", world.people[name], {"active": False}))
    with pytest.raises(Conflict) as nobody:
        world.run(lambda s: s.sharing.assign(s.compiled("lead"), int(str(seen)), "lead"))
    assert nobody.value.code == "W191"


def test_a_former_name_of_a_role_still_has_its_members(world: World) -> None:
    """A role that is renamed keeps the people who were given it under the old name."""
    renamed = {
        **FILES,
        "access/roles.yaml": "roles: {sellers: {aka: [sales]}, desk: {parent: sellers}}\n",
        "assignment/lead.yaml": "assignment: lead\nobject: lead\n"
        "entries: [{to: {role: sellers}, by: round_robin}]\n",
    }
    publish_texts(world, renamed)

    assert names(world, chosen(world)) == "ann"
