"""Treatments: what happens to records that a narrowing change concerns. Part of the plan's seal.

`fill:VALUE` puts a value where there is none, `map:old=new,…` exchanges picklist values, `convert`
makes a value fit, `leave` lets records be (they fail at their next save), `block` forbids the
deployment while a record is concerned.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

import orjson

from deploy_tool.exits import UsageWrong
from engine.compiled import CompiledField, Model
from engine.diff import Add, Change, Operation, Rename, Retire
from engine.errors import DeploymentFailed
from engine.model.converting import NotConvertible, convert_text
from engine.model.fields.base import BadValue, Value
from engine.names import ComponentKey, FieldName, ObjectName, did_you_mean, split_key


class Way(StrEnum):
    """How concerned records are treated."""

    FILL = "fill"
    MAP = "map"
    CONVERT = "convert"
    LEAVE = "leave"
    BLOCK = "block"


# Property that became stricter -> the ways that exist, the default first.
_WAYS: Mapping[str, tuple[Way, ...]] = {
    "required": (Way.BLOCK, Way.FILL, Way.LEAVE),
    "required_if": (Way.LEAVE, Way.BLOCK),
    "unique": (Way.BLOCK,),
    "external_id": (Way.BLOCK,),
    "values": (Way.LEAVE, Way.MAP, Way.BLOCK),
    "length": (Way.LEAVE, Way.CONVERT, Way.BLOCK),
    "min": (Way.LEAVE, Way.BLOCK),
    "max": (Way.LEAVE, Way.BLOCK),
}
_RULE = (Way.LEAVE, Way.BLOCK)
# A change of how values are kept: what does not fit cannot stay.
_TYPE = (Way.BLOCK, Way.CONVERT, Way.MAP, Way.FILL)
_KEEPING = frozenset({"type", "decimals", "returns"})

_PAIRS = re.compile(r"map:[^=]+=.*", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """One treatment. `value` belongs to `fill`, `values` (old -> new) to `map`."""

    way: Way
    value: str = ""
    values: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The treatment as it is typed, and as a plan keeps it."""
        if self.way is Way.FILL:
            return f"fill:{self.value}"
        if self.way is Way.MAP:
            return "map:" + ",".join(f"{old}={new}" for old, new in self.values)
        return str(self.way)


NOTHING_USUAL: Mapping[str, Treatment] = MappingProxyType({})


def read_treatments(texts: Iterable[str]) -> dict[str, Treatment]:
    """Read `COMPONENT=TREATMENT` as typed: by component. Raises: UsageWrong U105."""
    found = {}
    for text in texts:
        component, sign, rest = text.partition("=")
        if not sign or not component:
            hint = "--treat field:deal.region=fill:EMEA"
            raise UsageWrong(message=f'"{text}" is no treatment.', code="U105", hint=hint)
        found[component] = read_treatment(rest)
    return found


def read_treatment(text: str) -> Treatment:
    """Read one treatment. Raises: UsageWrong U105."""
    word, _, rest = text.partition(":")
    if word not in set(Way):
        hint = did_you_mean(word, tuple(Way)) or "fill:VALUE, map:FILE, convert, leave or block"
        raise UsageWrong(message=f'"{text}" is no treatment.', code="U105", hint=hint)
    way = Way(word)
    if way is Way.FILL:
        return Treatment(way=way, value=rest)
    return Treatment(way=way, values=_read_map(rest)) if way is Way.MAP else Treatment(way=way)


def read_sent_treatment(text: str) -> Treatment:
    """Read one that came over the wire or was kept: a map says what it exchanges, and no file.

    Raises: UsageWrong U105.
    """
    if text.startswith("map:") and not _PAIRS.fullmatch(text):
        message = f'"{text[:60]}" says nothing to exchange.'
        raise UsageWrong(message=message, code="U105", hint="map:old=new,other=new")
    return read_treatment(text)


