"""What a plan tells of one operation beside its counts: facts for people, none of them decisive.

Separate from planning, which decides; here the running and the coming configuration are compared
for what follows a rename, what used a retired component, and until when its values are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from deploy_tool.plans.policy import Policy
from deploy_tool.sources.trees import Running
from engine.compiled import Model
from engine.diff import Add, Operation, Rename, Restore, Retire, property_changes
from engine.impact import NOTHING_TO_TELL, Counting, Facts
from engine.names import ComponentKey, split_key
from engine.source import SourceTree
from engine.store.platform.in_flight import KINDS, count_in_flight

_KEEPING = frozenset({"field", "object"})  # kinds whose values outlive them


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What is known of both sides of a plan. `renames`: former key -> key."""

    running: Running
    result: SourceTree
    renames: Mapping[ComponentKey, ComponentKey]
    previous: Model | None
    model: Model
    counting: Counting | None
    policy: Policy

    def facts(self, operation: Operation) -> Facts:
        """Tell of an operation. Cost: O(components) for a retirement or a rename, else nothing."""
        found = NOTHING_TO_TELL if self.counting is None else self.counting.facts(operation)
        if not isinstance(operation, Add | Restore):
            former = operation.former if isinstance(operation, Rename) else operation.component
            found = replace(found, in_flight=self._in_flight(former))
        if isinstance(operation, Retire):
            return self._of_retired(operation.component, found)
        if isinstance(operation, Rename):
            return replace(found, rewritten=self._rewritten(operation))
        return found

    def _in_flight(self, key: ComponentKey) -> int:
        """Count what is under way by a definition of the running version."""
        if self.counting is None or split_key(key)[0] not in KINDS:
            return 0
        return count_in_flight(self.counting.before.tx, key)

    def _of_retired(self, key: ComponentKey, found: Facts) -> Facts:
        kind, path = split_key(key)
        used = () if self.previous is None else self.previous.links.used_by(key)
        # What goes with an object is named by it anyway.
        others = [u for u in used if kind != "object" or path[0] not in split_key(u)[1]]
        until = datetime.now(UTC) + timedelta(days=self.policy.retention_retired)
        return replace(
            found,
            used_by=tuple(sorted(others)),
            kept_until=f"{until:%Y-%m-%d}" if kind in _KEEPING else "",
        )

    def _rewritten(self, operation: Rename) -> int:
        """Count the properties elsewhere in which the new name stands for the old one."""
        former, name = (split_key(key)[1][-1] for key in (operation.former, operation.component))
        if self.previous is None or former == name:
            return 0
        return sum(
            _follows(before, after, former, name)
            for user in self.previous.links.used_by(operation.former)
            for before, after in self._texts(user)
        )

    def _texts(self, user: ComponentKey) -> Iterator[tuple[str, str]]:
        """Give the texts of a component that changed, before and after."""
        old = self.running.tree.docs.get(user)
        new = self.result.docs.get(self.renames.get(user, user))
        if old is not None and new is not None and old.digest != new.digest:
            for change in property_changes(old.data, new.data):
                yield str(change.before), str(change.after)


def _follows(before: str, after: str, former: str, name: str) -> bool:
    """Tell whether a text says the new name where it said the old one."""
    had, has = (
        re.search(rf"\b{re.escape(word)}\b", text)
        for word, text in ((former, before), (name, after))
    )
    return had is not None and has is not None
