"""Records through the front door: saved, refused, shown, remembered, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.clock import FixedClock
from engine.errors import Conflict, NotFound, RecordInvalid, RequestInvalid
from engine.session import ListRequest, Session
from tests.support.worlds import World, texts_of

ACCOUNT = """\
object: account
label: Account
sharing: read
fields:
  name: {type: text, required: true, length: 80}
  region: {type: picklist, values: {emea: {label: EMEA}, apac: {label: APAC}}}
  total: {type: roll_up, from: deal, via: account, measure: sum, of: amount, where: NOT lost}
  deals: {type: roll_up, from: deal, via: account, measure: count}
  doubled: {type: formula, returns: currency, formula: total * 2}
"""
DEAL = """\
object: deal
label: Deal
sharing: private
fields:
  number: {type: auto_number, format: "D-{000}"}
  name: {type: text, required: true, length: 40}
  code: {type: text, external_id: true}
  account: {type: lookup, to: account, on_delete: restrict}
  stage:
    type: picklist
    default: open
    values: {open: {label: Open}, won: {label: Won, closed: true}}
  amount: {type: currency, min: 0}
  share: {type: percent}
  lost: {type: checkbox}
  close_date: {type: date, default: {formula: TODAY() + 30}}
  tags: {type: multi_picklist, values: {hot: {label: Hot}, new: {label: New}}}
  weighted: {type: formula, returns: currency, formula: amount * share}
  ratio: {type: formula, returns: number, decimals: 2, formula: amount / share}
  region: {type: formula, returns: text, formula: TEXT(account.region)}
indexes: [{fields: [owner, stage, -amount]}]
validation_rules:
  not_apac: {invalid_if: account.region = "apac" AND amount > 100, message: No., field: amount}
"""
TASK = """\
object: task
label: Task
sharing: read_write
fields:
  name: {type: text}
  deal: {type: master_detail, to: deal}
  about: {type: lookup, to: [account, deal]}
  helper: {type: lookup, to: account, on_delete: clear}
"""
NOW = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)  # 1 April in Paris


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give an environment with accounts, deals and tasks."""
    return make_world(texts_of({"account": ACCOUNT, "deal": DEAL, "task": TASK}))


def account(world: World, **values: object) -> int:
    """Create an account and give its id."""
    given = {"name": "Castor", "region": "emea", **values}
    return int(world.run(lambda s: s.create("account", given))["id"])


def deal(world: World, **values: object) -> dict[str, object]:
    """Create a deal and give it as it was answered."""
    return world.run(lambda s: s.create("deal", {"name": "Licence", **values}))


def test_a_record_is_answered_as_it_is_read_later(world: World) -> None:
    """What create answers, get and a list say as well, computed fields included."""
    made = deal(world, account=account(world), amount=Decimal("1234.50"), share="0.25")

    read = world.run(lambda s: s.get("deal", int(made["id"])), write=False)
    page = world.run(lambda s: s.list(ListRequest(object="deal")), write=False)

    assert read == made
    assert page.records == [made]
    assert made["weighted"] == Decimal("308.63")
    assert made["region"] == "emea"
    assert made["number"] == "D-001"
    assert made["version"] == 1


def test_defaults_use_the_acting_users_day(world: World) -> None:
    """At half past ten in the evening in UTC it is tomorrow in Paris."""
    made = world.run(lambda s: s.create("deal", {"name": "x"}), clock=FixedClock(NOW))

    assert str(made["close_date"]) == "2026-05-01"
    assert made["stage"] == "open"
    assert made["lost"] is False


def test_all_refused_values_are_told_at_once(world: World) -> None:
    """Unknown fields, wrong types, too long, below the minimum and missing come in one answer."""
    wrong = {
        "name": "x" * 41,
        "amount": -1,
        "close_date": "soon",
        "stage": "opn",
        "nmae": 1,
        "share": "a lot",
    }

    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.create("deal", wrong))

    errors = {error.field: error for error in refused.value.errors}
    assert errors.keys() == wrong.keys()
    assert "open" in errors["stage"].hint
    assert errors["nmae"].hint == 'did you mean "name"?'
    assert world.run(lambda s: s.list(ListRequest(object="deal"))).records == []


