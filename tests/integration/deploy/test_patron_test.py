"""`patron test`: what passes, fails and waits, told to people, programs and build servers."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tests.integration.deploy.conftest import DEAL, Done, Patron

RULES = """\
validation_rules:
  won_needs_amount:
    invalid_if: stage = "won" AND ISBLANK(amount)
    message: A won deal has an amount.
    field: amount
    examples:
      fails: [{stage: won}]
      passes: [{stage: won, amount: 10}, {stage: open}]
"""
TESTS = """\
test: won_deals_have_an_amount
as: {role: sales}
steps:
  - {create: deal, values: {name: Big}, as: deal}
  - {update: deal, values: {stage: won}, fails_with: won_needs_amount}
  - {update: deal, values: {stage: won, amount: 10}}
  - {expect: deal, values: {amount: 10, stage: won}}
"""
ROLES = "roles: {sales: {}}\n"


@pytest.fixture
def dialect() -> str:
    """Run once: tests of a configuration play on SQLite whatever the installation uses."""
    return "sqlite"


@pytest.fixture
def crm(patron: Patron) -> Patron:
    """Give an installation beside files with a rule, its examples and a test."""
    patron.write(objects__deal=DEAL + RULES, tests__deal=TESTS, access__roles=ROLES)
    return patron


def try_out(crm: Patron, *words: object, **files: str) -> Done:
    """Write files and test the directory."""
    crm.write(**files)
    return crm("test", crm.folder, *words)


def test_everything_passes(crm):
    """Exit 0, a line per example and test with its place, and the closing count."""
    done = try_out(crm)

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        f"passed  {crm.folder}/objects/deal.yaml:13  deal.won_needs_amount fails 1",
        f"passed  {crm.folder}/objects/deal.yaml:14  deal.won_needs_amount passes 1",
        f"passed  {crm.folder}/objects/deal.yaml:14  deal.won_needs_amount passes 2",
        f"passed  {crm.folder}/tests/deal.yaml:1  won_deals_have_an_amount",
        "4 passed, 0 failed, 0 wait",
    ]


def test_an_example_that_fails_points_at_itself(crm):
    """File and line of the example, what was expected, what was found, with the values read."""
    wrong = RULES.replace("fails: [{stage: won}]", "fails: [{stage: won},\n        {amount: 3}]")

    done = try_out(crm, objects__deal=DEAL + wrong)

    assert done.code == 3
    assert f"failed  {crm.folder}/objects/deal.yaml:14  deal.won_needs_amount fails 2" in done.out
    assert "        expected: the rule refuses it\n" in done.out
    assert "        found:    the rule accepts it (amount = 3.00, stage = blank)\n" in done.out
    assert done.out.endswith("4 passed, 1 failed, 0 wait\n")


def test_a_step_that_fails_points_at_itself(crm):
    """A test ends at its first failing step, and that is the line it is reported at."""
    wrong = TESTS.replace("fails_with: won_needs_amount", "fails_with: R105")

    done = try_out(crm, tests__deal=wrong)

    assert done.code == 3
    assert f"failed  {crm.folder}/tests/deal.yaml:5  won_deals_have_an_amount\n" in done.out
    assert "        expected: refused by R105\n" in done.out
    assert "        found:    amount: won_needs_amount A won deal has an amount.\n" in done.out


DUPLICATES = "duplicate_rules: {same: {match: [{field: name, how: exact}], action: block}}\n"
WAITING = TESTS.replace("{expect: deal, values: {amount: 10, stage: won}}",
                        "{create: deal, values: {name: Big}, fails_with: same}")  # fmt: skip
REASON = 'the duplicate rule "same": duplicate rules come with automation'


def test_what_waits_is_neither_passed_nor_failed(crm):
    """A step that needs what is not there yet ends the test as waiting, and the run is good."""
    done = try_out(crm, objects__deal=DEAL + RULES + DUPLICATES, tests__deal=WAITING)

    assert done.code == 0
    place = f"waits   {crm.folder}/tests/deal.yaml:7  won_deals_have_an_amount"
    assert f"{place}: {REASON}\n" in done.out
    assert done.out.endswith("3 passed, 0 failed, 1 wait\n")


def test_a_failure_before_the_waiting_step_is_a_failure(crm):
    """Waiting hides nothing that was played before."""
    done = try_out(
        crm,
        objects__deal=DEAL + RULES + DUPLICATES,
        tests__deal=WAITING.replace("stage: won, amount: 10", "stage: won"),
    )

    assert done.code == 3
    assert "tests/deal.yaml:6" in done.out


def test_json_is_one_object(crm):
    """Programs get counts and outcomes on stdout; the lines for people go to stderr."""
    done = try_out(
        crm, "--json", tests__deal=TESTS.replace("amount: 10, stage", "amount: 9, stage")
    )

    assert done.code == 3
    assert (done.json["passed"], done.json["failed"], done.json["waits"]) == (3, 1, 0)
    failed = done.json["tests"][-1]
    seconds = failed.pop("seconds")
    assert 0 < seconds < 60
    assert failed == {
        "kind": "test",
        "name": "won_deals_have_an_amount",
        "component": "test:won_deals_have_an_amount",
        "state": "failed",
        "file": f"{crm.folder}/tests/deal.yaml",
        "line": 7,
        "expected": "amount = 9.00",
        "found": "amount = 10.00",
    }
    assert "3 passed, 1 failed, 0 wait" in done.err


def test_junit_tells_failures_and_what_waits(crm, tmp_path):
    """Build servers read suites, failures with their place, and waiting tests as skipped."""
    files = {
        "objects__deal": DEAL
        + RULES.replace("passes: [{stage: won,", "passes: [{stage: open,")
        + DUPLICATES,
        "tests__deal": TESTS.replace("fails_with: won_needs_amount", "fails_with: name"),
        "tests__later": "test: later\nsteps:\n  - {create: deal, as: d, values: {name: $any}}\n"
        "  - {create: deal, values: {name: $any}, fails_with: same}\n",
    }

    done = try_out(crm, "--junit", tmp_path / "report.xml", **files)

    assert done.code == 3
    report = ET.parse(tmp_path / "report.xml")  # noqa: S314 -- written by ourselves just now
    suites = {suite.get("name"): suite for suite in report.getroot()}
    assert suites["patron.examples"].attrib.items() >= {"tests": "3", "failures": "0"}.items()
    played = suites["patron.tests"]
    assert played.attrib.items() >= {"tests": "2", "failures": "1", "skipped": "1"}.items()
    failed, waiting = played.findall("testcase")
    assert (failed.get("file"), failed.get("line")) == (f"{crm.folder}/tests/deal.yaml", "5")
    assert "expected refused by name; found amount: won" in failed.find("failure").get("message")
    assert waiting.find("skipped").get("message") == f"waits for {REASON}"


def test_a_report_that_cannot_be_written_is_wrong_usage(crm, tmp_path):
    """A folder that is not there is said in a sentence, exit 64."""
    done = try_out(crm, "--junit", tmp_path / "none" / "report.xml")

    assert done.code == 64
    assert "The report cannot be written" in done.err


def test_a_configuration_with_problems_is_not_tested(crm):
    """The problems are listed as `patron check` lists them, exit 3."""
    done = try_out(crm, "--json", objects__deal=DEAL + RULES.replace('"won"', "1"))

    assert done.code == 3
    assert [problem["line"] for problem in done.json["problems"]] == [9]
    assert "cannot be tested" in done.err


def test_an_environment_and_a_version_of_it_are_tested(crm):
    """Stored configurations have no files: the component says where to look."""
    assert crm("init", "--from", crm.folder).code == 0
    wrong = TESTS.replace("values: {amount: 10, stage: won}", "values: {amount: 11}")
    crm.write(tests__deal=wrong)
    assert crm("apply", "--from", crm.folder, "--to", "production", "--yes").code == 0

    now, before = crm("test", "production"), crm("test", "production@1")

    assert (now.code, before.code) == (3, 0)
    assert "failed  test:won_deals_have_an_amount  won_deals_have_an_amount\n" in now.out
    assert before.out.endswith("4 passed, 0 failed, 0 wait\n")


def test_nothing_stays_behind(crm, tmp_path, monkeypatch):
    """The throw-away environment leaves no file, and production no record."""
    assert crm("init", "--from", crm.folder).code == 0
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    done = crm("test", "production")

    assert done.code == 0
    assert list(scratch.iterdir()) == []
    assert crm("export", "production", "deal", "--format", "json").out.strip() in {"", "[]"}
