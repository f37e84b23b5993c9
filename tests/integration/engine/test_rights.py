"""Rights on every way in: objects, fields and rows, the same answer for hidden and absent."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import AccessDenied, NotFound, RecordInvalid, RequestInvalid
from engine.session import ListRequest, Session
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
label: Account
sharing: private
fields:
  name: {type: text, required: true}
  rating: {type: number}
"""
DEAL = """\
object: deal
label: Deal
sharing: read
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account}
  margin: {type: currency}
  price: {type: currency}
  published: {type: formula, returns: currency, formula: margin * 2}
  account_name: {type: formula, returns: text, formula: account.name}
"""
LINE = """\
object: line
label: Line
sharing: parent
fields:
  name: {type: text}
  account: {type: master_detail, to: account}
"""
SECRET = "object: secret\nlabel: Secret\nfields:\n  name: {type: text}\n"
SETS = {
    "access__permission_sets__rep": """\
permission_set: rep
objects:
  account: {create: true, read: true, edit: true, delete: true}
  deal: {create: true, read: true, edit: true, fields: {margin: none, price: read}}
  line: {create: true, read: true, edit: true, delete: true}
""",
    "access__permission_sets__boss": """\
permission_set: boss
objects:
  account: {view_all: true}
  deal: {read: true}
""",
    "access__permission_sets__apart": """\
permission_set: apart
objects:
  account: {view_all: true}
  deal: {read: true, fields: {account: none}}
""",
    "access__permission_sets__lone": """\
permission_set: lone
objects:
  deal: {read: true, fields: {name: none}}
""",
    "access__permission_sets__none": "permission_set: none\nlabel: None\n",
}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give two reps, a boss who sees all accounts, and somebody without rights."""
    texts = texts_of({"account": ACCOUNT, "deal": DEAL, "line": LINE, "secret": SECRET}, **SETS)
    return make_world(
        texts,
        ada={"permission_sets": ["rep"]},
        ben={"permission_sets": ["rep"]},
        cleo={"permission_sets": ["boss"]},
        dora={"permission_sets": ["none"]},
        ella={"permission_sets": ["lone"]},
        finn={"permission_sets": ["apart"]},
    )


@pytest.fixture
def hers(world: World) -> int:
    """Give an account of Ada's."""
    return int(world.run(lambda s: s.create("account", {"name": "Ada's"}), who="ada")["id"])


def seen(world: World, who: str, name: str = "account", **how: object) -> list[object]:
    """List the ids that somebody sees."""
    wanted = ListRequest(object=name, **how)  # type: ignore[arg-type]  # passed on as they are
    return [r["id"] for r in world.run(lambda s: s.list(wanted), who=who, write=False).records]


def test_a_private_record_exists_for_its_owner_and_who_sees_all(world: World, hers: int) -> None:
    """List, get, count and aggregate agree; for others it is absent."""
    counted = ListRequest(object="account", count=True)

    for who, there in (("ada", 1), ("ben", 0), ("cleo", 1), ("admin", 1)):
        assert len(seen(world, who)) == there
        assert world.run(lambda s: s.list(counted), who=who, write=False).count == there
        rows = world.run(
            lambda s: s.aggregate("account", measures={"n": "COUNT()"}), who=who, write=False
        )
        assert rows[0]["n"] == there
    assert world.run(lambda s: s.get("account", hers), who="cleo")["name"] == "Ada's"
    with pytest.raises(NotFound):
        world.run(lambda s: s.get("account", hers), who="ben")


@pytest.mark.parametrize(
    "work",
    [
        lambda s, r: s.get("account", r),
        lambda s, r: s.update("account", r, {"name": "x"}),
        lambda s, r: s.update("account", r, {"nonsense": 1}),
        lambda s, r: s.delete("account", r),
        lambda s, r: s.restore("account", r),
    ],
)
def test_hidden_and_absent_get_the_same_answer(
    world: World, hers: int, work: Callable[[Session, int], object]
) -> None:
    """Whoever may not know of a record is told what they are told of one that is not there."""
    answers = []
    for record in (hers, 999_999):
        with pytest.raises(NotFound) as refused:
            world.run(lambda s, record=record: work(s, record), who="ben")
        answers.append(str(refused.value))

    assert answers[0] == answers[1]


def test_seeing_is_not_changing(world: World, hers: int) -> None:
    """The boss sees the account and may not change or delete it."""
    for work in (
        lambda s: s.update("account", hers, {"name": "x"}),
        lambda s: s.delete("account", hers),
    ):
        with pytest.raises(AccessDenied):
            world.run(work, who="cleo")


def test_an_object_without_rights_does_not_exist(world: World) -> None:
    """Every way to an object that no set gives says that there is none."""
    for work in (
        lambda s: s.list(ListRequest(object="secret")),
        lambda s: s.get("secret", 1),
        lambda s: s.create("secret", {"name": "x"}),
        lambda s: s.describe("secret"),
        lambda s: s.aggregate("secret", measures={"n": "COUNT()"}),
    ):
        with pytest.raises(NotFound):
            world.run(work, who="ada")
    assert "secret" not in [o["object"] for o in world.run(lambda s: s.objects(), who="ada")]
    own = [o["object"] for o in world.run(lambda s: s.objects(), who="dora")]
    assert own == ["user", "queue", "exchange_rate"]


