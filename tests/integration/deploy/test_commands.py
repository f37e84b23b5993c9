"""The commands around a deployment: pull, people, values, records, doctor."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from deploy_tool.installation import Installation
from engine.settings import Settings
from engine.store.ddl import load_state
from tests.integration.deploy.conftest import DEAL, PROJECT

ADMIN = ("user", "create", "production", "a@example.test")


def _files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("format", ["yaml", "json"])
def test_pull_writes_files_that_say_the_same(production, tmp_path, format):
    """What is pulled plans to nothing, in either format."""
    done = production("pull", "production", "--to", tmp_path / "new", "--format", format)

    assert done.code == 0
    assert (tmp_path / "new" / "objects" / f"deal.{format}").exists()
    assert (tmp_path / "new" / ".patron" / "base").read_text() == "production@1\n"
    plan = production("plan", "--from", tmp_path / "new", "--to", "production")
    assert plan.out == "No changes. production@1 already contains everything in this plan.\n"


def test_pull_apply_pull_is_byte_identical(production):
    """Comments and layout of the author's files survive the round trip."""
    production.write(
        objects__deal="# What we sell.\n" + DEAL + "  note:   {type: text}   # short\n"
    )
    production("apply", "--from", production.folder, "--to", "production")
    production("pull", "production", "--to", production.folder)
    before = _files(production.folder)

    done = production("pull", "production", "--to", production.folder, "--json")

    assert done.json["changed"] == []
    assert _files(production.folder) == before
    assert b"# What we sell." in before["objects/deal.yaml"]
    assert b"# short" in before["objects/deal.yaml"]


def test_pull_brings_what_others_changed_and_touches_nothing_else(production, tmp_path):
    """A field made elsewhere arrives in its file; the other files keep their bytes."""
    other = tmp_path / "other"
    production("pull", "production", "--to", other)
    production.write(objects__deal=DEAL + "  note: {type: text}\n")
    production("apply", "--from", production.folder, "--to", "production")

    done = production("pull", "production", "--to", other, "--json")

    assert done.json["changed"] == [str(other / "objects" / "deal.yaml")]
    assert "note: {type: text}" in (other / "objects" / "deal.yaml").read_text()


def test_pull_never_writes_outside_the_scope_of_the_files(production):
    """A project that owns workflows only keeps its own idea of objects."""
    production.write(
        project=PROJECT + "scope: [workflows/*]\n", objects__deal=DEAL + "  x: {type: text}\n"
    )
    before = _files(production.folder)

    production("pull", "production", "--to", production.folder)

    after = _files(production.folder)
    assert {n: text for n, text in after.items() if not n.startswith(".patron/")} == before


def test_a_user_gets_rights_and_a_token(production):
    """The token is printed alone, so that a script can take it."""
    created = production(*ADMIN, "--permission-set", "system_administrator", "--json")
    token = production("token", "create", "production", "a@example.test", "--days", "3")

    assert (created.code, created.json["permission_sets"]) == (0, ["system_administrator"])
    assert token.code == 0
    assert token.out.startswith("patron_")
    assert len(token.out.split()) == 1
    assert token.err == ""


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((*ADMIN, "--permission-set", "system_administratr"), 64, "system_administrator"),
        ((*ADMIN, "--role", "boss"), 64, 'There is no role "boss"'),
        (("user", "create", "production", "nobody"), 3, "nobody"),
        (("user", "create", "staging", "a@example.test"), 64, "There is no environment staging"),
        (("token", "create", "production", "b@example.test"), 3, "b@example.test"),
        (("token", "create", "production", "b@example.test", "--days", "0"), 64, "1 to 3,660 days"),
    ],
)
def test_people_who_cannot_be_made_are_refused_clearly(production, words, code, said):
    """Unknown rights, roles, people and places are named."""
    done = production(*words)

    assert (done.code, said in done.err) == (code, True)


def test_a_member_twice_is_a_conflict(production):
    """Exit 4: the person is there already."""
    production(*ADMIN)

    assert production(*ADMIN).code == 4


def test_environments_are_listed_and_shown(production):
    """Names and kinds, versions and counts; never an address."""
    production(*ADMIN)
    shown = production("env", "show", "production", "--json").json

    assert production("env", "list").out == "production  production\n"
    assert (shown["version"], shown["members"]) == (1, 1)
    assert production("status").out.startswith("production@1  5 components")
    assert "postgres:" not in json.dumps(shown)


