"""What a save of people may never do: leave an environment without an administrator.

Separate from the pipeline: it looks at memberships, which are no records, after the write.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from engine.compiled import CompiledObject
from engine.saving.unit import Unit
from engine.store.platform.members import keeping_administrator

_USER = "user"


def keeping(unit: Unit, compiled: CompiledObject) -> AbstractContextManager[None]:
    """Guard a change or a delete of users; costs nothing for other objects.

    Raises at the end of the block: Conflict C122.
    """
    return keeping_administrator(unit.tx) if compiled.name == _USER else nullcontext()
