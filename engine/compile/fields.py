"""Fields of one object: formulas, defaults and roll-ups compiled, and formulas put in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.compile.scopes import Foreign, ObjectScope
from engine.compile.work import Parts, Work
from engine.compiled import CompiledField, RollUp
from engine.expr import Expression, ExprType, Kind, expr_type
from engine.model.declarations import Field
from engine.model.fields import TYPES
from engine.names import PLATFORM_FIELDS, FieldName, ObjectName
from engine.source import SourceDoc


def compile_fields(
    work: Work, name: ObjectName, parts: Parts, scope: ObjectScope, foreign: Foreign
) -> dict[FieldName, CompiledField]:
    """Compile the fields of an object, in order; formulas learn last whether they are stored."""
    fields: dict[FieldName, CompiledField] = {}
    for ordinal, declared in enumerate(work.declared[name].values()):
        doc = parts.fields.get(declared.name)
        fields[declared.name] = _compile_field(work, declared, ordinal, doc, scope)
        if doc is not None:
            _note_picklist(work, doc, foreign)
            _note_targets(declared, foreign, work)
    return _settle_formulas(fields)


def formula_order(fields: Mapping[FieldName, CompiledField]) -> tuple[FieldName, ...]:
    """Order formulas so that each comes after those it reads. Cycles are reported elsewhere."""
    order: dict[FieldName, None] = {}

    def visit(name: FieldName, above: frozenset[FieldName]) -> None:
        formula = fields[name].formula
        if name in order or name in above or formula is None:
            return
        for path in sorted(formula.reads):
            if path in fields:
                visit(FieldName(path), above | {name})
        order[name] = None

    for name in fields:
        visit(name, frozenset())
    return tuple(order)


def _compile_field(
    work: Work, declared: Field, ordinal: int, doc: SourceDoc | None, scope: ObjectScope
) -> CompiledField:
    field_type = TYPES[declared.type]
    formula = default = required_if = None
    roll_up = None
    if doc is not None:
        if declared.type == "formula":
            formula = _formula(work, declared, doc, scope)
        if declared.default_formula:
            default = work.expression(doc, "/default/formula", scope, expect=expr_type(declared))
        if declared.required_if:
            required_if = work.expression(
                doc, "/required_if", scope, expect=ExprType(kind=Kind.CHECKBOX)
            )
        if declared.type == "roll_up":
            roll_up = _roll_up(work, declared, doc, scope)
    return CompiledField(
        name=declared.name,
        ordinal=ordinal,
        bit=1 << ordinal,
        decl=declared,
        type=field_type,
        is_stored=field_type.is_stored or declared.type == "roll_up",
        is_platform=doc is None and declared.name in PLATFORM_FIELDS,
        formula=formula,
        default=default,
        required_if=required_if,
        roll_up=roll_up,
    )


def _formula(work: Work, declared: Field, doc: SourceDoc, scope: ObjectScope) -> Expression | None:
    return work.expression(
        doc,
        "/formula",
        scope,
        expect=expr_type(declared),
        blank_zero=declared.option("blank") == "zero",
    )


def _roll_up(work: Work, declared: Field, doc: SourceDoc, scope: ObjectScope) -> RollUp | None:
    child = ObjectName(str(declared.option("from")))
    if child not in work.declared:
        return None  # reported as a dangling reference
    of = declared.option("of")
    children = scope.of(child)
    for read in (declared.option("via"), of):
        if read:
            children.resolve((str(read),))  # noted, so that a change of the child is seen
    where = None
    if "where" in doc.data:
        where = work.expression(doc, "/where", children, expect=ExprType(kind=Kind.CHECKBOX))
    return RollUp(
        name=declared.name,
        child=child,
        via=FieldName(str(declared.option("via"))),
        measure=str(declared.option("measure")),
        of=FieldName(str(of)) if of else None,
        where=where,
    )


def _settle_formulas(
    fields: dict[FieldName, CompiledField],
) -> dict[FieldName, CompiledField]:
    """Mark formulas that read only stored fields of their own record: those are stored."""
    settled = dict(fields)
    for name in formula_order(fields):
        formula = settled[name].formula
        assert formula is not None  # `formula_order` gives formulas only
        own = all(path in settled and settled[FieldName(path)].is_stored for path in formula.reads)
        settled[name] = replace(settled[name], is_stored=own and not formula.uses)
    return settled


def _note_picklist(work: Work, doc: SourceDoc, foreign: Foreign) -> None:
    shared = doc.data.get("picklist")
    if isinstance(shared, str):
        found = work.named("picklist").get(shared)
        foreign[("picklist", shared)] = "" if found is None else str(found.digest)


def _note_targets(declared: Field, foreign: Foreign, work: Work) -> None:
    """Note that a lookup depends on the existence of what it points at."""
    for target in declared.targets:
        foreign[("object", target)] = str(target in work.declared)
