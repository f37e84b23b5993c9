"""Single records opened by hand, queues that own, new owners, and why somebody sees what."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from engine.clock import FixedClock
from engine.errors import AccessDenied, NotFound, RecordInvalid, RequestInvalid
from engine.session import ListRequest, Session
from tests.support.worlds import World, publish_texts, texts_of

DEAL = """\
object: deal
label: Deal
sharing: private
fields:
  name: {type: text, required: true}
  secret: {type: text}
"""
OPEN = "object: open\nlabel: Open\nsharing: read\nfields:\n  name: {type: text}\n"
LINE = """\
object: line
label: Line
sharing: parent
fields:
  name: {type: text}
  deal: {type: master_detail, to: deal}
"""
ROLES = "roles:\n  boss: {}\n  rep: {parent: boss}\n  desk: {parent: boss}\n"
TEAMS = "teams:\n  crew: {members: [{user: finn@example.test}]}\n"
QUEUES = """\
queues:
  inbox: {label: New deals, members: [{role: desk}], objects: [deal]}
  other: {members: [{team: crew}], objects: [open]}
"""
RULES = """\
sharing: deal
rules:
  waiting: {label: Waiting, owner: {queue: inbox}, with: {team: crew}, access: read}
"""
SETS = {
    "access__permission_sets__rep": """\
permission_set: rep
label: Reps
objects:
  deal: {create: true, read: true, edit: true, delete: true, share: true, fields: {secret: none}}
  open: {create: true, read: true, edit: true, share: true}
  line: {create: true, read: true, edit: true, share: true}
""",
    "access__permission_sets__mover": """\
permission_set: mover
objects: {deal: {read: true, transfer: true}}
permissions: [manage_users]
""",
}
FILES = texts_of(
    {"deal": DEAL, "open": OPEN, "line": LINE},
    access__roles=ROLES,
    access__teams=TEAMS,
    access__queues=QUEUES,
    access__sharing__deal=RULES,
    **SETS,
)
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give two reps and their boss, somebody at the desk, and one who may hand over."""
    sets = {"permission_sets": ["rep"]}
    return make_world(
        FILES,
        rep={**sets, "role": "rep"},
        other={**sets, "role": "rep"},
        boss={**sets, "role": "boss"},
        desk={**sets, "role": "desk"},
        finn=sets,
        mover={"permission_sets": ["rep", "mover"], "role": "boss"},
    )


@pytest.fixture
def deal(world: World) -> int:
    """Give a deal of the rep's."""
    return int(world.run(lambda s: s.create("deal", {"name": "d"}), who="rep")["id"])


def share(
    world: World, record: int, group: Mapping[str, object], *, who: str = "rep", **how: object
) -> int:
    """Share a deal, by default for reading, and give the id of the share."""
    access, until = how.get("access", "read"), how.get("until")

    def work(session: Session) -> int:
        compiled = session.compiled(str(how.get("what", "deal")))
        made = session.sharing.share(compiled, record, group, str(access), until)  # type: ignore[arg-type]
        return made.id

    return world.run(work, who=who, clock=FixedClock(NOW))


def sees(world: World, who: str, record: int, at: datetime = NOW) -> bool:
    """Tell whether somebody sees a deal, in the list and by id alike."""
    clock = FixedClock(at)
    wanted = ListRequest(object="deal", count=True)
    page = world.run(lambda s: s.list(wanted), who=who, write=False, clock=clock)
    found = record in {row["id"] for row in page.records}
    assert page.count == len(page.records)
    try:
        world.run(lambda s: s.get("deal", record), who=who, write=False, clock=clock)
    except NotFound:
        assert not found
    else:
        assert found
    return found


def queue(world: World, name: str = "inbox") -> int:
    """Give the id of a queue."""
    found = world.run(lambda s: s.find("queue", "api_name", name), who="rep", write=False)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "group", [{"role": "desk"}, {"role_and_below": "boss"}, {"user": "desk"}, {"queue": "inbox"}]
)
def test_a_share_opens_one_record_to_one_group(
    world: World, deal: int, group: Mapping[str, object]
) -> None:
    """Roles, roles with those below, people and queues see what is shared, until it is not."""
    named = {key: world.people["desk"] if key == "user" else name for key, name in group.items()}

    number = share(world, deal, named)

    assert sees(world, "desk", deal)
    assert not sees(world, "finn", deal)
    with pytest.raises(AccessDenied):
        world.run(lambda s: s.update("deal", deal, {"name": "x"}), who="desk")
    world.run(lambda s: s.sharing.unshare(s.compiled("deal"), deal, number), who="rep")
    assert not sees(world, "desk", deal)
    with pytest.raises(NotFound, match="N108"):
        world.run(lambda s: s.sharing.unshare(s.compiled("deal"), deal, number), who="rep")


