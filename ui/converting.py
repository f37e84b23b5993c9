"""Converting on the screen: what a record will become, editable, and one button that does it.

For each record that is made: one that is there already, a new one with its values, or none where
the conversion lets it be left out. Without a script it is a form like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from engine.compiled import CompiledObject
from engine.errors import Conflict, FieldError, NotFound, PatronError, RecordInvalid, RequestInvalid
from engine.model.fields.links import MAX_ID
from engine.session import Prospect, Session
from ui import inputs
from ui.cells import Cells
from ui.columns import find_column
from ui.forms import Box, FormMaker, Problems, input_name, is_editable
from ui.inputs import Parts
from ui.listing.mass import read_ids
from ui.sentences import say_error
from ui.typed import Mistyped
from web.answers import go
from web.frame import Frame, make_frame, object_label, page
from web.texts import say
from web.visit import visit

_UNREADABLE: tuple[object, ...] = ((),)  # what no field type reads: it is refused with its field
HOW, NEW, NONE, VERSION = "how.", "new", "none", "_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One record that is made, as the page shows it. `how`: new, none, or the id of a match."""

    name: str
    label: str
    icon: str
    how: str
    is_optional: bool
    may_create: bool
    matches: Sequence[tuple[int, str, str]]
    boxes: Sequence[Box]
    problems: Sequence[str]


@dataclass(slots=True)
class _Sent:
    """A form that came back: what is wished, what was typed, and what cannot be read."""

    how: dict[str, str] = field(default_factory=dict)
    wishes: dict[str, object] = field(default_factory=dict)
    typed: dict[str, dict[str, Parts]] = field(default_factory=dict)
    wrong: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    apart: dict[str, list[str]] = field(default_factory=dict)
    form: list[str] = field(default_factory=list)
    version: int | None = None

    def problems(self, name: str) -> Problems:
        """Give what is wrong with a part."""
        return Problems(fields=self.wrong.get(name, {}), form=self.apart.get(name, ()))


def add_converting(blueprint: Blueprint) -> None:
    """Name the address."""
    rule = "/o/<name>/<int:record>/convert"
    blueprint.add_url_rule(rule, "ask_convert", ask_convert)
    blueprint.add_url_rule(rule, "convert", convert, methods=["POST"])


def ask_convert(name: str, record: int) -> Response:
    """Show what a record would become."""
    return _shown(name, record, None)


def convert(name: str, record: int) -> Response:
    """Convert it and lead back to it, or give the page back with every reason why not."""
    _ensure_id(record)
    sent = visit().read(lambda session: _read(session, name, request.form))
    try:
        visit().write(
            lambda s: s.converting.convert(s.compiled(name), record, sent.wishes, sent.version)
        )
    except (Conflict, RecordInvalid, RequestInvalid) as error:
        if error.code in ("C100", "C105") or (error.code == "Q113" and not error.errors):
            raise
        refused = error
        visit().read(lambda session: _note(session, sent, refused))
        return _shown(name, record, sent, status=error.status)
    return go(f"{visit().root}/o/{name}/{record}")


def _ensure_id(record: int) -> None:
    if not 0 < record <= MAX_ID:
        raise NotFound


def _shown(name: str, record: int, sent: _Sent | None, status: int = 200) -> Response:
    _ensure_id(record)

    def work(session: Session) -> dict[str, object]:
        frame, compiled = make_frame(session, visit()), session.compiled(name)
        prospects = session.converting.prospects(compiled, record)
        seen = session.get(name, record)
        cells = Cells(session, frame.formats, frame.root)
        version = seen["version"] if sent is None else sent.version
        return {
            "frame": frame,
            "fmt": frame.formats,
            "compiled": compiled,
            "object_name": str(compiled.name),
            "title": cells.title(compiled, seen),
            "plural": object_label(session.snapshot, compiled.name, "plural"),
            "base": f"{frame.root}/o/{compiled.name}",
            "href": f"{frame.root}/o/{compiled.name}/{record}",
            "version": version,
            "problems": [] if sent is None else sent.form,
            "parts": [_part(session, frame, cells, one, sent) for one in prospects],
        }

    return page("ui/convert.html", visit().read(work), status=status)


def _part(session: Session, frame: Frame, cells: Cells, one: Prospect, sent: _Sent | None) -> Part:
    name, compiled = str(one.object.name), one.object
    typed = {} if sent is None else sent.typed.get(name, {})
    problems = Problems() if sent is None else sent.problems(name)
    given = {str(field): value for field, value in one.values.items()}
    maker = FormMaker(session, cells, frame.formats, compiled, given=given, typed=typed)
    boxes = list(_boxes(maker, one, problems))
    drawn = {box.name.partition("-")[2] for box in boxes}
    apart = [
        f"{_label(session, compiled, name)}: {said}"
        for name, sentences in problems.fields.items()
        if name not in drawn
        for said in sentences
    ]
    matches = [
        (number, title, f"{frame.root}/o/{name}/{number}") for number, title in one.matches.items()
    ]
    usual = str(matches[0][0]) if matches else NEW
    return Part(
        name=name,
        label=object_label(session.snapshot, compiled.name),
        icon=compiled.icon or "box",
        how=usual if sent is None else sent.how.get(name, usual),
        is_optional=one.is_optional,
        may_create=one.may_create,
        matches=matches,
        boxes=boxes,
        problems=[*problems.form, *apart],
    )