def test_values_are_set_where_they_are_declared(production):
    """Declared in files, valued per environment, secrets never shown."""
    key = "  ERP_KEY: {type: text, secret: true}\n"
    production.write(env_vars="env_vars:\n  ERP_URL: {type: url, required: true}\n" + key)
    sealed = production.folder.parent / "values.plan"
    plan = ("plan", "--from", production.folder, "--to", "production", "--out", sealed)
    planned = production(*plan, "--json").json
    refused = production("apply", sealed, "--yes", "--json")
    values = ("ERP_URL=https://erp.test", "ERP_KEY=hush")
    done = production("env", "values", "production", *values, "--plan", sealed, "--json")
    applied = production("apply", sealed, "--yes")
    after = production(*plan, "--json").json

    assert planned["checks"]["failed"] == 1
    assert "ERP_URL" in planned["checks"]["problems"][0]["message"]
    assert (refused.code, refused.json["code"]) == (3, "D180")
    assert (applied.code, after["checks"]["failed"]) == (0, 0)
    assert production("env", "values", "production", "--json").json == done.json
    assert done.json == {"values": {"ERP_KEY": "set (secret)", "ERP_URL": "https://erp.test"}}
    assert "hush" not in done.out + done.err
    assert production("env", "values", "production", "ERP_UR=x").code == 64
    assert production("env", "values", "production", "ERP_URL").code == 64


def test_records_go_in_and_come_out(production, tmp_path):
    """CSV in, CSV and JSON out, digits exactly, through validation."""
    file = tmp_path / "deals.csv"
    file.write_text("name,amount,stage\nCastor,12.50,open\nPollux,,won\n")

    tried = production("import", "production", "deal", file, "--dry-run", "--json")
    done = production("import", "production", "deal", file, "--json")
    csv_text = production("export", "production", "deal").out
    records = json.loads(
        production("export", "production", "deal", "--format", "json").out, parse_float=Decimal
    )

    assert (tried.json, done.json) == ({"saved": 0, "rows": 2}, {"saved": 2, "rows": 2})
    assert csv_text.splitlines()[0].startswith("name,amount,stage,")
    assert csv_text.splitlines()[1].startswith("Castor,12.50,open,")
    assert [record["amount"] for record in records] == [Decimal("12.50"), None]
    where = production("export", "production", "deal", "--where", "stage.closed", "--json").json
    assert [record["name"] for record in where["records"]] == ["Pollux"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"name,amount\nA,1,2\n", "Row 1 of"),
        ("a.csv", b"name,name\nA,B\n", "Two columns of"),
        ("a.csv", b"name\n\xff\n", "is not UTF-8"),
        ("a.csv", b'name\n"A\n', "is no CSV"),
        ("a.json", b'[{"name": "A", "name": "B"}]', 'the key "name" comes twice'),
        ("a.json", b'[{"name": "A", "amount": NaN}]', "NaN is no number"),
        ("a.json", b'{"name": "A"}', "holds no array of records"),
    ],
)
def test_a_file_of_which_a_value_would_be_lost_is_refused(
    production, tmp_path, name, content, said
):
    """Nothing is guessed and nothing dropped: the file is wrong, and says where."""
    file = tmp_path / name
    file.write_bytes(content)

    done = production("import", "production", "deal", file)

    assert (done.code, "Traceback" in done.err) == (64, False)
    assert said in done.err
    assert production("export", "production", "deal", "--json").json == {"records": []}


def test_a_text_with_a_separator_of_lines_inside_stays_whole(production, tmp_path):
    """Only the line ends of the file part rows; a row may leave its last cells out."""
    file = tmp_path / "deals.csv"
    file.write_text('name,amount\n"A\u2028B, C"\n', encoding="utf-8")

    production("import", "production", "deal", file)

    records = production("export", "production", "deal", "--json").json["records"]
    assert [(record["name"], record["amount"]) for record in records] == [("A\u2028B, C", None)]


@pytest.mark.parametrize("days", ["0", "-1", "3661", "99999999999"])
def test_a_token_lasts_some_days(production, days):
    """A token without end or with one beyond all calendars is refused in a sentence."""
    production("user", "create", "production", "a@example.test")

    done = production("token", "create", "production", "a@example.test", "--days", days)

    assert (done.code, "Traceback" in done.err) == (64, False)
    assert "A token lasts 1 to 3,660 days." in done.err


