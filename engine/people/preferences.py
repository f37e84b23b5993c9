"""Language and time zone: what every user may choose for themselves, whatever their rights."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import available_timezones

from engine.errors import FieldError, RecordInvalid
from engine.store.platform.preferences import set_preferences
from engine.store.tx import Tx


def choose_preferences(
    tx: Tx,
    user: int,
    *,
    language: str,
    time_zone: str,
    languages: Iterable[str],
    at: datetime,
) -> None:
    """Keep what a user chose; "" leaves the choice to the browser and the project.

    Args:
        tx: A writing transaction of the environment.
        user: Whose record is changed: their own.
        language: One of `languages`, or "".
        time_zone: A name of the IANA database such as Europe/Paris, or "".
        languages: Those the project has.
        at: Now, aware.

    Raises: RecordInvalid R100 with R150 at the field that is not known.
    """
    errors = []
    if language and language not in set(languages):
        message = f'This installation has no language "{language[:40]}".'
        errors.append(FieldError(field="language", code="R150", message=message))
    if time_zone and time_zone not in available_timezones():
        message = f'There is no time zone "{time_zone[:60]}".'
        hint = "write it like Europe/Paris"
        errors.append(FieldError(field="time_zone", code="R150", message=message, hint=hint))
    if errors:
        raise RecordInvalid(errors=tuple(errors))
    set_preferences(tx, user, language=language or None, time_zone=time_zone or None, at=at)
