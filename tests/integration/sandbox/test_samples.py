"""The sample data: it conforms to the shipped configuration, shows who is who, and never ages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from engine.errors import RecordInvalid
from engine.session import ListRequest, Session, run
from engine.settings import Settings
from engine.snapshots import Environment, Environments
from engine.store.instants import milliseconds
from engine.store.platform import clocks, history
from engine.store.platform.enter import MemberCredential, SystemCredential
from sandbox.configured import load_configured
from sandbox.samples.aging import move_along, today_of
from sandbox.samples.install import install_samples
from sandbox.samples.loading import Loading
from sandbox.samples.people import read_people
from sandbox.samples.reading import Sample, read_samples
from tests.integration.conftest import on_both
from tests.support.houses import make_production, own_postgres
from tests.support.repository import ROOT

T = TypeVar("T")
NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
LEAST = {
    "account": 40,
    "contact": 120,
    "opportunity": 150,
    "line_item": 300,
    "lead": 30,
    "task": 80,
    "case": 40,
    "call": 50,
    "meeting": 40,
    "note": 40,
    "campaign": 5,
    "quote": 20,
    "contract": 15,
}


class Shop:
    """The shipped application with its sample data."""

    def __init__(self, environments: Environments) -> None:
        self.environments = environments
        self.environment: Environment = environments.open("production")

    def run(self, work: Callable[[Session], T], who: str = "", *, write: bool = False) -> T:
        """Work as the person of a key, or with every right."""
        credential: SystemCredential | MemberCredential = SystemCredential()
        if who:
            email = {person.key: person.email for person in read_people()}[who]
            found = self.list("user", where=f'email = "{email}"')
            credential = MemberCredential(int(str(found[0]["id"])))
        return run(self.environment, credential, work, write=write)

    def list(
        self, name: str, who: str = "", *, where: str | None = None, fields: tuple[str, ...] = ()
    ) -> list[dict[str, object]]:
        """List records of an object, at most a thousand."""
        request = ListRequest(object=name, where=where, fields=fields or None, limit=1000)
        return [dict(record) for record in self.run(lambda s: s.list(request).records, who)]


@contextmanager
def _open_shop(request: pytest.FixtureRequest, home: Path) -> Iterator[Shop]:
    """Install the shipped configuration and its samples, as of NOW, on the database asked for."""
    with ExitStack() as stack:
        url = ""
        if request.param == "postgresql":
            url = stack.enter_context(own_postgres(request.getfixturevalue("postgres_url")))
        settings = Settings(home=home, database_url=url)
        make_production(settings, ROOT / "metadata")
        environments = Environments(settings)
        stack.callback(environments.close)
        made = Shop(environments)
        install_samples(environments, made.environment, read_people(), {}, at=NOW)
        yield made


@on_both
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Give the application with its sample data; tests read it."""
    with _open_shop(request, tmp_path_factory.mktemp("shop")) as made:
        yield made


PLACES = [
    ("opportunity", "close_date"),
    ("opportunity", "created_at"),
    ("lead", "created_at"),
    ("meeting", "starts_at"),
    ("case", "first_reply_at"),
    ("contract", "starts_on"),
]
Days = dict[int, date]


@dataclass(frozen=True)
class Moved:
    """A shop that was moved along by five days, and what it was before.

    `touched` is a deal that somebody changed, `made` a task that somebody made; both after loading.
    """

    shop: Shop
    before: dict[tuple[str, str], Days]
    versions: dict[object, object]
    touched: int
    made: int
    days: int
    moments: dict[int, int]


def _moments(shop: Shop) -> dict[int, int]:
    with shop.environment.database.read() as tx:
        return dict(tx.rows("SELECT record, due_at FROM patron_moment WHERE state = 'waiting'"))


def _days(shop: Shop, name: str, field: str) -> Days:
    found = shop.list(name, fields=("id", field))
    return {
        int(str(record["id"])): date.fromisoformat(str(record[field])[:10])
        for record in found
        if record[field]
    }


