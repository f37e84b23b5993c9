"""First pass: sort the documents of the tree by the object they belong to, or by kind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from engine.compile.work import Parts, Work
from engine.model.permissions import SYSTEM_PERMISSIONS
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import Digest, ObjectName, component_key, did_you_mean, split_key
from engine.source import SourceDoc, digest_of

# Kinds that belong to an object, and the group of `Parts` that holds them.
OBJECT_GROUPS = {
    "field": "fields",
    "record_type": "record_types",
    "validation_rule": "validation_rules",
    "index": "indexes",
    "duplicate_rule": "duplicate_rules",
}


def collect(work: Work) -> None:
    """Fill `parts`, `others` and `own`; report parts of objects that do not exist."""
    _add_platform_objects(work)
    for doc in work.tree.docs.values():
        _place(work, doc)
    for name, parts in work.parts.items():
        if parts.doc is None and not work.tree.is_broken(f"object:{name}"):
            _report_orphans(work, name, parts)
    work.parts = {name: parts for name, parts in work.parts.items() if parts.doc is not None}
    for name, parts in work.parts.items():
        work.own[name] = _own_digest(parts)
    work.known, work.env = _known_names(work), _env_types(work)


def _place(work: Work, doc: SourceDoc) -> None:
    kind, path = split_key(doc.key)
    if kind == "object":
        _parts(work, path[0]).doc = doc
    elif kind in OBJECT_GROUPS and path[1:]:
        getattr(_parts(work, path[0]), OBJECT_GROUPS[kind])[path[1]] = doc
    elif kind == "translation" and path[-1] in work.parts:
        work.parts[ObjectName(path[-1])].translations[path[0]] = doc
        work.others.setdefault(kind, {})[".".join(path)] = doc
    else:
        work.others.setdefault(kind, {})[".".join(path)] = doc


def _parts(work: Work, name: str) -> Parts:
    return work.parts.setdefault(ObjectName(name), Parts())


def _add_platform_objects(work: Work) -> None:
    for name, data in PLATFORM_OBJECTS.items():
        head = {key: value for key, value in data.items() if key != "fields"}
        parts = Parts(doc=_platform_doc("object", name, data=head), is_platform=True)
        fields = data["fields"]
        assert isinstance(fields, dict)  # declared in engine.model.platform
        parts.fields = {
            field: _platform_doc("field", name, field, data=declared)
            for field, declared in fields.items()
        }
        work.parts[ObjectName(name)] = parts


def _platform_doc(kind: str, *path: str, data: dict[str, object]) -> SourceDoc:
    key = component_key(kind, *path)
    return SourceDoc(key=key, data=data, text="", marks={}, digest=digest_of(data))


def _report_orphans(work: Work, name: ObjectName, parts: Parts) -> None:
    known = [other for other, its in work.parts.items() if its.doc is not None]
    for doc in parts.documents():
        work.report(
            doc,
            "M201",
            f'There is no object "{name}" for this {split_key(doc.key)[0].replace("_", " ")}.',
            hint=did_you_mean(name, known),
        )


def _own_digest(parts: Parts) -> Digest:
    lines = [f"{doc.key} {doc.digest}\n" for doc in parts.documents()]
    return Digest(hashlib.sha256("".join(lines).encode()).hexdigest())


def _known_names(work: Work) -> Mapping[str, frozenset[str]]:
    """Names that expressions may mention in HAS_PERMISSION, HAS_ROLE and $env, and objects."""
    return {
        "permission": frozenset({*work.named("permission"), *SYSTEM_PERMISSIONS}),
        "role": frozenset(work.named("role")),
        "env": frozenset(work.named("env_var")),
        "object": frozenset(work.parts),
    }


def _env_types(work: Work) -> Mapping[str, str]:
    docs = work.named("env_var").items()
    return {name: str(doc.data.get("type", "text")) for name, doc in docs}
