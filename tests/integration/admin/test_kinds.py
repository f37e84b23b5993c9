from __future__ import annotations

import pytest

from admin.kinds import FAMILIES, PLURALS, SINGULARS
from engine.model.kinds import KINDS
from engine.names import split_key
from engine.source import load_tree
from tests.integration.admin.conftest import Designer
from tests.support.repository import ROOT

KEYS = {split_key(key)[0]: key for key in sorted(load_tree(ROOT / "metadata")[0].docs)}
UNLABELLED = {"translation"}  # their data is nothing but labels
EVERY = pytest.mark.parametrize("kind", sorted(KINDS))


def place(kind: str) -> str:
    """Give the page of one component of a kind, below Setup; an object's form has a tab."""
    path = ".".join(split_key(KEYS[kind])[1])
    return f"{kind}/{path}{'?tab=form' if kind == 'object' else ''}"


def test_every_kind_has_its_place() -> None:
    """A new kind cannot be forgotten: each stands in one group and has its words."""
    grouped = [kind for family in FAMILIES for kind in family.kinds]

    assert sorted(grouped) == sorted(KINDS) == sorted(PLURALS) == sorted(SINGULARS)
    assert set(KEYS) == set(KINDS), "the shipped application shows every kind"


@EVERY
def test_the_list_of_a_kind_names_its_components(designer: Designer, kind: str) -> None:
    """Whatever can be declared can be found."""
    page = designer.get(f"{kind}/")

    assert f"/setup/{kind}/{'.'.join(split_key(KEYS[kind])[1])}" in page


@EVERY
def test_saving_what_was_not_changed_changes_nothing(designer: Designer, kind: str) -> None:
    """The form gives back just what it showed: no version, and the text stays byte for byte."""
    page = place(kind)
    before = designer.yaml(page.partition("?")[0])

    answer = designer.send(page)

    assert answer.status_code == 303, answer.text[:3000]
    assert "same=1" in answer.headers["Location"]
    assert designer.yaml(page.partition("?")[0]) == before


@EVERY
def test_the_yaml_sent_back_as_it_is_changes_nothing(designer: Designer, kind: str) -> None:
    """The source view is in step with what is stored."""
    page = place(kind).partition("?")[0]

    answer = designer.send(f"{page}?tab=yaml")

    assert answer.status_code == 303, answer.text[:3000]
    assert "same=1" in answer.headers["Location"]


@pytest.mark.parametrize("kind", sorted(set(KINDS) - UNLABELLED))
def test_a_label_changed_in_the_form_stands_in_the_yaml(designer: Designer, kind: str) -> None:
    """A form edits the author's text in place: everything else of it stays, comments too."""
    page = place(kind)
    bare = page.partition("?")[0]
    commented = f"# Kept for {kind}.\n{designer.yaml(bare)}"
    kept = designer.send(f"{bare}?tab=yaml", text=commented)
    assert kept.status_code == 303, kept.text[:3000]

    answer = designer.send(page, **{"/label": f"New {kind} <i>"})

    assert answer.status_code == 303, answer.text[:3000]
    assert "saved=" in answer.headers["Location"]
    text = designer.yaml(bare)
    assert text.startswith(f"# Kept for {kind}.\n")
    assert f"New {kind} <i>" in text
    assert "<i>" not in designer.get(page)


@EVERY
def test_the_other_tabs_open(designer: Designer, kind: str) -> None:
    """Where it is used, and who changed it."""
    bare = place(kind).partition("?")[0]

    assert designer.get(f"{bare}?tab=used")
    assert "r1" in designer.get(f"{bare}?tab=history")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"project"}))
def test_an_empty_new_form_opens_and_is_refused_in_words(designer: Designer, kind: str) -> None:
    """Nothing is made of nothing, and nobody meets an internal error."""
    answer = designer.send(f"new/{kind}")

    assert answer.status_code == 422, answer.text[:3000]
    assert 'class="trouble"' in answer.text
