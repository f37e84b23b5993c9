"""The check of data against the schemas of kinds: every problem at once, in words for an admin.

Each schema is turned into a function once per process that finds the words; jsonschema has the last
word on what is valid (`engine.source.judging`, docs/decisions/schema-check.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from engine.model.fields import DECLARABLE
from engine.model.kinds import DOCUMENTS, KINDS
from engine.model.kinds.shapes import DEFS
from engine.names import did_you_mean
from engine.source.judging import refusal
from engine.source.nodes import escape

# A place in the data: the place above it and a key or position; None is the component itself.
At = tuple["At", "str | int"] | None
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One problem of a component's data; `pointer` ends in `#` where the key itself is wrong."""

    code: str
    pointer: str
    message: str
    hint: str = ""


Flaws = list[Flaw]
Check = Callable[[object, At, Flaws], None]


def check_component(kind: str, data: Mapping[str, object]) -> Flaws:
    """Check the data of a component against the schema of its kind."""
    flaws: Flaws = []
    _kind_check(kind)(data, None, flaws)
    refused = None if flaws else refusal(kind, data)
    if refused is not None:
        pointer, reason = refused
        flaws.append(Flaw(code="M113", pointer=pointer, message=f"This cannot be used: {reason}."))
    return flaws


def check_document(keyword: str, data: Mapping[str, object]) -> Flaws:
    """Check what belongs to a document itself: its name, and that its keys are known."""
    flaws: Flaws = []
    known, required, name = _document_keys(keyword)
    own = DOCUMENTS[keyword].own
    what = KINDS[own].one if own else f'a document "{keyword}"'
    for key, value in data.items():
        if key and key not in known:  # an empty key is reported where it is read
            flaws.append(_unknown_key(what, key, value, known, None))
    if keyword in required and name is not None:
        name(data.get(keyword), (None, keyword), flaws)
    return flaws


@cache
def _kind_check(kind: str) -> Check:
    return _compile(KINDS[kind].schema, KINDS[kind].one)


@cache
def _document_keys(keyword: str) -> tuple[tuple[str, ...], tuple[str, ...], Check | None]:
    document = DOCUMENTS[keyword]
    properties = document.schema["properties"]
    assert isinstance(properties, Mapping)  # documents are groups
    name = _compile(properties[keyword], f'"{keyword}"') if document.is_named else None
    return tuple(properties), (keyword,), name


# --- from a schema to a function -----------------------------------------------------------------


def _compile(schema: Mapping[str, object], what: str) -> Check:
    """Make the check of one schema; `what` is how messages call the thing that is checked."""
    if "$ref" in schema:
        return _reference(str(schema["$ref"]).rsplit("/", 1)[-1], what)
    if "oneOf" in schema:  # rules between keys stand in `allOf` instead
        return _choice(schema, what)
    checks = [make(schema, what) for key, make in _MAKERS.items() if key in schema]
    if "type" in schema:
        return _typed(schema, what, checks)
    (only,) = checks  # an enumeration or a constant
    return only


def _reference(name: str, what: str) -> Check:
    """Look a shared shape up when it is first used: steps hold steps."""

    def check(value: object, at: At, flaws: Flaws) -> None:
        _shared(name, what)(value, at, flaws)

    return check


@cache
def _shared(name: str, what: str) -> Check:
    return _compile(DEFS[name], what)


_TYPES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "string": (lambda v: isinstance(v, str), "text"),
    "boolean": (lambda v: isinstance(v, bool), "true or false"),
    "integer": (lambda v: isinstance(v, int) and not isinstance(v, bool), "a whole number"),
    "number": (lambda v: isinstance(v, int | Decimal) and not isinstance(v, bool), "a number"),
    "null": (lambda v: v is None, "null"),
    "array": (lambda v: isinstance(v, list), "a list"),
    "object": (lambda v: isinstance(v, Mapping), "a map of keys and values"),
}


def _typed(schema: Mapping[str, object], what: str, checks: list[Check]) -> Check:
    declared = schema["type"]
    names = [str(name) for name in (declared if isinstance(declared, list) else [declared])]
    tests = [_TYPES[name][0] for name in names]
    wanted = " or ".join(_TYPES[name][1] for name in names)
    test = tests[0] if len(tests) == 1 else lambda value: any(each(value) for each in tests)

    def check(value: object, at: At, flaws: Flaws) -> None:
        if test(value):
            if isinstance(value, str):
                _check_printable(value, at, flaws)
            for each in checks:
                each(value, at, flaws)
        else:
            message = f"{_called(at, what)} must be {wanted}, not {_shown(value)}."
            flaws.append(Flaw(code="M113", pointer=_pointer(at), message=message))

    return check


