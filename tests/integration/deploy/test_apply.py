"""From files to a running configuration: init, plan, apply, log, diff, with literal exit codes."""

from __future__ import annotations

import json

import pytest

from tests.integration.deploy.conftest import DEAL, PROJECT

WITH_NOTE = DEAL + "  note: {type: text, label: Note}\n"


def test_init_makes_production_from_files(patron):
    """One command makes databases, tables and version 1."""
    done = patron("init", "--from", patron.folder, "--json")

    assert done.code == 0
    assert (done.json["environment"], done.json["version"]) == ("production", 1)
    assert patron("status", "--json").json["environments"][0]["version"] == 1


def test_init_again_with_the_same_files_has_nothing_to_do(production):
    """A second start keeps what is there."""
    done = production("init", "--from", production.folder, "--json")

    assert (done.code, done.json["version"]) == (0, 1)


def test_init_leaves_another_production_alone(production):
    """Only apply changes an environment that runs; the hint names the way."""
    production.write(objects__deal=WITH_NOTE)

    done = production("init", "--from", production.folder)

    assert done.code == 64
    assert f"patron plan --from {production.folder} --to production" in done.err
    assert production("status", "--json").json["environments"][0]["version"] == 1


def test_init_publishes_nothing_that_has_a_problem(patron):
    """Problems are listed with file, line and column before anything is made."""
    patron.write(objects__deal=DEAL + "  bad: {type: txet}\n")

    done = patron("init", "--from", patron.folder, "--json")

    assert done.code == 3
    (problem,) = done.json["problems"]
    assert (problem["file"], problem["line"]) == (str(patron.folder / "objects/deal.yaml"), 7)
    assert f"{patron.folder}/objects/deal.yaml:7:" in done.err
    assert patron("env", "list", "--json").json == {"environments": []}


def test_a_plan_shows_and_changes_nothing(production):
    """The text names what comes; the version stays."""
    production.write(objects__deal=WITH_NOTE)

    done = production("plan", "--from", production.folder, "--to", "production")

    assert done.code == 0
    assert "+ field  deal.note  text, optional" in done.out
    assert "add column deal.note   instant" in done.out
    assert "Checks: " in done.out
    assert production("log", "production", "--json").json["versions"][0]["version"] == 1


def test_plan_json_has_the_shape_of_the_contract(production):
    """Every key of the contract is there, and stdout holds one object."""
    production.write(objects__deal=WITH_NOTE)

    plan = production("plan", "--from", production.folder, "--to", "production", "--json").json

    assert set(plan) == {
        *("digest", "base", "target", "result", "changes"),
        *("conflicts", "steps", "checks", "needs", "project"),
    }
    assert (plan["base"], plan["target"]) == ("production@1", "production@1")
    assert plan["changes"] == [
        {
            "op": "add",
            "component": "field:deal.note",
            "class": 0,
            "why": "text, optional",
            "impact": {"values": 0, "would_fail": 0, "more_visible": 0, "less_visible": 0},
        }
    ]
    assert plan["needs"] == {"accept": [], "approvals": 0}
    assert plan["conflicts"] == []
    assert [step["text"] for step in plan["steps"]] == [
        "add column deal.note",
        "switch to version 2",
    ]


def test_detailed_exitcode_tells_differences(production):
    """2 with differences, 0 without, and 0 for both without the option."""
    words = ("plan", "--from", production.folder, "--to", "production")
    same = production(*words, "--detailed-exitcode")
    production.write(objects__deal=WITH_NOTE)

    different = production(*words, "--detailed-exitcode")

    assert (same.code, different.code, production(*words).code) == (0, 2, 0)
    assert same.out == "No changes. production@1 already contains everything in this plan.\n"


