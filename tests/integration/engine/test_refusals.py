"""Requests that cannot be carried out: what they are told, by code, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.compile import compile_model
from engine.errors import Conflict, NotFound, RecordInvalid, RequestInvalid
from engine.session import ListRequest, Session
from engine.settings import Settings
from engine.snapshots import Environments
from engine.source import tree_from_stored, tree_from_texts
from tests.support.worlds import World, texts_of

THING = """\
object: thing
label: Thing
sharing: read_write
fields:
  name: {type: text}
  code: {type: text, external_id: true}
  secret: {type: text}
  born: {type: date, read_only_after_create: true}
  parent: {type: lookup, to: thing, on_delete: cascade}
  tags: {type: multi_picklist, values: {a: {label: A}}}
  pattern: {type: formula, returns: checkbox, formula: 'REGEX(parent.name, "[a-z]+")'}
"""
VIEW = 'view: thing.hidden\nwhere: secret = "x"\nfields: [name]\n'
SET = (
    "permission_set: few\nobjects:\n"
    "  thing: {create: true, read: true, edit: true, fields: {secret: none}}\n"
)


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Give things, and somebody who may not read their secret."""
    texts = texts_of({"thing": THING}, views__thing=VIEW, access__permission_sets__few=SET)
    return make_world(texts, few={"permission_sets": ["few"]})


@pytest.mark.parametrize(
    ("code", "who", "work"),
    [
        ("Q105", "few", lambda s: s.list(ListRequest(object="thing", view="hidden"))),
        ("Q106", "admin", lambda s: s.list(ListRequest(object="thing", limit=0))),
        ("Q106", "admin", lambda s: s.list(ListRequest(object="thing", limit=1001))),
        ("Q103", "admin", lambda s: s.list(ListRequest(object="thing", after="rubbish"))),
        ("Q107", "admin", lambda s: s.upsert("thing", "name", "x", {})),
        ("Q107", "admin", lambda s: s.upsert("thing", "code", "x" * 300, {})),
        ("Q108", "admin", lambda s: s.bulk("thing", "explode", [], atomic=False)),
        ("Q108", "admin", lambda s: s.bulk("thing", "upsert", [{}], atomic=False)),
        ("Q104", "admin", lambda s: s.aggregate("thing", measures={"n": "TOTAL(name)"})),
        ("Q104", "admin", lambda s: s.aggregate("thing", measures={"n": "SUM(name)"})),
        ("Q101", "admin", lambda s: s.list(ListRequest(object="thing", where="name +"))),
        ("Q102", "admin", lambda s: s.list(ListRequest(object="thing", fields=("nane",)))),
    ],
)
def test_a_request_that_makes_no_sense_is_told_why(
    world: World, code: str, who: str, work: Callable[[Session], object]
) -> None:
    """Each kind of nonsense has its code."""
    with pytest.raises(RequestInvalid) as refused:
        world.run(work, who=who)

    assert refused.value.code == code


def test_a_cursor_of_another_order_is_refused(world: World) -> None:
    """A cursor is good for the sort it came from only."""
    for name in "abc":
        world.run(lambda s, name=name: s.create("thing", {"name": name}))
    page = world.run(lambda s: s.list(ListRequest(object="thing", sort=("name",), limit=1)))

    with pytest.raises(RequestInvalid, match="Q103"):
        world.run(lambda s: s.list(ListRequest(object="thing", sort=("-name",), after=page.next)))


def test_a_field_that_is_set_once_cannot_be_changed(world: World) -> None:
    """`read_only_after_create` refuses a later value at the field."""
    made = world.run(lambda s: s.create("thing", {"born": "2026-01-01"}))

    with pytest.raises(RecordInvalid) as refused:
        world.run(lambda s: s.update("thing", int(made["id"]), {"born": "2026-01-02"}))

    assert [(e.field, e.code) for e in refused.value.errors] == [("born", "R104")]


def test_a_child_does_not_come_back_before_its_parent(world: World) -> None:
    """What a record points at must be there when the record returns."""
    parent = int(world.run(lambda s: s.create("thing", {"name": "p"}))["id"])
    child = int(world.run(lambda s: s.create("thing", {"parent": parent}))["id"])
    world.run(lambda s: s.delete("thing", parent))

    with pytest.raises(Conflict) as refused:
        world.run(lambda s: s.restore("thing", child))

    assert refused.value.code == "C104"
    world.run(lambda s: s.restore("thing", parent))
    assert world.run(lambda s: s.get("thing", child))["parent"] == parent


def test_good_rows_of_a_failed_atomic_call_say_that_they_were_undone(world: World) -> None:
    """Row by row: the bad one why, the good ones that nothing was saved."""
    rows = [{"name": "good"}, {"nane": "bad"}]

    results = world.run(lambda s: s.bulk("thing", "create", rows, atomic=True))

    assert [r.error.code for r in results if r.error] == ["Q109", "R100"]


def test_what_has_no_sql_is_refused_in_a_filter(world: World) -> None:
    """An expression that a database cannot compute says so instead of filtering wrongly."""
    wanted = ListRequest(object="thing", where="IFERROR(1 / LEN(name), 0) > 1")

    with pytest.raises(RequestInvalid) as refused:
        world.run(lambda s: s.list(wanted), write=False)

    assert refused.value.code == "Q110"


def test_an_unknown_environment_is_not_there(tmp_path) -> None:
    """The directory of a fresh installation has no such environment."""
    environments = Environments(Settings(home=tmp_path))

    with pytest.raises(NotFound) as refused:
        environments.open("nowhere")

    environments.close()
    assert refused.value.code == "N101"


def test_a_path_to_nowhere_in_a_view_is_a_problem() -> None:
    """A column over a lookup must lead to a field."""
    view = "view: thing.all\nfields: [name, parent.nane]\n"
    tree, _ = tree_from_texts(texts_of({"thing": THING}, views__thing=view))

    _, problems = compile_model(tree)

    assert [problem.code for problem in problems] == ["M203"]


def test_a_part_of_an_object_that_is_not_there_is_a_problem() -> None:
    """A stored field without its object does not compile."""
    tree = tree_from_stored([("field:ghost.name", '{"type":"text"}', "")])

    model, problems = compile_model(tree)

    assert model is None
    assert [(problem.code, problem.component) for problem in problems] == [
        ("M201", "field:ghost.name")
    ]
