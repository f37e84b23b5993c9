"""The page of the REST API: its addresses, parameters, headers, limits and status codes."""

from __future__ import annotations

from pathlib import Path

from api import bodies, records
from api.blueprint import routes
from api.openapi_parts import PARAMETERS
from engine.settings import Settings
from engine.snapshots import Environments

HEAD = """# REST

Made from the source by `make docs`; do not edit it here.

Base addresses: `/api/v1` is production, `/e/ENVIRONMENT/api/v1` any environment. Every request
carries `Authorization: Bearer TOKEN` (`patron token create ENV EMAIL` prints one); `GET /healthz`
needs none and answers 200 when Patron is ready. Bodies are JSON in UTF-8.

`GET …/openapi.json` describes every object with its own operations and schemas, as the token's
owner may see them. This page lists what is the same for all objects.
"""

STATUSES = (
    (200, "done"),
    (201, "created"),
    (204, "in the bin; no body"),
    (304, "not changed since the ETag that was sent (objects and OpenAPI)"),
    (400, "the request cannot be read"),
    (401, "no token, or one that is not good in this environment"),
    (403, "seen, but not allowed"),
    (404, "absent or hidden, indistinguishable; or no such address"),
    (405, "the address does not know this method"),
    (409, "stale version (with `current`), unique value in use, record in use, key in use"),
    (413, "the body is too large"),
    (415, "the body is neither JSON nor, in bulk, JSON lines"),
    (422, "invalid values, unknown fields, expressions or parameters; `errors` names each"),
    (500, "a mistake of ours; the message has the number under which the log tells more"),
    (503, "the database is busy or away; `Retry-After` says when to come again"),
)

TAIL = """
## A record

A flat object of the fields the caller may read:
`{"id": 7, "version": 3, "name": "Licence", "account": 12}`. A lookup is the id; a path asked for in
`fields` (`account.name`) comes back under that path. Numbers keep their decimals exactly and may
be sent as text too; dates are `YYYY-MM-DD`, times `HH:MM:SS`, datetimes RFC 3339 in UTC; blank is
null. `_errors` says why a formula could not be computed.

A field or sort key called by a former name (`aka`) works; the answer then carries
`Deprecation: true` and `Patron-Former-Names`.

## Repeating a request

A POST with an `Idempotency-Key` is done once: within 24 hours the same request under the same key
gets the same answer, with `Idempotency-Replayed: true`, also after a restart. Another request under
the key is answered 409. A request that was refused may be put right and sent again.

## Errors

One shape everywhere; the codes are in [errors.md](errors.md).

```json
{"code": "R100", "message": "Some values cannot be saved.", "status": 422,
 "errors": [{"field": "amount", "code": "R120", "message": "…", "hint": "…"}]}
```
"""


def render() -> str:
    """Give the page."""
    parts = [HEAD, "## Addresses\n", _addresses(), "\n## Parameters\n", _parameters()]
    return "\n".join([*parts, "\n## Limits\n", _limits(), "\n## Status\n", _statuses(), TAIL])


def _addresses() -> str:
    lines = ["| method | address | what it does | scope |", "|---|---|---|---|"]
    for method, address, view, scope in routes(Environments(Settings(home=Path("var")))):
        shown = address.replace("<path:", "<").replace("<named>", "<environment>")
        shown = shown.replace("<", "{").replace(">", "}")
        what = (view.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| {method} | `{shown}` | {what} | {scope} |")
    return "\n".join(lines)


def _parameters() -> str:
    lines = ["| name | where | what it means |", "|---|---|---|"]
    for parameter in PARAMETERS.values():
        default = parameter["schema"].get("default")
        more = "" if default is None else f" (default {str(default).lower()})"
        what = f"{parameter['description']}{more}"
        lines.append(f"| `{parameter['name']}` | {parameter['in']} | {what} |")
    return "\n".join(lines)


def _limits() -> str:
    rows = (
        ("records on a page", f"{records.MAX_LIMIT:,}"),
        ("records of a bulk request", f"{bodies.MAX_ROWS:,}"),
        ("bytes of a body", f"{bodies.MAX_BODY:,}"),
        ("bytes of a bulk body", f"{bodies.MAX_BULK_BODY:,}"),
        ("lists and objects inside each other", str(bodies.MAX_DEPTH)),
    )
    return "\n".join(["| what | at most |", "|---|---|", *(f"| {a} | {b} |" for a, b in rows)])


def _statuses() -> str:
    rows = (f"| {status} | {what} |" for status, what in STATUSES)
    return "\n".join(["| status | when |", "|---|---|", *rows])