def test_a_share_ends_by_itself(world: World, deal: int) -> None:
    """After its end a share opens nothing; sharing again with the group replaces it."""
    end = NOW + timedelta(days=1)
    first = share(world, deal, {"team": "crew"}, until=end)

    assert sees(world, "finn", deal, end - timedelta(seconds=1))
    assert not sees(world, "finn", deal, end)
    assert share(world, deal, {"team": "crew"}) == first
    assert sees(world, "finn", deal, end)
    listed = world.run(lambda s: s.sharing.shares(s.compiled("deal"), deal), who="rep")
    assert [(s.id, s.principal, s.until) for s in listed] == [(first, "team:crew", None)]


def test_nobody_shares_further_than_they_reach(world: World, deal: int) -> None:
    """Who only sees may share for reading; who may not share is told so; strangers find nothing."""
    share(world, deal, {"user": world.people["desk"]}, access="edit")
    world.run(lambda s: s.update("deal", deal, {"name": "x"}), who="desk")
    share(world, deal, {"user": world.people["finn"]}, who="desk", access="edit")

    with pytest.raises(AccessDenied):
        share(world, deal, {"user": world.people["other"]}, who="boss", access="edit")
    share(world, deal, {"user": world.people["other"]}, who="boss")
    hidden = int(world.run(lambda s: s.create("deal", {"name": "h"}))["id"])
    with pytest.raises(NotFound):
        share(world, hidden, {"role": "desk"})


@pytest.mark.parametrize(
    ("group", "how", "field"),
    [
        ({"role": "dsek"}, {}, "with"),
        ({"user": 999_999}, {}, "with"),
        ({"user": True}, {}, "with"),
        ({"planet": "mars"}, {}, "with"),
        ({}, {}, "with"),
        ({"role": "desk"}, {"access": "write"}, "access"),
        ({"role": "desk"}, {"until": NOW}, "until"),
    ],
)
def test_a_share_that_makes_no_sense_is_refused_at_its_part(
    world: World, deal: int, group: Mapping[str, object], how: Mapping[str, object], field: str
) -> None:
    """Unknown groups, levels and ends in the past are told at once."""
    with pytest.raises(RequestInvalid) as refused:
        share(world, deal, group, **how)

    assert [(e.field, e.code) for e in refused.value.errors] == [(field, "Q111")]


def test_what_follows_its_parent_is_shared_with_it(world: World, deal: int) -> None:
    """A line cannot be shared alone; it opens with its deal."""
    line = int(world.run(lambda s: s.create("line", {"deal": deal}), who="rep")["id"])
    with pytest.raises(RequestInvalid):
        share(world, line, {"role": "desk"}, what="line")

    share(world, deal, {"role": "desk"})

    assert world.run(lambda s: s.get("line", line), who="desk")["id"] == line


def test_a_queue_owns_until_a_member_takes(world: World) -> None:
    """Members see, change and take what waits; those above them see it; others do not."""
    inbox = queue(world)
    made = world.run(lambda s: s.create("deal", {"name": "q", "owner": inbox}), who="rep")
    deal = int(made["id"])

    assert [who for who in ("rep", "desk", "boss", "finn") if sees(world, who, deal)] == [
        "desk",
        "boss",
        "finn",
    ]
    shown = world.run(lambda s: s.get("deal", deal, ["owner", "owner.name"]), who="desk")
    assert (shown["owner"], shown["owner.name"]) == (inbox, "New deals")
    world.run(lambda s: s.update("deal", deal, {"name": "mine soon"}), who="desk")
    me = world.people["desk"]
    with pytest.raises(RecordInvalid):
        world.run(lambda s: s.update("deal", deal, {"owner": world.people["rep"]}), who="desk")
    taken = world.run(lambda s: s.sharing.hand_over(s.compiled("deal"), deal, me), who="desk")
    assert taken["owner"] == me
    assert not sees(world, "finn", deal)


def test_a_queue_takes_only_its_objects(world: World) -> None:
    """A queue that does not name the object is no owner for its records."""
    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.create("deal", {"name": "q", "owner": queue(world, "other")}))

    assert [(e.field, e.code) for e in refused.value.errors] == [("owner", "R107")]


def test_queues_follow_the_configuration(world: World) -> None:
    """A renamed queue keeps its records, one taken away rests, and comes back as it was."""
    inbox = queue(world)
    renamed = QUEUES.replace("inbox: {label: New deals", "post: {aka: [inbox], label: Post")
    rules = RULES.replace("queue: inbox", "queue: post")

    publish_texts(
        world, {**FILES, "access/queues.yaml": renamed, "access/sharing/deal.yaml": rules}
    )
    assert queue(world, "post") == inbox
    gone = {
        k: v
        for k, v in FILES.items()
        if k not in ("access/queues.yaml", "access/sharing/deal.yaml")
    }
    publish_texts(world, gone)
    assert world.run(lambda s: s.list(ListRequest(object="queue"))).records == []
    publish_texts(world, FILES)
    with pytest.raises(AccessDenied):
        world.run(lambda s: s.create("queue", {"name": "x", "api_name": "x"}))


