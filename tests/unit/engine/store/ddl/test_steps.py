"""What tables lack for a model: made once, never dropped, found again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.compiled import Model
from engine.errors import DeploymentFailed
from engine.names import FieldName, ObjectName
from engine.store.database import Database
from engine.store.ddl import (
    AddColumn,
    CreateIndex,
    CreateTable,
    DropIndex,
    RenamePlace,
    RestorePlace,
    RetirePlace,
    load_state,
    steps,
)
from engine.store.failures import UniqueViolated
from engine.store.naming import index_name, unique_name
from engine.store.platform.physical import load_physical, load_places
from engine.store.text import native
from engine.store.tx import Tx
from tests.support.worlds import compile_texts, texts_of

ACCOUNT = ObjectName("account")
PLATFORM = [
    "id",
    "owner",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
    "record_type",
    "version",
    "deleted_at",
    "deleted_by",
    "deleted_with",
]
FIRST = """
object: account
fields:
  name:   {type: text, length: 120}
  email:  {type: email, unique: true}
  amount: {type: currency, index: true}
  parent: {type: lookup, to: account}
  notes:  {type: long_text}
  memo:   {type: text, length: 255, index: true}
  double: {type: formula, returns: currency, formula: amount * 2}
  above:  {type: formula, returns: text, formula: parent.name}
indexes:
  - {fields: [owner, -amount]}
  - {fields: [parent, name], unique: true}
"""


def model_of(*objects: str) -> Model:
    """Compile objects, each named in its first line."""
    named = {text.split("object: ")[1].split()[0]: text for text in objects}
    return compile_texts(texts_of(named))[1]


def bring(database: Database, model: Model, *, version: int = 1) -> list[type]:
    """Run what is missing; give the kinds of the steps."""
    with database.write() as tx:
        found = steps(model, load_state(tx), tx.dialect)
        for step in found:
            step.run(tx, version=version)
    return [type(step) for step in found]


def columns(tx: Tx, table: str) -> list[str]:
    """Give the columns that a table has in the database."""
    if tx.dialect == "sqlite":
        return [row[1] for row in tx.rows(f"PRAGMA table_info('{table}')")]
    sql = (
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position"
    )
    return [row[0] for row in tx.rows(sql, (table,))]


def test_a_new_object_gets_a_table_with_every_stored_field(environment: Database):
    """Platform columns first, the object's own as named; formulas read in Python have none."""
    bring(environment, model_of(FIRST))

    with environment.read() as tx:
        found, physical = columns(tx, "account"), load_physical(tx)[ACCOUNT]
    own = ["name", "email", "amount", "parent", "notes", "memo", "double"]
    assert found == [*PLATFORM, *own]
    assert physical.table == "account"
    assert dict(physical.columns) == {name: name for name in own}


def test_a_second_run_has_nothing_to_do(environment: Database):
    """A model that is there asks for no step, so an apply can be run again."""
    model = model_of(FIRST)

    first, second = bring(environment, model), bring(environment, model)

    assert CreateTable in first
    assert second == []


def test_objects_shared_with_the_model_before_are_not_looked_at(environment: Database):
    """Publishing one field costs one object."""
    model = model_of(FIRST, "object: other\nfields: {name: {type: text}}")
    with environment.read() as tx:
        state = load_state(tx)
        known = replace(model, objects={ACCOUNT: model.objects[ACCOUNT]})

        found = steps(model, state, tx.dialect, previous=known)

    tables = {step.table.table for step in found if isinstance(step, CreateTable)}
    assert tables == {"other"}


def test_the_indexes_are_those_that_lists_and_rules_need(environment: Database):
    """Uniqueness of live records, lookups, the title's order, what authors asked for, the bin."""
    bring(environment, model_of(FIRST))

    with environment.read() as tx:
        found = load_state(tx).indexes_of["account"]
    assert found == {
        unique_name("account", ["email"]),
        unique_name("account", ["parent", "name"]),
        index_name("account", ["owner"]),
        index_name("account", ["parent"]),
        index_name("account", ["name fold"]),
        index_name("account", ["amount"]),
        index_name("account", ["memo"]),
        index_name("account", ["memo fold"]),
        index_name("account", ["owner", "amount desc"]),
        index_name("account", ["bin"]),
    }


