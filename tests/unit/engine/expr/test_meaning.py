"""What expressions mean: blanks, conditions, picklists, records, rights, numbers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from engine.expr import ExprFailed, ExprInvalid, ExprType, Kind, compile_expression, rename_paths
from engine.expr.types import CHECKBOX, expr_type
from engine.model.declarations import Field
from engine.names import FieldName
from tests.unit.engine.expr.conftest import CONTEXT


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("amount + 1", None),
        ("amount = 0", False),
        ("amount <> 5", False),
        ("NOT(amount > 5)", False),
        ("amount = NULL", False),
        ("ISBLANK(amount)", True),
        ('IF(amount > 5, "x", "y")', "y"),
        ("MAX(amount, 3)", None),
        ("amount > 5 OR TRUE", True),
        ("amount > 5 AND FALSE", False),
        ('name = ""', True),
        ('name <> "x"', True),
        ("name = NULL", True),
        ('name & "z"', "z"),
        ('name < "b"', False),
        ("LEN(name)", 0),
        ("UPPER(name)", None),
        ("account = owner", True),
        ("account <> 5", True),
        ("account = NULL", True),
        ('stage = ""', True),
        ('stage IN ("won", "")', True),
        ('CASE(stage, "won", 1, "", 2, 3)', 2),
        ("stage.closed", False),
        ("stage.probability", None),
        ("NOT stage.closed", True),
        ("done", False),
        ("ISBLANK(done)", False),
        ("(amount > 5) = FALSE", True),
        ("ISNULL(name)", False),
        ('NULLVALUE(name, "x")', None),
        ('BLANKVALUE(name, "x")', "x"),
    ],
)
def test_blanks_are_three_valued_and_texts_the_exception(value, text, wanted):
    """Arithmetic and comparisons with a blank are blank; blank text is ""; checkboxes are false."""
    assert value(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("amount + 1", 1),
        ("amount = 0", True),
        ("ISBLANK(amount)", False),
        ("BLANKVALUE(amount, 7)", 0),
        ("MAX(amount, -3)", 0),
        ("NOT(amount > 5)", True),
        ('name & "z"', "z"),
        ("day = NULL", False),
        ("YEAR(day)", None),
        ("VALUE(name)", None),
    ],
)
def test_blank_zero_reads_blank_numbers_as_zero(value, text, wanted):
    """`blank: zero` touches numbers of fields and nothing else."""
    assert value(text, blank_zero=True) == wanted


def test_a_picklist_has_its_attributes_and_its_label(value):
    """Attributes take their type from the values; what a value leaves out is blank."""
    assert value("stage.closed", stage="won") is True
    assert value("stage.probability * 100", stage="hot") == 75
    assert value("stage.note", stage="won") == "gagné"
    assert value("stage.note", stage="hot") is None
    assert value("LABEL(stage)", stage="hot") == "Très chaud"
    assert value("TEXT(stage)", stage="hot") == "hot"
    assert value("PICKLISTCOUNT(tags)", tags=("hot", "won")) == 2
    assert value('INCLUDES(tags, "won")', tags=("hot", "won")) is True


def test_a_lookup_is_compared_with_an_id(value):
    """`account = 12`: a whole number beside a lookup is an id."""
    assert value("account = 12", account=12) is True
    assert value("account IN (11, 12)", account=12) is True
    assert value("account <> owner", account=1, owner=2) is True


def test_changes_compare_with_the_record_as_it_was(value):
    """ISCHANGED and PRIORVALUE look at the record as the transaction found it; blank on create."""
    before = replace(CONTEXT, prior={"stage": "hot", "amount": None})
    created = replace(CONTEXT, is_new=True)

    assert value("ISCHANGED(stage)", context=before, stage="won") is True
    assert value("ISCHANGED(stage)", context=before, stage="hot") is False
    assert value("PRIORVALUE(stage)", context=before, stage="won") == "hot"
    assert value("ISCHANGED(stage)", context=created, stage="won") is False
    assert value("PRIORVALUE(stage)", context=created, stage="won") is None
    assert value("ISNEW()", context=created) is True
    assert value("PRIORVALUE(amount) + 1", context=before, blank_zero=True) == 1


def test_rights_and_the_user_are_those_of_whoever_acts(value):
    """HAS_PERMISSION, HAS_ROLE, $user and $env read the context."""
    acting = replace(
        CONTEXT,
        user={"id": 7, "email": "a@example.test"},
        env={"URL": "https://example.test"},
        permissions=frozenset({"vip"}),
        roles=frozenset({"sales"}),
    )

    assert value('HAS_PERMISSION("vip") AND HAS_ROLE("sales")', context=acting) is True
    assert value('HAS_PERMISSION("vip")') is False
    assert value("owner = $user.id", context=acting, owner=7) is True
    assert value("$user.email", context=acting) == "a@example.test"
    assert value('$env.URL & "/x"', context=acting) == "https://example.test/x"


def test_other_records_and_rates_come_through_the_context(value):
    """VLOOKUP and CURRENCYRATE ask the context, and fail with a reason without it."""
    asked = replace(
        CONTEXT,
        look_up=lambda *question: "/".join(map(str, question)),
        rate={"USD": Decimal("0.9")}.get,
    )

    assert (
        value('VLOOKUP("price", "name", "code", name)', context=asked, name="A")
        == "price/name/code/A"
    )
    assert value('CURRENCYRATE("USD") * 10', context=asked) == 9
    with pytest.raises(ExprFailed, match="cannot be looked up"):
        value('VLOOKUP("price", "name", "code", name)', name="A")
    with pytest.raises(ExprFailed, match="not known here"):
        value('CURRENCYRATE("USD")')


def test_days_and_hours_are_those_of_the_zone(value):
    """TODAY, HOUR and DATEVALUE of an instant use the acting user's time zone."""
    paris = replace(CONTEXT, zone=ZoneInfo("Europe/Paris"))

    assert value("TODAY()") == date(2024, 3, 31)
    assert value("TODAY()", context=paris) == date(2024, 4, 1)
    assert value("HOUR(seen)", context=paris, seen=CONTEXT.now) == 1
    assert value("DATEVALUE(seen)", context=paris, seen=CONTEXT.now) == date(2024, 4, 1)
    assert value("NOW()", context=paris) == CONTEXT.now


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / amount", "division by zero"),
        ("MOD(1, amount)", "division by zero"),
        ("DATE(2024, 2, 30 + amount)", "there is no such date"),
        ("VALUE(name)", '"abc" is no number'),
        ("10 ^ (1000 + amount)", "the number is too large"),
        ("2 ^ (0.5 + amount)", "a power needs a whole exponent between -1000 and 1000"),
        ('LPAD(name, 40000, "x")', "the text is longer than 30,000 characters"),
        ("day + 4000000", "the date is out of range"),
        ("SQRT(amount - 1)", "the function has no result for this number"),
        ('REGEX("a", "(" & name)', "the pattern cannot be used: This ( is never closed."),
        ("GEOLOCATION(91 + amount, 0)", "the location lies outside the globe"),
    ],
)
def test_an_error_has_a_reason(value, text, why):
    """What cannot be computed says why."""
    with pytest.raises(ExprFailed) as failed:
        value(text, amount=Decimal(0), name="abc", day=date(2024, 1, 1))

    assert str(failed.value) == why


