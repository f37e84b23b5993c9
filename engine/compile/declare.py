"""Second pass: every field of every object becomes a declaration, before any expression is read.

Objects whose own components are unchanged keep the declarations of the previous model.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.compile.work import Parts, Work
from engine.compiled import CompiledObject
from engine.model.declarations import Field
from engine.model.fields.base import BadValue
from engine.model.fields.registry import declare_field, with_result_of
from engine.model.platform import platform_fields
from engine.names import FieldName, ObjectName
from engine.source import SourceDoc

MAX_LEVELS = 5  # of roll-ups over roll-ups
NO_FIELDS: Mapping[FieldName, Field] = MappingProxyType({})


def declare(work: Work) -> None:
    """Fill `declared` with the fields of each object: own ones in order, the platform's last."""
    shared = _shared_picklists(work)
    work.declared_alone = work.lazily(work.parts, lambda name: _alone(work, name, shared))
    work.declared = work.lazily(work.parts, lambda name: _with_roll_ups(work, name))


def _alone(
    work: Work, name: ObjectName, picklists: Mapping[str, Mapping[str, object]]
) -> Mapping[FieldName, Field]:
    """Declare the fields of one object, before roll-ups know the type of what they sum."""
    kept = reusable(work, name)
    if kept is None:
        return MappingProxyType(_declare_object(work, work.parts[name], picklists))
    return MappingProxyType({field: compiled.decl for field, compiled in kept.fields.items()})


def _with_roll_ups(work: Work, name: ObjectName) -> Mapping[FieldName, Field]:
    alone = work.declared_alone[name]
    if all(field.type != "roll_up" for field in alone.values()):
        return alone
    return MappingProxyType({key: _typed(work, field) for key, field in alone.items()})


def _typed(work: Work, field: Field, level: int = 0) -> Field:
    """Give a roll-up the type of what it sums, which may be a roll-up itself."""
    if field.type != "roll_up" or level > MAX_LEVELS:
        return field
    child = work.declared_alone.get(ObjectName(str(field.option("from"))), NO_FIELDS)
    of = child.get(FieldName(str(field.option("of", ""))))
    return with_result_of(field, None if of is None else _typed(work, of, level + 1))


def reusable(work: Work, name: ObjectName) -> CompiledObject | None:
    """Give the previous compiled object if nothing it is made of has changed (others aside)."""
    kept = work.kept.get(name)
    if kept is None or kept.own != work.own[name]:
        return None
    same = all(
        digest == _picklist_digest(work, picklist)
        for (kind, picklist), digest in kept.foreign.items()
        if kind == "picklist"
    )
    return kept if same else None


def ordered(parts: Parts, group: str, docs: Mapping[str, SourceDoc]) -> list[SourceDoc]:
    """Put documents in the order that the object names; what it does not name comes last."""
    assert parts.doc is not None  # orphans were dropped by `collect`
    order = parts.doc.data.get("order", {})
    names = order.get(group, ()) if isinstance(order, Mapping) else ()
    first = [docs[name] for name in names if name in docs]
    return first + [doc for name, doc in docs.items() if name not in names]


def _declare_object(
    work: Work, parts: Parts, picklists: Mapping[str, Mapping[str, object]]
) -> dict[FieldName, Field]:
    fields: dict[FieldName, Field] = {}
    for doc in ordered(parts, "fields", parts.fields):
        if doc.data.get("active") is False:
            continue
        declared = _declare_one(work, doc, picklists)
        if declared is not None:
            fields[declared.name] = declared
    record_types = [name.rsplit(".", 1)[-1] for name in parts.record_types]
    for field in platform_fields(record_types):
        fields.setdefault(field.name, field)
    return fields


def _declare_one(
    work: Work, doc: SourceDoc, picklists: Mapping[str, Mapping[str, object]]
) -> Field | None:
    name = FieldName(doc.key.rsplit(".", 1)[-1])
    try:
        return declare_field(name, doc.data, picklists)
    except BadValue as bad:
        work.report(doc, bad.code, str(bad), pointer="/default", hint=bad.hint)
        rest = {key: value for key, value in doc.data.items() if key != "default"}
        return declare_field(name, rest, picklists)  # so that who reads it is not blamed
    except KeyError:
        # The shared picklist is missing: `check_references` says so in better words.
        work.broken.add(doc.key)
    return None


def _shared_picklists(work: Work) -> Mapping[str, Mapping[str, object]]:
    return {name: doc.data for name, doc in work.named("picklist").items()}


def _picklist_digest(work: Work, name: str) -> str:
    doc = work.named("picklist").get(name)
    return "" if doc is None else str(doc.digest)
