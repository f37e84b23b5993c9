"""The same commands at home and from afar: the same output, the same JSON, the same exit codes."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest

from deploy_tool.deploying import applying, switching
from deploy_tool.exits import Exit
from deploy_tool.installation import Installation
from engine.clock import SystemClock
from engine.people import set_password
from engine.settings import Settings
from engine.store.platform.enter import SystemCredential, enter
from engine.store.tx import Tx
from tests.integration.deploy.conftest import DEAL, Done, Patron, Run
from tests.support.far import PASSWORD, Cut, Far, from_afar

WITH_NOTE = DEAL + "  note: {type: text}\n"


SAME = [
    ("status",),
    ("status", "production"),
    ("env", "list"),
    ("env", "show", "production"),
    ("env", "policy", "production"),
    ("env", "values", "production"),
    ("log", "production"),
    ("blame", "production", "field:deal.name"),
    ("blame", "production", "field:deal.nothing"),
    ("drift", "production"),
    ("diff", "production@1", "production"),
    ("diff", "FOLDER", "production"),
    ("diff", "production@9", "production"),
    ("sandbox", "list"),
    ("doctor",),
    ("doctor", "production"),
    ("resume", "production"),
    ("abort", "production"),
    ("purge", "production"),
    ("purge", "production", "--due"),
    ("test", "production"),
    ("plan", "--from", "FOLDER", "--to", "nowhere"),
    ("plan", "--from", "production@1", "--to", "production", "--detailed-exitcode"),
    ("export", "production", "deal"),
    ("export", "production", "deal", "--format", "json"),
    ("export", "production", "deal", "--where", "amount > 10"),
    ("export", "production", "dael"),
    ("export", "production", "deal", "--where", "nam = 1"),
    ("restore", "production", "field:deal.name"),
    ("rollback", "production", "--deployment", "D-99"),
]


def test_both_say_the_same(production: Patron, away: Run, tmp_path) -> None:
    """Word for word, for people and as JSON, and with the same exit code."""
    production.write(objects__deal=WITH_NOTE)
    rows = tmp_path / "deals.csv"
    rows.write_text("name,amount,stage\nCastor,12.50,open\nPollux,,won\n")
    assert production("apply", "--from", production.folder, "--to", "production").code == 0
    assert production("import", "production", "deal", rows).code == 0

    unlike = {}
    for words in SAME:
        for more in ((), ("--json",)):
            line = [production.folder if word == "FOLDER" else word for word in (*words, *more)]
            # Who plans is part of the seal of a plan.
            here, there = production(*line, "--as", "lea@example.test"), away(*line)
            if (here.code, here.out, here.err) != (there.code, there.out, there.err):
                unlike[" ".join(map(str, line))] = (here, there)

    assert unlike == {}


def test_a_change_goes_all_the_way_from_afar(production: Patron, away: Run, tmp_path) -> None:
    """Plan to a file, validate, approve by a colleague, apply the same digest, pull, roll back."""
    away("env", "policy", "production", "approvals=1", "validation=yes")
    folder, file = tmp_path / "mine", tmp_path / "a.plan"
    pulled = away("pull", "production", "--to", folder)
    deal = folder / "objects" / "deal.yaml"
    deal.write_text(deal.read_text() + "  note: {type: text}\n")
    planned = away("plan", "--from", folder, "--to", "production", "--out", file, "--json")

    early = away("apply", file, "--yes")
    own = away("approve", file)
    validated = away("validate", file)
    approved = away("approve", file, "--json", who="max")
    done = away("apply", file, "--yes", "--json")
    again = away("plan", "--from", folder, "--to", "production")
    back = away("pull", "production", "--to", folder)

    assert (pulled.code, early.code, own.code, validated.code) == (0, 5, 6, 0)
    assert approved.json == {"plan": planned.json["digest"], "approvals": 1, "needed": 1}
    assert (done.code, done.json["version"]) == (0, 2), done.err
    assert done.json["plan"] == planned.json["digest"]
    assert again.out.startswith("No changes.")
    assert back.out.endswith("0 files changed.\n")
    log = production("log", "production", "--json").json["versions"][0]
    assert (log["actor"], log["source"]) == ("lea@example.test", "deploy")


def test_a_directory_knows_what_it_is_the_same_as(production: Patron, away: Run) -> None:
    """After an apply from afar `.patron/base` names the version, as at home."""
    away("pull", "production", "--to", production.folder)
    production.write(objects__deal=WITH_NOTE)

    done = away("apply", "--from", production.folder, "--to", "production", "--yes")

    assert done.code == 0, done.err
    assert (production.folder / ".patron" / "base").read_text() == "production@2\n"


def test_rollback_and_restore_from_afar(production: Patron, away: Run) -> None:
    """A deployment is taken back, what was retired comes back."""
    production.write(objects__deal=WITH_NOTE)
    away("apply", "--from", production.folder, "--to", "production", "--yes")

    refused = away("rollback", "production", "--yes")
    back = away("rollback", "production", "--accept", "retire", "--yes", "--json")
    again = away("restore", "production", "field:deal.note", "--json")

    assert (refused.code, back.code, again.code) == (5, 0, 0), refused.err
    assert (back.json["version"], again.json["version"]) == (3, 4)
    log = production("log", "production", "--json").json["versions"]
    assert [version["source"] for version in log[:2]] == ["deploy", "rollback"]


def test_sandboxes_and_values_from_afar(production: Patron, away: Run, far: Far) -> None:
    """Made, promoted from and deleted; values are set and secrets stay there."""
    production.write(env_vars="env_vars:\n  KEY: {type: text, secret: true}\n")
    away("apply", "--from", production.folder, "--to", "production", "--yes")

    made = away("sandbox", "create", "trial", "--json")
    listed = away("sandbox", "list", "--json")
    own = away("sandbox", "create", "mine", "--database", "sqlite:////tmp/x.db")
    values = away("env", "values", "production", "KEY=hunter2")
    records = away("export", "trial", "deal")
    kept = away("sandbox", "delete", "production", "--yes")
    gone = away("sandbox", "delete", "trial", "--yes")

    assert made.json["members"] == ["lea@example.test"]
    assert [row["environment"] for row in listed.json["sandboxes"]] == ["trial"]
    assert (own.code, "U125" in own.err) == (64, True)
    assert values.out == "KEY  set (secret)\n"
    assert (records.code, "U126" in records.err) == (64, True)
    assert f"PATRON_URL={far.url}/e/trial" in records.err
    assert (kept.code, gone.code) == (4, 0)


def test_records_travel_from_afar(either: Run, tmp_path) -> None:
    """Tried, saved, refused by row and field, as at home."""
    file, bad = tmp_path / "deals.csv", tmp_path / "bad.json"
    file.write_text("name,amount\nCastor,12.50\n")
    bad.write_text('[{"name": "A"}, {"name": "", "amount": "many"}]')

    tried = either("import", "production", "deal", file, "--dry-run", "--json")
    empty = either("export", "production", "deal", "--json")
    done = either("import", "production", "deal", file, "--json")
    refused = either("import", "production", "deal", bad, "--json")

    assert (tried.json, done.json) == ({"saved": 0, "rows": 1}, {"saved": 1, "rows": 1})
    assert empty.json == {"records": []}
    assert refused.code == 3
    assert [row["row"] for row in refused.json["rows"]] == [2]
    assert "row 2 amount:" in refused.err


# One real case for every exit code, at home and from afar: what is done before, and the command.


@contextmanager
def beside(patron: Patron, *, holds: bool = False) -> Iterator[Tx]:
    """Open a write transaction of production's database, beside everything else."""
    with (
        Installation(Settings.from_env(patron.environ)) as installation,
        installation.environment("production").database.write() as tx,
    ):
        if holds:
            enter(tx, SystemCredential())
        yield tx


