"""Records that are brought along into a sandbox: masked, whole, counted right, and killable."""

from __future__ import annotations

import signal
from decimal import Decimal
from pathlib import Path
from time import perf_counter

import pytest

from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.clock import SystemClock
from engine.errors import Conflict
from engine.jobs.running import go_on_in
from engine.jobs.table import Work
from engine.names import ObjectName
from engine.saving.refill import refill
from engine.session import ListRequest, Session, run
from engine.settings import Settings
from engine.store.platform.enter import SYSTEM_USER, SystemCredential
from engine.store.writing import insert_many
from sandbox.bringing.seeding import reading_at, reseed
from tests.support.proof import IS_PROOF, proof_length

ADMINISTRATOR = ("--permission-set", "system_administrator")
CRM = {
    "access__queues": "queues:\n  desk: {label: Desk, objects: [deal]}\n",
    "objects__account": """\
object: account
fields:
  name: {type: text, required: true}
  number: {type: auto_number, format: "A-{0000}"}
  region: {type: picklist, values: {emea: {label: EMEA}, apac: {label: APAC}}}
  parent: {type: lookup, to: account}
  contact: {type: lookup, to: contact}
  mail: {type: email, unique: true}
  phone: {type: phone}
  about: {type: rich_text}
  address: {type: address}
  won: {type: roll_up, from: deal, via: account, measure: sum, of: amount, where: stage = "won"}
  rich: {type: formula, returns: checkbox, formula: won > 100}
  greeting: {type: formula, returns: text, formula: '"Dear " & name'}
""",
    "objects__contact": """\
object: contact
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account}
indexes: [{fields: [account, name], unique: true}]
""",
    "objects__deal": """\
object: deal
sharing: private
fields:
  name: {type: text, required: true, pii: none}
  account: {type: lookup, to: account}
  amount: {type: currency}
  close_date: {type: date}
  stage: {type: picklist, values: {open: {label: Open}, won: {label: Won, closed: true}}}
""",
    "workflows__remind": """\
workflow: remind
object: deal
when: {at: {field: close_date, offset: 0 days}}
steps:
  - {name: note, note: '"late"'}
""",
}
SECRETS = (
    *("Hildegard", "Quellenberg", "hilde@quellen.test", "0612345678", "Seestrasse", "Vertraulich"),
    *("Fridolin", "rep@acme.test", "Roberta"),
)


@pytest.fixture
def shop(production):
    """Give a production with people and records, some of which lead in a circle."""
    production.write(**CRM)
    done = production("apply", "--from", production.folder, "--to", "production", "--yes")
    assert done.code == 0, done.err
    production("user", "create", "production", "a@example.test", *ADMINISTRATOR)
    production("user", "create", "production", "rep@acme.test", "--name", "Roberta Quellenberg")
    with _opened(production) as installation:
        run(installation.environments.open("production"), SystemCredential(), _fill, write=True)
    return production


def _opened(patron) -> Installation:
    url = patron.environ["PATRON_DATABASE_URL"]
    return Installation(Settings(home=patron.home, database_url=url))


def _fill(session: Session) -> None:
    account = session.create(
        "account",
        {
            "name": "Quellenberg Hildegard",
            "region": "emea",
            "mail": "hilde@quellen.test",
            "phone": "+33 0612345678",
            "about": "<p>Vertraulich</p>",
            "address": {"street": "Seestrasse 1", "city": "Basel", "country": "CH"},
        },
    )["id"]
    contact = session.create("contact", {"name": "Fridolin", "account": account})["id"]
    session.update("account", account, {"contact": contact, "parent": account})
    far = session.create("account", {"name": "Fridolin Sons", "region": "apac"})["id"]
    rep = _rep(session)
    for count in range(6):
        values = {"name": f"deal {count}", "account": account, "amount": Decimal("60.25")}
        more = {"stage": "won" if count < 4 else "open", "owner": rep, "close_date": "2020-01-01"}
        session.create("deal", {**values, **more})
    session.create("deal", {"name": "far", "account": far, "amount": 7, "stage": "won"})
    queue = session.list(ListRequest(object="queue", fields=("id",))).records[0]["id"]
    session.create("deal", {"name": "queued", "owner": queue})
    gone = session.create("deal", {"name": "gone", "account": account})["id"]
    session.delete("deal", gone)


def _rep(session: Session) -> object:
    request = ListRequest(object="user", where='email = "rep@acme.test"', fields=("id",))
    return session.list(request).records[0]["id"]


def _records(patron, environment: str, name: str) -> dict[int, dict[str, object]]:
    def work(session: Session) -> dict[int, dict[str, object]]:
        request = ListRequest(object=name, limit=1000, sort=("id",))
        return {int(str(r["id"])): dict(r) for r in session.list(request).records}

    with _opened(patron) as installation:
        return run(
            installation.environments.open(environment), SystemCredential(), work, write=False
        )


