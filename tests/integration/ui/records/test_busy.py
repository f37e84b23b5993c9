"""Saves that met others in a deadlock, seen from the faces: done again, or a clear sentence.

Real deadlocks are in `tests/integration/engine/test_deadlocks.py`; here the commit gives way as
often as a test wants, which the database alone decides otherwise.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.session import TRIES
from engine.store.failures import Deadlock
from engine.store.tx import Tx
from tests.integration.ui.records.conftest import Desk, Person, inputs_of, moved

GiveWay = Callable[[int], None]


@pytest.fixture
def give_way(monkeypatch: pytest.MonkeyPatch) -> GiveWay:
    """Give a function after which that many transactions that have written give way."""
    left, commit = [0], Tx.commit

    def crossed(tx: Tx) -> None:
        if tx.is_write and tx.statements > 2 and left[0]:
            left[0] -= 1
            raise Deadlock
        commit(tx)

    def begin(times: int) -> None:
        left[0] = times

    monkeypatch.setattr(Tx, "commit", crossed)
    return begin


@pytest.fixture
def deal(desk: Desk) -> int:
    """Give a deal that others save as well."""
    return desk.create("deal", name="Shared", amount=10)


def test_rest_begins_again_and_answers_once(desk: Desk, deal: int, give_way: GiveWay) -> None:
    """The caller notices nothing, and the change is made once."""
    give_way(TRIES - 1)

    answer = desk.house.caller().patch(f"/records/deal/{deal}", {"amount": 20})

    assert answer.status == 200, answer.raw
    assert (answer.json["version"], desk.get("deal", deal)["version"]) == (2, 2)


def test_rest_gives_up_with_a_sentence(desk: Desk, deal: int, give_way: GiveWay) -> None:
    """Busy is no error of ours: it says that nothing was changed, and when to come again."""
    give_way(TRIES)

    answer = desk.house.caller().patch(f"/records/deal/{deal}", {"amount": 20})

    assert (answer.status, answer.json["code"]) == (503, "S102")
    assert answer.headers["Retry-After"] == "1"
    assert desk.get("deal", deal)["version"] == 1


@pytest.mark.parametrize("path", ["", "/field/name"])
def test_a_form_is_saved_all_the_same(
    admin: Person, desk: Desk, deal: int, give_way: GiveWay, path: str
) -> None:
    """The whole form and the editor of one field."""
    held = inputs_of(admin.open(f"/o/deal/{deal}/edit"))
    give_way(TRIES - 1)

    action = f"{admin.root}/o/deal/{deal}{path or '/edit'}"
    sent = admin.visitor.client.post(action, data={**held, "name": "Typed"})

    assert moved(sent) == f"/o/deal/{deal}"
    assert desk.get("deal", deal)["name"] == "Typed"


def test_a_form_comes_back_with_what_was_typed(
    marie: Person, desk: Desk, deal: int, give_way: GiveWay
) -> None:
    """It says why in the reader's language; sent again, it is saved."""
    held = inputs_of(marie.open(f"/o/deal/{deal}/edit"))
    give_way(TRIES)
    action = f"{marie.root}/o/deal/{deal}/edit"

    refused = marie.visitor.client.post(action, data={**held, "name": "Typed"})
    again = marie.visitor.client.post(action, data=inputs_of(refused.text))

    assert "rien n’a été modifié" in refused.text
    assert inputs_of(refused.text)["name"] == "Typed"
    assert moved(again) == f"/o/deal/{deal}"
    assert desk.get("deal", deal)["name"] == "Typed"


def test_other_pages_say_that_nothing_was_changed(
    admin: Person, desk: Desk, deal: int, give_way: GiveWay
) -> None:
    """A button that met others does not speak of something that went wrong inside."""
    give_way(TRIES)

    answer = admin.send(f"/o/deal/{deal}/delete")

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert "nothing was changed" in answer.text
    assert "wrong inside" not in answer.text
    assert desk.get("deal", deal)["version"] == 1
