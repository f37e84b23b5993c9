"""Persons, members, passwords and tokens: who gets in, and how everything ends."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import Conflict, NotFound, RecordInvalid, SignInRequired
from engine.people import (
    CONTROL_SCHEMA,
    NewMember,
    activate_person,
    add_member,
    address_of,
    check_password,
    create_token,
    create_user,
    deactivate_person,
    open_control,
    revoke_token,
    set_member_active,
    set_password,
    set_permission_sets,
)
from engine.people import signing_in as people
from engine.settings import Settings
from engine.store.database import Database
from engine.store.platform import audit, members, tokens
from engine.store.platform.control import list_persons
from engine.store.platform.enter import Entered, TokenCredential, enter

ANN = "ann@example.test"
PASSWORD = "correct horse battery"


def make(control: Database, environment: Database, now: datetime, **more: object) -> int:
    """Make Ann a member; give her user id."""
    new = NewMember(email="Ann@Example.test", permission_sets=frozenset({"sales"}), **more)  # type: ignore[arg-type]  # fields of NewMember
    return create_user(control, environment, new, at=now, actor="cli").user


def come_in(environment: Database, token: str, now: datetime) -> Entered:
    """Enter with a token."""
    with environment.read() as tx:
        return enter(tx, TokenCredential(token), now=now)


def actions(environment: Database) -> list[str]:
    """Tell what the audit says, oldest first."""
    with environment.read() as tx:
        return [line.action for line in audit.read(tx)][::-1]


def test_a_new_user_can_come_in_with_a_token(
    control: Database, environment: Database, now: datetime
):
    """Person, user record, membership and token fit together; the audit tells of it."""
    user = make(control, environment, now, role="rep")

    text = create_token(environment, ANN, at=now, actor="cli", label="laptop")

    member = come_in(environment, text, now).member
    assert (member.id, member.email, member.role) == (user, ANN, "rep")
    assert member.name == "ann"
    assert member.permission_sets == {"sales"}
    assert actions(environment) == ["member.add", "token.create"]


def test_a_token_is_shown_once_and_kept_as_a_hash(
    control: Database, environment: Database, now: datetime
):
    """Whoever reads the database cannot sign in with what is there."""
    make(control, environment, now)

    text = create_token(environment, ANN, at=now, actor="cli")

    assert text.startswith("patron_")
    with environment.read() as tx:
        kept = str(tx.rows("SELECT * FROM patron_token")) + str(audit.read(tx))
    assert text not in kept
    assert text.removeprefix("patron_") not in kept


def test_a_token_ends_when_it_says_or_is_revoked(
    control: Database, environment: Database, now: datetime
):
    """Days count from the creation; a revoked token is out at once, and only once."""
    user = make(control, environment, now)
    short = create_token(environment, ANN, at=now, actor="cli", expires=now + timedelta(days=1))
    long = create_token(environment, ANN, at=now, actor="cli")
    with environment.read() as tx:
        listed = tokens.list_tokens(tx, user)

    revoke_token(environment, listed[1].id, at=now, actor="cli")

    assert come_in(environment, short, now).member.id == user
    for text, at in ((short, now + timedelta(days=1)), (long, now)):
        with pytest.raises(SignInRequired):
            come_in(environment, text, at)
    with pytest.raises(NotFound) as caught:
        revoke_token(environment, listed[1].id, at=now, actor="cli")
    assert caught.value.code == "N104"


def test_nobody_gets_a_token_who_is_no_active_member(
    control: Database, environment: Database, now: datetime
):
    """Unknown e-mails and closed members are the same answer, with what to do."""
    with pytest.raises(NotFound) as unknown:
        create_token(environment, ANN, at=now, actor="cli")
    make(control, environment, now)
    set_member_active(environment, ANN, active=False, at=now, actor="cli")
    with pytest.raises(NotFound) as closed:
        create_token(environment, ANN, at=now, actor="cli")

    assert unknown.value.code == closed.value.code == "N103"
    assert "patron user create" in unknown.value.hint


def test_a_person_is_one_in_many_environments(
    control: Database, environment: Database, now: datetime
):
    """Being a member twice is a conflict, and makes no second person."""
    make(control, environment, now)

    with pytest.raises(Conflict) as caught:
        make(control, environment, now)

    assert caught.value.code == "C120"
    with control.read() as tx:
        assert len(list_persons(tx)) == 1


def test_a_user_record_that_is_there_becomes_the_members(
    control: Database, environment: Database, now: datetime
):
    """Records that were imported or copied for somebody stay theirs."""
    with environment.write() as tx:
        new = members.NewUser(id=50, email=ANN, name="Ann from before")
        members.insert_user(tx, new, by=1, at=now)

    user = make(control, environment, now)

    assert user == 50


@pytest.mark.parametrize("email", ["", "ann", "a@b", "a b@c.de", "a@@b.de", "x" * 250 + "@a.de"])
def test_an_e_mail_that_is_none_is_refused(
    control: Database, environment: Database, now: datetime, email: str
):
    """Nothing is written for it, in either database."""
    with pytest.raises(RecordInvalid) as caught:
        create_user(control, environment, NewMember(email=email), at=now, actor="cli")

    assert caught.value.code == "R191"
    with control.read() as tx:
        assert list_persons(tx) == []


def test_a_person_signs_in_with_the_password_and_nothing_else(
    control: Database, environment: Database, now: datetime
):
    """Wrong, empty and unset passwords, and unknown people, all get nothing."""
    make(control, environment, now, password=PASSWORD)
    create_user(control, environment, NewMember(email="bob@example.test"), at=now, actor="cli")

    found = check_password(control, ANN, PASSWORD)

    assert found is not None
    assert found.email == ANN
    for email, password in (
        (ANN, PASSWORD + "!"),
        (ANN, ""),
        ("bob@example.test", ""),
        ("bob@example.test", PASSWORD),
        ("eve@example.test", PASSWORD),
    ):
        assert check_password(control, email, password) is None


def test_passwords_are_hashed_and_replaced(control: Database, environment: Database, now: datetime):
    """The old one is good for nothing after a change, and none stands in the database."""
    make(control, environment, now, password=PASSWORD)

    set_password(control, ANN, PASSWORD + " staple", at=now, actor="cli")

    assert check_password(control, ANN, PASSWORD) is None
    assert check_password(control, ANN, PASSWORD + " staple") is not None
    with control.read() as tx:
        (person,) = list_persons(tx)
    assert person.password_hash.startswith("$argon2id$")
    assert PASSWORD not in person.password_hash


def test_a_password_is_long_enough(control: Database, environment: Database, now: datetime):
    """Nine characters are too few; the sentence says how many it takes."""
    with pytest.raises(RecordInvalid) as caught:
        make(control, environment, now, password="123456789")

    assert caught.value.code == "R190"
    assert "10" in caught.value.message


def test_a_hash_of_older_settings_is_replaced_at_the_next_sign_in(
    control: Database, environment: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
):
    """Stronger settings reach everybody who signs in."""
    make(control, environment, now, password=PASSWORD)
    with control.read() as tx:
        before = list_persons(tx)[0].password_hash
    monkeypatch.setattr(people, "is_outdated", lambda password_hash: password_hash == before)

    check_password(control, ANN, PASSWORD)

    with control.read() as tx:
        after = list_persons(tx)[0].password_hash
    assert after != before
    assert check_password(control, ANN, PASSWORD) is not None


def test_a_deactivated_person_is_out_everywhere(
    control: Database, environment: Database, now: datetime
):
    """Tokens and password end together; being made a member again needs an activation first."""
    make(control, environment, now, password=PASSWORD)
    token = create_token(environment, ANN, at=now, actor="cli")

    deactivate_person(control, [environment], ANN, at=now, actor="cli")

    with pytest.raises(SignInRequired):
        come_in(environment, token, now)
    assert check_password(control, ANN, PASSWORD) is None
    with pytest.raises(Conflict) as caught:
        make(control, environment, now)
    assert caught.value.code == "C121"


def test_an_activated_person_needs_each_environments_consent(
    control: Database, environment: Database, now: datetime
):
    """Activation opens the sign-in; a membership that was closed stays closed until reopened."""
    make(control, environment, now, password=PASSWORD)
    token = create_token(environment, ANN, at=now, actor="cli")
    deactivate_person(control, [environment], ANN, at=now, actor="cli")

    activate_person(control, ANN, at=now, actor="cli")

    assert check_password(control, ANN, PASSWORD) is not None
    with pytest.raises(SignInRequired):
        come_in(environment, token, now)
    set_member_active(environment, ANN, active=True, at=now, actor="cli")
    assert come_in(environment, token, now).member.email == ANN


def test_other_permission_sets_count_from_the_next_transaction_on(
    control: Database, environment: Database, now: datetime
):
    """The audit keeps what they were and what they became."""
    make(control, environment, now)
    token = create_token(environment, ANN, at=now, actor="cli")

    set_permission_sets(environment, ANN, ["service", "base"], at=now, actor="boss")

    assert come_in(environment, token, now).member.permission_sets == {"service", "base"}
    with environment.read() as tx:
        line = audit.read(tx)[0]
    assert line.actor == "boss"
    assert line.detail == {"before": ["sales"], "after": ["base", "service"]}


def test_whoever_is_not_there_cannot_be_changed(
    control: Database, environment: Database, now: datetime
):
    """Each function says so in its own words and changes nothing."""
    with pytest.raises(NotFound) as caught:
        set_password(control, ANN, PASSWORD, at=now, actor="cli")
    assert caught.value.code == "N105"
    with pytest.raises(NotFound):
        set_permission_sets(environment, ANN, [], at=now, actor="cli")
    with pytest.raises(NotFound):
        set_member_active(environment, ANN, active=True, at=now, actor="cli")


def test_a_member_of_one_environment_is_added_by_person(environment: Database, now: datetime):
    """A new sandbox admits its maker, whose person exists already."""
    found = add_member(environment, 3, NewMember(email=ANN, name="Ann"), at=now, actor="ann")

    assert (found.person, found.email, found.name, found.is_active) == (3, ANN, "Ann", True)
    with environment.read() as tx:
        assert members.list_members(tx) == [found]


def test_an_embedded_installation_lives_under_its_home(tmp_path: Path):
    """Opening the control database makes it; environments are files beside it."""
    settings = Settings(home=tmp_path / "var")

    database = open_control(settings)

    with database.read() as tx:
        assert list_persons(tx) == []
    database.dispose()
    assert (tmp_path / "var" / "control.db").exists()
    url, schema = address_of(settings, "production")
    assert url.endswith("/var/environments/production.db")
    assert schema is None


def test_an_sqlite_file_of_ones_own_is_productions(tmp_path: Path):
    """Sandboxes never share production's file."""
    settings = Settings(home=tmp_path, database_url="sqlite:////data/crm.db")

    assert address_of(settings, "production") == ("sqlite:////data/crm.db", None)
    assert address_of(settings, "alpha")[0].endswith("/environments/alpha.db")
    assert address_of(settings, "alpha", "sqlite:////data/a.db") == ("sqlite:////data/a.db", None)


