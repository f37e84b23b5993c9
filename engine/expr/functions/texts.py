"""Texts: joining, cutting, searching, writing values as text.

A blank text is always None inside, never "": every function that can leave nothing gives None.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from html import escape

from engine.expr.decimals import plain, whole
from engine.expr.functions.base import (
    OWN_PYTHON,
    WRITTEN,
    Blanks,
    Function,
    Parameter,
    Places,
    Sql,
    kinds,
    takes,
)
from engine.expr.patterns import BadPattern, compile_pattern
from engine.expr.problems import ExprFailed
from engine.expr.types import CHECKBOX, NUMBER, TEXT, Kind
from engine.locale import say

MAX_RESULT = 30_000
TOO_LONG = say("the text is longer than {most:group} characters", most=MAX_RESULT)
_SPACE = " \t\n\r\f\v"
_T = takes("text", Kind.TEXT)
_COUNT = takes("count", Kind.NUMBER)
_LANGUAGE = takes("language", Kind.TEXT, optional=True)
_DOTTED = ("tr", "az")  # languages with i and ı, I and İ
_CAPITALS = str.maketrans({"i": "İ", "ı": "I"})
_SMALL = str.maketrans({"I": "ı", "İ": "i"})


def sized(text: str) -> str | None:
    """Let texts of at most 30,000 characters pass; an empty one is blank.

    Raises: ExprFailed.
    """
    if len(text) > MAX_RESULT:
        raise ExprFailed(TOO_LONG)
    return text or None


def _join(*parts: str | None) -> str | None:
    return sized("".join([part for part in parts if part is not None]))


def _upper(text: str | None, language: str | None = None) -> str | None:
    if text is not None and (language or "").startswith(_DOTTED):
        text = text.translate(_CAPITALS)
    return None if text is None else text.upper()


def _lower(text: str | None, language: str | None = None) -> str | None:
    if text is not None and (language or "").startswith(_DOTTED):
        text = text.translate(_SMALL)
    return None if text is None else text.lower()


def _left(text: str, count: Decimal) -> str | None:
    return text[: max(whole(count), 0)] or None


def _right(text: str, count: Decimal) -> str | None:
    length = whole(count)
    return text[-length:] if length > 0 else None


def _mid(text: str, start: Decimal, count: Decimal) -> str | None:
    first, length = max(whole(start), 1) - 1, max(whole(count), 0)
    return text[first : first + length] or None


def _find(wanted: str | None, text: str | None, start: Decimal | None = None) -> Decimal:
    if wanted is None or text is None:
        return Decimal(0)
    first = 1 if start is None else whole(start)
    return Decimal(text.find(wanted, first - 1) + 1) if first > 0 else Decimal(0)


def _contains(text: str | None, wanted: str | None) -> bool | None:
    return wanted is None or None if text is None else (wanted or "") in text


def _begins(text: str | None, wanted: str | None) -> bool | None:
    return wanted is None or None if text is None else text.startswith(wanted or "")


def _substitute(text: str | None, old: str | None, new: str | None) -> str | None:
    if text is None or old is None:
        return None
    instead = new or ""
    if len(text) + text.count(old) * (len(instead) - len(old)) > MAX_RESULT:
        raise ExprFailed(TOO_LONG)
    return text.replace(old, instead) or None


def _filling(text: str, length: Decimal, fill: str) -> tuple[str, str]:
    """Give the text cut to a length, and what fills the rest."""
    width = whole(length)
    if width > MAX_RESULT:
        raise ExprFailed(TOO_LONG)
    kept = text[: max(width, 0)]
    rest = max(width - len(text), 0)
    return kept, (fill * (rest // len(fill) + 1))[:rest]


def _lpad(text: str, length: Decimal, fill: str = " ") -> str | None:
    kept, rest = _filling(text, length, fill)
    return rest + kept or None


def _rpad(text: str, length: Decimal, fill: str = " ") -> str | None:
    kept, rest = _filling(text, length, fill)
    return kept + rest or None


def _initcap(text: str) -> str:
    def word(found: re.Match[str]) -> str:
        return found.group()[0].upper() + found.group()[1:].lower()

    return re.sub(r"[^\W_]+", word, text)


def _text(value: Decimal | date | datetime | time | int | str) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return value.isoformat("milliseconds") if isinstance(value, time) else str(value)


def _hyperlink(url: str | None, label: str | None, target: str | None = None) -> str | None:
    where = "" if target is None else f' target="{escape(target)}"'
    return sized(f'<a href="{escape(url or "")}"{where}>{escape(label or "")}</a>')


def _image(
    url: str | None, alt: str | None, height: Decimal | None = None, width: Decimal | None = None
) -> str | None:
    size = "".join(
        f' {name}="{whole(value)}"'
        for name, value in (("height", height), ("width", width))
        if value is not None
    )
    return sized(f'<img src="{escape(url or "")}" alt="{escape(alt or "")}"{size}/>')


def _regex(text: str | None, pattern: str | None) -> bool:
    try:
        return compile_pattern(pattern or "").matches(text or "")
    except BadPattern as error:
        raise ExprFailed(f"the pattern cannot be used: {error}") from error


_TEXTS_OF = (
    Kind.NUMBER,
    Kind.DATE,
    Kind.DATETIME,
    Kind.TIME,
    Kind.PICKLIST,
    Kind.LOOKUP,
    Kind.TEXT,
)

JOIN = Function(
    name="join",
    sign="&",
    parameters=(_T,),
    repeats=1,
    result=TEXT,
    python=_join,
    blanks=Blanks.OWN,
    can_fail=True,
    sql=WRITTEN,
    doc="Texts one after the other; blank counts as nothing.",
    examples=(('"a" & "b" & "c"', "abc"), ('"x" & NULL', "x")),
)
PLUS = Function(
    name="join_plus",
    sign="+",
    parameters=(takes("left", Kind.TEXT), takes("right", Kind.TEXT)),
    result=TEXT,
    python=_join,
    blanks=Blanks.OWN,
    can_fail=True,
    sql=JOIN.sql,
    doc="Two texts joined, as with &.",
    examples=(('"a" + "b"', "ab"),),
)
OPERATORS: tuple[Function, ...] = (PLUS, JOIN)

FUNCTIONS: tuple[Function, ...] = (
    Function(
        name="TEXT",
        parameters=(takes("value", *_TEXTS_OF),),
        result=TEXT,
        python=_text,
        sql=Sql(
            {
                Kind.NUMBER: OWN_PYTHON,
                Kind.DATE: "{0}",
                Kind.DATETIME: OWN_PYTHON,
                Kind.TIME: OWN_PYTHON,
                Kind.PICKLIST: "{0}",
                Kind.TEXT: "{0}",
                Kind.LOOKUP: "CAST({0} AS TEXT)",
            },
            {
                Kind.NUMBER: "CAST(trim_scale({0}) AS TEXT)",
                Kind.DATE: "to_char({0}, 'YYYY-MM-DD')",
                Kind.DATETIME: "(to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || 'Z')",
                Kind.TIME: "to_char({0}, 'HH24:MI:SS.MS')",
                Kind.PICKLIST: "{0}",
                Kind.TEXT: "{0}",
                Kind.LOOKUP: "CAST({0} AS TEXT)",
            },
        ),
        doc="A value as text: a number in plain digits, a date as YYYY-MM-DD, an instant in UTC, a "
        "picklist by its API name.",
        examples=(
            ("TEXT(1.50)", "1.5"),
            ("TEXT(DATE(2020, 1, 31))", "2020-01-31"),
            ('TEXT(DATETIMEVALUE("2024-02-03 10:11:12"))', "2024-02-03 10:11:12Z"),
        ),
    ),
    Function(
        name="LEN",
        parameters=(_T,),
        result=NUMBER,
        places=Places.WHOLE,
        python=lambda text: Decimal(len(text or "")),
        blanks=Blanks.OWN,
        sql=Sql("coalesce(length({0}), 0)", "CAST(coalesce(length({0}), 0) AS NUMERIC)"),
        doc="How many characters (code points) a text has; 0 for blank.",
        examples=(('LEN("abc")', "3"), ("LEN(NULL)", "0"), ('LEN("😀")', "1")),
    ),
    Function(
        name="LEFT",
        parameters=(_T, _COUNT),
        result=TEXT,
        python=_left,
        sql=Sql(
            "nullif(substr({0}, 1, max({1:int}, 0)), '')",
            "nullif(left({0}, greatest({1:int}, 0)), '')",
        ),
        doc="The first characters.",
        examples=(('LEFT("abcdef", 2)', "ab"), ('LEFT("abc", 5)', "abc"), ('LEFT("abc", -1)', "")),
    ),
    Function(
        name="RIGHT",
        parameters=(_T, _COUNT),
        result=TEXT,
        python=_right,
        sql=Sql(OWN_PYTHON, "nullif(right({0}, greatest({1:int}, 0)), '')"),
        doc="The last characters.",
        examples=(('RIGHT("123456", 3)', "456"), ('RIGHT("abc", 0)', "")),
    ),
    Function(
        name="MID",
        parameters=(_T, takes("start", Kind.NUMBER), _COUNT),
        result=TEXT,
        python=_mid,
        sql=Sql(
            "nullif(substr({0}, max({1:int}, 1), max({2:int}, 0)), '')",
            "patron_mid({0}, {1:int}, {2:int})",
        ),
        doc="Characters from the middle; the first is number 1.",
        examples=(('MID("abcdef", 2, 3)', "bcd"), ('MID("abc", 0, 2)', "ab")),
    ),
    Function(
        name="FIND",
        parameters=(takes("wanted", Kind.TEXT), _T, takes("start", Kind.NUMBER, optional=True)),
        result=NUMBER,
        places=Places.WHOLE,
        python=_find,
        blanks=Blanks.OWN,
        sql=Sql(OWN_PYTHON, "patron_find({0}, {1}, {2:int|1})"),
        doc="Where a text first stands in another, counted from 1; 0 when it does not.",
        examples=(
            ('FIND("c", "abcabc")', "3"),
            ('FIND("c", "abcabc", 4)', "6"),
            ('FIND("C", "abc")', "0"),
        ),
    ),
    Function(
        name="CONTAINS",
        parameters=(_T, takes("wanted", Kind.TEXT)),
        result=CHECKBOX,
        python=_contains,
        blanks=Blanks.OWN,
        sql=Sql(
            "CASE WHEN {1} IS NULL THEN 1 ELSE instr({0}, {1}) > 0 END",
            "CASE WHEN {1} IS NULL THEN TRUE ELSE strpos({0}, {1}) > 0 END",
        ),
        doc="Whether a text holds another, letter case included; blank when the first is blank.",
        examples=(('CONTAINS("123456", "23")', "TRUE"), ('CONTAINS("abc", "B")', "FALSE")),
    ),
    Function(
        name="BEGINS",
        parameters=(_T, takes("start", Kind.TEXT)),
        result=CHECKBOX,
        python=_begins,
        blanks=Blanks.OWN,
        sql=Sql(
            "CASE WHEN {1} IS NULL THEN 1 ELSE substr({0}, 1, length({1})) = {1} END",
            "CASE WHEN {1} IS NULL THEN TRUE ELSE starts_with({0}, {1}) END",
        ),
        doc="Whether a text begins with another, letter case included; blank when it is blank.",
        examples=(
            ('BEGINS("Castor", "Cas")', "TRUE"),
            ('BEGINS("abc", "A")', "FALSE"),
            ('BEGINS("q", "")', "TRUE"),
        ),
    ),
    Function(
        name="SUBSTITUTE",
        parameters=(_T, takes("old", Kind.TEXT), takes("new", Kind.TEXT)),
        result=TEXT,
        python=_substitute,
        blanks=Blanks.OWN,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_substitute({0}, {1}, {2})"),
        doc="Every occurrence of a text replaced by another.",
        examples=(('SUBSTITUTE("aXbX", "X", "-")', "a-b-"), ('SUBSTITUTE("5 %", " %", "")', "5")),
    ),
    Function(
        name="TRIM",
        parameters=(_T,),
        result=TEXT,
        python=lambda text: text.strip(_SPACE) or None,
        sql=Sql(OWN_PYTHON, r"nullif(btrim({0}, E' \t\n\r\f\x0b'), '')"),
        doc="Without white space at both ends.",
        examples=(('TRIM("  a  b  ")', "a  b"),),
    ),
    Function(
        name="UPPER",
        parameters=(_T, _LANGUAGE),
        result=TEXT,
        python=_upper,
        blanks=Blanks.OWN,
        sql=Sql(OWN_PYTHON, "patron_upper({0}, {1|NULL})"),
        doc='In capitals; "tr" and "az" keep the dot of i.',
        examples=(('UPPER("é")', "É"), ('UPPER("große")', "GROSSE")),
    ),
    Function(
        name="LOWER",
        parameters=(_T, _LANGUAGE),
        result=TEXT,
        python=_lower,
        blanks=Blanks.OWN,
        sql=Sql(OWN_PYTHON, "patron_lower({0}, {1|NULL})"),
        doc='In small letters; "tr" and "az" keep the dot of I.',
        examples=(('LOWER("ÀB")', "àb"),),
    ),
    Function(
        name="INITCAP",
        parameters=(_T,),
        result=TEXT,
        python=_initcap,
        sql=Sql(OWN_PYTHON, None),
        doc="Every word with a capital first, the rest small.",
        examples=(('INITCAP("mr. _smith")', "Mr. _Smith"),),
    ),
    Function(
        name="REVERSE",
        parameters=(_T,),
        result=TEXT,
        python=lambda text: text[::-1],
        sql=Sql(OWN_PYTHON, "reverse({0})"),
        doc="The characters from the last to the first.",
        examples=(('REVERSE("abc")', "cba"),),
    ),
    Function(
        name="LPAD",
        parameters=(_T, takes("length", Kind.NUMBER), takes("fill", Kind.TEXT, optional=True)),
        result=TEXT,
        python=_lpad,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_lpad({0}, {1:int}, {2|' '})"),
        doc="Cut or filled on the left to a length.",
        examples=(('LPAD("7", 3, "0")', "007"), ('LPAD("string", 5)', "strin")),
    ),
    Function(
        name="RPAD",
        parameters=(_T, takes("length", Kind.NUMBER), takes("fill", Kind.TEXT, optional=True)),
        result=TEXT,
        python=_rpad,
        can_fail=True,
        sql=Sql(OWN_PYTHON, "patron_rpad({0}, {1:int}, {2|' '})"),
        doc="Cut or filled on the right to a length.",
        examples=(('RPAD("7", 3, "0")', "700"),),
    ),
    Function(
        name="BR",
        parameters=(),
        result=TEXT,
        python=lambda: "\n",
        sql=Sql("char(10)", "chr(10)"),
        doc="A line break.",
        examples=(('"a" & BR() & "b"', "a\nb"),),
    ),
    Function(
        name="REGEX",
        parameters=(_T, takes("pattern", Kind.TEXT, role="pattern")),
        result=CHECKBOX,
        python=_regex,
        blanks=Blanks.OWN,
        can_fail=True,
        sql=WRITTEN,
        doc='Whether the whole text fits a regular expression; a blank one is read as "".',
        examples=(('REGEX("abc", "[a-z]+")', "TRUE"), ('REGEX("abc1", "[a-z]+")', "FALSE")),
    ),
    Function(
        name="HYPERLINK",
        parameters=(
            takes("url", Kind.TEXT),
            takes("label", Kind.TEXT),
            takes("target", Kind.TEXT, optional=True),
        ),
        result=TEXT,
        python=_hyperlink,
        blanks=Blanks.OWN,
        can_fail=True,
        sql=Sql(OWN_PYTHON, None),
        doc="A link as HTML, for rich texts and screens.",
        examples=(
            (
                'HYPERLINK("https://example.test", "Open")',
                '<a href="https://example.test">Open</a>',
            ),
        ),
    ),
    Function(
        name="IMAGE",
        parameters=(
            takes("url", Kind.TEXT),
            takes("description", Kind.TEXT),
            takes("height", Kind.NUMBER, optional=True),
            takes("width", Kind.NUMBER, optional=True),
        ),
        result=TEXT,
        python=_image,
        blanks=Blanks.OWN,
        can_fail=True,
        sql=Sql(OWN_PYTHON, None),
        doc="A picture as HTML, for rich texts and screens.",
        examples=(('IMAGE("/flag.gif", "red")', '<img src="/flag.gif" alt="red"/>'),),
    ),
    Function(
        name="CASESAFEID",
        parameters=(Parameter("id", kinds(Kind.LOOKUP, Kind.TEXT)),),
        result=TEXT,
        python=str,
        sql=Sql("CAST({0} AS TEXT)", "CAST({0} AS TEXT)"),
        doc="The id as text. Ids here have no letters, so nothing else is to do.",
        examples=(('CASESAFEID("17")', "17"),),
    ),
)
