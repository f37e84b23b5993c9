"""The way in: one statement, the right head, and nobody who should stay outside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from engine.errors import SignInRequired
from engine.store.database import Database
from engine.store.platform import members, tokens
from engine.store.platform.enter import (
    Credential,
    Member,
    MemberCredential,
    SystemCredential,
    TokenCredential,
    enter,
    hash_token,
)
from engine.store.platform.head import read_head
from engine.store.platform.upgrades import EngineTooOld
from engine.store.text import native
from engine.store.tx import Tx

TOKEN = TokenCredential("secret")


def enter_both(database: Database, credential: Credential, now: datetime) -> list[Member]:
    """Enter as a reader and as a writer: PostgreSQL answers them by different statements."""
    with database.read() as tx:
        reader = enter(tx, credential, now=now)
        assert tx.statements == 1
    with database.write() as tx:
        writer = enter(tx, credential, now=now)
        head = read_head(tx)
    assert (reader.version, reader.token) == (head.version, head.token)
    assert reader == writer
    return [reader.member, writer.member]


def test_a_token_a_member_and_a_reader_or_writer_are_the_same_person(
    environment: Database, ann: int, now: datetime
):
    """One statement gives the head and everything that rights and expressions need of a member."""
    by_token = enter_both(environment, TOKEN, now)[0]
    by_id = enter_both(environment, MemberCredential(ann), now)[0]

    assert by_token == by_id
    assert by_token.id == ann
    assert by_token.permission_sets == {"sales", "base"}
    assert (by_token.email, by_token.name) == ("ann@example.test", "Ann")
    assert (by_token.role, by_token.language) == ("rep", "fr")
    assert by_token.time_zone == "Europe/Paris"


@pytest.mark.parametrize(
    "credential",
    [TokenCredential("wrong"), TokenCredential(""), MemberCredential(999), MemberCredential(1)],
    ids=["unknown token", "empty token", "no user", "the system's user"],
)
@pytest.mark.usefixtures("ann")
def test_a_credential_that_is_not_good_stays_outside(
    environment: Database, now: datetime, credential: Credential
):
    """Unknown tokens and users who are no members are refused, reading and writing."""
    for transaction in (environment.read, environment.write):
        with pytest.raises(SignInRequired) as caught, transaction() as tx:
            enter(tx, credential, now=now)
        assert caught.value.code == "A200"


def deactivate_member(tx: Tx, user: int, _: datetime) -> None:
    """Close the door for one member."""
    members.set_member_active(tx, user, active=False)


def deactivate_person(tx: Tx, _user: int, _now: datetime) -> None:
    """Close the door for a person."""
    members.set_person_active(tx, 7, active=False)


def deactivate_user(tx: Tx, user: int, _: datetime) -> None:
    """Untick the user record's `active`."""
    tx.run(native(tx, "UPDATE patron_user SET active = NOT active WHERE id = ?"), (user,))


def delete_user(tx: Tx, user: int, _: datetime) -> None:
    """Put the user record into the bin."""
    tx.run(native(tx, "UPDATE patron_user SET deleted_at = 1 WHERE id = ?"), (user,))


def revoke(tx: Tx, user: int, now: datetime) -> None:
    """Revoke the token."""
    tokens.revoke_token(tx, tokens.list_tokens(tx, user)[0].id, at=now)


@pytest.mark.parametrize(
    "close", [deactivate_member, deactivate_person, deactivate_user, delete_user, revoke]
)
def test_whoever_is_closed_out_stays_out_from_the_next_transaction_on(
    environment: Database, ann: int, now: datetime, close: Callable[[Tx, int, datetime], None]
):
    """Every switch that ends an access works on its own, for readers and writers."""
    with environment.write() as tx:
        close(tx, ann, now)

    for transaction in (environment.read, environment.write):
        with pytest.raises(SignInRequired), transaction() as tx:
            enter(tx, TOKEN, now=now)


def test_a_token_ends_at_its_instant(environment: Database, ann: int, now: datetime):
    """A token is good until it expires and not a millisecond longer."""
    with environment.write() as tx:
        tokens.insert_token(
            tx, hash=hash_token("short"), user=ann, label="", at=now, expires=now, scopes=["read"]
        )

    before = enter_both(environment, TokenCredential("short"), now - timedelta(milliseconds=1))
    with pytest.raises(SignInRequired), environment.write() as tx:
        enter(tx, TokenCredential("short"), now=now)

    assert before[0].scopes == {"read"}


def test_the_command_line_acts_with_all_rights(environment: Database, ann: int, now: datetime):
    """As the user it names, whatever the capitals, else as the system's own user."""
    system = enter_both(environment, SystemCredential(), now)[0]
    named = enter_both(environment, SystemCredential("Ann@Example.test"), now)[0]
    unknown = enter_both(environment, SystemCredential("nobody@example.test"), now)[0]

    assert system.permission_sets == named.permission_sets == {"system_administrator"}
    assert (system.id, named.id, unknown.id) == (1, ann, 1)


def test_other_permission_sets_are_another_signature(
    environment: Database, ann: int, now: datetime
):
    """What is kept per signature is never used for other rights."""
    before = enter_both(environment, TOKEN, now)[0]
    with environment.write() as tx:
        members.set_permission_sets(tx, ann, ["base"])

    after = enter_both(environment, TOKEN, now)[0]

    assert after.permission_sets == {"base"}
    assert after.signature != before.signature


@pytest.mark.usefixtures("ann")
def test_a_process_that_is_too_old_is_kept_out(environment: Database, now: datetime):
    """A running worker notices at its next transaction that a newer engine changed the format."""
    with environment.write() as tx:
        tx.run("UPDATE patron_head SET engine_min = 99")

    with pytest.raises(EngineTooOld), environment.read() as tx:
        enter(tx, TOKEN, now=now)