def ways_of(operation: Operation) -> tuple[Way, ...]:
    """Give the ways in which records can be treated, the default first; () where none is needed."""
    kind, _ = split_key(operation.component)
    if isinstance(operation, Retire):
        return ()
    if kind == "validation_rule":
        return _RULE
    if kind == "index":
        return (Way.BLOCK,)
    if kind not in {"field", "picklist"}:
        return ()
    names = ["required"] if isinstance(operation, Add) else _changed(operation)
    if is_conversion(operation):
        return _TYPE
    lists = [_WAYS[name] for name in names if name in _WAYS]
    ways = list(dict.fromkeys(way for ways in lists for way in ways))
    # Where one of several properties can only block, nothing else will do.
    return (
        tuple(sorted(ways, key=lambda way: way is not Way.BLOCK))
        if (Way.BLOCK,) in lists
        else (tuple(ways))
    )


def is_conversion(operation: Operation) -> bool:
    """Tell whether an operation changes how the values of a field are kept."""
    return not isinstance(operation, Add) and bool(_KEEPING & set(_changed(operation)))


def choose(
    operation: Operation,
    chosen: Mapping[str, Treatment],
    model: Model,
    usual: Mapping[str, Treatment] = NOTHING_USUAL,
) -> Treatment | None:
    """Give the treatment of an operation: the chosen one, else the usual one, else its default.

    A usual one that does not fit this change is passed over: see `misfitting_usual`.
    Raises: UsageWrong U105 for one that this change cannot have, or a value the field cannot take.
    """
    ways = ways_of(operation)
    wanted = _meant(operation, chosen)
    if wanted is not None:
        ensure_possible(operation, wanted, model)
        return wanted
    kept = _meant(operation, usual)
    if kept is not None and _is_possible(operation, kept, model):
        return kept
    return Treatment(way=ways[0]) if ways else None


def ensure_possible(operation: Operation, treatment: Treatment, model: Model) -> None:
    """Refuse a treatment that a change cannot have, or a value the field cannot take.

    Raises: UsageWrong U105.
    """
    ways = ways_of(operation)
    if treatment.way not in ways:
        can = ", ".join(ways) or "nothing"
        message = f"{operation.component} cannot be treated by {treatment.way}."
        raise UsageWrong(message=message, code="U105", hint=f"possible here: {can}")
    kind, _ = split_key(operation.component)
    if kind == "field" and treatment.way in {Way.FILL, Way.MAP}:
        field = field_of(model, operation.component)
        _ensure_fits(field, treatment, is_converted=is_conversion(operation))


def misfitting_usual(
    operations: Iterable[Operation],
    chosen: Mapping[str, Treatment],
    usual: Mapping[str, Treatment],
    model: Model,
) -> Iterator[str]:
    """Say which usual treatments were passed over, because the change has become another one."""
    for operation in operations:
        kept = _meant(operation, usual)
        is_asked = kept is not None and _meant(operation, chosen) is None and ways_of(operation)
        if kept is not None and is_asked and not _is_possible(operation, kept, model):
            ways = ways_of(operation)
            yield f"{operation.component}: {kept.text} does not fit any more; {ways[0]} stands"


def _meant(operation: Operation, chosen: Mapping[str, Treatment]) -> Treatment | None:
    _, path = split_key(operation.component)
    return chosen.get(operation.component) or chosen.get(".".join(path))


def _is_possible(operation: Operation, treatment: Treatment, model: Model) -> bool:
    try:
        ensure_possible(operation, treatment, model)
    except UsageWrong:
        return False
    return True


def ensure_all_used(chosen: Mapping[str, Treatment], operations: Iterable[Operation]) -> None:
    """Refuse treatments of what does not change. Raises: UsageWrong U105."""
    known = {str(o.component) for o in operations}
    short = {".".join(split_key(ComponentKey(key))[1]) for key in known}
    unknown = sorted(set(chosen) - known - short)
    if unknown:
        message = f'The plan does not change "{unknown[0]}", so there is nothing to treat.'
        raise UsageWrong(message=message, code="U105", hint=did_you_mean(unknown[0], sorted(known)))