def test_apply_makes_a_version_and_a_second_plan_says_no_changes(production):
    """Tables, configuration and version move together; then there is nothing left to do."""
    production.write(objects__deal=WITH_NOTE)
    words = ("--from", production.folder, "--to", "production")

    done = production("apply", *words, "--yes", "--as", "lea@example.test")

    assert (done.code, done.out.splitlines()[-1]) == (0, "Done: production@2.")
    assert "No changes. production@2" in production("plan", *words).out
    assert production("apply", *words).code == 0
    newest = production("log", "production", "--json").json["versions"][0]
    assert (newest["version"], newest["actor"], newest["source"]) == (
        2,
        "lea@example.test",
        "deploy",
    )


def test_a_sealed_plan_is_applied_from_its_file(production, tmp_path):
    """What was looked at is what happens, whatever the files say by then."""
    production.write(objects__deal=WITH_NOTE)
    plan = tmp_path / "plan.json"
    production("plan", "--from", production.folder, "--to", "production", "--out", plan)
    production.write(objects__deal=DEAL)

    done = production("apply", plan, "--json")

    assert (done.code, done.json["version"]) == (0, 2)
    changes = production("diff", "production@1", "production", "--json").json["changes"]
    assert [change["component"] for change in changes] == ["field:deal.note"]


def test_a_stale_plan_is_refused(production, tmp_path):
    """The environment moved since: exit 7, and nothing happens."""
    production.write(objects__deal=WITH_NOTE)
    plan = tmp_path / "plan.json"
    production("plan", "--from", production.folder, "--to", "production", "--out", plan)
    production.write(objects__deal=WITH_NOTE + "  more: {type: text}\n")
    production("apply", "--from", production.folder, "--to", "production")

    done = production("apply", plan, "--json")

    assert done.code == 7
    assert done.json["code"] == "D102"
    assert "production is at 2 now" in done.err
    assert f"patron plan --from {production.folder} --to production" in done.err


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: {**plan, "source": "elsewhere"},
        lambda plan: {**plan, "content": {}},
        lambda plan: {**plan, "digest": "0" * 64},
        lambda plan: {**plan, "format": 1},
        lambda plan: {"digest": plan["digest"]},
        lambda _plan: ["no", "plan"],
    ],
)
def test_a_plan_that_was_changed_after_its_seal_is_refused(production, tmp_path, change):
    """The digest covers every word of the plan: exit 3, nothing happens."""
    production.write(objects__deal=WITH_NOTE)
    plan = tmp_path / "plan.json"
    production("plan", "--from", production.folder, "--to", "production", "--out", plan)
    plan.write_text(json.dumps(change(json.loads(plan.read_text()))))

    done = production("apply", plan, "--json")

    assert (done.code, done.json["code"]) == (3, "D105")
    assert production("status", "--json").json["environments"][0]["version"] == 1


@pytest.mark.parametrize(
    ("deal", "component"),
    [
        (DEAL.replace("  amount: {type: currency}\n", ""), "field:deal.amount"),
        (DEAL.replace("amount: {type: currency}", "amount: {type: text}"), "field:deal.amount"),
        (DEAL.replace("{type: currency}", "{type: currency, required: true}"), "field:deal.amount"),
        (DEAL.replace(", won: {label: Won, closed: true}", ""), "field:deal.stage"),
        (DEAL.replace("  amount:", "  value:").replace("currency", "currency, aka: [amount]"), ""),
    ],
    ids=["retire", "type", "required", "picklist value", "rename"],
)
def test_what_is_not_additive_is_refused_with_the_reason(production, deal, component):
    """Exit 5 names each change and why: nothing is retired silently, and `--yes` is no consent."""
    production.write(objects__deal=deal)

    done = production("apply", "--from", production.folder, "--to", "production", "--yes", "--json")

    assert (done.code, done.json["code"]) == (5, "D101")
    assert component in done.json["message"]
    assert production("status", "--json").json["environments"][0]["version"] == 1


