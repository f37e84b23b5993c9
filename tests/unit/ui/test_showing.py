"""Values as people see them, type by type."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from flask import Flask

from engine.compiled import CompiledObject
from engine.model.fields.base import Value
from tests.support.worlds import compile_texts, texts_of
from ui.columns import Choice, Column
from ui.showing import Cell, How, initials, show_value
from web.formats import formats
from web.texts import choose_language

THING = """\
object: thing
fields:
  name: {type: text}
  note: {type: long_text}
  story: {type: rich_text}
  size: {type: number, decimals: 1}
  share: {type: percent}
  stars: {type: rating}
  day: {type: date}
  at: {type: datetime}
  clock: {type: time}
  is_on: {type: checkbox}
  kind: {type: picklist, values: {a: {label: First, color: green}}}
  kinds: {type: multi_picklist, values: {a: {label: First}, b: {label: Second, color: red}}}
  mail: {type: email}
  phone: {type: phone}
  site: {type: url}
  home: {type: address}
  place: {type: location}
  data: {type: json}
"""


@pytest.fixture(scope="module")
def thing() -> CompiledObject:
    """Give the object above, compiled."""
    _tree, model = compile_texts(texts_of({"thing": THING}))
    return next(o for name, o in model.objects.items() if name == "thing")


@pytest.fixture(params=["en"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the words be those of a request in English, or in the language of the parameter."""
    with Flask("test").test_request_context():
        choose_language(request.param)
        yield request.param


def show(
    thing: CompiledObject, spoken: str, name: str, value: Value, *, is_full: bool = False
) -> Cell:
    """Show a value of a field of the thing."""
    field = next(f for n, f in thing.fields.items() if n == name)
    column = Column(
        path=name,
        label=name,
        help="",
        type=field.decl.type,
        decimals=field.type.storage(field.decl).decimals,
        is_computed=False,
        is_title=False,
        title_path="",
        targets=(),
        choices={
            n: Choice(name=n, label=v.label, color=v.color, is_active=True)
            for n, v in field.decl.values.items()
        },
        field=field,
        owner=thing,
    )
    fmt = formats(spoken, "Europe/Paris", "EUR")
    return show_value(column, value, How(fmt, is_full=is_full))


@pytest.mark.parametrize(
    ("name", "value", "kind", "text"),
    [
        ("name", "<b>x</b>", "text", "<b>x</b>"),
        ("size", Decimal("1234.5"), "number", "1,234.5"),
        ("share", Decimal("0.18"), "number", "18\N{NO-BREAK SPACE}%"),
        ("stars", Decimal(4), "rating", "★★★★☆"),
        ("day", date(2026, 11, 30), "text", "30 Nov 2026"),
        ("at", datetime(2026, 11, 30, 9, 5, tzinfo=UTC), "text", "30 Nov 2026, 10:05"),
        ("clock", time(9, 5), "text", "9:05\N{NARROW NO-BREAK SPACE}AM"),
        ("is_on", True, "check", "Yes"),
        ("is_on", False, "check", "No"),
        ("kind", "a", "tags", "First"),
        ("kind", "gone", "tags", "gone"),
        ("kinds", ("a", "b"), "tags", "First, Second"),
        ("mail", "a@example.test", "link", "a@example.test"),
        ("phone", "+33 1 23", "link", "+33 1 23"),
        ("site", "https://www.example.test/", "link", "example.test"),
        ("site", "javascript:alert(1)", "text", "javascript:alert(1)"),
        ("home", {"street": "1 Rue", "city": "Paris", "postal_code": "75001"}, "text",
         "1 Rue, 75001 Paris"),
        ("place", {"latitude": Decimal("48.85"), "longitude": Decimal("2.35")}, "text",
         "48.85000 / 2.35000"),
        ("data", {"a": 1}, "text", '{"a": 1}'),
        ("note", "one\ntwo", "text", "one two"),
        ("story", "<p>one</p><p>two</p>", "text", "one two"),
    ],
)  # fmt: skip
def test_each_type_is_shown_in_its_own_way(
    thing: CompiledObject, spoken: str, name: str, value: Value, kind: str, text: str
) -> None:
    """A list shows every type of field in one line, in the visitor's words and time zone."""
    cell = show(thing, spoken, name, value)

    assert (cell.kind, cell.text) == (kind, text)


def test_addresses_of_links_open_the_right_program(thing: CompiledObject, spoken: str) -> None:
    """An e-mail opens the mail program, a number the phone."""
    assert show(thing, spoken, "mail", "a@example.test").href == "mailto:a@example.test"
    assert show(thing, spoken, "phone", "+33 (1) 23").href == "tel:+33123"


def test_long_texts_are_cut_in_lists_and_whole_on_pages(thing: CompiledObject, spoken: str) -> None:
    """A list never carries thirty thousand characters per row; the page of the record does."""
    text = "word " * 5000

    short, whole = (show(thing, spoken, "note", text, is_full=f) for f in (False, True))

    assert len(short.text) <= 141
    assert short.text.endswith("…")
    assert (whole.kind, whole.text) == ("lines", text)


def test_formatted_text_is_clean_markup_on_pages(thing: CompiledObject, spoken: str) -> None:
    """What somebody pasted cannot run."""
    cell = show(thing, spoken, "story", "<b>x</b><script>1</script>", is_full=True)

    assert (cell.kind, cell.html) == ("html", "<b>x</b>")


@pytest.mark.parametrize("spoken", ["fr"], indirect=True)
def test_words_and_numbers_follow_the_language(thing: CompiledObject, spoken: str) -> None:
    """A French reader sees French words and a comma in numbers."""
    assert show(thing, spoken, "is_on", value=True).text == "Oui"
    assert show(thing, spoken, "size", Decimal("1234.5")).text == "1\N{NARROW NO-BREAK SPACE}234,5"


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        ("Castor Énergie", 1, "C"),
        ("Sofia Ruiz", 2, "SR"),
        ("Élodie", 2, "É"),
        ("  -- 42 ", 2, "4"),
        ("…", 1, "?"),
        ("", 2, "?"),
    ],
)
def test_initials_stand_for_a_name(text: str, most: int, shown: str) -> None:
    """One letter for a company, two for a person, never nothing."""
    assert initials(text, most) == shown
