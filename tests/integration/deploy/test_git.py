"""Git merges metadata by component and property; run in a real repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy_tool.cli import main
from deploy_tool.cli.commands.git_install import START
from deploy_tool.git.merging import merge_file, read_side
from deploy_tool.git.showing import show_file
from tests.conftest import missing
from tests.integration.deploy.conftest import DEAL, PROJECT
from tests.support.proof import IS_PROOF, proof_length

COMMENTED = "# What we sell.\n" + DEAL


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """Make a repository with a small configuration in crm/, and the driver installed."""
    if shutil.which("git") is None:
        missing("git is not installed")
    folder = tmp_path / "crm" / "objects"
    folder.mkdir(parents=True)
    (tmp_path / "crm" / "project.yaml").write_text(PROJECT, encoding="utf-8")
    (folder / "deal.yaml").write_text(COMMENTED, encoding="utf-8")
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.test")
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    assert main(["git", "install"]) == 0
    commit("start")
    return folder / "deal.yaml"


def git(*words: str) -> subprocess.CompletedProcess[str]:
    """Run git here."""
    return subprocess.run(["git", *words], capture_output=True, text=True, check=False)


def commit(message: str) -> None:
    """Commit everything."""
    git("add", "--all")
    assert git("commit", "--quiet", "--message", message).returncode == 0


def branched(file, ours: str, theirs: str) -> subprocess.CompletedProcess[str]:
    """Change a file on two branches and merge them."""
    git("checkout", "--quiet", "-b", "theirs")
    file.write_text(theirs, encoding="utf-8")
    commit("theirs")
    git("checkout", "--quiet", "main")
    file.write_text(ours, encoding="utf-8")
    commit("ours")
    return git("merge", "--no-edit", "theirs")


def test_two_properties_of_one_line_are_merged(repository):
    """Git alone would see one line changed twice."""
    ours = COMMENTED.replace("{type: currency}", "{type: currency, label: Worth}")
    theirs = COMMENTED.replace("{type: currency}", "{type: currency, index: true}")

    done = branched(repository, ours, theirs)

    assert done.returncode == 0, done.stdout + done.stderr
    text = repository.read_text(encoding="utf-8")
    assert "label: Worth" in text
    assert "index: true" in text
    assert text.startswith("# What we sell.\n")


def test_one_property_changed_twice_is_a_conflict_that_is_named(repository):
    """Markers stay for a person, and stderr says which property it is about."""
    ours = COMMENTED.replace("label: Deal", "label: Sale")
    theirs = COMMENTED.replace("label: Deal", "label: Bargain")

    done = branched(repository, ours, theirs)

    assert done.returncode == 1
    assert "object:deal label" in done.stdout + done.stderr
    assert "<<<<<<<" in repository.read_text(encoding="utf-8")


def test_installing_twice_writes_each_line_once(repository):
    """A second call changes nothing."""
    attributes = repository.parent.parent / ".gitattributes"
    before = attributes.read_text(encoding="utf-8")

    assert main(["git", "install"]) == 0

    assert attributes.read_text(encoding="utf-8") == before


def test_outside_of_a_repository_it_says_so(tmp_path, monkeypatch):
    """Exit 64 and a sentence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, "GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert main(["git", "install"]) == 64


@pytest.mark.parametrize("broken", [0, 1, 2])
def test_a_side_that_cannot_be_read_is_left_to_git(broken):
    """Nothing is guessed from broken YAML."""
    texts = [DEAL, DEAL, DEAL]
    texts[broken] = "object: [deal\n"

    merged = merge_file("objects/deal.yaml", *texts)

    assert merged.text is None
    assert merged.conflicts


def test_a_file_added_on_both_sides_is_merged_from_nothing():
    """The base is empty then."""
    merged = merge_file("objects/deal.yaml", "", DEAL, DEAL)

    assert merged.text == DEAL