def _bytes(patron, environment: str) -> bytes:
    """Give everything that the database of an environment holds."""
    with _opened(patron) as installation:
        row = installation.environments.open(environment).row
        if row.schema is None:
            path = Path(row.url.removeprefix("sqlite:///"))
            return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
        with installation.environments.open(environment).database.read() as tx:
            names = tx.rows(
                "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = %s", (row.schema,)
            )
            rows = [tx.rows(f'SELECT t::text FROM "{name}" t') for (name,) in names]
        return repr(rows).encode()


def test_everything_comes_along_masked_and_counted(shop):
    """Same ids, links and numbers; no name, mail or phone of the parent is in the bytes."""
    done = shop("sandbox", "create", "full", "--data", "full", "--as", "a@example.test", "--json")

    assert done.code == 0, done.err
    assert (done.json["data"], done.json["members"]) == ("full", ["a@example.test"])
    assert "deal: 8 of 8" in done.err
    here, there = (_records(shop, env, "account") for env in ("production", "full"))
    assert here.keys() == there.keys()
    for number, account in here.items():
        copy = there[number]
        for same in ("region", "parent", "contact", "number", "won", "rich", "owner", "version"):
            assert copy[same] == account[same], same
        assert copy["name"] != account["name"]
        assert copy["greeting"] == f"Dear {copy['name']}"
    first = next(iter(there.values()))
    assert (first["won"], first["rich"]) == (Decimal("241.00"), True)
    assert first["address"]["country"] == "CH"
    deals, copies = (_records(shop, env, "deal") for env in ("production", "full"))
    assert deals == copies
    held = _bytes(shop, "full")
    assert [secret for secret in SECRETS if secret.encode() in held] == []
    assert b"deal 3" in held  # `pii: none`
    assert shop("doctor", "full").code == 0


def test_owners_are_inactive_and_the_maker_is_who_they_were(shop):
    """Whoever is let in by name keeps their user; everybody else is masked and stays outside."""
    shop("sandbox", "create", "full", "--data", "full", "--as", "a@example.test")

    here, there = (_records(shop, env, "user") for env in ("production", "full"))

    assert here.keys() == there.keys()
    active = {number for number, user in there.items() if user["active"]}
    (maker,) = [n for n, user in here.items() if user["email"] == "a@example.test"]
    assert active == {maker}
    assert there[maker]["email"] == "a@example.test"
    others = [user for number, user in there.items() if number not in {maker, SYSTEM_USER}]
    assert all(str(user["email"]).endswith("@masked.example") for user in others)


def test_a_sample_starts_at_roots_and_lacks_nothing_that_it_leads_to(shop):
    """What hangs below a root comes, what it leads to comes, and roll-ups are of what came."""
    root = ("--root", 'account=region = "apac"')
    done = shop("sandbox", "create", "some", "--data", "sample", *root, "--json")

    assert done.code == 0, done.err
    deals, accounts = _records(shop, "some", "deal"), _records(shop, "some", "account")
    assert [deal["name"] for deal in deals.values()] == ["far"]
    assert [account["won"] for account in accounts.values()] == [Decimal("7.00")]
    assert _records(shop, "some", "contact") == {}


def test_a_sample_of_few_is_closed_upwards(shop):
    """Without roots the newest of each object come, and beyond the limit what they lead to."""
    done = shop("sandbox", "create", "few", "--data", "sample", "--most", "2")

    assert done.code == 0, done.err
    deals, accounts = _records(shop, "few", "deal"), _records(shop, "few", "account")
    contacts = _records(shop, "few", "contact")
    assert {deal["name"] for deal in deals.values()} == {"far", "queued"}
    assert len(accounts) == 2
    assert {account["contact"] for account in accounts.values()} - {None} == contacts.keys()
    assert sorted(account["won"] or 0 for account in accounts.values()) == [0, Decimal("7.00")]


def test_new_records_take_ids_and_numbers_that_the_parent_never_gives(shop):
    """Work in the copy goes on: an account gets the next number, and an id of the sandbox's own."""
    shop("sandbox", "create", "full", "--data", "full")

    def work(session: Session) -> dict[str, object]:
        return dict(session.create("account", {"name": "New"}))

    with _opened(shop) as installation:
        made = run(installation.environments.open("full"), SystemCredential(), work, write=True)

    assert made["number"] == "A-0003"
    assert int(str(made["id"])) >= 1_000_000


def test_nothing_fires_because_of_the_copy(shop):
    """Dates that are over start no workflow in the copy; the worker finds nothing to do."""
    shop("sandbox", "create", "full", "--data", "full")
    with _opened(shop) as installation:
        environment = installation.environments.open("full")
        for _ in range(2):
            go_on_in(
                environment,
                Work(environments=installation.environments, clock=SystemClock(), home=shop.home),
            )
        with environment.database.read() as tx:
            counts = [
                tx.rows(f"SELECT count(*) FROM patron_{table}")[0][0]
                for table in ("run", "moment", "outbox", "clock", "history")
            ]

    assert counts == [0, 0, 0, 0, 0]


