"""Workload W1 as requests: the same operations in the words of each peer, and what they answer.

A peer makes requests for the load generator and looks at the answers. A wrong answer is an error,
never a time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any  # Any: JSON, and the objects of the shared, untyped modules.
from urllib.parse import urlencode

from bench.shared import dataset, loadgen

Row = Mapping[str, Any]
STAGE, OWNER = dataset.F_STAGE, dataset.F_OWNER
PAGE_SIZE, DEEP_PAGE = 50, 200
JSON = {"Content-Type": "application/json"}
# What is created while measuring: other rows than those loaded before.
NEW = list(dataset.opportunities(2_000, seed=11, start=9_000_001))

DEEP = f"list, page {DEEP_PAGE}"
LISTS = {
    "list, page 1": {"page": 1},
    DEEP: {"page": DEEP_PAGE},
    "list, page 1, with total": {"page": 1, "total": 1},
}
OPERATIONS = ("create", "read", "update", *LISTS, "aggregate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One line of the table: how a request is made and what its answer must hold."""

    make: Callable[[int], Any]
    check: Callable[[Any, bool], None]


def expect(what: str, found: object, wanted: object) -> None:
    """Turn a wrong answer into an error of the load generator."""
    if found != wanted:
        message = f"{what}: {found!r} instead of {wanted!r}"
        raise ValueError(message)


@cache
def expected(rows: int) -> Mapping[str, Any]:
    """Give what the loaded rows must answer: groups, total, rows that match the filter."""
    found: Mapping[str, Any] = dataset.expected(rows)
    return found


class HandWritten:
    """The hand-written application and the floor, which share one URL space; ids count from 1."""

    base = "/api/opportunities"
    status_created = 201

    def __init__(self, rows: int) -> None:
        self.rows = rows

    def operations(self) -> dict[str, Operation]:
        """Give every operation by its name."""
        singles = {
            "create": Operation(make=self.create, check=self.check_created),
            "read": Operation(make=self.read, check=self.check_record),
            "update": Operation(make=self.update, check=self.check_updated),
            "aggregate": Operation(make=self.aggregate, check=self.check_aggregate),
        }
        lists = {
            name: self.list_operation(query) for name, query in LISTS.items() if self.has_page(name)
        }
        known = {**singles, **lists}
        return {name: known[name] for name in OPERATIONS if name in known}

    def has_page(self, name: str) -> bool:
        """Tell whether there are rows enough for the deep page; with 100,000 there are."""
        return name != DEEP or expected(self.rows)["match"] >= PAGE_SIZE * DEEP_PAGE

    def pick(self, i: int) -> int:
        """Walk over the loaded rows, far-apart ones after each other; 0-based."""
        return (i * 7919) % self.rows

    def record_path(self, i: int) -> str:
        """Name the record of a request."""
        return f"{self.base}/{self.pick(i) + 1}"

    def headers(self) -> dict[str, str]:
        """Give what every request carries."""
        return {}

    def new_values(self, i: int) -> dict[str, Any]:
        """Give the values of a record to create, in this peer's names."""
        values = dict(NEW[i % len(NEW)])
        values["account_id"], values["owner_id"] = values.pop("account"), values.pop("owner")
        return values

    def create(self, i: int) -> Any:
        """Create one record of all fields."""
        values = self.new_values(i)
        body = json.dumps(values).encode()
        return loadgen.Req("POST", self.base, body, {**JSON, **self.headers()}, values)

    def check_created(self, answer: Any, is_deep: bool) -> None:
        """Look for the status, and now and then for the values."""
        expect("status", answer.status, self.status_created)
        if is_deep:
            record, sent = json.loads(answer.body), answer.req.ctx
            expect("name", record["name"], sent["name"])
            expect("amount", Decimal(str(record["amount"])), Decimal(str(sent["amount"])))

    def read(self, i: int) -> Any:
        """Read one record by its id."""
        path = self.record_path(i)
        return loadgen.Req("GET", path, headers=self.headers(), ctx=int(path.rpartition("/")[2]))

    def check_record(self, answer: Any, is_deep: bool) -> None:
        """Look for the right record."""
        expect("status", answer.status, 200)
        if is_deep:
            expect("id", json.loads(answer.body)["id"], answer.req.ctx)

    def update(self, i: int) -> Any:
        """Change one field of one record."""
        body = json.dumps({"next_step": f"Step {i}"}).encode()
        headers = {**JSON, **self.headers()}
        return loadgen.Req("PATCH", self.record_path(i), body, headers, f"Step {i}")

    def check_updated(self, answer: Any, is_deep: bool) -> None:
        """Look for the new value."""
        expect("status", answer.status, 200)
        if is_deep:
            expect("next_step", json.loads(answer.body)["next_step"], answer.req.ctx)

    def list_path(self, query: Mapping[str, int]) -> str:
        """Give the address of a list: a stage, an owner, amounts descending."""
        return f"{self.base}?{urlencode({'stage': STAGE, 'owner': OWNER, **query})}"

    def list_operation(self, query: Mapping[str, int]) -> Operation:
        """Make the requests of one list; the address is the same each time."""
        path, headers = self.list_path(query), self.headers()
        return Operation(
            make=lambda _: loadgen.Req("GET", path, headers=headers), check=self.check_list
        )

    def rows_of(self, body: Any) -> Sequence[Row]:
        """Take the rows out of the answer to a list."""
        rows: Sequence[Row] = body["items"]
        return rows

    def is_right(self, row: Row) -> bool:
        """Tell whether a row belongs in the list and carries the names of what it points at."""
        return row["stage"] == STAGE and bool(row["account_name"]) and bool(row["owner_name"])

    def check_list(self, answer: Any, is_deep: bool) -> None:
        """Look for 50 right rows, biggest amounts first."""
        expect("status", answer.status, 200)
        if is_deep:
            rows = self.rows_of(json.loads(answer.body))
            expect("rows", len(rows), PAGE_SIZE)
            expect("right rows", sum(map(self.is_right, rows)), PAGE_SIZE)
            amounts = [Decimal(str(row["amount"])) for row in rows]
            expect("order", amounts, sorted(amounts, reverse=True))

    def aggregate(self, _: int) -> Any:
        """Sum and count by stage and month."""
        return loadgen.Req("GET", "/api/report", headers=self.headers())

    def groups_of(self, body: Any) -> int:
        """Count the groups of an aggregate."""
        return len(body["rows"])

    def check_aggregate(self, answer: Any, is_deep: bool) -> None:
        """Look for every group of the loaded rows."""
        expect("status", answer.status, 200)
        if is_deep:
            found, least = self.groups_of(json.loads(answer.body)), expected(self.rows)["groups"]
            expect("all groups", found >= least, wanted=True)