def test_refused_rows_are_named_and_nothing_is_saved(production, tmp_path):
    """Every row at fault with field and reason: exit 3."""
    file = tmp_path / "deals.json"
    file.write_text('[{"name": "A"}, {"name": "", "amount": "many"}, {"nam": "B"}]')

    done = production("import", "production", "deal", file, "--json")

    assert done.code == 3
    assert {row["row"] for row in done.json["rows"]} == {2, 3}
    assert "row 2 amount:" in done.err
    assert "row 3 nam:" in done.err
    assert production("export", "production", "deal", "--json").json == {"records": []}


def test_an_import_can_update_what_it_finds(production, tmp_path):
    """`--match` names the external id: known records change, others are created."""
    other = (
        "object: other\nfields:\n  code: {type: text, external_id: true}\n  name: {type: text}\n"
    )
    production.write(objects__other=other)
    production("apply", "--from", production.folder, "--to", "production")
    file = tmp_path / "other.csv"
    file.write_text("code,name\nA,one\nB,two\n")
    production("import", "production", "other", file, "--match", "code")
    file.write_text("code,name\nB,three\nC,four\n")

    done = production("import", "production", "other", file, "--match", "code")

    assert done.code == 0, done.err
    found = production("export", "production", "other", "--json").json["records"]
    assert {r["code"]: r["name"] for r in found} == {"A": "one", "B": "three", "C": "four"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("import", "production", "deal", "missing.csv"), 64),
        (("export", "production", "dael"), 3),
        (("export", "production", "deal", "--where", "nam = 1"), 3),
        (("export", "production", "deal", "--format", "xlsx"), 64),
    ],
)
def test_what_cannot_be_done_with_records_says_so(production, words, code):
    """A wrong file, object or condition is a sentence, not a traceback."""
    done = production(*words)

    assert (done.code, "Traceback" in done.err) == (code, False)


def test_a_sound_environment_is_quiet(production):
    """Nothing to tell is one line."""
    sound = production("doctor")

    assert (sound.code, sound.out) == (0, "production: no trouble found\n")


def test_the_doctor_finds_what_is_missing(patron):
    """A value that was never set is told: a first version has nothing to hold values before."""
    patron.write(env_vars="env_vars:\n  ERP_URL: {type: url, required: true}\n")
    assert patron("init", "--from", patron.folder).code == 0

    done = patron("doctor", "production", "--json")

    assert done.code == 3
    (finding,) = done.json["environments"]["production"]
    assert "the variable ERP_URL has no value here" in finding


def test_the_doctor_finds_tables_that_differ(production):
    """An index that somebody dropped is told, with the step that would bring it back."""
    with Installation(Settings.from_env(production.environ)) as installation:
        database = installation.environment("production").database
        with database.write() as tx:
            state = load_state(tx)
            name = min(state.indexes_of["deal"])
            tx.run(f'DROP INDEX "{name}"')
            tx.run("UPDATE patron_head SET tree = 'other'")

    done = production("doctor", "--json")

    first, second = done.json["environments"]["production"]
    assert done.code == 3
    assert first == "the stored components are not those of the head"
    assert second.startswith("tables differ from the configuration: create index on deal")


def test_nothing_is_there_yet(patron):
    """Commands on an empty installation name the first step."""
    for words in (("status",), ("doctor",), ("env", "list")):
        done = patron(*words)
        assert (done.code, "patron init" in done.out) == (0, True)
    assert patron("log", "production").code == 64
    assert "patron init" in patron("log", "production").err


def test_former_names_go_once_every_environment_has_seen_them(production):
    """`fmt --drop-aka` keeps the name that is still needed and drops the other."""
    production.write(
        objects__deal=DEAL + "  seen: {type: text, aka: [was_seen]}\n",
    )
    production("apply", "--from", production.folder, "--to", "production")
    production.write(
        objects__deal=DEAL
        + "  seen: {type: text, aka: [was_seen]}\n"
        + "  fresh: {type: text, aka: [was_fresh]}\n",
    )

    looked = production("fmt", production.folder, "--drop-aka", "--check", "--json")
    done = production("fmt", production.folder, "--drop-aka", "--json")

    text = (production.folder / "objects" / "deal.yaml").read_text()
    assert looked.code == 3
    assert done.json["changed"] == [str(production.folder / "objects" / "deal.yaml")]
    assert "was_seen" not in text
    assert "was_fresh" in text


def test_what_comes_later_says_so(production):
    """A format that is not written yet is refused by its own code (U101)."""
    done = production("export", "production", "deal", "--format", "xlsx", "--json")

    assert done.json["code"] == "U101"
