"""What is around a value: the record before the change, the user's rights, other records."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

from engine.expr.context import EvalContext
from engine.expr.decimals import multiply_inexact, settled
from engine.expr.functions.base import (
    OWN_PYTHON,
    WRITTEN,
    Blanks,
    Evaluator,
    Exact,
    Function,
    Parameter,
    Places,
    Sql,
    Style,
    Values,
    kinds,
    takes,
)
from engine.expr.problems import ExprFailed
from engine.expr.types import CHECKBOX, LOCATION, NUMBER, TEXT, ExprType, Kind, Typed
from engine.locale import later
from engine.model.fields.base import Value

_EARTH_MILES = 3958.761  # the radius that the reference engine takes
_KM_PER_MILE = Decimal("1.609344")
_MAX_LATITUDE, _MAX_LONGITUDE = 90, 180


def _is_changed(path: str) -> Evaluator:
    def run(values: Values, context: EvalContext) -> Value:
        if context.prior is None or context.is_new:
            return False
        return values.get(path) != context.prior.get(path)

    return run


def _prior_value(path: str) -> Evaluator:
    def run(_values: Values, context: EvalContext) -> Value:
        return None if context.prior is None or context.is_new else context.prior.get(path)

    return run


def _same_type(nodes: Sequence[Typed]) -> ExprType:
    return nodes[0].type


def _look_up(context: EvalContext, object: str, wanted: str, key: str, value: Value) -> Value:
    if context.look_up is None:
        raise ExprFailed(later("other records cannot be looked up here"))
    return context.look_up(object, wanted, key, value)


def _currency_rate(context: EvalContext, currency: str) -> Decimal | None:
    if context.rate is None:
        raise ExprFailed(later("rates of currencies are not known here"))
    return context.rate(currency)


def _geolocation(
    latitude: Decimal | None, longitude: Decimal | None
) -> Mapping[str, object] | None:
    if latitude is None and longitude is None:
        return None
    if latitude is None or longitude is None:
        raise ExprFailed(later("a location needs both latitude and longitude"))
    if abs(latitude) > _MAX_LATITUDE or abs(longitude) > _MAX_LONGITUDE:
        raise ExprFailed(later("the location lies outside the globe"))
    return {"latitude": latitude, "longitude": longitude}


def _distance(one: Mapping[str, object], other: Mapping[str, object], unit: str) -> Decimal:
    """Great-circle distance on a sphere (haversine)."""
    if unit not in ("km", "mi"):
        raise ExprFailed(later('the unit of a distance is "km" or "mi"'))
    (y1, x1), (y2, x2) = _radians(one), _radians(other)
    half = math.sin((y2 - y1) / 2) ** 2 + math.cos(y1) * math.cos(y2) * math.sin((x2 - x1) / 2) ** 2
    miles = Decimal(repr(2 * _EARTH_MILES * math.asin(math.sqrt(min(half, 1.0)))))
    return multiply_inexact(miles, _KM_PER_MILE) if unit == "km" else settled(miles)


def _radians(place: Mapping[str, object]) -> tuple[float, float]:
    return math.radians(float(str(place["latitude"]))), math.radians(float(str(place["longitude"])))


_FIELD = Parameter("field", kinds(), role="field")
_PICKLIST = takes("picklist", Kind.PICKLIST)
_MULTI = takes("multi_picklist", Kind.MULTI_PICKLIST)

FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="ISNEW",
        parameters=(),
        result=CHECKBOX,
        python=lambda context: context.is_new,
        style=Style.CONTEXT,
        uses=frozenset({"new"}),
        doc="Whether the record is being created.",
        examples=(("ISNEW()", "FALSE"),),
    ),
    Function(
        name="ISCHANGED",
        parameters=(_FIELD,),
        result=CHECKBOX,
        python=_is_changed,
        style=Style.RECORD,
        uses=frozenset({"changed"}),
        doc="Whether a field differs from what the transaction found; false on create.",
        examples=(),
    ),
    Function(
        name="PRIORVALUE",
        parameters=(_FIELD,),
        result=_same_type,
        python=_prior_value,
        style=Style.RECORD,
        uses=frozenset({"prior"}),
        doc="The value of a field as the transaction found it; blank on create.",
        examples=(),
    ),
    Function(
        name="HAS_PERMISSION",
        parameters=(takes("permission", Kind.TEXT, role="permission"),),
        result=CHECKBOX,
        python=lambda context, name: name in context.permissions,
        style=Style.CONTEXT,
        uses=frozenset({"permission"}),
        sql=Sql(
            "instr({permissions}, ';' || {0} || ';') > 0",
            "strpos({permissions}, ';' || {0} || ';') > 0",
        ),
        doc="Whether the acting user holds a permission.",
        examples=(('HAS_PERMISSION("approve_discounts")', "FALSE"),),
    ),
    Function(
        name="HAS_ROLE",
        parameters=(takes("role", Kind.TEXT, role="role"),),
        result=CHECKBOX,
        python=lambda context, name: name in context.roles,
        style=Style.CONTEXT,
        uses=frozenset({"role"}),
        sql=Sql("instr({roles}, ';' || {0} || ';') > 0", "strpos({roles}, ';' || {0} || ';') > 0"),
        doc="Whether the acting user has a role.",
        examples=(('HAS_ROLE("sales")', "FALSE"),),
    ),
    Function(
        name="ISPICKVAL",
        parameters=(_PICKLIST, takes("value", Kind.TEXT, role="value")),
        result=CHECKBOX,
        python=lambda picklist, value: picklist == value,
        blanks=Blanks.OWN,
        sql=WRITTEN,
        doc='Whether a picklist has a value; the same as `stage = "won"`. "" asks for blank.',
        examples=(),
    ),
    Function(
        name="LABEL",
        parameters=(_PICKLIST,),
        result=TEXT,
        python=lambda picklist: picklist,
        sql=WRITTEN,
        doc="The label of the value that a picklist has.",
        examples=(),
    ),
    Function(
        name="INCLUDES",
        parameters=(_MULTI, takes("value", Kind.TEXT, role="value")),
        result=CHECKBOX,
        python=lambda chosen, value: value is not None and value in (chosen or ()),
        blanks=Blanks.OWN,
        sql=Sql(
            "coalesce(instr({0}, ';' || {1} || ';') > 0, 0)",
            "coalesce(strpos({0}, ';' || {1} || ';') > 0, FALSE)",
        ),
        doc="Whether a multi-picklist has a value among those chosen.",
        examples=(),
    ),
    Function(
        name="PICKLISTCOUNT",
        parameters=(_MULTI,),
        result=NUMBER,
        places=Places.WHOLE,
        python=lambda chosen: Decimal(len(chosen or ())),
        blanks=Blanks.OWN,
        sql=Sql(
            OWN_PYTHON,
            "patron_count_values({0})",
        ),
        doc="How many values of a multi-picklist are chosen.",
        examples=(),
    ),
    Function(
        name="VLOOKUP",
        parameters=(
            takes("object", Kind.TEXT, role="constant"),
            takes("wanted", Kind.TEXT, role="constant"),
            takes("key", Kind.TEXT, role="constant"),
            takes("value", Kind.TEXT, Kind.NUMBER, Kind.LOOKUP, Kind.PICKLIST, Kind.DATE),
        ),
        result=TEXT,  # the checker puts the type of the wanted field here
        python=_look_up,
        style=Style.CONTEXT,
        uses=frozenset({"lookup"}),
        can_fail=True,
        doc=(
            "One field of another object's record, found by the value of a key field of it: of the"
            " oldest such record, whoever may see it. Blank when there is none."
        ),
        examples=(('IFERROR(VLOOKUP("price_book", "name", "code", "A1"), "none")', "none"),),
    ),
    Function(
        name="CURRENCYRATE",
        parameters=(takes("currency", Kind.TEXT),),
        result=NUMBER,
        python=_currency_rate,
        style=Style.CONTEXT,
        uses=frozenset({"rate"}),
        can_fail=True,
        doc=(
            "What one unit of a currency is worth in the company's today, by the latest"
            " `exchange_rate` that has begun. Without one it has no value."
        ),
        examples=(('IFERROR(CURRENCYRATE("USD"), 1)', "1"),),
    ),
    Function(
        name="GEOLOCATION",
        parameters=(takes("latitude", Kind.NUMBER), takes("longitude", Kind.NUMBER)),
        result=LOCATION,
        python=_geolocation,
        blanks=Blanks.OWN,
        can_fail=True,
        sql=Sql(OWN_PYTHON, None),
        doc="A point on the globe, of its latitude and longitude in degrees.",
        examples=(('ROUND(DISTANCE(GEOLOCATION(0, 0), GEOLOCATION(0, 1), "km"), 1)', "111.2"),),
    ),
    Function(
        name="DISTANCE",
        parameters=(
            takes("one", Kind.LOCATION),
            takes("other", Kind.LOCATION),
            takes("unit", Kind.TEXT),
        ),
        result=NUMBER,
        python=_distance,
        exact=Exact.NEVER,
        can_fail=True,
        sql=Sql(OWN_PYTHON, None),
        doc='The distance between two points in a straight line over the globe, in "km" or "mi".',
        examples=(
            (
                'ROUND(DISTANCE(GEOLOCATION(48.86, 2.35), GEOLOCATION(45.76, 4.84), "km"), 0)',
                "392",
            ),
        ),
    ),
)