def done(_patron: Patron, either: Run, _: object) -> Done:
    """Ask what runs."""
    return either("status")


def internal(patron: Patron, either: Run, _: object) -> Done:
    """Break the database."""
    with beside(patron) as tx:
        tx.run("ALTER TABLE patron_head RENAME TO patron_lost")
    try:
        return either("status", "production")
    finally:
        with beside(patron) as tx:
            tx.run("ALTER TABLE patron_lost RENAME TO patron_head")


def differences(patron: Patron, either: Run, _: object) -> Done:
    """Plan something."""
    patron.write(objects__deal=WITH_NOTE)
    words = ("plan", "--from", patron.folder, "--to", "production")
    return either(*words, "--detailed-exitcode")


def invalid(patron: Patron, either: Run, _: object) -> Done:
    """Name a field that is not there in a formula."""
    patron.write(objects__deal=DEAL + "  sum: {type: formula, returns: number, formula: nam + 1}\n")
    return either("plan", "--from", patron.folder, "--to", "production")


def conflict(patron: Patron, either: Run, _: object) -> Done:
    """Change the label on both sides."""
    either("pull", "production", "--to", patron.folder)
    deal = patron.folder / "objects" / "deal.yaml"
    before = deal.read_text()
    deal.write_text(before.replace("label: Deal", "label: Bargain"))
    patron("apply", "--from", patron.folder, "--to", "production", "--yes")
    deal.write_text(before.replace("label: Deal", "label: Business"))
    (patron.folder / ".patron" / "base").write_text("production@1\n")
    return either("apply", "--from", patron.folder, "--to", "production", "--yes")