@pytest.mark.parametrize(
    ("where", "order", "index"),
    [
        ("deleted_at IS NULL", "patron_fold(name) ASC NULLS LAST, id", ["name fold"]),
        ("owner = 5", "amount DESC NULLS LAST, id", ["owner", "amount desc"]),
        ("parent = 5", "id", ["parent"]),
        ("deleted_at IS NOT NULL", "deleted_at, id", ["bin"]),
    ],
)
def test_the_orders_that_lists_write_are_read_from_an_index(
    environment: Database, where: str, order: str, index: list[str]
):
    """The database's own plan names the index and sorts nothing."""
    bring(environment, model_of(FIRST))
    sql = f"SELECT id FROM account WHERE {where} ORDER BY {order} LIMIT 5"

    with environment.write() as tx:
        if tx.dialect == "sqlite":
            plan = "\n".join(row[3] for row in tx.rows(f"EXPLAIN QUERY PLAN {sql}"))
        else:
            tx.run("SET LOCAL enable_seqscan = off")  # few rows: anything would be as good
            tx.run("SET LOCAL enable_sort = off")
            plan = "\n".join(row[0] for row in tx.rows(f"EXPLAIN {sql}"))

    assert index_name("account", index) in plan
    assert "TEMP B-TREE" not in plan
    assert "Sort" not in plan


def put(database: Database, number: int, **values: object) -> None:
    """Insert a row of account."""
    names = ["id", *values]
    marks = ", ".join("?" * len(names))
    with database.write() as tx:
        sql = native(tx, f"INSERT INTO account ({', '.join(names)}) VALUES ({marks})")
        tx.run(sql, [number, *values.values()])


def test_uniqueness_holds_among_live_records_only(environment: Database):
    """A record in the bin does not keep its value from others; blanks never collide."""
    bring(environment, model_of(FIRST))
    put(environment, 1, email="a@b.de", deleted_at=5)
    put(environment, 2, email="a@b.de")
    put(environment, 3)
    put(environment, 4)

    with pytest.raises(UniqueViolated) as caught:
        put(environment, 5, email="a@b.de")

    assert caught.value.name == unique_name("account", ["email"])


def test_a_new_field_is_a_new_column_and_moves_no_row(environment: Database):
    """Rows that are there have it blank."""
    bring(environment, model_of(FIRST))
    put(environment, 1, name="x")

    found = bring(
        environment, model_of(FIRST.replace("  email:", "  fax: {type: phone}\n  email:"))
    )

    assert found == [AddColumn]
    with environment.read() as tx:
        assert tx.rows("SELECT name, fax FROM account") == [("x", None)]


def without(text: str, field: str) -> str:
    """Leave out the line of a field."""
    return "\n".join(line for line in text.splitlines() if not line.startswith(f"  {field}:"))


def test_a_removed_field_is_retired_and_comes_back_with_its_values(environment: Database):
    """Its column is never dropped; readers of the version before still find it."""
    whole, less = model_of(FIRST), model_of(without(FIRST, "notes"))
    bring(environment, whole)
    put(environment, 1, notes="kept")

    gone = bring(environment, less, version=2)
    with environment.read() as tx:
        hidden, there = load_physical(tx)[ACCOUNT].columns, columns(tx, "account")
        retired = next(p for p in load_places(tx) if p.column == "notes")
    back = bring(environment, whole, version=3)

    assert gone == [RetirePlace]
    assert "notes" not in hidden
    assert "notes" in there
    assert (retired.status, retired.retired) == ("retired", 2)
    assert back == [RestorePlace]
    with environment.read() as tx:
        assert load_physical(tx)[ACCOUNT].columns[FieldName("notes")] == "notes"
        assert tx.rows("SELECT notes FROM account") == [("kept",)]


