"""What a list's filter finds as a CSV file, for those who may export.

The headings are the paths of the columns, so that `patron import` reads the file back. Texts that a
spreadsheet would take for a formula are guarded, and the audit notes who took how much along.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace

from deploy_tool.cli.commands.export_records import csv_text
from engine.errors import AccessDenied, RequestInvalid
from engine.saving.noting import note
from engine.session import ListRequest, Record, Session
from ui.columns import paths_of
from ui.listing.asked import Asked
from ui.listing.page import make_listing, shown_columns
from web.frame import Frame
from web.texts import say

PERMISSION = "export_data"
MOST = 10_000  # records of one file
_PAGE = 1000


def may_export(session: Session) -> bool:
    """Tell whether the visitor may take records along."""
    return PERMISSION in session.unit.access.permissions


def export_list(session: Session, frame: Frame, asked: Asked) -> str:
    """Give the records of a list as CSV, at one instant; the transaction must write.

    Raises: AccessDenied A100; NotFound N100; RequestInvalid for an order or filter that cannot be.
    """
    if not may_export(session):
        message = say("Your permissions do not let you export records.")
        raise AccessDenied(message, hint=say("an administrator can give you export_data"))
    listing, _views = make_listing(session, frame, asked)
    filters = listing.read_filters()
    for one in filters:
        if one.problem:  # left out, it would let out more than was asked for
            raise RequestInvalid(f"{one.text}: {one.problem}", code="Q101", hint=one.hint)
    paths = ("id", *paths_of(shown_columns(listing)))
    request = replace(listing.request((), filters), fields=paths, limit=_PAGE)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(paths)
    count = 0
    for record in _records(session, replace(request, after=None)):
        writer.writerow([csv_text(record.get(path)) for path in paths])
        count += 1
    detail = {"records": count, "format": "csv"}
    note(session.unit, "export", listing.compiled.name, detail)
    return written.getvalue()


def _records(session: Session, request: ListRequest) -> Iterator[Record]:
    left = MOST
    while left > 0:
        page = session.list(replace(request, limit=min(_PAGE, left)))
        yield from page.records
        left -= len(page.records)
        if page.next is None:
            return
        request = replace(request, after=page.next)
