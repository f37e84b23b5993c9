"""Last pass: the finished model, deeply frozen, with the links between its objects."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.compile.work import Work
from engine.compiled import CompiledObject, Feeds, Inbound, Links, Model, Project, RollUp
from engine.names import ComponentKey, FieldName, ObjectName, component_key
from engine.source import SourceTree

# Permissions that the product itself knows; `access/permissions.yaml` declares more.
SYSTEM_PERMISSIONS = frozenset(
    {
        "customize",
        "deploy",
        "edit_locked",
        "manage_users",
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
HELD = ("role", "permission_set")  # kinds that members hold by name


def freeze(work: Work) -> Model:
    """Build the model. Called only when no problem is an error."""
    permissions = SYSTEM_PERMISSIONS | work.known["permission"]
    return Model(
        digest=work.tree.digest,
        tree=work.tree.tree,
        project=_project(work.tree),
        objects=MappingProxyType(work.compiled),
        links=_links(work),
        permission_sets=MappingProxyType(work.permission_sets),
        permissions=permissions,
        roles=MappingProxyType(_roles(work)),
        groups=MappingProxyType(work.groups),
        sharing=MappingProxyType(work.sharing),
        views=MappingProxyType({o: MappingProxyType(v) for o, v in work.views.items()}),
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
        approvals=MappingProxyType(work.approvals),
    )


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
    docs = ((name, work.tree.docs.get(component_key("object", name))) for name in work.compiled)
    return {
        former: name
        for name, doc in docs
        if doc is not None
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


def _links(work: Work) -> Links:
    inbound: dict[ObjectName, list[Inbound]] = {}
    feeds: dict[ObjectName, list[Feeds]] = {}
    for name, compiled in work.compiled.items():
        for reference in compiled.references:
            _note_inbound(compiled, reference, inbound)
        for roll_up in compiled.roll_ups:
            child = work.compiled[roll_up.child]
            feeds.setdefault(roll_up.child, []).append(_feeds(name, roll_up, child))
    return Links(
        inbound=MappingProxyType({k: tuple(v) for k, v in inbound.items()}),
        feeds=MappingProxyType({k: tuple(v) for k, v in feeds.items()}),
        uses=MappingProxyType(work.uses),
    )


def _note_inbound(
    compiled: CompiledObject,
    reference: FieldName,
    inbound: dict[ObjectName, list[Inbound]],
) -> None:
    field = compiled.fields[reference]
    if field.is_platform:
        return  # owners and authors are people, who are deactivated and never deleted
    is_detail = field.decl.type == "master_detail"
    on_delete = str(field.decl.option("on_delete", "cascade" if is_detail else "clear"))
    for target in field.decl.targets:
        inbound.setdefault(target, []).append(
            Inbound(object=compiled.name, field=reference, on_delete=on_delete)
        )


def _feeds(parent: ObjectName, roll_up: RollUp, child: CompiledObject) -> Feeds:
    reads = {roll_up.via} | ({roll_up.of} if roll_up.of else set())
    if roll_up.where is not None:
        reads |= {FieldName(path.split(".")[0]) for path in roll_up.where.reads}
    watch = 0
    for name in reads:
        watch |= child.fields[name].bit
    return Feeds(parent=parent, field=roll_up.name, via=roll_up.via, watch=watch)


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ()