def test_documents_added_to_a_file_on_both_sides_stay_in_it():
    """Elsewhere each would get a file of its own; git gave this file alone, so it keeps both."""
    kept = workflow("first")

    merged = merge_file(
        "workflows/all.yaml",
        kept,
        f"# Ours.\n{kept}---\n{workflow('ours')}",
        f"{kept}---\n{workflow('theirs')}",
    )

    assert merged.text is not None, merged.conflicts
    assert merged.text.startswith("# Ours.\n")
    tree, problems = read_side("workflows/all.yaml", merged.text)
    assert not problems
    assert sorted(tree.docs) == ["workflow:first", "workflow:ours", "workflow:theirs"]


def test_a_file_emptied_here_and_grown_there_keeps_what_is_new():
    """What theirs added is not lost with what ours took away."""
    merged = merge_file(
        "workflows/all.yaml", workflow("old"), "", f"{workflow('old')}---\n{workflow('new')}"
    )

    assert merged.text == workflow("new")


def workflow(name: str) -> str:
    """Write a small workflow."""
    return f"workflow: {name}\nobject: deal\nwhen: saved\nsteps:\n  - {{name: n, note: '\"x\"'}}\n"


HEAVY = {"sqlalchemy", "flask", "jinja2", "celery", "jsonschema", "marshmallow", "babel", "ruamel"}


@pytest.mark.parametrize(
    ("module", "files"),
    [("deploy_tool.git.merging", 3), ("deploy_tool.git.showing", 1)],
)
def test_a_driver_loads_nothing_that_it_does_not_need(tmp_path, module, files):
    """Git starts one process per file: what it loads is what people wait for."""
    names = [str(tmp_path / name) for name in ("base", "ours", "theirs")[:files]]
    for name in names:
        Path(name).write_text(COMMENTED, encoding="utf-8")
    program = (
        f"import sys, {module} as driver\n"
        f"driver.main({[*names, 'objects/deal.yaml']!r})\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    loaded = set(done.stderr.split())
    assert "yaml" in loaded
    assert loaded & HEAVY == set()
    assert loaded & {"subprocess", "tempfile", "shutil"} == set()


def test_git_shows_which_property_changed_and_passes_over_layout(repository):
    """`git diff` names the component and its property; a comment is no change of the product."""
    text = COMMENTED.replace("label: Deal", "label:   'Bargain'").replace("# What", "# All that")
    repository.write_text(text, encoding="utf-8")

    shown = git("diff").stdout

    changed = [line for line in shown.splitlines() if line[:1] in "+-" and line[1:2] not in "+-"]
    assert changed == ['-object:deal label: "Deal"', '+object:deal label: "Bargain"']


def test_a_file_that_cannot_be_read_is_shown_as_it_is():
    """Broken YAML has no properties; people still see their lines."""
    assert show_file("deal.yaml", "object: [deal\n") == "object: [deal\n"


def test_gate_14_one_file_is_merged_within_a_tenth_of_a_second(tmp_path, figure):
    """The driver as a whole process, on an object of 50 fields; quickest of several."""
    fields = "".join(f"  f{n}: {{type: text, label: F {n}}}\n" for n in range(50))
    base = f"object: deal\nlabel: Deal\nfields:\n{fields}"
    texts = (base, base.replace("F 7}", "Seven}"), base.replace("F 41}", "More}"))
    took = []
    for _ in range(proof_length(1, 20)):
        names = [str(tmp_path / name) for name in ("base", "ours", "theirs")]
        for name, text in zip(names, texts, strict=True):
            Path(name).write_text(text, encoding="utf-8")
        begun = time.perf_counter()
        subprocess.run(
            [
                sys.executable,
                "-c",
                START,
                "deploy_tool.git.merging",
                *names,
                "objects/deal.yaml",
            ],
            check=True,
        )
        took.append(time.perf_counter() - begun)
        assert "Seven}" in Path(names[1]).read_text(encoding="utf-8")
        assert "More}" in Path(names[1]).read_text(encoding="utf-8")

    if IS_PROOF:
        figure("one file of 50 fields merged", f"{min(took) * 1000:.0f} ms", "< 100 ms")
        assert min(took) < 0.1


def test_the_driver_that_git_calls_collects_nothing_while_it_loads(repository):
    """What `git install` wrote is what starts fast."""
    assert repository.exists()
    for name in ("merge.patron.driver", "diff.patron.textconv"):
        assert START in git("config", name).stdout
