"""First pass: sort the documents of the tree by the object they belong to, or by kind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from engine.compile.work import Parts, Work
from engine.model.permissions import SYSTEM_PERMISSIONS
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import ComponentKey, Digest, ObjectName, component_key, did_you_mean, split_key
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
    if work.is_checked:
        _sort_keys(work)
    else:
        _sort_documents(work)
    work.known, work.env = _known_names(work), _env_types(work)


def _sort_documents(work: Work) -> None:
    parts = {name: _platform_parts(name) for name in map(ObjectName, PLATFORM_OBJECTS)}
    for doc in work.tree.docs.values():
        _place(work, parts, doc)
    for name, its in parts.items():
        if its.doc is None and not work.tree.is_broken(f"object:{name}"):
            _report_orphans(work, parts, name)
    work.parts = {name: its for name, its in parts.items() if its.doc is not None}
    work.own = {name: _own_digest(its) for name, its in work.parts.items()}


def _sort_keys(work: Work) -> None:
    """Sort stored components by their keys alone; those of an object are read with the object."""
    keys: dict[ObjectName, list[ComponentKey]] = {ObjectName(n): [] for n in PLATFORM_OBJECTS}
    beside: list[ComponentKey] = []
    for key in work.tree.tree:
        kind, _, name = key.partition(":")
        if kind in OBJECT_GROUPS or kind == "object":
            keys.setdefault(ObjectName(name.partition(".")[0]), []).append(key)
        else:
            beside.append(key)
    for key in beside:
        kind, path = split_key(key)
        if kind == "translation" and path[-1] in keys:
            keys[ObjectName(path[-1])].append(key)
        work.others.setdefault(kind, {})[".".join(path)] = work.tree.docs[key]
    work.parts = work.lazily(keys, lambda name: _read_parts(work, name, keys[name]))
    work.own = work.lazily(keys, lambda name: _own_of_keys(work, name, keys[name]))


def _read_parts(work: Work, name: ObjectName, keys: list[ComponentKey]) -> Parts:
    parts = {name: _platform_parts(name) if name in PLATFORM_OBJECTS else Parts()}
    for key in keys:
        _place(work, parts, work.tree.docs[key])
    return parts[name]


def _place(work: Work, parts: dict[ObjectName, Parts], doc: SourceDoc) -> None:
    kind, path = split_key(doc.key)
    if kind == "object":
        parts.setdefault(ObjectName(path[0]), Parts()).doc = doc
    elif kind in OBJECT_GROUPS and path[1:]:
        its = parts.setdefault(ObjectName(path[0]), Parts())
        getattr(its, OBJECT_GROUPS[kind])[path[1]] = doc
    else:
        if kind == "translation" and path[-1] in parts:
            parts[ObjectName(path[-1])].translations[path[0]] = doc
        work.others.setdefault(kind, {})[".".join(path)] = doc


def _platform_parts(name: ObjectName) -> Parts:
    data = PLATFORM_OBJECTS[name]
    head = {key: value for key, value in data.items() if key != "fields"}
    fields = data["fields"]
    assert isinstance(fields, dict)  # declared in engine.model.platform
    return Parts(
        doc=_platform_doc("object", name, data=head),
        is_platform=True,
        fields={
            field: _platform_doc("field", name, field, data=declared)
            for field, declared in fields.items()
        },
    )


def _platform_doc(kind: str, *path: str, data: dict[str, object]) -> SourceDoc:
    key = component_key(kind, *path)
    return SourceDoc(key=key, data=data, text="", marks={}, digest=digest_of(data))


def _report_orphans(work: Work, parts: dict[ObjectName, Parts], name: ObjectName) -> None:
    known = [other for other, its in parts.items() if its.doc is not None]
    for doc in parts[name].documents():
        work.report(
            doc,
            "M201",
            f'There is no object "{name}" for this {split_key(doc.key)[0].replace("_", " ")}.',
            hint=did_you_mean(name, known),
        )


def _own_digest(parts: Parts) -> Digest:
    return _hash({doc.key: doc.digest for doc in parts.documents()})


def _own_of_keys(work: Work, name: ObjectName, keys: list[ComponentKey]) -> Digest:
    if name in PLATFORM_OBJECTS:
        return _own_digest(work.parts[name])
    return _hash({key: work.tree.tree[key] for key in keys})


def _hash(digests: Mapping[ComponentKey, Digest]) -> Digest:
    """Hash what an object is made of, whatever the order of the tree: files and tables differ."""
    lines = sorted(f"{key} {digest}\n" for key, digest in digests.items())
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