def consent(patron: Patron, either: Run, _: object) -> Done:
    """Retire a field without a word of consent."""
    patron.write(objects__deal=DEAL.replace("  amount: {type: currency}\n", ""))
    return either("apply", "--from", patron.folder, "--to", "production", "--yes")


def not_allowed(patron: Patron, either: Run, _: object) -> Done:
    """Freeze production."""
    patron("env", "policy", "production", "freeze=yes")
    patron.write(objects__deal=WITH_NOTE)
    return either("apply", "--from", patron.folder, "--to", "production", "--yes")


def stale(patron: Patron, either: Run, tmp_path) -> Done:
    """Let somebody be faster."""
    patron.write(objects__deal=WITH_NOTE)
    either("plan", "--from", patron.folder, "--to", "production", "--out", tmp_path / "a.plan")
    patron.write(objects__deal=DEAL + "  other: {type: text}\n")
    patron("apply", "--from", patron.folder, "--to", "production", "--yes")
    return either("apply", tmp_path / "a.plan", "--yes")


def busy(patron: Patron, either: Run, _: object) -> Done:
    """Hold the environment with a long write."""
    patron.write(objects__deal=WITH_NOTE)
    with beside(patron, holds=True):
        return either("apply", "--from", patron.folder, "--to", "production", "--yes")


def undone(patron: Patron, either: Run, _: object) -> Done:
    """Make a column that nobody knows of."""
    patron.write(objects__deal=WITH_NOTE)
    with beside(patron) as tx:
        tx.run("ALTER TABLE deal ADD COLUMN note TEXT")
    return either("apply", "--from", patron.folder, "--to", "production", "--yes")


def usage(_patron: Patron, either: Run, _: object) -> Done:
    """Leave out what to deploy."""
    return either("plan", "--to", "production")


CASES = {
    0: done,
    1: internal,
    2: differences,
    3: invalid,
    4: conflict,
    5: consent,
    6: not_allowed,
    7: stale,
    8: busy,
    9: undone,
    64: usage,
}


@pytest.mark.parametrize("code", CASES)
def test_every_exit_code(production, either, tmp_path, monkeypatch, code) -> None:
    """Gate 13: each by a real case, and equal on both sides of the wire."""
    monkeypatch.setitem(applying.apply_plan.__kwdefaults__, "patience", 0.3)
    fast = ("PRAGMA busy_timeout=200", "PRAGMA journal_mode=WAL")
    monkeypatch.setattr("engine.store.drivers._PRAGMAS", fast)

    ended = CASES[code](production, either, tmp_path)

    assert ended.code == code, (ended.out, ended.err)
    assert "Traceback" not in ended.err or code == 1


@pytest.mark.parametrize(("stays_away", "code"), [(False, Exit.DONE), (True, Exit.UNKNOWN)])
def test_a_connection_that_breaks_during_an_apply(
    production, far, away, monkeypatch, stays_away, code
) -> None:
    """Gate 13, exit 11: read again what became of it, and honestly unknown where nobody says."""
    monkeypatch.setattr("deploy_tool.remote.promoting.REREAD_SECONDS", 2 if stays_away else 60)
    production.write(objects__deal=WITH_NOTE)
    cut = Cut(far.url, stays_away=stays_away)

    ended = away(
        *("apply", "--from", production.folder, "--to", "production", "--yes", "--json"),
        PATRON_URL=cut.url,
    )
    cut.close()

    assert cut.has_cut
    assert ended.code == code, ended.err
    assert ended.json.get("code", "") == ("D104" if stays_away else "")
    assert away("status", "--json").json["environments"][0]["version"] == 2


