"""Whatever a configuration or a record says, pages show it as text: nothing of it runs."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.support.houses import House, open_house, write_files
from tests.support.visitors import Visitor, visitor_of

EVIL = "<script>alert(1)</script>"
QUOTED = "\\\"'><img src=x onerror=alert(1)>"
FILES = {
    "project.yaml": f"""\
project: evil
label: '{EVIL}'
format: 1
languages: [en]
currencies: [EUR]
""",
    "objects/deal.yaml": f"""\
object: deal
label: '{EVIL}'
plural: "{QUOTED}"
sharing: read_write
features: {{history: true}}
fields:
  name: {{type: text, required: true, label: '{EVIL}', help: "{QUOTED}"}}
  stage:
    type: picklist
    label: "{QUOTED}"
    default: open
    values: {{open: {{label: '{EVIL}'}}, won: {{label: "{QUOTED}"}}}}
  notes: {{type: rich_text, label: Notes}}
  site: {{type: url}}
validation_rules:
  never: {{invalid_if: name = "no", message: '{EVIL}', field: name}}
""",
    "views/deal.yaml": f"""\
view: deal.all
label: '{EVIL}'
fields: [name, stage, notes, site]
""",
    "apps/evil.yaml": f"""\
app: evil
label: "{QUOTED}"
items: [home, deal]
""",
}
ADDRESSES = frozenset({"href", "src", "action", "formaction"})


class Runs(HTMLParser):
    """Collects what a browser would run: scripts of the page, handlers, foreign images, frames."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        given = dict(attrs)
        if (tag == "script" and not given.get("src")) or tag in {"iframe", "object", "embed"}:
            self.found.append(f"<{tag}>")
        for name, value in given.items():
            is_address = name in ADDRESSES and (value or "").lower().startswith("javascript:")
            if name.startswith("on") or is_address or (tag == "img" and value == "x"):
                self.found.append(f"<{tag} {name}={value}>")


def runs(page: str) -> list[str]:
    """Give what would run on a page."""
    parser = Runs()
    parser.feed(page)
    return parser.found


@pytest.fixture
def evil(tmp_path: Path) -> Iterator[House]:
    """Give a house whose every label is an attack."""
    files = write_files(tmp_path / "files", FILES)
    with open_house(Settings(home=tmp_path / "home"), files) as made:
        yield made


def pages(visitor: Visitor, record: int) -> list[tuple[str, str]]:
    """Open every page that shows labels or values."""
    root = "/e/production"
    addresses = [
        f"{root}/",
        f"{root}/menu",
        f"{root}/me",
        f"{root}/search?q=script",
        f"{root}/o/deal",
        f"{root}/o/deal?view=all",
        f"{root}/o/deal/new",
        f"{root}/o/deal/{record}",
        f"{root}/o/deal/{record}/edit",
        f"{root}/o/deal/{record}/delete",
        f"{root}/setup/",
        f"{root}/setup/object/deal",
    ]
    found = []
    for address in addresses:
        answer = visitor.get(address)
        assert answer.status_code == 200, (address, answer.status_code)
        found.append((address, answer.text))
    return found


def test_labels_and_values_are_shown_as_text(evil: House):
    """Tags, quotes and attributes of labels, helps, messages and values are escaped everywhere."""
    admin = evil.caller()
    record = admin.create("deal", name=EVIL, stage="won", notes=f"<b>ok</b>{EVIL}")
    visitor = visitor_of(evil, "admin")

    shown = pages(visitor, record["id"])

    assert {address: runs(text) for address, text in shown if runs(text)} == {}
    assert any("&lt;script&gt;alert(1)" in text for _, text in shown)


def test_what_was_typed_comes_back_as_text(evil: House):
    """A refused form repeats what was typed, and the rule's message, without running either."""
    visitor = visitor_of(evil, "admin")
    new = "/e/production/o/deal/new"

    refused = visitor.send(new, new, name="no", site=f'javascript:alert(1)"{EVIL}')

    assert refused.status_code == 422, refused.text
    assert runs(refused.text) == []
    assert "alert(1)" in refused.text


def test_the_test_would_see_it():
    """A page that runs something is told from one that shows it."""
    assert runs(EVIL) == ["<script>"]
    assert runs("<img src=x onerror=alert(1)>") == ["<img src=x>", "<img onerror=alert(1)>"]
    assert runs('<a href="JavaScript:alert(1)">') == ["<a href=JavaScript:alert(1)>"]
    assert runs("&lt;script&gt;<script src='/a.js'></script>") == []
