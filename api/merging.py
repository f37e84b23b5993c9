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
from engine.session import Converted, Session, Wanted

RECORD = "/records/<object>/<id>"
View = Callable[..., Response]


def merging_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about records that become others."""
    merging = MergingRoutes(calls)
    return (
        ("POST", f"{RECORD}/convert", merging.convert, "records"),
        ("POST", f"{RECORD}/merge", merging.merge, "records"),
    )


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

    def merge(self, environment: str, object: str, id: str) -> Response:
        """Merge one or two other records into one; answers with it as it is then."""
        body, record = _body("Q114", ("with", "values", "from")), read_id(id)
        wanted = _wanted(body, read_expected_version())

        def work(session: Session) -> Outcome:
            return Outcome(value=session.merging.merge(session.compiled(object), record, wanted))

        return self.calls.write_once(environment, work)


def _wanted(body: Mapping[str, object], expected: int | None) -> Wanted:
    """Read how records are to be merged. Raises: RequestInvalid Q114."""
    others = body.get("with")
    listed = others if isinstance(others, list) else []
    read = [_other(one) for one in listed]
    numbers = {one[0]: one[1] for one in read if one is not None}
    if len(numbers) < max(1, len(read)):
        message = '`with` is a list of different ids, or of {"id", "version"}.'
        error = FieldError(field="with", code="Q114", message=message)
        raise RequestInvalid(message, code="Q114", errors=(error,))
    taken = _mapping(body, "from", "Q114")
    wrong = [name for name, source in taken.items() if not _is_number(source)]
    if wrong:
        message = "`from` gives for a field the id of the record whose value is kept."
        errors = [FieldError(field=f"from.{n}", code="Q114", message=message) for n in wrong]
        raise RequestInvalid(message, code="Q114", errors=tuple(errors))
    return Wanted(
        others=numbers,
        values=_mapping(body, "values", "Q114"),
        taken={name: source for name, source in taken.items() if isinstance(source, int)},
        expected_version=expected,
    )


def _other(given: object) -> tuple[int, int | None] | None:
    """Read one of the other records, as an id or with the version that was seen."""
    if isinstance(given, int) and _is_number(given):
        return given, None
    if isinstance(given, Mapping) and given.keys() <= {"id", "version"}:
        number, version = given.get("id"), given.get("version")
        if isinstance(number, int) and _is_number(number):
            if version is None:
                return number, None
            return (number, version) if isinstance(version, int) and _is_number(version) else None
    return None


def _is_number(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool)


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
