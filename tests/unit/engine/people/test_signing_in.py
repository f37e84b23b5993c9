"""Signing in: throttled by account and address, noted, and the same answer for whoever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from engine.errors import Conflict, NotFound, RecordInvalid, Throttled
from engine.people import (
    Browser,
    NewMember,
    SignedIn,
    ask_for_link,
    create_user,
    deactivate_person,
    end_session,
    find_session,
    is_good_link,
    list_sessions,
    make_link,
    open_session,
    revoke_session,
    revoke_sessions,
    set_password,
    sign_in,
    use_link,
)
from engine.people.sessions import IDLE, LONGEST
from engine.people.throttle import LONGEST_DELAY
from engine.store.database import Database
from engine.store.platform import audit
from engine.store.platform.control import set_active
from engine.store.platform.upgrades import ENVIRONMENT, upgrade

ANN, EVE = "ann@example.test", "eve@example.test"
PASSWORD, FRESH = "correct horse battery", "seven quiet lanterns"
LAPTOP = Browser(address="192.0.2.7", device="Firefox")


@pytest.fixture(autouse=True)
def ann(control: Database, environment: Database, now: datetime) -> int:
    """Make Ann, with a password; give her number."""
    new = NewMember(email=ANN, password=PASSWORD)
    return create_user(control, environment, new, at=now, actor="cli").person


def come(
    control: Database,
    at: datetime,
    password: str = PASSWORD,
    email: str = ANN,
    browser: Browser = LAPTOP,
) -> SignedIn | None:
    """Try to sign in."""
    return sign_in(control, email, password, browser, at=at)


def lines(control: Database) -> list[audit.AuditLine]:
    """Give what the installation's audit says, oldest first."""
    with control.read() as tx:
        return audit.read(tx)[::-1]


def fail(control: Database, times: int, at: datetime, **how: object) -> None:
    """Fail some times, each before the last delay is over or not at all."""
    for _ in range(times):
        assert come(control, at, "wrong password", **how) is None  # type: ignore[arg-type]


def test_a_sign_in_opens_a_session_that_is_listed(control: Database, ann: int, now: datetime):
    """The cookie's secret finds the person; the list tells where it was."""
    made = come(control, now)

    assert made is not None
    found = find_session(control, made.secret, at=now)
    (listed,) = list_sessions(control, ann, at=now)
    assert found is not None
    assert (found.person, found.email) == (ann, ANN)
    assert (listed.address, listed.device, listed.seen_at) == ("192.0.2.7", "Firefox", now)
    with control.read() as tx:
        assert made.secret not in str(tx.rows("SELECT * FROM patron_session"))


def test_good_and_bad_sign_ins_are_noted_without_what_was_typed(control: Database, now: datetime):
    """An unknown e-mail may be a password in the wrong field, so it is not kept."""
    come(control, now)
    come(control, now, "wrong password")
    come(control, now, "wrong password", email="my secret word")

    said = [(line.action, line.actor) for line in lines(control)]

    assert said[-3:] == [
        ("sign_in", ANN),
        ("sign_in.failed", ANN),
        ("sign_in.failed", "unknown"),
    ]
    assert "my secret word" not in str(lines(control))


@pytest.mark.parametrize("email", [ANN, EVE])
def test_an_account_slows_down_with_every_failure(control: Database, now: datetime, email: str):
    """Five are free, then the wait doubles; an account that does not exist behaves the same."""
    for number in range(5):
        assert come(control, now, "wrong password", email=email) is None, number
    waits, at = [], now
    for _ in range(9):
        with pytest.raises(Throttled) as caught:
            come(control, at, "wrong password", email=email)
        waits.append(caught.value.retry_after)
        at += timedelta(seconds=caught.value.retry_after)
        assert come(control, at, "wrong password", email=email) is None

    assert waits[:3] == [16, 31, 61]
    assert waits[-1] == LONGEST_DELAY.total_seconds() + 1
    assert caught.value.code == "A220"
    assert caught.value.status == 429
    assert "16 minutes" in caught.value.hint


def test_the_right_password_waits_like_a_wrong_one(control: Database, now: datetime):
    """While an account waits, nothing is tried: the answer tells nothing about the password."""
    fail(control, 5, now)

    with pytest.raises(Throttled):
        come(control, now)

    later = now + timedelta(seconds=16)
    assert come(control, later) is not None
    fail(control, 5, later)  # all five are free again


def test_an_address_slows_down_over_many_accounts(control: Database, now: datetime):
    """Trying one password on every account is slow as well; others are not held up."""
    for number in range(30):
        come(control, now, "wrong password", email=f"p{number}@example.test")

    with pytest.raises(Throttled):
        come(control, now)

    elsewhere = Browser(address="198.51.100.1", device="Safari")
    assert come(control, now, browser=elsewhere) is not None