def _versions(shop: Shop) -> dict[object, object]:
    return {lead["id"]: lead["version"] for lead in shop.list("lead", fields=("id",))}


@on_both
def moved(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Moved]:
    """Give a shop in which somebody worked, five days later."""
    with _open_shop(request, tmp_path_factory.mktemp("moved")) as shop:
        before = {place: _days(shop, *place) for place in PLACES}
        touched = min(before["opportunity", "close_date"])
        shop.run(
            lambda s: s.update("opportunity", touched, {"next_step": "Mine"}), "admin", write=True
        )
        task = {"subject": "Mine", "due_date": "2026-12-24"}
        made = shop.run(lambda s: s.create("task", task), write=True)
        versions, moments = _versions(shop), _moments(shop)
        days = move_along(shop.environment, NOW + timedelta(days=5))
        yield Moved(shop, before, versions, touched, int(str(made["id"])), days, moments)


def test_every_object_has_enough(shop: Shop) -> None:
    """A list, a board and a report of any object have something to show."""
    few = {
        name: found
        for name, least in LEAST.items()
        if (found := len(shop.list(name, fields=("id",)))) < least
    }

    assert few == {}


def test_every_object_of_the_application_is_used(shop: Shop) -> None:
    """No object of the shipped application is without a record."""
    model = shop.run(lambda session: session.snapshot.model)
    names = [name for name, compiled in model.objects.items() if not compiled.is_platform]

    assert [name for name in names if not shop.list(name, fields=("id",))] == []


def test_accounts_form_trees_and_two_languages_are_spoken(shop: Shop) -> None:
    """Groups of companies stand below each other; people speak French and English."""
    below = shop.list("account", where="parent.parent.name = 'Castor Énergie'")
    languages = {record["language"] for record in shop.list("contact")}

    assert [record["name"] for record in below] == ["Castor Solaire"]
    assert {"fr", "en"} <= languages


def test_lines_add_up_to_the_amount(shop: Shop) -> None:
    """The amount of a deal with products is their total."""
    deals = shop.list("opportunity", where="line_count > 0")

    assert len(deals) > 120
    assert [deal["name"] for deal in deals if deal["amount"] != deal["line_total"]] == []


def test_records_were_made_on_their_day_by_their_owner(shop: Shop) -> None:
    """Nothing was made today by the system: every record has an author and a past."""
    deals = shop.list("opportunity", fields=("id", "owner", "created_by", "created_at"))

    assert [deal for deal in deals if deal["owner"] != deal["created_by"]] == []
    assert len({str(deal["created_at"])[:10] for deal in deals}) > 60
    assert max(str(deal["created_at"]) for deal in deals) <= str(NOW)


def test_a_won_deal_shows_how_it_was_won(shop: Shop) -> None:
    """The history of a stage stands on the days on which it moved."""
    (deal, *_) = shop.list("opportunity", where='stage = "won" AND record_type = "new_business"')

    with shop.environment.database.read() as tx:
        entries = history.read(tx, int(str(deal["id"])))

    stages = [e.changes["stage"][1] for e in reversed(entries) if "stage" in e.changes]
    assert stages == ["prospecting", "qualification", "proposal", "negotiation", "won"]
    days = [entry.at.date() for entry in reversed(entries)]
    assert days == sorted(days)
    assert str(days[-1]) <= str(deal["close_date"])


def test_a_few_open_deals_wait_for_the_manager(shop: Shop) -> None:
    """Discounts of deals that were won are approved; those of open ones wait."""
    waiting = shop.run(lambda s: s.approvals.waiting(), "manager")
    stages = [
        shop.run(lambda s, one=one: s.get("opportunity", one.told.request.record))["stage"]  # type: ignore[misc]  # bound now
        for one in waiting
    ]

    assert 2 <= len(waiting) <= 8
    assert not {"won", "lost"} & {str(stage) for stage in stages}


