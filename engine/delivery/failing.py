"""Why an effect was not delivered, and whether another attempt may help.

The sentences stand in the outbox and are read by admins: they name the endpoint and what happened,
and never an address with its variables filled in, a header, or what the other side answered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from engine.errors import PatronError


@dataclass(eq=False)
class DeliveryFailed(PatronError):
    """An effect did not go out. `is_final`: trying again changes nothing until somebody acts.

    `lacks_setup`: nobody was asked, because the installation lacks what it needs; no attempt.
    """

    message: str = "It could not be delivered."
    code: str = "W144"
    status: int = 502
    is_final: bool = False
    lacks_setup: bool = False
    retry_after: timedelta = field(default=timedelta())  # what the other side asked for