def _check_printable(value: str, at: At, flaws: Flaws) -> None:
    found = None if value.isprintable() else _UNPRINTABLE.search(value)
    if found is not None:
        message = f"The text holds a control character (U+{ord(found[0]):04X})."
        flaws.append(Flaw(code="M115", pointer=_pointer(at), message=message, hint="remove it"))


# --- groups, maps, lists -------------------------------------------------------------------------


def _properties(schema: Mapping[str, object], what: str) -> Check:
    """Known keys, required keys, and what unknown keys may hold."""
    declared = schema.get("properties", {})
    assert isinstance(declared, Mapping)  # the schemas are ours
    known = {key: _compile(shape, f'"{key}"') for key, shape in declared.items()}
    needed = schema.get("required")
    required = tuple(map(str, needed)) if isinstance(needed, list) else ()
    names = _names_check(schema)
    more = schema.get("additionalProperties")
    others = _compile(more, "") if isinstance(more, Mapping) else None

    def check(value: object, at: At, flaws: Flaws) -> None:
        if not isinstance(value, Mapping):
            return
        for key, below in value.items():
            known_check = known.get(key) or others
            if known_check is None:
                flaws.append(_unknown_key(_named(at, what), key, below, known, at))
                continue
            if names is not None and key not in known:
                names(key, (at, key), flaws)
            known_check(below, (at, key), flaws)
        for key in required:
            if key not in value:
                message = f'{_called(at, what)} needs "{key}".'
                flaws.append(Flaw(code="M112", pointer=_pointer(at), message=message))

    return check


def _names_check(schema: Mapping[str, object]) -> Check | None:
    """Check the keys of a map; the problem stands at the key."""
    shape = schema.get("propertyNames")
    if not isinstance(shape, Mapping):
        return None
    name_check = _compile(shape, "The name")

    def check(value: object, at: At, flaws: Flaws) -> None:
        before = len(flaws)
        name_check(value, at, flaws)
        for place in range(before, len(flaws)):
            flaw = flaws[place]
            flaws[place] = Flaw(
                code=flaw.code, pointer=f"{flaw.pointer}#", message=flaw.message, hint=flaw.hint
            )

    return check


def _items(schema: Mapping[str, object], what: str) -> Check:
    shape = schema["items"]
    assert isinstance(shape, Mapping)  # the schemas are ours
    item = _compile(shape, f"an item of {what}" if what else "an item")

    def check(value: object, at: At, flaws: Flaws) -> None:
        if isinstance(value, list):
            for place, below in enumerate(value):
                item(below, (at, place), flaws)

    return check


def _unknown_key(
    what: str, key: str, value: object, known: Mapping[str, object] | tuple[str, ...], at: At
) -> Flaw:
    hint = did_you_mean(key, known) or _one_of(known)
    if value is None and " " in key:
        hint = "within {…} a comma ends a text: put the whole text in quotes"
    return Flaw(
        code="M111",
        pointer=f"{_pointer((at, key))}#",
        message=f'{_capital(what)} takes no key "{key}".',
        hint=hint,
    )


def _rules(schema: Mapping[str, object], what: str) -> Check:
    """Check rules between the keys of a group: each is a `oneOf` with its own words."""
    rules = schema["allOf"]
    assert isinstance(rules, list)  # the schemas are ours
    worded = [(rule["oneOf"], str(rule["x-says"])) for rule in rules]

    def check(value: object, at: At, flaws: Flaws) -> None:
        if isinstance(value, Mapping):
            for conditions, says in worded:
                if sum(_holds(condition, value) for condition in conditions) != 1:
                    message = f"{_called(at, what)} {says}."
                    flaws.append(Flaw(code="M112", pointer=_pointer(at), message=message))

    return check


def _holds(condition: Mapping[str, object], value: Mapping[str, object]) -> bool:
    """Tell whether a condition of a rule holds: keys that are there, keys with a value, or not."""
    if "not" in condition:
        return not _holds(condition["not"], value)  # type: ignore[arg-type]  # the schemas are ours
    required, consts = condition.get("required", []), condition.get("properties", {})
    assert isinstance(required, list)  # the schemas are ours
    assert isinstance(consts, Mapping)  # the same
    return all(key in value for key in required) and all(
        value[key] == shape["const"] for key, shape in consts.items() if key in value
    )


