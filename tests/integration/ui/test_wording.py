"""Conditions in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from engine.session import Session
from engine.store.database import Database
from tests.support.worlds import World, build_world, texts_of
from ui.listing.wording import Speaker
from web.formats import formats
from web.texts import choose_language

DEAL = """\
object: deal
label: Deal
fields:
  name: {type: text, label: Name}
  amount: {type: currency}
  share: {type: percent}
  is_hot: {type: checkbox, label: Hot}
  close_date: {type: date}
  stage:
    type: picklist
    values: {new: {label: New}, won: {label: Won, closed: true}, lost: {label: Lost, closed: true}}
  tags: {type: multi_picklist, values: {a: {label: First}, b: {label: Second}}}
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give an environment with the object above; words do not depend on the database."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('words') / 'words.db'}")
    yield build_world(database, texts_of({"deal": DEAL}), {})
    database.dispose()


@pytest.fixture(params=["en"])
def spoken(request: pytest.FixtureRequest) -> Iterator[str]:
    """Let the words be those of a language."""
    with Flask("test").test_request_context():
        choose_language(request.param)
        yield request.param


def words(world: World, spoken: str, text: str) -> list[str]:
    """Put a condition into words."""

    def work(session: Session) -> list[str]:
        expression = session.unit.planner.expression("deal", text, "where", [])
        speaker = Speaker(session, "deal", formats(spoken, "Europe/Paris", "EUR"))
        return speaker.parts(expression)

    return world.run(work, write=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("owner = $user.id AND NOT stage.closed", ["Owner is me", "Stage: New"]),
        ("stage.closed", ["Stage: Won or Lost"]),
        ('stage IN ("new", "won")', ["Stage is New or Won"]),
        ('NOT stage IN ("new", "won")', ["Stage is not New or Won"]),
        ("amount >= 1000.50", ["Amount is at least €1,000.50"]),
        ("amount < 10", ["Amount is less than €10"]),
        ("share > 0.18", ["Share is more than 18\N{NO-BREAK SPACE}%"]),
        ("close_date <= DATE(2026, 11, 30)", ["Close date is 30 Nov 2026 or earlier"]),
        ("close_date < TODAY() - 7", ["Close date is before 7 days ago"]),
        ("close_date > TODAY()", ["Close date is after today"]),
        ("created_at > NOW() - 14", ["Created at is after 14 days ago"]),
        ("is_hot", ["Hot"]),
        ("NOT is_hot", ["not Hot"]),
        ("ISBLANK(name)", ["Name is blank"]),
        ("NOT ISBLANK(name)", ["Name is filled"]),
        ('name = ""', ["Name is blank"]),
        ('name <> "x"', ["Name is not “x”"]),
        ('CONTAINS(UPPER(name), UPPER("ab"))', ["Name contains “AB”"]),
        ('BEGINS(name, "ab")', ["Name begins with “ab”"]),
        ('INCLUDES(tags, "a") OR INCLUDES(tags, "b")', ["Tags is First or Tags is Second"]),
        ("is_hot AND (amount > 1 OR amount < -1)",
         ["Hot", "Amount is more than €1 or Amount is less than -€1"]),
    ],
)  # fmt: skip
def test_conditions_are_said_as_people_would(
    world: World, spoken: str, text: str, said: list[str]
) -> None:
    """What views and the filter form write has words."""
    assert words(world, spoken, text) == said


@pytest.mark.parametrize(
    "text", ["amount * 2 > 10", "LEN(name) > 3", "amount > amount", "is_hot AND LEN(name) > 3"]
)
def test_what_has_no_words_stays_as_it_was_typed(world: World, spoken: str, text: str) -> None:
    """Half a sentence would be wrong; the expression says it all."""
    assert words(world, spoken, text) == [text]


@pytest.mark.parametrize("spoken", ["fr"], indirect=True)
def test_conditions_are_said_in_french(world: World, spoken: str) -> None:
    """Words follow the language, labels the metadata."""
    assert words(world, spoken, "owner = $user.id AND stage.closed") == [
        "Propriétaire : moi",
        "Stage : Won ou Lost",
    ]