@pytest.mark.postgresql
def test_on_postgresql_everything_is_a_schema(postgres_url: str, tmp_path: Path):
    """The control tables and each environment have one of their own."""
    settings = Settings(home=tmp_path, database_url=postgres_url)

    assert address_of(settings, "big-deal") == (postgres_url, "patron_big_deal")
    assert CONTROL_SCHEMA == "patron_control"


def test_two_administrators_cannot_remove_each_other(
    control: Database, environment: Database, now: datetime
):
    """At the same moment: one of them stays, whoever was faster."""
    sets = frozenset({"system_administrator"})
    emails = [f"boss{number}@example.test" for number in range(2)]
    for email in emails:
        new = NewMember(email=email, permission_sets=sets)
        create_user(control, environment, new, at=now, actor="cli")
    refused: list[str] = []

    def remove(email: str) -> None:
        try:
            set_member_active(environment, email, active=False, at=now, actor="other")
        except Conflict as error:
            refused.append(error.code)

    threads = [threading.Thread(target=remove, args=(email,)) for email in emails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with environment.read() as tx:
        active = [member.email for member in members.list_members(tx) if member.is_active]
    assert refused == ["C122"]
    assert len(active) == 1


def test_an_environment_without_administrators_can_be_changed(
    control: Database, environment: Database, now: datetime
):
    """A rule about the last one does not stop those that never had any."""
    make(control, environment, now)

    set_member_active(environment, ANN, active=False, at=now, actor="cli")

    with environment.read() as tx:
        assert not members.list_members(tx)[0].is_active
