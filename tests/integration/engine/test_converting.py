"""One record becomes several: what is made, joined, left out and refused, on both databases."""

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
from engine.session import Converted, Record, Session
from tests.support.worlds import World, publish_texts, texts_of

LEAD = """\
object: lead
label: Lead
sharing: private
features: {history: true}
fields:
  name: {type: text, required: true}
  company: {type: text, required: true}
  email: {type: email}
  budget: {type: currency}
  status: {type: picklist, history: true, default: new, values: {new: {}, converted: {}}}
  converted_on: {type: date}
  converted_account: {type: lookup, to: account}
  converted_deal: {type: lookup, to: deal}
validation_rules:
  no_spam: {invalid_if: 'status = "converted" AND company = "Spam"', message: Spam stays spam.}
"""
ACCOUNT = """\
object: account
label: Account
sharing: private
fields:
  name: {type: text, required: true, unique: true}
  deals: {type: roll_up, from: deal, via: account, measure: sum, of: amount}
"""
CONTACT = """\
object: contact
label: Contact
sharing: read
features: {history: true}
fields:
  name: {type: text, required: true}
  email: {type: email, required: true, history: true}
  phone: {type: phone, required: true}
  secret: {type: text}
  account: {type: lookup, to: account, required: true}
"""
DEAL = """\
object: deal
label: Deal
sharing: read
fields:
  name: {type: text, required: true}
  amount: {type: currency}
  account: {type: lookup, to: account}
"""
CONVERSION = """\
conversion: lead
to:
  contact: {values: {name: name, email: email, secret: company, account: $account}}
  deal: {optional: true, values: {name: 'company & " deal"', amount: budget, account: $account}}
  account: {match: company = name, values: {name: company}}
set: {status: converted, converted_on: TODAY(), converted_account: $account, converted_deal: $deal}
"""
REP = """\
permission_set: rep
objects:
  lead: {create: true, read: true, edit: true, fields: {converted_account: read, budget: none}}
  account: {create: true, read: true, edit: true}
  contact: {create: true, read: true, edit: true, fields: {secret: none}}
  deal: {create: true, read: true, edit: true}
"""
LOOKER = "permission_set: looker\nobjects: {lead: {read: true, edit: true}, deal: {read: true}}\n"
APPROVAL = """\
approval: check
object: lead
steps: [{name: one, approvers: [{role: boss}]}]
"""
FILES = texts_of(
    {"lead": LEAD, "account": ACCOUNT, "contact": CONTACT, "deal": DEAL},
    conversion__lead=CONVERSION,
    approvals__check=APPROVAL,
    access__roles="roles: {boss: {}}\n",
    access__permission_sets__rep=REP,
    access__permission_sets__looker=LOOKER,
)
PHONE = {"contact": {"phone": "+33144556677"}}


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give two reps who see their own, and one who may create nothing."""
    return make_world(
        FILES,
        rep={"permission_sets": ["rep"]},
        other={"permission_sets": ["rep"]},
        looker={"permission_sets": ["looker"], "role": "boss"},
    )


def make_lead(world: World, who: str = "rep", **values: object) -> int:
    """Create a lead and give its id."""
    given = {"name": "Ada", "company": "Castor", "email": "ada@castor.example.test", **values}
    return int(str(world.run(lambda s: s.create("lead", given), who=who)["id"]))


def convert(
    world: World, lead: int, wishes: Mapping[str, object], *, who: str = "rep", **how: int
) -> Converted:
    """Convert a lead."""

    def work(session: Session) -> Converted:
        compiled = session.compiled("lead")
        return session.converting.convert(compiled, lead, wishes, how.get("version"))

    return world.run(work, who=who)


def of(world: World, name: str, record: int) -> Record:
    """Read a record with every right."""
    return world.run(lambda s: s.get(name, record))


def made(done: Converted) -> dict[str, Record]:
    """Give what was made or joined, by object."""
    return {str(one.object): one.record for one in done.made}


def test_a_lead_becomes_an_account_a_contact_and_a_deal(world: World) -> None:
    """All of it in order of need, with roll-ups; hidden fields are filled and not told."""
    lead = make_lead(world, who="admin", company="Pollux", budget="1200.50")
    world.run(lambda s: s.update("lead", lead, {"owner": world.people["rep"]}))

    done = convert(world, lead, PHONE)

    told = made(done)
    account = told["account"]["id"]
    assert list(told) == ["account", "contact", "deal"]
    assert all(one.is_new for one in done.made)
    assert told["contact"]["account"] == told["deal"]["account"] == account
    assert told["contact"]["phone"] == "+33144556677"
    assert "secret" not in told["contact"]
    assert str(told["deal"]["amount"]) == "1200.50"
    assert str(told["account"]["deals"]) == "1200.50"
    assert done.record["status"] == "converted"
    assert done.record["converted_account"] == account
    assert done.record["converted_deal"] == told["deal"]["id"]
    assert done.record["converted_on"] is not None
    kept = world.run(lambda s: s.get("contact", int(str(told["contact"]["id"]))))
    assert (kept["secret"], kept["owner"]) == ("Pollux", world.people["rep"])


def test_it_joins_what_matches_among_what_the_caller_sees(world: World) -> None:
    """The oldest of those seen is joined; one that is hidden is not, and its name is not told."""
    mine = world.run(lambda s: s.create("account", {"name": "Castor"}), who="rep")

    joined = convert(world, make_lead(world), {**PHONE, "deal": False})

    (account, contact) = joined.made
    assert (account.record["id"], account.is_new) == (mine["id"], False)
    assert (account.record["version"], contact.is_new) == (1, True)
    assert joined.record["converted_deal"] is None
    with pytest.raises(Conflict, match="C101"):
        convert(world, make_lead(world, who="other"), PHONE, who="other")
    with pytest.raises(Conflict, match="C101"):  # a new one is asked for, and the name is taken
        convert(world, make_lead(world), {**PHONE, "account": {}})


def test_an_existing_record_takes_the_place_of_a_new_one(world: World) -> None:
    """Its id is given; one that is hidden is refused like one that is not there."""
    theirs = world.run(lambda s: s.create("account", {"name": "Theirs"}), who="other")
    mine = world.run(lambda s: s.create("account", {"name": "Mine"}), who="rep")
    lead = make_lead(world)

    for hidden in (theirs["id"], 987_654_321, 2**70, -1):
        with pytest.raises(RequestInvalid, match="Q113") as refused:
            convert(world, lead, {**PHONE, "account": hidden})
        assert [(e.field, e.code) for e in refused.value.errors] == [("to.account", "R106")]

    done = convert(world, lead, {**PHONE, "account": mine["id"]})
    assert made(done)["contact"]["account"] == mine["id"]


def test_everything_that_is_missing_is_named_at_once_and_nothing_stays(world: World) -> None:
    """Values of all the records, by record and field; what only follows is not said."""
    lead = make_lead(world, email=None)

    with pytest.raises(RecordInvalid) as refused:
        convert(world, lead, {"account": {"name": ""}, "deal": {"amount": "much", "nope": 1}})

    found = {(e.field, e.code) for e in refused.value.errors}
    assert found == {
        ("account.name", "R105"),
        ("contact.email", "R105"),
        ("contact.phone", "R105"),
        ("deal.amount", "R120"),
        ("deal.nope", "R102"),
    }
    for name in ("account", "contact", "deal"):
        assert world.run(lambda s, name=name: s.aggregate(name, measures={"n": "COUNT()"})) == [
            {"n": 0}
        ]
    assert world.run(lambda s: s.get("lead", lead))["version"] == 1


def test_rules_of_the_record_itself_keep_it_from_being_converted(world: World) -> None:
    """What is set is saved as anything is; with it, all that was made is undone."""
    lead = make_lead(world, company="Spam")

    with pytest.raises(RecordInvalid, match="R100") as refused:
        convert(world, lead, PHONE)

    assert [e.message for e in refused.value.errors] == ["Spam stays spam."]
    assert world.run(lambda s: s.aggregate("contact", measures={"n": "COUNT()"})) == [{"n": 0}]


def test_it_is_done_once_and_on_the_record_that_was_seen(world: World) -> None:
    """A second conversion is refused, and so is one of a record that changed meanwhile."""
    lead = make_lead(world)
    world.run(lambda s: s.update("lead", lead, {"name": "Ada L."}), who="rep")

    with pytest.raises(Conflict, match="C100") as stale:
        convert(world, lead, PHONE, version=1)
    assert stale.value.current is not None
    assert stale.value.current["version"] == 2
    convert(world, lead, PHONE, version=2)
    with pytest.raises(Conflict, match="C105"):
        convert(world, lead, PHONE)


def test_a_lead_that_waits_for_an_approval_is_not_converted(world: World) -> None:
    """Its lock holds for what the configuration would write, too."""
    lead = make_lead(world)
    world.run(lambda s: s.approvals.submit(s.compiled("lead"), lead, None, ""), who="rep")

    with pytest.raises(RecordLocked, match="W160"):
        convert(world, lead, PHONE)

    assert of(world, "lead", lead)["status"] == "new"


def test_it_takes_the_right_to_change_and_to_create(world: World) -> None:
    """Hidden: not found. Seen and not to be changed, or nothing to be created: refused."""
    lead = make_lead(world)
    with pytest.raises(NotFound):
        convert(world, lead, PHONE, who="other")
    own = make_lead(world, who="admin")
    world.run(lambda s: s.update("lead", own, {"owner": world.people["looker"]}))
    with pytest.raises(AccessDenied, match="A100"):
        convert(world, own, PHONE, who="looker")
    with pytest.raises(RequestInvalid, match="Q113"):
        world.run(lambda s: s.converting.convert(s.compiled("deal"), 1, {}), who="rep")


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        ({"acount": {}}, "to.acount"),
        ({"account": False}, "to.account"),
        ({"deal": True}, "to.deal"),
        ({"deal": "no"}, "to.deal"),
    ],
)
def test_wishes_that_mean_nothing_are_refused(
    world: World, wishes: Mapping[str, object], field: str
) -> None:
    """By the object they are for."""
    with pytest.raises(RequestInvalid, match="Q113") as refused:
        convert(world, make_lead(world), wishes)
    assert [e.field for e in refused.value.errors] == [field]


def test_what_it_would_become_is_told_before(world: World) -> None:
    """Values that the caller may set, and what could be joined; nothing is written."""
    mine = world.run(lambda s: s.create("account", {"name": "Castor"}), who="rep")
    lead = make_lead(world)

    told = world.run(
        lambda s: s.converting.prospects(s.compiled("lead"), lead), who="rep", write=False
    )

    account, contact, deal = told
    assert dict(account.matches) == {mine["id"]: "Castor"}
    assert dict(account.values) == {"name": "Castor"}
    assert "secret" not in contact.values
    assert contact.values["email"] == "ada@castor.example.test"
    assert (deal.is_optional, deal.values["name"], deal.may_create) == (True, "Castor deal", True)


def test_the_history_names_the_conversion(world: World) -> None:
    """On the record and on what was made of it, under the name of who did it."""
    lead = make_lead(world)
    contact = int(str(made(convert(world, lead, PHONE))["contact"]["id"]))

    def work(session: Session, name: str, record: int) -> list[tuple[str, int, Mapping[str, str]]]:
        seen = session.look(name, record, ("name",))
        assert seen is not None
        return [(one.event, one.actor, one.causes) for one in session.history(seen)]

    me, by = world.people["rep"], {"": "conversion:lead"}
    assert world.run(lambda s: work(s, "contact", contact), who="rep") == [("created", me, by)]
    assert world.run(lambda s: work(s, "lead", lead), who="rep")[0] == ("updated", me, by)


def test_a_conversion_that_is_switched_off_converts_nothing(world: World) -> None:
    """It is refused in the words of one that is not declared."""
    off = {**FILES, "conversion/lead.yaml": f"{CONVERSION}active: false\n"}
    publish_texts(world, off)
    with pytest.raises(RequestInvalid, match="Q113"):
        convert(world, make_lead(world), PHONE)
