"""Workflows before a save: they set values on every path in, once, or refuse the save."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from engine.clock import FixedClock
from engine.errors import AutomationFailed, RecordInvalid
from engine.session import Session
from tests.support.worlds import World, publish_texts, texts_of

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
REGION = """\
object: region
label: Region
sharing: private
fields:
  name: {type: text}
  rate: {type: percent, max: 1}
"""
DEAL = """\
object: deal
label: Deal
sharing: read
fields:
  name: {type: text, required: true}
  code: {type: text, external_id: true}
  stage:
    type: picklist
    default: open
    values: {open: {label: Open}, won: {label: Won}, lost: {label: Lost}}
  amount: {type: currency, min: 0}
  discount: {type: percent, max: 0.5}
  net: {type: formula, returns: currency, formula: amount * (1 - discount)}
  tier: {type: picklist, values: {small: {label: Small}, big: {label: Big}}}
  stage_since: {type: date}
  changes: {type: number, default: 0}
  note: {type: text, length: 10}
  checked: {type: checkbox}
  region: {type: lookup, to: region}
  rate: {type: percent, required: true, default: 0}
validation_rules:
  big_is_checked: {invalid_if: tier = "big" AND NOT checked, message: Check it., field: checked}
"""
STAMP = """\
workflow: stamp
object: deal
when: before_save
if: ISCHANGED(stage) OR ISNEW()
steps:
  - {name: since, set: {stage_since: TODAY(), changes: changes + 1}}
"""
TIER = """\
workflow: tier
label: Choose the tier
object: deal
when: before_save
steps:
  - name: size
    if: net > 1000
    then: [{name: big, set: {tier: big, checked: true}}]
    else:
      - {name: small, set: {tier: small, checked: null}}
