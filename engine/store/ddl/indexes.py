"""Which indexes an object wants: for lookups, its title, its author, sharing rules, uniqueness.

Every order ends in the id, and blanks come last: the terms here are those of the ORDER BY that
lists write, else no plan would use them.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.compiled import CompiledField, CompiledObject
from engine.model.fields.base import StorageKind
from engine.names import FieldName
from engine.store.ddl.steps import CreateIndex, quoted
from engine.store.naming import index_name, unique_name

_LONGEST = 600  # characters: PostgreSQL keeps at most 2,700 bytes per entry of an index
_UNFOLDED = frozenset({"picklist", "auto_number"})  # sorted by their text as it is
_AUTHORS = frozenset({"created_by", "updated_by"})  # asked for too seldom to pay for at each save
LIVE_ONLY = "deleted_at IS NULL"


def wanted_indexes(
    compiled: CompiledObject,
    table: str,
    columns: Mapping[FieldName, str],
    dialect: str,
    asked: frozenset[FieldName] = frozenset(),
) -> dict[str, CreateIndex]:
    """Give the indexes of one object by name; `asked` are fields that sharing rules compare."""
    wanted = _Wanted(compiled, table, columns, dialect)
    found = [*wanted.all(), *wanted.of_rules(asked)]
    return {index.name: index for index in found}


class _Wanted:
    """Writes the indexes of one object in the words of one dialect."""

    def __init__(
        self,
        compiled: CompiledObject,
        table: str,
        columns: Mapping[FieldName, str],
        dialect: str,
    ) -> None:
        self._compiled, self._table, self._columns = compiled, table, columns
        self._is_postgresql = dialect == "postgresql"

    def all(self) -> list[CreateIndex]:
        """Give every index, the bin's included."""
        found = [self._unique(group) for group in self._compiled.uniques]
        found += [self._plain((name,)) for name in self._looked_up()]
        for field in self._compiled.fields.values():
            found += self._declared_on(field)
        found += [
            self._plain(index.fields)
            for index in self._compiled.indexes
            if not index.unique and all(self._may_be_indexed(f) for f in index.fields)
        ]
        return [*found, self._bin()]

    def of_rules(self, asked: frozenset[FieldName]) -> list[CreateIndex]:
        """Index what sharing rules compare: without it each restricted list would read it all."""
        fields = sorted(name for name in asked if self._may_be_indexed(name))
        return [self._plain((name,), folds=False) for name in fields]

    def _looked_up(self) -> list[FieldName]:
        fields = self._compiled.fields
        return [n for n in self._compiled.references if fields[n].is_stored and n not in _AUTHORS]

    def _declared_on(self, field: CompiledField) -> list[CreateIndex]:
        """Index a title for its order, and a field that says `index` for equality as well."""
        is_title = field.name == self._compiled.title
        if not (is_title or field.decl.index) or not self._may_be_indexed(field.name):
            return []
        if not self._is_folded(field):
            return [self._plain((field.name,))]
        folded = self._index((f"{self._column(field.name)} fold",), (self._folded(field.name),))
        return [folded, self._plain((field.name,), folds=False)] if field.decl.index else [folded]

    def _unique(self, group: tuple[FieldName, ...]) -> CreateIndex:
        names = [self._column(name) for name in group]
        return CreateIndex(
            name=unique_name(self._table, names),
            table=self._table,
            terms=tuple(quoted(name) for name in names),
            is_unique=True,
            where=LIVE_ONLY,
            keeps=(self._compiled.name, group),
        )

    def _plain(self, fields: tuple[str, ...], *, folds: bool = True) -> CreateIndex:
        """Index fields in order, "-name" descending; folded text can only come last."""
        marks, terms = [], []
        for place, text in enumerate(fields):
            name = FieldName(text.lstrip("-"))
            field = self._compiled.fields[name]
            is_last = place == len(fields) - 1
            is_folded = folds and is_last and len(fields) > 1 and self._is_folded(field)
            mark, term = self._column(name), quoted(self._column(name))
            if is_folded:
                mark, term = f"{mark} fold", self._folded(name)
            if text.startswith("-"):
                mark, term = f"{mark} desc", term + self._descending()
            marks.append(mark)
            terms.append(term)
        return self._index(tuple(marks), tuple(terms))

    def _index(self, marks: tuple[str, ...], terms: tuple[str, ...]) -> CreateIndex:
        return CreateIndex(
            name=index_name(self._table, marks), table=self._table, terms=(*terms, '"id"')
        )

    def _bin(self) -> CreateIndex:
        """Index the bin: it is small, and nobody should wait for a scan of everything to see it."""
        return CreateIndex(
            name=index_name(self._table, ["bin"]),
            table=self._table,
            terms=('"deleted_at"', '"id"'),
            where="deleted_at IS NOT NULL",
        )

    def _descending(self) -> str:
        """SQLite has blanks last in descending order anyway, and no word for it in an index."""
        return " DESC NULLS LAST" if self._is_postgresql else " DESC"

    def _folded(self, name: FieldName) -> str:
        return f"patron_fold({quoted(self._column(name))})"

    def _column(self, name: FieldName) -> str:
        return self._columns.get(name, name)

    def _is_folded(self, field: CompiledField) -> bool:
        is_text = field.type.storage(field.decl).kind is StorageKind.TEXT
        return is_text and field.decl.type not in _UNFOLDED

    def _may_be_indexed(self, text: str) -> bool:
        field = self._compiled.fields.get(FieldName(text.lstrip("-")))
        if field is None or not field.is_stored:
            return False
        storage = field.type.storage(field.decl)
        return storage.length is None or storage.length <= _LONGEST
