"""What REST says, in the language of whoever asks: refusals, conflicts, blank formulas."""

from __future__ import annotations

import uuid

import pytest

from tests.support.houses import Caller, House

ADMIN = "system_administrator"


@pytest.fixture
def marie(house: House) -> Caller:
    """Give a client whose user reads French."""
    if "marie" not in house.tokens:
        house.admit("marie", ADMIN, language="fr")
    return house.caller("marie")


def test_refusals_are_said_in_the_users_language(marie: Caller, admin: Caller) -> None:
    """The whole answer: sentence, fields and hints."""
    french = marie.post("/records/deal", {"name": "x", "amount": "much", "account": 999_999})
    english = admin.post("/records/deal", {"name": "x", "amount": "much", "account": 999_999})

    assert french.json["message"] == "Certaines valeurs ne peuvent pas être enregistrées."
    said = {error["field"]: error for error in french.json["errors"]}
    assert said["amount"]["message"] == '"much" n’est pas un nombre.'
    assert said["amount"]["hint"].startswith("écrivez les chiffres")
    assert said["account"]["message"].startswith("Account : cette fiche n’existe pas")
    assert english.json["message"] == "Some values cannot be saved."


def test_conflicts_are_said_in_the_users_language(marie: Caller) -> None:
    """A value in use, a stale version, a record that is not there."""
    code = uuid.uuid4().hex[:20]
    made = marie.create("deal", name="x", code=code)
    address = f"/records/deal/{made['id']}"
    marie.patch(address, {"name": "y"})

    used = marie.post("/records/deal", {"name": "x", "code": code})
    stale = marie.send("PATCH", address, {"name": "z"}, headers={"If-Match": "1"})
    absent = marie.get("/records/deal/999999")

    assert used.json["message"].startswith("Code : la valeur doit être unique")
    assert stale.json["message"].startswith("Quelqu’un d’autre a modifié")
    assert absent.json["message"].startswith("Cette fiche n’existe pas")


def test_rows_of_a_bulk_are_said_in_the_users_language(marie: Caller) -> None:
    """Each row that is refused, and those that went with it."""
    rows = [{"name": "x"}, {"name": ""}]

    reply = marie.post("/records/deal/bulk?operation=create&atomic=true", rows)

    first, second = reply.json["results"]
    assert first["errors"][0]["message"].startswith("Rien n’a été enregistré")
    assert second["errors"][0]["message"] == "Name est obligatoire."


def test_the_reason_of_a_blank_formula_is_said_in_the_users_language(
    marie: Caller, admin: Caller
) -> None:
    """In the answer to a save, in a record and in a list."""
    made = marie.create("deal", name="x", amount=1, units=0)
    address = f"/records/deal/{made['id']}"

    listed = marie.get("/records/deal", where=f"id = {made['id']}").json["records"][0]

    assert made["_errors"] == {"ratio": "division par zéro"}
    assert marie.get(address).json["_errors"] == listed["_errors"] == made["_errors"]
    assert admin.get(address).json["_errors"] == {"ratio": "division by zero"}