def test_roles_and_managers_are_set(shop: Shop) -> None:
    """Who works for whom can be followed, so that roles and sharing can be seen."""
    users = {user["email"]: user for user in shop.list("user")}

    rep, manager = users["rep@example.test"], users["manager@example.test"]

    assert (rep["role"], rep["manager"]) == ("emea", manager["id"])
    assert users["admin@example.test"]["manager"] is None
    model = shop.run(lambda session: session.snapshot.model)
    assert {users[person.email]["role"] for person in read_people()} <= set(model.roles)


def test_each_login_sees_a_part(shop: Shop) -> None:
    """A rep sees fewer deals than the manager, the agent none of them but the cases."""
    seen = {who: len(shop.list("opportunity", who)) for who in ("admin", "manager", "rep")}

    assert seen["admin"] == seen["manager"] > seen["rep"] > 10
    assert len(shop.list("case", "agent")) > 40


def test_addresses_belong_to_nobody(shop: Shop) -> None:
    """Every address of the samples ends in a domain that is kept for examples."""
    contacts = [record["email"] for record in shop.list("contact")]
    leads = [record["email"] for record in shop.list("lead")]
    users = [person.email for person in read_people()]

    assert [e for e in [*contacts, *leads, *users] if not str(e).endswith("example.test")] == []


def test_samples_start_no_workflow(shop: Shop) -> None:
    """What they tell of happened long ago: nobody is written to, and no task comes twice."""
    with shop.environment.database.read() as tx:
        runs = tx.rows("SELECT component, pointer FROM patron_run")
        effects = tx.rows("SELECT kind FROM patron_outbox")
        told = tx.rows("SELECT text FROM patron_notification")

    assert (runs, effects, told) == ([], [], [])


def test_clocks_of_samples_stand_where_they_would(shop: Shop) -> None:
    """Some run and are seen to, some stand still, some were kept; a miss is history, and quiet."""
    with shop.environment.database.read() as tx:
        rows = tx.rows("SELECT state, breached_at IS NOT NULL, run IS NOT NULL FROM patron_clock")
        unnoticed = clocks.due(tx, at=NOW)

    counts = Counter((str(state), bool(is_late)) for state, is_late, _ in rows)
    assert unnoticed == []
    assert {bool(has_run) for _, _, has_run in rows} == {False}
    assert counts["running", False] >= 10
    assert counts["running", True] <= 2
    assert counts["paused", False] >= 3
    assert counts["met", False] > counts["missed", True] > 0


def test_a_refused_row_is_named(shop: Shop) -> None:
    """A sample that breaks a rule stops the loading, with its object, key and reason."""
    people, today = read_people(), today_of(shop.environment, NOW)
    loading = Loading(shop.environment, people, today, NOW)
    bad = Sample(
        object="account",
        key="castor",
        made=-3,
        owner="rep",
        cells={"name": "C", "is_on_hold": "yes"},
    )

    with pytest.raises(RecordInvalid, match="The sample account castor was refused: hold_reason"):
        loading.load({"account": [bad]}, {})


def test_configuration_data_comes_once(shop: Shop) -> None:
    """Products and prices are found by their codes, so bringing them again changes nothing."""
    before = shop.list("price_book_entry")

    load_configured(shop.environment)

    assert shop.list("price_book_entry") == before
    (team,) = [r for r in before if r["code"] == "STANDARD-CRM-TEAM"]
    assert str(team["price"]) == "420.00"


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_untouched_samples_move_along(moved: Moved, place: tuple[str, str]) -> None:
    """Five days later everything is as young as before, but for what somebody changed."""
    expected = {record: day + timedelta(days=5) for record, day in moved.before[place].items()}
    if place[0] == "opportunity":
        expected[moved.touched] = moved.before[place][moved.touched]

    assert _days(moved.shop, *place) == expected


def test_what_people_typed_stays(moved: Moved) -> None:
    """A record somebody made keeps its dates, and moving writes no version."""
    task = moved.shop.run(lambda s: s.get("task", moved.made))

    assert (moved.days, str(task["due_date"])) == (5, "2026-12-24")
    assert _versions(moved.shop) == moved.versions


