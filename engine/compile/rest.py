"""Fifth pass: what stands beside objects and is interpreted: permission sets, roles and views."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.compile.objects import scope_of
from engine.compile.scopes import ObjectScope
from engine.compile.work import Work
from engine.compiled import PermissionSet, View
from engine.expr import ExprType, Kind
from engine.names import FieldName, ObjectName, label_from
from engine.source import SourceDoc


def compile_rest(work: Work) -> None:
    """Fill `permission_sets` and `views`."""
    _permission_sets(work)
    _views(work)


def _permission_sets(work: Work) -> None:
    for name, doc in work.named("permission_set").items():
        objects: dict[ObjectName, frozenset[str]] = {}
        fields: dict[tuple[ObjectName, FieldName], str] = {}
        for key, given in work.named("object_permission").items():
            owner, _, target = key.partition(".")
            if owner == name:
                _object_permission(ObjectName(target), given.data, objects, fields)
        permissions = doc.data.get("permissions")
        work.permission_sets[name] = PermissionSet(
            name=name,
            label=str(doc.data.get("label") or label_from(name)),
            objects=MappingProxyType(objects),
            fields=MappingProxyType(fields),
            permissions=frozenset(map(str, permissions if isinstance(permissions, list) else ())),
            requires_second_factor=doc.data.get("requires_second_factor") is True,
        )


def _object_permission(
    target: ObjectName,
    data: Mapping[str, object],
    objects: dict[ObjectName, frozenset[str]],
    fields: dict[tuple[ObjectName, FieldName], str],
) -> None:
    objects[target] = frozenset(right for right, given in data.items() if given is True)
    named = data.get("fields")
    if isinstance(named, Mapping):
        for field, level in named.items():
            fields[(target, FieldName(field))] = str(level)


def _views(work: Work) -> None:
    docs: dict[ObjectName, dict[str, SourceDoc]] = {}
    for key, doc in work.named("view").items():
        owner, _, name = key.partition(".")
        if ObjectName(owner) in work.declared:  # else reported as a dangling reference
            docs.setdefault(ObjectName(owner), {})[name] = doc
    work.views = work.lazily(docs, lambda owner: _views_of(work, owner, docs[owner]))


def _views_of(work: Work, owner: ObjectName, docs: Mapping[str, SourceDoc]) -> Mapping[str, View]:
    return MappingProxyType({name: _view(work, owner, name, doc) for name, doc in docs.items()})


def _view(work: Work, owner: ObjectName, name: str, doc: SourceDoc) -> View:
    scope = scope_of(work, owner)
    where = None
    if "where" in doc.data:
        where = work.expression(doc, "/where", scope, expect=ExprType(kind=Kind.CHECKBOX))
    fields = _texts(doc.data.get("fields"))
    sort = _texts(doc.data.get("sort"))
    _check_paths(work, doc, scope, "fields", fields)
    _check_paths(work, doc, scope, "sort", sort)
    return View(
        name=name,
        object=owner,
        label=str(doc.data.get("label") or label_from(name)),
        where=where,
        fields=fields,
        sort=sort,
        data=doc.data,
    )


def _check_paths(
    work: Work, doc: SourceDoc, scope: ObjectScope, key: str, paths: tuple[str, ...]
) -> None:
    """Report paths over lookups that lead nowhere; plain names are references of the kind."""
    for place, path in enumerate(paths):
        steps = tuple(path.lstrip("-").split("."))
        if len(steps) > 1 and scope.resolve(steps) is None and not work.is_unread(doc, steps):
            work.report(
                doc,
                "M203",
                f'The path "{path.lstrip("-")}" leads to no field.',
                pointer=f"/{key}/{place}",
            )


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        return ()
    return tuple(
        str(item.get("field", "")) if isinstance(item, Mapping) else str(item) for item in value
    )
