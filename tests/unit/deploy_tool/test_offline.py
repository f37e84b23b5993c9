"""Commands that need no environment: check and fmt."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from deploy_tool.cli import main

GOOD = "object: deal\nfields:\n  name: {type: text}\n"
UNTIDY = "fields:\n  name: {length: 80, type: text}  # said of the name\nobject: deal\n\n\n"


@pytest.fixture
def folder(tmp_path):
    """Give a directory with a small, sound configuration."""
    (tmp_path / "project.yaml").write_text("project: acme\nformat: 1\n")
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "deal.yaml").write_text(GOOD)
    return tmp_path


def _run(capsys, *words):
    code = main([str(word) for word in words])
    seen = capsys.readouterr()
    return code, seen.out, seen.err


def test_a_sound_directory_passes(folder, capsys):
    """Exit 0, an empty list of problems."""
    code, out, _ = _run(capsys, "check", folder, "--json")

    assert (code, json.loads(out)) == (0, {"problems": []})


def test_every_problem_is_told_at_once_with_its_place(folder, capsys):
    """Syntax, duplicates, types, references, expressions and cycles in one run: exit 3."""
    files = {
        "broken": "object: broken\nfields: {name: [}\n",
        "twice": "object: twice\nlabel: A\nlabel: B\nfields:\n  name: {type: text}\n",
        "wrong": "object: wrong\nfields:\n  a: {type: txet}\n  b: {type: lookup, to: deel}\n",
        "cycle": (
            "object: cycle\nfields:\n"
            "  a: {type: formula, returns: number, formula: b + 1}\n"
            "  b: {type: formula, returns: number, formula: a + 1}\n"
            '  c: {type: formula, returns: text, formula: "UPER(name)"}\n'
        ),
    }
    for name, text in files.items():
        (folder / "objects" / f"{name}.yaml").write_text(text)

    code, out, err = _run(capsys, "check", folder, "--json")

    problems = json.loads(out)["problems"]
    places = {(p["file"].rpartition("/")[2], p["line"]) for p in problems}
    assert code == 3
    assert places >= {
        *(("broken.yaml", 2), ("twice.yaml", 3), ("wrong.yaml", 3), ("wrong.yaml", 4)),
        *(("cycle.yaml", 3), ("cycle.yaml", 5)),
    }
    assert all(p["code"] and p["message"] and p["col"] for p in problems)
    assert f"{folder}/objects/wrong.yaml:3:13 " in err
    assert 'did you mean "text"?' in err
    assert 'did you mean "deal"?' in err
    assert len(err.splitlines()) == len(problems) + 1


@pytest.mark.parametrize("words", [("check", "nowhere"), ("fmt", "nowhere", "--json")])
def test_a_directory_that_is_not_there_is_usage(words, capsys):
    """Exit 64 with a sentence, not a traceback."""
    code, _, err = _run(capsys, *words)

    assert code == 64
    assert err.startswith("U100 There is no directory nowhere.")


def test_fmt_rewrites_and_keeps_comments(folder, capsys):
    """Untidy files become canonical, and a second run has nothing to do."""
    file = folder / "objects" / "deal.yaml"
    file.write_text(UNTIDY)

    first = _run(capsys, "fmt", folder)
    second = _run(capsys, "fmt", folder)

    assert (first[0], first[1]) == (0, f"{file} rewritten\n")
    assert "# said of the name" in file.read_text()
    assert (second[0], second[1]) == (0, f"{folder}: every file is canonical.\n")


def test_fmt_check_writes_nothing_and_says_so_with_its_exit_code(folder, capsys):
    """For pipelines: exit 3 and the names of the files."""
    file = folder / "objects" / "deal.yaml"
    file.write_text(UNTIDY)

    code, out, _ = _run(capsys, "fmt", folder, "--check", "--json")

    assert (code, json.loads(out)) == (3, {"changed": [str(file)]})
    assert file.read_text() == UNTIDY


@pytest.mark.parametrize("command", ["check", "fmt"])
def test_offline_commands_start_without_the_database_and_the_web(command):
    """They run in editors and git hooks, where every tenth of a second counts."""
    heavy = ("sqlalchemy", "alembic", "psycopg", "flask", "celery", "marshmallow", "granian")
    program = (
        f"import sys, deploy_tool.cli, deploy_tool.cli.commands.{command}\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_an_unforeseen_error_is_one_object_and_exit_1(folder, capsys, monkeypatch):
    """Even then `--json` gives an object; the details go to stderr."""

    def fail(_folder):
        raise ZeroDivisionError

    monkeypatch.setattr("deploy_tool.cli.commands.check.check_folder", fail)

    code, out, err = _run(capsys, "check", folder, "--json")

    assert (code, json.loads(out)["code"]) == (1, "P100")
    assert "ZeroDivisionError" in err
