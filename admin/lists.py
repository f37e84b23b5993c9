"""What there is: the overview of Setup, and the list of the components of a kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response

from admin.kinds import FAMILIES, PLURALS, SINGULARS, Family, family_of
from admin.platform import TABLES
from admin.rights import SEES, ensure, may
from admin.words import address, label_of, sort_of, tags_of
from deploy_tool.sources.trees import head_tree
from engine.compiled import Model
from engine.diff import Add
from engine.errors import NotFound
from engine.model.kinds import KINDS
from engine.names import ComponentKey, split_key
from engine.session import Session
from engine.source import SourceTree
from engine.store.platform.showing import LISTINGS
from sandbox.changes import changes_since_baseline
from web.frame import show
from web.texts import say
from web.visit import PRODUCTION, visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A component in a list."""

    key: ComponentKey
    address: str
    label: str
    name: str
    owner: str  # the component it belongs to, "" for one that stands alone
    sort: str
    tags: tuple[str, ...]
    is_new: bool
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """A kind on the overview, with how many there are."""

    kind: str
    label: str
    summary: str
    count: int


def show_start() -> Response:
    """Show every kind with how many there are of it."""

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, *SEES, "manage_users", "view_audit")
        counts = Counter(split_key(key)[0] for key in session.snapshot.model.tree)
        families = [(family, _counts(family, counts)) for family in FAMILIES]
        tables = [
            (name, say(text))
            for name, (text, right) in TABLES.items()
            if may(session, right)
            and (visit().environment.name == PRODUCTION or not LISTINGS[name].is_central)
        ]
        runs = {"sees_runs": may(session, "customize")}
        return {"families": families, "sees": may(session, *SEES), "tables": tables, **runs}

    return show("admin/start.html", work)


def show_family(family: str) -> Response:
    """Show the kinds of one group."""

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, *SEES)
        found = next((each for each in FAMILIES if each.name == family), None)
        if found is None:
            raise NotFound(say("There is no such page."))
        counts = Counter(split_key(key)[0] for key in session.snapshot.model.tree)
        return {"families": [(found, _counts(found, counts))], "family": found, "sees": True}

    return show("admin/start.html", work)


def show_kind(kind: str) -> Response:
    """Show the components of a kind."""
    ensure_kind(kind)

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, *SEES)
        tree = head_tree(session.unit.tx)
        return {
            "kind": kind,
            "family": family_of(kind),
            "title": say(PLURALS[kind]),
            "one": say(SINGULARS[kind]),
            "summary": say(KINDS[kind].summary),
            "rows": rows_of(session, tree, (kind,)),
            "may_change": may(session, "customize"),
        }

    return show("admin/kind.html", work)


def ensure_kind(kind: str) -> None:
    """Refuse a kind that is none. Raises: NotFound N100."""
    if kind not in KINDS:
        raise NotFound(say("There is no such kind of component."))


def rows_of(
    session: Session, tree: SourceTree, kinds: Iterable[str], *, only: Iterable[str] | None = None
) -> list[Row]:
    """Give the components of some kinds in the order of the tree; `only` names those wanted."""
    wanted = frozenset(kinds)
    chosen = None if only is None else frozenset(only)
    environment = visit().environment
    fresh = frozenset(
        each.component
        for each in changes_since_baseline(environment, session.unit.tx, session.snapshot.token)
        if isinstance(each, Add)
    )
    uses = use_counts(session.snapshot.model)
    return [
        _row(key, doc.data, fresh, uses)
        for key, doc in tree.docs.items()
        if split_key(key)[0] in wanted and (chosen is None or key in chosen)
    ]


def use_counts(model: Model) -> Counter[ComponentKey]:
    """Count for each component how many others name it. Cost: O(references)."""
    return Counter(key for named in model.links.uses.values() for key in set(named))


def _row(
    key: ComponentKey,
    data: Mapping[str, object],
    fresh: frozenset[ComponentKey],
    uses: Counter[ComponentKey],
) -> Row:
    kind, path = split_key(key)
    return Row(
        key=key,
        address=address(visit().root, key),
        label=label_of(key, data),
        name=path[-1],
        owner=".".join(path[:-1]),
        sort=sort_of(kind, data, say),
        tags=tuple(tags_of(data, say)),
        is_new=key in fresh,
        uses=uses[key],
    )


def _counts(family: Family, counts: Counter[str]) -> list[Count]:
    return [
        Count(
            kind=kind,
            label=say(PLURALS[kind]),
            summary=say(KINDS[kind].summary),
            count=counts[kind],
        )
        for kind in family.kinds
    ]