def test_a_narrowing_change_is_a_plan_with_its_reason(production):
    """Planning shows class 2, so that people see what would be asked of them."""
    production.write(objects__deal=DEAL.replace("{type: currency}", "{type: currency, min: 5}"))

    plan = production("plan", "--from", production.folder, "--to", "production", "--json").json

    (change,) = plan["changes"]
    assert (change["class"], change["impact"]["would_fail"]) == (2, 0)
    assert plan["needs"]["accept"] == ["narrowing"]


def test_invalid_files_are_refused_with_every_problem(production):
    """Exit 3, every problem at once, nothing published."""
    production.write(
        objects__deal=DEAL + "  total: {type: formula, returns: number, formula: amonut * 2}\n",
        objects__other="object: other\nfields:\n  x: {type: lookup, to: nobody}\n",
    )

    done = production("apply", "--from", production.folder, "--to", "production", "--json")

    assert done.code == 3
    places = {(p["file"].rpartition("/")[2], p["line"]) for p in done.json["problems"]}
    assert places == {("deal.yaml", 7), ("other.yaml", 3)}
    assert 'did you mean "amount"?' in done.err
    assert production("status", "--json").json["environments"][0]["version"] == 1


def test_a_plan_or_both_ends_must_be_named(production):
    """Neither, half or both is usage: exit 64."""
    codes = [
        production("apply").code,
        production("plan", "--to", "production").code,
        production("apply", "some.json", "--from", "x/", "--to", "production").code,
        production("apply", "missing.json").code,
        production("plan", "--from", production.folder, "--to", "prodution").code,
        production("plan", "--from", "nowhere/", "--to", "production").code,
        production("plan", "field:x", "--from", production.folder, "--to", "production").code,
        production("apply", "--accept", "all", "--from", "x/", "--to", "production").code,
    ]

    assert codes == [64] * 8


def test_a_no_changes_nothing(production, monkeypatch):
    """A person who is asked and does not say yes is not overruled: exit 5."""
    production.write(objects__deal=WITH_NOTE)
    monkeypatch.setattr("deploy_tool.cli.terminal.Terminal.is_interactive", True)
    monkeypatch.setattr("sys.stdin.readline", lambda: "n\n", raising=False)

    done = production("apply", "--from", production.folder, "--to", "production")

    assert done.code == 5
    assert production("status", "--json").json["environments"][0]["version"] == 1


def _note(production, base):
    """Note in the files what they were last the same as."""
    note = production.folder / ".patron" / "base"
    note.parent.mkdir(exist_ok=True)
    note.write_text(f"{base}\n")


def test_work_since_the_pull_is_kept_by_a_merge(production):
    """A field made meanwhile on the target is not retired by files that never knew it."""
    production.write(objects__deal=WITH_NOTE)
    production("apply", "--from", production.folder, "--to", "production")
    _note(production, "production@1")
    production.write(objects__deal=DEAL + "  code: {type: text}\n")

    done = production("apply", "--from", production.folder, "--to", "production", "--json")

    assert (done.code, done.json["version"]) == (0, 3)
    plan = production("diff", "production@1", "production", "--json").json
    added = {change["component"] for change in plan["changes"]}
    assert added == {"field:deal.note", "field:deal.code"}


def test_taking_back_what_was_just_applied_is_a_change(production):
    """Applying moves the note on, so that removing the field again is seen as its removal."""
    production("pull", "production", "--to", production.folder)
    production.write(objects__deal=WITH_NOTE)
    production("apply", "--from", production.folder, "--to", "production")
    noted = (production.folder / ".patron/base").read_text()
    production.write(objects__deal=DEAL)

    plan = production("plan", "--from", production.folder, "--to", "production", "--json").json

    assert noted == "production@2\n"
    assert [(c["op"], c["component"]) for c in plan["changes"]] == [("retire", "field:deal.note")]


