"""Rollback, restore and blame: going back with all values, and knowing who did what."""

from __future__ import annotations

import json

import pytest

from engine.clock import SystemClock
from engine.store.platform.outbox import Effect, put
from tests.integration.deploy.conftest import DEAL

APPLY = ("apply", "--to", "production", "--yes", "--json", "--from")
WITH_NOTE = DEAL.replace("  stage:", "  note: {type: text}\n  stage:")


def applied(patron, deal: str, *more: str):
    """Deploy another object `deal`."""
    patron.write(objects__deal=deal)
    done = patron(*APPLY, patron.folder, *more)
    assert done.code == 0, done.err
    return done


def added(patron, tmp_path, **values: object) -> None:
    """Import one deal."""
    path = tmp_path / "row.json"
    path.write_text(json.dumps([values]), encoding="utf-8")
    assert patron("import", "production", "deal", path).code == 0


def deals(patron) -> list[dict[str, object]]:
    """Give the deals as an export shows them."""
    return json.loads(patron("export", "production", "deal", "--format", "json").out)


def test_a_rollback_takes_back_the_last_deployment_and_keeps_values(production, tmp_path):
    """The added field is retired with its value, and a rollback of the rollback brings it back."""
    applied(production, WITH_NOTE)
    added(production, tmp_path, name="One", note="Call Ada")

    refused = production("rollback", "production", "--yes", "--json")
    done = production("rollback", "production", "--yes", "--json", "--accept", "retire")
    without = deals(production)[0]
    again = production("rollback", "production", "--yes", "--json")

    assert (refused.code, refused.json["code"]) == (5, "D101")
    assert (done.code, done.json["version"]) == (0, 3)
    assert "note" not in without
    assert again.code == 0
    assert deals(production)[0]["note"] == "Call Ada"


def test_a_rollback_keeps_later_work(production):
    """The inverse is merged onto what runs now: a later field stays."""
    applied(production, WITH_NOTE)
    later = WITH_NOTE.replace("  stage:", "  place: {type: text}\n  stage:")
    applied(production, later)
    log = production("log", "production", "--json").json["versions"]
    deployment = next(v["deployment"] for v in log if v["version"] == 2)

    words = ("--deployment", f"D-{deployment}", "--accept", "retire")
    done = production("rollback", "production", "--yes", "--json", *words)
    tree = production("diff", "production@1", "production", "--json").json

    assert done.code == 0
    assert [c["component"] for c in tree["changes"]] == ["field:deal.place"]


def test_a_rollback_of_what_was_changed_since_is_a_conflict(production, away):
    """The same property changed twice: nobody guesses, exit 4; somebody decides, at home or not."""
    applied(production, DEAL.replace("label: Deal", "label: Sale"))
    log = production("log", "production", "--json").json["versions"]
    applied(production, DEAL.replace("label: Deal", "label: Bargain"))

    words = ("--deployment", str(log[0]["deployment"]))
    done = production("rollback", "production", "--yes", "--json", *words)

    assert (done.code, done.json["code"]) == (4, "D106")
    assert "patron blame production object:deal says who changed it since" in done.json["hint"]
    decided = ("--resolve", "object:deal/label=incoming", "--yes", "--json")
    nothing = away("rollback", "production", *words, "--resolve", "object:deal/icon=target")
    back = away("rollback", "production", *words, *decided)
    assert nothing.code == 64
    assert "U106" in nothing.err
    assert back.code == 0, back.err
    assert production("diff", "production@1", "production", "--json").json["changes"] == []


def test_a_rollback_to_a_version_returns_to_all_of_it(production):
    """`--to N`: the tree of that version, as a new version."""
    applied(production, DEAL.replace("label: Deal", "label: Sale"))
    applied(production, WITH_NOTE)

    done = production("rollback", "production", "--to", "1", "--yes", "--json", "--accept=retire")

    assert (done.code, done.json["version"]) == (0, 4)
    assert production("diff", "production@1", "production", "--json").json["changes"] == []


def test_values_that_were_filled_are_said_to_stay(production, tmp_path):
    """What cannot be undone is listed."""
    added(production, tmp_path, name="One")
    required = DEAL.replace("{type: currency}", "{type: currency, required: true}")
    treat = ("--treat", "field:deal.amount=fill:5", "--accept", "narrowing")
    applied(production, required, *treat)

    done = production("rollback", "production", "--yes")

    assert done.code == 0
    assert "field:deal.amount" in done.out
    assert "stay as they are" in done.out
    assert deals(production)[0]["amount"] == 5


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--to", "9"),
        ("--deployment", "9"),
        ("--deployment", "last"),
        ("--to", "1", "--deployment", "1"),
    ],
)
def test_a_rollback_of_nothing_says_so(production, words):
    """Exit 64 and a sentence; nothing happens."""
    done = production("rollback", "production", "--yes", "--json", *words)

    assert (done.code, done.json["code"]) == (64, "U100")


