"""The routes of converting and merging: one record becomes several, several become one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, request

from api.bodies import read_object
from api.calls import Calls, Outcome
from api.headers import body_is_lines, read_body, read_expected_version
from api.queries import read_id, read_query
from engine.errors import FieldError, RequestInvalid
from engine.session import Converted, Session

RECORD = "/records/<object>/<id>"
View = Callable[..., Response]


def merging_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about records that become others."""
    merging = MergingRoutes(calls)
    return (("POST", f"{RECORD}/convert", merging.convert, "records"),)


@dataclass(frozen=True, slots=True)
class MergingRoutes:
    """Views of /records/{object}/{id}/convert|merge."""

    calls: Calls

    def convert(self, environment: str, object: str, id: str) -> Response:
        """Convert a record into what its conversion says; answers with it and what it became."""
        body = _body("Q113", ("to",))
        expected, record = read_expected_version(), read_id(id)
        wishes = _mapping(body, "to", "Q113")

        def work(session: Session) -> Outcome:
            compiled = session.compiled(object)
            done = session.converting.convert(compiled, record, wishes, expected)
            return Outcome(value=_converted(done))

        return self.calls.write_once(environment, work)


def _converted(done: Converted) -> dict[str, object]:
    made = {str(one.object): {"new": one.is_new, "record": one.record} for one in done.made}
    return {"record": done.record, "to": made}


def _body(code: str, known: tuple[str, ...]) -> Mapping[str, object]:
    """Read a body, which may be left out. Raises: RequestInvalid for keys that mean nothing."""
    read_query(request.environ.get("QUERY_STRING", ""), ())
    raw = b"" if not request.content_length else read_body()
    if not raw:
        return {}
    body_is_lines()
    body = read_object(raw)
    unknown = sorted(body.keys() - set(known))
    if unknown:
        hint = f"it takes {', '.join(known)}"
        raise RequestInvalid(f'There is no "{unknown[0]}" here.', code=code, hint=hint)
    return body


def _mapping(body: Mapping[str, object], name: str, code: str) -> Mapping[str, object]:
    value = body.get(name)
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    message = f"`{name}` is an object."
    error = FieldError(field=name, code=code, message=message)
    raise RequestInvalid(message, code=code, errors=(error,))