@pytest.mark.parametrize("step", ["sandbox.records", "sandbox.computing", "sandbox.directory"])
def test_killed_in_between_leaves_nothing_behind_for_long(shop, step):
    """Whoever is killed leaves nothing listed; the next one of that name clears what lies there."""
    words = ("sandbox", "create", "full", "--data", "full")
    killed = shop.start(*words, PATRON_KILL_AT=step)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert shop("sandbox", "list").out.startswith("No sandbox yet")

    assert shop(*words).code == 0

    assert len(_places(shop)) == 1
    assert len(_records(shop, "full", "deal")) == 8


def _places(patron) -> list[str]:
    with _opened(patron) as installation:
        database = installation.environments.open("production").database
        if database.path is not None:
            return [path.name for path in database.path.parent.glob("full-*.db")]
        with database.read() as tx:
            rows = tx.rows(
                "SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname LIKE %s",
                ("patron\\_full\\_%",),
            )
        return [name for (name,) in rows]


def test_what_cannot_be_asked_for_is_said(shop):
    """Q121 for words that make no sense; an unknown object or field is said as in any list."""
    cases = {
        ("--data", "none", "--most", "5"): "Q121",
        ("--data", "sample", "--most", "0"): "Q121",
        ("--data", "sample", "--root", "=x"): "Q121",
        ("--data", "sample", "--root", "user"): "Q121",
    }
    for words, code in cases.items():
        done = shop("sandbox", "create", "odd", *words, "--json")
        assert done.json["code"] == code, words
    wrong = shop("sandbox", "create", "odd", "--data", "sample", "--root", "account=nme = 1")
    assert (wrong.code, "nme" in wrong.err) == (Exit.INVALID, True)
    assert shop("sandbox", "list").out.startswith("No sandbox yet")
    assert _places(shop) == []


def test_from_afar_only_who_reads_all_brings_records(shop, away, far):
    """Who customizes without reading everything makes an empty one (A105), an administrator any."""
    shop.write(
        access__permission_sets__maker="""\
permission_set: maker
objects:
  account: {read: true, view_all: true, fields: {phone: none}}
  contact: {read: true, view_all: true}
  deal: {read: true}
permissions: [customize, deploy]
"""
    )
    done = shop("apply", "--from", shop.folder, "--to", "production", "--yes")
    assert done.code == 0, done.err
    far.admit("kim", "maker")
    words = ("sandbox", "create", "away", "--data", "sample", "--json")

    refused = away(*words, who="kim")
    empty = away("sandbox", "create", "bare", "--json", who="kim")
    made = away(*words, "--root", "deal=amount > 50", "--most", "3", who="lea")

    assert (refused.code, refused.json["code"]) == (Exit.NOT_ALLOWED, "A105")
    assert "Phone" in str(refused.json["hint"])
    assert empty.json["data"] == "none"
    assert made.code == 0, made.err
    assert made.json["members"] == ["lea@example.test"]
    assert len(_records(shop, "away", "deal")) == 3


def test_a_refresh_brings_records_anew_when_it_is_said(shop, either):
    """`--data reseed` asks, or wants a yes; here and from afar the records of today come."""
    shop("sandbox", "create", "full", "--data", "sample")
    words = ("sandbox", "refresh", "full", "--data", "reseed", "--json")
    with _opened(shop) as installation:
        known = installation.environments
        run(known.open("full"), SystemCredential(), _play, write=True)
        run(known.open("production"), SystemCredential(), _go_on, write=True)

    asked = either(*words)
    done = either(*words, "--yes")

    assert (asked.code, asked.json["code"]) == (Exit.USAGE, "U100")
    assert done.code == 0, done.err
    deals = _records(shop, "production", "deal")
    copies = _records(shop, "full", "deal")
    assert {n: deal["name"] for n, deal in copies.items()} == {
        n: deal["name"] for n, deal in deals.items()
    }


