"""Endpoints made ready: what incoming ones give to the records that they create.

Separate from the expressions, which are compiled by now; here they are laid out by field, and what
no schema can say is checked: an endpoint that anybody could write through, or that signs with
nothing, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.compile.work import Work
from engine.compiled import Incoming
from engine.expr.constants import parse_constant
from engine.model.fields.base import BadValue
from engine.names import FieldName, ObjectName
from engine.programs import Setting
from engine.source import SourceDoc


def compile_endpoints(work: Work) -> None:
    """Fill `incoming` with the endpoints that take requests; report M350 and M351."""
    for name, doc in work.named("endpoint").items():
        if doc.data.get("incoming") is not True:
            _check_signature(work, doc)
        elif _is_whole(work, doc):
            owner = ObjectName(str(doc.data["object"]))
            if owner in work.declared and doc.key not in work.broken:
                work.incoming[name] = Incoming(
                    name=name,
                    object=owner,
                    secret=str(doc.data["secret"]),
                    is_active=doc.data.get("active") is not False,
                    settings=tuple(_settings(work, doc, owner)),
                )


def _check_signature(work: Work, doc: SourceDoc) -> None:
    auth = doc.data.get("auth")
    has_secret = isinstance(auth, Mapping) or "secret" in doc.data
    if doc.data.get("sign") == "hmac" and not has_secret:
        message = "It signs with a secret, and none is named."
        hint = "add `secret: NAME` of a variable in env_vars.yaml"
        work.report(doc, "M351", message, pointer="/sign", hint=hint)


def _is_whole(work: Work, doc: SourceDoc) -> bool:
    missing = [key for key in ("object", "secret") if not doc.data.get(key)]
    if missing:
        message = f"An incoming endpoint needs {' and '.join(f'`{key}`' for key in missing)}."
        hint = "`object` says which records it creates, `secret` keeps others from doing so"
        work.report(doc, "M350", message, pointer="/incoming#", hint=hint)
    return not missing


def _settings(work: Work, doc: SourceDoc, owner: ObjectName) -> Iterator[Setting]:
    values = doc.data.get("values")
    for name, value in values.items() if isinstance(values, Mapping) else ():
        field = work.declared[owner].get(FieldName(name))
        if field is None:
            continue  # reported as a dangling reference
        expression = work.ready.get((doc.key, f"/values/{name}"))
        try:
            constant = None if expression is not None else parse_constant(field, value)
        except BadValue:
            continue  # reported where the value is checked
        yield Setting(field=field.name, expression=expression, constant=constant)
