"""What automation remembers of a transaction: records as they were found, and what fired for them.

A workflow fires at most once per record and transaction, and ISCHANGED compares with the record as
the transaction found it, however often it is saved meanwhile. A savepoint that is undone takes back
what was noted since: `Tx.held` keeps the length of the log, which is cut when it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.model.fields.base import Value
from engine.store.tx import Tx

_MARK = "automation: notes that hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A record that this transaction has saved: as it was found, and the workflows that fired.

    `found` is None for a record that the transaction created. `version`: that of the last save.
    """

    found: Mapping[str, Value] | None
    fired: frozenset[str]
    version: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """A record as a save left it: whole, with what its expressions read.

    `reasons`: why formulas came out blank; `writes`: of the transaction, when that was so.
    """

    values: Mapping[str, Value]
    reasons: Mapping[str, str]
    writes: int


@dataclass(slots=True)
class Memory:
    """Records that were saved in one transaction, by id.

    `depth`: how many workflows are at work, each started by what the one before it wrote.
    """

    tx: Tx
    depth: int = 0
    _met: dict[int, Met] = field(default_factory=dict)
    _log: list[tuple[int, Met | None]] = field(default_factory=list)
    _known: dict[int, Known] = field(default_factory=dict)

    def of(self, record: int) -> Met | None:
        """Give what is known of a record, None for one not saved yet."""
        self._take_back()
        return self._met.get(record)

    def note(self, record: int, met: Met) -> None:
        """Remember a save that was written."""
        self._take_back()
        self._log.append((record, self._met.get(record)))
        self._met[record] = met
        self.tx.held[_MARK] = len(self._log)

    def keep(self, record: int, values: Mapping[str, Value], reasons: Mapping[str, str]) -> None:
        """Keep a record as it was just written; true until anything else is written or undone."""
        self._known[record] = Known(values, reasons, self.tx.writes)

    def known(self, record: int) -> Known | None:
        """Give a record as it was written, if nothing was written or undone since."""
        found = self._known.get(record)
        return found if found is not None and found.writes == self.tx.writes else None

    def _take_back(self) -> None:
        """Forget what was noted inside a savepoint that is undone."""
        holds = self.tx.held.get(_MARK, 0)
        while len(self._log) > holds:
            record, before = self._log.pop()
            if before is None:
                del self._met[record]
            else:
                self._met[record] = before
