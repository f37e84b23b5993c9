"""The chain of the audit: what is done to sealed lines afterwards is found, wherever it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from engine.store.database import Database
from engine.store.platform import audit
from engine.store.platform.audit import Search
from engine.store.platform.sealing import End, Verified, has_open, seal, verify
from engine.store.text import native
from engine.store.tx import Tx

KEY, OTHER = b"k" * 32, b"o" * 32


def note(database: Database, now: datetime, *names: str) -> None:
    """Write a line for each name."""
    with database.write() as tx:
        for name in names:
            audit.note(tx, at=now, actor="ann", action="test", target=name)


def sealed(database: Database, key: bytes = KEY) -> End:
    """Seal what is there; give the end."""
    with database.write() as tx:
        end = seal(tx, key)
    assert end is not None
    return end


def checked(database: Database, end: End, key: bytes = KEY) -> Verified:
    """Check the chain."""
    with database.read() as tx:
        return verify(tx, key, end)


def run(tx: Tx, sql: str, *values: object) -> None:
    """Do behind the back of the product what somebody with the database could."""
    assert tx.run(native(tx, sql), values) == 1


def test_a_chain_that_nobody_touched_is_whole(environment: Database, now: datetime):
    """Lines sealed in several runs hang together; what came later is named, and no fault."""
    note(environment, now, "1", "2")
    sealed(environment)
    note(environment, now, "3")
    end = sealed(environment)
    note(environment, now, "4")

    found = checked(environment, end)

    assert (found.sealed, found.unsealed, found.wrong) == (3, [4], [])
    assert end.place == 3


def test_sealing_again_does_nothing(environment: Database, now: datetime):
    """A run too many finds nothing and changes nothing."""
    note(environment, now, "1")
    end = sealed(environment)

    with environment.write() as tx:
        again = seal(tx, KEY)

    with environment.read() as tx:
        assert not has_open(tx)
    assert again is None
    assert checked(environment, end).wrong == []


def change(tx: Tx) -> None:
    """Put another's name on a line."""
    run(tx, "UPDATE patron_audit SET actor = ? WHERE id = ?", "eve", 2)


def remove(tx: Tx) -> None:
    """Take a line out of the middle."""
    run(tx, "DELETE FROM patron_audit WHERE id = ?", 2)


def remove_and_close_up(tx: Tx) -> None:
    """Take one out and move the others up, so that no place is missing."""
    run(tx, "DELETE FROM patron_audit WHERE id = ?", 2)
    run(tx, "UPDATE patron_audit SET place = 2 WHERE id = ?", 3)
    run(tx, "UPDATE patron_audit SET place = 3 WHERE id = ?", 4)


def cut_off(tx: Tx) -> None:
    """Take the last line away: nothing after it could tell."""
    run(tx, "DELETE FROM patron_audit WHERE id = ?", 4)


def put_in(tx: Tx) -> None:
    """Put a line in and give it a place and a seal of one's own making."""
    run(tx, "UPDATE patron_audit SET place = 9 WHERE id = ?", 4)
    run(
        tx,
        "INSERT INTO patron_audit (at, actor, action, target, detail, place, seal)"
        " SELECT at, 'eve', action, target, detail, 4, seal FROM patron_audit WHERE id = ?",
        3,
    )


def swap(tx: Tx) -> None:
    """Let two lines change their places."""
    run(tx, "UPDATE patron_audit SET place = 99 WHERE id = ?", 2)
    run(tx, "UPDATE patron_audit SET place = 2 WHERE id = ?", 3)
    run(tx, "UPDATE patron_audit SET place = 3 WHERE id = ?", 2)


@pytest.mark.parametrize(
    ("deed", "word"),
    [
        (change, "line 2 was changed"),
        (remove, "1 line is missing before place 3"),
        (remove_and_close_up, "line 3 was changed, or put here"),
        (cut_off, "the last 1 sealed line is missing"),
        (put_in, "was changed, or put here"),
        (swap, "was changed, or put here"),
    ],
)
def test_whatever_is_done_to_sealed_lines_is_found(
    environment: Database, now: datetime, deed: Callable[[Tx], None], word: str
):
    """Changing, removing, inserting, moving and cutting off all leave a trace with a sentence."""
    note(environment, now, "1", "2", "3", "4")
    end = sealed(environment)

    with environment.write() as tx:
        deed(tx)

    found = checked(environment, end)
    assert any(word in wrong.message for wrong in found.wrong), found.wrong


def test_a_changed_line_is_named_once(environment: Database, now: datetime):
    """The lines after it are still good, and said to be."""
    note(environment, now, "1", "2", "3", "4")
    end = sealed(environment)
    with environment.write() as tx:
        change(tx)

    found = checked(environment, end)

    assert [wrong.line for wrong in found.wrong] == [2]


def test_sealing_it_all_again_without_the_key_does_not_help(environment: Database, now: datetime):
    """Whoever can write to the database cannot make a chain that the key accepts."""
    note(environment, now, "1", "2")
    end = sealed(environment)
    with environment.write() as tx:
        change(tx)
        tx.run("UPDATE patron_audit SET place = NULL, seal = NULL")
        seal(tx, OTHER)

    found = checked(environment, end)

    assert len(found.wrong) == 3
    assert "another key" in found.wrong[0].message
    assert "is not the one that was noted" in found.wrong[-1].message


def test_a_late_line_with_a_smaller_id_is_sealed_behind(environment: Database, now: datetime):
    """A transaction that was open longer commits later; its line finds a place after the others."""
    note(environment, now, "1", "2", "3")
    with environment.write() as tx:
        run(tx, "UPDATE patron_audit SET id = 50 WHERE id = ?", 1)
    end = sealed(environment)
    with environment.write() as tx:
        run(
            tx,
            "INSERT INTO patron_audit (id, at, actor, action, target, detail)"
            " VALUES (1, 0, ?, 'late', '', '{}')",
            "bob",
        )

    between = checked(environment, end)
    end = sealed(environment)

    assert (between.unsealed, between.wrong) == ([1], [])
    assert checked(environment, end).wrong == []
    assert end.place == 4


def test_the_audit_can_be_searched(environment: Database, now: datetime):
    """By actor, by the beginning of an action, by target and by time; a page at a time."""
    with environment.write() as tx:
        for number, (actor, action) in enumerate(
            [("ann", "token.create"), ("bob", "token.revoke"), ("ann", "member.add")]
        ):
            at = now + timedelta(hours=number)
            audit.note(tx, at=at, actor=actor, action=action, target=str(number))

    with environment.read() as tx:

        def targets(**wanted: object) -> list[str]:
            return [line.target for line in audit.search(tx, Search(**wanted))]  # type: ignore[arg-type]  # fields of Search

        assert targets(actor="ann") == ["2", "0"]
        assert targets(action="token.*") == ["1", "0"]
        assert targets(action="token.create", actor="bob") == []
        assert targets(target="1") == ["1"]
        assert targets(since=now + timedelta(hours=1)) == ["2", "1"]
        assert targets(until=now + timedelta(hours=1)) == ["0"]
        assert targets(limit=1, before=3) == ["1"]
        assert targets(action="%*") == []
