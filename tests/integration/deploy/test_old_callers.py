"""Callers of the version before: their requests meet a rename and a retired field."""

from __future__ import annotations

import pytest

from deploy_tool.exits import Refused
from deploy_tool.remote.client import Client, read_address
from tests.integration.deploy.conftest import DEAL
from tests.support.far import Far


@pytest.fixture
def caller(far: Far) -> Client:
    """Give REST as an administrator whose program knows the first version."""
    return Client(read_address(far.url), far.tokens["lea"])


def test_a_program_goes_on_after_a_rename_was_deployed(production, caller: Client):
    """It writes, reads, filters and sorts by the former name, and no value was moved."""
    made = caller.post("/records/deal", {"name": "Old", "amount": 5})
    renamed = DEAL.replace("amount: {type: currency}", "worth: {type: currency, aka: [amount]}")
    production.write(objects__deal=renamed)
    words = ("--to", "production", "--yes", "--accept", "retire,narrowing")
    assert production("apply", "--from", production.folder, *words).code == 0
    address = f"/records/deal/{made['id']}"

    before = caller.get(address)
    changed = caller.patch(address, {"amount": 7})
    added = caller.post("/records/deal", {"name": "New", "amount": 9})
    found = caller.get("/records/deal", where="amount > 6", sort="amount", fields="amount")

    assert before["worth"] == 5
    assert changed["worth"] == 7
    assert [one["worth"] for one in found["records"]] == [7, 9]
    assert added["id"] != made["id"]


def test_a_program_is_told_which_field_was_retired(production, caller: Client):
    """Its request is refused whole, by the name of the field; without it the rest is saved."""
    made = caller.post("/records/deal", {"name": "Old", "amount": 5})
    production.write(objects__deal=DEAL.replace("  amount: {type: currency}\n", ""))
    words = ("--to", "production", "--yes", "--accept", "retire")
    assert production("apply", "--from", production.folder, *words).code == 0
    address = f"/records/deal/{made['id']}"

    with pytest.raises(Refused) as caught:
        caller.patch(address, {"name": "Newer", "amount": 7})
    saved = caller.patch(address, {"name": "Newer"})

    assert "amount" in str(caught.value.as_json())
    assert "R102" in str(caught.value.as_json())
    assert saved["name"] == "Newer"
