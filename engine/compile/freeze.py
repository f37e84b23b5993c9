"""Last pass: the finished model, deeply frozen, with the links between its objects."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

from engine.compile.lazily import made
from engine.compile.links import WholeModel, holding, links_of
from engine.compile.work import Work
from engine.compiled import Model, Project
from engine.names import ComponentKey, ObjectName, component_key
from engine.source import SourceTree

# Permissions that the product itself knows; `access/permissions.yaml` declares more.
SYSTEM_PERMISSIONS = frozenset(
    {
        "customize",
        "deploy",
        "edit_locked",
        "manage_users",
        "manage_outbox",
        "manage_sharing",
        "import_data",
        "export_data",
        "export_reports",
        "view_audit",
        "view_setup",
        "mass_edit",
        "log_in_as",
    }
)
ADMINISTRATOR = "system_administrator"
T = TypeVar("T")
HELD = ("role", "permission_set")  # kinds that members hold by name


def freeze(work: Work, whole: WholeModel, former: Model | None = None) -> Model:
    """Build the model. Called only when no problem is an error."""
    permissions = SYSTEM_PERMISSIONS | work.known["permission"]
    return Model(
        digest=work.tree.digest,
        tree=work.tree.tree,
        project=_project(work.tree),
        objects=_frozen(work.compiled),
        links=links_of(work, whole, former),
        permission_sets=MappingProxyType(work.permission_sets),
        permissions=permissions,
        roles=MappingProxyType(_roles(work)),
        groups=MappingProxyType(work.groups),
        sharing=_frozen(work.sharing),
        views=_frozen(work.views),
        declared=MappingProxyType(
            {
                kind: MappingProxyType({name: doc.data for name, doc in docs.items()})
                for kind, docs in work.others.items()
            }
        ),
        aka=MappingProxyType(_former_objects(work)),
        former=MappingProxyType({kind: _former(work, kind) for kind in HELD}),
        automation=MappingProxyType(work.automation),
        assignments=MappingProxyType(work.assignments),
        mails=MappingProxyType(work.mails),
        incoming=MappingProxyType(work.incoming),
        approvals=MappingProxyType(work.approvals),
        workflows=MappingProxyType(work.workflows),
        programs=MappingProxyType(work.programs),
        hours=MappingProxyType(work.hours),
        deadlines=MappingProxyType(work.deadlines),
        conversions=MappingProxyType(work.conversions),
    )


def _frozen(values: Mapping[ObjectName, T]) -> Mapping[ObjectName, T]:
    """Take the values out of the bench, or leave those there that are still to be made."""
    complete = made(values)
    is_whole = len(complete) == len(values)
    return MappingProxyType({name: complete[name] for name in values}) if is_whole else values


def _former(work: Work, kind: str) -> Mapping[str, str]:
    """Give the former names of roles or permission sets, each with the present one."""
    docs = work.named(kind)
    return MappingProxyType(
        {
            former: name
            for name, doc in docs.items()
            for former in _texts(doc.data.get("aka"))
            if former not in docs
        }
    )


def _former_objects(work: Work) -> dict[str, ObjectName]:
    """Give the former names of objects, each with the present one."""
    keys = {component_key("object", name): name for name in work.parts}
    return {
        former: keys[doc.key]
        for doc in holding(work.tree, '"aka"')
        if doc.key in keys
        for former in _texts(doc.data.get("aka"))
    }


def _project(tree: SourceTree) -> Project:
    doc = tree.docs.get(ComponentKey("project:project"))
    data: Mapping[str, object] = {} if doc is None else doc.data
    return Project(
        name=str(data.get("project", "patron")),
        label=str(data.get("label", "Patron")),
        languages=_texts(data.get("languages")) or ("en",),
        currencies=_texts(data.get("currencies")) or ("EUR",),
        time_zone=str(data.get("time_zone", "UTC")),
    )


def _roles(work: Work) -> dict[str, str | None]:
    return {
        name: str(doc.data["parent"]) if doc.data.get("parent") else None
        for name, doc in work.named("role").items()
    }


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
