"""Conditions and blanks: IF, CASE, AND, OR, NOT and what to do where nothing stands.

Three values: true, false and blank. Only true counts as true.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.expr.context import EvalContext
from engine.expr.functions.base import (
    WRITTEN,
    Blanks,
    Evaluator,
    Exact,
    Function,
    Parameter,
    Places,
    Style,
    Values,
    alike_all,
    kinds,
    takes,
)
from engine.expr.problems import ExprFailed
from engine.expr.types import CHECKBOX, ExprType, Kind, Typed, common
from engine.model.fields.base import Value


def _common_of(nodes: Sequence[Typed]) -> ExprType:
    found = common([node.type for node in nodes])
    assert found is not None  # the checker has compared them
    return found


def _pairs(count: int) -> tuple[tuple[int, ...], ...]:
    """CASE: the values compared are of one type, the results of another."""
    last = count - 1
    return ((0, *range(1, last, 2)), (*range(2, last, 2), last))


def _case_type(nodes: Sequence[Typed]) -> ExprType:
    return _common_of([nodes[place] for place in _pairs(len(nodes))[1]])


# --- Python ---------------------------------------------------------------------------------------


def _if(evaluators: Sequence[Evaluator]) -> Evaluator:
    condition, yes, no = evaluators

    def run(values: Values, context: EvalContext) -> Value:
        return (yes if condition(values, context) is True else no)(values, context)

    return run


def _case(evaluators: Sequence[Evaluator], *, blank_matches: bool = False) -> Evaluator:
    subject, *rest, default = evaluators
    pairs = tuple(zip(rest[::2], rest[1::2], strict=True))

    def run(values: Values, context: EvalContext) -> Value:
        found = subject(values, context)
        if found is not None or blank_matches:
            for candidate, result in pairs:
                if candidate(values, context) == found:
                    return result(values, context)
        return default(values, context)

    return run


def _case_text(evaluators: Sequence[Evaluator]) -> Evaluator:
    return _case(evaluators, blank_matches=True)


def _and(evaluators: Sequence[Evaluator]) -> Evaluator:
    def run(values: Values, context: EvalContext) -> Value:
        result: Value = True
        for evaluate in evaluators:
            found = evaluate(values, context)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    return run


def _or(evaluators: Sequence[Evaluator]) -> Evaluator:
    def run(values: Values, context: EvalContext) -> Value:
        result: Value = False
        for evaluate in evaluators:
            found = evaluate(values, context)
            if found is True:
                return True
            if found is None:
                result = None
        return result

    return run


def _first_filled(evaluators: Sequence[Evaluator]) -> Evaluator:
    value, instead = evaluators

    def run(values: Values, context: EvalContext) -> Value:
        found = value(values, context)
        return instead(values, context) if found is None else found

    return run


def _first_alone(evaluators: Sequence[Evaluator]) -> Evaluator:
    """NULLVALUE of a text: a text is never null, so the first stands."""
    return evaluators[0]


def _unless_failed(evaluators: Sequence[Evaluator]) -> Evaluator:
    value, instead = evaluators

    def run(values: Values, context: EvalContext) -> Value:
        try:
            return value(values, context)
        except ExprFailed:
            return instead(values, context)

    return run


# --- entries --------------------------------------------------------------------------------------

_CONDITION = takes("condition", Kind.CHECKBOX)
_VALUE = Parameter("value", kinds())


def _last_two(_count: int) -> tuple[tuple[int, ...], ...]:
    return ((1, 2),)


AND = Function(
    name="AND",
    sign="AND",
    parameters=(_CONDITION,),
    repeats=1,
    result=CHECKBOX,
    python=_and,
    style=Style.LAZY,
    sql=WRITTEN,
    doc="True when all conditions are; the first false one decides, the rest is not looked at.",
    examples=(
        ("AND(1 < 2, 2 < 3)", "TRUE"),
        ("TRUE AND NULL", "FALSE"),
        ("FALSE AND 1/0 = 1", "FALSE"),
    ),
)
OR = Function(
    name="OR",
    sign="OR",
    parameters=(_CONDITION,),
    repeats=1,
    result=CHECKBOX,
    python=_or,
    style=Style.LAZY,
    sql=WRITTEN,
    doc="True when one condition is; the first true one decides, the rest is not looked at.",
    examples=(("OR(1 > 2, 2 < 3)", "TRUE"), ("NULL OR TRUE", "TRUE"), ("TRUE OR 1/0 = 1", "TRUE")),
)
NOT = Function(
    name="NOT",
    sign="NOT",
    parameters=(_CONDITION,),
    result=CHECKBOX,
    python=lambda condition: not condition,
    sql=WRITTEN,
    doc="True for false and false for true; blank stays blank, and then does not hold.",
    examples=(("NOT 1 = 2", "TRUE"), ("NOT(1 > NULL)", "FALSE")),
)
SETTLE = Function(
    name="settle",
    parameters=(Parameter("condition", kinds(Kind.CHECKBOX)),),
    result=CHECKBOX,
    python=lambda condition: condition is True,
    blanks=Blanks.OWN,
    sql=WRITTEN,
    doc="A checkbox is never blank: where a condition is stored or compared, blank is false.",
    examples=(),
)
CASE_TEXT = Function(
    name="case_text",
    parameters=tuple(Parameter(name, kinds()) for name in ("value", "when", "then", "else")),
    repeats=2,
    alike=_pairs,
    result=_case_type,
    python=_case_text,
    style=Style.LAZY,
    exact=Exact.AS_ARGUMENTS,
    places=Places.MOST,
    sql=WRITTEN,
    doc="CASE of a text, picklist or lookup: blank is a value like any other.",
    examples=(),
)
ISNULL_TEXT = Function(
    name="isnull_text",
    parameters=(takes("value", Kind.TEXT),),
    result=CHECKBOX,
    python=lambda value: False,  # noqa: ARG005  # whatever it is
    blanks=Blanks.OWN,
    sql=WRITTEN,
    doc="ISNULL of a text: a text is never null.",
    examples=(),
)
NULLVALUE_TEXT = Function(
    name="nullvalue_text",
    parameters=(takes("value", Kind.TEXT), takes("instead", Kind.TEXT)),
    alike=alike_all,
    result=_common_of,
    python=_first_alone,
    style=Style.LAZY,
    sql=WRITTEN,
    doc="NULLVALUE of a text.",
    examples=(),
)

FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="IF",
        parameters=(
            Parameter("condition", kinds(Kind.CHECKBOX), takes_blank=False),
            Parameter("then", kinds()),
            Parameter("else", kinds()),
        ),
        alike=_last_two,
        result=lambda nodes: _common_of(nodes[1:]),
        python=_if,
        style=Style.LAZY,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="One value when the condition holds, else the other; only that one is computed.",
        examples=(
            ('IF(1 < 2, "yes", "no")', "yes"),
            ("IF(NULL > 1, 1, 2)", "2"),
            ("IF(FALSE, 1/0, 37)", "37"),
        ),
    ),
    Function(
        name="CASE",
        parameters=(
            Parameter("value", kinds()),
            Parameter("when", kinds()),
            Parameter("then", kinds()),
            Parameter("else", kinds()),
        ),
        repeats=2,
        alike=_pairs,
        result=_case_type,
        python=_case,
        style=Style.LAZY,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        guards=True,
        sql=WRITTEN,
        doc="The result beside the first value that is the same, else the last argument.",
        examples=(('CASE("b", "a", 1, "b", 2, 0)', "2"), ("CASE(NULL, 1, 10, 20)", "20")),
    ),
    AND,
    OR,
    NOT,
    Function(
        name="ISBLANK",
        parameters=(_VALUE,),
        result=CHECKBOX,
        python=lambda value: value is None,
        blanks=Blanks.OWN,
        sql=WRITTEN,
        doc="Whether nothing stands there. Spaces are something; a checkbox is never blank.",
        examples=(('ISBLANK("")', "TRUE"), ('ISBLANK(" ")', "FALSE"), ("ISBLANK(0)", "FALSE")),
    ),
    Function(
        name="ISNULL",
        parameters=(_VALUE,),
        result=CHECKBOX,
        python=lambda value: value is None,
        blanks=Blanks.OWN,
        sql=WRITTEN,
        doc="Like ISBLANK, but a text is never null. Prefer ISBLANK.",
        examples=(("ISNULL(NULL)", "TRUE"), ('ISNULL("")', "FALSE")),
    ),
    Function(
        name="BLANKVALUE",
        parameters=(_VALUE, Parameter("instead", kinds())),
        alike=alike_all,
        result=_common_of,
        python=_first_filled,
        style=Style.LAZY,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="The value, or the other where it is blank.",
        examples=(('BLANKVALUE("", "none")', "none"), ("BLANKVALUE(5, 7)", "5")),
    ),
    Function(
        name="NULLVALUE",
        parameters=(_VALUE, Parameter("instead", kinds())),
        alike=alike_all,
        result=_common_of,
        python=_first_filled,
        style=Style.LAZY,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        sql=WRITTEN,
        doc="Like BLANKVALUE, but a text is never null. Prefer BLANKVALUE.",
        examples=(("NULLVALUE(NULL, 6)", "6"), ('NULLVALUE("", "x")', "")),
    ),
    Function(
        name="IFERROR",
        parameters=(_VALUE, Parameter("instead", kinds())),
        alike=alike_all,
        result=_common_of,
        python=_unless_failed,
        style=Style.LAZY,
        exact=Exact.AS_ARGUMENTS,
        places=Places.MOST,
        doc="The value, or the other where computing it fails.",
        examples=(("IFERROR(1/0, -1)", "-1"), ("IFERROR(6/2, -1)", "3")),
    ),
)