def test_reseeded_it_has_the_records_of_today_and_keeps_its_members(shop):
    """What was done to records is gone, what the parent has is there; members and ids stay."""
    words = ("--data", "sample", "--root", 'account=region = "emea"')
    shop("sandbox", "create", "full", *words, "--as", "a@example.test")
    shop("user", "create", "full", "rep@acme.test", "--name", "Rita")
    with _opened(shop) as installation:
        known = installation.environments
        here, there = known.open("production"), known.open("full")
        run(there, SystemCredential(), _play, write=True)
        run(here, SystemCredential(), _go_on, write=True)

        done = [*reseed(here, there, clock=SystemClock())]

    assert done[-1].done == done[-1].total
    deals, copies = _records(shop, "production", "deal"), _records(shop, "full", "deal")
    names = [deal["name"] for deal in copies.values()]
    assert names == [*(f"deal {count}" for count in range(6)), "late"]
    assert all(copies[number]["owner"] == deals[number]["owner"] for number in copies)
    (account,) = _records(shop, "full", "account").values()
    assert account["won"] == Decimal("241.00")
    users = _records(shop, "full", "user").values()
    active = {user["email"]: user["name"] for user in users if user["active"]}
    assert active.keys() == {"a@example.test", "rep@acme.test"}
    assert active["rep@acme.test"] == "Rita"
    held = _bytes(shop, "full")
    assert [s for s in SECRETS if s != "rep@acme.test" and s.encode() in held] == []


def _play(session: Session) -> None:
    session.create("deal", {"name": "played", "amount": 1})
    for record in session.list(ListRequest(object="deal", fields=("id",))).records:
        session.update("deal", int(str(record["id"])), {"amount": 3})


def _go_on(session: Session) -> None:
    account = session.list(ListRequest(object="account", where='region = "emea"')).records[0]
    session.create("deal", {"name": "late", "account": account["id"]})


def test_what_cannot_be_read_at_one_instant_is_refused(shop):
    """C134 for a parent that was switched meanwhile, C135 for one that caught up with its ids."""
    shop("sandbox", "create", "full", "--data", "full")
    with _opened(shop) as installation:
        known = installation.environments
        here, there = known.open("production"), known.open("full")
        before = run(here, SystemCredential(), lambda session: session.snapshot, write=False)
        shop.write(objects__deal=CRM["objects__deal"] + "  hint: {type: text}\n")
        assert shop("apply", "--from", shop.folder, "--to", "production", "--yes").code == 0
        with pytest.raises(Conflict) as switched, reading_at(here, before):
            pass
        with here.database.write() as tx:
            tx.run("INSERT INTO patron_id_range (first, object) VALUES (2000000, 'deal')")
        with pytest.raises(Conflict) as caught_up:
            [*reseed(here, there, clock=SystemClock())]

    assert (switched.value.code, caught_up.value.code) == ("C134", "C135")
    assert len(_records(shop, "full", "deal")) == 8


def test_what_a_copy_costs(production, figure):
    """A sample takes seconds, and everything goes as fast as its masks, with the same numbers."""
    production.write(**CRM)
    production("apply", "--from", production.folder, "--to", "production", "--yes")
    many = proof_length(500, 100_000)
    with _opened(production) as installation:
        place = installation.environments.open("production")
        run(place, SystemCredential(), lambda session: _crowd(session, many), write=True)
    took = {}
    for data in ("sample", "full"):
        start = perf_counter()
        done = production("sandbox", "create", data, "--data", data)
        took[data] = perf_counter() - start
        assert done.code == 0, done.err
    dialect = "PostgreSQL" if production.environ["PATRON_DATABASE_URL"] else "SQLite"
    figure(
        f"sandbox with a sample, of {many:,} records ({dialect})",
        f"{took['sample']:.1f} s",
        "below 10 s",
    )
    figure(
        f"sandbox with all {many:,} records, masked ({dialect})",
        f"{took['full']:.0f} s",
        "below 120 s",
    )
    if IS_PROOF:
        assert took["sample"] < 10
        assert took["full"] < 120
    assert _sum(production, "full") == _sum(production, "production")


def _crowd(session: Session, many: int) -> None:
    unit = session.unit
    half, above = many // 2, []
    for name, count in (("account", half), ("deal", many - half)):
        ids = unit.take_ids(ObjectName(name), count)
        above = above or ids
        common = {"owner": 1, "created_by": 1, "updated_by": 1, "version": 1}
        own = [
            {"mail": f"m{n}@x.test", "phone": f"06{n}", "about": f"<p>About {n} of many</p>"}
            if name == "account"
            else {"account": above[n % half], "amount": Decimal(n), "stage": "won"}
            for n in range(count)
        ]
        rows = [
            {**common, "id": number, "name": f"{name} number {number}", **more}
            for number, more in zip(ids, own, strict=True)
        ]
        insert_many(unit.tx, unit.snapshot, ObjectName(name), rows)
    tree = {k: d for k, d in unit.snapshot.model.tree.items() if not k.startswith("field:")}
    refill(unit.tx, unit.snapshot, unit.caller.context, tree)


def _sum(patron, environment: str) -> object:
    def work(session: Session) -> object:
        return session.aggregate("account", measures={"sum": "SUM(won)", "n": "COUNT()"})

    with _opened(patron) as installation:
        place = installation.environments.open(environment)
        return run(place, SystemCredential(), work, write=False)