def test_clocks_and_moments_move_along(moved: Moved) -> None:
    """A case that was opened today has its clock from today, five days later as well."""
    later = NOW + timedelta(days=5)
    with moved.shop.environment.database.read() as tx:
        unnoticed = clocks.due(tx, at=later)
        running = tx.rows("SELECT started_at, due_at FROM patron_clock WHERE due_at IS NOT NULL")

    assert unnoticed == []
    assert max(start for start, _ in running) > milliseconds(later - timedelta(days=1))
    assert len(moved.moments) > 10
    day = milliseconds(later) - milliseconds(NOW)
    assert _moments(moved.shop) == {record: due + day for record, due in moved.moments.items()}


def test_formulas_over_moved_dates_are_computed_again(moved: Moved) -> None:
    """The end of a contract follows from its start, whatever the lengths of the months."""
    contracts = moved.shop.list("contract", where="term_months = 12")

    wrong = [
        contract["name"]
        for contract in contracts
        if str(contract["ends_on"])
        != str(_a_year_after(date.fromisoformat(str(contract["starts_on"]))))
    ]
    assert (wrong, len(contracts) > 5) == ([], True)


def _a_year_after(day: date) -> date:
    return day.replace(year=day.year + 1) - timedelta(days=1)


def test_history_moves_with_its_record(moved: Moved) -> None:
    """No stage was reached after the day on which the deal was closed."""
    deals = moved.shop.list("opportunity", where='stage = "won" AND ISBLANK(next_step)')

    with moved.shop.environment.database.read() as tx:
        late = [
            deal["name"]
            for deal in deals
            if str(max(e.at for e in history.read(tx, int(str(deal["id"])))).date())
            != str(deal["close_date"])
        ]

    assert (late, len(deals) > 30) == ([], True)


def test_a_day_is_moved_once_and_never_back(moved: Moved) -> None:
    """Starting twice on a day, or with a clock that went back, changes nothing."""
    assert move_along(moved.shop.environment, NOW + timedelta(days=5)) == 0
    assert move_along(moved.shop.environment, NOW - timedelta(days=5)) == 0


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def again(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    """Give a shop of its own to one test, which moves it along."""
    with _open_shop(request, tmp_path) as made:
        yield made


def test_what_is_of_today_is_fresh_at_any_hour(again: Shop) -> None:
    """Started again earlier or later on another day: nothing is still to come, new cases have time.

    Where it has moved along more than once, too.
    """
    for days, hours in ((2, -9), (3, 8)):
        now = NOW + timedelta(days=days, hours=hours)
        move_along(again.environment, now)
        with again.environment.database.read() as tx:
            rows = tx.rows(
                "SELECT breached_at IS NOT NULL, started_at FROM patron_clock"
                " WHERE ended_at IS NULL AND state = 'running'"
            )
            told = tx.row("SELECT max(at) FROM patron_history WHERE object = 'case'")
        made = [record["created_at"] for record in again.list("case", fields=("created_at",))]

        assert sum(bool(is_late) for is_late, _ in rows) <= 2
        assert len(rows) >= 20
        assert max(start for _, start in rows) <= milliseconds(now)
        assert told is not None
        assert told[0] <= milliseconds(now)
        assert max(made) <= now  # type: ignore[type-var,operator]  # instants


def test_an_environment_without_samples_is_left_alone(tmp_path: Path) -> None:
    """Moving along concerns sample data and nothing else."""
    settings = Settings(home=tmp_path)
    make_production(settings, ROOT / "metadata")
    environments = Environments(settings)

    days = move_along(environments.open("production"), NOW)

    environments.close()
    assert days == 0


def test_every_file_is_read() -> None:
    """Every file of samples names an object and gives each of its rows a key of its own."""
    samples = read_samples()

    keys = {name: [row.key for row in rows] for name, rows in samples.items()}
    assert [name for name, found in keys.items() if len(found) != len(set(found))] == []
    assert sum(map(len, keys.values())) > 1500
