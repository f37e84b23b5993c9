"""The records of a list: the filter put together, one page read, everything counted.

What the address asks for wrongly is said in words and left out; the rest of the list is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.compiled import CompiledObject
from engine.errors import PatronError, RequestInvalid
from engine.session import ListRequest, Page, Record, Session
from ui.cells import Cells
from ui.columns import Column, paths_of
from ui.listing.asked import Asked
from ui.listing.counts import Counted, Counts, measure
from ui.listing.views import Shown
from ui.listing.wording import Speaker
from web.formats import Formats


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A typed filter as a chip: its text and words, what is wrong with it, where it goes away."""

    text: str
    words: str
    problem: str
    hint: str
    without: str


@dataclass(slots=True, kw_only=True)
class Listing:
    """A list in the making, for one page. `problems` grow while it is gathered."""

    session: Session
    fmt: Formats
    asked: Asked
    compiled: CompiledObject
    view: Shown
    cells: Cells
    problems: list[str] = field(default_factory=list)
    status: int = 200

    def refuse(self, error: PatronError) -> None:
        """Say what was wrong; the page answers with the error's status."""
        hint = f" ({error.hint})" if error.hint else ""
        self.problems.append(f"{error.message}{hint}")
        self.status = error.status

    def read_filters(self) -> tuple[Filter, ...]:
        """Check what the address filters by, each on its own."""
        speaker = Speaker(self.session, self.compiled.name, self.fmt)
        return tuple(self._filter(speaker, at, text) for at, text in enumerate(self.asked.where))

    def view_words(self) -> list[str]:
        """Put the view's own filter into words."""
        where = None if self.view.view is None else self.view.view.where
        if where is None:
            return []
        return Speaker(self.session, self.compiled.name, self.fmt).parts(where)

    def whole(self, filters: Sequence[Filter], *more: str) -> str | None:
        """Join the view's filter and the typed ones that are right."""
        own = None if self.view.view is None else self.view.view.where
        texts = [] if own is None else [own.text]
        return joined([*texts, *_right(filters), *more])

    def request(
        self, columns: Sequence[Column], filters: Sequence[Filter], *more: str
    ) -> ListRequest:
        """Ask for one page of what the address asks for."""
        title = (str(self.compiled.title),) if self.compiled.title else ()
        return ListRequest(
            object=self.compiled.name,
            view=self.view.name or None,
            where=joined([*_right(filters), *more]),
            fields=tuple(dict.fromkeys([*paths_of(columns), *self._readable(title)])),
            sort=self.asked.sort,
            limit=self.asked.size,
            after=self.asked.after or None,
            bin=self.asked.is_bin,
        )

    def read_page(self, request: ListRequest) -> Page:
        """Read a page; where its order or place cannot be, from the start in the usual order."""
        try:
            return self.session.list(request)
        except RequestInvalid as refused:
            self.refuse(refused)
        plain = replace(request, sort=(), after=None)
        try:
            return self.session.list(plain)
        except RequestInvalid as refused:
            if refused.message not in "".join(self.problems):
                self.refuse(refused)
        return Page(records=[], next=None, count=0)

    def count(
        self, counts: Counts, filters: Sequence[Filter], page: Page, measures: Mapping[str, str]
    ) -> Counted | None:
        """Give the count and totals: counted now on a first page, lately on further ones."""
        if page.count is not None:
            counted = Counted(count=page.count, is_at_least=page.count_is_at_least, totals={})
        elif self.problems and not page.records:
            return None
        else:
            found = measure(self.session, self.compiled.name, self.whole(filters), measures)
            counted = found or Counted(count=len(page.records), is_at_least=True, totals={})
        counts.keep(self.count_key(filters), counted, self.session.unit.now)
        return counted

    def count_key(self, filters: Sequence[Filter]) -> tuple[object, ...]:
        """Name a count: who, with which rights, in which version of an environment, what filter."""
        snapshot, unit = self.session.snapshot, self.session.unit
        who = (snapshot.environment, snapshot.model.digest, unit.me, unit.access.signature)
        return (*who, self.compiled.name, self.view.name, self.asked.is_bin, *_right(filters))

    def names_of(self, records: Sequence[Record], columns: Sequence[Column]) -> None:
        """Read the names behind lookups to several objects."""
        self.cells.load(columns, records)

    def _filter(self, speaker: Speaker, at: int, text: str) -> Filter:
        without = self.asked.without_filter(at).address()
        try:
            compiled = self.session.unit.planner.expression(self.compiled.name, text, "where", [])
        except RequestInvalid as refused:
            self.status = refused.status
            said = refused.errors[0].message if refused.errors else refused.message
            hint = refused.errors[0].hint if refused.errors else refused.hint
            return Filter(text=text, words=text, problem=said, hint=hint, without=without)
        words = speaker.whole(compiled)
        return Filter(text=text, words=words, problem="", hint="", without=without)

    def _readable(self, paths: Sequence[str]) -> list[str]:
        planner = self.session.unit.planner
        return [p for p in paths if planner.follow(self.compiled.name, p) is not None]


def joined(texts: Sequence[str]) -> str | None:
    """Join conditions that all must hold; None for none."""
    if len(texts) <= 1:
        return texts[0] if texts else None
    return " AND ".join(f"({text}\n)" for text in texts)


def _right(filters: Sequence[Filter]) -> list[str]:
    return [one.text for one in filters if not one.problem]
