"""Records of this machine's environments, read and saved for the commands `export` and `import`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from deploy_tool.installation import Installation
from deploy_tool.looking import Answer
from engine.session import BulkResult, ListRequest, Record, Session, run
from engine.store.platform import audit
from engine.store.platform.enter import SystemCredential

Row = Mapping[str, object]
PAGE = 1000  # records per statement


class _Trial(Exception):  # undoes the transaction of a trial; no error
    def __init__(self, results: Sequence[BulkResult]) -> None:
        super().__init__("only tried")
        self.results = results


@dataclass(frozen=True, slots=True)
class LocalRecords:
    """See `Records`."""

    installation: Installation

    def read(self, name: str, object: str, where: str | None) -> tuple[list[str], list[Row]]:
        """Give the fields of an object and every record that meets a condition, at one instant.

        Who took how much of what along is noted; conditions may hold personal values.
        """

        def work(session: Session) -> tuple[list[str], list[Row]]:
            described = session.describe(object)["fields"]
            names = [str(name) for name in described] if isinstance(described, Mapping) else []
            return names, list(_records(session, object, where))

        environment = self.installation.environment(name)
        credential = SystemCredential(self.installation.as_email)
        names, records = run(environment, credential, work, write=False)
        with environment.database.write() as tx:
            audit.note(
                tx,
                at=self.installation.clock.now(),
                actor=self.installation.actor,
                action="export",
                target=object,
                detail={"records": len(records)},
            )
        return names, records

    def save(
        self,
        name: str,
        object: str,
        rows: Sequence[Row],
        *,
        match: str | None,
        is_trial: bool,
    ) -> list[Answer]:
        """Save rows, all or none; give the refused ones: `row` (0-based), and their error."""
        operation = "upsert" if match else "create"

        def work(session: Session) -> Sequence[BulkResult]:
            results = session.bulk(object, operation, rows, atomic=True, match=match)
            if is_trial:
                raise _Trial(results)
            return results

        credential = SystemCredential(self.installation.as_email)
        environment = self.installation.environment(name)
        try:
            results = run(environment, credential, work, write=True, source="import")
        except _Trial as tried:
            results = tried.results
        return [
            {"row": result.index, **result.error.as_json()}
            for result in results
            if result.error is not None
        ]


def _records(session: Session, name: str, where: str | None) -> Iterator[Record]:
    """Read every page at one instant, in order of the id."""
    after = None
    while True:
        request = ListRequest(object=name, where=where, sort=("id",), limit=PAGE, after=after)
        page = session.list(request)
        yield from page.records
        after = page.next
        if after is None:
            return
