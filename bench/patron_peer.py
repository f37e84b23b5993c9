"""Workload W1 in the words of Patron's REST contract, and how the rows get into it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any  # Any: JSON, and the objects of the shared, untyped modules.
from urllib.parse import urlencode

from bench.shared import dataset, loadgen
from bench.workload import DEEP_PAGE, JSON, NEW, OWNER, PAGE_SIZE, STAGE, HandWritten, Row

API = "/api/v1"
BULK = 10_000  # the most records of one bulk request
MONTH = "LEFT(TEXT(close_date), 7)"
PERCENTS = ("probability", "discount")
PICKLISTS = ("stage", "lead_source", "forecast_category")
HUNDRED = Decimal(100)


def api_name(label: str) -> str:
    """Turn a label of the data set into the name of a picklist value."""
    return label.lower().replace(" ", "_")


class PatronError(Exception):
    """Patron answered something else than the workload needs."""


class PatronPeer(HandWritten):
    """Patron: the same rows, under its own ids, with a token on every request."""

    base = f"{API}/records/opportunity"

    def __init__(self, rows: int, host: str, port: int, token: str) -> None:
        super().__init__(rows)
        self.client = loadgen.Client(host, port)
        self.token = token
        self.ids: list[int] = []
        self.accounts: dict[int, int] = {}
        self.owners: dict[int, int] = {}

    # --- loading ----------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Send one request outside the measurement and give its JSON.

        Raises: PatronError.
        """
        data = b"" if body is None else json.dumps(body).encode()
        answer = self.client.request(loadgen.Req(method, path, data, {**JSON, **self.headers()}))
        if answer.status >= 300:
            message = f"{method} {path}: {answer.status} {answer.body[:500]!r}"
            raise PatronError(message)
        return json.loads(answer.body)

    def bulk(self, name: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Create up to 10,000 records in one request and give their ids, in order."""
        path = f"{API}/records/{name}/bulk?operation=create"
        results = self.call("POST", path, rows)["results"]
        wrong = [result for result in results if result["status"] >= 300]
        if wrong:
            message = f"{len(wrong)} of {len(rows)} refused, the first: {wrong[0]}"
            raise PatronError(message)
        return [result["id"] for result in results]

    def find_owners(self) -> None:
        """Learn the ids of the ten users, who were made on the command line."""
        query = urlencode({"fields": "email", "limit": 1000})
        users = self.call("GET", f"{API}/records/user?{query}")["records"]
        by_email = {user["email"]: user["id"] for user in users}
        self.owners = {user["id"]: by_email[user["email"]] for user in dataset.users()}

    def load_accounts(self) -> None:
        """Create the accounts."""
        rows = [
            {"name": a["name"], "city": a["city"], "number": a["id"]} for a in dataset.accounts()
        ]
        ids = self.bulk("account", rows)
        self.accounts = {
            account["id"]: id_ for account, id_ in zip(dataset.accounts(), ids, strict=True)
        }

    def load_opportunities(self) -> None:
        """Create the opportunities through the product's own bulk interface."""
        for rows in self.batches(self.rows):
            self.ids += self.bulk("opportunity", rows)

    def batches(self, count: int, seed: int = 7, start: int = 1) -> Iterator[list[dict[str, Any]]]:
        """Give the rows of the data set in Patron's names, 10,000 at a time."""
        rows = map(self.translated, dataset.opportunities(count, seed, start))
        while batch := list(islice(rows, BULK)):
            yield batch

    def translated(self, row: Row) -> dict[str, Any]:
        """Turn a row of the data set into the values of a record."""
        return {
            **row,
            **{name: api_name(row[name]) for name in PICKLISTS},
            **{name: float(Decimal(row[name]) / HUNDRED) for name in PERCENTS},
            "products": [api_name(product) for product in row["products"]],
            "next_contact": f"{row['next_contact']}Z",
            "account": self.accounts[row["account"]],
            "owner": self.owners[row["owner"]],
        }

    # --- measuring --------------------------------------------------------------------------------

    def headers(self) -> dict[str, str]:
        """Authenticate each request."""
        return {"Authorization": f"Bearer {self.token}"}

    def record_path(self, i: int) -> str:
        """Name the record of a request by Patron's id."""
        return f"{self.base}/{self.ids[self.pick(i)]}"

    def new_values(self, i: int) -> dict[str, Any]:
        """Give the values of a record to create."""
        return self.translated(NEW[i % len(NEW)])

    def list_path(self, query: Mapping[str, int]) -> str:
        """Give the address of a list; a deep page is reached once, by its cursors."""
        where = f'stage = "{api_name(STAGE)}" AND owner = {self.owners[OWNER]}'
        fields = ",".join(["id", *dataset.COLS, "expected_revenue", "account.name", "owner.name"])
        asked: dict[str, Any] = {"where": where, "fields": fields, "sort": "-amount"}
        asked["limit"] = PAGE_SIZE
        if query.get("total"):
            asked["count"] = "true"
        if query["page"] == DEEP_PAGE:
            asked["after"] = self.cursor_before(DEEP_PAGE, asked)
        return f"{self.base}?{urlencode(asked)}"

    def cursor_before(self, page: int, asked: Mapping[str, Any]) -> str:
        """Walk to a page by cursors, as a person does, with big steps; not measured."""
        left, after = PAGE_SIZE * (page - 1), ""
        while left:
            step = min(left, 1000)
            query = {**asked, "fields": "id,amount", "limit": step, "after": after}
            answer = self.call("GET", f"{self.base}?{urlencode(query)}")
            after, left = answer["next"], left - step
            if after is None:
                message = f"there is no page {page}: the list ended {left} rows before"
                raise PatronError(message)
        return after

    def rows_of(self, body: Any) -> Sequence[Row]:
        """Take the rows out of the answer to a list."""
        rows: Sequence[Row] = body["records"]
        return rows

    def is_right(self, row: Row) -> bool:
        """Tell whether a row belongs in the list and carries the names of what it points at."""
        in_list = row["stage"] == api_name(STAGE)
        return in_list and bool(row["account.name"]) and bool(row["owner.name"])

    def aggregate(self, _: int) -> Any:
        """Sum and count by stage and month."""
        measures = {"total": "SUM(amount)", "records": "COUNT()"}
        body = json.dumps({"group": ["stage", MONTH], "measures": measures}).encode()
        headers = {**JSON, **self.headers()}
        return loadgen.Req("POST", f"{API}/aggregate/opportunity", body, headers)

    def groups_of(self, body: Any) -> int:
        """Count the groups of an aggregate."""
        return len(body["records"])
