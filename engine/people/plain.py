"""HTML as plain text: what a mail shows where nobody shows HTML. Lines are kept, looks are not."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = frozenset({"br", "p", "div", "tr", "li", "table", "h1", "h2", "h3", "h4", "ul", "ol"})
_HIDDEN = frozenset({"script", "style", "head", "title"})


def plain_text(html: str) -> str:
    """Give the text of a page of HTML, with a new line where the page begins one.

    A link is followed by its address.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (
        re.sub(r"[ \t\r\f\v]+", " ", line).strip() for line in "".join(reader.found).split("\n")
    )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    """Collects texts; `found` grows in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._hidden = 0
        self._link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, or remember where a link leads."""
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag == "a":
            self._link = dict(attrs).get("href") or ""
        elif tag in _BREAKS:
            self.found.append("- " if tag == "li" else "\n")

    def handle_endtag(self, tag: str) -> None:
        """End a line, or write where a link led."""
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag == "a" and self._link:
            self.found.append(f" ({self._link})")
            self._link = ""
        elif tag in _BREAKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        """Take a text; line ends in the source are spaces."""
        if not self._hidden:
            self.found.append(data.replace("\n", " "))
