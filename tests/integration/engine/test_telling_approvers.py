"""Those who are asked are told: at once, again, in their place, and by links that work once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from engine.clock import FixedClock
from engine.delivery.asking import tell_due
from engine.settings import Settings
from engine.store.platform.absences import put_absence
from engine.store.platform.members import set_member_active
from tests.support.approving import (
    DISCOUNT,
    NOW,
    REVIEW,
    asked,
    deal,
    decide,
    make,
    requests,
    submit,
)
from tests.support.worlds import World

Make = Callable[..., World]
BASE = "https://crm.example.test"


def tell(world: World, now: datetime = NOW) -> int:
    """Tell everybody who is to be told at an instant."""
    settings = replace(Settings.from_env({}), public_url=BASE)
    return tell_due(world.environment, settings, FixedClock(now))


def mails(world: World) -> list[tuple[str, str, str]]:
    """Give the mails that wait: to whom, subject, text; in order."""
    with world.environment.database.read() as tx:
        rows = tx.rows("SELECT payload FROM patron_outbox WHERE kind = 'mail' ORDER BY id")
    found = [json.loads(row[0]) for row in rows]
    return [(mail["to"].split("@")[0], mail["subject"], mail["text"]) for mail in found]


def receivers(world: World) -> list[str]:
    """Name those whom mails go to, in order."""
    return [mail[0] for mail in mails(world)]


def test_whoever_is_asked_is_told_once(make_world: Make) -> None:
    """A mail with what is asked and how to answer; telling again at once tells nobody."""
    world = make(make_world, DISCOUNT)
    deal(world, discount="0.2")

    told = [tell(world), tell(world)]
    ((to, subject, text),) = mails(world)

    assert told == [1, 0]
    assert (to, subject) == ("boss", "Discount approval: Licence")
    assert "“Licence” waits for “Discount approval” (Sales manager)." in text
    assert f"Approve: {BASE}/decide/production/" in text
    assert f"{BASE}/e/production/o/deal/" in text
    with world.environment.database.read() as tx:
        rows = tx.rows("SELECT user_id, text FROM patron_notification")
    assert rows == [(world.people["boss"], "Discount approval: Licence")]


def test_in_the_language_of_each(make_world: Make) -> None:
    """A mail is written for its reader."""
    world = make(make_world, DISCOUNT)
    world.run(lambda s: s.update("user", world.people["boss"], {"language": "fr"}))
    deal(world, discount="0.2")
    tell(world)

    assert "« Licence » attend « Discount approval »" in mails(world)[0][2]


def test_reminders_come_after_their_time_and_end_with_the_answer(make_world: Make) -> None:
    """After 24 hours, and again; not before, and not when it is decided."""
    world = make(make_world, DISCOUNT)
    record = deal(world, discount="0.2")
    tell(world)
    day = timedelta(hours=24)

    early, late = tell(world, NOW + day - timedelta(minutes=1)), tell(world, NOW + day)
    decide(world, "boss", record)
    after = tell(world, NOW + 3 * day)

    assert (early, late, after) == (0, 1, 0)
    assert receivers(world) == ["boss", "boss"]
    assert "still waits" in mails(world)[1][2]


def test_the_managers_of_the_silent_are_asked_at_last(make_world: Make) -> None:
    """With the second reminder; their answer counts."""
    world = make(make_world, DISCOUNT)
    other, boss = world.people["other"], world.people["boss"]
    world.run(lambda s: s.update("user", boss, {"manager": other}))
    record = deal(world, discount="0.2")
    for days in range(3):
        tell(world, NOW + timedelta(days=days))

    (found,) = requests(world, record)

    assert [(one.name, one.why) for one in found.now] == [
        ("Boss", "approver"),
        ("Other", "escalated"),
    ]
    assert receivers(world) == ["boss", "boss", "boss", "other"]
    assert decide(world, "other", record).request.status == "approved"


def test_whoever_joined_a_group_since_is_asked_with_the_reminder(make_world: Make) -> None:
    """A step that names a group asks its members, new ones too."""
    world = make(make_world, REVIEW.rstrip() + "\nremind_after: 1 day\n")
    record = deal(world)
    submit(world, "rep", record)
    tell(world)
    world.run(lambda s: s.update("user", world.people["other"], {"role": "clerk"}))
    tell(world, NOW + timedelta(days=1))

    assert asked(requests(world, record)[0]) == ["Boss", "Clerk", "Clerk2", "Other"]


def test_who_does_not_see_the_record_is_told_nothing(make_world: Make) -> None:
    """Nor somebody who may not enter any more."""
    world = make(make_world, DISCOUNT)
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": world.people["blind"]}))
    deal(world, discount="0.2")
    world.run(lambda s: s.update("user", world.people["rep"], {"manager": world.people["boss"]}))
    deal(world, discount="0.2")
    with world.environment.database.write() as tx:
        set_member_active(tx, world.people["boss"], active=False)
    tell(world)

    assert mails(world) == []


def away(world: World, who: str, delegate: str, **span: datetime) -> None:
    """Note that somebody is away."""
    given = {"since": NOW - timedelta(days=1), "until": None, **span}
    with world.environment.database.write() as tx:
        put_absence(tx, world.people[who], delegate=world.people[delegate], at=NOW, **given)  # type: ignore[arg-type]  # instants


def test_a_delegate_decides_while_somebody_is_away(make_world: Make) -> None:
    """They are told as well, it waits for them, and the history names both."""
    world = make(make_world, DISCOUNT)
    away(world, "boss", "other")
    record = deal(world, discount="0.2")
    tell(world)

    waiting = world.run(lambda s: s.approvals.waiting(), who="other", write=False)
    done = decide(world, "other", record)

    assert receivers(world) == ["boss", "other"]
    assert [one.told.request.record for one in waiting] == [record]
    (answer,) = done.asked
    assert (answer.user, answer.actor) == (world.people["boss"], world.people["other"])


def test_an_absence_that_is_over_gives_nobody_anything(make_world: Make) -> None:
    """Nor does a delegate decide about what they have submitted themselves."""
    world = make(make_world, DISCOUNT)
    away(world, "boss", "clerk", until=NOW - timedelta(minutes=1))
    over = deal(world, discount="0.2")
    from_own = deal(world, discount="0.2")

    def refused(who: str, record: int) -> str:
        try:
            decide(world, who, record)
        except Exception as error:  # noqa: BLE001  # its code is looked at
            return str(getattr(error, "code", ""))
        return ""

    assert refused("clerk", over) == "W166"
    away(world, "boss", "rep")
    assert refused("rep", from_own) == "W166"


def test_links_are_kept_as_hashes_for_one_question(make_world: Make) -> None:
    """The secret of the mail stands nowhere in the table."""
    world = make(make_world, DISCOUNT)
    deal(world, discount="0.2")
    tell(world)
    (secret,) = set(re.findall(r"/decide/production/([^?\s]+)", mails(world)[0][2]))

    with world.environment.database.read() as tx:
        ((kept, person, user),) = tx.rows("SELECT hash, person, user_id FROM patron_approval_link")

    assert kept != secret
    assert len(kept) == 64
    assert person == user == world.people["boss"]
