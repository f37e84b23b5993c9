"""Merging on the screen: records side by side, a choice for each field, and the one that stays.

Reached from a list's selection, from a record and from a warning of duplicates, always at the same
address: /o/OBJECT/merge?ids=1,2. With one record it offers others that are called alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from engine.compiled import CompiledField, CompiledObject
from engine.errors import Conflict, PatronError, RecordInvalid, RecordLocked, RequestInvalid
from engine.saving.merging import MOST
from engine.session import Candidate, ListRequest, Session, Wanted
from ui.cells import Cell, Cells
from ui.columns import Column, find_column, paths_of
from ui.forms import is_editable
from ui.listing.mass import read_ids
from ui.sentences import say_error
from web.answers import go
from web.frame import Frame, make_frame, object_label, page
from web.texts import say
from web.visit import visit

FROM, VERSION, KEPT = "from.", "version.", "kept"
OFFERED = 8  # records called alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the records. `said`: who owns it and since when it is there."""

    id: int
    title: str
    href: str
    said: str
    version: str
    may_keep: bool
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The value of a field in one of the records."""

    id: int
    cell: Cell
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A field in which the records differ."""

    name: str
    label: str
    options: Sequence[Option]


def add_merging(blueprint: Blueprint) -> None:
    """Name the address."""
    rule = "/o/<name>/merge"
    blueprint.add_url_rule(rule, "ask_merge", ask_merge)
    blueprint.add_url_rule(rule, "merge", merge, methods=["POST"])


def ask_merge(name: str) -> Response:
    """Show records side by side; of one alone, others that it may be merged with."""
    return _shown(name, request.args)


def merge(name: str) -> Response:
    """Merge them and lead to the one that stays, or give the page back with the reason."""
    form = request.form
    ids = _ids(form)
    kept = next(iter(read_ids([form.get(KEPT, "")])), 0)
    if kept not in ids:
        return _shown(name, form, [say("Choose which record stays.")], status=422)
    wanted = Wanted(
        others={one: _version(form, one) for one in ids if one != kept},
        values={},
        taken=_taken(form, kept),
        expected_version=_version(form, kept),
    )
    try:
        visit().write(lambda s: s.merging.merge(s.compiled(name), kept, wanted))
    except (Conflict, RecordInvalid, RecordLocked, RequestInvalid) as error:
        return _shown(name, form, _sentences(name, error), status=error.status)
    return go(f"{visit().root}/o/{name}/{kept}")


def _shown(
    name: str,
    given: MultiDict[str, str],
    problems: Sequence[str] = (),
    status: int = 200,
) -> Response:
    def work(session: Session) -> dict[str, object]:
        frame = make_frame(session, visit())
        return _Page(session, frame, session.compiled(name), given).gather(problems)

    return page("ui/merge.html", visit().read(work), status=status)


def _ids(given: MultiDict[str, str]) -> list[int]:
    """Read the records that are meant: `ids=1,2`, `ids=1&ids=2`."""
    return read_ids([text for many in given.getlist("ids") for text in many.split(",")])


def _version(form: MultiDict[str, str], record: int) -> int | None:
    return next(iter(read_ids([form.get(f"{VERSION}{record}", "")])), None)


def _taken(form: MultiDict[str, str], kept: int) -> dict[str, int]:
    """Read field by field whose value is taken; what the kept record has already is left out."""
    read = {
        key.removeprefix(FROM): next(iter(read_ids([text])), kept)
        for key, text in form.items()
        if key.startswith(FROM)
    }
    return {name: source for name, source in read.items() if source != kept}


def _sentences(name: str, error: PatronError) -> list[str]:
    """Say what was refused, in the visitor's words."""

    def work(session: Session) -> list[str]:
        fmt = make_frame(session, visit()).formats
        compiled = session.compiled(name)
        said = []
        for one in getattr(error, "errors", ()):
            column = find_column(session, compiled.name, one.field) if one.field else None
            label = "" if column is None else f"{column.label}: "
            said.append(f"{label}{say_error(one, column, fmt)}")
        hint = f" ({error.hint})" if error.hint else ""
        return said or [f"{error.message}{hint}"]

    return visit().read(work)


