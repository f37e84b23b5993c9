"""Fourth pass: objects, with their formulas, defaults and rules compiled and put in order.

An object is compiled again only when its own components changed or when something it reads of
other objects did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from engine.compile.declare import ordered, reusable
from engine.compile.fields import compile_fields, formula_order
from engine.compile.scopes import Foreign, ObjectScope, signature
from engine.compile.work import Parts, Work, name_of
from engine.compiled import CompiledField, CompiledObject, Rule
from engine.expr import ExprType, Kind
from engine.model.declarations import IndexDeclaration
from engine.names import Digest, FieldName, ObjectName, label_from, plural_from

FEATURES = ("history", "activities", "files", "feed", "search")
CONDITION = ExprType(kind=Kind.CHECKBOX)


def scope_of(work: Work, name: ObjectName, foreign: Foreign | None = None) -> ObjectScope:
    """Give the scope of an object's expressions; `foreign` receives what they take from others."""
    return ObjectScope(name, work.declared, work.known, foreign, env=work.env)


def compile_objects(work: Work) -> None:
    """Fill `compiled`, sharing what did not change with the previous model."""
    work.compiled = work.lazily(work.parts, lambda name: _compiled(work, name))


def _compiled(work: Work, name: ObjectName) -> CompiledObject:
    kept = reusable(work, name)
    if kept is not None and _foreign_holds(work, kept):
        return kept
    return _compile_object(work, name, work.parts[name])


def _foreign_holds(work: Work, kept: CompiledObject) -> bool:
    for (kind, name), seen in kept.foreign.items():
        if kind == "picklist":
            continue  # compared by `reusable`
        if kind == "field":
            owner, _, field = name.partition(".")
            declared = work.declared.get(ObjectName(owner), {})
            now = signature(declared.get(FieldName(field)))
        elif kind == "env_type":
            now = work.env.get(name, "")
        else:
            now = str(name in work.known.get(kind, frozenset()))
        if now != seen:
            return False
    return True


def _compile_object(work: Work, name: ObjectName, parts: Parts) -> CompiledObject:
    foreign: Foreign = {}
    scope = scope_of(work, name, foreign)
    fields = compile_fields(work, name, parts, scope, foreign)
    rules = _rules(work, parts, scope)
    data = _head(parts)
    label = str(data.get("label") or label_from(name))
    chosen = _features(data)
    own_stored = [field for field in fields.values() if not field.is_platform]
    return CompiledObject(
        name=name,
        digest=_digest(work.own[name], foreign),
        own=work.own[name],
        label=label,
        plural=str(data.get("plural") or plural_from(label)),
        description=str(data.get("description", "")),
        title=_title(data.get("title"), fields),
        sharing=str(data.get("sharing", "read_write" if parts.is_platform else "private")),
        features=frozenset(f for f in FEATURES if chosen.get(f, f != "feed")),
        fields=MappingProxyType(fields),
        aka=MappingProxyType({aka: f.name for f in fields.values() for aka in f.decl.aka}),
        stored=tuple(field for field in fields.values() if field.is_stored),
        required=_names(fields, lambda f: f.decl.required or f.required_if is not None),
        checkboxes=_names(fields, lambda f: f.decl.type == "checkbox"),
        references=_names(fields, lambda f: bool(f.decl.targets)),
        defaults=_names(fields, lambda f: (f.default, f.decl.default) != (None, None)),
        formulas=formula_order(fields),
        rules=rules,
        roll_ups=tuple(f.roll_up for f in fields.values() if f.roll_up is not None),
        auto_numbers=_names(fields, lambda f: f.decl.type == "auto_number"),
        uniques=_uniques(parts, own_stored),
        indexes=_indexes(parts),
        history=_history(own_stored, keeps_all=chosen.get("history", True) is True),
        record_types=_record_types(parts),
        translations=MappingProxyType({k: d.data for k, d in parts.translations.items()}),
        icon=str(data.get("icon", "")),
        is_platform=parts.is_platform,
        paths=_paths(fields, rules),
        foreign=MappingProxyType(foreign),
    )


def _head(parts: Parts) -> Mapping[str, object]:
    assert parts.doc is not None  # orphans were dropped by `collect`
    return parts.doc.data


def _features(data: Mapping[str, object]) -> Mapping[str, object]:
    features = data.get("features")
    return features if isinstance(features, Mapping) else {}


def _names(
    fields: Mapping[FieldName, CompiledField], holds: Callable[[CompiledField], bool]
) -> tuple[FieldName, ...]:
    return tuple(name for name, field in fields.items() if holds(field))


def _record_types(parts: Parts) -> Mapping[str, Mapping[str, object]]:
    docs = ordered(parts, "record_types", parts.record_types)
    return MappingProxyType({name_of(doc.key): doc.data for doc in docs})


def _rules(work: Work, parts: Parts, scope: ObjectScope) -> tuple[Rule, ...]:
    rules = []
    for doc in ordered(parts, "validation_rules", parts.validation_rules):
        if doc.data.get("active") is False:
            continue
        condition = work.expression(doc, "/invalid_if", scope, expect=CONDITION)
        if condition is None:
            continue
        at = doc.data.get("field")
        rules.append(
            Rule(
                name=name_of(doc.key),
                invalid_if=condition,
                message=str(doc.data.get("message", "")),
                field=FieldName(str(at)) if at else None,
            )
        )
    return tuple(rules)


def _title(wanted: object, fields: Mapping[FieldName, CompiledField]) -> FieldName | None:
    """Name the field that names a record: declared, else `name`, else the first that reads well."""
    if isinstance(wanted, str) and wanted in fields:
        return FieldName(wanted)
    if FieldName("name") in fields:
        return FieldName("name")
    for name, field in fields.items():
        if field.decl.type in {"text", "auto_number"} and not field.is_platform:
            return name
    return None


def _uniques(parts: Parts, fields: list[CompiledField]) -> tuple[tuple[FieldName, ...], ...]:
    single = [(f.name,) for f in fields if f.is_stored and (f.decl.unique or f.decl.external_id)]
    several = [
        tuple(FieldName(name.lstrip("-")) for name in index.fields)
        for index in _indexes(parts)
        if index.unique
    ]
    return tuple(single + several)


def _indexes(parts: Parts) -> tuple[IndexDeclaration, ...]:
    return tuple(
        IndexDeclaration(
            fields=tuple(_texts(doc.data.get("fields"))), unique=bool(doc.data.get("unique"))
        )
        for doc in parts.indexes.values()
        if doc.data.get("active") is not False
    )


def _history(fields: list[CompiledField], *, keeps_all: bool) -> int:
    """Keep changes of every stored field of an object with history, else of the fields that ask."""
    return _mask(f for f in fields if f.is_stored and (keeps_all or f.decl.history))


def _paths(fields: Mapping[FieldName, CompiledField], rules: tuple[Rule, ...]) -> frozenset[str]:
    found: set[str] = set()
    for field in fields.values():
        for expression in (field.formula, field.default, field.required_if):
            if expression is not None:
                found.update(expression.reads)
    for rule in rules:
        found.update(rule.invalid_if.reads)
    return frozenset(path for path in found if "." in path)


def _mask(fields: Iterable[CompiledField]) -> int:
    mask = 0
    for field in fields:
        mask |= field.bit
    return mask


def _digest(own: Digest, foreign: Foreign) -> Digest:
    seen = "".join(f"{kind} {name} {value}\n" for (kind, name), value in sorted(foreign.items()))
    return Digest(hashlib.sha256(f"{own}\n{seen}".encode()).hexdigest())


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