def field_of(model: Model, component: ComponentKey) -> CompiledField:
    """Give the field of a component key."""
    _, path = split_key(component)
    return model.objects[ObjectName(path[0])].fields[FieldName(path[-1])]


def filling(field: CompiledField, treatment: Treatment) -> Value:
    """Read the value of a `fill` as the field takes it. Raises: UsageWrong U105."""
    try:
        return field.type.parse(field.decl, treatment.value)
    except BadValue as bad:
        message = f"{field.name} cannot be filled with “{treatment.value}”: {bad.message}"
        raise UsageWrong(message=message, code="U105", hint=bad.hint) from bad


def _ensure_fits(field: CompiledField, treatment: Treatment, *, is_converted: bool) -> None:
    """Refuse values that the field would not take. Raises: UsageWrong U105."""
    if is_converted:
        _ensure_converts(field, treatment)
        return
    if treatment.way is Way.FILL:
        filling(field, treatment)
    for _, new in treatment.values:
        if new not in field.decl.values:
            hint = did_you_mean(new, tuple(field.decl.values))
            message = f'{field.name} has no value "{new}".'
            raise UsageWrong(message=message, code="U105", hint=hint)


def _ensure_converts(field: CompiledField, treatment: Treatment) -> None:
    """Refuse texts that the new type does not take. Raises: UsageWrong U105."""
    wanted = [treatment.value] if treatment.way is Way.FILL else [n for _, n in treatment.values]
    for text in wanted:
        try:
            convert_text(field.decl, text, UTC)
        except NotConvertible as wrong:
            message = f"{field.name} cannot hold “{text}”: {wrong}"
            raise UsageWrong(message=message, code="U105") from wrong


def ensure_treated(changes: Iterable[tuple[ComponentKey, str, int]]) -> None:
    """Refuse what a treatment blocks: (component, treatment, records concerned).

    Raises: DeploymentFailed D107, exit 5, with every change that is blocked.
    """
    blocked = [(key, count) for key, text, count in changes if text == Way.BLOCK and count]
    if not blocked:
        return
    lines = "".join(f"\n  {key}: {count:,} records do not fit" for key, count in blocked)
    raise DeploymentFailed(
        message=f"Records stand in the way, and nothing was changed:{lines}",
        code="D107",
        step="verify",
        exit_code=5,
        status=409,
        hint=f"correct them, or choose a treatment: --treat {blocked[0][0]}=fill:VALUE, leave, …",
    )


def _changed(operation: Operation) -> list[str]:
    changes = operation.changes if isinstance(operation, (Change, Rename)) else ()
    return list(dict.fromkeys(change.name for change in changes if change.after is not False))


def _read_map(text: str) -> tuple[tuple[str, str], ...]:
    """Read `old=new,…`, or a JSON file that holds {old: new}. Raises: UsageWrong U105."""
    path = Path(text)
    if "=" not in text and path.is_file():
        try:
            data = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError as error:
            message = f"{path} does not hold JSON like {{old: new}}."
            raise UsageWrong(message=message, code="U105") from error
        pairs = list(data.items()) if isinstance(data, dict) else []
    else:
        parts = (part.partition("=") for part in text.split(",") if "=" in part)
        pairs = [(old, new) for old, _, new in parts]
    if not pairs or not all(isinstance(old, str) and isinstance(new, str) for old, new in pairs):
        message = f'"map:{text}" says nothing to exchange.'
        hint = "map:old=new,other=new or map:FILE with JSON {old: new}"
        raise UsageWrong(message=message, code="U105", hint=hint)
    return tuple(sorted((old.strip(), new.strip()) for old, new in pairs))