def test_a_validation_rule_over_a_lookup_holds_on_create_and_update(world: World) -> None:
    """The rule reads the account's region, whether the deal or only its amount changes."""
    far = account(world, region="apac")
    made = deal(world, account=far, amount=50)

    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.update("deal", int(made["id"]), {"amount": 500}))

    assert [(e.field, e.code) for e in refused.value.errors] == [("amount", "not_apac")]
    with pytest.raises(RecordInvalid):
        deal(world, account=far, amount=500)


def test_a_division_by_zero_is_blank_with_its_reason(world: World) -> None:
    """A formula that fails is blank, and says why when the record is read."""
    made = deal(world, amount=5, share=0)

    read = world.run(lambda s: s.get("deal", int(made["id"])), write=False)

    assert read["ratio"] is None
    assert read["_errors"] == {"ratio": "division by zero"}
    assert read == made


def test_a_stale_version_is_refused_with_the_record_as_it_is(world: World) -> None:
    """Whoever sends the version they saw learns that somebody was faster."""
    made = deal(world, amount=1)
    world.run(lambda s: s.update("deal", int(made["id"]), {"amount": 2}, 1))

    with pytest.raises(Conflict) as refused:
        world.run(lambda s: s.update("deal", int(made["id"]), {"amount": 3}, 1))

    assert refused.value.current is not None
    assert refused.value.current["amount"] == Decimal(2)
    assert refused.value.current["version"] == 2


def test_a_unique_value_is_refused_at_its_field(world: World) -> None:
    """The second record with the same external id is told which field clashes."""
    deal(world, code="A1")

    with pytest.raises(Conflict) as refused:
        deal(world, code="A1")

    assert [error.field for error in refused.value.errors] == ["code"]


def test_an_upsert_creates_once_and_then_changes(world: World) -> None:
    """The external id decides whether a record is new."""
    first = world.run(lambda s: s.upsert("deal", "code", "B1", {"name": "one"}))
    second = world.run(lambda s: s.upsert("deal", "code", "B1", {"name": "two"}))

    assert first[1] is True
    assert second[1] is False
    assert second[0]["id"] == first[0]["id"]
    assert second[0]["name"] == "two"


def test_roll_ups_follow_every_change_of_a_child(world: World) -> None:
    """Sum and count follow create, amount, filter, parent, bin, restore; formulas follow."""
    one, two = account(world), account(world, name="Pollux")

    def totals(record: int) -> tuple[object, object, object]:
        found = world.run(lambda s: s.get("account", record), write=False)
        return found["total"], found["deals"], found["doubled"]

    made = int(deal(world, account=one, amount="10.10")["id"])
    deal(world, account=one, amount="0.20")
    assert totals(one) == (Decimal("10.30"), 2, Decimal("20.60"))
    world.run(lambda s: s.update("deal", made, {"amount": 20}))
    assert totals(one)[0] == Decimal("20.20")
    world.run(lambda s: s.update("deal", made, {"lost": True}))
    assert totals(one)[:2] == (Decimal("0.20"), 2)
    world.run(lambda s: s.update("deal", made, {"lost": False, "account": two}))
    assert totals(one)[:2] == (Decimal("0.20"), 1)
    assert totals(two)[:2] == (Decimal(20), 1)
    world.run(lambda s: s.delete("deal", made))
    assert totals(two)[:2] == (0, 0)
    world.run(lambda s: s.restore("deal", made))
    assert totals(two) == (Decimal(20), 1, Decimal(40))


def test_a_record_in_use_is_not_deleted(world: World) -> None:
    """`restrict` refuses and names who uses it."""
    used = account(world)
    deal(world, account=used)

    with pytest.raises(Conflict, match="1 × Deal"):
        world.run(lambda s: s.delete("account", used))

    assert world.run(lambda s: s.get("account", used))["name"] == "Castor"


