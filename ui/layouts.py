"""Which layout a record page has, resolved: sections, fields with their conditions, related lists.

A layout is parsed once per model and language; the choice by `for` is made for every visitor. An
object without a layout gets a generated one, so there is always something to show.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.compiled import CompiledObject, Model, translated
from engine.expr import Expression
from engine.names import FieldName, ObjectName, label_from
from engine.saving.approvals.requests import reads_of
from engine.saving.drafting import compile_declared
from engine.session import Seen, Session
from engine.store.memo import Memo
from ui.columns import find_columns, paths_of
from web.texts import language, say

SECTION_OF_ALL = "details"
_LONG = frozenset({"long_text", "rich_text", "json"})
_LINKS = frozenset({"lookup", "master_detail"})
_MOST_RELATED, _MOST_COLUMNS, _MOST_HIGHLIGHTS = 8, 4, 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A field in a section. `label`: the layout's own, "" for the field's."""

    path: str
    label: str = ""
    visible_if: Expression | None = None
    required_if: Expression | None = None
    is_read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page with a heading."""

    name: str
    label: str
    columns: int
    slots: tuple[Slot, ...]
    visible_if: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelatedList:
    """Records of another object whose lookup `via` points at the record of the page."""

    object: ObjectName
    via: FieldName
    label: str
    fields: tuple[str, ...]
    sort: tuple[str, ...]
    where: str = ""
    visible_if: Expression | None = None

    @property
    def tab(self) -> str:
        """The name of its tab in addresses."""
        return f"{self.object}.{self.via}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A layout ready to be shown. `facts`: the paths that its conditions read."""

    name: str
    highlights: tuple[str, ...]
    path: FieldName | None
    guidance: Mapping[str, str]
    sections: tuple[Section, ...]
    related: tuple[RelatedList, ...]
    actions: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def slots(self) -> Iterator[Slot]:
        """Every field of every section, in order."""
        for section in self.sections:
            yield from section.slots


_MADE: Memo[tuple[str, str, str, str], Layout] = Memo(1024)


def layout_for(session: Session, compiled: CompiledObject, record_type: object) -> Layout:
    """Give the layout of an object for the visitor and a record's type."""
    name, data = _choose(session, compiled, record_type)
    model = session.snapshot.model
    key = (model.digest, language(), compiled.name, name)
    return _MADE.get_or_make(key, lambda: _Reader(model, compiled, name).read(data))


def layouts_of(session: Session, compiled: CompiledObject) -> list[Layout]:
    """Give every layout that a record of an object may have for the visitor."""
    kinds = (None, *compiled.record_types)
    made = {one.name: one for one in (layout_for(session, compiled, kind) for kind in kinds)}
    return list(made.values())


def has_requirements(session: Session, compiled: CompiledObject) -> bool:
    """Tell whether a layout asks for fields that the object itself does not require."""
    layouts = layouts_of(session, compiled)
    return any(slot.required_if is not None for one in layouts for slot in one.slots)


def look_at(
    session: Session, compiled: CompiledObject, record_id: int, *, is_bin: bool = False
) -> Seen | None:
    """Read a record with everything that its page or form may show: one statement, or two.

    Its type decides the layout and is not known before, so that what any layout shows is read.
    """
    layouts = layouts_of(session, compiled)
    paths = [str(name) for name in compiled.fields]
    paths += [path for one in layouts for path in one.highlights]
    paths += [slot.path for one in layouts for slot in one.slots]
    columns = find_columns(session, compiled.name, paths)
    facts = {path for one in layouts for path in one.facts}
    facts |= reads_of(session.snapshot.model, compiled.name)
    facts |= _reads_of_buttons(session.snapshot.model, compiled.name)
    facts |= session.converting.marks(compiled)
    return session.look(compiled.name, record_id, paths_of(columns), facts, is_bin=is_bin)


def _reads_of_buttons(model: Model, name: ObjectName) -> set[str]:
    """Give what decides whether the workflows of buttons are offered on a record of an object."""
    found = model.declared.get("action", {}).values()
    names = {str(one.get("workflow")) for one in found if one.get("object") == name}
    workflows = (model.workflows[one] for one in names if one in model.workflows)
    return {path for w in workflows if w.condition is not None for path in w.condition.reads}


def _choose(
    session: Session, compiled: CompiledObject, record_type: object
) -> tuple[str, Mapping[str, object]]:
    """Take the layout that fits best: one `for` them, else one for everybody, else none."""
    usual: tuple[str, Mapping[str, object]] | None = None
    for name, data in session.snapshot.model.declared.get("layout", {}).items():
        if not name.startswith(f"{compiled.name}.") or data.get("active") is False:
            continue
        audience = data.get("for")
        if not isinstance(audience, list | tuple) or not audience:
            usual = usual or (name, data)
        elif any(_fits(session, one, record_type) for one in audience):
            return name, data
    return usual or ("", {})


def _fits(session: Session, one: object, record_type: object) -> bool:
    """Tell whether every word of an audience holds."""
    if not isinstance(one, Mapping) or not one:
        return False
    role = str(session.unit.caller.context.user.get("role") or "")
    for key, wanted in one.items():
        held: frozenset[str] | set[str]
        if key == "record_type":
            held = {str(record_type or "")}
        elif key == "role":
            held = {role}
        elif key == "permission_set":
            held = session.unit.access.sets
        else:
            held = {g.partition(":")[2] for g in _groups(session) if g.startswith(f"{key}:")}
        if str(wanted) not in held:
            return False
    return True


def _groups(session: Session) -> frozenset[str]:
    return frozenset(session.unit.caller.groups)


