"""The recipe for continuous integration, run for real: clone, branch, review, deliver, hotfix."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.conftest import missing
from tests.integration.deploy.conftest import DEAL, PROJECT
from tests.support.far import Far, serving
from tests.support.repository import ROOT

RECIPES = ROOT / "docs" / "how-to" / "ci"
SHIM = f'#!/bin/sh\nexec "{sys.executable}" -m deploy_tool.cli "$@"\n'


class Desk:
    """A developer, or a runner, with a clone of its own and a token of the server."""

    def __init__(self, place: Path, far: Far, who: str) -> None:
        self.place, self.clone = place, place / "clone"
        tools = place / "bin"
        tools.mkdir(parents=True)
        patron = tools / "patron"
        patron.write_text(SHIM)
        patron.chmod(patron.stat().st_mode | stat.S_IXUSR)
        person = {f"GIT_{role}_NAME": who for role in ("AUTHOR", "COMMITTER")}
        person |= {f"GIT_{role}_EMAIL": f"{who}@example.test" for role in ("AUTHOR", "COMMITTER")}
        self.environ = {
            **os.environ,
            **far.variables(who, str(place)),
            **person,
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *words: str, code: int = 0) -> str:
        """Run a command in the clone; give what it said."""
        ended = subprocess.run(
            words,
            cwd=self.clone if self.clone.exists() else self.place,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ended.returncode == code, (words, ended.stdout, ended.stderr)
        return ended.stdout + ended.stderr

    def git(self, *words: str) -> str:
        """Run git in the clone."""
        return self.run("git", *words)

    def commit(self, message: str) -> None:
        """Commit everything."""
        self.git("add", "--all", "crm")
        self.git("commit", "--quiet", "--message", message)

    @property
    def deal(self) -> Path:
        """The file of the object."""
        return self.clone / "crm" / "objects" / "deal.yaml"

    def add_field(self, name: str) -> None:
        """Add a field at the end of the object's fields."""
        text = self.deal.read_text()
        self.deal.write_text(text.replace("  stage:", f"  {name}: {{type: text}}\n  stage:", 1))


@pytest.fixture
def far(production):
    """Serve the installation, to a developer who may plan and a runner that may deploy."""
    if shutil.which("git") is None:
        missing("git is not installed")
    with serving(Settings.from_env(production.environ)) as served:
        served.admit("ada", "system_administrator")
        served.admit("runner", "system_administrator")
        yield served


@pytest.fixture
def origin(tmp_path, production) -> Path:
    """Make the repository that everybody clones, with what production runs."""
    bare, first = tmp_path / "origin.git", tmp_path / "first"
    shutil.copytree(production.folder, first / "crm")
    (first / ".gitignore").write_text(".patron/\npatron.plan\nplan.*\ncomment.md\n")
    who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.test"}
    who |= {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.test"}
    for words in (
        ("git", "init", "--quiet", "--bare", "--initial-branch=main", str(bare)),
        ("git", "init", "--quiet", "--initial-branch=main", str(first)),
        ("git", "-C", str(first), "add", "--all"),
        ("git", "-C", str(first), "commit", "--quiet", "-m", "Configuration of production"),
        ("git", "-C", str(first), "push", "--quiet", str(bare), "main"),
    ):
        subprocess.run(words, env={**os.environ, **who}, check=True, capture_output=True)
    return bare


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_the_recipe_delivers_and_a_hotfix_comes_back(production, far, origin, tmp_path) -> None:
    """A branch is reviewed by its plan and delivered by its digest; a hotfix is never lost."""
    assert PROJECT
    assert DEAL
    ada, runner = Desk(tmp_path / "ada", far, "ada"), Desk(tmp_path / "ci", far, "runner")
    for desk in (ada, runner):
        desk.git("clone", "--quiet", str(origin), str(desk.clone))
    review, deliver = str(RECIPES / "review.sh"), str(RECIPES / "deliver.sh")

    # A branch that is not sound, then one that is: the per-branch check.
    ada.git("checkout", "--quiet", "-b", "notes")
    ada.deal.write_text(ada.deal.read_text() + "  sum: {type: formula, formula: nam}\n")
    broken = ada.run("sh", review, "crm", code=3)
    ada.git("checkout", "--quiet", "--", "crm")
    ada.add_field("note")
    ada.commit("A note on deals")
    ada.run("sh", review, "crm")
    comment = (ada.clone / "comment.md").read_text()
    reviewed = json.loads((ada.clone / "plan.json").read_text())
    ada.git("push", "--quiet", "origin", "notes")

    # Merged and delivered by the runner.
    runner.git("fetch", "--quiet")
    runner.git("merge", "--quiet", "origin/notes")
    revision = runner.git("rev-parse", "HEAD").strip()
    runner.git("push", "--quiet", "origin", "main")
    delivered = runner.run("sh", deliver, "crm")
    newest = production("log", "production", "--json").json["versions"][0]

    # A hotfix made in production itself, and a second delivery that knows nothing of it.
    production.write(objects__deal=ada.deal.read_text().replace("label: Deal", "label: Bargain"))
    hotfix = production("apply", "--from", production.folder, "--to", "production", "--yes")
    runner.add_field("second")
    runner.commit("Another field")
    runner.git("push", "--quiet", "origin", "main")
    again = runner.run("sh", deliver, "crm")
    merged = production("log", "production", "--json").json["versions"][0]

    # The hotfix is pulled back beside other work and merges.
    ada.git("checkout", "--quiet", "-b", "hotfix")
    ada.run("patron", "pull", "production", "--to", "crm")
    ada.commit("The label of production")
    ada.git("fetch", "--quiet")
    ada.git("merge", "--quiet", "--no-edit", "origin/main")
    left = ada.run("patron", "plan", "--from", "crm/", "--to", "production")

    assert "crm/objects/deal.yaml" in broken
    assert "field  deal.note" in comment
    assert [change["component"] for change in reviewed["changes"]] == ["field:deal.note"]
    assert (newest["git_revision"], newest["actor"]) == (revision, "runner@example.test")
    assert "Done: production@2." in delivered
    assert hotfix.code == 0, hotfix.err
    assert "Done: production@4." in again
    assert merged["git_revision"].endswith("+production@3")
    assert "label: Bargain" in ada.deal.read_text()
    assert "second" in ada.deal.read_text()
    assert left.startswith("No changes.")
