"""The routes of views that people keep for themselves: seen, kept and forgotten by their owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, request

from api.bodies import read_object
from api.calls import Calls, Outcome
from api.headers import body_is_lines, read_body
from api.queries import read_id, read_query
from engine.errors import FieldError, RequestInvalid
from engine.locale import say
from engine.saving.own_views import Asks, OwnView
from engine.session import Session

VIEWS = "/objects/<object>/views"
LISTS = ("where", "fields", "sort")
TEXTS = ("label", "view", "shape")
View = Callable[..., Response]


def own_view_routes(calls: Calls) -> tuple[tuple[str, str, View, str], ...]:
    """Give the part of the table of routes that is about views of one's own."""
    routes = OwnViewRoutes(calls)
    return (
        ("GET", VIEWS, routes.list, "read"),
        ("POST", VIEWS, routes.keep, "records"),
        ("DELETE", f"{VIEWS}/<id>", routes.drop, "records"),
    )


@dataclass(frozen=True, slots=True)
class OwnViewRoutes:
    """Views of /objects/{object}/views."""

    calls: Calls

    def list(self, environment: str, object: str) -> Response:
        """List the caller's own views of an object; `view=own:ID` of a list opens one."""
        _query()

        def work(session: Session) -> Outcome:
            found = session.own_views.of_object(session.compiled(object))
            return Outcome(value={"views": [_view(one) for one in found]})

        return self.calls.read(environment, work)

    def keep(self, environment: str, object: str) -> Response:
        """Keep a view under a name, for the caller alone; one of this name is replaced."""
        _query()
        body_is_lines()
        label, asks = _asks(read_object(read_body()))

        def work(session: Session) -> Outcome:
            kept = session.own_views.keep(session.compiled(object), label, asks)
            return Outcome(value=_view(kept), status=201)

        return self.calls.write_once(environment, work)

    def drop(self, environment: str, object: str, id: str) -> Response:
        """Forget a view of the caller's; 204."""
        _query()
        view = read_id(id)

        def work(session: Session) -> Outcome:
            session.own_views.drop(session.compiled(object), view)
            return Outcome(status=204)

        return self.calls.write(environment, work)


def _query() -> None:
    read_query(request.environ.get("QUERY_STRING", ""), ())


def _asks(body: Mapping[str, object]) -> tuple[str, Asks]:
    """Read what a view asks for. Raises: RequestInvalid Q112 with every problem."""
    errors = [
        _flaw(name, say('There is no "{name}" here.', name=name))
        for name in sorted(body.keys() - {*LISTS, *TEXTS})
    ]
    texts = {name: body.get(name, "") for name in TEXTS}
    lists = {name: body.get(name, []) for name in LISTS}
    errors += [_flaw(n, say("This is a text.")) for n, v in texts.items() if not isinstance(v, str)]
    errors += [
        _flaw(name, say("This is a list of texts."))
        for name, value in lists.items()
        if not (isinstance(value, list) and all(isinstance(one, str) for one in value))
    ]
    if errors:
        message = say("This view cannot be kept.")
        raise RequestInvalid(message, code="Q112", errors=tuple(errors))
    where, fields, sort = (tuple(map(str, lists[name])) for name in LISTS)  # type: ignore[call-overload]  # lists
    view, shape = str(texts["view"]), str(texts["shape"])
    return str(texts["label"]), Asks(where=where, fields=fields, sort=sort, view=view, shape=shape)


def _flaw(field: str, message: str) -> FieldError:
    return FieldError(field=field, code="Q112", message=message)


def _view(one: OwnView) -> dict[str, object]:
    return {
        "id": one.id,
        "label": one.label,
        "where": list(one.asks.where),
        "fields": list(one.asks.fields),
        "sort": list(one.asks.sort),
        "view": one.asks.view or None,
        "shape": one.asks.shape or None,
    }