"""


def with_workflows(*workflows: str) -> dict[str, str]:
    """Give a configuration of deals and regions with workflows."""
    return texts_of({"deal": DEAL, "region": REGION}, workflows__deals="---\n".join(workflows))


def deal(world: World, **values: object) -> dict[str, object]:
    """Create a deal and give it as it was answered."""
    clock = FixedClock(NOW)
    return world.run(lambda s: s.create("deal", {"name": "Licence", **values}), clock=clock)


def workflow(name: str, steps: str, condition: str = "TRUE") -> str:
    """Write a workflow on deals before the save."""
    return (
        f"workflow: {name}\nobject: deal\nwhen: before_save\nif: {condition!r}\nsteps:\n"
        f"  - {steps}\n"
    )


def test_a_workflow_sets_values_before_formulas_and_rules(
    make_world: Callable[..., World],
) -> None:
    """What it sets is saved and answered; rules judge the result, bare words are values."""
    world = make_world(with_workflows(STAMP, TIER))

    made = deal(world, amount=2000, discount="0.1")

    assert (made["tier"], made["checked"], made["net"]) == ("big", True, Decimal(1800))
    assert str(made["stage_since"]) == "2026-03-10"
    assert world.run(lambda s: s.get("deal", int(made["id"])), write=False) == made


def test_it_is_looked_at_again_at_every_change(make_world: Callable[..., World]) -> None:
    """A condition over what changed holds when it did; a branch without it takes the other way."""
    world = make_world(with_workflows(STAMP, TIER))
    made = int(deal(world, amount=2000, discount=0)["id"])

    smaller = world.run(lambda s: s.update("deal", made, {"amount": 10}))
    won = world.run(lambda s: s.update("deal", made, {"stage": "won"}))

    assert (smaller["tier"], smaller["checked"], smaller["changes"]) == ("small", False, 1)
    assert won["changes"] == 2


def test_a_save_that_changes_nothing_starts_nothing(make_world: Callable[..., World]) -> None:
    """The same values again are no save: no workflow runs, the version stays."""
    world = make_world(
        with_workflows(workflow("count", "{name: more, set: {changes: changes + 1}}"))
    )
    made = deal(world)

    again = world.run(lambda s: s.update("deal", int(made["id"]), {"name": "Licence"}))

    assert (again["version"], again["changes"]) == (1, 1)


def test_every_path_in_runs_them(make_world: Callable[..., World]) -> None:
    """Create, update, upsert and bulk of either kind: each record once."""
    world = make_world(with_workflows(STAMP))

    def work(session: Session) -> list[object]:
        one = session.create("deal", {"name": "a"})
        up, _ = session.upsert("deal", "code", "u", {"name": "b"})
        atomic = session.bulk("deal", "create", [{"name": "c"}, {"name": "d"}], atomic=True)
        loose = session.bulk(
            "deal", "upsert", [{"code": "e", "name": "e"}], atomic=False, match="code"
        )
        ids = [int(one["id"]), int(up["id"]), *(r.id for r in (*atomic, *loose))]
        return [session.get("deal", int(i or 0))["changes"] for i in ids]

    assert world.run(work) == [1] * 5


def test_a_workflow_fires_once_per_record_and_transaction(
    make_world: Callable[..., World],
) -> None:
    """Saved twice in one transaction, a record fires once, and is compared with what was found."""
    world = make_world(with_workflows(STAMP))
    made = int(deal(world)["id"])

    def twice(session: Session) -> object:
        session.update("deal", made, {"stage": "won"})
        return session.update("deal", made, {"stage": "lost"})["changes"]

    within = world.run(twice)
    after = world.run(lambda s: s.update("deal", made, {"stage": "open"}))

    assert within == 2
    assert after["changes"] == 3


def test_what_was_undone_has_not_fired(make_world: Callable[..., World]) -> None:
    """A bulk whose rows are tried again one by one fires for each of them once."""
    world = make_world(with_workflows(STAMP))
    deal(world, code="taken")
    first, second = (int(deal(world, code=code)["id"]) for code in "ab")
    rows = [
        {"id": first, "stage": "won"},
        {"id": second, "stage": "won", "code": "taken"},
    ]

    found = world.run(lambda s: s.bulk("deal", "update", rows, atomic=False))
    kept = world.run(lambda s: s.get("deal", first), write=False)

    assert [result.status for result in found] == [200, 409]
    assert kept["changes"] == 2


REFUSED: list[tuple[str, str, Mapping[str, object], str]] = [
    ("discount", "1 / changes", {"changes": 0}, "division by zero"),
    ("discount", "0.9", {}, "0.9000 is more than 0.5"),
    ("note", 'name & " is too long"', {}, "The text has"),
    ("tier", "note", {"note": "huge"}, "huge"),
]


@pytest.mark.parametrize(("field", "value", "given", "why"), REFUSED)
def test_a_value_that_does_not_fit_refuses_the_save(
    make_world: Callable[..., World],
    field: str,
    value: str,
    given: Mapping[str, object],
    why: str,
) -> None:
    """The answer stands at the field, says which workflow it was and why; nothing is saved."""
    world = make_world(
        with_workflows(workflow("clever", f"{{name: x, set: {{{field}: '{value}'}}}}"))
    )

    with pytest.raises(AutomationFailed) as refused:
        deal(world, **given)

    (error,) = refused.value.errors
    assert (refused.value.code, refused.value.status) == ("W100", 422)
    assert (error.field, error.code) == (field, "W101")
    assert error.message.startswith('The workflow "clever" cannot set ')
    assert why in error.message


def test_the_refusal_is_said_in_the_callers_language(make_world: Callable[..., World]) -> None:
    """The sentence is French for whoever works in French; names of the configuration stay."""
    world = make_world(
        with_workflows(workflow("ratio", "{name: x, set: {discount: 1 / changes}}")),
        marie={"language": "fr", "permission_sets": ["system_administrator"]},
    )

    with pytest.raises(AutomationFailed) as refused:
        world.run(lambda s: s.create("deal", {"name": "x"}), who="marie")

    assert refused.value.message.startswith("Un automatisme")
    assert "« ratio »" in refused.value.errors[0].message
    assert "division par zéro" in refused.value.errors[0].message


def test_good_rows_of_a_bulk_stay(make_world: Callable[..., World]) -> None:
    """A row that a workflow refuses leaves the others alone."""
    world = make_world(
        with_workflows(workflow("ratio", "{name: x, set: {discount: 0.1 / amount}}"))
    )
    rows = [{"name": "a", "amount": 1}, {"name": "b", "amount": 0}]

    found = world.run(lambda s: s.bulk("deal", "create", rows, atomic=False))

    assert [result.status for result in found] == [201, 422]


def test_a_refused_value_is_told_once(make_world: Callable[..., World]) -> None:
    """A workflow that reads a field already refused is left out: its answer would follow."""
    world = make_world(
        with_workflows(workflow("ratio", "{name: x, set: {discount: 0.1 / amount}}"))
    )

    with pytest.raises(RecordInvalid) as refused:
        deal(world, amount="much")

    assert [error.field for error in refused.value.errors] == ["amount"]


def test_a_workflow_sets_what_the_caller_may_not(make_world: Callable[..., World]) -> None:
    """Workflows act with the rights of the configuration: fields and targets hidden or not."""
    rep = (
        "permission_set: rep\nobjects:\n  deal: {create: true, read: true, fields: {rate: read}}\n"
    )
    files = texts_of({"deal": DEAL, "region": REGION}, access__permission_sets__rep=rep)
    world = make_world(files, rep={"permission_sets": ["rep"]})
    north = world.run(lambda s: s.create("region", {"name": "North", "rate": "0.25"}))
    one = workflow("one", f"{{name: x, set: {{region: {north['id']}}}}}")
    two = workflow("two", "{name: x, set: {rate: region.rate}}")
    publish_texts(world, {**files, "workflows/deals.yaml": f"{one}---\n{two}"})

    made = world.run(lambda s: s.create("deal", {"name": "x"}), who="rep")

    assert (made["region"], made["rate"]) == (north["id"], Decimal("0.25"))


SALE = """\
object: sale
label: Sale
sharing: read_write
fields:
  name: {type: text}
  seller: {type: lookup, to: user, default: {formula: $user.id}}
  amount: {type: currency}
  reply_to: {type: email}
