"""A form that came back: what was touched, read by type, saved; or every reason why not.

Works inside one writing transaction. Whatever goes wrong, what somebody typed is still in `typed`,
so that a new form can show it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence

from werkzeug.datastructures import MultiDict

from engine.compiled import CompiledObject
from engine.describing import field_label
from engine.errors import Conflict, FieldError, PatronError, RecordInvalid
from engine.names import FieldName, label_from
from engine.session import KeptAnswer, Record, Session
from ui import inputs
from ui.cells import Cells
from ui.columns import Column, find_column
from ui.forms import RECORD_TYPE, FormMaker, Problems, input_name, is_editable, read_marks
from ui.inputs import Parts
from ui.layouts import has_requirements, look_at
from ui.links import Links, Option
from ui.sentences import say_error
from ui.typed import Mistyped, short
from web.errors import say_busy
from web.formats import Formats
from web.frame import object_label
from web.texts import language, say

VERSION, KEY, WAS, TAKE = "_version", "_key", "_was", "_take"
_KEY = re.compile(r"[A-Za-z0-9_-]{8,60}\Z")
_UNREADABLE: tuple[object, ...] = ((),)  # what no field type reads: it is refused with its field


class Submission:
    """One form that was sent. `record_id`: None for a new record."""

    def __init__(self, form: MultiDict[str, str], record_id: int | None = None) -> None:
        self._sent, self._form, self.record_id = form, form, record_id
        self.marks = read_marks(form.get(WAS, ""))
        self.typed: dict[str, Parts] = {}
        self._wrong: dict[str, list[str]] = {}
        self._options: dict[str, Sequence[Option]] = {}
        self._form_wrong: list[str] = []
        self.touched: dict[str, Column] = {}
        self._columns: dict[str, Column] = {}
        self._has_version, self._is_used = True, False

    @property
    def was(self) -> str:
        """The marks as they came back."""
        return self._form.get(WAS, "")

    @property
    def version(self) -> int | None:
        """The version that the sender saw; None where the form says none."""
        text = self._form.get(VERSION, "") if self._has_version else ""
        return (
            int(text) if text.isascii() and text.isdigit() and len(text) < len("1" * 16) else None
        )

    @property
    def key(self) -> str:
        """The key under which this form is saved once; "" after it was used."""
        found = self._form.get(KEY, "")
        return found if _KEY.match(found) and not self._is_used else ""

    def wants(self, name: str) -> bool:
        """Tell whether a button or switch of the form was sent."""
        return bool(self._form.get(name))

    def forget_version(self) -> None:
        """Save upon whatever version there is."""
        self._has_version = False

    def note_used(self, session: Session, compiled: CompiledObject) -> None:
        """Say that this form has made a record already, and let the next one be another."""
        self._is_used = True
        label = object_label(session.snapshot, compiled.name).lower()
        sentence = "This form was saved already. Save again to make another {object}."
        self._form_wrong = [say(sentence, object=label)]

    def note_busy(self) -> None:
        """Say that others were in the way; what was typed can be sent as it is."""
        self._form_wrong = [f"{say_busy()} {say('Save again in a moment.')}"]

    @property
    def problems(self) -> Problems:
        """Everything that is wrong."""
        return Problems(fields=self._wrong, form=self._form_wrong, options=self._options)

    def read(self, session: Session, compiled: CompiledObject) -> None:
        """Take what was typed into fields that the visitor may type."""
        is_new = self.record_id is None
        self._follow_renames(compiled)
        for name, known in compiled.fields.items():
            column = find_column(session, compiled.name, str(name))
            kind = None if column is None else inputs.editor_of(column)
            if column is None or kind is None:
                continue
            if not is_editable(session, compiled, known, is_new=is_new):
                continue
            parts = {part: self._given(str(name), part) for part in kind.parts}
            if self._form.get(f"{TAKE}.{name}") == "theirs":
                continue
            if not any(texts for texts in parts.values()):
                continue
            self.typed[str(name)] = {part: texts or ("",) for part, texts in parts.items()}
            self._columns[str(name)] = column
            if self.marks.get(str(name)) != inputs.mark_of(self.typed[str(name)]):
                self.touched[str(name)] = column
        self._note_lost(session, compiled)

    def save(self, session: Session, compiled: CompiledObject, fmt: Formats) -> Record | None:
        """Save what was touched. Returns: the record; None when nothing was touched.

        Raises: RecordInvalid, Conflict, NotFound, AccessDenied; `problems` then says it in words.
        """
        self._begin()
        self.read(session, compiled)
        if self._form_wrong:
            raise RecordInvalid
        if self.record_id is not None and not self.touched:
            return None
        maker = self._maker(session, compiled, fmt)
        values = self._values(session, maker, fmt)
        if maker is not None:
            self._check_needed(maker)
        try:
            if self.record_id is None:
                record = session.create(compiled.name, values)
            else:
                record = session.update(compiled.name, self.record_id, values, self.version)
        except (RecordInvalid, Conflict) as error:
            self.note(error, session, compiled, fmt)
            raise
        if self._wrong:
            raise RecordInvalid
        return record

    def create_once(
        self, session: Session, compiled: CompiledObject, fmt: Formats
    ) -> tuple[int, bool]:
        """Create the record unless this very form did so before.

        Returns: its id, and whether it is new.
        Raises: as `save`; Conflict C103 when the form was changed after it had made its record.
        """
        key = self._form.get(KEY, "")
        digest = self._digest()
        kept = session.recall(f"ui-{key}", digest) if _KEY.match(key) else None
        if kept is not None:
            return int(kept.answer), False
        record = self.save(session, compiled, fmt)
        made = int(str((record or {})["id"]))
        if _KEY.match(key):
            answer = KeptAnswer(request=digest, status=201, answer=str(made))
            session.remember(f"ui-{key}", answer)
        return made, True

    def note(
        self, error: PatronError, session: Session, compiled: CompiledObject, fmt: Formats
    ) -> None:
        """Keep the sentences of a refusal at their fields."""
        found: Iterable[FieldError] = getattr(error, "errors", ())
        for one in found:
            if one.field in self._wrong and one.code.startswith("R1"):
                continue  # said already, and better: it is what was typed that cannot be read
            column = find_column(session, compiled.name, one.field) if one.field else None
            sentence = say_error(one, column, fmt)
            if column is None:
                self._form_wrong.append(sentence)
            else:
                self._wrong.setdefault(one.field, []).append(sentence)
        if not found:
            self._form_wrong.append(error.message)

    def _begin(self) -> None:
        """Forget what was found wrong: a transaction that met others is done again from here."""
        self._wrong.clear()
        self._options.clear()
        self._form_wrong = []

    # --- reading ------------------------------------------------------------------------------

    def _follow_renames(self, compiled: CompiledObject) -> None:
        """Take what an old form says under the former name of a field as said of the field."""
        for former, name in compiled.aka.items():
            if former in self.marks and former not in compiled.fields and name not in self.marks:
                self.marks = {name if n == former else n: mark for n, mark in self.marks.items()}
                pairs = self._form.items(multi=True)
                self._form = MultiDict((_renamed(key, former, name), text) for key, text in pairs)
                self._form[WAS] = " ".join(f"{n}:{mark}" for n, mark in self.marks.items())

    def _given(self, name: str, part: str) -> tuple[str, ...]:
        return tuple(self._form.getlist(input_name(name, part)))

    def _maker(self, session: Session, compiled: CompiledObject, fmt: Formats) -> FormMaker | None:
        """Make the form over what was typed, where a rule of the form itself must be looked at."""
        cells = Cells(session, fmt, "")
        if self.record_id is None:
            return FormMaker(session, cells, fmt, compiled, typed=self.typed)
        is_narrowed = any(
            column.choices and (column.field.decl.option("depends_on") or compiled.record_types)
            for column in self.touched.values()
        )
        if not is_narrowed and not has_requirements(session, compiled):
            return None
        seen = look_at(session, compiled, self.record_id)
        if seen is None:
            return None
        return FormMaker(session, cells, fmt, compiled, seen=seen, typed=self.typed)

    def _values(self, session: Session, maker: FormMaker | None, fmt: Formats) -> dict[str, object]:
        links = Links(session, Cells(session, fmt, ""), {} if maker is None else maker.values)
        wanted = self.touched if self.record_id is not None else self._columns
        values: dict[str, object] = {}
        for name, column in wanted.items():
            if column.is_link:
                found = links.resolve(column, self.typed[name])
                self.typed[name] = found.parts
                if found.problem:
                    self._wrong[name] = [found.problem]
                    self._options[name] = found.options
            try:
                values[name] = inputs.read(column, self.typed[name], fmt)
            except Mistyped as wrong:
                self._wrong[name] = [wrong.message]
            if name in self._wrong:
                values[name] = _UNREADABLE
            elif maker is not None and name in self.touched:
                self._check_offer(maker, column, values[name])
        return values

    def _check_offer(self, maker: FormMaker, column: Column, value: object) -> None:
        offered = maker.offered(column) if column.choices and column.path != RECORD_TYPE else None
        chosen = value if isinstance(value, list) else [value] if value else []
        for name in chosen:
            if offered is not None and name not in offered and name in column.choices:
                label = column.choices[str(name)].label
                sentence = say("“{value}” does not go with the rest of the record.", value=label)
                self._wrong.setdefault(column.path, []).append(sentence)

    def _check_needed(self, maker: FormMaker) -> None:
        """Refuse blanks where the layout asks for something."""
        for slot in maker.layout.slots:
            if slot.required_if is None or slot.path in self._wrong:
                continue
            if maker.values.get(slot.path) is None and maker.holds(slot.required_if):
                column = self._columns.get(slot.path)
                label = slot.path if column is None else column.label
                self._wrong[slot.path] = [say("{field} is required.", field=label)]

    def _note_lost(self, session: Session, compiled: CompiledObject) -> None:
        """Say which editors of the form are no longer there, and what was typed into them."""
        readable = session.unit.access.of(compiled.name).readable
        for name, mark in self.marks.items():
            texts = self._given(name, "")
            if name in self.typed or not texts or inputs.mark_of({"": texts}) == mark:
                continue
            if self._form.get(f"{TAKE}.{name}") == "theirs":
                continue
            known = compiled.fields.get(FieldName(name))
            is_there = known is not None and bool(readable & known.bit) and known.decl.active
            sentence = (
                "You may no longer change “{field}”. What you typed there was: {typed}"
                if is_there
                else "The field “{field}” is no longer there. What you typed there was: {typed}"
            )
            shown = short(" ".join(texts).strip()) or "–"
            label = label_from(name)
            if is_there and known is not None:
                label = field_label(compiled, known, language())
            rest = say("Save again to save the rest.")
            self._form_wrong.append(f"{say(sentence, field=label, typed=shown)} {rest}")

    def _digest(self) -> str:
        kept = sorted((k, v) for k, v in self._sent.items(multi=True) if k not in {"csrf", KEY})
        return hashlib.sha256(json.dumps(kept).encode("utf-8", "replace")).hexdigest()


def _renamed(key: str, former: str, name: str) -> str:
    """Give the name of an input once its field is called otherwise."""
    start, what = (f"{TAKE}.", key[len(TAKE) + 1 :]) if key.startswith(f"{TAKE}.") else ("", key)
    field, dot, part = what.partition(".")
    return f"{start}{name}{dot}{part}" if field == former else key
