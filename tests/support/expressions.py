"""Random typed expressions and records, for laws about the expression language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from engine.expr import EvalContext, ExprType, Kind
from engine.model.declarations import PicklistValue

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
STAGES = MappingProxyType(
    {
        "open": PicklistValue(name="open", label="Open", attributes={"probability": 0.1}),
        "hot": PicklistValue(name="hot", label="Très chaud", attributes={"probability": 0.75}),
        "won": PicklistValue(
            name="won", label="Won", attributes={"probability": 1, "closed": True, "note": "gagné"}
        ),
    }
)


def _number(decimals: int, flavour: str = "number") -> ExprType:
    return ExprType(kind=Kind.NUMBER, decimals=decimals, flavour=flavour)


FIELDS = MappingProxyType(
    {
        "whole": _number(0),
        "amount": _number(2, "currency"),
        "price": _number(2, "currency"),
        "share": _number(4, "percent"),
        "revision": _number(0, ""),
        "name": ExprType(kind=Kind.TEXT),
        "note": ExprType(kind=Kind.TEXT),
        "day": ExprType(kind=Kind.DATE),
        "due": ExprType(kind=Kind.DATE),
        "seen": ExprType(kind=Kind.DATETIME),
        "made": ExprType(kind=Kind.DATETIME),
        "opens": ExprType(kind=Kind.TIME),
        "closes": ExprType(kind=Kind.TIME),
        "done": ExprType(kind=Kind.CHECKBOX),
        "stage": ExprType(kind=Kind.PICKLIST, values=STAGES),
        "tags": ExprType(kind=Kind.MULTI_PICKLIST, values=STAGES),
        "account": ExprType(kind=Kind.LOOKUP),
        "owner": ExprType(kind=Kind.LOOKUP),
    }
)


KNOWN = {("permission", "vip"), ("role", "sales"), ("env", "URL"), ("object", "price")}


class FieldScope:
    """The fields above; `vip` and `sales` are a permission and a role."""

    def resolve(self, path: tuple[str, ...]) -> ExprType | None:
        """Give the type of a field."""
        return FIELDS.get(".".join(path))

    def names(self, prefix: tuple[str, ...]) -> Iterable[str]:
        """Give the fields."""
        return FIELDS if not prefix else ()

    def elsewhere(self, object: str, field: str) -> ExprType | None:
        """Give text for every field of prices."""
        return ExprType(kind=Kind.TEXT) if object == "price" and field else None

    def knows(self, kind: str, name: str) -> bool:
        """Tell whether a name is declared."""
        return (kind, name) in KNOWN


# --- values ---------------------------------------------------------------------------------------

LETTERS = "abcXYZ éÉàßœÆñÖ 0123.,;:-_%'\"\\/()[]é😀漢"
_WORDS = ("", "a", "Élan vital", "  spaced ", "12.50", "-3", "1e3", "2024-02-29", "10:11:12.5")


def texts() -> SearchStrategy[str]:
    """Give texts with accents, quotes and things that look like numbers or dates."""
    return st.sampled_from(_WORDS) | st.text(LETTERS, max_size=12)


def decimals(places: int) -> SearchStrategy[Decimal]:
    """Give numbers below 10^12 that a field with these places holds."""
    step = 10**places
    small = st.integers(-30 * step, 30 * step)
    halves = st.integers(-2000, 2000).map(lambda n: n * max(step // 2, 1))
    large = st.integers(-(10**12) * step + 1, 10**12 * step - 1)
    return (small | halves | large).map(lambda n: Decimal(n).scaleb(-places))


_DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31)) | st.sampled_from(
    [date(2024, 2, 29), date(2023, 2, 28), date(2024, 1, 31), date(1999, 12, 31), date(2000, 1, 1)]
)
_INSTANTS = st.datetimes(
    datetime(1900, 1, 1),  # noqa: DTZ001  # the zone is given beside
    datetime(2100, 12, 31),  # noqa: DTZ001  # the same
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))
_TIMES = st.times().map(lambda moment: moment.replace(microsecond=0))
_BY_KIND = {
    Kind.TEXT: texts().map(lambda text: text or None),
    Kind.DATE: _DAYS,
    Kind.DATETIME: _INSTANTS,
    Kind.TIME: _TIMES,
    Kind.CHECKBOX: st.booleans(),
    Kind.PICKLIST: st.sampled_from(list(STAGES)),
    Kind.MULTI_PICKLIST: st.lists(st.sampled_from(list(STAGES)), min_size=1, unique=True).map(
        tuple
    ),
    Kind.LOOKUP: st.integers(1, 3),
}


def _values_of(type_: ExprType) -> SearchStrategy[object]:
    if type_.kind is not Kind.NUMBER:
        found: SearchStrategy[object] = _BY_KIND[type_.kind]
    elif type_.flavour:
        found = decimals(type_.decimals or 0)
    else:
        found = st.integers(0, 1000)
    return st.none() | found | found | found


records: SearchStrategy[dict[str, object]] = st.fixed_dictionaries(
    {name: _values_of(type_) for name, type_ in FIELDS.items()}
)


@st.composite
def contexts(draw: DrawFn) -> EvalContext:
    """Give surroundings: an instant, a zone, a user with or without rights."""
    return EvalContext(
        now=draw(_INSTANTS),
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        user={"id": draw(st.integers(1, 3)), "email": "a@example.test", "role": "sales"},
        env={"URL": "https://example.test"},
        permissions=frozenset(draw(st.sampled_from([(), ("vip",)]))),
        roles=frozenset(draw(st.sampled_from([(), ("sales",)]))),
    )


# --- expressions ----------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def _plain(number: Decimal) -> str:
    return format(number, "f")


_LEAVES: dict[Kind, SearchStrategy[str]] = {
    Kind.NUMBER: st.sampled_from(["whole", "amount", "price", "share", "revision", "NULL"])
    | st.sampled_from(["stage.probability", "LEN(name)", "YEAR(day)", "PICKLISTCOUNT(tags)"])
    | decimals(2).map(_plain)
    | st.integers(-3, 12).map(str),
    Kind.TEXT: st.sampled_from(
        ["name", "note", "NULL", "LABEL(stage)", "stage.note", "TEXT(stage)"]
    )
    | st.sampled_from(["$user.email", "$env.URL", "BR()"])
    | texts().map(_quoted),
    Kind.DATE: st.sampled_from(["day", "due", "TODAY()", "NULL"])
    | _DAYS.map(lambda d: f"DATE({d.year}, {d.month}, {d.day})"),
    Kind.DATETIME: st.sampled_from(["seen", "made", "NOW()", "NULL"])
    | _INSTANTS.map(lambda i: f'DATETIMEVALUE("{i:%Y-%m-%d %H:%M:%S}")'),
    Kind.TIME: st.sampled_from(["opens", "closes", "NULL"])
    | _TIMES.map(lambda t: f'TIMEVALUE("{t:%H:%M:%S}.{t.second:03}")'),
    Kind.CHECKBOX: st.sampled_from(["done", "stage.closed", "TRUE", "FALSE", "NULL"])
    | st.sampled_from(['HAS_PERMISSION("vip")', 'HAS_ROLE("sales")', 'INCLUDES(tags, "hot")'])
    | st.sampled_from(["(owner = $user.id)", "(account = owner)", 'ISPICKVAL(stage, "won")'])
    | st.sampled_from(
        ['(stage IN ("won", "hot"))', '(stage <> "won")', "(account <> 2)", '(stage = "")']
    ),
}
_COMPARED = (Kind.NUMBER, Kind.TEXT, Kind.DATE, Kind.DATETIME, Kind.TIME)
_VALUES = (*_COMPARED, Kind.CHECKBOX)
ANYTHING = "any"

# Shapes of calls by the kind they give: text with {0}, {1} … and the kinds that go there.
SHAPES: dict[Kind, tuple[tuple[str, tuple[Kind | str, ...]], ...]] = {
    Kind.NUMBER: (
        *((f"({{0}} {sign} {{1}})", (Kind.NUMBER, Kind.NUMBER)) for sign in "+-*/%"),
        ("({0} + {1})", (Kind.NUMBER, Kind.NUMBER)),
        ("({0} ^ 2)", (Kind.NUMBER,)),
        ("({0} ^ -2)", (Kind.NUMBER,)),
        ("(-{0})", (Kind.NUMBER,)),
        ("({0} - {1})", (Kind.DATE, Kind.DATE)),
        ("({0} - {1})", (Kind.DATETIME, Kind.DATETIME)),
        ("({0} - {1})", (Kind.TIME, Kind.TIME)),
        *((f"{name}({{0}})", (Kind.NUMBER,)) for name in ("ABS", "FLOOR", "CEILING", "SQRT")),
        *((f"{name}({{0}})", (Kind.NUMBER,)) for name in ("MFLOOR", "MCEILING", "LN", "LOG")),
        ("EXP({0} % 20)", (Kind.NUMBER,)),
        *((f"ROUND({{0}}, {places})", (Kind.NUMBER,)) for places in (-2, 0, 1, 2, 5)),
        ("TRUNC({0}, {1} % 4)", (Kind.NUMBER, Kind.NUMBER)),
        ("MOD({0}, {1})", (Kind.NUMBER, Kind.NUMBER)),
        ("MAX({0}, {1})", (Kind.NUMBER, Kind.NUMBER)),
        ("MIN({0}, {1}, {0})", (Kind.NUMBER, Kind.NUMBER)),
        ("VALUE({0})", (Kind.TEXT,)),
        ("LEN({0})", (Kind.TEXT,)),
        ("FIND({0}, {1})", (Kind.TEXT, Kind.TEXT)),
        ("FIND({0}, {1}, {2} % 5)", (Kind.TEXT, Kind.TEXT, Kind.NUMBER)),
        *((f"{name}({{0}})", (Kind.DATE,)) for name in ("YEAR", "MONTH", "DAY", "WEEKDAY")),
        *((f"{name}({{0}})", (Kind.DATE,)) for name in ("DAYOFYEAR", "ISOWEEK", "ISOYEAR")),
        *((f"{name}({{0}})", (Kind.DATETIME,)) for name in ("HOUR", "MINUTE", "ISOWEEK")),
        *((f"{name}({{0}})", (Kind.TIME,)) for name in ("HOUR", "SECOND", "MILLISECOND")),
        *(("UNIXTIMESTAMP({0})", (kind,)) for kind in (Kind.DATE, Kind.DATETIME, Kind.TIME)),
    ),
    Kind.TEXT: (
        ("({0} & {1})", (Kind.TEXT, Kind.TEXT)),
        ("({0} + {1})", (Kind.TEXT, Kind.TEXT)),
        *((f"{name}({{0}})", (Kind.TEXT,)) for name in ("UPPER", "LOWER", "TRIM", "REVERSE")),
        ('UPPER({0}, "tr")', (Kind.TEXT,)),
        ('LOWER({0}, "tr_TR")', (Kind.TEXT,)),
        ("INITCAP({0})", (Kind.TEXT,)),
        ("LEFT({0}, {1} % 8)", (Kind.TEXT, Kind.NUMBER)),
        ("RIGHT({0}, {1} % 8)", (Kind.TEXT, Kind.NUMBER)),
        ("MID({0}, {1} % 8, {2} % 8)", (Kind.TEXT, Kind.NUMBER, Kind.NUMBER)),
        ("LPAD({0}, {1} % 12, {2})", (Kind.TEXT, Kind.NUMBER, Kind.TEXT)),
        ("RPAD({0}, {1} % 12)", (Kind.TEXT, Kind.NUMBER)),
        ("SUBSTITUTE({0}, {1}, {2})", (Kind.TEXT, Kind.TEXT, Kind.TEXT)),
        *(("TEXT({0})", (kind,)) for kind in (Kind.NUMBER, Kind.DATE, Kind.DATETIME, Kind.TIME)),
        ("NULLVALUE({0}, {1})", (Kind.TEXT, Kind.TEXT)),
    ),
    Kind.DATE: (
        ("({0} + {1} % 400)", (Kind.DATE, Kind.NUMBER)),
        ("({0} - {1} % 400)", (Kind.DATE, Kind.NUMBER)),
        ("ADDMONTHS({0}, {1} % 30)", (Kind.DATE, Kind.NUMBER)),
        ("DATE(2000 + {0} % 50, {1} % 14, {2} % 33)", (Kind.NUMBER, Kind.NUMBER, Kind.NUMBER)),
        ("DATEVALUE({0})", (Kind.DATETIME,)),
        ("DATEVALUE({0})", (Kind.TEXT,)),
    ),
    Kind.DATETIME: (
        ("({0} + {1} % 400)", (Kind.DATETIME, Kind.NUMBER)),
        ("({0} - {1} % 400 / 1440)", (Kind.DATETIME, Kind.NUMBER)),
        ("ADDMONTHS({0}, {1} % 30)", (Kind.DATETIME, Kind.NUMBER)),
        ("DATETIMEVALUE({0})", (Kind.DATE,)),
        ("FROMUNIXTIME({0} % 4000000000)", (Kind.NUMBER,)),
    ),
    Kind.TIME: (
        ("({0} + {1})", (Kind.TIME, Kind.NUMBER)),
        ("({0} - {1})", (Kind.TIME, Kind.NUMBER)),
        ("TIMEVALUE({0})", (Kind.DATETIME,)),
        ("TIMEVALUE({0})", (Kind.TEXT,)),
    ),
    Kind.CHECKBOX: (
        ("({0} AND {1})", (Kind.CHECKBOX, Kind.CHECKBOX)),
        ("({0} OR {1} OR {2})", (Kind.CHECKBOX, Kind.CHECKBOX, Kind.CHECKBOX)),
        ("(NOT {0})", (Kind.CHECKBOX,)),
        *((f"({{0}} {s} {{1}})", (k, k)) for k in _VALUES for s in ("=", "<>")),
        *((f"({{0}} {s} {{1}})", (k, k)) for k in _COMPARED for s in ("<", "<=", ">", ">=")),
        *(("({0} IN ({1}, {2}))", (k, k, k)) for k in _COMPARED),
        *((f"{name}({{0}})", (k,)) for k in _VALUES for name in ("ISBLANK", "ISNULL")),
        ("CONTAINS({0}, {1})", (Kind.TEXT, Kind.TEXT)),
        ("BEGINS({0}, {1})", (Kind.TEXT, Kind.TEXT)),
        ("ISNUMBER({0})", (Kind.TEXT,)),
        ('REGEX({0}, "[a-zé ]*\\\\d{{0,2}}.*(x|y)?")', (Kind.TEXT,)),
        ('REGEX({0}, "^\\\\w+( \\\\S+)*$")', (Kind.TEXT,)),
    ),
}
GENERAL: tuple[tuple[str, tuple[Kind | str, ...]], ...] = (
    ("IF({0}, {1}, {2})", (Kind.CHECKBOX, ANYTHING, ANYTHING)),
    ("BLANKVALUE({0}, {1})", (ANYTHING, ANYTHING)),
    ('CASE(stage, "won", {0}, "hot", {1}, {2})', (ANYTHING, ANYTHING, ANYTHING)),
    (
        "CASE({0}, 1, {1}, {2}, {3}, {4})",
        (Kind.NUMBER, ANYTHING, Kind.NUMBER, ANYTHING, ANYTHING),
    ),
    ("CASE({0}, {1}, {2}, {3})", (Kind.TEXT, Kind.TEXT, ANYTHING, ANYTHING)),
)


@st.composite
def expressions(draw: DrawFn, kind: Kind, depth: int = 3) -> str:
    """Give the text of a random expression of a kind."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(_LEAVES[kind])
    shapes = SHAPES[kind] if draw(st.integers(0, 3)) else GENERAL
    template, kinds = draw(st.sampled_from(shapes))
    inner = [kind if wanted == ANYTHING else Kind(wanted) for wanted in kinds]
    return template.format(*(draw(expressions(wanted, depth - 1)) for wanted in inner))


any_expression = st.tuples(st.sampled_from(_VALUES), st.integers(2, 4)).flatmap(
    lambda chosen: expressions(*chosen)
)
