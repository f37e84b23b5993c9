"""What components may be called: API names, none of them reserved, unique together with akas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.errors import Problem
from engine.model.kinds import DOCUMENTS, KINDS
from engine.model.kinds.small import TRANSLATED
from engine.model.permissions import ADMINISTRATOR, SYSTEM_PERMISSIONS
from engine.model.platform import PLATFORM_OBJECTS
from engine.names import (
    MAX_NAME,
    PLATFORM_FIELDS,
    RESERVED_PREFIX,
    ComponentKey,
    is_api_name,
    split_key,
)
from engine.source.findings import problem_at
from engine.source.nodes import escape, nearest
from engine.source.splitting import Piece
from engine.source.tree import Marks, SourceDoc

# Words of the expression language: a path could not name a field called like one of these.
WORDS = frozenset({"and", "or", "not", "in", "true", "false", "null"})
# Columns and keys that a record has beside its fields.
_RECORD_KEYS = frozenset({"currency", "deleted_at", "deleted_by", "deleted_with"})
RESERVED: Mapping[str, frozenset[str]] = {
    "object": WORDS | frozenset(PLATFORM_OBJECTS) | frozenset(TRANSLATED),
    "field": WORDS | frozenset(PLATFORM_FIELDS) | _RECORD_KEYS,
    "permission": frozenset(SYSTEM_PERMISSIONS),
    "permission_set": frozenset({ADMINISTRATOR}),
}
_NO_API_NAMES = frozenset({"env_var", "translation", "index", "project"})


def name_problems(piece: Piece) -> Iterable[Problem]:
    """Check the name of one component.

    Problems: M115 (no API name), M121 (reserved).
    """
    if piece.kind in _NO_API_NAMES:
        return
    place = piece.place
    keyword = DOCUMENTS[KINDS[piece.kind].document].keyword
    node = place.key or nearest(place.node, f"/{keyword}")
    for name in piece.path[-1:]:
        if not is_api_name(name):
            message = f'"{name}" is not an API name: small letters, digits and _, a letter first.'
            if len(name) > MAX_NAME:
                message = f'"{name}" has {len(name)} characters; a name has at most {MAX_NAME}.'
            yield problem_at(place.file, node, "M115", message, _suggest(name))
        elif name in RESERVED.get(piece.kind, ()) or name.startswith(RESERVED_PREFIX):
            message = f'"{name}" is reserved: Patron has {KINDS[piece.kind].one} of that name.'
            if name in WORDS:
                message = f'"{name}" is a word of the expression language.'
            yield problem_at(place.file, node, "M121", message, "choose another name")


def _suggest(name: str) -> str:
    words = "".join(sign if sign.isalnum() else "_" for sign in name.lower()).strip("_")
    plain = words.encode("ascii", "ignore").decode().lstrip("0123456789_")[:MAX_NAME]
    return f'perhaps "{plain}"' if is_api_name(plain) else ""


def aka_problems(docs: Mapping[ComponentKey, SourceDoc]) -> Iterable[Problem]:
    """Find former names that another component of the same parent has, or had, or that Patron has.

    A former name is read as the present one: whoever took a name of Patron's own, as that of the
    built-in permission set, would put something else in its place.
    Problems: M121, M122.
    """
    owners = {_scope(key): key for key in docs}
    for key, doc in docs.items():
        akas = doc.data.get("aka")
        if not isinstance(akas, list):
            continue
        kind, path = split_key(key)
        for place, aka in enumerate(akas):
            scope = (kind, (*path[:-1], str(aka)))
            other = owners.setdefault(scope, key)
            if str(aka) in RESERVED.get(kind, ()):
                message = f'"{aka}" is reserved: Patron has {KINDS[kind].one} of that name.'
                pointer = f"/aka/{escape(str(place))}"
                yield doc.problem("M121", message, pointer, "leave it out of `aka`")
            elif other != key or aka == path[-1]:
                yield _clash(doc, str(aka), other, place, docs)


def _scope(key: ComponentKey) -> tuple[str, tuple[str, ...]]:
    return split_key(key)


def _clash(
    doc: SourceDoc,
    aka: str,
    other: ComponentKey,
    place: int,
    docs: Mapping[ComponentKey, SourceDoc],
) -> Problem:
    pointer = f"/aka/{escape(str(place))}"
    if other == doc.key:
        return doc.problem("M122", f'"{aka}" is the name itself, not a former one.', pointer)
    file, line, _ = docs[other].mark()
    where = f" ({file}:{line})" if file and isinstance(docs[other].marks, Marks) else ""
    name = ".".join(split_key(other)[1])
    message = f'The former name "{aka}" is taken by {name}{where}.'
    return doc.problem("M122", message, pointer, "a name means one component, now or formerly")