"""
REPLY = """\
workflow: reply
object: sale
when: before_save
steps: [{name: x, set: {reply_to: seller.email}}]
"""


def test_a_workflow_sees_through_a_lookup_that_a_default_has_set(
    make_world: Callable[..., World],
) -> None:
    """What a default points at is there when the workflow reads it, and after a change of it."""
    world = make_world(texts_of({"sale": SALE}, workflows__reply=REPLY), sofia={})

    made = world.run(lambda s: s.create("sale", {"name": "x"}))
    given = {"seller": world.people["sofia"]}
    changed = world.run(lambda s: s.update("sale", int(made["id"]), given))

    assert made["reply_to"] == "admin@example.test"
    assert changed["reply_to"] == "sofia@example.test"


@pytest.mark.parametrize("workflows", [{}, {"workflows__reply": REPLY}], ids=["without", "with"])
def test_a_lookup_set_by_a_default_hides_no_refusal(
    make_world: Callable[..., World], workflows: dict[str, str]
) -> None:
    """Values that cannot be read are refused, whatever else is looked up on the way."""
    world = make_world(texts_of({"sale": SALE}, **workflows))

    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.create("sale", {"name": "x", "amount": "much"}))

    assert [(error.field, error.code) for error in refused.value.errors] == [("amount", "R120")]


def test_a_lookup_to_nothing_refuses_the_save(make_world: Callable[..., World]) -> None:
    """A workflow may not point at a record that is not there either."""
    world = make_world(with_workflows(workflow("lost", "{name: x, set: {region: 987654}}")))

    with pytest.raises(AutomationFailed) as refused:
        deal(world)

    (error,) = refused.value.errors
    assert (error.field, error.code) == ("region", "W101")
    assert "there is no such record" in error.message


def test_a_lookup_set_for_many_is_loaded_once(make_world: Callable[..., World]) -> None:
    """What workflows point at is read in one statement, however many records are saved."""
    world = make_world(with_workflows(workflow("one", "{name: x, set: {owner: $user.manager}}")))
    rows = [{"name": str(n)} for n in range(20)]

    def saving(count: int) -> Callable[[Session], object]:
        return lambda s: s.bulk("deal", "create", rows[:count], atomic=True)

    world.run(saving(1))
    assert world.statements(saving(20)) - world.statements(saving(2)) <= 1


def test_false_criteria_cost_no_statement(make_world: Callable[..., World]) -> None:
    """Two hundred workflows whose criteria are false add nothing to the statements of a save."""
    false = [
        workflow(f"w{n}", "{name: x, set: {changes: 9}}", "amount > 5 AND stage = 'lost'")
        for n in range(200)
    ]
    world = make_world(with_workflows(*false))
    made = int(deal(world, amount=1)["id"])

    counted = {
        "create": world.statements(lambda s: s.create("deal", {"name": "x"})),
        "update": world.statements(lambda s: s.update("deal", made, {"amount": 2})),
    }

    assert counted["create"] <= 4
    assert counted["update"] <= 5
