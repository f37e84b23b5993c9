"""Why somebody opens what belongs to another person: said before, and kept by the audit.

Separate because working as somebody and resetting a second factor ask for it in the same words.
"""

from __future__ import annotations

from engine.errors import FieldError, RecordInvalid
from engine.locale import say

LEAST, MOST = 3, 500  # characters


def read_reason(text: str) -> str:
    """Give the reason without blanks around it. Raises: RecordInvalid R200, at `reason`."""
    reason = " ".join(text.split())
    if LEAST <= len(reason) <= MOST:
        return reason
    message = say("Say why: at least 3 and at most 500 characters. The audit keeps it.")
    error = FieldError(field="reason", code="R200", message=message)
    raise RecordInvalid(message, code="R200", errors=(error,))