def test_handing_over_takes_the_right(world: World, deal: int) -> None:
    """Owners without the right keep their records; with it any record that is seen moves."""
    desk = world.people["desk"]

    def hand_over(session: Session) -> dict[str, object]:
        return session.sharing.hand_over(session.compiled("deal"), deal, desk)

    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.update("deal", deal, {"owner": desk}), who="rep")
    assert [(e.field, e.code) for e in refused.value.errors] == [("owner", "A101")]
    for who, error in (("other", NotFound), ("boss", AccessDenied), ("rep", RecordInvalid)):
        with pytest.raises(error):
            world.run(hand_over, who=who)
    moved = world.run(hand_over, who="mover")
    assert moved["owner"] == desk
    assert sees(world, "desk", deal)
    assert not sees(world, "rep", deal)
    for wrong in (None, 999_999):
        with pytest.raises((RecordInvalid, RequestInvalid)):
            world.run(
                lambda s, w=wrong: s.sharing.hand_over(s.compiled("deal"), deal, w), who="mover"
            )


def test_whoever_loses_sight_is_answered_with_the_id_alone(world: World) -> None:
    """A record handed out of one's sight shows nothing any more."""
    world.run(lambda s: s.update("user", world.people["mover"], {"role": "rep"}))
    mine = int(world.run(lambda s: s.create("deal", {"name": "m"}), who="mover")["id"])
    desk = world.people["desk"]

    moved = world.run(lambda s: s.sharing.hand_over(s.compiled("deal"), mine, desk), who="mover")

    assert moved == {"id": mine, "version": 2}


def test_reasons_are_told_branch_by_branch(world: World, deal: int) -> None:
    """Each way that opens a record is a reason; what is not seen has none."""
    inbox = queue(world)
    waiting = int(world.run(lambda s: s.create("deal", {"name": "q", "owner": inbox}))["id"])
    share(world, deal, {"role": "desk"})

    def why(who: str, record: int) -> object:
        email = f"{who}@example.test"
        told = world.run(
            lambda s: s.explaining.of_record(s.compiled("deal"), record, email), write=False
        )
        assert told["sees"] == sees(world, who, record)
        return told["why"]

    assert why("rep", deal) == {"read": ["owns it"], "edit": ["owns it"]}
    assert why("boss", deal) == {"read": ["its owner has a role below"], "edit": []}
    assert why("desk", deal) == {"read": ["shared by hand"], "edit": []}
    assert why("desk", waiting)["edit"] == ["it waits in a queue of theirs"]
    assert why("boss", waiting)["read"] == ["it waits in a queue of a role below"]
    assert why("finn", waiting) == {"read": ["sharing rule Waiting"], "edit": []}
    assert why("finn", deal) == {"read": [], "edit": []}
    line = int(world.run(lambda s: s.create("line", {"deal": deal}), who="rep")["id"])
    told = world.run(lambda s: s.explaining.of_record(s.compiled("line"), line), who="boss")
    assert told["why"]["read"] == ["through its Deal: its owner has a role below"]
    assert told["edits"] is False


def test_rights_on_an_object_are_told_with_their_sets(world: World) -> None:
    """Rights and fields name the permission sets they come from; hidden fields stay hidden."""
    who = world.people["rep"]

    told = world.run(lambda s: s.explaining.of_object(s.compiled("deal"), who), write=False)
    own = world.run(lambda s: s.explaining.of_object(s.compiled("deal")), who="rep", write=False)

    assert told["rights"]["read"] == ["permission set Reps"]
    assert "transfer" not in told["rights"]
    assert told["records"]["read"] == ["owns it", "shared by hand"]
    secret = {"access": "none", "why": ["permission set Reps: none"]}
    assert told["fields"]["secret"] == secret
    assert told["fields"]["version"]["why"] == ["permission set Reps: edit", "Patron sets it"]
    assert "secret" not in own["fields"]
    assert own["user"]["permission_sets"] == ["rep"]


def test_asking_about_others_takes_a_permission(world: World, deal: int) -> None:
    """One asks about oneself, who manages users about others, nobody about the hidden."""
    rep = world.people["rep"]

    def ask(session: Session) -> object:
        return session.explaining.of_record(session.compiled("deal"), deal, rep)

    assert world.run(ask, who="rep")["sees"] is True
    assert world.run(ask, who="mover")["user"]["id"] == rep
    with pytest.raises(AccessDenied):
        world.run(ask, who="boss")
    with pytest.raises(NotFound):
        world.run(ask, who="finn")
    with pytest.raises(NotFound, match="N103"):
        world.run(lambda s: s.explaining.of_object(s.compiled("deal"), 424_242))
