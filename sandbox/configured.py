"""Configuration data: the records of `data:` components, created or updated by their external id.

They travel with the configuration (products, price books) and are never deleted. Separate from
copying a configuration, because they are records and go through `Session`.
"""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

from engine.compiled import Model
from engine.names import FieldName, ObjectName
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.platform.enter import SystemCredential

Found = dict[tuple[str, str], int]
Data = Mapping[str, Mapping[str, object]]


def load_configured(environment: Environment) -> Found:
    """Bring the records of the head's `data:` components up to what they say.

    Returns: the id of each, by object and external id. Raises: as `create` and
    `update` of `Session`; then nothing is changed.
    """

    def work(session: Session) -> Found:
        model, found = session.snapshot.model, Found()
        components: Data = model.declared.get("data", {})
        for name in _order(model, components):
            _load(session, model, components[name], found)
        return found

    return run(environment, SystemCredential(), work, write=True, source="import")


def _order(model: Model, components: Data) -> list[str]:
    """Give the components so that the objects which others point at come first."""
    of: dict[str, list[str]] = {}
    for name, component in components.items():
        of.setdefault(str(component["object"]), []).append(name)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for owner in of:
        fields = model.objects[ObjectName(owner)].fields.values()
        targets = {str(target) for field in fields for target in field.decl.targets}
        sorter.add(owner, *sorted((targets & of.keys()) - {owner}))
    return [name for owner in sorter.static_order() for name in of[owner]]


def _load(session: Session, model: Model, component: Mapping[str, object], found: Found) -> None:
    name, match = ObjectName(str(component["object"])), str(component["match"])
    records = component["records"]
    assert isinstance(records, list | tuple)  # the schema of the kind says so
    for record in records:
        values = {key: _value(model, name, key, value, found) for key, value in record.items()}
        key = values.pop(match)
        found[name, str(key)] = _save(session, name, match, key, values)


def _save(
    session: Session, name: ObjectName, match: str, key: object, values: Mapping[str, object]
) -> int:
    """Create the record, or change what differs; one that says the same keeps its version."""
    known = session.find(name, match, key)
    if known is None:
        saved = session.create(name, {**values, match: key})
        return int(saved["id"])  # type: ignore[arg-type]  # ids are integers
    current = session.get(name, known)
    changed = {field: value for field, value in values.items() if current.get(field) != value}
    if changed:
        session.update(name, known, changed)
    return known


def _value(model: Model, name: ObjectName, field: str, value: object, found: Found) -> object:
    """Give a value as `Session` takes it: the external id of a lookup becomes the record's id."""
    declared = model.objects[name].fields[FieldName(field)].decl
    for target in declared.targets:
        if (str(target), str(value)) in found:
            return found[str(target), str(value)]
    return value
