"""Several records become one, with all that pointed at them, on both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from engine.errors import (
    AccessDenied,
    Conflict,
    NotFound,
    RecordInvalid,
    RecordLocked,
    RequestInvalid,
)
from engine.session import ListRequest, Record, Session, Wanted
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
label: Account
sharing: private
features: {history: true}
fields:
  name: {type: text, required: true, history: true}
  email: {type: email, unique: true}
  phone: {type: phone}
  secret: {type: text}
  level: {type: number}
  parent: {type: lookup, to: account}
  deals: {type: roll_up, from: deal, via: account, measure: count}
validation_rules:
  not_thirteen: {invalid_if: level = 13, message: Not thirteen., field: level}
"""
DEAL = """\
object: deal
label: Deal
sharing: private
features: {history: true}
fields:
  name: {type: text}
  account: {type: lookup, to: account, history: true, on_delete: restrict}
  partner: {type: lookup, to: account}
  seen: {type: number}
"""
LINK = """\
object: link
label: Link
sharing: parent
fields:
  account: {type: master_detail, to: account}
  code: {type: text, required: true}
indexes: [{fields: [account, code], unique: true}]
"""
WORKFLOWS = """\
workflow: count_moves
object: deal
when: updated
if: ISCHANGED(account)
steps: [{name: count, set: {seen: 'IF(ISBLANK(seen), 1, seen + 1)'}}]
---
workflow: told
object: account
when: deleted
steps: [{name: keep, create: deal, values: {name: '"gone: " & name'}}]
"""
APPROVAL = """\
approval: check
object: account
steps: [{name: one, approvers: [{role: boss}]}]
"""
REP = """\
permission_set: rep
objects:
  account: {create: true, read: true, edit: true, delete: true, fields: {secret: none}}
  deal: {create: true, read: true, edit: true}
  link: {create: true, read: true, edit: true}
"""
EDITOR = "permission_set: editor\nobjects: {account: {read: true, edit: true, modify_all: false}}\n"
FILES = texts_of(
    {"account": ACCOUNT, "deal": DEAL, "link": LINK},
    access__roles="roles:\n  boss: {}\n  rep: {parent: boss}\n",
    access__permission_sets__rep=REP,
    access__permission_sets__editor=EDITOR,
    workflows__all=WORKFLOWS,
    approvals__check=APPROVAL,
)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give two reps who see their own, and their boss."""
    return make_world(
        FILES,
        rep={"permission_sets": ["rep"], "role": "rep"},
        other={"permission_sets": ["rep"], "role": "rep"},
        boss={"permission_sets": ["rep"], "role": "boss"},
        editor={"permission_sets": ["editor"], "role": "boss"},
    )


def new(world: World, kind: str = "account", /, *, who: str = "rep", **values: object) -> int:
    """Create a record and give its id."""
    return int(str(world.run(lambda s: s.create(kind, values), who=who)["id"]))


def merge(world: World, kept: int, *others: int, who: str = "rep", **how: object) -> Record:
    """Merge accounts."""
    wanted = Wanted(
        others=dict.fromkeys(others),
        values=how.get("values", {}),  # type: ignore[arg-type]
        taken=how.get("taken", {}),  # type: ignore[arg-type]
        expected_version=how.get("version"),  # type: ignore[arg-type]
    )
    return world.run(lambda s: s.merging.merge(s.compiled("account"), kept, wanted), who=who)


def of(world: World, name: str, record: int) -> Record:
    """Read a record with every right."""
    return world.run(lambda s: s.get(name, record))


def happened(world: World, name: str, record: int, *, is_bin: bool = False) -> list[str]:
    """Give the history of a record, newest first, with its notes."""

    def work(session: Session) -> list[str]:
        seen = session.look(name, record, ("id",), is_bin=is_bin)
        assert seen is not None
        return [f"{one.event} {one.note}".strip() for one in session.history(seen)]

    return world.run(work)


def test_what_pointed_at_the_others_points_at_the_one_that_is_kept(world: World) -> None:
    """Lookups, details, hidden records and the bin; roll-ups, history, workflows, once each."""
    kept, one, two = (new(world, name=name) for name in ("Castor", "Castor Ltd", "castor"))
    both = new(world, "deal", account=one, partner=two)
    hidden = new(world, "deal", who="admin", account=two)
    mine = new(world, "deal", account=kept)
    detail = new(world, "link", account=one, code="a")
    binned = new(world, "deal", who="admin", partner=two)
    world.run(lambda s: s.delete("deal", binned))

    done = merge(world, kept, one, two)

    assert (done["name"], done["deals"]) == ("Castor", 3)
    assert (of(world, "deal", both)["account"], of(world, "deal", both)["partner"]) == (kept, kept)
    assert of(world, "deal", hidden)["account"] == kept
    assert of(world, "link", detail)["account"] == kept
    assert of(world, "deal", mine)["version"] == 1
    assert world.run(lambda s: s.restore("deal", binned))["partner"] == kept
    assert [of(world, "deal", each)["seen"] for each in (both, hidden, mine)] == [1, 1, None]
    assert happened(world, "deal", both)[-2:] == ["updated", "created"]
    assert happened(world, "account", kept)[0] == f"merged {one}, {two}"
    assert happened(world, "account", one, is_bin=True)[0] == f"merged {kept}"
    for gone in (one, two):
        with pytest.raises(NotFound):
            of(world, "account", gone)
    told = world.run(lambda s: s.list(ListRequest(object="deal", where='BEGINS(name, "gone")')))
    assert len(told.records) == 2


def test_values_are_chosen_field_by_field(world: World) -> None:
    """From another record, unique ones included, or new; what is not named stays."""
    kept = new(world, name="Castor", phone="+33144556677")
    one = new(world, name="Castor Ltd", email="hello@castor.example.test", level=5)
    world.run(lambda s: s.update("account", one, {"secret": "theirs"}))

    done = merge(
        world, kept, one, taken={"email": one, "name": kept}, values={"level": 7}, version=1
    )

    assert (done["name"], done["email"]) == ("Castor", "hello@castor.example.test")
    assert (done["phone"], done["level"]) == ("+33144556677", 7)
    assert of(world, "account", kept)["secret"] is None  # hidden: the kept one's stays
    with pytest.raises(Conflict, match="C101"):
        world.run(lambda s: s.restore("account", one), who="rep")


def test_nothing_is_merged_when_the_kept_record_cannot_be_saved(world: World) -> None:
    """Every refused value is told, a hidden field in the words of an unknown one."""
    kept, one = new(world, name="Castor"), new(world, name="Pollux", level=1)
    deal = new(world, "deal", account=one)

    with pytest.raises(RecordInvalid) as refused:
        merge(world, kept, one, values={"level": 13, "nope": 1}, taken={"secret": one})

    assert {(e.field, e.code) for e in refused.value.errors} >= {
        ("nope", "R102"),
        ("secret", "R102"),
    }
    with pytest.raises(RecordInvalid, match="R100"):
        merge(world, kept, one, values={"level": 13})
    assert of(world, "deal", deal)["account"] == one
    assert of(world, "account", one)["version"] == 2  # its roll-up alone
    assert of(world, "account", kept)["version"] == 1


def test_a_record_never_becomes_its_own_parent(world: World) -> None:
    """A lookup of the kept record at one that goes is blanked; others follow."""
    one = new(world, name="Group")
    kept = new(world, name="Castor", parent=one)
    child = new(world, name="Child", parent=one)
    two = new(world, name="Castor Ltd", parent=kept)

    done = merge(world, kept, one, two, taken={"parent": two})

    assert done["parent"] is None
    assert of(world, "account", child)["parent"] == kept
    restored = world.run(lambda s: s.restore("account", two), who="rep")
    assert restored["parent"] == kept
    assert of(world, "account", child)["parent"] == kept  # it stays where it is


def test_rights_are_asked_of_each_record(world: World) -> None:
    """Changing the one, deleting the others; what is hidden is not there."""
    mine, also = new(world, name="Mine"), new(world, name="Also")
    theirs = new(world, who="other", name="Theirs")

    with pytest.raises(NotFound):
        merge(world, theirs, mine)
    with pytest.raises(RequestInvalid, match="Q114") as refused:
        merge(world, mine, theirs)
    assert [(e.field, e.code) for e in refused.value.errors] == [("with", "R106")]
    with pytest.raises(AccessDenied, match="A100"):
        merge(world, mine, also, who="editor")
    with pytest.raises(AccessDenied, match="A100"):
        merge(world, mine, theirs, also, who="boss")  # who sees them and changes none
    assert merge(world, mine, theirs, also, who="admin")["owner"] == world.people["rep"]


def test_what_two_would_share_is_refused(world: World) -> None:
    """Details that would be the same under one parent keep both as they are."""
    kept, one = new(world, name="Castor"), new(world, name="Pollux")
    for account in (kept, one):
        new(world, "link", account=account, code="a")

    with pytest.raises(Conflict, match="C101") as refused:
        merge(world, kept, one)

    assert "Link" in refused.value.message
    assert of(world, "account", one)["name"] == "Pollux"


def test_records_that_changed_or_wait_for_approval_are_not_merged(world: World) -> None:
    """409 for a version that is no longer, 423 for a locked one, whichever of them it is."""
    kept, one = new(world, name="Castor"), new(world, name="Pollux")
    with pytest.raises(Conflict, match="C100"):
        merge(world, kept, one, version=2)

    def stale(session: Session) -> Record:
        wanted = Wanted(others={one: 7}, values={}, taken={})
        return session.merging.merge(session.compiled("account"), kept, wanted)

    with pytest.raises(Conflict, match="C100"):
        world.run(stale, who="rep")
    world.run(lambda s: s.approvals.submit(s.compiled("account"), one, None, ""), who="rep")
    for first, second in ((kept, one), (one, kept)):
        with pytest.raises(RecordLocked, match="W160"):
            merge(world, first, second)


@pytest.mark.parametrize(
    ("others", "taken", "values", "field"),
    [
        ([], {}, {}, "with"),
        ([0], {}, {}, "with"),
        ([1, 2, 3], {}, {}, "with"),
        ([1], {"name": 7}, {}, "from.name"),
        ([1], {"name": 1}, {"name": "x"}, "from.name"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    world: World,
    others: list[int],
    taken: Mapping[str, int],
    values: Mapping[str, object],
    field: str,
) -> None:
    """None, oneself, too many; a value of a record that is not among them, or named twice."""
    ids = [new(world, name=str(n)) for n in range(4)]
    sources = {name: ids[n] if n < len(ids) else 987_654 for name, n in taken.items()}

    with pytest.raises(RequestInvalid, match="Q114") as refused:
        merge(world, ids[0], *(ids[n] for n in others), taken=sources, values=values)

    assert [e.field for e in refused.value.errors] == [field]


def test_users_are_not_merged(world: World) -> None:
    """People are deactivated: what they own and did stays theirs."""
    wanted = Wanted(others={world.people["rep"]: None}, values={}, taken={})
    with pytest.raises(RequestInvalid, match="Q114"):
        world.run(
            lambda s: s.merging.merge(s.compiled("user"), world.people["admin"], wanted),
        )


@pytest.mark.parametrize("more", [40])
def test_statements_do_not_grow_with_what_points_there(world: World, more: int) -> None:
    """Two that point cost as many statements as forty."""

    def counted(many: int) -> int:
        kept, one = new(world, name="Castor", who="admin"), new(world, name="Pollux", who="admin")
        rows = [{"name": f"d{n}", "account": one} for n in range(many)]
        world.run(lambda s: s.bulk("deal", "create", rows, atomic=True))
        wanted = Wanted(others={one: None}, values={}, taken={})
        return world.statements(lambda s: s.merging.merge(s.compiled("account"), kept, wanted))

    counted(1)  # ids are taken in blocks, and words are put together once
    assert counted(2) == counted(more)


def test_candidates_are_told_with_what_may_be_done(world: World) -> None:
    """In the order asked for, hidden ones left out; how many point at them, as far as seen."""
    mine, also = new(world, name="Mine"), new(world, name="Also")
    theirs = new(world, who="other", name="Theirs")
    new(world, "deal", account=also)
    new(world, "deal", who="admin", account=also)

    def work(session: Session) -> tuple[list[tuple[object, bool, bool]], Mapping[str, int]]:
        compiled = session.compiled("account")
        found = session.merging.candidates(compiled, [also, theirs, mine, -1, 2**70])
        shown = [(one.record["id"], one.may_keep, one.may_go) for one in found]
        return shown, session.merging.pointing(compiled, [also])  # type: ignore[return-value]

    assert world.run(work, who="rep", write=False) == (
        [(also, True, True), (mine, True, True)],
        {"deal": 1},
    )