def test_details_go_to_the_bin_with_their_record_and_come_back_with_it(world: World) -> None:
    """A task deleted before stays in the bin when the deal comes back."""
    made = int(deal(world)["id"])
    kept = world.run(lambda s: s.create("task", {"name": "a", "deal": made}))
    gone = world.run(lambda s: s.create("task", {"name": "b", "deal": made}))
    world.run(lambda s: s.delete("task", int(gone["id"])))

    world.run(lambda s: s.delete("deal", made))
    assert world.run(lambda s: s.list(ListRequest(object="task"))).records == []
    binned = world.run(lambda s: s.list(ListRequest(object="task", bin=True)))
    assert len(binned.records) == 2
    world.run(lambda s: s.restore("deal", made))

    back = world.run(lambda s: s.list(ListRequest(object="task"))).records
    assert [task["id"] for task in back] == [kept["id"]]


def test_a_cleared_lookup_is_blank_afterwards(world: World) -> None:
    """`clear` blanks the lookup and moves the version on."""
    helper = account(world)
    task = world.run(lambda s: s.create("task", {"helper": helper}))

    world.run(lambda s: s.delete("account", helper))

    after = world.run(lambda s: s.get("task", int(task["id"])))
    assert after["helper"] is None
    assert after["version"] == 2


def test_a_lookup_to_nothing_or_to_the_wrong_object_is_refused(world: World) -> None:
    """Ids that do not exist and ids of another object are no targets."""
    made = int(deal(world)["id"])
    for wrong in (made, 999_999):
        with pytest.raises(RecordInvalid) as refused:
            deal(world, account=wrong)
        assert [error.code for error in refused.value.errors] == ["R106"]


def test_a_lookup_to_several_objects_takes_either(world: World) -> None:
    """The id itself tells which object it belongs to."""
    one, other = account(world), int(deal(world)["id"])

    for about in (one, other):
        made = world.run(lambda s, about=about: s.create("task", {"about": about}))
        assert made["about"] == about


def test_lists_filter_sort_and_page_by_key(world: World) -> None:
    """Text sorts folded, blanks last both ways, pages meet without gap or repetition."""
    for name in ("éclair", "Eclipse", "zebra", "Ábaco", "abacus"):
        deal(world, name=name, amount=None if name == "zebra" else len(name))

    def names(*sort: str, limit: int = 2) -> list[object]:
        found: list[object] = []
        after = None
        while True:
            wanted = ListRequest(object="deal", sort=sort, limit=limit, after=after)
            page = world.run(lambda s, wanted=wanted: s.list(wanted), write=False)
            found += [record["name"] for record in page.records]
            after = page.next
            if after is None:
                return found

    assert names("name") == ["Ábaco", "abacus", "éclair", "Eclipse", "zebra"]
    assert names("-amount", "-name")[-1] == "zebra"
    assert names("amount")[-1] == "zebra"
    assert sorted(map(str, names("amount", limit=1))) == sorted(map(str, names("name")))


def test_a_filter_may_read_formulas_attributes_and_paths(world: World) -> None:
    """Filters are lowered: a formula over a lookup, an attribute of a picklist, a comparison."""
    near, far = account(world), account(world, region="apac")
    deal(world, name="a", account=near, stage="won", amount=10)
    deal(world, name="b", account=far, amount=20)
    deal(world, name="c", amount=30)

    def found(where: str) -> list[object]:
        wanted = ListRequest(object="deal", where=where, sort=("name",))
        page = world.run(lambda s: s.list(wanted), write=False)
        return [record["name"] for record in page.records]

    assert found('region = "emea"') == ["a"]
    assert found("NOT stage.closed") == ["b", "c"]
    assert found('account.region IN ("apac", "emea") AND amount >= 10') == ["a", "b"]
    assert found("amount > 12.5 AND ISBLANK(account)") == ["c"]
    assert found('account.name <> "Castor"') == ["c"]  # blank text is like ""
    assert found("owner = $user.id") == ["a", "b", "c"]


def test_unknown_names_in_a_list_are_refused_with_a_near_miss(world: World) -> None:
    """Columns, order and filter name what they do not know."""
    for wanted in (
        ListRequest(object="deal", fields=("nmae",)),
        ListRequest(object="deal", sort=("-nmae",)),
        ListRequest(object="deal", where="nmae = 1"),
    ):
        with pytest.raises(RequestInvalid) as refused:
            world.run(lambda s, wanted=wanted: s.list(wanted), write=False)
        assert 'did you mean "name"?' in str([e.hint for e in refused.value.errors])
    with pytest.raises(NotFound) as missing:
        world.run(lambda s: s.list(ListRequest(object="dael")), write=False)
    assert missing.value.hint == 'did you mean "deal"?'


