"""Refusals name neither hidden fields nor hidden records, and still say what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.errors import Conflict, PatronError, RecordInvalid
from tests.support.worlds import World, texts_of

FIRM = """\
object: firm
label: Firm
sharing: read_write
fields:
  name: {type: text, required: true}
  grade: {type: text, required: true, label: Grade of secrecy}
  weight: {type: number}
  code: {type: text}
indexes: [{fields: [name, code], unique: true}]
validation_rules:
  heavy: {invalid_if: weight > 5 OR name = "bad", message: Too much., field: weight}
"""
DEAL = """\
object: deal
label: Deal
plural: Deals
sharing: private
fields:
  name: {type: text}
  firm: {type: lookup, to: firm, on_delete: restrict}
  partner: {type: lookup, to: firm, on_delete: cascade, label: Silent partner}
"""
PAY = """\
object: pay
label: Salary
plural: Salaries
sharing: private
fields:
  name: {type: text}
  firm: {type: lookup, to: firm, on_delete: restrict}
"""
FLOW = """\
workflow: weigh
object: firm
when: before_save
if: name = "broken"
steps: [{name: w, set: {weight: 1 / (LEN(name) - 6)}}]
"""
REP = """\
permission_set: rep
objects:
  firm:
    {create: true, read: true, edit: true, delete: true,
     fields: {grade: none, weight: none, code: none}}
  deal: {create: true, read: true, edit: true, delete: true, fields: {partner: none}}
"""


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give firms with three fields that a rep does not see, and salaries they know nothing of."""
    texts = texts_of(
        {"firm": FIRM, "deal": DEAL, "pay": PAY},
        access__permission_sets__rep=REP,
        workflows__weigh=FLOW,
    )
    return make_world(texts, rep={"permission_sets": ["rep"]})


def refusal(world: World, work: Callable[..., object], who: str = "rep") -> PatronError:
    """Do what is refused, and give the refusal."""
    with pytest.raises(PatronError) as caught:
        world.run(work, who=who)
    return caught.value


def firm(world: World, **values: object) -> int:
    """Create a firm as the administrator."""
    given = {"name": "A", "grade": "top", **values}
    return int(str(world.run(lambda s: s.create("firm", given))["id"]))


def words(refused: PatronError) -> str:
    """Give everything that a refusal says."""
    return str(refused.as_json()).lower()


def test_a_hidden_required_field_is_not_named(world: World) -> None:
    """Who sees it reads its name; who does not reads that there is one."""
    theirs = refusal(world, lambda s: s.create("firm", {"name": "B"}))
    whole = refusal(world, lambda s: s.create("firm", {"name": "B"}), "admin")

    assert isinstance(theirs, RecordInvalid)
    assert [(e.field, e.code) for e in theirs.errors] == [("", "R105")]
    assert "grade" not in words(theirs)
    assert "do not see is required" in words(theirs)
    assert [e.field for e in whole.errors] == ["grade"]  # type: ignore[attr-defined]


def test_a_rule_says_its_message_and_not_its_hidden_field(world: World) -> None:
    """The message is its author's; where it would be shown is not told."""
    heavy = firm(world, weight=5)
    world.run(lambda s: s.update("firm", heavy, {"weight": 5}))

    with pytest.raises(RecordInvalid) as whole:
        world.run(lambda s: s.update("firm", heavy, {"weight": 6}))

    assert [(e.field, e.code) for e in whole.value.errors] == [("weight", "heavy")]
    theirs = refusal(world, lambda s: s.update("firm", heavy, {"weight": 6}))
    bad = refusal(world, lambda s: s.update("firm", heavy, {"name": "bad"}))
    assert isinstance(bad, RecordInvalid)
    assert [(e.field, e.code, e.message) for e in bad.errors] == [("", "heavy", "Too much.")]
    absent = refusal(world, lambda s: s.update("firm", heavy, {"height": 6}))
    assert words(theirs).replace("weight", "height") == words(absent)


def test_a_workflow_that_fails_does_not_name_a_hidden_field(world: World) -> None:
    """The save is refused all the same."""
    number = firm(world)

    theirs = refusal(world, lambda s: s.update("firm", number, {"name": "broken"}))

    assert "weight" not in words(theirs)
    assert "could not be computed" in words(theirs)


def test_a_unique_value_is_refused_by_the_fields_that_show(world: World) -> None:
    """Of a pair, the one that the caller sees."""
    firm(world, name="Same", code="1")
    other = firm(world, name="Other", code="1")

    theirs = refusal(world, lambda s: s.update("firm", other, {"name": "Same"}))

    assert isinstance(theirs, Conflict)
    assert [e.field for e in theirs.errors] == ["name"]
    assert "code" not in words(theirs).replace('"code"', "").replace("'code'", "")


def test_what_keeps_a_record_from_going_is_told_as_far_as_it_shows(world: World) -> None:
    """Own deals are counted; hidden ones, and objects nobody told them of, are just there."""
    number = firm(world)
    world.run(lambda s: s.create("pay", {"name": "boss", "firm": number}))
    world.run(lambda s: s.create("deal", {"name": "theirs", "firm": number}))
    hidden = refusal(world, lambda s: s.delete("firm", number))
    world.run(lambda s: s.create("deal", {"name": "own", "firm": number}), who="rep")

    theirs = refusal(world, lambda s: s.delete("firm", number))
    whole = refusal(world, lambda s: s.delete("firm", number), "admin")

    assert "used by records that you do not see" in words(hidden)
    assert "used by 1 × deal, records that you do not see" in words(theirs)
    assert "salar" not in words(hidden) + words(theirs)
    assert "pay" not in words(hidden) + words(theirs)
    assert "2 × deal, 1 × salary" in words(whole)


def test_what_a_hidden_field_points_at_is_not_named_when_it_is_in_the_bin(world: World) -> None:
    """A deal that went along with its partner does not come back without it, and says no name."""
    number = firm(world)
    deal = int(str(world.run(lambda s: s.create("deal", {"name": "own"}), who="rep")["id"]))
    world.run(lambda s: s.update("deal", deal, {"partner": number}))
    world.run(lambda s: s.delete("firm", number))

    theirs = refusal(world, lambda s: s.restore("deal", deal))
    whole = refusal(world, lambda s: s.restore("deal", deal), "admin")

    assert (theirs.code, whole.code) == ("C104", "C104")
    assert "partner" not in words(theirs)
    assert "silent partner" in words(whole)