def test_a_retired_name_with_another_type_gets_a_column_of_its_own(environment: Database):
    """The old values keep their column; the new field starts blank beside it."""
    bring(environment, model_of(FIRST))
    put(environment, 1, notes="old")
    bring(environment, model_of(without(FIRST, "notes")), version=2)

    other = FIRST.replace("{type: long_text}", "{type: number}")
    found = bring(environment, model_of(other), version=3)

    assert found == [AddColumn]
    with environment.read() as tx:
        assert load_physical(tx)[ACCOUNT].columns[FieldName("notes")] == "notes_2"
        assert tx.rows("SELECT notes, notes_2 FROM account") == [("old", None)]


def test_a_renamed_field_keeps_its_column(environment: Database):
    """No data moves: only the map learns the new name."""
    bring(environment, model_of(FIRST))
    put(environment, 1, notes="same")

    renamed = FIRST.replace("  notes:  {", "  remarks: {aka: [notes], ")
    found = bring(environment, model_of(renamed), version=2)

    assert found == [RenamePlace]
    with environment.read() as tx:
        assert load_physical(tx)[ACCOUNT].columns[FieldName("remarks")] == "notes"


def test_a_rename_that_is_undone_finds_its_column_again(environment: Database):
    """Going back to the version before shows the values of before."""
    bring(environment, model_of(FIRST))
    bring(
        environment, model_of(FIRST.replace("  notes:  {", "  remarks: {aka: [notes], ")), version=2
    )

    found = bring(environment, model_of(FIRST), version=3)

    assert found == [RenamePlace]
    with environment.read() as tx:
        assert load_physical(tx)[ACCOUNT].columns[FieldName("notes")] == "notes"


def test_a_field_never_changes_how_its_values_are_kept(environment: Database):
    """A change of type in place is refused in a sentence, before anything was done."""
    bring(environment, model_of(FIRST))
    other = model_of(FIRST.replace("{type: long_text}", "{type: date}"))

    with pytest.raises(DeploymentFailed) as caught:
        bring(environment, other)

    assert caught.value.code == "D110"
    assert "account.notes" in caught.value.message
    assert "as text" in caught.value.message
    assert "as date" in caught.value.message


def test_a_removed_object_is_retired_and_comes_back(environment: Database):
    """Its table stays, and so do its columns and rows."""
    with_it = model_of(FIRST, "object: other\nfields: {name: {type: text}}")
    bring(environment, with_it)

    gone = bring(environment, model_of(FIRST), version=2)
    with environment.read() as tx:
        hidden = load_physical(tx)
    back = bring(environment, with_it, version=3)

    assert gone == [RetirePlace]
    assert "other" not in hidden
    assert back == [RestorePlace]
    with environment.read() as tx:
        assert dict(load_physical(tx)[ObjectName("other")].columns) == {"name": "name"}


def test_an_index_that_nobody_asks_for_any_more_is_dropped(environment: Database):
    """Above all a unique one, which would go on refusing values."""
    bring(environment, model_of(FIRST))

    found = bring(environment, model_of(FIRST.replace(", unique: true}\n  amount", "}\n  amount")))

    assert found == [DropIndex]
    put(environment, 1, email="a@b.de")
    put(environment, 2, email="a@b.de")


def test_a_unique_index_over_values_that_are_not_unique_is_refused(environment: Database):
    """Nothing of the deployment stays."""
    plain = FIRST.replace("{type: email, unique: true}", "{type: email}")
    bring(environment, model_of(plain))
    put(environment, 1, email="a@b.de")
    put(environment, 2, email="a@b.de")

    with pytest.raises(UniqueViolated):
        bring(environment, model_of(FIRST.replace("  email:", "  fax: {type: phone}\n  email:")))

    with environment.read() as tx:
        assert "fax" not in columns(tx, "account")
        assert all(place.field != "fax" for place in load_places(tx))


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_an_unusable_index_is_built_again(environment: Database):
    """What an interrupted concurrent build leaves behind is dropped first."""
    model = model_of(FIRST)
    bring(environment, model)
    name = unique_name("account", ["email"])
    with environment.write() as tx:
        sql = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass"
        tx.run(sql, (f'"{name}"',))

    found = bring(environment, model)

    assert found == [DropIndex, CreateIndex]
    with environment.read() as tx:
        assert load_state(tx).indexes[name] == ("account", True)