def test_a_total_is_exact(world: World) -> None:
    """`count` counts the whole filter, not the page."""
    for place in range(5):
        deal(world, name=f"n{place}")

    wanted = ListRequest(object="deal", limit=2, count=True)
    page = world.run(lambda s: s.list(wanted), write=False)

    assert (page.count, page.count_is_at_least, len(page.records)) == (5, False, 2)


def test_aggregates_group_and_measure(world: World) -> None:
    """Sums are exact decimals, groups come in order, blanks last."""
    deal(world, stage="won", amount="0.10")
    deal(world, stage="won", amount="0.20")
    deal(world, amount=5)

    rows = world.run(
        lambda s: s.aggregate(
            "deal",
            group=["stage"],
            measures={"total": "SUM(amount)", "n": "COUNT(id)", "most": "MAX(amount)"},
        ),
        write=False,
    )

    assert rows == [
        {"stage": "open", "total": Decimal(5), "n": 1, "most": Decimal(5)},
        {"stage": "won", "total": Decimal("0.30"), "n": 2, "most": Decimal("0.20")},
    ]


def test_bulk_answers_every_row_and_keeps_the_good_ones(world: World) -> None:
    """Without `atomic`, a refused row and a clash do not undo the others."""
    rows = [
        {"name": "a", "code": "1"},
        {"amount": -5},
        {"name": "b", "code": "1"},
        {"name": "c", "code": "2"},
    ]

    results = world.run(lambda s: s.bulk("deal", "create", rows, atomic=False))

    assert [result.status for result in results] == [201, 422, 409, 201]
    kept = world.run(lambda s: s.list(ListRequest(object="deal", sort=("name",)))).records
    assert [record["name"] for record in kept] == ["a", "c"]


def test_an_atomic_bulk_is_all_or_nothing(world: World) -> None:
    """One refused row undoes them all, and each row says so."""
    rows = [{"name": "a"}, {"amount": -5}]

    results = world.run(lambda s: s.bulk("deal", "create", rows, atomic=True))

    assert [result.status for result in results] == [409, 422]
    assert world.run(lambda s: s.list(ListRequest(object="deal"))).records == []


def test_bulk_update_and_delete_see_their_own_changes(world: World) -> None:
    """The same record twice in one call: the second change sees the first."""
    made = int(deal(world, amount=1)["id"])
    rows = [{"id": made, "amount": 2}, {"id": made, "share": 1}]

    world.run(lambda s: s.bulk("deal", "update", rows, atomic=False))

    after = world.run(lambda s: s.get("deal", made))
    assert (after["version"], after["weighted"]) == (3, Decimal(2))
    gone = world.run(lambda s: s.bulk("deal", "delete", [{"id": made}, {"id": 7}], atomic=False))
    assert [result.status for result in gone] == [204, 404]


def test_a_change_that_changes_nothing_writes_nothing(world: World) -> None:
    """Saving the same values again is no new version."""
    made = deal(world, amount=1)

    again = world.run(lambda s: s.update("deal", int(made["id"]), {"amount": "1.00"}))

    assert again["version"] == 1


@pytest.mark.parametrize(
    ("what", "most"),
    [("create", 4), ("read", 2), ("list", 2), ("counted", 3), ("update", 5), ("delete", 5)],
)
def test_statements_keep_to_their_formula(world: World, what: str, most: int) -> None:
    """Rights, formulas, rules and history on: the statements of docs/explanation/speed.md."""
    world.run(lambda s: s.create("task", {"name": "warm up"}))
    made = int(world.run(lambda s: s.create("task", {"name": "x"}))["id"])
    work: dict[str, Callable[[Session], object]] = {
        "create": lambda s: s.create("task", {"name": "y"}),
        "read": lambda s: s.get("task", made),
        "list": lambda s: s.list(ListRequest(object="task", where='name = "x"')),
        "counted": lambda s: s.list(ListRequest(object="task", count=True)),
        "update": lambda s: s.update("task", made, {"name": "z"}),
        "delete": lambda s: s.delete("task", made),
    }

    assert world.statements(work[what], write=what in {"create", "update", "delete"}) <= most
