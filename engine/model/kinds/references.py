"""Which names a component mentions: one table from kind to function, pure, no look-up.

The compiler looks the names up and words what is missing; "where is this used?" reads the same
table. A reference stands at a JSON pointer; with `#` behind it, at the key itself (a field named
by a key of `values`). Expressions are not read here: the compiler knows what they read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from engine.model.kinds.small import TRANSLATED
from engine.model.permissions import SYSTEM_PERMISSIONS
from engine.names import ComponentKey, component_key, split_key

Data = Mapping[str, object]
Found = Iterator[tuple[str, ComponentKey]]
HOME = "home"  # an item of an app that is no object
PEOPLE = ("role", "queue", "team", "permission_set")  # who may be named beside users


def references(kind: str, key: str, data: Data) -> Found:
    """List what a component names: pointer and the key of the component wanted.

    Args:
        kind: Its kind, a key of `KINDS`.
        key: Its key, whose path may itself name another component (pointer "").
        data: Its data, valid against its schema; whatever does not fit is passed over.
    """
    yield from _TABLE[kind](split_key(key)[1], data)


# --- small steps, used by every kind --------------------------------------------------------------


def _group(data: object, key: str) -> Data:
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _items(data: object, key: str) -> Iterable[tuple[int, object]]:
    found = data.get(key) if isinstance(data, Mapping) else None
    return enumerate(found if isinstance(found, list | tuple) else ())


def _text(data: object, key: str) -> str:
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, str) else ""


def _one(data: object, key: str, kind: str, *parent: str, at: str = "") -> Found:
    """Read a key whose text names a component, below a parent where one is given."""
    name = _text(data, key)
    if name:
        yield f"{at}/{key}", component_key(kind, *parent, name)


def _many(data: object, key: str, kind: str, *parent: str, at: str = "") -> Found:
    """Read a key that holds a list of names, or one name."""
    yield from _one(data, key, kind, *parent, at=at)
    for place, item in _items(data, key):
        if isinstance(item, str):
            yield f"{at}/{key}/{place}", component_key(kind, *parent, item)


def _keys(data: object, key: str, kind: str, *parent: str, at: str = "") -> Found:
    """Read a mapping whose keys are names."""
    for name in _group(data, key):
        yield f"{at}/{key}/{_escape(name)}#", component_key(kind, *parent, _root(name))


def _paths(data: object, key: str, object_name: str, at: str = "") -> Found:
    """Read fields, or paths over lookups, of which only the first step is looked up here."""
    listed = [(f"{at}/{key}", _text(data, key))]
    listed += [
        (f"{at}/{key}/{place}" + ("" if isinstance(item, str) else "/field"), _field_of(item))
        for place, item in _items(data, key)
    ]
    for pointer, path in listed:
        if path:
            yield pointer, component_key("field", object_name, _root(path))


def _field_of(item: object) -> str:
    return item if isinstance(item, str) else _text(item, "field")


def _root(path: str) -> str:
    return path.lstrip("-").split(".", 1)[0]


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _people(who: object, at: str) -> Found:
    """Read `{role: sales}` and its like; bare texts are expressions or addresses."""
    for kind in PEOPLE:
        yield from _one(who, kind, kind, at=at)
    yield from _one(who, "role_and_below", "role", at=at)


def _peoples(data: object, key: str, at: str = "") -> Found:
    yield from _people(_group(data, key), f"{at}/{key}")
    for place, who in _items(data, key):
        yield from _people(who, f"{at}/{key}/{place}")


def _audiences(data: object, object_name: str, at: str = "") -> Found:
    yield from _peoples(data, "for", at)
    for place, audience in _items(data, "for"):
        here = f"{at}/for/{place}"
        yield from _one(audience, "record_type", "record_type", object_name, at=here)


# --- objects -------------------------------------------------------------------------------------


def _object(path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "title", "field", path[0])


def _field(path: tuple[str, ...], data: Data) -> Found:
    yield from _many(data, "to", "object")
    yield from _one(data, "picklist", "picklist")
    yield from _one(_group(data, "depends_on"), "field", "field", path[0], at="/depends_on")
    if data.get("type") == "roll_up":
        child = _text(data, "from")
        yield from _one(data, "from", "object")
        yield from _one(data, "via", "field", child)
        yield from _one(data, "of", "field", child)


def _record_type(path: tuple[str, ...], data: Data) -> Found:
    yield from _keys(data, "values", "field", path[0])


def _validation_rule(path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "field", "field", path[0])
    examples = _group(data, "examples")
    for sort in ("fails", "passes"):
        for place, record in _items(examples, sort):
            for name in record if isinstance(record, Mapping) else ():
                pointer = f"/examples/{sort}/{place}/{_escape(name)}#"
                yield pointer, component_key("field", path[0], _root(name))


def _index(path: tuple[str, ...], data: Data) -> Found:
    yield from _paths(data, "fields", path[0])


def _duplicate_rule(path: tuple[str, ...], data: Data) -> Found:
    yield from _paths(data, "match", path[0])


# --- screens -------------------------------------------------------------------------------------


def _app(_path: tuple[str, ...], data: Data) -> Found:
    for place, item in _items(data, "items"):
        if isinstance(item, str) and item != HOME:
            yield f"/items/{place}", component_key("object", item)
        name = _text(item, "object")
        yield from _one(item, "object", "object", at=f"/items/{place}")
        yield from _one(item, "view", "view", name, at=f"/items/{place}")
    yield from _peoples(data, "for")


def _layout(path: tuple[str, ...], data: Data) -> Found:
    name = path[0]
    yield "", component_key("object", name)
    yield from _paths(data, "highlights", name)
    yield from _one(_group(data, "path"), "field", "field", name, at="/path")
    for place, section in _items(data, "sections"):
        yield from _paths(section, "fields", name, at=f"/sections/{place}")
    for place, related in _items(data, "related"):
        here, child = f"/related/{place}", _text(related, "object")
        yield from _one(related, "object", "object", at=here)
        yield from _one(related, "via", "field", child, at=here)
        yield from _paths(related, "fields", child, at=here)
        yield from _paths(related, "sort", child, at=here)
    yield from _many(data, "actions", "action")
    yield from _audiences(data, name)


def _view(path: tuple[str, ...], data: Data) -> Found:
    name = path[0]
    yield "", component_key("object", name)
    yield from _paths(data, "fields", name)
    yield from _paths(data, "sort", name)
    yield from _keys(data, "totals", "field", name)
    shape = _group(data, "shape")
    for at, where in (("", data), ("/shape", shape)):
        yield from _paths(_group(where, "board"), "by", name, at=f"{at}/board")
        yield from _paths(_group(where, "board"), "sum", name, at=f"{at}/board")
        yield from _paths(_group(where, "calendar"), "date", name, at=f"{at}/calendar")
        yield from _paths(_group(where, "calendar"), "end", name, at=f"{at}/calendar")
    yield from _many(data, "shared_with", "role")
    yield from _peoples(data, "shared_with")


def _action(_path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "object", "object")
    yield from _one(data, "create", "object")
    created = _text(data, "create")
    if created:
        yield from _keys(data, "values", "field", created)
        yield from _many(data, "form", "field", created)
    yield from _one(data, "workflow", "workflow")


# --- automation ----------------------------------------------------------------------------------


def _steps(data: object, key: str, object_name: str, at: str = "") -> Found:
    """Read steps and the steps they hold; `object_name` is "" where it is not known."""
    for place, step in _items(data, key):
        here = f"{at}/{key}/{place}"
        target = _text(step, "create") or _text(step, "update") or object_name
        for action, kind in _STEP_TARGETS.items():
            yield from _one(step, action, kind, at=here)
        if target:
            yield from _keys(step, "values", "field", target, at=here)
            yield from _keys(step, "set", "field", target, at=here)
        for people in ("to", "notify", "assign"):
            yield from _peoples(step, people, here)
        for below in ("then", "else"):
            yield from _steps(step, below, object_name, here)
        yield from _steps(step, "do", "", here)


_STEP_TARGETS: Mapping[str, str] = {
    "create": "object",
    "update": "object",
    "delete": "object",
    "email": "email",
    "webhook": "endpoint",
    "approve": "approval",
    "assign": "assignment",
    "call": "workflow",
}


def _workflow(_path: tuple[str, ...], data: Data) -> Found:
    name = _text(data, "object")
    yield from _one(data, "object", "object")
    yield from _one(_group(data, "at"), "field", "field", name, at="/at")
    when = _group(_group(data, "when"), "at")
    yield from _one(when, "field", "field", name, at="/when/at")
    yield from _steps(data, "steps", name)


def _approval(_path: tuple[str, ...], data: Data) -> Found:
    name = _text(data, "object")
    yield from _one(data, "object", "object")
    yield from _peoples(_group(data, "submit"), "by", "/submit")
    for place, step in _items(data, "steps"):
        yield from _peoples(step, "approvers", f"/steps/{place}")
    for when in ("on_submit", "on_approve", "on_reject", "on_recall"):
        yield from _steps(data, when, name)


def _assignment(_path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "object", "object")
    for place, entry in _items(data, "entries"):
        yield from _peoples(entry, "to", f"/entries/{place}")


def _sla(_path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "object", "object")
    yield from _one(data, "hours", "hours")
    yield from _steps(data, "on_breach", _text(data, "object"))


def _conversion(path: tuple[str, ...], data: Data) -> Found:
    yield "", component_key("object", path[0])
    for name, made in _group(data, "to").items():
        yield f"/to/{name}#", component_key("object", name)
        yield from _keys(made, "values", "field", name, at=f"/to/{name}")
    yield from _keys(data, "set", "field", path[0])


def _email(_path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "object", "object")


def _endpoint(_path: tuple[str, ...], data: Data) -> Found:
    yield from _one(_group(data, "auth"), "secret", "env_var", at="/auth")
    yield from _one(data, "secret", "env_var")
    yield from _one(data, "object", "object")
    name = _text(data, "object")
    if name:
        yield from _keys(data, "values", "field", name)
    for variable in _variables(_text(data, "url")):
        yield "/url", component_key("env_var", variable)


def _variables(text: str) -> Iterator[str]:
    """Find the names in `${env.NAME}`."""
    for part in text.split("${env.")[1:]:
        name, closed, _ = part.partition("}")
        if closed:
            yield name


# --- access --------------------------------------------------------------------------------------


def _role(_path: tuple[str, ...], data: Data) -> Found:
    yield from _one(data, "parent", "role")


def _queue(_path: tuple[str, ...], data: Data) -> Found:
    yield from _peoples(data, "members")
    yield from _many(data, "objects", "object")


def _team(_path: tuple[str, ...], data: Data) -> Found:
    yield from _peoples(data, "members")


def _permission_set(_path: tuple[str, ...], data: Data) -> Found:
    for pointer, wanted in _many(data, "permissions", "permission"):
        if split_key(wanted)[1][0] not in SYSTEM_PERMISSIONS:
            yield pointer, wanted


def _object_permission(path: tuple[str, ...], data: Data) -> Found:
    yield "", component_key("object", path[1])
    yield from _keys(data, "fields", "field", path[1])


def _sharing_rule(path: tuple[str, ...], data: Data) -> Found:
    yield "", component_key("object", path[0])
    yield from _people(_group(data, "owner"), "/owner")
    yield from _people(_group(data, "with"), "/with")


# --- small kinds ---------------------------------------------------------------------------------


def _data(_path: tuple[str, ...], data: Data) -> Found:
    name = _text(data, "object")
    yield from _one(data, "object", "object")
    yield from _one(data, "match", "field", name)
    for place, record in _items(data, "records"):
        for field in record if isinstance(record, Mapping) else ():
            yield f"/records/{place}/{_escape(field)}#", component_key("field", name, field)


def _translation(path: tuple[str, ...], data: Data) -> Found:
    part = path[1]
    if part in TRANSLATED:
        for name in data:
            yield f"/{_escape(name)}#", component_key(TRANSLATED[part], name)
        return
    yield "", component_key("object", part)
    for key, kind in (
        ("fields", "field"),
        ("record_types", "record_type"),
        ("validation_rules", "validation_rule"),
        ("layouts", "layout"),
        ("views", "view"),
    ):
        yield from _keys(data, key, kind, part)


def _test(_path: tuple[str, ...], data: Data) -> Found:
    yield from _actor(data, "as", "")
    known: dict[str, str] = {}  # name of a record in the test -> its object
    for place, step in _items(data, "steps"):
        here = f"/steps/{place}"
        yield from _one(step, "create", "object", at=here)
        yield from _actor(step, "by", here)
        yield from _one(step, "approval", "approval", at=here)
        yield from _keys(step, "approval", "approval", at=here)
        name = _text(step, "create") or known.get(_text(step, "update") or _text(step, "expect"))
        if name:
            yield from _keys(step, "values", "field", name, at=here)
        if _text(step, "create") and _text(step, "as"):
            known[_text(step, "as")] = _text(step, "create")


def _actor(data: object, key: str, at: str) -> Found:
    actor = _group(data, key)
    yield from _one(actor, "role", "role", at=f"{at}/{key}")
    yield from _many(actor, "permission_sets", "permission_set", at=f"{at}/{key}")


def _nothing(_path: tuple[str, ...], _data: Data) -> Found:
    yield from ()


_TABLE: Mapping[str, Callable[[tuple[str, ...], Data], Found]] = {
    "action": _action,
    "app": _app,
    "approval": _approval,
    "assignment": _assignment,
    "conversion": _conversion,
    "data": _data,
    "duplicate_rule": _duplicate_rule,
    "email": _email,
    "endpoint": _endpoint,
    "env_var": _nothing,
    "field": _field,
    "hours": _nothing,
    "index": _index,
    "layout": _layout,
    "object": _object,
    "object_permission": _object_permission,
    "permission": _nothing,
    "permission_set": _permission_set,
    "picklist": _nothing,
    "project": _nothing,
    "queue": _queue,
    "record_type": _record_type,
    "role": _role,
    "sharing_rule": _sharing_rule,
    "sla": _sla,
    "team": _team,
    "test": _test,
    "translation": _translation,
    "validation_rule": _validation_rule,
    "view": _view,
    "workflow": _workflow,
}