def test_the_addresses_of_one_customer_are_one(control: Database, now: datetime):
    """Of IPv6 everybody has 64 bits to themselves: another address of them is no other guesser."""
    for number in range(30):
        guess = Browser(address=f"2001:db8:1:2::{number:x}")
        come(control, now, "wrong password", email=f"p{number}@example.test", browser=guess)

    with pytest.raises(Throttled):
        come(control, now, browser=Browser(address="2001:db8:1:2:ffff::1"))
    assert come(control, now, browser=Browser(address="2001:db8:1:3::1")) is not None


def test_this_very_machine_holds_nobody_up(control: Database, now: datetime):
    """Behind a proxy that was not declared everybody has its address; accounts still slow down."""
    here = Browser(address="127.0.0.1", device="proxy")
    for number in range(31):
        come(control, now, "wrong password", email=f"p{number}@example.test", browser=here)

    assert come(control, now, browser=here) is not None
    with pytest.raises(Throttled):
        fail(control, 6, now, browser=here)


def test_a_good_sign_in_does_not_wash_an_address_clean(control: Database, now: datetime):
    """Who owns one account cannot use it to go on guessing at others."""
    for number in range(29):
        come(control, now, "wrong password", email=f"p{number}@example.test")
    assert come(control, now) is not None
    come(control, now, "wrong password", email=EVE)

    with pytest.raises(Throttled):
        come(control, now, "wrong password", email=EVE)


def test_a_session_ends_when_idle_and_in_any_case(control: Database, ann: int, now: datetime):
    """Use keeps it going, but not for ever."""
    secret = open_session(control, ann, LAPTOP, at=now)
    at = now
    while at < now + LONGEST - IDLE:
        at += IDLE - timedelta(minutes=6)
        assert find_session(control, secret, at=at) is not None

    assert find_session(control, secret, at=now + LONGEST) is None
    assert find_session(control, secret, at=at + IDLE) is None
    assert list_sessions(control, ann, at=at + IDLE) == []


def test_using_a_session_hardly_ever_writes(control: Database, ann: int, now: datetime):
    """The last use is exact to five minutes, so that reading pages does not write."""
    secret = open_session(control, ann, LAPTOP, at=now)

    find_session(control, secret, at=now + timedelta(minutes=4))
    (early,) = list_sessions(control, ann, at=now)
    find_session(control, secret, at=now + timedelta(minutes=6))
    (late,) = list_sessions(control, ann, at=now)

    assert early.seen_at == now
    assert late.seen_at == now + timedelta(minutes=6)


def test_sessions_are_revoked_one_or_all(control: Database, ann: int, now: datetime):
    """From afar, at once, and nobody else's; signing out ends one as well."""
    mine, other, third = (open_session(control, ann, LAPTOP, at=now) for _ in range(3))
    listed = list_sessions(control, ann, at=now)

    with pytest.raises(NotFound) as foreign:
        revoke_session(control, ann + 1, listed[0].id, at=now, actor=EVE)
    revoke_session(control, ann, listed[0].id, at=now, actor=ANN)
    end_session(control, other, at=now)
    count = revoke_sessions(control, ann, at=now, actor=ANN, keep=mine)

    assert foreign.value.code == "N106"
    assert find_session(control, third, at=now) is None
    assert find_session(control, other, at=now) is None
    assert find_session(control, mine, at=now) is not None
    assert count == 0
    assert [line.action for line in lines(control)][-2:] == ["session.revoke", "session.end"]


def test_a_new_password_signs_out_every_other_browser(control: Database, ann: int, now: datetime):
    """Whoever had the old one is out; the browser in which it was changed stays."""
    mine, other = (open_session(control, ann, LAPTOP, at=now) for _ in range(2))

    set_password(control, ANN, FRESH, at=now, actor=ANN, keep=mine)

    assert find_session(control, mine, at=now) is not None
    assert find_session(control, other, at=now) is None
    assert come(control, now, FRESH) is not None


def test_a_deactivated_person_is_signed_out(
    control: Database, environment: Database, ann: int, now: datetime
):
    """Open sessions and links end with the activation."""
    secret = open_session(control, ann, LAPTOP, at=now)
    link = make_link(control, ANN, at=now, actor="cli")

    deactivate_person(control, [environment], ANN, at=now, actor="boss")

    assert find_session(control, secret, at=now) is None
    assert list_sessions(control, ann, at=now) == []
    assert not is_good_link(control, link, at=now)
    with pytest.raises(Conflict):
        make_link(control, ANN, at=now, actor="cli")