def _boxes(maker: FormMaker, one: Prospect, problems: Problems) -> Iterator[Box]:
    """Give the editors of what is computed, and of what is needed besides; lookups are shown."""
    for field_name in _wanted(maker, one):
        box = maker.one(field_name, problems)
        if box is not None and box.editor != "lookup":
            prefix = str(one.object.name)
            yield replace(
                box, name=f"{prefix}-{box.name}", input=f"{prefix}.{box.input}", reacts=False
            )


def _wanted(maker: FormMaker, one: Prospect) -> Iterable[str]:
    compiled = one.object
    needed = [
        str(name)
        for name, known in compiled.fields.items()
        if known.decl.required and name not in compiled.defaults and not known.is_platform
    ]
    of_layout = [slot.path for slot in maker.layout.slots if slot.required_if is not None]
    asked = [path for path in of_layout if path in compiled.fields]
    return dict.fromkeys([*map(str, one.values), *needed, *asked])


def _label(session: Session, compiled: CompiledObject, name: str) -> str:
    column = find_column(session, compiled.name, name)
    return name if column is None else column.label


# --- what came back -----------------------------------------------------------------------------


def _read(session: Session, name: str, form: MultiDict[str, str]) -> _Sent:
    """Read what is wished for each part."""
    sent = _Sent(version=next(iter(read_ids([form.get(VERSION, "")])), None))
    conversion = session.converting.conversion(session.compiled(name))
    for part in () if conversion is None else conversion.parts:
        object_name = str(part.object)
        how = form.get(f"{HOW}{object_name}", NEW)
        compiled = session.snapshot.model.objects[part.object]
        values = _values(session, compiled, form, sent)  # kept for the page whatever is wished
        sent.how[object_name] = how
        if how == NONE:
            sent.wishes[object_name] = False
        elif how == NEW:
            sent.wishes[object_name] = values
        else:
            sent.wishes[object_name] = next(iter(read_ids([how])), 0)
        if how != NEW:
            sent.wrong.pop(object_name, None)
    return sent


def _values(
    session: Session, compiled: CompiledObject, form: MultiDict[str, str], sent: _Sent
) -> dict[str, object]:
    """Read the values of a new record; what cannot be read is noted at its field."""
    fmt, prefix = make_frame(session, visit()).formats, str(compiled.name)
    values: dict[str, object] = {}
    for name, known in compiled.fields.items():
        column = find_column(session, compiled.name, str(name))
        kind = None if column is None else inputs.editor_of(column)
        if column is None or kind is None or kind.editor == "lookup":
            continue
        if not is_editable(session, compiled, known, is_new=True):
            continue
        parts = {
            part: tuple(form.getlist(f"{prefix}.{input_name(str(name), part)}"))
            for part in kind.parts
        }
        if not any(parts.values()):
            continue
        typed = {part: texts or ("",) for part, texts in parts.items()}
        sent.typed.setdefault(prefix, {})[str(name)] = typed
        try:
            values[str(name)] = inputs.read(column, typed, fmt)
        except Mistyped as wrong:
            sent.wrong.setdefault(prefix, {}).setdefault(str(name), []).append(wrong.message)
            values[str(name)] = _UNREADABLE
    return values


def _note(session: Session, sent: _Sent, error: PatronError) -> None:
    """Put every refusal where it belongs: at a field, at a record, or above the form."""
    fmt = make_frame(session, visit()).formats
    errors: Sequence[FieldError] = getattr(error, "errors", ())
    for one in errors:
        part, _, name = one.field.removeprefix("to.").partition(".")
        if part not in sent.how:
            sent.form.append(say_error(one, None, fmt))
            continue
        compiled = session.snapshot.model.objects[part]  # type: ignore[index]  # a plain name
        if name in sent.wrong.get(part, {}) and one.code.startswith("R1"):
            continue  # said already, and better: it is what was typed that cannot be read
        column = find_column(session, compiled.name, name) if name else None
        sentence = say_error(one, column, fmt)
        if column is None:
            sent.apart.setdefault(part, []).append(sentence)
        else:
            sent.wrong.setdefault(part, {}).setdefault(name, []).append(sentence)
    if not errors:
        sent.form.append(say(error.message))
