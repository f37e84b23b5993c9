"""Who changed which property of a component, when and why: read from the journal of versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson

from engine.diff import property_changes
from engine.errors import NotFound
from engine.names import ComponentKey
from engine.store.platform.journal import Change, load_blame, load_changes
from engine.store.platform.versions import Version, load_revisions
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """One property as it is now, and the version that made it so. An absent one was removed."""

    property: str
    value: object
    version: Version


def blame(tx: Tx, component: ComponentKey) -> list[Blame]:
    """Give the properties of a component, each with the last version that changed it.

    A component that is gone shows who removed it. Raises: NotFound N120 when it never was.
    """
    versions = {version.number: version for version in load_blame(tx, component)}
    if not versions:
        raise NotFound(f'There never was a component "{component}" here.', code="N120")
    changes = [c for c in load_changes(tx) if c.component == component]
    states = _states(tx, component, changes)
    found: dict[str, Blame] = {}
    for change in changes:
        before, after = states.get(change.before, {}), states.get(change.after, {})
        for one in property_changes(before, after):
            found[one.pointer] = Blame(
                property=one.pointer, value=one.after, version=versions[change.version]
            )
    return [one for name, one in found.items() if not _is_covered(name, found)]


def _is_covered(name: str, found: Mapping[str, Blame]) -> bool:
    """Tell whether a wider property was changed later than this one."""
    parts = name.split(".")
    wider = (".".join(parts[:count]) for count in range(1, len(parts)))
    number = found[name].version.number
    return any(w in found and found[w].version.number >= number for w in wider)


def _states(
    tx: Tx, component: ComponentKey, changes: list[Change]
) -> dict[str | None, Mapping[str, object]]:
    digests = {d for c in changes for d in (c.before, c.after) if d is not None}
    states: dict[str | None, Mapping[str, object]] = {}
    for digest in digests:
        ((_, data, _),) = load_revisions(tx, [(component, digest)])
        states[digest] = orjson.loads(data)
    return states
