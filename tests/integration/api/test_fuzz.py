"""Random requests over every address that OpenAPI names: never a 5xx, always the one error shape.

What is sent is drawn from the document (values that fit) and from a box of nastiness (values that
fit nowhere), field by field, parameter by parameter.
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.houses import ADMIN, Caller, House, Reply
from tests.support.openapi import operations, resolve
from tests.support.proof import proof_length

Json = Mapping[str, Any]

NASTY: Sequence[object] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, 2**64, -(2**63), 1e308, -0.0, 0.1, 1e-300),
    *("", " ", "0", "-1", "1e5", "1e999999", "NaN", "Infinity", "٣", "½", "true", "null"),
    *("2026-02-30", "0000-00-00", "9999-12-31", "10000-01-01", "24:00:00", "2026-01-01T00:00:00"),
    *("9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-01-01T25:00:00Z"),
    *("é", "e\u0301", "\u202e", "\ufeff", "a\x00b", "a\nb", "\x7f", "𝒳", "ﷺ" * 20, "x" * 70_000),
    *("' OR 1=1 --", "%s", "%(a)s", "?", ":a", "$1", "{}", "{{ 1 }}", "<b>", "../../etc", "\\"),
    *([], {}, [[]], {"a": 1}, ["new", "new"], ["new", None], [1, 2], {"formula": "1/0"}),
    *(["x"] * 500, {"id": 1}, [{"a": [{}]}], "new;big", ["big"]),
)
EXPRESSIONS = (
    *("amount > 1", "name", "1/0", "1/0 = 1", "amount / units > 0", "NOT is_hot", "TODAY()"),
    *(
        "account.name = 'x'",
        "account.account.name = 'x'",
        "owner.manager.email = 'x'",
        "stage.closed",
    ),
    *(
        'name = "a\' OR 1=1"',
        "met_at > NOW()",
        "close_date > TODAY() - 99999999",
        "amount IN (1, 2)",
    ),
    *(
        "expected > 1",
        "ratio = 0.333",
        "LEN(name) > 10 ^ 10",
        "10 ^ 400 > 1",
        "name & name & name > ''",
    ),
    *(
        "(" * 60 + "1" + ")" * 60,
        "-" * 400 + "1",
        "ISBLANK(tags)",
        "name = NULL",
        "id = 5.5",
        "$user.id = id",
    ),
    *(
        "REGEX(name, '(a+)+$')",
        "LEFT(name, -1) = ''",
        "ADDMONTHS(close_date, 999999) > TODAY()",
        "1",
        "TRUE",
    ),
    *(
        "ROUND(amount, 400) > 1",
        "amount > 99999999999999999999999999",
        "TEXT(amount) = '1'",
        "ISNEW()",
    ),
    *(
        "HAS_PERMISSION('x')",
        "$env.X = 1",
        "name < 'é'",
        "/* */ amount > 1",
        "amount>1;DROP TABLE x",
    ),
)
PATHS = (
    *("id", "name", "account.name", "owner.email", "account.owner.name", "expected", "nothing"),
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW")
FITTING: Mapping[str, Sequence[object]] = {
    "where": EXPRESSIONS,
    "fields": (*PATHS, "name,account.name", "*", ","),
    "user": ("1", "rep@example.test", "nobody@example.test", "999999"),
    "sort": (*PATHS, *(f"-{path}" for path in PATHS), "name,name", "--name"),
    "limit": (1, 2, 1000),
    "count": ("true", "false"),
    "bin": ("true", "false"),
    "view": ("hot", "cold"),
    "operation": ("create", "update", "upsert", "delete"),
    "atomic": ("true", "false"),
    "match": ("code", "erp", "name", "id"),
    "email": ("rep@example.test", "nobody@example.test"),
    "actor": ("admin@example.test", "system"),
    "action": ("member.add", "token.create", "x"),
}
USUAL = ("x", "1", "2026-01-01", "2026-01-01T00:00:00Z", "user 1")  # parameters of other names


class Fuzzer:
    """Draws requests; the same seed draws the same ones."""

    def __init__(self, seed: int, document: Json, ids: Sequence[int]) -> None:
        self._random = random.Random(seed)  # noqa: S311 -- test data
        self._document = document
        self._operations = list(operations(document))
        self._ids = ids
        self._cursors: list[str] = ["WyJuYW1lIiwxLDJd", "bnVsbA", "W10", "e30", "WyIiLDFd"]

    def send(self, caller: Caller) -> tuple[str, Reply]:
        """Send one request; give how it began, and its answer."""
        method, path, operation = self._pick(self._operations)
        if self._chance(0.03):
            method = self._pick(METHODS)
        address = "".join(self._segment(part) for part in _split(path))
        query = self._query(operation)
        raw = self._body(operation) if "requestBody" in operation or self._chance(0.02) else None
        headers = self._headers()
        said = f"{method} {address} {query} {headers} {(raw or b'')[:300]!r}"
        reply = caller.send(method.upper(), address, raw=raw, query=query, headers=headers)
        self._learn(reply)
        return said, reply

    def _learn(self, reply: Reply) -> None:
        """Keep cursors that lists answered, to send them where they do not belong."""
        if reply.status == 200 and b'"next":"' in reply.raw[-4000:]:
            self._cursors.append(reply.json["next"])

    def _segment(self, part: str) -> str:
        if not part.startswith("{"):
            return part
        if part == "{id}" and self._chance(0.8):
            return str(self._pick(self._ids))
        if part in {"{object}", "{environment}"} and self._chance(0.8):
            return self._pick(["deal", "account", "secret", "user", "production"])
        return quote(str(self._pick(NASTY))[:200], safe="") or "x"

    def _query(self, operation: Json) -> dict[str, object]:
        query: dict[str, object] = {}
        for reference in operation["parameters"]:
            parameter = resolve(self._document, reference)
            if parameter["in"] == "query" and (parameter.get("required") or self._chance(0.3)):
                query[parameter["name"]] = self._parameter(parameter["name"])
        if self._chance(0.02):
            query["surprise"] = "x"
        return query

    def _parameter(self, name: str) -> object:
        if self._chance(0.1):
            return self._pick(NASTY)
        if name == "after":
            return self._pick(self._cursors)
        return self._pick(FITTING.get(name, USUAL))

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._chance(0.05):
            headers["If-Match"] = self._pick(["1", '"2"', "*", "x", "9" * 40])
        if self._chance(0.05):
            headers["Idempotency-Key"] = self._pick(["a", "b", "c" * 300, "\t"])
        if self._chance(0.03):
            headers["Content-Type"] = self._pick(["text/plain", "application/x-ndjson", "", "x/"])
        return headers

    def _body(self, operation: Json) -> bytes:
        if self._chance(0.03):
            return self._pick([b"", b"{", b"\xff", b"[]", b"null", b'{"a":1,"a":2}', b"[" * 9999])
        content = operation.get("requestBody", {}).get("content", {})
        schema = resolve(self._document, content.get("application/json", {}).get("schema", {}))
        return json.dumps(self._value(schema)).encode()

    def _value(self, schema: Json) -> object:
        """Draw a value that fits a schema, or now and then one that fits nothing."""
        if self._chance(0.08):
            return self._nasty()
        if "anyOf" in schema:
            return self._value(self._pick(schema["anyOf"]))
        if "enum" in schema:
            return self._pick(schema["enum"])
        kind = schema.get("type", "string")
        if isinstance(kind, list):
            kind = self._pick(kind) if self._chance(0.2) else kind[0]
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return [self._row(schema) for _ in range(self._random.randint(0, 3))]
        return self._scalar(kind, schema)

    def _row(self, schema: Json) -> object:
        """Draw an item of an array; rows of a bulk request are values of some object."""
        if schema.get("items", {}).get("type") != "object":
            return self._value(schema.get("items", {}))
        name = self._pick(["deal.create", "deal.change", "account.create"])
        row = self._value(self._document["components"]["schemas"][name])
        if isinstance(row, dict) and self._chance(0.6):
            return {**row, "id": self._pick([*self._ids, self._nasty()])}
        return row

    def _object(self, schema: Json) -> dict[str, object]:
        properties: Json = schema.get("properties", {})
        if "measures" in properties:
            return self._aggregate()
        required = schema.get("required", ())
        found = {
            name: self._value(inner)
            for name, inner in properties.items()
            if name in required or self._chance(0.4)
        }
        if self._chance(0.05):
            found[str(self._nasty())[:100]] = self._nasty()
        return found

    def _aggregate(self) -> dict[str, object]:
        argument = self._pick([*PATHS, *EXPRESSIONS, "amount", "amount"])
        function = self._pick(["SUM", "COUNT", "AVG", "MIN", "MAX", "sum"])
        found: dict[str, object] = {"measures": {"m": f"{function}({argument})"}}
        if self._chance(0.5):
            found["group"] = [self._pick([*PATHS, *EXPRESSIONS, "stage", "is_hot"])]
        if self._chance(0.5):
            found["where"] = self._pick(EXPRESSIONS)
        if self._chance(0.1):
            found[self._pick(["where", "group", "measures", "x"])] = self._nasty()
        return found

    def _scalar(self, kind: str, schema: Json) -> object:
        if kind == "integer":
            return self._pick([*self._ids, 1, 5])
        if kind == "number":
            return self._pick([0, 1, 0.25, 12.5, 1000, 0.1])
        if kind == "boolean":
            return self._chance(0.5)
        if kind == "null":
            return None
        samples = {
            "date": ["2026-01-31", "1900-01-01", "9999-12-31"],
            "date-time": ["2026-01-31T12:00:00Z", "1970-01-01T00:00:00+02:00"],
            "email": ["a@example.test"],
            "uri": ["https://example.test/x"],
        }
        return self._pick(samples.get(schema.get("format", ""), ["Castor", "a", "Été", "5", "x1"]))

    def _nasty(self) -> Any:
        return self._pick(NASTY)

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _pick(self, things: Sequence[Any]) -> Any:
        return self._random.choice(list(things))


def _split(path: str) -> list[str]:
    """Cut a template into its fixed and its variable parts."""
    parts: list[str] = []
    while "{" in path:
        before, _, rest = path.partition("{")
        name, _, path = rest.partition("}")
        parts += [before, f"{{{name}}}"]
    return [*parts, path]


def fault(reply: Reply) -> str:
    """Say what is wrong with an answer, or nothing."""
    if reply.status >= 500:
        return f"{reply.status}: {reply.raw!r}"
    if reply.status < 400 or not reply.raw:
        return ""
    missing = {"code", "message", "errors", "status"} - reply.json.keys()
    if missing or reply.json["status"] != reply.status:
        return f"not the error shape: {reply.raw!r}"
    return ""


def _newcomers(house: House, who: str) -> Iterator[Caller]:
    """Give clients of people who were never there before, with the rights of somebody."""
    sets = {"admin": ADMIN, "rep": "rep"}
    while True:
        name = f"{who}-{uuid.uuid4().hex[:12]}"
        house.admit(name, sets[who])
        yield house.caller(name)


@pytest.mark.slow
@pytest.mark.parametrize("who", ["admin", "rep"])
def test_no_request_makes_an_error_of_ours(house: House, who: str) -> None:
    """Thousands of random requests, as somebody with all rights and as somebody with few.

    The requests end tokens and members too, so whoever sends them is somebody of their own, and
    somebody else goes on when they are locked out.
    """
    people = _newcomers(house, who)
    admin = next(_newcomers(house, "admin"))
    ids = [int(admin.create("deal", name=f"deal {n}", amount=n)["id"]) for n in range(5)]
    ids += [int(admin.create("account", name=f"account {n}")["id"]) for n in range(3)]
    document = admin.get("/openapi.json").json
    seed = random.SystemRandom().randrange(10**6)
    fuzzer = Fuzzer(seed, document, ids)
    faults, caller = [], next(people)

    for number in range(proof_length(1500, 100_000)):
        said, reply = fuzzer.send(caller)
        if reply.status == 401:
            caller = next(people)
        found = fault(reply)
        if found:
            faults.append(f"seed {seed}, request {number}: {said}\n  {found}")
    assert not faults, "\n".join(faults[:20])
