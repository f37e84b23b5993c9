"""Records that follow a parent that follows a parent: every read works, however deep it goes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.session import ListRequest
from tests.support.worlds import World, texts_of

DEEP = 6
COUNTRIES = "".join(f"      c{n}: {{region: {'emea' if n % 2 else 'apac'}}}\n" for n in range(30))
TOP = f"""\
object: level_0
sharing: private
fields:
  name: {{type: text}}
  country:
    type: picklist
    values:
{COUNTRIES}"""
LEVEL = """\
object: level_{0}
sharing: parent
fields:
  name: {{type: text}}
  up: {{type: master_detail, to: level_{1}}}
"""
RULES = """\
sharing: level_0
rules:
  emea: {where: 'country.region = "emea"', with: {role: emea}, access: edit}
"""
ROLES = "roles: {top: {}, emea: {parent: top}, other: {parent: top}}\n"


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give two chains of records, each of which follows the one above it."""
    objects = {f"level_{n}": LEVEL.format(n, n - 1) for n in range(1, DEEP)} | {"level_0": TOP}
    rights = "{create: true, read: true, edit: true, delete: true}"
    named = ", ".join(f"level_{n}: {rights}" for n in range(DEEP))
    files = texts_of(
        objects,
        access__roles=ROLES,
        access__sharing__level_0=RULES,
        access__permission_sets__rep=f"permission_set: rep\nobjects: {{{named}}}\n",
    )
    people = {
        "emea": {"permission_sets": ["rep"], "role": "emea"},
        "other": {"permission_sets": ["rep"], "role": "other"},
    }
    made = make_world(files, **people)
    for country in ("c1", "c2"):
        up = None
        for n in range(DEEP):
            values = {"name": f"{country} {n}", **({"up": up} if n else {"country": country})}
            up = made.run(lambda s, n=n, v=values: s.create(f"level_{n}", v))["id"]
    return made


@pytest.mark.parametrize("level", range(DEEP))
def test_every_read_is_the_same_filter(world: World, level: int) -> None:
    """Lists, counts, totals, reads and changes of a child are open as far as its parents are."""
    name = f"level_{level}"
    wanted = [f"c1 {level}"]

    def work(session):  # type: ignore[no-untyped-def]  # a session
        page = session.list(
            ListRequest(object=name, count=True, sort=("-name",), where='name <> "x"')
        )
        (row,) = session.aggregate(name, where=None, measures={"n": "COUNT()"})
        return page, row["n"], session.list(ListRequest(object=name, bin=True)).records

    page, total, binned = world.run(work, who="emea", write=False)
    names = [record["name"] for record in page.records]
    hidden = world.run(work, who="other", write=False)
    record = int(str(page.records[0]["id"]))
    world.run(lambda s: s.update(name, record, {"name": "changed"}), who="emea")

    assert (names, page.count, total, binned) == (wanted, 1, 1, [])
    assert (hidden[0].records, hidden[0].count, hidden[1]) == ([], 0, 0)


def test_a_path_upwards_goes_through_every_parent(world: World) -> None:
    """Shown, filtered, sorted and grouped by, from the lowest to the highest."""
    name, path = f"level_{DEEP - 1}", f"{'up.' * (DEEP - 1)}name"

    def work(session):  # type: ignore[no-untyped-def]  # a session
        asked = ListRequest(
            object=name, fields=(path,), where=f'{path} <> "x"', sort=(path,), count=True
        )
        groups = session.aggregate(name, where=None, group=[path], measures={"n": "COUNT()"})
        return [record[path] for record in session.list(asked).records], groups

    assert world.run(work, who="emea", write=False)[0] == ["c1 0"]
    assert [dict(one) for one in world.run(work, who="emea", write=False)[1]] == [
        {path: "c1 0", "n": 1}
    ]
