"""One component's page: its form, its YAML, where it is used, who changed it; and saving it."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from flask import request
from werkzeug.wrappers import Response

from admin.drafts import (
    FORM,
    YAML,
    Draft,
    before_of,
    is_whole,
    key_of_new,
    nameless_key,
    new_draft,
    number_of,
    sent_draft,
    stored_draft,
    with_text,
)
from admin.forms import Hints, draw
from admin.forms.shapes import kind_shape
from admin.kinds import PLURALS, SINGLE, SINGULARS, UNNAMED, family_of
from admin.lists import ensure_kind
from admin.rights import SEES, ensure, may
from admin.saving import Looked, Outcome, Wish, base_tree, look_and_save
from admin.suggesting import Suggester
from admin.telling import conflict_rows, problems_by_pointer, reasons_of, top_problems
from admin.words import address, label_of, title_of
from deploy_tool.designing import text_under_name
from deploy_tool.plans.policy import load_policy
from deploy_tool.sources.trees import Running, read_running
from engine.errors import NotFound
from engine.model.kinds import KINDS
from engine.names import ComponentKey, component_key, split_key
from engine.session import Session
from engine.source import SourceTree
from engine.store.platform.change_sets import list_change_sets
from engine.store.platform.journal import load_blame
from web.answers import go
from web.frame import page, show
from web.texts import say
from web.visit import PRODUCTION, visit

TABS = (FORM, YAML, "used", "history")
_LOOKING = frozenset({"check", "try", "refresh", "mine"})
TRIED = frozenset({"workflow", "validation_rule"})  # kinds that are tried on existing records
INVALID, CONFLICT = 422, 409


def show_component(kind: str, name: str) -> Response:
    """Show a component that is there."""
    ensure_kind(kind)
    key = component_key(kind, *name.split("."))
    tab = request.args.get("tab", FORM)

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, *SEES)
        running = read_running(session.unit.tx)
        ensure_there(running.tree, key)
        known = tab if tab in TABS else FORM
        draft = stored_draft(running.tree, key, running.head.version, known)
        return _opened(session, running.tree, draft)

    return show("admin/component.html", work)


def save_component(kind: str, name: str) -> Response:
    """Save what was sent, or look at it, or change the form as a button asks."""
    ensure_kind(kind)
    key = component_key(kind, *name.split("."))

    def prepare(session: Session, running: Running) -> tuple[Draft, Wish | None]:
        tree = base_tree(session, running, number_of(request.form.get("base", "")))
        ensure_there(tree, key)
        draft = sent_draft(tree, key, request.form, is_new=False)
        return _wished(session, draft)

    looked = look_and_save(prepare, form_values)
    return _answer(looked, "admin/component.html")


def show_new(kind: str) -> Response:
    """Show an empty form."""
    ensure_kind(kind)

    def work(session: Session) -> Mapping[str, object]:
        ensure(session, "customize")
        running = read_running(session.unit.tx)
        parent = request.args.get("parent", "")
        key = nameless_key(kind, parent)
        data = _first_data(kind)
        draft = new_draft_of(running, key, data)
        return _opened(session, running.tree, draft)

    return show("admin/component.html", work)


def create_component(kind: str) -> Response:
    """Make something new of what was sent."""
    ensure_kind(kind)

    def prepare(session: Session, running: Running) -> tuple[Draft, Wish | None]:
        key = key_of_new(kind, request.form)
        tree = base_tree(session, running, number_of(request.form.get("base", "")))
        draft = sent_draft(tree, key, request.form, is_new=True)
        is_known = key in running.tree.docs and kind not in UNNAMED
        flaw = _name_flaw(key, is_known=is_known)
        if flaw and request.form.get("do", "save") in {"save", "check"}:
            draft = _with_problem(draft, "~name", flaw)
        return _wished(session, draft)

    looked = look_and_save(prepare, form_values)
    return _answer(looked, "admin/component.html")


def rename_component(kind: str, name: str) -> Response:
    """Give a component another name; its former one stays known."""
    ensure_kind(kind)
    former = component_key(kind, *name.split("."))
    wanted = request.form.get("name", "").strip()
    key = component_key(kind, *split_key(former)[1][:-1], wanted)

    def prepare(session: Session, running: Running) -> tuple[Draft, Wish | None]:
        ensure_there(running.tree, former)
        draft = stored_draft(running.tree, former, running.head.version, FORM)
        flaw = _name_flaw(key, is_known=key in running.tree.docs)
        flaw = flaw or policy_flaw(session, request.form.get("reason", "").strip())
        if flaw:
            return _with_problem(draft, "~rename", flaw), None
        return draft, Wish(
            key=key,
            text=text_under_name(running.tree, former, wanted),
            base=running.head.version,
            former=former,
            reason=request.form.get("reason", "").strip()[:1000],
            accepted=_accepted(),
        )

    looked = look_and_save(prepare, form_values)
    return _answer(looked, "admin/component.html", doing="rename")


def retire_component(kind: str, name: str) -> Response:
    """End a component: hidden, its values kept."""
    ensure_kind(kind)
    key = component_key(kind, *name.split("."))

    def prepare(session: Session, running: Running) -> tuple[Draft, Wish | None]:
        ensure_there(running.tree, key)
        draft = stored_draft(running.tree, key, running.head.version, FORM)
        flaw = policy_flaw(session, request.form.get("reason", "").strip())
        if flaw:
            return _with_problem(draft, "~reason", flaw), None
        reason = request.form.get("reason", "").strip()[:1000]
        version = running.head.version
        return draft, Wish(key=key, text=None, base=version, reason=reason, accepted=_accepted())

    looked = look_and_save(prepare, form_values)
    outcome = looked.outcome
    if outcome is not None and outcome.is_done:
        kind_page = f"{visit().root}/setup/{kind}/"
        return go(f"{kind_page}?{_done(outcome)}")
    return _answer(looked, "admin/component.html", doing="retire")


# --- what a page shows ---------------------------------------------------------------------------


def form_values(session: Session, tree: SourceTree, draft: Draft) -> dict[str, object]:
    """Give what the page of a component shows, beside problems of what was sent."""
    kind, path = split_key(draft.key)
    model = session.snapshot.model
    used = sorted(model.links.used_by(draft.key)) if not draft.is_new else []
    asks_name = draft.is_new and kind not in SINGLE | UNNAMED
    return {
        "draft": draft,
        "key": draft.key,
        "kind": kind,
        "family": family_of(kind),
        "plural": say(PLURALS[kind]),
        "one": say(SINGULARS[kind]),
        "summary": say(KINDS[kind].summary),
        "label": say("New") if draft.is_new else label_of(draft.key, draft.data),
        "name": path[-1],
        "parent": path[0] if len(path) > 1 else "",
        "parents": _parents(kind, tree) if asks_name or kind in UNNAMED else [],
        "asks_name": asks_name,
        "layouts": layouts_of(tree, path[0]) if draft.is_new and kind == "field" else [],
        "suggester": Suggester(draft.key, draft.data, tree).over(model),
        "used": [(each, address(visit().root, each), title_of(each, say)) for each in used],
        "versions": [] if draft.is_new else load_blame(session.unit.tx, draft.key),
        "may_change": may(session, "customize"),
        "can_try": kind in TRIED,
        "sets": list_change_sets(session.unit.tx) if visit().environment.row.parent else [],
        "is_production": visit().environment.name == PRODUCTION,
        "here": address(visit().root, draft.key),
    }


def _opened(session: Session, tree: SourceTree, draft: Draft) -> dict[str, object]:
    """Give what a page shows before anything was sent."""
    values = form_values(session, tree, draft)
    return {
        **values,
        "before": before_of(draft),
        "form": form_of(values, draft, {}),
        "doing": "save",
        "did": _did(request.args),
    }


def _did(query: Mapping[str, str]) -> dict[str, str]:
    """Read from the address what was done just before; only digits are taken."""
    known = {name: query.get(name, "") for name in ("saved", "undo", "same", "kept", "undone")}
    return {name: text for name, text in known.items() if text.isdigit()}


def ensure_there(tree: SourceTree, key: ComponentKey) -> None:
    """Refuse a component that is not there. Raises: NotFound N100."""
    if key not in tree.docs:
        raise NotFound(
            say("There is no {what}.", what=title_of(key, say)),
            hint=say("It may have been renamed or retired meanwhile."),
        )


def new_draft_of(running: Running, key: ComponentKey, data: Mapping[str, object]) -> Draft:
    """Begin something new that has no name yet."""
    if is_whole(key):
        return new_draft(running.tree, key, running.head.version, data)
    base = running.head.version
    return Draft(key=key, is_new=True, tab=FORM, data=data, text="", base=base)


def form_of(
    values: Mapping[str, object], draft: Draft, problems: Mapping[str, list[str]]
) -> object:
    """Draw the form of a draft."""
    suggester = values["suggester"]
    assert isinstance(suggester, Suggester)  # made by `form_values`
    hints = Hints(problems=problems, suggest=suggester, say=say)
    return draw(kind_shape(draft.kind), draft.data, hints)


def _parents(kind: str, tree: SourceTree) -> list[str]:
    parent = KINDS[kind].parent
    return [split_key(key)[1][0] for key in tree.docs if parent and key.startswith(f"{parent}:")]


def _first_data(kind: str) -> Mapping[str, object]:
    """Give what a new component says before anything is filled in."""
    wanted = request.args
    shape = kind_shape(kind)
    known: dict[str, object] = {
        name: wanted[name] for name in ("type", "object", "where") if name in wanted
    }
    # A list that somebody filtered comes with its columns and its order.
    lists = {name: wanted[name].split(",") for name in ("fields", "sort") if wanted.get(name)}
    known |= lists
    if kind == "field" and "type" not in known:
        known["type"] = "text"
    return {
        name: text for name, text in known.items() if name == "type" or name in shape.properties
    }


# --- what was sent -------------------------------------------------------------------------------


def _wished(session: Session, draft: Draft) -> tuple[Draft, Wish | None]:
    """Say what shall happen with a draft, under the policy of production."""
    is_saved = request.form.get("do", "save") in {"save", "mine"}
    flaw = policy_flaw(session, draft.reason) if is_saved else ""
    if flaw:
        draft = _with_problem(draft, "~reason", flaw)
    return draft, _wish(draft)


def policy_flaw(session: Session, reason: str) -> str:
    """Say why production takes no direct change; sandboxes take every one."""
    if visit().environment.name != PRODUCTION:
        return ""
    direct = load_policy(session.unit.tx).direct_edit
    if direct == "no":
        return say(
            "The policy of production allows no direct changes. Do it in a sandbox and promote it."
        )
    if direct == "with_reason" and not reason:
        return say("Say why: production notes a reason with every direct change.")
    return ""


def _wish(draft: Draft) -> Wish | None:
    """Say what shall happen with a draft: nothing where only the form changes."""
    action = request.form.get("do", "save")
    if draft.problems or (action != "save" and action not in _LOOKING) or action == "refresh":
        return None
    return Wish(
        key=draft.key,
        text=draft.text,
        base=draft.base,
        reason=draft.reason,
        mine_wins=action == "mine",
        accepted=_accepted(),
        shown_on=_shown_on(draft),
        is_tried=action in {"check", "try"},
        is_simulated=action == "try" and draft.kind in TRIED,
    )


def _shown_on(draft: Draft) -> tuple[ComponentKey, ...]:
    """Give the layouts that a new field is added to."""
    if not draft.is_new or draft.kind != "field":
        return ()
    return tuple(ComponentKey(key) for key in request.form.getlist("~layout"))


def layouts_of(tree: SourceTree, name: str) -> list[tuple[ComponentKey, str, bool]]:
    """Give the layouts of an object: key, what people call it, whether its box is ticked."""
    sent = request.form.getlist("~layout") if request.method == "POST" else None
    found = [key for key in tree.docs if key.startswith(f"layout:{name}.")]
    return [(key, label_of(key, tree.docs[key].data), sent is None or key in sent) for key in found]


def _accepted() -> frozenset[str]:
    return frozenset(request.form.getlist("accept")) & {"retire", "narrowing"}


def _name_flaw(key: ComponentKey, *, is_known: bool) -> str:
    if not is_whole(key):
        return say("Give it a name, or a label that one can be made from.")
    if is_known:
        return say("There is a {what} already.", what=title_of(key, say))
    return ""


def _with_problem(draft: Draft, pointer: str, sentence: str) -> Draft:
    values = {name: getattr(draft, name) for name in Draft.__slots__}
    return Draft(**{**values, "problems": {**draft.problems, pointer: [sentence]}})


def _answer(looked: Looked, template: str, *, doing: str = "save") -> Response:
    """Lead on after a save; else show the form again with all that was filled in."""
    outcome, draft = looked.outcome, looked.draft
    if outcome is not None and outcome.is_done and not (looked.wish and looked.wish.is_tried):
        there = address(visit().root, outcome.proposal.key)
        tab = f"tab={draft.tab}&" if draft.tab != FORM else ""
        return go(f"{there}?{tab}{_done(outcome)}")
    if draft.tab == YAML:
        draft = with_text(draft)
    problems = problems_by_pointer(draft, outcome)
    values = {
        **looked.values,
        "frame": looked.frame,
        "fmt": looked.frame.formats,
        "draft": draft,
        "before": before_of(draft),
        "outcome": outcome,
        "doing": doing,
        "problems": top_problems(draft, outcome),
        "form": form_of(looked.values, draft, problems),
        "conflicts": conflict_rows(outcome),
        "reasons": reasons_of(outcome, say),
        "is_sound": bool(outcome) and not _is_refused(outcome, draft),
    }
    return page(template, values, status=_status(outcome, draft))


def _is_refused(outcome: Outcome | None, draft: Draft) -> bool:
    if outcome is None:
        return bool(draft.problems)
    return bool(outcome.proposal.errors or outcome.proposal.conflicts or outcome.refusal)


def _status(outcome: Outcome | None, draft: Draft) -> int:
    if outcome is None:
        return INVALID if draft.problems else 200
    if outcome.proposal.conflicts or outcome.refusal or outcome.needs:
        return CONFLICT
    return INVALID if outcome.proposal.errors else 200


def _done(outcome: Outcome) -> str:
    """Give the query that lets the next page say what happened."""
    if outcome.version is None:
        return "same=1" if outcome.is_same else "kept=1"
    undo = "1" if outcome.can_be_undone else "0"
    return urlencode({"saved": outcome.version.number, "undo": undo})
