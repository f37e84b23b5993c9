"""Views that people keep for themselves: a filter, columns and an order under a name of their own.

They are no metadata: nobody else sees them, they are not deployed, and they hold no records. What
one asks for is looked at under its owner's rights each time it is opened, so it shows nothing that
a list of theirs would not show. See docs/decisions/own-views.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.compiled import CompiledObject
from engine.errors import FieldError, NotFound, RequestInvalid
from engine.locale import say
from engine.query import ListRequest
from engine.saving.unit import Unit
from engine.store.platform import own_views
from engine.store.platform.own_views import OwnViewRow

OWN = "own:"  # before the id of a view of one's own, where a view is named
_DIGITS = 15  # of an id
SHAPES = ("", "table", "board", "calendar")
LONGEST_LABEL = 80
MOST_VIEWS = 50  # of one person on one object
MOST_FILTERS, MOST_FIELDS, MOST_SORTS = 20, 200, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What a view asks for: filters that all hold, columns, an order, the view it stands on."""

    where: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    view: str = ""
    shape: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnView:
    """A view of the caller's own. `id` stays the same when it is kept anew under its name."""

    id: int
    object: str
    label: str
    asks: Asks


@dataclass(frozen=True, slots=True)
class OwnViews:
    """The views of one caller."""

    unit: Unit

    def of_object(self, compiled: CompiledObject) -> list[OwnView]:
        """Give the caller's views on an object, by label: one statement."""
        unit = self.unit
        former = {old for old, now in unit.snapshot.model.aka.items() if now == compiled.name}
        rows = own_views.of_user(unit.tx, unit.me, {str(compiled.name), *former})
        return [_view(compiled, row) for row in rows]

    def get(self, compiled: CompiledObject, view: int) -> OwnView:
        """Give one of them. Raises: NotFound N100 for one of another object or person."""
        unit = self.unit
        row = own_views.find(unit.tx, unit.me, view)
        if row is None or unit.snapshot.model.aka.get(row.object, row.object) != compiled.name:
            raise NotFound(say("There is no such view of yours."))
        return _view(compiled, row)

    def opened(self, compiled: CompiledObject, request: ListRequest) -> ListRequest:
        """Ask for what a view named in a request asks for, and for what the request adds.

        Raises: NotFound N100.
        """
        number = str(request.view).removeprefix(OWN)
        is_id = number.isascii() and number.isdigit() and len(number) <= _DIGITS
        asks = self.get(compiled, int(number) if is_id else 0).asks
        filters = [*asks.where, *([request.where] if request.where else [])]
        return replace(
            request,
            view=asks.view or None,
            where=" AND ".join(f"({text})" for text in filters) or None,
            fields=request.fields or asks.fields or None,
            sort=request.sort or asks.sort,
        )

    def keep(self, compiled: CompiledObject, label: str, asks: Asks) -> OwnView:
        """Keep a view under a name; one that the caller has under it already is replaced.

        Raises: RequestInvalid Q112 with every problem: a name, a filter or a field that cannot be.
        """
        unit, name = self.unit, " ".join(label.split())
        errors = [*self._flaws(compiled, asks), *self._label_flaws(compiled, name)]
        if errors:
            message = say("This view cannot be kept.")
            raise RequestInvalid(message, code="Q112", errors=tuple(errors))
        kept = {
            "where": list(asks.where),
            "fields": list(asks.fields),
            "sort": list(asks.sort),
            "view": asks.view,
            "shape": asks.shape,
        }
        number = own_views.keep(unit.tx, unit.me, compiled.name, name, kept, at=unit.now)
        return OwnView(id=number, object=compiled.name, label=name, asks=asks)

    def drop(self, compiled: CompiledObject, view: int) -> None:
        """Forget a view. Raises: NotFound N100."""
        own_views.drop(self.unit.tx, self.unit.me, self.get(compiled, view).id)

    def _label_flaws(self, compiled: CompiledObject, label: str) -> list[FieldError]:
        if not label:
            return [_flaw("label", say("A view needs a name."))]
        if len(label) > LONGEST_LABEL:
            text = say("A name has at most {most} letters.", most=LONGEST_LABEL)
            return [_flaw("label", text)]
        mine = self.of_object(compiled)
        if len(mine) >= MOST_VIEWS and all(one.label != label for one in mine):
            text = say("You keep {most} views here already: delete one first.", most=MOST_VIEWS)
            return [_flaw("label", text)]
        return []

    def _flaws(self, compiled: CompiledObject, asks: Asks) -> list[FieldError]:
        """Say what the caller could not ask for in a list of theirs either."""
        planner = self.unit.planner
        found: list[FieldError] = []
        for text in asks.where:
            try:
                planner.expression(compiled.name, text, "where", [])
            except RequestInvalid as refused:
                found += refused.errors or (_flaw("where", refused.message),)
        for place, paths in (("fields", asks.fields), ("sort", asks.sort)):
            for path in paths:
                if planner.follow(compiled.name, path.removeprefix("-")) is None:
                    text = say('"{path}" is no field that you may read here.', path=path)
                    found.append(_flaw(place, text))
        if asks.view and asks.view not in self.unit.snapshot.model.views.get(compiled.name, {}):
            text = say('"{object}" has no view "{name}".', object=compiled.name, name=asks.view)
            found.append(_flaw("view", text))
        if asks.shape not in SHAPES:
            found.append(_flaw("shape", say("A list is a table, a board or a calendar.")))
        sizes = ((asks.where, MOST_FILTERS), (asks.fields, MOST_FIELDS), (asks.sort, MOST_SORTS))
        if any(len(given) > most for given, most in sizes):
            found.append(_flaw("", say("That is more than a list takes.")))
        return found


def _flaw(field: str, message: str) -> FieldError:
    return FieldError(field=field, code="Q112", message=message)


def _view(compiled: CompiledObject, row: OwnViewRow) -> OwnView:
    asks = Asks(
        where=_texts(row.asks.get("where")),
        fields=_texts(row.asks.get("fields")),
        sort=_texts(row.asks.get("sort")),
        view=str(row.asks.get("view", "")),
        shape=str(row.asks.get("shape", "")),
    )
    return OwnView(id=row.id, object=compiled.name, label=row.label, asks=asks)


def _texts(given: object) -> tuple[str, ...]:
    return tuple(map(str, given)) if isinstance(given, Sequence) else ()
