"""Generated pages are fresh, and links between pages lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.proof import Figure, read_page, render, renewed
from tests.support.repository import ROOT, relative, tracked
from tools.reference import PAGES

LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES)
def test_generated_page_is_fresh(page: str) -> None:
    """A page made from the source says what the source says; `make docs` renews it."""
    assert (ROOT / page).read_text(encoding="utf-8") == PAGES[page]()


@pytest.mark.parametrize("page", [p for p in tracked() if p.suffix == ".md"], ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file that is there."""
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_a_run_of_some_proofs_renews_their_figures_and_keeps_the_others():
    """The page read and written is the page; what was measured again takes its place."""
    old = [Figure(section="Kills", what=what, found="1", wanted="0") for what in ("a", "b")]
    page = render(old, "2 cores")
    new = Figure(section="Kills", what="b", found="0", wanted="0")

    assert read_page(page) == old
    assert renewed(read_page(page), [new]) == [old[0], new]
