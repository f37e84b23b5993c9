"""Workflows before a save, as callers of REST meet them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import installed, on_both
from tests.support.houses import Caller
from tests.support.worlds import texts_of

DEAL = """\
object: deal
label: Deal
sharing: read_write
fields:
  name: {type: text, required: true}
  code: {type: text, external_id: true}
  parts: {type: number, default: 1}
  share: {type: percent}
"""
SHARE = """\
workflow: share
label: Share it out
object: deal
when: before_save
steps: [{name: x, set: {share: 1 / parts}}]
"""


@on_both
def caller(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """Give a client of an installation in which one workflow shares deals out."""
    files = texts_of({"deal": DEAL}, workflows__share=SHARE)
    with installed(request, files) as house:
        yield house.caller()


def test_what_a_workflow_sets_is_in_the_answer(caller: Caller) -> None:
    """POST, PATCH and PUT answer with the record as it was saved."""
    made = caller.create("deal", name="a", parts=4)
    changed = caller.patch(f"/records/deal/{made['id']}", {"parts": 2}).json
    put = caller.send("PUT", "/records/deal/by/code/k", {"name": "b", "parts": 5}).json

    assert [float(str(record["share"])) for record in (made, changed, put)] == [0.25, 0.5, 0.2]


def test_a_refusal_has_the_one_shape_of_errors(caller: Caller) -> None:
    """422 with the workflow's code, and the field where the value did not fit."""
    reply = caller.post("/records/deal", {"name": "a", "parts": 0})

    assert reply.status == 422
    assert reply.json["code"] == "W100"
    assert [(e["field"], e["code"]) for e in reply.json["errors"]] == [("share", "W101")]
    assert reply.json["errors"][0]["message"] == (
        'The workflow "Share it out" cannot set Share: division by zero'
    )


def test_rows_of_a_bulk_have_answers_of_their_own(caller: Caller) -> None:
    """A row that a workflow refuses leaves the others alone, unless all or nothing is asked."""
    rows = [{"name": "a", "parts": 1}, {"name": "b", "parts": 0}]

    loose = caller.post("/records/deal/bulk?operation=create&atomic=false", rows).json
    atomic = caller.post("/records/deal/bulk?operation=create&atomic=true", rows).json

    assert [row["status"] for row in loose["results"]] == [201, 422]
    assert [row["status"] for row in atomic["results"]] == [409, 422]
