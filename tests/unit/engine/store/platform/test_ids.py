"""Ids: unique, cheap, and never given out when their range was rolled back."""

from __future__ import annotations

import threading

import pytest

from engine.names import ObjectName
from engine.store.database import Database
from engine.store.platform.ids import BLOCK, Ids, next_numbers, object_of

LEAD, CASE = ObjectName("lead"), ObjectName("case")


class Stop(Exception):
    """Raised by a test to undo a transaction."""


def test_ids_cost_one_statement_a_block(environment: Database):
    """The first id takes a block, the next ones nothing, in later transactions too."""
    ids = Ids()
    with environment.write() as tx:
        first = ids.take(tx, LEAD)
        second = ids.take(tx, LEAD)
        spent = tx.statements
    with environment.write() as later:
        third = ids.take(later, LEAD)

    assert spent == 1
    assert later.statements == 0
    assert first + second + third == [first[0], first[0] + 1, first[0] + 2]


def test_an_id_tells_its_object(environment: Database):
    """Lookups to several objects need no second column."""
    ids = Ids()
    with environment.write() as tx:
        lead, case = ids.take(tx, LEAD)[0], ids.take(tx, CASE)[0]

    with environment.read() as tx:
        assert object_of(tx, lead) == "lead"
        assert object_of(tx, case) == "case"
        assert object_of(tx, 1) == "user"


def test_a_number_that_was_never_given_out_has_no_object(environment: Database):
    """Nothing before the first range belongs to anything."""
    with environment.read() as tx:
        assert object_of(tx, -5) is None


def test_many_ids_come_in_one_statement(environment: Database):
    """Bulk takes as many blocks as it needs at once, and the rest serves later ones."""
    ids = Ids()
    with environment.write() as tx:
        found = ids.take(tx, LEAD, 2 * BLOCK + 30)
        spent = tx.statements
    with environment.write() as tx:
        rest = ids.take(tx, LEAD, BLOCK - 30)
        more = tx.statements

    assert spent == 1
    assert more == 0
    assert len(set(found) | set(rest)) == 3 * BLOCK


def test_whole_blocks_leave_nothing_to_give_twice(environment: Database):
    """Taking a block to its last id, then some more, keeps what is left once."""
    ids = Ids()
    with environment.write() as tx:
        taken = ids.take(tx, LEAD, BLOCK)
        taken += ids.take(tx, LEAD, BLOCK // 2)
    with environment.write() as later:
        taken += ids.take(later, LEAD, BLOCK)

    assert len(set(taken)) == len(taken) == BLOCK * 5 // 2


def test_a_block_that_was_rolled_back_serves_nobody(environment: Database):
    """Otherwise a record could have an id whose object nobody knows."""
    ids = Ids()
    with pytest.raises(Stop), environment.write() as tx:
        ids.take(tx, LEAD)
        raise Stop

    with environment.write() as tx:
        found = ids.take(tx, LEAD)[0]
        spent = tx.statements
        owner = object_of(tx, found)

    assert spent == 1
    assert owner == "lead"


def test_a_block_taken_in_an_undone_savepoint_is_taken_again(environment: Database):
    """The rows of a failed part get other ids; the transaction goes on."""
    ids = Ids()
    with environment.write() as tx:
        with pytest.raises(Stop), tx.savepoint():
            ids.take(tx, LEAD)
            raise Stop
        found = ids.take(tx, LEAD, 3)
        owners = {object_of(tx, number) for number in found}
    with environment.write() as later:
        ids.take(later, LEAD, BLOCK - 3)

    assert owners == {"lead"}
    assert later.statements == 0


def test_a_savepoint_gives_back_what_it_took_from_the_transactions_block(environment: Database):
    """Undone rows waste no ids of the block around them."""
    ids = Ids()
    with environment.write() as tx:
        first = ids.take(tx, LEAD)[0]
        with pytest.raises(Stop), tx.savepoint():
            ids.take(tx, LEAD, 5)
            raise Stop
        second = ids.take(tx, LEAD)[0]

    assert second == first + 1


def test_threads_and_processes_never_share_an_id(environment: Database):
    """Two processes (two stocks) with several threads each give out every id once."""
    stocks, found, lock = [Ids(), Ids()], [], threading.Lock()

    def work(ids: Ids) -> None:
        for _ in range(30):
            with environment.write() as tx:
                taken = ids.take(tx, LEAD, 7)
            with lock:
                found.extend(taken)

    threads = [threading.Thread(target=work, args=(ids,)) for ids in stocks * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == len(set(found)) == 6 * 30 * 7
    assert max(found) < 2**53


def test_numbers_have_no_gaps(environment: Database):
    """A save that fails gives its number back; counters do not mix."""
    with environment.write() as tx:
        first = next_numbers(tx, "invoice.number", 1)
    with pytest.raises(Stop), environment.write() as tx:
        next_numbers(tx, "invoice.number", 5)
        raise Stop
    with environment.write() as tx:
        second = next_numbers(tx, "invoice.number", 3)
        third = next_numbers(tx, "invoice.number", 1)
        other = next_numbers(tx, "case.number", 1)

    assert (first, second, third, other) == (1, 2, 5, 1)