class _Reader:
    """Reads one layout of one object."""

    def __init__(self, model: Model, compiled: CompiledObject, name: str) -> None:
        self._model, self._object, self._name = model, compiled, name

    def read(self, data: Mapping[str, object]) -> Layout:
        """Give the layout; parts that a file leaves out are generated."""
        path = data.get("path")
        path_data: Mapping[str, object] = path if isinstance(path, Mapping) else {}
        sections = tuple(self._sections(data.get("sections"))) or self._all_fields()
        related = tuple(self._related(data.get("related"))) if data else self._all_related()
        highlights = _texts(data.get("highlights")) if data else self._usual_highlights()
        field = str(path_data.get("field") or "")
        guidance = path_data.get("guidance")
        conditions = [s.visible_if for s in sections] + [r.visible_if for r in related]
        for section in sections:
            conditions += [c for s in section.slots for c in (s.visible_if, s.required_if)]
        return Layout(
            name=self._name,
            highlights=highlights,
            path=FieldName(field) if field in self._object.fields else None,
            guidance={k: self._guidance(k, str(v)) for k, v in _mapping(guidance).items()},
            sections=sections,
            related=related,
            actions=_texts(data.get("actions")),
            facts=tuple(sorted({p for c in conditions if c is not None for p in c.reads})),
        )

    def _text(self, *path: str) -> str:
        texts = self._model.declared.get("translation", {})
        found = {language(): texts.get(f"{language()}.layouts")}
        return translated(found, language(), self._name, *path)

    def _guidance(self, value: str, own: str) -> str:
        texts = self._model.declared.get("translation", {})
        found: object = texts.get(f"{language()}.layouts") or {}
        for step in (self._name, "path", "guidance", value):
            found = _mapping(found).get(step)
        return found if isinstance(found, str) else own

    def _condition(self, data: Mapping[str, object], key: str) -> Expression | None:
        return compile_declared(self._model, self._object, data.get(key))

    def _sections(self, data: object) -> Iterator[Section]:
        for place, given in enumerate(_list(data)):
            section = _mapping(given)
            name = str(section.get("name") or place)
            columns = section.get("columns", 2)
            yield Section(
                name=name,
                label=self._text("sections", name, "label")
                or str(section.get("label") or label_from(name)),
                columns=columns if isinstance(columns, int) else 2,
                slots=tuple(self._slots(section.get("fields"))),
                visible_if=self._condition(section, "visible_if"),
            )

    def _slots(self, data: object) -> Iterator[Slot]:
        seen = set()
        for given in _list(data):
            slot = given if isinstance(given, Mapping) else {"field": given}
            path = str(slot.get("field") or "")
            if path and path not in seen:
                seen.add(path)
                yield Slot(
                    path=path,
                    label=str(slot.get("label") or ""),
                    visible_if=self._condition(slot, "visible_if"),
                    required_if=self._condition(slot, "required_if"),
                    is_read_only=slot.get("read_only") is True,
                )

    def _related(self, data: object) -> Iterator[RelatedList]:
        for given in _list(data):
            related = _mapping(given)
            child = self._model.objects.get(ObjectName(str(related.get("object"))))
            via = FieldName(str(related.get("via")))
            if child is None or via not in child.fields:
                continue
            sort = related.get("sort")
            yield RelatedList(
                object=child.name,
                via=via,
                label=str(related.get("label") or "") or self._plural(child),
                fields=_texts(related.get("fields")) or self._usual_columns(child, via),
                sort=(sort,) if isinstance(sort, str) else _texts(sort),
                where=str(related.get("where") or ""),
                visible_if=self._condition(related, "visible_if"),
            )

    def _plural(self, child: CompiledObject) -> str:
        return child.text(language(), "plural") or child.plural

    def _own(self) -> list[FieldName]:
        fields = self._object.fields.items()
        return [name for name, f in fields if not f.is_platform and f.decl.active]

    def _all_fields(self) -> tuple[Section, ...]:
        """Give every field of an object that has no layout: short ones first, then long texts."""
        own = self._own()
        brief = [n for n in own if self._object.fields[n].decl.type not in _LONG]
        long = [n for n in own if n not in brief]
        titled = sorted(brief, key=lambda name: name != self._object.title)
        parts = ((SECTION_OF_ALL, say("Details"), 2, [*titled, FieldName("owner")]),)
        more = (("texts", say("Texts"), 1, long),) if long else ()
        return tuple(
            Section(
                name=name,
                label=label,
                columns=columns,
                slots=tuple(Slot(path=str(field)) for field in names),
            )
            for name, label, columns, names in (*parts, *more)
        )

    def _all_related(self) -> tuple[RelatedList, ...]:
        found = []
        for link in self._model.links.inbound.get(self._object.name, ())[:_MOST_RELATED]:
            child = self._model.objects[link.object]
            if child.is_platform or child.fields[link.field].is_platform:
                continue
            found.append(
                RelatedList(
                    object=child.name,
                    via=link.field,
                    label=self._plural(child),
                    fields=self._usual_columns(child, link.field),
                    sort=(),
                )
            )
        return tuple(found)

    def _usual_columns(self, child: CompiledObject, via: FieldName) -> tuple[str, ...]:
        names = [str(child.title)] if child.title else []
        for name, field in child.fields.items():
            is_long = field.decl.type in _LONG
            if not field.is_platform and not is_long and name not in {via, child.title}:
                names.append(str(name))
        return tuple(names[:_MOST_COLUMNS]) or ("id", "created_at")

    def _usual_highlights(self) -> tuple[str, ...]:
        wanted = _LINKS | {"picklist", "currency", "date"}
        names = [n for n in self._own() if self._object.fields[n].decl.type in wanted]
        return tuple(str(name) for name in names[:_MOST_HIGHLIGHTS])


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Iterable[object]:
    return value if isinstance(value, list | tuple) else ()


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one) for one in _list(value))
