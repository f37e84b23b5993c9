"""The routes of records: generic over every object. Each says what it asks of the `Session`.

Requests are read before a session opens: what cannot be read costs no transaction.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, request

from api.bodies import MAX_BULK_BODY, read_object, read_rows
from api.calls import Calls, Outcome, Tried
from api.headers import body_is_lines, read_body, read_expected_version
from api.queries import (
    read_choice,
    read_id,
    read_names,
    read_query,
    read_truth,
    read_whole,
)
from engine.errors import PatronError, RequestInvalid
from engine.session import BulkResult, ListRequest, Page, Session

LIST_PARAMETERS = ("where", "fields", "sort", "limit", "after", "count", "view", "bin")
BULK_PARAMETERS = ("operation", "atomic", "match", "dry_run")
AGGREGATE_KEYS = ("where", "group", "measures")
OPERATIONS = ("create", "update", "upsert", "delete")
DEFAULT_LIMIT, MAX_LIMIT = 50, 1000
OK, CREATED, NO_CONTENT = 200, 201, 204


@dataclass(frozen=True, slots=True)
class RecordRoutes:
    """Views of the routes below /records and /aggregate."""

    calls: Calls

    def list(self, environment: str, object: str) -> Response:
        """List records, a page at a time; `next` of one page is `after` of the next."""
        wanted = _list_request(object)
        return self.calls.read(
            environment, lambda session: Outcome(value=_page(session.list(wanted)))
        )

    def create(self, environment: str, object: str) -> Response:
        """Create a record; 201 with the record."""
        values = _values()
        return self.calls.write_once(
            environment,
            lambda session: Outcome(value=session.create(object, values), status=CREATED),
        )

    def read(self, environment: str, object: str, id: str) -> Response:
        """Read a record."""
        fields = read_names(_query("fields"), "fields") or None
        record = read_id(id)
        return self.calls.read(
            environment, lambda session: Outcome(value=session.get(object, record, fields))
        )

    def update(self, environment: str, object: str, id: str) -> Response:
        """Change the fields that the body names; answers with the record."""
        values, expected, record = _values(), read_expected_version(), read_id(id)
        return self.calls.write(
            environment,
            lambda session: Outcome(value=session.update(object, record, values, expected)),
        )

    def delete(self, environment: str, object: str, id: str) -> Response:
        """Put a record into the bin; 204."""
        _query()
        expected, record = read_expected_version(), read_id(id)

        def work(session: Session) -> Outcome:
            session.delete(object, record, expected)
            return Outcome(status=NO_CONTENT)

        return self.calls.write(environment, work)

    def restore(self, environment: str, object: str, id: str) -> Response:
        """Take a record out of the bin; answers with the record."""
        _query()
        record = read_id(id)
        return self.calls.write_once(
            environment, lambda session: Outcome(value=session.restore(object, record))
        )

    def upsert(self, environment: str, object: str, field: str, value: str) -> Response:
        """Create (201) or change (200) the record with this external id."""
        values = _values()

        def work(session: Session) -> Outcome:
            record, is_new = session.upsert(object, field, value, values)
            return Outcome(value=record, status=CREATED if is_new else OK)

        return self.calls.write(environment, work)

    def bulk(self, environment: str, object: str) -> Response:
        """Create, change, upsert or delete many records; one result per row."""
        given = _query(*BULK_PARAMETERS)
        operation = _operation(read_choice(given, "operation", OPERATIONS))
        is_atomic, match = read_truth(given, "atomic"), given.get("match")
        is_trial = read_truth(given, "dry_run")
        # Who calls is checked before megabytes are read.
        self.calls.enter(environment, lambda session: session.compiled(object), write=False)
        is_lines = body_is_lines(may_be_lines=True)
        rows = read_rows(read_body(MAX_BULK_BODY), is_lines=is_lines)

        def work(session: Session) -> Outcome:
            results = session.bulk(object, operation, rows, atomic=is_atomic, match=match)
            outcome = Outcome(value={"results": [_result(result) for result in results]})
            if is_trial:
                raise Tried(outcome)
            return outcome

        return self.calls.write_once(environment, work)

    def aggregate(self, environment: str, object: str) -> Response:
        """Group records and measure the groups."""
        _query()
        where, group, measures = _aggregate_request(_body())

        def work(session: Session) -> Outcome:
            found = session.aggregate(object, where=where, group=group, measures=measures)
            return Outcome(value={"records": found})

        return self.calls.read(environment, work)


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _body() -> dict[str, object]:
    body_is_lines()
    return read_object(read_body())


def _values() -> dict[str, object]:
    """Read the values of one record; its routes take no parameters."""
    _query()
    return _body()


def _list_request(object: str) -> ListRequest:
    given = _query(*LIST_PARAMETERS)
    return ListRequest(
        object=object,
        where=given.get("where"),
        fields=read_names(given, "fields") or None,
        sort=read_names(given, "sort"),
        limit=read_whole(given, "limit", default=DEFAULT_LIMIT, least=1, most=MAX_LIMIT),
        after=given.get("after"),
        count=read_truth(given, "count"),
        view=given.get("view"),
        bin=read_truth(given, "bin"),
    )


def _page(page: Page) -> dict[str, object]:
    shown: dict[str, object] = {"records": page.records, "next": page.next}
    if page.count is not None:
        shown["count"] = page.count
        if page.count_is_at_least:
            shown["count_is"] = "at least"
    return shown


def _operation(given: str | None) -> str:
    if given is None:
        hint = f"add ?operation= with one of {', '.join(OPERATIONS)}"
        raise RequestInvalid("A bulk request must name its operation.", code="Q206", hint=hint)
    return given


def _result(result: BulkResult) -> dict[str, object]:
    """Give one row's answer; an error that names no field is told under the empty name."""
    shown: dict[str, object] = {"index": result.index, "status": result.status}
    if result.id is not None:
        shown["id"] = result.id
    if result.error is not None:
        shown["errors"] = _errors(result.error)
        shown |= {"code": result.error.code, "message": result.error.message}
    return shown


def _errors(error: PatronError) -> list[dict[str, str]]:
    by_field = getattr(error, "errors", ())
    if by_field:
        return [found.as_json() for found in by_field]
    return [{"field": "", "code": error.code, "message": error.message}]


def _aggregate_request(
    body: dict[str, object],
) -> tuple[str | None, tuple[str, ...], dict[str, str]]:
    """Check the shape of an aggregate: {where?, group?, measures}.

    Raises: RequestInvalid Q207.
    """
    unknown = sorted(body.keys() - set(AGGREGATE_KEYS))
    if unknown:
        hint = f"it takes {', '.join(AGGREGATE_KEYS)}"
        raise RequestInvalid(f'An aggregate knows no "{unknown[0]}".', code="Q207", hint=hint)
    where, group = body.get("where"), body.get("group", [])
    measures = body.get("measures")
    if where is not None and not isinstance(where, str):
        raise RequestInvalid("`where` must be an expression, as text.", code="Q207")
    if not isinstance(group, list) or not all(isinstance(name, str) for name in group):
        hint = 'for example ["stage"]'
        raise RequestInvalid("`group` must be a list of expressions.", code="Q207", hint=hint)
    if not isinstance(measures, dict) or not all(isinstance(m, str) for m in measures.values()):
        hint = 'for example {"total": "SUM(amount)"}'
        message = "`measures` must be an object of names and expressions."
        raise RequestInvalid(message, code="Q207", hint=hint)
    return where or None, tuple(group), measures
