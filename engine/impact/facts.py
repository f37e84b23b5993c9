"""What people ask of a change beside its counts: when values were last written, who used them.

Separate from the counts, because nobody consents to these. Dates are text (UTC), so that a plan
stays a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a change; what is empty or 0 does not apply.

    `distinct`: different values of a retired field. `last_written`: the day on which a record that
    holds one was last saved. `kept_until`: the day from which a purge may take them. `used_by`:
    components that named it so far. `in_use`: removed picklist values that records hold, each with
    how many. `rewritten`: expressions and lists that follow a new name. `in_flight`: requests and
    runs under way that stay on their revision.
    """

    distinct: int = 0
    last_written: str = ""
    kept_until: str = ""
    used_by: tuple[str, ...] = ()
    in_use: tuple[tuple[str, int], ...] = ()
    rewritten: int = 0
    in_flight: int = 0

    def as_json(self) -> Mapping[str, object]:
        """Give what is known, by name."""
        found: dict[str, object] = {
            "distinct": self.distinct,
            "last_written": self.last_written,
            "kept_until": self.kept_until,
            "used_by": list(self.used_by),
            "in_use": dict(self.in_use),
            "rewritten": self.rewritten,
            "in_flight": self.in_flight,
        }
        return {name: value for name, value in found.items() if value}


NOTHING_TO_TELL = Facts()
