"""`git:REV` as a source: planned, compared, applied, without touching the working tree."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.conftest import missing
from tests.integration.deploy.conftest import DEAL, PROJECT

NOTE = DEAL.replace("  stage:", "  note: {type: text}\n  stage:")
SECOND = NOTE.replace("  stage:", "  second: {type: text}\n  stage:")


def git(*words: str) -> str:
    """Run git here."""
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def commit(message: str) -> str:
    """Commit everything; give the hash."""
    git("add", "--all")
    git("commit", "--quiet", "--message", message)
    return git("rev-parse", "HEAD")


@pytest.fixture
def repository(production, tmp_path, monkeypatch):
    """Keep the configuration of production in a repository: first as it runs, then with a note."""
    if shutil.which("git") is None:
        missing("git is not installed")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.test")
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    (tmp_path / ".gitignore").write_text("home/\n", encoding="utf-8")
    commit("As it runs")
    git("tag", "v1")
    production.write(objects__deal=NOTE)
    commit("A note on deals")
    git("tag", "v2")
    return production


def components(done) -> list[str]:
    """Name what a plan or a comparison changes."""
    return [change["component"] for change in done.json["changes"]]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_revision_is_compared_and_tested_whatever_is_checked_out(repository):
    """The working tree may be in any state: it is neither read nor changed."""
    repository.write(objects__deal="object: [broken\n")

    differs = repository("diff", "git:v1", "git:v2", "--json")
    tested = repository("test", "git:v2")

    assert components(differs) == ["field:deal.note"]
    assert tested.code == 0, tested.err
    assert git("status", "--porcelain") == "M crm/objects/deal.yaml"


def test_a_revision_is_delivered_and_the_version_keeps_its_hash(repository):
    """By a tag, from a plan in a file; the version and the deployment tell the commit."""
    planned = repository(
        "plan", "--from", "git:v2", "--to", "production", "--out", "p.json", "--json"
    )

    done = repository("apply", "p.json", "--yes")

    assert components(planned) == ["field:deal.note"]
    assert done.code == 0, done.err
    newest = repository("log", "production", "--json").json["versions"][0]
    assert newest["git_revision"] == git("rev-parse", "v2")
    assert f"git {git('rev-parse', '--short=7', 'v2')}" in repository("log", "production").out
    assert planned.json["git_revision"] == git("rev-parse", "v2")


def test_the_base_of_a_revision_is_the_last_one_delivered_here(repository, tmp_path):
    """What production changed itself since then stays; the next revision is merged with it."""
    assert repository("apply", "--from", "git:v2", "--to", "production", "--yes").code == 0
    hotfix = tmp_path / "hotfix"
    shutil.copytree(repository.folder, hotfix)
    deal = hotfix / "objects" / "deal.yaml"
    deal.write_text(NOTE.replace("label: Deal", "label: Bargain"), encoding="utf-8")
    assert repository("apply", "--from", hotfix, "--to", "production", "--yes").code == 0
    shutil.rmtree(hotfix)
    repository.write(objects__deal=SECOND)
    head = commit("Another field")

    planned = repository("plan", "--from", "git:HEAD", "--to", "production", "--json")
    done = repository("apply", "--from", "git:main", "--to", "production", "--yes")

    assert components(planned) == ["field:deal.second"]
    assert planned.json["base"] == "production@2"
    assert done.code == 0, done.err
    newest = repository("log", "production", "--json").json["versions"][0]
    assert newest["git_revision"] == f"{head}+production@3"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_problems_of_a_revision_are_told_by_its_name(repository):
    """People find the file under the revision, not under a folder that is gone."""
    repository.write(objects__deal=DEAL.replace("type: currency", "type: money"))
    commit("A mistake")

    done = repository("plan", "--from", "git:main", "--to", "production")

    assert done.code == 3
    assert "git:main/objects/deal.yaml:5:" in done.err


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_revision_that_git_does_not_know_is_refused(repository, tmp_path, monkeypatch):
    """U140, with exit 64, and the way on; the same outside of any repository."""
    unknown = repository("plan", "--from", "git:v9", "--to", "production", "--json")
    option = repository("diff", "git:--all", "production", "--json")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "outside").mkdir()
    monkeypatch.chdir(tmp_path / "outside")
    outside = repository("diff", "git:main", "production", "--json")

    assert [done.code for done in (unknown, option, outside)] == [64, 64, 64]
    assert [done.json["code"] for done in (unknown, option, outside)] == ["U140", "U140", "U140"]
    assert "v9" in unknown.json["message"]
    assert "no git repository" in outside.json["message"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_revision_with_several_projects_asks_which(repository, tmp_path):
    """U141 names them; `git:REV:FOLDER` chooses, and so does standing in one of them."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "project.yaml").write_text(PROJECT.replace("acme", "other"), encoding="utf-8")
    commit("Two projects")

    several = repository("diff", "git:main", "production", "--json")
    none = repository("diff", "git:main:nowhere", "production", "--json")
    named = repository("diff", "production", "git:main:crm", "--json")

    assert (several.code, several.json["code"]) == (64, "U141")
    assert "crm, other" in several.json["message"]
    assert (none.code, none.json["code"]) == (64, "U141")
    assert components(named) == ["field:deal.note"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_revision_is_delivered_from_afar_too(repository, away):
    """Its files are sent, whatever is checked out, and the server keeps the commit."""
    repository.write(objects__deal="object: [broken\n")

    done = away("apply", "--from", "git:v2", "--to", "production", "--yes")

    assert done.code == 0, done.err
    newest = repository("log", "production", "--json").json["versions"][0]
    assert (newest["git_revision"], newest["actor"]) == (git("rev-parse", "v2"), "lea@example.test")


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_file_that_git_has_lost_does_not_pass_for_deleted(repository, tmp_path):
    """A clone without all contents: exit 64 and the file, not a plan that retires what it said."""
    lost = git("rev-parse", "v2:crm/objects/deal.yaml")
    (tmp_path / ".git/objects" / lost[:2] / lost[2:]).unlink()

    done = repository("plan", "--from", "git:v2", "--to", "production", "--json")

    assert (done.code, done.json["code"]) == (64, "U140")
    assert "objects/deal.yaml" in done.json["message"]


OTHER = "project: billing\nlabel: Billing\nformat: 1\nscope: [objects/invoice.yaml]\n"
INVOICE = "object: invoice\nlabel: Invoice\nfields:\n  name: {type: text}\n"


def deliver_two_projects(patron, tmp_path) -> None:
    """Give production deals of one project (2), a field by hand (3), invoices of another (4)."""
    patron.write(project=f"{PROJECT}scope: [objects/deal.yaml]\n", objects__deal=NOTE)
    commit("The first project owns deals")
    applied(patron, "git:HEAD:crm")
    by_hand = tmp_path / "hotfix"
    shutil.copytree(patron.folder, by_hand)
    (by_hand / "objects" / "deal.yaml").write_text(f"{NOTE}  by_hand: {{type: text}}\n", "utf-8")
    applied(patron, by_hand)
    shutil.rmtree(by_hand)
    other = tmp_path / "other"
    (other / "objects").mkdir(parents=True)
    (other / "project.yaml").write_text(OTHER, "utf-8")
    (other / "objects" / "invoice.yaml").write_text(INVOICE, "utf-8")
    patron.write(objects__deal=SECOND)
    commit("A second project, and a field in the first")
    applied(patron, "git:HEAD:other")


def applied(patron, source) -> None:
    """Deploy a source to production."""
    done = patron("apply", "--from", source, "--to", "production", "--yes")
    assert done.code == 0, done.err


def test_each_project_begins_from_its_own_last_delivery(repository, far, away, tmp_path):
    """A field that came by hand before another project delivered is not retired by the first one.

    The same here and from afar. Deliveries of which nobody noted the project may be of any.
    """
    deliver_two_projects(repository, tmp_path)
    words = ("plan", "--to", "production", "--json", "--from")

    here, afar = repository(*words, "git:HEAD:crm"), away(*words, "git:HEAD:crm")
    other = repository(*words, "git:HEAD:other")
    with far.environments.open("production").database.write() as tx:
        tx.run("UPDATE patron_deployment SET project = ''")  # as rows were before it was noted
    before = repository(*words, "git:HEAD:crm")

    assert components(here) == components(afar) == ["field:deal.second"]
    assert here.json["base"] == afar.json["base"] == "production@2"
    assert (here.json["project"], afar.json["project"]) == ("acme", "acme")
    assert (other.json["project"], other.json["base"]) == ("billing", "production@4")
    assert before.json["base"] == "production@4"
    assert components(before) == ["field:deal.by_hand", "field:deal.second"]