def test_a_hidden_field_is_absent_everywhere(world: World) -> None:
    """Not in the answer, the description, a column, a filter, an order, a group or a measure."""
    made = world.run(lambda s: s.create("deal", {"name": "d"}), who="ada")
    deal = int(made["id"])

    assert "margin" not in made
    assert "margin" not in world.run(lambda s: s.get("deal", deal), who="ada")
    described = world.run(lambda s: s.describe("deal"), who="ada")
    assert "margin" not in described["fields"]
    for work in (
        lambda s: s.get("deal", deal, ["margin"]),
        lambda s: s.list(ListRequest(object="deal", where="margin > 1")),
        lambda s: s.list(ListRequest(object="deal", sort=("margin",))),
        lambda s: s.aggregate("deal", group=["margin"], measures={"n": "COUNT()"}),
        lambda s: s.aggregate("deal", measures={"n": "SUM(margin)"}),
    ):
        with pytest.raises(RequestInvalid) as refused:
            world.run(work, who="ada")
        unknown = str(refused.value).replace("margin", "nowhere")
        with pytest.raises(RequestInvalid) as other:
            world.run(lambda s: s.list(ListRequest(object="deal", where="nowhere > 1")), who="ada")
        assert type(other.value) is type(refused.value)
        assert "margin" in str(refused.value)
        assert "permission" not in unknown
    with pytest.raises(RecordInvalid) as refused_value:
        world.run(lambda s: s.update("deal", deal, {"margin": 1}), who="ada")
    assert [e.code for e in refused_value.value.errors] == ["R102"]


def test_nobody_reads_over_a_hidden_lookup(world: World, hers: int) -> None:
    """Who sees both records and not that one points at the other names no path between them."""
    world.run(lambda s: s.create("deal", {"name": "d", "account": hers}), who="ada")

    for work in (
        lambda s: s.list(ListRequest(object="deal", fields=("account.name",))),
        lambda s: s.list(ListRequest(object="deal", where='account.name = "Ada\'s"')),
        lambda s: s.list(ListRequest(object="deal", sort=("account.name",))),
        lambda s: s.aggregate("deal", where=None, group=["account.name"], measures={}),
        lambda s: s.aggregate("deal", where=None, measures={"m": "MAX(account.rating)"}),
    ):
        with pytest.raises(RequestInvalid) as refused:
            world.run(work, who="finn", write=False)
        assert refused.value.code in {"Q101", "Q102"}
        world.run(work, who="ada", write=False)


def test_a_description_names_nothing_hidden(world: World) -> None:
    """Neither the object that a lookup points at, nor the field that records are called by."""
    told = {
        who: world.run(lambda s: s.describe("deal"), who=who, write=False)
        for who in ("ada", "ella")
    }
    targets = {who: about["fields"]["account"]["to"] for who, about in told.items()}  # type: ignore[index]  # as described

    assert targets == {"ada": ["account"], "ella": []}
    assert {who: about["title"] for who, about in told.items()} == {"ada": "name", "ella": None}


def test_a_formula_publishes_what_it_derives(world: World) -> None:
    """A formula has its own permission, not that of the hidden field it reads."""
    deal = int(world.run(lambda s: s.create("deal", {"name": "d", "margin": 5}))["id"])

    assert world.run(lambda s: s.get("deal", deal), who="ada")["published"] == 10


def test_a_read_only_field_is_refused_by_name(world: World) -> None:
    """Somebody who may read a field but not change it is told so at the field."""
    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.create("deal", {"name": "d", "price": 3}), who="ada")

    assert [(e.field, e.code) for e in refused.value.errors] == [("price", "A101")]


def test_a_typed_path_reads_blank_through_a_hidden_record(world: World, hers: int) -> None:
    """Ben sees the deal, not its account: the path is blank, in columns, filters and orders."""
    values = {"name": "d", "account": hers}
    deal = int(world.run(lambda s: s.create("deal", values), who="ada")["id"])

    def column(who: str) -> object:
        fields = ["account.name"]
        found = world.run(lambda s: s.get("deal", deal, fields), who=who, write=False)
        return found["account.name"]

    assert column("ada") == "Ada's"
    assert column("ben") is None
    assert column("cleo") == "Ada's"
    by_name = {"where": 'account.name = "Ada\'s"'}
    assert seen(world, "ada", "deal", **by_name) == [deal]
    assert seen(world, "ben", "deal", **by_name) == []
    published = world.run(lambda s: s.get("deal", deal), who="ben", write=False)
    assert published["account_name"] == "Ada's"  # declared by the admin: full rights


def test_a_hidden_record_cannot_be_pointed_at(world: World, hers: int) -> None:
    """A lookup to a hidden record is refused in the words of one that is not there."""
    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.create("deal", {"name": "d", "account": hers}), who="ben")

    assert [e.code for e in refused.value.errors] == ["R106"]


def test_details_are_seen_and_changed_with_their_parent(world: World, hers: int) -> None:
    """`sharing: parent` follows the master-detail."""
    line = int(world.run(lambda s: s.create("line", {"account": hers}), who="ada")["id"])

    assert seen(world, "ben", "line") == []
    world.run(lambda s: s.update("line", line, {"name": "x"}), who="ada")
    with pytest.raises(NotFound):
        world.run(lambda s: s.update("line", line, {"name": "y"}), who="ben")


def test_a_gone_member_is_nobody(world: World) -> None:
    """An id that is no member's enters nowhere."""
    world.people["ghost"] = 424_242

    with pytest.raises(Exception, match="A200"):
        world.run(lambda s: s.objects(), who="ghost")