# --- choices -----------------------------------------------------------------------------------


def _choice(schema: Mapping[str, object], what: str) -> Check:
    shapes = schema["oneOf"]
    assert isinstance(shapes, list)  # the schemas are ours
    by = schema.get("x-by")
    if by == "type":
        return _by_type(shapes)
    if by == "*":
        return _by_key(shapes, what)
    return _by_form(shapes, what)


def _by_type(shapes: list[Mapping[str, object]]) -> Check:
    """Check a field: its type says which keys it takes."""
    checks = {
        name: _compile(shape, f"a {name} field")
        for name, shape in zip(DECLARABLE, shapes, strict=True)
    }

    def check(value: object, at: At, flaws: Flaws) -> None:
        if not isinstance(value, Mapping):
            flaws.append(_no_map(at, "a field", value, "write {type: text}"))
            return
        found = value.get("type")
        known = checks.get(found) if isinstance(found, str) else None
        if known is not None:
            known(value, at, flaws)
        elif "type" not in value:
            flaws.append(Flaw(code="M112", pointer=_pointer(at), message='A field needs "type".'))
        else:
            hint = did_you_mean(str(found), checks) or _one_of(checks)
            message = f"There is no field type {_shown(found)}."
            flaws.append(
                Flaw(code="M123", pointer=_pointer((at, "type")), message=message, hint=hint)
            )

    return check


def _by_key(shapes: list[Mapping[str, object]], what: str) -> Check:
    """Check a step by the first shape whose own key is there, or a bare word where allowed."""
    plain = [_compile(shape, what) for shape in shapes if "properties" not in shape]
    groups = {_distinguishing(shape): shape for shape in shapes if "properties" in shape}
    checks = {key: _compile(shape, f"{what} with {key}") for key, shape in groups.items()}
    known = tuple(checks)

    def check(value: object, at: At, flaws: Flaws) -> None:
        if not isinstance(value, Mapping):
            if plain:
                plain[0](value, at, flaws)
            else:
                flaws.append(_no_map(at, what, value))
            return
        meant = next((key for key in known if key in value), None)
        if meant is not None:
            checks[meant](value, at, flaws)
            return
        near = next((hint for key in value if (hint := did_you_mean(key, known))), "")
        message = f"{_called(at, what)} does not say what it does."
        flaws.append(
            Flaw(code="M118", pointer=_pointer(at), message=message, hint=near or _one_of(known))
        )

    return check


def _no_map(at: At, what: str, value: object, hint: str = "") -> Flaw:
    message = f"{_called(at, what)} must be a map of keys and values, not {_shown(value)}."
    return Flaw(code="M113", pointer=_pointer(at), message=message, hint=hint)


def _distinguishing(shape: Mapping[str, object]) -> str:
    """Give the required key that says which shape is meant: the first beside `name`."""
    required = shape.get("required")
    assert isinstance(required, list)  # the schemas are ours
    return next(str(key) for key in required if key != "name")


def _by_form(shapes: list[Mapping[str, object]], what: str) -> Check:
    """One of several forms (a name, a map, a list): the one that the value has."""
    checks = [(_forms(shape), _compile(shape, what)) for shape in shapes]
    wanted = " or ".join(_TYPES[form][1] for forms, _ in checks for form in forms)

    def check(value: object, at: At, flaws: Flaws) -> None:
        for forms, each in checks:
            if any(_TYPES[form][0](value) for form in forms):
                each(value, at, flaws)
                return
        message = f"{_called(at, what)} must be {wanted}, not {_shown(value)}."
        flaws.append(Flaw(code="M113", pointer=_pointer(at), message=message))

    return check


def _forms(shape: Mapping[str, object]) -> list[str]:
    if "$ref" in shape:
        return _forms(DEFS[str(shape["$ref"]).rsplit("/", 1)[-1]])
    if "enum" in shape:
        return ["string"]
    declared = shape["type"]
    return [str(form) for form in (declared if isinstance(declared, list) else [declared])]


# --- single values -------------------------------------------------------------------------------


def _enum(schema: Mapping[str, object], what: str) -> Check:
    values = schema["enum"]
    assert isinstance(values, list)  # the schemas are ours
    known = tuple(map(str, values))

    def check(value: object, at: At, flaws: Flaws) -> None:
        if value not in known:
            hint = did_you_mean(str(value), known) or _one_of(known)
            message = f"{_called(at, what)} cannot be {_shown(value)}."
            flaws.append(Flaw(code="M114", pointer=_pointer(at), message=message, hint=hint))

    return check