class _Page:
    """Gathers the page."""

    def __init__(
        self, session: Session, frame: Frame, compiled: CompiledObject, given: MultiDict[str, str]
    ) -> None:
        self.session, self.frame, self.object, self.given = session, frame, compiled, given
        self.cells = Cells(session, frame.formats, frame.root)
        self.base = f"{frame.root}/o/{compiled.name}"

    def gather(self, problems: Sequence[str]) -> dict[str, object]:
        """Give what `ui/merge.html` shows."""
        asked = _ids(self.given)
        columns = list(self._columns())
        found = self._read(asked[: MOST + 1], columns)
        self.cells.load(columns, [one.record for one in found])
        is_ready = 1 < len(found) <= MOST
        kept = self._kept(found)
        return {
            "compiled": self.object,
            "object_name": str(self.object.name),
            "plural": object_label(self.session.snapshot, self.object.name, "plural"),
            "base": self.base,
            "action": f"{self.base}/merge",
            "problems": list(problems),
            "too_many": len(asked) > MOST,
            "most": MOST,
            "sides": [self._side(one, kept) for one in found],
            "is_ready": is_ready,
            "may_merge": is_ready and self._may(found),
            "rows": list(self._rows(found, columns, kept)) if is_ready else [],
            "pointing": self._pointing(found) if is_ready else [],
            "query": self.given.get("q", ""),
            "alike": [] if is_ready or len(found) > 1 else self._alike(found),
            "frame": self.frame,
            "fmt": self.frame.formats,
        }

    def _read(self, ids: Sequence[int], columns: Sequence[Column]) -> list[Candidate]:
        """Read the records with the names of what they point at, in one statement."""
        paths = paths_of(columns)
        return list(self.session.merging.candidates(self.object, ids, paths))

    def _kept(self, found: Sequence[Candidate]) -> int:
        """Choose the record that stays: as was said, else the oldest that may be changed."""
        wanted = next(iter(read_ids([self.given.get(KEPT, "")])), 0)
        ids = sorted(_id(one) for one in found if one.may_keep)
        return wanted if wanted in ids else next(iter(ids), 0)

    def _may(self, found: Sequence[Candidate]) -> bool:
        """Tell whether one may stay while all the others may go."""
        return any(
            one.may_keep and all(other.may_go for other in found if other is not one)
            for one in found
        )

    def _side(self, one: Candidate, kept: int) -> Side:
        record = one.record
        owner = self.cells.column(self.object.name, "owner")
        since = self.cells.column(self.object.name, "created_at")
        parts = [
            self.cells.cell(column, record).text
            for column in (owner, since)
            if column is not None and record.get(column.path) is not None
        ]
        number = _id(one)
        return Side(
            id=number,
            title=self.cells.title(self.object, record),
            href=f"{self.base}/{number}",
            said=" · ".join([f"#{number}", *parts]),
            version=str(record.get("version") or ""),
            may_keep=one.may_keep,
            is_kept=number == kept,
        )

    def _columns(self) -> Iterable[Column]:
        """Give the fields that may be chosen, and those that tell which record it is."""
        telling = {"owner", "created_at", str(self.object.title)}
        for name, known in self.object.fields.items():
            if str(name) in telling or self._may_choose(known):
                column = self.cells.column(self.object.name, str(name))
                if column is not None:
                    yield column

    def _may_choose(self, known: CompiledField) -> bool:
        """Tell whether the visitor reads a field of the configuration and may change it."""
        is_open = is_editable(self.session, self.object, known, is_new=False)
        return is_open and not known.is_platform

    def _rows(
        self, found: Sequence[Candidate], columns: Sequence[Column], kept: int
    ) -> Iterable[Row]:
        for column in columns:
            values = [one.record.get(column.path) for one in found]
            if not self._may_choose(column.field) or all(value == values[0] for value in values):
                continue
            chosen = self._chosen(column.path, found, kept)
            yield Row(
                name=column.path,
                label=column.label,
                options=[
                    Option(
                        id=_id(one),
                        cell=self.cells.cell(column, one.record),
                        is_chosen=_id(one) == chosen,
                    )
                    for one in found
                ],
            )

    def _chosen(self, name: str, found: Sequence[Candidate], kept: int) -> int:
        """Choose whose value is taken: as was said, else the kept one's, else one that is there."""
        ids = [_id(one) for one in found]
        wanted = next(iter(read_ids([self.given.get(f"{FROM}{name}", "")])), 0)
        if wanted in ids:
            return wanted
        holding = [_id(one) for one in found if one.record.get(name) not in (None, "", ())]
        return kept if kept in holding or not holding else holding[0]

    def _pointing(self, found: Sequence[Candidate]) -> list[str]:
        counted = self.session.merging.pointing(self.object, [_id(one) for one in found])
        snapshot, fmt = self.session.snapshot, self.frame.formats
        return [
            f"{object_label(snapshot, name, 'plural')}: {fmt.number(number)}"
            for name, number in counted.items()
        ]

    def _alike(self, found: Sequence[Candidate]) -> list[Side]:
        """Offer records whose name holds what was typed, or the first word of this one's."""
        title = str(self.object.title or "")
        first = self.cells.title(self.object, found[0].record) if found else ""
        word = self.given.get("q", "").strip() or next(iter(first.split()), "")
        if not word or not title or self.cells.column(self.object.name, title) is None:
            return []
        typed = word.replace("\\", "").replace('"', "")
        wanted = ListRequest(
            object=str(self.object.name),
            where=f'CONTAINS(LOWER({title}), LOWER("{typed}"))',
            fields=("id",),
            limit=OFFERED,
        )
        rows = self.session.list(wanted).records
        known = {_id(one) for one in found}
        ids = [int(str(row["id"])) for row in rows]
        columns = list(self._columns())
        alike = self._read([i for i in ids if i not in known], columns)
        self.cells.load(columns, [one.record for one in alike])
        return [self._side(one, 0) for one in alike]


def _id(one: Candidate) -> int:
    found: Mapping[str, object] = one.record
    return int(str(found["id"]))