def test_errors_are_blank_where_conditions_and_sql_are_concerned(scope):
    """`settle` and `holds` give what SQL gives: the failing part is blank, the rest counts."""
    given = {"amount": Decimal(0)}
    hidden = compile_expression("1 / amount > 1 OR amount = 0", scope)
    bare = compile_expression("1 / amount > 1", scope)

    assert hidden.holds(given, CONTEXT) is True
    assert bare.holds(given, CONTEXT) is False
    assert bare.settle(given, CONTEXT) is False
    assert bare.can_fail
    assert not compile_expression("amount > 1", scope).can_fail


def test_numbers_take_the_decimals_of_their_place(scope):
    """A currency formula has two decimals, half rounded away from zero; a free one has its own."""
    currency = ExprType(kind=Kind.NUMBER, decimals=2, flavour="currency")
    formula = compile_expression("amount * 1.005", scope, expect=currency)

    assert str(formula.evaluate({"amount": Decimal("1.00")}, CONTEXT)) == "1.01"
    assert str(formula.evaluate({"amount": Decimal("-1.00")}, CONTEXT)) == "-1.01"
    assert compile_expression("amount * share", scope).type.decimals == 6
    assert compile_expression("amount / 3", scope).type.decimals is None
    assert compile_expression("ROUND(amount / 3, 2)", scope).type.decimals == 2
    assert compile_expression("share * share * share", scope).type.decimals is None


def test_whole_fields_kept_as_integers_compute_like_others(value):
    """`version` and ratings are integers in records; the language sees decimals."""
    assert value("revision / 4 + 1", revision=7) == Decimal("2.75")
    assert value("TEXT(revision)", revision=7) == "7"


