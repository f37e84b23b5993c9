"""Objects described for a caller, in their language: what a form, an integration or OpenAPI needs.

Texts that nobody translated stay as they were declared.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.access import Access
from engine.compiled import CompiledField, CompiledObject, Model, View, base_language, translated
from engine.errors import FieldError, RequestInvalid
from engine.locale import say
from engine.model.fields.base import BadValue, Value

SHOWN_OPTIONS = ("length", "decimals", "min", "max", "format", "returns", "on_delete", "measure")


def describe(
    model: Model, access: Access, compiled: CompiledObject, language: str = ""
) -> dict[str, object]:
    """Describe one object: labels, rights, the readable fields in order, and its views."""
    may = access.of(compiled.name)
    views, title = model.views.get(compiled.name, {}), compiled.title
    return {
        "object": compiled.name,
        **_labels(compiled, language),
        "description": compiled.text(language, "description") or compiled.description,
        "title": title if title and may.readable & compiled.fields[title].bit else None,
        "icon": compiled.icon,
        "features": sorted(compiled.features),
        "rights": sorted(may.rights),
        "fields": {
            name: _field(model, access, compiled, field, language)
            for name, field in compiled.fields.items()
            if may.readable & field.bit
        },
        "record_types": list(compiled.record_types),
        "views": {
            name: {"label": view_label(model, compiled, view, language)}
            for name, view in views.items()
        },
    }


def objects(model: Model, access: Access, language: str = "") -> list[dict[str, object]]:
    """List the objects that a caller may read."""
    return [
        {"object": name, **_labels(compiled, language)}
        for name, compiled in model.objects.items()
        if access.of(name).may("read")
    ]


def parse_key(field: CompiledField, value: object) -> Value:
    """Read the value of an external id. Raises: RequestInvalid Q107."""
    try:
        return field.type.parse(field.decl, value)
    except BadValue as bad:
        error = FieldError(field=field.name, code=bad.code, message=bad.message, hint=bad.hint)
        message = say('This cannot be a value of "{name}".', name=field.name)
        raise RequestInvalid(message, code="Q107", errors=(error,)) from bad


def ensure_same_key(
    compiled: CompiledObject, key: CompiledField, value: Value, given: Mapping[str, object]
) -> None:
    """Refuse values that name another external id than the one asked for.

    Raises: RequestInvalid Q107.
    """
    names = {key.name, *(aka for aka, name in compiled.aka.items() if name == key.name)}
    for name in names & given.keys():
        if given[name] in (None, "") or parse_key(key, given[name]) != value:
            message = say(
                'The values give "{name}" another value than the one it is looked up by.', name=name
            )
            error = FieldError(field=name, code="Q107", message=message)
            raise RequestInvalid(message, code="Q107", errors=(error,))


def _labels(compiled: CompiledObject, language: str) -> dict[str, object]:
    return {
        "label": object_label(compiled, language),
        "plural": compiled.text(language, "plural") or compiled.plural,
    }


def object_label(compiled: CompiledObject, language: str) -> str:
    """Give the label of an object."""
    return compiled.text(language, "label") or compiled.label


def field_label(compiled: CompiledObject, field: CompiledField, language: str) -> str:
    """Give the label of a field."""
    return compiled.text(language, "fields", field.name, "label") or field.decl.label


def value_labels(
    model: Model, compiled: CompiledObject, field: CompiledField, language: str
) -> dict[str, str]:
    """Give the labels of a picklist's values; a shared one is translated once for all fields."""
    shared = str(field.decl.option("picklist", ""))
    labels = {}
    for name, value in field.decl.values.items():
        own = compiled.text(language, "fields", field.name, "values", name, "label")
        labels[name] = own or part_label(model, language, "picklists", shared, "values", name)
        labels[name] = labels[name] or value.label
    return labels


def view_label(model: Model, compiled: CompiledObject, view: View, language: str) -> str:
    """Give the label of a view: translated with its object, or among all views."""
    own = compiled.text(language, "views", view.name, "label")
    return own or part_label(model, language, "views", f"{view.object}.{view.name}") or view.label


def part_label(model: Model, language: str, part: str, *path: str) -> str:
    """Give a text of a part of the translation that stands beside objects, or ""."""
    texts = model.declared.get("translation", {})
    known = (language, base_language(language))
    by_language = {name: texts.get(f"{name}.{part}") for name in known}
    return translated(by_language, language, *path, "label")


def _field(
    model: Model, access: Access, compiled: CompiledObject, field: CompiledField, language: str
) -> dict[str, object]:
    declared, may = field.decl, access.of(compiled.name)
    described: dict[str, object] = {
        "type": declared.type,
        "label": field_label(compiled, field, language),
        "required": declared.required,
        "editable": bool(may.editable & field.bit),
        "unique": declared.unique or declared.external_id,
        "external_id": declared.external_id,
        "has_default": field.name in compiled.defaults,
    }
    helped = compiled.text(language, "fields", field.name, "help") or declared.help
    if helped:
        described["help"] = helped
    for option in SHOWN_OPTIONS:
        if declared.option(option) is not None:
            described[option] = declared.option(option)
    if declared.targets:
        # Objects that the caller may not read do not exist for them, not even as a target.
        described["to"] = [target for target in declared.targets if access.of(target).may("read")]
    if declared.values:
        described["values"] = _values(model, compiled, field, language)
    if declared.aka:
        described["aka"] = list(declared.aka)
    return described


def _values(
    model: Model, compiled: CompiledObject, field: CompiledField, language: str
) -> dict[str, object]:
    """Describe the values of a picklist."""
    labels = value_labels(model, compiled, field, language)
    return {
        name: {"label": labels[name], "color": value.color, "active": value.active}
        for name, value in field.decl.values.items()
    }
