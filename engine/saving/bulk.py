"""Many records in one call: chunks through the same pipeline, row by row only where one is refused.

Atomic: all or nothing. Otherwise each row has its own answer and good rows stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from engine.compiled import CompiledObject
from engine.errors import FieldError, NotFound, PatronError, RequestInvalid
from engine.locale import say
from engine.names import did_you_mean
from engine.saving import bin as bins
from engine.saving.save import Change, Outcome, change, create, unique_conflict
from engine.saving.unit import Record, Unit
from engine.store.failures import UniqueViolated

MAX_ROWS = 10_000
CHUNK = 500
OPERATIONS = ("create", "update", "upsert", "delete")
CREATED, DONE, GONE = 201, 200, 204


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkResult:
    """What became of one row: `status` as an HTTP status, the id, or the error."""

    index: int
    status: int
    id: int | None = None
    error: PatronError | None = None


class _Refused(Exception):  # carries results out of a transaction, no error of its own
    def __init__(self, results: list[BulkResult]) -> None:
        super().__init__("a row was refused")
        self.results = results


Row = tuple[int, Mapping[str, object]]
# Creates or changes the record whose external id (field, value) is given: `Session.upsert`.
Upsert = Callable[[str, object, Mapping[str, object]], tuple[Record, bool]]
Step = Callable[[Sequence[Row]], list[BulkResult]]


def carry_out(
    unit: Unit,
    compiled: CompiledObject,
    operation: str,
    rows: Sequence[Mapping[str, object]],
    *,
    atomic: bool,
    match: str | None,
    upsert: Upsert,
) -> list[BulkResult]:
    """Carry out one operation for every row, in order.

    Raises: RequestInvalid Q108 for an unknown operation or too many rows.
    """
    _check(operation, rows)
    step = _step(unit, compiled, operation, match, upsert)
    if atomic:
        try:
            with unit.tx.savepoint():
                results = [r for chunk in _chunks(rows, operation) for r in step(chunk)]
                if any(result.error for result in results):
                    raise _Refused(results)
        except _Refused as refused:
            return [_undone(result) for result in refused.results]
        except UniqueViolated:
            return _blamed(unit, compiled, step, _chunks(rows, operation))
        return results
    return [r for chunk in _chunks(rows, operation) for r in _tolerant(unit, compiled, step, chunk)]


def _check(operation: str, rows: Sequence[object]) -> None:
    if operation not in OPERATIONS:
        raise RequestInvalid(
            f'There is no bulk operation "{operation}".',
            code="Q108",
            hint=did_you_mean(operation, OPERATIONS) or f"one of {', '.join(OPERATIONS)}",
        )
    if len(rows) > MAX_ROWS:
        message = f"At most {MAX_ROWS:,} records go in one call; these are {len(rows):,}."
        raise RequestInvalid(message, code="Q108", hint="send them in several calls")


def _chunks(rows: Sequence[Mapping[str, object]], operation: str) -> Iterator[list[Row]]:
    """Cut rows into chunks without a record twice: the second change must see the first."""
    chunk: list[Row] = []
    seen: set[object] = set()
    for index, row in enumerate(rows):
        key = row.get("id") if operation == "update" else None
        is_again = key is not None and _hashable(key) in seen
        if chunk and (len(chunk) >= CHUNK or is_again):
            yield chunk
            chunk, seen = [], set()
        seen.add(_hashable(key))
        chunk.append((index, row))
    if chunk:
        yield chunk


def _blamed(
    unit: Unit, compiled: CompiledObject, step: Step, chunks: Iterable[Sequence[Row]]
) -> list[BulkResult]:
    """Find out which rows hold a value that is used already: row by row, and all of it undone."""
    try:
        with unit.tx.savepoint():
            results = [r for chunk in chunks for r in _tolerant(unit, compiled, step, chunk)]
            raise _Refused(results)
    except _Refused as refused:
        return [_undone(result) for result in refused.results]


def _tolerant(
    unit: Unit, compiled: CompiledObject, step: Step, chunk: Sequence[Row]
) -> list[BulkResult]:
    """Run a chunk; where a value is found twice, go row by row to find out which."""
    try:
        with unit.tx.savepoint():
            return step(chunk)
    except (UniqueViolated, PatronError):
        results = []
        for row in chunk:
            results.extend(_alone(unit, compiled, step, row))
        return results


def _alone(unit: Unit, compiled: CompiledObject, step: Step, row: Row) -> list[BulkResult]:
    try:
        with unit.tx.savepoint():
            return step([row])
    except UniqueViolated as violated:
        return [_failed(row[0], unique_conflict(unit, compiled, violated))]
    except PatronError as refused:
        return [_failed(row[0], refused)]


def _step(
    unit: Unit, compiled: CompiledObject, operation: str, match: str | None, upsert: Upsert
) -> Step:
    if operation == "create":
        return lambda chunk: _results(
            chunk, create(unit, compiled, [row for _, row in chunk]), CREATED
        )
    if operation == "update":
        return lambda chunk: _update(unit, compiled, chunk)
    if operation == "delete":
        return lambda chunk: [_delete(unit, compiled, index, row) for index, row in chunk]
    if not match:
        message = "An upsert needs to know which external id to match by."
        raise RequestInvalid(message, code="Q108", hint="add match=FIELD")
    return lambda chunk: [_upsert(unit, upsert, match, index, row) for index, row in chunk]


def _update(unit: Unit, compiled: CompiledObject, chunk: Sequence[Row]) -> list[BulkResult]:
    results: dict[int, BulkResult] = {}
    changes: list[tuple[int, Change]] = []
    for index, row in chunk:
        record_id = row.get("id")
        if isinstance(record_id, bool) or not isinstance(record_id, int):
            results[index] = _failed(index, _no_id())
            continue
        given = {key: value for key, value in row.items() if key not in {"id", "version"}}
        version = row.get("version")
        expected = version if isinstance(version, int) else None
        changes.append((index, Change(id=record_id, given=given, expected_version=expected)))
    if changes:
        outcomes = change(unit, compiled, [wanted for _, wanted in changes])
        for (index, wanted), outcome in zip(changes, outcomes, strict=True):
            results[index] = _result(index, outcome, DONE, wanted.id)
    return [results[index] for index, _ in chunk]


def _delete(
    unit: Unit, compiled: CompiledObject, index: int, row: Mapping[str, object]
) -> BulkResult:
    record_id = row.get("id")
    if isinstance(record_id, bool) or not isinstance(record_id, int):
        return _failed(index, _no_id())
    try:
        with unit.tx.savepoint():
            bins.delete(unit, compiled, record_id)
    except PatronError as refused:
        return _failed(index, refused)
    return BulkResult(index=index, status=GONE, id=record_id)


def _upsert(
    unit: Unit, upsert: Upsert, match: str, index: int, row: Mapping[str, object]
) -> BulkResult:
    key = row.get(match)
    if key in (None, ""):
        error = FieldError(
            field=match, code="R105", message=say("{name} says which record it is.", name=match)
        )
        return _failed(index, RequestInvalid("The row has no key.", code="Q108", errors=(error,)))
    try:
        with unit.tx.savepoint():
            record, is_new = upsert(match, key, row)
    except PatronError as refused:
        return _failed(index, refused)
    return _result(index, record, CREATED if is_new else DONE, None)


def _results(chunk: Sequence[Row], outcomes: Sequence[Outcome], status: int) -> list[BulkResult]:
    pairs = zip(chunk, outcomes, strict=True)
    return [_result(index, outcome, status, None) for (index, _), outcome in pairs]


def _result(index: int, outcome: Outcome, status: int, record_id: int | None) -> BulkResult:
    if isinstance(outcome, PatronError):
        return BulkResult(index=index, status=outcome.status, id=record_id, error=outcome)
    return BulkResult(index=index, status=status, id=_id(outcome))


def _failed(index: int, error: PatronError) -> BulkResult:
    return BulkResult(index=index, status=error.status, error=error)


def _undone(result: BulkResult) -> BulkResult:
    """In an atomic call that failed, good rows were undone too and say so."""
    if result.error is not None:
        return result
    message = say("Nothing was saved, because another row of this call was refused.")
    return _failed(result.index, RequestInvalid(message, code="Q109", status=409))


def _no_id() -> PatronError:
    return NotFound(say("The row has no `id`, or it is no whole number."))


def _id(record: Record) -> int:
    return int(record["id"])  # type: ignore[arg-type]  # ids are integers


def _hashable(key: object) -> object:
    return key if isinstance(key, int | str | None) else repr(key)
