"""The account: second factor, password, browsers; and working as somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.people import NewMember, codes, create_user
from engine.session import run
from engine.settings import Settings
from engine.store.platform import audit
from engine.store.platform.enter import SystemCredential
from tests.support.house_files import FILES
from tests.support.houses import ADMIN, PRODUCTION, House, open_house, write_files
from tests.support.visitors import PASSWORD, Visitor, visitor_of

HOME, SET_UP = "/e/production/", "/account/second-factor"
SECRET = re.compile(r"<code>([A-Z2-7]{32})</code>")
RECOVERY = re.compile(r"<li><code>([a-z0-9]{5}-[a-z0-9]{5})</code>")
GUARDED = """\
permission_set: guarded
label: Guarded
requires_second_factor: true
objects: {deal: {read: true}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """Give a house of one's own with a set that asks for a second factor."""
    files = {**FILES, "access/permission_sets/guarded.yaml": GUARDED}
    folder = write_files(tmp_path / "files", files)
    with open_house(Settings(home=tmp_path / "home"), folder) as made:
        made.admit("rep", "rep")
        yield made


def code(secret: str, *, steps: int = 0) -> str:
    """Give the code that an app shows, or one of a later step."""
    return codes.code_at(secret, codes.step_of(SystemClock().now()) + steps)


def set_up(visitor: Visitor) -> tuple[str, list[str]]:
    """Set a second factor up; give its secret and the recovery codes."""
    found = SECRET.search(visitor.get(SET_UP).text)
    assert found is not None
    answer = visitor.send(SET_UP, SET_UP, code=code(found[1]))
    assert answer.status_code == 200, answer.text
    return found[1], RECOVERY.findall(answer.text)


def actions(house: House, *, of: str = "installation") -> list[tuple[str, str]]:
    """Give actor and action of what an audit says, oldest first."""
    environments = house.environments
    database = environments.control if of == "installation" else environments.open(of).database
    with database.read() as tx:
        return [(line.actor, line.action) for line in audit.read(tx, limit=500)][::-1]


def test_a_second_factor_is_set_up_and_asked_for(home: House):
    """The password alone opens nothing any more; the code of the next step does."""
    visitor = visitor_of(home, "rep")
    secret, recovery = set_up(visitor)
    fresh = visitor_of(home)

    half = fresh.sign_in("rep", next="/e/production/?tab=1")
    outside = fresh.get(HOME)
    wrong = fresh.send(half.headers["Location"], "/second-factor", code="000000")
    opened = fresh.send(
        half.headers["Location"],
        "/second-factor",
        code=code(secret, steps=1),
        next="/e/production/",
    )

    assert len(set(recovery)) == 10
    assert half.headers["Location"].startswith("/second-factor?next=")
    assert outside.headers["Location"].startswith("/sign-in")
    assert wrong.status_code == 422
    assert opened.headers["Location"] == HOME
    assert fresh.get(HOME).status_code == 200
    assert visitor.get(HOME).status_code == 200  # the browser where it was set up stays


def test_the_secret_is_kept_sealed(home: House):
    """Whoever reads the database can make no codes."""
    secret, recovery = set_up(visitor_of(home, "rep"))

    with home.environments.control.read() as tx:
        kept = str(tx.rows("SELECT * FROM patron_person")) + str(
            tx.rows("SELECT * FROM patron_recovery_code")
        )

    assert secret not in kept
    assert not any(one in kept or one.replace("-", "") in kept for one in recovery)


def test_no_code_works_twice(home: House):
    """Neither that of the set-up, nor one just used, nor a recovery code."""
    secret, recovery = set_up(visitor_of(home, "rep"))

    def enter(given: str) -> int:
        visitor = visitor_of(home)
        visitor.sign_in("rep")
        return visitor.send("/second-factor", "/second-factor", code=given).status_code

    now = code(secret, steps=1)
    assert enter(now) == 303
    assert enter(now) == 422
    assert enter(f" {recovery[0].upper()} ") == 303
    assert enter(recovery[0]) == 422
    assert enter(recovery[1].replace("-", "")) == 303


def test_guessing_codes_is_slowed_down(home: House):
    """Six digits are few: after five wrong ones it waits."""
    set_up(visitor_of(home, "rep"))
    visitor = visitor_of(home)
    visitor.sign_in("rep")

    statuses = [
        visitor.send("/second-factor", "/second-factor", code="123456").status_code
        for _ in range(6)
    ]

    assert statuses == [422] * 5 + [429]


def test_a_permission_set_can_ask_for_it(home: House):
    """A203: who holds it is led to the set-up, and sees nothing before; tokens are not asked."""
    home.admit("boss", "guarded")
    visitor = visitor_of(home, "boss")

    before = visitor.get(HOME)
    page = visitor.get(SET_UP)
    set_up(visitor)
    after = visitor.get(HOME)

    assert before.headers["Location"] == SET_UP
    assert page.status_code == after.status_code == 200
    assert home.caller("boss").get("/records/deal").status == 200


def test_it_is_removed_with_the_password_only(home: House):
    """A browser left open is not enough; afterwards one signs in by the password again."""
    visitor = visitor_of(home, "rep")
    set_up(visitor)

    refused = visitor.send(SET_UP, f"{SET_UP}/remove", old="a wrong one")
    codes_again = visitor.send(SET_UP, f"{SET_UP}/recovery-codes", old=PASSWORD)
    removed = visitor.send(SET_UP, f"{SET_UP}/remove", old=PASSWORD)

    assert refused.status_code == 422
    assert len(RECOVERY.findall(codes_again.text)) == 10
    assert removed.status_code == 303
    assert visitor.sign_in("rep").headers["Location"] == HOME
    said = [action for _, action in actions(home)]
    assert {"second_factor.set", "second_factor.recovery_codes", "second_factor.remove"} <= set(
        said
    )


def test_it_is_not_set_up_twice(home: House):
    """C124: the secret stays the one that the app knows."""
    visitor = visitor_of(home, "rep")
    set_up(visitor)

    again = visitor.send(SET_UP, SET_UP, code="000000")

    assert again.status_code == 409
    assert SECRET.search(visitor.get(SET_UP).text) is None


def test_a_wrong_code_sets_nothing_up(home: House):
    """R196, and the same secret is shown again."""
    visitor = visitor_of(home, "rep")
    before = SECRET.search(visitor.get(SET_UP).text)

    answer = visitor.send(SET_UP, SET_UP, code="000000")

    after = SECRET.search(answer.text)
    assert before is not None
    assert after is not None
    assert answer.status_code == 422
    assert before[1] == after[1]
    assert visitor_of(home, "rep").get(HOME).status_code == 200


def test_a_password_is_changed_by_who_knows_it(home: House):
    """Other browsers are signed out, this one stays."""
    visitor, other = visitor_of(home, "rep"), visitor_of(home)
    other.sign_in("rep")
    fresh = "nine green umbrellas"

    def change(**form: str) -> int:
        return visitor.send("/account", "/account/password", **form).status_code

    assert change(old="a wrong one", password=fresh, again=fresh) == 422
    assert change(old=PASSWORD, password=fresh, again=f"{fresh}!") == 422
    assert change(old=PASSWORD, password="short", again="short") == 422
    assert other.get(HOME).status_code == 200
    assert change(old=PASSWORD, password=fresh, again=fresh) == 303
    assert other.get(HOME).status_code == 302 or other.get(HOME).status_code == 303
    assert visitor.get("/account").status_code == 200
    assert visitor.sign_in("rep", fresh).status_code == 303


def test_browsers_are_listed_and_signed_out(home: House):
    """One, or all but this one."""
    visitor = visitor_of(home, "rep")
    others = [visitor_of(home, address=f"198.51.100.{number}") for number in (1, 2)]
    for other in others:
        other.sign_in("rep")
    page = visitor.get("/account").text
    numbers = re.findall(r"/account/sessions/(\d+)/end", page)

    visitor.send("/account", f"/account/sessions/{numbers[-1]}/end")
    one_gone = [other.get("/account").status_code for other in others]
    visitor.send("/account", "/account/sessions/end")

    assert "198.51.100.2" in page
    assert sorted(one_gone) == [200, 303]
    assert [other.get("/account").status_code for other in others] == [303, 303]
    assert visitor.get("/account").status_code == 200


def test_working_as_somebody_else_is_shown_and_noted(home: House):
    """A bar says so, changes carry both names, and the audit has it on both sides."""
    visitor = visitor_of(home, "admin")

    begun = visitor.send(
        HOME, f"{HOME}log-in-as", reason="A ticket of today", email="rep@example.test"
    )
    page = visitor.get(HOME).text
    account = visitor.get("/account")
    ended = visitor.send(HOME, "/log-in-as/end")
    back = visitor.get(HOME).text

    assert begun.status_code == ended.status_code == 303
    assert "You work as" in page
    assert "Rep" in page
    assert account.status_code == 404
    assert "You work as" not in back
    wanted = [("admin@example.test", "log_in_as.begin"), ("admin@example.test", "log_in_as.end")]
    for of in ("installation", PRODUCTION):
        assert [line for line in actions(home, of=of) if line in wanted] == wanted


def test_a_helper_session_opens_one_environment_for_an_hour(home: House):
    """And ends with the deactivation of either."""
    visitor = visitor_of(home, "admin")
    visitor.send(HOME, f"{HOME}log-in-as", reason="A ticket of today", email="rep@example.test")
    control = home.environments.control

    with control.read() as tx:
        rows = tx.rows(
            "SELECT environment, expires_at - created_at FROM patron_session"
            " WHERE acting_as IS NOT NULL"
        )
    with control.write() as tx:
        tx.run("UPDATE patron_session SET environment = 'elsewhere' WHERE acting_as IS NOT NULL")

    assert rows == [("production", timedelta(hours=1) / timedelta(milliseconds=1))]
    assert visitor.get(HOME).status_code == 404


@pytest.mark.parametrize("target", ["admin", "keeper", "rep", "nobody", "helper"])
def test_a_helper_never_gains(home: House, target: str):
    """Administrators and who may do more are out of reach (A103); oneself makes no sense (C125)."""
    home.admit("helper", "helper")
    home.admit("keeper", "auditor")
    visitor = visitor_of(home, "helper")

    answer = visitor.send(
        HOME, f"{HOME}log-in-as", reason="A ticket of today", email=f"{target}@example.test"
    )

    wanted = {"admin": 403, "keeper": 403, "rep": 303, "nobody": 404, "helper": 409}
    assert answer.status_code == wanted[target]


def test_working_as_others_needs_its_permission(home: House):
    """A rep is refused, and nothing is begun."""
    visitor = visitor_of(home, "rep")

    assert (
        visitor.send(
            HOME, f"{HOME}log-in-as", reason="A ticket of today", email="admin@example.test"
        ).status_code
        == 403
    )
    assert visitor.get("/account").status_code == 200


def test_history_names_helper_and_helped(home: House):
    """Who really did it can be told afterwards."""
    environment = home.environments.open(PRODUCTION)
    at = SystemClock().now()
    new = NewMember(email="tess@example.test", permission_sets=frozenset({ADMIN}))
    create_user(home.environments.control, environment.database, new, at=at, actor="t")
    visitor = visitor_of(home, "admin")
    visitor.send(HOME, f"{HOME}log-in-as", reason="A ticket of today", email="rep@example.test")

    def source(client: Visitor) -> str:
        with client.app.test_request_context(
            HOME, headers={"Cookie": f"patron_session={client.cookie()}"}
        ):
            from web.visit import Entrance, visit  # noqa: PLC0415 -- needs the request above

            assert Entrance(home.client.application.extensions["patron"]).enter() is None
            return str(visit().read(lambda session: session.unit.source))

    assert source(visitor) == "ui, admin@example.test as rep@example.test"
    assert run(environment, SystemCredential(), lambda s: s.unit.source, write=False) == "api"


def test_the_button_of_the_table_has_the_limits_of_rest(home: House):
    """A103: who manages people cannot keep an administrator out, by whatever page."""
    home.admit("helper", "helper")
    visitor = visitor_of(home, "helper")
    user = home.caller().get("/people/admin@example.test").json["user"]

    answer = visitor.send(HOME, f"/e/production/setup/platform/members/{user}/0")

    assert answer.status_code == 403
    assert home.caller().get("/people/admin@example.test").json["active"] is True
