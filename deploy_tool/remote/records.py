"""Records of another machine, under the rights of whom the token stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy_tool.exits import UsageWrong
from deploy_tool.looking import Answer, entries
from deploy_tool.remote.client import LONG_PATIENCE, Client, segment

Row = Mapping[str, object]
PAGE = 1000
UNNAMED = ""  # the field of an error that is about none


@dataclass(frozen=True, slots=True)
class RemoteRecords:
    """See `Records`."""

    client: Client

    def read(self, name: str, object: str, where: str | None) -> tuple[list[str], list[Row]]:
        """Give the fields of an object and every record that meets a condition, page by page."""
        self._ensure_own(name)
        fields = self.client.get(f"/objects/{segment(object)}")["fields"]
        names = [str(field) for field in fields] if isinstance(fields, Mapping) else []
        found: list[Row] = []
        after: str | None = ""  # the first page comes after nothing
        while after is not None:
            page = self.client.get(
                f"/records/{segment(object)}",
                where=where or "",
                sort="id",
                limit=PAGE,
                after=after,
            )
            found.extend(entries(page, "records"))
            after = None if page["next"] is None else str(page["next"])
        return names, found

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
        self._ensure_own(name)
        found = self.client.send(
            "POST",
            f"/records/{segment(object)}/bulk",
            query={
                "operation": "upsert" if match else "create",
                "atomic": "true",
                "match": match or "",
                "dry_run": "true" if is_trial else "",
            },
            body=list(rows),
            patience=LONG_PATIENCE,
        )
        return [_refused(one) for one in entries(found, "results") if "errors" in one]

    def _ensure_own(self, name: str) -> None:
        """Refuse another environment's records: a token opens one. Raises: UsageWrong U126."""
        address = self.client.address
        if name == address.environment:
            return
        base = address.text.removesuffix(address.path)
        other = base if name == "production" else f"{base}/e/{name}"
        message = f"Records of {name} need a token of {name}: PATRON_URL={other}"
        raise UsageWrong(message=message, code="U126", hint=f"patron login {other} keeps one")


def _refused(result: Answer) -> Answer:
    """Give a refused row as its error says it at home."""
    errors = [one for one in entries(result, "errors") if one.get("field") != UNNAMED]
    return {
        "row": result["index"],
        "code": result["code"],
        "message": result["message"],
        "hint": result.get("hint", ""),
        "errors": errors,
        "status": result["status"],
    }
