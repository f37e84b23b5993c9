"""Pages that give a refused form back: 200 for browsers, and what it was in a header.

Separate from the faces, because all of them do so. A browser writes every answer of 400 and above
into its console as a failure, whoever asked for it, and a form that comes back with what is wrong
is none: nothing failed, somebody reads on. The REST interface keeps its statuses. Pages that say no
altogether (403, 404), that ask for patience (429, 503) or that broke keep theirs too.
See docs/decisions/refused-forms-answer-200.md.
"""

from __future__ import annotations

from flask import Response

STATUS = "Patron-Status"
REFUSED = frozenset({409, 422})
_PAGE = "text/html"


def settle(response: Response) -> Response:
    """Answer a refused form with the page that it is; an `after_request`."""
    if response.status_code in REFUSED and response.mimetype == _PAGE:
        response.headers[STATUS] = str(response.status_code)
        response.status_code = 200
    return response