@pytest.mark.parametrize(
    ("text", "expect", "code"),
    [
        ("amount", CHECKBOX, "M305"),
        ("name", ExprType(kind=Kind.NUMBER), "M305"),
        ("stage", ExprType(kind=Kind.TEXT), "M305"),
        ('"wonn"', expr_type(Field(name=FieldName("p"), type="picklist", label="P")), ""),
        ("12", ExprType(kind=Kind.LOOKUP), ""),
        ("NULL", ExprType(kind=Kind.DATE), ""),
    ],
)
def test_an_expression_fits_its_place(scope, text, expect, code):
    """A condition where one is needed, a text where a text is; blank fits everywhere."""
    if not code:
        assert compile_expression(text, scope, expect=expect).type is expect
        return
    with pytest.raises(ExprInvalid) as invalid:
        compile_expression(text, scope, expect=expect)

    assert invalid.value.problems[0].code == code


def test_an_unknown_value_for_a_picklist_is_found(scope):
    """Constant text that is none of the values cannot be assigned."""
    stages = scope.resolve(("stage",))

    assert compile_expression('IF(done, "won", "hot")', scope, expect=stages)
    with pytest.raises(ExprInvalid, match="none of the values"):
        compile_expression('"wonn"', scope, expect=stages)


def test_reads_and_uses_say_what_is_needed(scope):
    """The save loads what is read, and knows what a value depends on besides."""
    text = "stage.closed AND TODAY() > day AND owner = $user.id AND ISCHANGED(amount)"
    expression = compile_expression(text, scope)

    assert expression.reads == {"stage", "day", "owner", "amount"}
    assert expression.uses == {"today", "user", "changed"}
    assert compile_expression("HOUR(seen)", scope).uses == {"zone"}
    assert compile_expression("HOUR(opens)", scope).uses == frozenset()


def test_what_has_no_sql_says_so(scope):
    """Typed filters ask beforehand."""
    filtered = compile_expression("ISCHANGED(stage)", scope)

    problem = filtered.sql_problem("sqlite")

    assert problem is not None
    assert (problem.code, problem.col) == ("M313", 1)
    assert compile_expression("amount > 1", scope).sql_problem("postgresql") is None
    assert compile_expression("INITCAP(name)", scope).sql_problem("sqlite") is None
    assert compile_expression("INITCAP(name)", scope).sql_problem("postgresql") is not None
    assert compile_expression("REGEX(name, note)", scope).sql_problem("postgresql") is not None
    assert compile_expression("REGEX(name, note)", scope).sql_problem("sqlite") is None


def test_every_field_type_has_a_kind():
    """Texts of all sorts are text; what is computed has the kind of its result."""
    kinds = {
        "email": Kind.TEXT,
        "percent": Kind.NUMBER,
        "rating": Kind.NUMBER,
        "checkbox": Kind.CHECKBOX,
        "master_detail": Kind.LOOKUP,
        "multi_picklist": Kind.MULTI_PICKLIST,
        "time": Kind.TIME,
        "location": Kind.LOCATION,
        "address": Kind.JSON,
    }
    declared = {
        name: expr_type(Field(name=FieldName("f"), type=name, label="F", options={"to": "user"}))
        for name in kinds
    }
    formula = Field(
        name=FieldName("f"),
        type="formula",
        label="F",
        options={"returns": "percent", "decimals": 3},
    )

    assert {name: found.kind for name, found in declared.items()} == kinds
    assert (expr_type(formula).flavour, expr_type(formula).decimals) == ("percent", 3)


def test_a_rename_touches_paths_and_nothing_else():
    """Spaces, remarks, letter case, texts and functions stay as their author wrote them."""

    def renamed(text: str, **names: str) -> str:
        return rename_paths(text, lambda path: names.get(path, path))

    text = 'IF( amount>1 /* amount */, "amount", TEXT(amount) )'
    expected = 'IF( total>1 /* amount */, "amount", TEXT(total) )'
    assert renamed(text, amount="total") == expected
    assert renamed("account = 1", account="customer") == "customer = 1"
    assert renamed("len(name)", len="x") == "len(name)"
    assert renamed("amount > ~", amount="total") == "amount > ~"


def test_the_context_gives_sql_the_same_facts():
    """Parameters are plain values that both databases take."""
    acting = replace(
        CONTEXT,
        user={"id": 7},
        env={"URL": "u"},
        roles=frozenset({"b", "a"}),
        zone=ZoneInfo("Asia/Tokyo"),
    )

    assert acting.sql_params() == {
        "ctx_now": 1711927800000,
        "ctx_today": "2024-04-01",
        "ctx_zone": "Asia/Tokyo",
        "ctx_permissions": ";;",
        "ctx_roles": ";a;b;",
        "ctx_user_id": 7,
        "ctx_env_URL": "u",
    }
    assert replace(CONTEXT, zone=UTC).sql_params()["ctx_zone"] == "UTC"
    assert datetime.fromtimestamp(1711927800, UTC) == CONTEXT.now