def test_a_retired_field_is_restored_with_its_values(production, tmp_path):
    """`restore` needs no files: the configuration of before is kept."""
    added(production, tmp_path, name="One", amount=12)
    applied(production, DEAL.replace("  amount: {type: currency}\n", ""), "--accept", "retire")

    done = production("restore", "production", "field:deal.amount", "--json")

    assert done.code == 0
    assert deals(production)[0]["amount"] == 12


def test_a_retired_object_is_restored_with_its_parts_and_records(production, tmp_path):
    """An object takes its fields and rules along, and brings them back."""
    added(production, tmp_path, name="One", amount=12)
    (production.folder / "objects" / "deal.yaml").unlink()
    production.write(objects__firm="object: firm\nfields: {name: {type: text}}\n")
    gone = production(*APPLY, production.folder, "--accept", "retire")

    done = production("restore", "production", "object:deal", "--json")

    assert (gone.code, done.code) == (0, 0)
    assert [row["amount"] for row in deals(production)] == [12]


@pytest.mark.parametrize("component", ["field:deal.amount", "field:deal.amuont"])
def test_what_was_never_retired_cannot_be_restored(production, component):
    """What is there, and what never was, get different sentences and the same exit."""
    done = production("restore", "production", component, "--json")

    assert (done.code, done.json["code"]) == (64, "U100")


def test_blame_names_the_version_of_each_property(production):
    """Who changed what, property by property."""
    applied(production, DEAL.replace("{type: currency}", "{type: currency, label: Worth}"))
    applied(production, DEAL.replace("{type: currency}", "{type: currency, label: Sum}"))

    done = production("blame", "production", "field:deal.amount", "--json").json

    by_name = {one["property"]: one for one in done["properties"]}
    assert (by_name["type"]["version"], by_name["label"]["version"]) == (1, 3)
    assert by_name["label"]["value"] == "Sum"


def test_blame_of_what_never_was_says_so(production):
    """A typo is no empty answer."""
    done = production("blame", "production", "field:deal.amuont", "--json")

    assert (done.code, done.json["code"]) == (3, "N120")


def test_values_that_were_purged_are_said_not_to_come_back(production, tmp_path):
    """The field comes back empty, and whoever goes back knows it before, and since when."""
    added(production, tmp_path, name="One", amount=5)
    applied(production, DEAL.replace("  amount: {type: currency}\n", ""), "--accept", "retire")
    kept = production("rollback", "production", "--yes", "--to", "1")
    assert deals(production)[0]["amount"] == 5
    applied(production, DEAL.replace("  amount: {type: currency}\n", ""), "--accept", "retire")
    assert production("purge", "production", "--accept", "purge").code == 0

    done = production("rollback", "production", "--yes")

    assert done.code == 0, done.err
    assert deals(production)[0]["amount"] is None
    assert "field:deal.amount comes back empty: its values were purged on" in done.out
    assert "purged" not in kept.out


SENT = ("mail", "mail", "mail", "webhook")
WORKFLOW = """\
workflow: tell
label: Tell
object: deal
when: before_save
steps: [{name: stamp, set: {amount: "7"}}]
"""


def test_messages_that_went_out_are_said_to_stay_sent(production, far):
    """Only where the deployment changed something that sends, and only what went out since."""
    database, now = far.environments.open("production").database, SystemClock().now()
    effects = [Effect(kind=kind, payload={}, key=f"{n}") for n, kind in enumerate(SENT)]
    with database.write() as tx:
        put(tx, effects, at=now)
        tx.run("UPDATE patron_outbox SET state = 'done', finished_at = 9000000000000")
        tx.run("UPDATE patron_outbox SET finished_at = 1 WHERE key = '0'")  # long before
    applied(production, WITH_NOTE)
    silent = production("rollback", "production", "--yes", "--accept", "retire")
    production.write(workflows__tell=WORKFLOW)
    applied(production, DEAL)

    done = production("rollback", "production", "--yes", "--accept", "retire")

    assert silent.code == done.code == 0, done.err
    assert "went out" not in silent.out
    assert "2 mails and 1 call went out since version 4, and stay sent" in done.out
