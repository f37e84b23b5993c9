"""Forms as a browser sees them: the values of a page's form, ready to be changed and sent."""

from __future__ import annotations

from html.parser import HTMLParser


class _Fields(HTMLParser):
    """Collects the fields of the form with one id."""

    def __init__(self, form: str) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: dict[str, str] = {}
        self._form, self._is_in = form, False
        self._text: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._is_in = known.get("id") == self._form or self._form in known.get("class", "")
        owner = known.get("form")  # an input may stand in another form than its own
        if (not self._is_in) if owner is None else owner != self._form:
            return
        name = known.get("name", "")
        if tag == "input" and name:
            kind = known.get("type", "text")
            if kind not in {"checkbox", "radio"} or "checked" in known:
                self.fields[name] = known.get("value", "")
        elif tag == "textarea":
            self._text = name
            self.fields[name] = ""
        elif tag == "select":
            self._select = name
            self.fields.setdefault(name, "")
        elif tag == "option" and self._select is not None and "selected" in known:
            self.fields[self._select] = known.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._text is not None and self._is_in:
            self.fields[self._text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_in = False
        elif tag == "textarea" and self._text is not None:
            # Browsers drop the first line break of an area, and send the others as CR LF.
            text = self.fields[self._text].removeprefix("\n")
            self.fields[self._text] = text.replace("\n", "\r\n")
            self._text = None
        elif tag == "select":
            self._select = None


def fields_of(page: str, form: str = "form") -> dict[str, str]:
    """Give what a browser would send of a form, by its id or class."""
    found = _Fields(form)
    found.feed(page)
    return found.fields
