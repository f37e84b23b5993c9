"""What a change of configuration means to the records that are there, by exact counts.

`counting`: per operation, which values go out of sight and which records would no longer pass;
`rules`: those that validation rules would refuse, many rules in one look at a table.
`visibility`: which records each role would see more or fewer. Reads, never writes; imports the
store and what lies below it.
"""

from engine.impact.counting import (
    UNCOUNTED,
    UNTOUCHED,
    Counting,
    Impact,
    nobodys_context,
)
from engine.impact.facts import NOTHING_TO_TELL, Facts
from engine.impact.rules import READ_AT_MOST
from engine.impact.visibility import Seen, Visibility

__all__ = [
    "NOTHING_TO_TELL",
    "READ_AT_MOST",
    "UNCOUNTED",
    "UNTOUCHED",
    "Counting",
    "Facts",
    "Impact",
    "Seen",
    "Visibility",
    "nobodys_context",
]
