"""`patron pull ENV PATTERN …`: some components into files, the inverse of choosing on a plan."""

from __future__ import annotations

import pytest

from tests.integration.deploy.conftest import DEAL

VIEW = "view: deal.all\nlabel: All\nfields: [name, note]\n"
RISK = "  risk: {type: text}\n"
NOTE = "  note: {type: text}\n"
APPLY = ("apply", "--to", "production", "--yes", "--json", "--from")


@pytest.fixture
def grown(production, tmp_path):
    """Let production have two more fields and a view than the files that were pulled before."""
    mine = tmp_path / "mine"
    assert production("pull", "production", "--to", mine).code == 0
    production.write(objects__deal=DEAL + NOTE + RISK, views__deal=VIEW)
    done = production(*APPLY, production.folder)
    assert done.code == 0, done.err
    return mine


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_one_component_comes_and_the_rest_stays(production, grown):
    """The note of the version stays too: the files still begin from there."""
    pulled = production("pull", "production", "field:deal.note", "--to", grown, "--json")

    assert pulled.code == 0, pulled.err
    text = (grown / "objects" / "deal.yaml").read_text()
    assert "note:" in text
    assert "risk:" not in text
    assert not (grown / "views").exists()
    assert (grown / ".patron" / "base").read_text() == "production@1\n"
    assert (grown / ".patron" / ".gitignore").read_text() == "*\n"
    # Nothing of production is taken back by what was not pulled.
    plan = production("plan", "--from", grown, "--to", "production", "--json")
    assert plan.json["changes"] == []


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_a_component_needs_comes_along_and_says_why(production, grown):
    """A view without its field could not run."""
    pulled = production("pull", "production", "view:deal.*", "--to", grown, "--json")

    assert pulled.json["added"] == {"field:deal.note": "added: view deal.all shows it"}
    assert production("check", grown).code == 0
    assert "risk:" not in (grown / "objects" / "deal.yaml").read_text()


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_when_nothing_else_differs_the_note_moves_on(production, grown):
    """All that changed was named, so the files are that version."""
    patterns = ("field:deal.note", "deal.risk", "view:*")

    pulled = production("pull", "production", *patterns, "--to", grown)

    assert "production@2: 2 files changed" in pulled.out
    assert (grown / ".patron" / "base").read_text() == "production@2\n"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_production_no_longer_has_goes_where_it_is_named(production, grown):
    """Only the named one; comments and other files stay."""
    assert production("pull", "production", "--to", grown).code == 0
    production.write(objects__deal=DEAL)
    (production.folder / "views" / "deal.yaml").unlink()
    done = production(*APPLY, production.folder, "--accept", "retire")
    assert done.code == 0, done.err

    production("pull", "production", "deal.risk", "--to", grown)

    text = (grown / "objects" / "deal.yaml").read_text()
    assert "risk:" not in text
    assert "note:" in text


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_pattern_that_is_nobodys_name_is_refused(production, grown):
    """Exit 64 with the nearest name; nothing is written. One that is equal already is fine."""
    wrong = production("pull", "production", "field:deal.nots", "--to", grown, "--json")
    equal = production("pull", "production", "field:deal.name", "--to", grown, "--json")

    assert (wrong.code, wrong.json["code"]) == (64, "U100")
    assert "field:deal.note" in wrong.json["hint"]
    assert (equal.code, equal.json["changed"]) == (0, [])


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_components_are_pulled_from_afar_too(grown, away):
    """The same words, the same files."""
    pulled = away("pull", "production", "deal.note", "--to", grown, "--json")

    assert pulled.code == 0, pulled.err
    assert "note:" in (grown / "objects" / "deal.yaml").read_text()