@pytest.mark.postgresql
@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_an_index_over_folded_text_is_built_without_a_search_path(environment: Database):
    """As a restore and newer releases' maintenance do it."""
    bring(environment, model_of(FIRST))
    put(environment, 1, name="Élan")
    name = index_name("account", ["name fold"])

    with environment.write() as tx:
        tx.run("SET LOCAL search_path = pg_catalog")
        tx.run(f'REINDEX INDEX {environment.schema}."{name}"')


def test_names_that_sql_or_the_platform_use_do_no_harm(environment: Database):
    """Objects and fields may be called like words of SQL or columns that every table has."""
    order = (
        "object: order\nfields:\n"
        "  group: {type: text}\n  select: {type: number}\n  xmin: {type: date}\n"
    )

    bring(environment, model_of(order))

    with environment.read() as tx:
        found = load_physical(tx)[ObjectName("order")]
        assert found.table == "order"
        assert dict(found.columns) == {"group": "group", "select": "select", "xmin": "xmin_2"}


def test_longest_names_fit(environment: Database):
    """Two indexes on names of 40 letters that begin alike are two indexes."""
    long = "o" * 40
    fields = "\n".join(f"  {'f' * 38}_{n}: {{type: text, unique: true}}" for n in range(2))

    bring(environment, model_of(f"object: {long}\nfields:\n{fields}\n"))

    with environment.read() as tx:
        names = load_state(tx).indexes_of[long]
    assert len([name for name in names if name.startswith("ux_")]) == 2
    assert all(len(name) <= 63 for name in names)


def test_platform_objects_have_tables_from_the_start(environment: Database):
    """`user` and `exchange_rate` need no step and are found like any other object."""
    model = model_of(FIRST)
    bring(environment, model)

    with environment.read() as tx:
        physical = load_physical(tx)
    assert physical[ObjectName("user")].table == "patron_user"
    assert physical[ObjectName("exchange_rate")].table == "patron_exchange_rate"


def test_every_column_that_the_model_wants_of_platform_objects_is_there(environment: Database):
    """What the engine declares of them and what the upgrades made are the same."""
    model = model_of(FIRST)

    with environment.read() as tx:
        for name in ("user", "exchange_rate"):
            wanted = {
                f for f, field in model.objects[ObjectName(name)].fields.items() if field.is_stored
            }
            assert wanted <= set(columns(tx, f"patron_{name}"))


def words(database: Database, model: Model, version: int) -> list[str]:
    """Run what is missing; give the words for it."""
    with database.write() as tx:
        found = steps(model, load_state(tx), tx.dialect)
        for step in found:
            step.run(tx, version=version)
    return [step.explain() for step in found]


def test_every_step_says_what_it_does(environment: Database):
    """A plan shows the steps in words, without a word of SQL's punctuation."""
    first = words(environment, model_of(FIRST), 1)
    added = words(environment, model_of(FIRST + "  - {fields: [memo, owner]}\n"), 2)
    less = without(FIRST, "notes").replace("  amount: {type: currency, index: true}", "")
    less = less.replace("  - {fields: [owner, -amount]}\n", "").replace("amount * 2", "1 + 1")
    renamed = less.replace("  memo:   {", "  note_2: {aka: [memo], ")
    removed = words(environment, model_of(renamed), 3)
    restored = words(environment, model_of(FIRST), 4)

    assert "create table account, 7 columns" in first
    assert "create unique index on account (email)" in first
    assert added == ["create index on account (memo, owner, id)"]
    assert "retire column account.notes: values kept" in removed
    assert "rename column account.memo to note_2: no data moved" in removed
    assert f"drop index {index_name('account', ['amount'])}" in removed
    assert "restore column account.notes with its values" in restored
    assert "rename column account.memo to memo: no data moved" in restored
    assert all('"' not in text for text in first + added + removed + restored)