def test_a_session_opens_nothing_for_who_is_not_active(control: Database, ann: int, now: datetime):
    """Even one that nobody has ended: the person is looked at with every request."""
    secret = open_session(control, ann, LAPTOP, at=now)

    with control.write() as tx:
        set_active(tx, ann, active=False)

    assert find_session(control, secret, at=now) is None


def test_a_link_lets_choose_a_password_once(control: Database, ann: int, now: datetime):
    """It ends with its use, signs out everywhere, and takes the waiting away."""
    secret = open_session(control, ann, LAPTOP, at=now)
    fail(control, 5, now)
    link, spare = (make_link(control, ANN, at=now, actor="cli") for _ in range(2))

    email = use_link(control, link, FRESH, at=now)

    assert email == ANN
    assert find_session(control, secret, at=now) is None
    assert come(control, now, FRESH) is not None
    for used in (link, spare):
        with pytest.raises(NotFound) as caught:
            use_link(control, used, PASSWORD, at=now)
        assert caught.value.code == "N107"
    with control.read() as tx:
        assert link not in str(tx.rows("SELECT * FROM patron_link"))


def test_a_link_is_good_for_an_hour_and_survives_a_bad_password(control: Database, now: datetime):
    """Who chooses a poor password tries again with the same link; who waits too long does not."""
    link = make_link(control, ANN, at=now, actor="cli")

    with pytest.raises(RecordInvalid):
        use_link(control, link, "short", at=now)

    assert is_good_link(control, link, at=now + timedelta(minutes=59))
    assert not is_good_link(control, link, at=now + timedelta(minutes=60))


def test_asking_for_a_link_tells_nobody_who_exists(
    control: Database, environment: Database, now: datetime
):
    """No error for anybody; a service, and whoever asks too often, gets none."""
    service = NewMember(email="robot@example.test", is_service=True)
    create_user(control, environment, service, at=now, actor="cli")

    asked = [ask_for_link(control, email, at=now) for email in (EVE, "robot@example.test")]
    mine = [ask_for_link(control, ANN, at=now) for _ in range(6)]

    assert asked == ["", ""]
    assert [bool(link) for link in mine] == [True, True, True, False, False, False]
    with pytest.raises(Conflict) as caught:
        make_link(control, "robot@example.test", at=now, actor="cli")
    assert caught.value.code == "C123"


def test_a_service_never_signs_in(control: Database, environment: Database, now: datetime):
    """Even if a password was set for it."""
    service = NewMember(email="robot@example.test", is_service=True, password=PASSWORD)
    create_user(control, environment, service, at=now, actor="cli")

    assert come(control, now, email="robot@example.test") is None


@pytest.mark.parametrize(
    ("password", "code", "word"),
    [
        ("short", "R190", "10 to 1000"),
        ("Password2026!", "R192", "common word"),
        ("P@ssw0rd1234", "R192", "common word"),
        ("motdepasse!!", "R192", "common word"),
        ("qwertyuiop[]", "R192", "keys"),
        ("9876543210", "R192", "keys"),
        ("aaaaabbbbb", "R192", "few characters"),
        ("ann@example.test", "R192", "e-mail"),
    ],
)
def test_a_password_that_is_guessed_early_is_refused(
    control: Database, now: datetime, password: str, code: str, word: str
):
    """The sentence says what is wrong with it and what is better."""
    with pytest.raises(RecordInvalid) as caught:
        set_password(control, ANN, password, at=now, actor=ANN)

    assert caught.value.code == code
    assert word in caught.value.message
    assert "four words" in caught.value.hint
    assert come(control, now) is not None


@pytest.mark.parametrize(
    "password", [PASSWORD, "mon chat dort bien", "Xk7!vq2#Lm", "ann likes green tea"]
)
def test_length_and_surprise_are_all_it_takes(control: Database, now: datetime, password: str):
    """No digits, signs or capitals are asked for."""
    set_password(control, ANN, password, at=now, actor=ANN)

    assert come(control, now, password) is not None


def test_making_a_member_of_a_person_anew_keeps_nobody_signed_in(
    control: Database, make_database: Callable[[], Database], ann: int, now: datetime
):
    """A password that comes with it counts as a new one: old sessions end."""
    secret = open_session(control, ann, LAPTOP, at=now)
    other = make_database()
    upgrade(other, ENVIRONMENT)

    create_user(control, other, NewMember(email=ANN, password=FRESH), at=now, actor="cli")

    assert find_session(control, secret, at=now) is None
    assert come(control, now, FRESH) is not None