def test_the_note_stays_while_the_work_of_others_is_not_in_the_files(production):
    """After a merge the files still lack the others' field, and must not seem to remove it."""
    production("pull", "production", "--to", production.folder)
    production.write(objects__deal=WITH_NOTE)
    words = ("--from", production.folder, "--to", "production")
    production("apply", *words)
    _note(production, "production@1")
    production.write(objects__deal=DEAL + "  code: {type: text}\n")

    production("apply", *words)

    assert (production.folder / ".patron/base").read_text() == "production@1\n"
    assert production("plan", *words).out.startswith("No changes. production@3")


def test_a_property_changed_on_both_sides_is_a_conflict(production):
    """Exit 4 from plan and from apply; the target keeps its value."""
    production.write(objects__deal=DEAL.replace("label: Deal", "label: Offer"))
    production("apply", "--from", production.folder, "--to", "production")
    _note(production, "production@1")
    production.write(objects__deal=DEAL.replace("label: Deal", "label: Business"))
    words = ("--from", production.folder, "--to", "production", "--json")

    plan, done = production("plan", *words), production("apply", *words)

    assert (plan.code, done.code, done.json["code"]) == (4, 4, "D106")
    assert plan.json["conflicts"] == [
        {
            "component": "object:deal",
            "property": "label",
            "base": "Deal",
            "target": "Offer",
            "incoming": "Business",
        }
    ]


def test_a_conflict_in_a_sealed_plan_blocks_it_too(production, tmp_path):
    """What was in conflict when it was sealed is not decided by applying it."""
    production.write(objects__deal=DEAL.replace("label: Deal", "label: Offer"))
    production("apply", "--from", production.folder, "--to", "production")
    _note(production, "production@1")
    production.write(objects__deal=WITH_NOTE.replace("label: Deal", "label: Business"))
    words = ("--from", production.folder, "--to", "production")
    production("plan", *words, "--out", tmp_path / "plan.json")

    done = production("apply", tmp_path / "plan.json")

    assert done.code == 4
    assert "× object deal label: changed on both sides" in done.out


@pytest.mark.parametrize("note", ["production@99", "staging@1", "nonsense", ""])
def test_a_note_that_means_nothing_here_is_passed_over(production, note):
    """Files then win inside their scope, as without a note."""
    _note(production, note)
    production.write(objects__deal=WITH_NOTE)

    done = production("apply", "--from", production.folder, "--to", "production")

    assert done.code == 0


def test_an_environment_can_be_deployed_and_so_can_its_past(production):
    """A is an environment or a version of it, as well as a directory."""
    production.write(objects__deal=WITH_NOTE)
    production("apply", "--from", production.folder, "--to", "production")

    same = production("plan", "--from", "production", "--to", "production")
    past = production("plan", "--from", "production@1", "--to", "production", "--json").json

    assert same.out.startswith("No changes.")
    assert [(c["op"], c["component"]) for c in past["changes"]] == [("retire", "field:deal.note")]


def test_a_project_only_touches_its_scope(production):
    """Files outside the scope of project.yaml are neither written nor missed."""
    production.write(
        project=PROJECT + "scope: [objects/deal*]\n",
        objects__deal=WITH_NOTE,
        objects__other="object: other\nfields:\n  name: {type: text}\n",
    )

    plan = production("plan", "--from", production.folder, "--to", "production", "--json").json

    assert [change["component"] for change in plan["changes"]] == ["field:deal.note"]


def test_log_tells_who_when_and_how_much(production):
    """One line per version, newest first."""
    done = production("log", "production")

    assert done.out.startswith("production@1  ")
    assert "import    system  5 components  D-1  init" in done.out
    assert production("log", "prodution").code == 64


def test_diff_compares_any_two_places(production):
    """Directories, environments and versions, in both directions."""
    production.write(objects__deal=WITH_NOTE)

    there = production("diff", "production", production.folder)
    back = production("diff", production.folder, "production@1")

    assert there.out == "  + field  deal.note  text, optional\n"
    assert "- field  deal.note  retire" in back.out
    assert production("diff", production.folder, production.folder).out == "No differences.\n"
    assert production("diff", "production@9", "production").code == 3
