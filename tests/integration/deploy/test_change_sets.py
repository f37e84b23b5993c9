"""Change sets: components of a sandbox under a name, planned and promoted by `@name`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy_tool.exits import Refused
from deploy_tool.installation import Installation
from deploy_tool.plans.kept_treatments import keep_treatment
from deploy_tool.plans.treatments import read_treatment
from deploy_tool.remote.client import Client, read_address
from engine.names import ComponentKey
from engine.settings import Settings
from engine.store.platform import audit
from engine.store.platform.audit import Search
from tests.integration.deploy.conftest import DEAL, Patron
from tests.support.far import Far, from_afar, serving

SETS = "/environments/trial/change-sets"
BOTH = DEAL + "  first: {type: text}\n  second: {type: text}\n"


@pytest.fixture
def far(production: Patron) -> Iterator[Far]:
    """Serve the installation, with a sandbox in which two fields were added."""
    assert production("sandbox", "create", "trial").code == 0
    production.write(objects__deal=BOTH)
    done = production("apply", "--from", production.folder, "--to", "trial", "--yes")
    assert done.code == 0, done.err
    with serving(Settings.from_env(production.environ)) as served:
        served.admit("lea", "system_administrator")
        served.admit("max", "system_administrator")
        served.tokens["trial"] = served.admit("zoe", "system_administrator", environment="trial")
        yield served


@pytest.fixture
def zoe(far: Far) -> Client:
    """Give REST as somebody of the sandbox."""
    return Client(read_address(f"{far.url}/e/trial"), far.tokens["trial"])


def planned(done) -> list[str]:
    """Give the components of a plan."""
    assert done.code == 0, done.err
    return [change["component"] for change in done.json["changes"]]


def test_a_change_set_goes_alone(production, zoe) -> None:
    """Kept over REST, planned by its name, applied; afterwards nothing of it is left to do."""
    kept = zoe.post(SETS, {"name": "one", "reason": "ticket 7", "components": ["field:deal.first"]})
    words = ("--from", "trial", "--to", "production")

    alone = production("plan", "@one", *words, "--json", "--out", production.folder / "one.plan")
    done = production("apply", production.folder / "one.plan", "--yes")
    again = production("plan", "@one", *words)
    rest = production("plan", *words, "--json")

    assert (kept["by"], kept["reason"]) == ("zoe@example.test", "ticket 7")
    assert planned(alone) == ["field:deal.first"]
    assert done.code == 0, done.err
    assert again.out.startswith("No changes.")
    assert planned(rest) == ["field:deal.second"]


def test_treatments_and_choices_go_along(production, zoe, tmp_path) -> None:
    """What was chosen for the components counts, and gives way to what is typed."""
    rows = tmp_path / "deals.csv"
    rows.write_text("name,amount\nA,\n")
    assert production("import", "production", "deal", rows).code == 0
    strict = BOTH.replace("amount: {type: currency}", "amount: {type: currency, required: true}")
    production.write(objects__deal=strict.replace("label: Deal", "label: Bargain"))
    production("apply", "--from", production.folder, "--to", "trial", "--accept", "narrowing")
    production.write(objects__deal=DEAL.replace("label: Deal", "label: Business"))
    production("apply", "--from", production.folder, "--to", "production", "--yes")
    zoe.post(
        SETS,
        {
            "name": "strict",
            "components": ["field:deal.amount", "object:deal"],
            "treatments": {"field:deal.amount": "fill:7"},
            "choices": {"object:deal/label": "incoming"},
        },
    )
    words = ("plan", "@strict", "--from", "trial", "--to", "production", "--json")

    chosen = production(*words)
    typed = production(
        *words, "--treat", "field:deal.amount=leave", "--resolve", "object:deal/label=target"
    )

    treated = {c["component"]: c.get("treatment") for c in chosen.json["changes"]}
    assert treated["field:deal.amount"] == "fill:7"
    assert [one["choice"] for one in chosen.json["resolved"]] == ["incoming"]
    treated = {c["component"]: c.get("treatment") for c in typed.json["changes"]}
    assert treated["field:deal.amount"] == "leave"
    assert [one["choice"] for one in typed.json["resolved"]] == ["target"]


def test_they_are_listed_replaced_and_dropped(production, far, zoe) -> None:
    """One per name; what cannot be one is refused; the audit names who."""
    zoe.post(SETS, {"name": "one", "components": ["field:deal.first"]})
    zoe.post(SETS, {"name": "one", "components": ["field:deal.second"]})
    listed = zoe.get(SETS)["change_sets"]
    refused = []
    for body in (
        {"name": "No Name", "components": ["x"]},
        {"name": "none", "components": []},
        {"name": "bad", "components": ["x"], "treatments": {"x": "map:/etc/hostname"}},
        {"name": "bad", "components": ["x"], "choices": {"x": "mine"}},
    ):
        with pytest.raises(Refused) as caught:
            zoe.post(SETS, body)
        refused.append(caught.value.code)
    zoe.send("DELETE", f"{SETS}/one")
    with pytest.raises(Refused) as gone:
        zoe.send("DELETE", f"{SETS}/one")

    assert [one["components"] for one in listed] == [["field:deal.second"]]
    assert refused == ["R100", "R100", "U105", "U106"]
    assert gone.value.code == "D163"
    with far.environments.open("trial").database.read() as tx:
        lines = audit.search(tx, Search(action="change_set.*"))
    assert [line.action.partition(".")[2] for line in lines] == ["drop", "keep", "keep"]
    assert {line.actor for line in lines} == {"zoe@example.test"}
    assert production("status").code == 0


def test_a_name_that_is_nowhere(production, far, zoe, tmp_path) -> None:
    """Another name, or a directory as the source: exit 64, at home and from afar."""
    zoe.post(SETS, {"name": "one", "components": ["field:deal.first"]})
    wrong = production("plan", "@onr", "--from", "trial", "--to", "production")
    files = production("plan", "@one", "--from", production.folder, "--to", "production")
    with from_afar(far.variables("lea", str(tmp_path))):
        hidden = production("plan", "@one", "--from", "trial", "--to", "production")
    with from_afar({**far.variables("zoe", str(tmp_path)), "PATRON_URL": f"{far.url}/e/trial"}):
        away = production("plan", "@onr", "--from", "trial", "--to", "trial")

    assert (wrong.code, files.code, hidden.code, away.code) == (64, 64, 64, 64)
    assert 'did you mean "one"' in wrong.err
    assert "U127" in wrong.err
    assert "U127" in files.err
    assert "U127" in away.err
    assert "is neither an environment" in hidden.err  # lea is no member of the sandbox


def test_a_treatment_of_what_was_promoted_or_changed_meanwhile_is_no_mistake(
    production, zoe, tmp_path
) -> None:
    """Nothing is left of one component; the kept treatment of another fits no more: a warning."""
    rows = tmp_path / "deals.csv"
    rows.write_text("name,amount\nA,\nB,3\n")
    assert production("import", "production", "deal", rows).code == 0
    treatments = {"field:deal.amount": "fill:x7", "field:deal.first": "fill:gone"}
    kept = {"name": "old", "components": ["field:deal.*"], "treatments": treatments}
    zoe.post(SETS, kept)
    words = ("--from", "trial", "--to", "production")
    assert production("apply", *words, "--yes").code == 0
    strict = BOTH.replace("amount: {type: currency}", "amount: {type: currency, required: true}")
    production.write(objects__deal=strict)
    narrowed = ("--to", "trial", "--yes", "--accept", "narrowing")
    assert production("apply", "--from", production.folder, *narrowed).code == 0

    done = production("plan", "@old", *words, "--json")

    assert planned(done) == ["field:deal.amount"]
    assert done.json["changes"][0]["treatment"] == "block"
    assert done.json["checks"]["warnings"] == 1
    said = "field:deal.amount: fill:x7 does not fit any more; block stands"
    assert said in production("plan", "@old", *words).out


def test_what_is_not_said_anew_of_a_set_stays_in_it(zoe) -> None:
    """The same rule for REST and the browser: left out stays, empty is emptied."""
    first = {"reason": "Why", "treatments": {"field:deal.first": "leave"}}
    zoe.post(SETS, {"name": "one", "components": ["field:deal.first"], **first})

    left_out = zoe.post(SETS, {"name": "one", "components": ["field:deal.second"]})
    emptied = zoe.post(SETS, {"name": "one", "components": ["x"], "reason": "", "treatments": {}})

    assert left_out["components"] == ["field:deal.second"]
    assert (left_out["reason"], left_out["treatments"]) == ("Why", first["treatments"])
    assert (emptied["reason"], emptied["treatments"]) == ("", {})


@pytest.mark.usefixtures("far")
def test_a_treatment_kept_in_the_sandbox_counts_and_gives_way(production, tmp_path) -> None:
    """What was chosen in the browser counts on the command line too, unless something is typed."""
    rows = tmp_path / "deals.csv"
    rows.write_text("name,amount\nA,\n")
    assert production("import", "production", "deal", rows).code == 0
    strict = DEAL.replace("amount: {type: currency}", "amount: {type: currency, required: true}")
    production.write(objects__deal=strict)
    words = ("--to", "trial", "--yes", "--accept", "narrowing,retire")
    assert production("apply", "--from", production.folder, *words).code == 0
    with (
        Installation(Settings.from_env(production.environ)) as installation,
        installation.environment("trial").database.write() as tx,
    ):
        keep_treatment(tx, ComponentKey("field:deal.amount"), read_treatment("fill:7"))
    plan = ("plan", "--from", "trial", "--to", "production", "--json")

    kept, typed = production(*plan), production(*plan, "--treat", "field:deal.amount=leave")

    assert [one["treatment"] for one in kept.json["changes"]] == ["fill:7"]
    assert [one["treatment"] for one in typed.json["changes"]] == ["leave"]
