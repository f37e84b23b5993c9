"""Formatted text made safe: what people typed into a rich_text field, rebuilt from a short list.

Nothing of the source is passed on as it is: tags are written anew by name, texts are escaped, and
of attributes only the address of a link survives. Called when a value is shown, never when saved.
"""

from __future__ import annotations

from html.parser import HTMLParser

from markupsafe import Markup, escape

_KEPT = frozenset({"a", "b", "blockquote", "br", "code", "del", "em", "h3", "h4", "h5", "hr", "i"})
_KEPT |= frozenset({"li", "ol", "p", "pre", "s", "strong", "sub", "sup", "u", "ul"})
# Headings inside a page stand below its own.
_AS = {"h1": "h3", "h2": "h3", "h6": "h5", "div": "p"}
_EMPTY = frozenset({"br", "hr"})
_SILENT = frozenset({"script", "style", "template", "title", "textarea", "noscript", "svg", "math"})
_SAFE = ("http://", "https://", "mailto:", "tel:")
_DEEPEST = 40


class _Cleaner(HTMLParser):
    """Writes the allowed part of a document while it is parsed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[Markup] = []
        self._open: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        name = _AS.get(tag, tag)
        if self._silent or name not in _KEPT or len(self._open) >= _DEEPEST:
            return
        if name in _EMPTY:
            self.written.append(Markup("<{}>").format(name))
            return
        self._open.append(name)
        self.written.append(_link(dict(attrs)) if name == "a" else Markup("<{}>").format(name))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        name = _AS.get(tag, tag)
        if self._silent or name not in self._open:
            return
        while self._open:  # what stands open inside is closed with it
            last = self._open.pop()
            self.written.append(Markup("</{}>").format(last))
            if last == name:
                return

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.written.append(escape(data))

    def finish(self) -> Markup:
        """Close what is still open and give the whole."""
        self.close()
        self.written.extend(Markup("</{}>").format(name) for name in reversed(self._open))
        return Markup().join(self.written)


class _Reader(HTMLParser):
    """Collects the words of a document."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in _SILENT
        self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in _SILENT))

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def clean_html(text: str) -> Markup:
    """Give the harmless part of formatted text, as markup. Plain text stays what it is."""
    cleaner = _Cleaner()
    cleaner.feed(text)
    return cleaner.finish()


def plain_text(text: str) -> str:
    """Give the words of formatted text in one line."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return " ".join("".join(reader.words).split())


def _link(attributes: dict[str, str | None]) -> Markup:
    href = (attributes.get("href") or "").strip()
    if not href.lower().startswith(_SAFE) or not href.isprintable():
        return Markup("<a>")
    # The browser leaves this place with no trace of it, and the other page gets no hold on ours.
    return Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">').format(href)
