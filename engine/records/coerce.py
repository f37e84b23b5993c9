"""From typed JSON to values: every field read by its type, all mistakes at once.

One marshmallow schema per compiled object, made on first use and kept in a bounded memo under the
object's digest; building one per call would cost more than the load.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from threading import Lock
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, missing
from marshmallow.fields import Field as MarshmallowField

from engine.access import ObjectAccess
from engine.access.effective import ENGINE_FIELDS
from engine.compiled import CompiledField, CompiledObject
from engine.errors import FieldError
from engine.locale import say
from engine.model.fields.base import BadValue, Value
from engine.names import Digest, did_you_mean

KEPT_SCHEMAS = 512


class _Typed(MarshmallowField[Value]):
    """A marshmallow field that lets Patron's field type read the value."""

    def __init__(self, compiled: CompiledField) -> None:
        super().__init__(allow_none=True)
        self._compiled = compiled

    def deserialize(self, value: Any, *_args: object, **_kwargs: object) -> Any:
        """Read one value; a missing one stays missing. Raises: ValidationError.

        Overrides the whole of marshmallow's step, whose other checks (required, null, validators)
        are the pipeline's here: half the cost of a load. Any: the signature of the base.
        """
        if value is missing:
            return missing
        if value is None or value == "":
            return None
        try:
            read = self._compiled.type.parse(self._compiled.decl, value)
        except BadValue as bad:
            raise ValidationError([(bad.code, bad.message, bad.hint)]) from bad
        return None if read in ("", ()) else read


class _Schemas:
    """Schemas by object digest, the oldest leave first: the only state of this room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Digest, Schema] = OrderedDict()
        self._lock = Lock()

    def of(self, compiled: CompiledObject) -> Schema:
        """Give the schema of an object."""
        schema = self._kept.get(compiled.digest)
        if schema is None:
            fields: dict[str, MarshmallowField[Any]] = {  # Any: marshmallow's own signature
                str(name): _Typed(field) for name, field in compiled.fields.items()
            }
            schema = Schema.from_dict(fields, name=f"Record_{compiled.name}")(unknown=RAISE)
            with self._lock:
                self._kept[compiled.digest] = schema
                while len(self._kept) > KEPT_SCHEMAS:
                    self._kept.popitem(last=False)
        return schema


_SCHEMAS = _Schemas()


def coerce(
    compiled: CompiledObject,
    access: ObjectAccess,
    given: Mapping[str, object],
    *,
    is_new: bool,
    used_names: list[str] | None = None,
) -> tuple[dict[str, Value], list[FieldError]]:
    """Read the given values by their types; refuse what the caller may not set.

    `used_names` collects former names (`aka`) that were used, for the deprecation header.
    Returns: values by field name, and every refused field.
    """
    named = dict(given)
    for aka in compiled.aka.keys() & named.keys():
        named.setdefault(compiled.aka[aka], named.pop(aka))
        if used_names is not None:
            used_names.append(aka)
    errors = _refused(compiled, access, named, is_new=is_new)
    for error in errors:
        named.pop(error.field, None)
    try:
        loaded = _SCHEMAS.of(compiled).load(named, partial=True)
    except ValidationError as invalid:
        errors.extend(_errors(invalid))
        loaded = invalid.valid_data
    return dict(loaded), errors


def _refused(
    compiled: CompiledObject,
    access: ObjectAccess,
    named: Mapping[str, object],
    *,
    is_new: bool,
) -> list[FieldError]:
    errors = []
    for name in named:
        field = compiled.fields.get(name)  # type: ignore[call-overload]  # names come as plain text
        if field is None or not access.readable & field.bit:
            errors.append(_unknown(compiled, access, name))
        elif name in ENGINE_FIELDS or not field.type.is_editable:
            errors.append(
                FieldError(field=name, code="R103", message=say("Patron sets this field."))
            )
        elif not access.editable & field.bit:
            message = say("Your permissions do not let you change this field.")
            errors.append(FieldError(field=name, code="A101", message=message))
        elif field.decl.read_only_after_create and not is_new:
            message = say("This field can only be set when the record is created.")
            errors.append(FieldError(field=name, code="R104", message=message))
    return errors


def _unknown(compiled: CompiledObject, access: ObjectAccess, name: str) -> FieldError:
    known = [n for n, field in compiled.fields.items() if access.readable & field.bit]
    return FieldError(
        field=name,
        code="R102",
        message=say('"{object}" has no field "{name}".', object=compiled.name, name=name),
        hint=did_you_mean(name, known),
    )


def _errors(invalid: ValidationError) -> list[FieldError]:
    errors = []
    messages = invalid.messages if isinstance(invalid.messages, dict) else {}
    for field, found in messages.items():
        for code, message, hint in found:
            errors.append(FieldError(field=str(field), code=code, message=message, hint=hint))
    return errors