def _const(schema: Mapping[str, object], what: str) -> Check:
    wanted = schema["const"]

    def check(value: object, at: At, flaws: Flaws) -> None:
        if value != wanted or isinstance(value, bool):
            message = f"{_called(at, what)} must be {_shown(wanted)}, not {_shown(value)}."
            flaws.append(Flaw(code="M114", pointer=_pointer(at), message=message))

    return check


def _pattern(schema: Mapping[str, object], _what: str) -> Check:
    match = re.compile(str(schema["pattern"]).removesuffix("$") + r"\Z").match
    meant = str(schema.get("x-is", "of the form that is asked for"))

    def check(value: object, at: At, flaws: Flaws) -> None:
        if isinstance(value, str) and match(value) is None:
            message = f"{_shown(value)} is not {meant}."
            flaws.append(Flaw(code="M115", pointer=_pointer(at), message=message))

    return check


def _bound(measure: str, limit: str, unit: str, *, least: bool) -> Callable[..., Check]:
    """Make a maker of checks of length, count or size."""

    def make(schema: Mapping[str, object], what: str) -> Check:
        bound = schema[limit]
        assert isinstance(bound, int)  # the schemas are ours

        def check(value: object, at: At, flaws: Flaws) -> None:
            size = _measure(value, measure)
            if size is None or (size >= bound if least else size <= bound):
                return
            word = "at least" if least else "at most"
            message = f"{_called(at, what)} must have {word} {bound:,} {unit}; it has {size:,}."
            if measure == "size":
                message = f"{_called(at, what)} must be {word} {bound:,}, not {size:,}."
            elif least and size == 0:
                message = f"{_called(at, what)} must not be empty."
            flaws.append(Flaw(code="M116", pointer=_pointer(at), message=message))

        return check

    return make


def _measure(value: object, measure: str) -> int | Decimal | None:
    if measure == "length":
        return len(value) if isinstance(value, str) else None
    if measure == "count":
        return len(value) if isinstance(value, list) else None
    if measure == "keys":
        return len(value) if isinstance(value, Mapping) else None
    return value if isinstance(value, int | Decimal) and not isinstance(value, bool) else None


def _unique(_schema: Mapping[str, object], what: str) -> Check:
    def check(value: object, at: At, flaws: Flaws) -> None:
        if not isinstance(value, list):
            return
        seen: list[object] = []
        for place, item in enumerate(value):
            if item in seen:
                message = f"{_called(at, what)} names {_shown(item)} twice."
                flaws.append(Flaw(code="M117", pointer=_pointer((at, place)), message=message))
            seen.append(item)

    return check


_MAKERS: Mapping[str, Callable[[Mapping[str, object], str], Check]] = {
    "enum": _enum,
    "const": _const,
    "minLength": _bound("length", "minLength", "characters", least=True),
    "maxLength": _bound("length", "maxLength", "characters", least=False),
    "pattern": _pattern,
    "minimum": _bound("size", "minimum", "", least=True),
    "maximum": _bound("size", "maximum", "", least=False),
    "minItems": _bound("count", "minItems", "items", least=True),
    "maxItems": _bound("count", "maxItems", "items", least=False),
    "minProperties": _bound("keys", "minProperties", "entries", least=True),
    "maxProperties": _bound("keys", "maxProperties", "entries", least=False),
    "uniqueItems": _unique,
    "items": _items,
    "additionalProperties": _properties,
    "allOf": _rules,
}


# --- words ---------------------------------------------------------------------------------------


def _pointer(at: At) -> str:
    steps: list[str] = []
    while at is not None:
        at, step = at
        steps.append(escape(str(step)))
    return "".join(f"/{step}" for step in reversed(steps))


def _named(at: At, what: str) -> str:
    """Name what is checked: by what it is, else by the key that holds it."""
    return what or (f'"{at[1]}"' if at is not None else "this")


def _called(at: At, what: str) -> str:
    return _capital(_named(at, what))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _shown(value: object) -> str:
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'  # noqa: PLR2004 — enough of it
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "a map"
    return "a list" if isinstance(value, list) else str(value)


def _one_of(known: Mapping[str, object] | tuple[str, ...]) -> str:
    names = list(known)
    return f"one of {', '.join(names)}" if 0 < len(names) <= _FEW else ""