def test_what_only_works_on_the_machine_itself_says_so(away: Run) -> None:
    """A sentence and exit 64, not a new and empty installation."""
    for words in (
        ("init",),
        ("demo",),
        ("serve",),
        ("worker",),
        ("backup", "production", "x"),
        ("audit", "verify", "production"),
        ("user", "create", "production", "a@example.test"),
        ("token", "create", "production", "a@example.test"),
    ):
        refused = away(*words)
        assert (refused.code, "U120" in refused.err) == (64, True), words
    acting = away("status", "--as", "max@example.test")
    assert (acting.code, "U124" in acting.err) == (64, True)


@pytest.mark.parametrize(
    ("variables", "code", "said"),
    [
        ({"PATRON_URL": "http://127.0.0.1:1"}, 1, "U121"),
        ({"PATRON_URL": "ftp://x"}, 64, "U122"),
        ({"PATRON_URL": "https://me:secret@crm.example.test"}, 64, "U122"),
        ({"PATRON_TOKEN": ""}, 64, "U123"),
        ({"PATRON_TOKEN": "patron_wrong"}, 6, "A200"),
    ],
)
def test_what_cannot_be_reached_says_so(away: Run, variables, code, said) -> None:
    """A wrong address, nobody there, no token, a wrong one: a sentence each, and no secret."""
    refused = away("status", **variables)

    assert (refused.code, said in refused.err) == (code, True), refused.err
    assert "patron_wrong" not in refused.err


def test_who_may_see_nothing_is_refused(away: Run) -> None:
    """Rights are those of whom the token stands for: exit 6."""
    assert away("log", "production", who="nobody").code == 6
    assert away("status", "production", who="nobody").code == 6
    assert away("status", "--json", who="nobody").json == {"environments": []}


def test_login_keeps_a_token_for_its_user_alone(
    production: Patron, far: Far, monkeypatch, tmp_path
) -> None:
    """By e-mail and password or by a token; the file is private; a wrong password keeps none."""
    control, email = far.environments.control, "lea@example.test"
    set_password(control, email, PASSWORD, at=SystemClock().now(), actor="test")
    config = tmp_path / "config"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    kept = config / "patron" / "tokens.json"

    def login(text: str) -> Done:
        monkeypatch.setattr("sys.stdin", StringIO(text))
        return production("login", far.url, "--json")

    wrong = login("lea@example.test\nwrong-password\n")
    assert (wrong.code, kept.exists()) == (6, False)
    nothing = login("")
    assert (nothing.code, "U123" in nothing.err) == (64, True)

    done_ = login(f"lea@example.test\n{PASSWORD}\n")
    assert (done_.code, done_.json["environment"]) == (0, "production"), done_.err
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    token = json.loads(kept.read_text())[far.url]
    assert token not in done_.out + done_.err
    with from_afar({"PATRON_URL": far.url, "PATRON_HOME": str(tmp_path / "nothing")}):
        assert production("status").code == 0
        kept.chmod(0o644)
        assert "U123" in production("status").err
    kept.chmod(0o600)

    assert login(f"{far.tokens['max']}\n").code == 0
    assert json.loads(kept.read_text()) == {far.url: far.tokens["max"]}
    assert login("patron_invented\n").code == 6


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_pending_follow_up_ends_with_10(production, either, monkeypatch, tmp_path) -> None:
    """Gate 13, exit 10: it switched, and an index waits for records to be put right."""
    monkeypatch.setenv("PATRON_LARGE_ROWS", "20")
    production.write(objects__deal=DEAL + "  size: {type: text}\n")
    production("apply", "--from", production.folder, "--to", "production", "--yes")
    rows = tmp_path / "deals.csv"
    rows.write_text("name,size\n" + "".join(f"D{n},{n}\n" for n in range(60)))
    assert production("import", "production", "deal", rows).code == 0
    production.write(objects__deal=DEAL + "  size: {type: text, unique: true}\n")
    real, carry_out = switching.at_step, switching.Carrying.out
    inside: list[Tx] = []

    def slip(step: str) -> None:
        if step == "apply.switch":  # in the very transaction, as two saves at once would
            inside[-1].run("UPDATE deal SET size = '1' WHERE name = 'D2'")
        real(step)

    def out(carrying, tx: Tx):
        inside.append(tx)
        return carry_out(carrying, tx)

    monkeypatch.setattr(switching, "at_step", slip)
    monkeypatch.setattr(switching.Carrying, "out", out)

    ended = either(
        *("apply", "--from", production.folder, "--to", "production"),
        *("--yes", "--json", "--accept", "narrowing"),
    )

    assert (ended.code, ended.json["code"]) == (10, "D131"), ended.err
    assert production("status", "--json").json["environments"][0]["version"] == 3
