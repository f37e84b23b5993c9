"""An edit made in a browser: one component's text or an end of it, merged, planned, carried out.

The same plan and the same apply as the command line, with another source: the tree somebody looked
at, changed in one place. What others published meanwhile is merged in; where both changed the same
property, the caller gets the conflicts and decides. Pure but for `carry_out_edit`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deploy_tool.deploying.applying import PATIENCE_SECONDS, Order, apply_plan
from deploy_tool.plans.planning import Incoming, Planned, plan_deployment
from deploy_tool.sources.trees import Running
from engine.clock import Clock
from engine.compile import compile_model
from engine.compiled import Model
from engine.diff import merge_components
from engine.diff.merge import Conflict
from engine.errors import Problem, Severity, sort_problems
from engine.names import ComponentKey, split_key
from engine.snapshots import Environment
from engine.source import SourceDoc, SourceTree, canonical, digest_of, make_tree
from engine.source.sheets import (
    ReadText,
    edited_text,
    is_document,
    read_text,
    renamed_text,
    text_of,
    with_order,
)
from engine.store.platform.versions import Content, Version, keep_texts
from engine.store.tx import Tx

Docs = dict[ComponentKey, SourceDoc]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What somebody wants one component to say, and the tree they looked at when they began.

    `text` is its YAML; None ends the component. `former` is its name before, where it is renamed.
    `mine_wins`: where both sides changed the same, this edit stands. `shown_on`: layouts that a new
    field is added to; without one of them nobody would see it.
    """

    key: ComponentKey
    text: str | None
    base: SourceTree
    former: ComponentKey | None = None
    mine_wins: bool = False
    shown_on: tuple[ComponentKey, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An edit laid over what runs: what stands in its way, or the tree that it leads to.

    `problems` are placed in the text where they belong to it, and name their component otherwise.
    `texts` are components that say the same in other words: only comments or layout differ.
    """

    key: ComponentKey
    tree: SourceTree
    problems: tuple[Problem, ...]
    conflicts: tuple[Conflict, ...] = ()
    texts: Mapping[ComponentKey, SourceDoc]
    model: Model | None = None

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that stand in the way."""
        return tuple(p for p in self.problems if p.severity is Severity.ERROR)


def propose_edit(running: SourceTree, edit: Edit, previous: Model | None) -> Proposal:
    """Lay an edit over what runs, and check the whole that comes of it. Cost: O(components)."""
    read = read_text(edit.key, edit.text) if edit.text is not None else None
    edited, found = _edited(edit, read)
    tree, conflicts = _merged(running, edit, edited)
    problems = list(found)
    model = None
    if not conflicts:
        broken = frozenset() if read is None else read.broken
        model, more = compile_model(replace(tree, broken=broken), previous)
        problems += [read.placed(problem) if read else problem for problem in more]
    return Proposal(
        key=_key_of(edit, read),
        tree=tree,
        problems=sort_problems(problems),
        conflicts=conflicts,
        texts={} if _is_same_text(running, edit) else _other_words(running, tree),
        model=model,
    )


def plan_edit(
    environment: Environment,
    running: Running,
    proposal: Proposal,
    previous: Model | None,
    tx: Tx | None = None,
) -> Planned:
    """Plan what an edit without problems would do; `tx` counts the records that it concerns.

    Raises: MetadataInvalid M100.
    """
    incoming = Incoming(tree=proposal.tree, name=proposal.key, model=proposal.model)
    dialect = environment.database.dialect
    return plan_deployment(environment.name, dialect, running, incoming, previous=previous, tx=tx)


def carry_out_edit(
    environment: Environment,
    proposal: Proposal,
    planned: Planned,
    order: Order,
    clock: Clock,
    *,
    patience: float = PATIENCE_SECONDS,
) -> Version | None:
    """Make the version, or keep other comments where nothing else changed (None then).

    Raises: DeploymentFailed, as `apply_plan` does.
    """
    database = environment.database
    if planned.operations:
        return apply_plan(database, planned, order, clock, patience=patience)
    if proposal.texts:
        with database.write() as tx:
            keep_texts(tx, {key: _content(doc) for key, doc in proposal.texts.items()})
    return None


def text_under_name(base: SourceTree, former: ComponentKey, name: str) -> str:
    """Give a component's text under another name, with the old one among its former names."""
    doc, own = base.docs[former], split_key(former)[1][-1]
    akas = doc.data.get("aka")
    known = [each for each in akas if each != name] if isinstance(akas, list) else []
    data = {**doc.data, "aka": list(dict.fromkeys((*known, own)))}
    return renamed_text(base, former, name, data)


# --- what the edit itself says -------------------------------------------------------------------


def _edited(edit: Edit, read: ReadText | None) -> tuple[SourceTree, list[Problem]]:
    """Change the tree that was looked at. Returns: it, and problems of reading the text."""
    docs: Docs = dict(edit.base.docs)
    if read is None:
        _end(docs, edit.key)
        return _ordered(docs, edit.key), []
    wanted, strangers = _wanted(edit, read)
    problems = list(read.problems)
    if is_document(edit.key) and wanted:
        for key in _belonging(docs, edit.former or edit.key):
            del docs[key]
    elif edit.former is not None and wanted:
        docs.pop(edit.former, None)
    docs.update(wanted)
    for layout in edit.shown_on:
        _show_on(docs, layout, edit)
    if not problems:
        problems = [_stranger(edit, key) for key in strangers] or _absent(edit, wanted)
    return _ordered(docs, edit.key), problems


def _show_on(docs: Docs, layout: ComponentKey, edit: Edit) -> None:
    """Put a new field at the end of a layout's first section; its text keeps its comments."""
    kind, path = split_key(edit.key)
    doc = docs.get(layout)
    if kind != "field" or doc is None or split_key(layout)[1][0] != path[0]:
        return
    known = doc.data.get("sections")
    sections = [dict(each) for each in known] if isinstance(known, list) else []
    if not sections:
        sections.append({"name": "fields", "fields": []})
    fields = sections[0].get("fields")
    sections[0]["fields"] = [*(fields if isinstance(fields, list) else []), path[-1]]
    data = {**doc.data, "sections": sections}
    text = edited_text(edit.base, layout, data) if layout in edit.base.docs else ""
    docs[layout] = SourceDoc(key=layout, data=data, text=text, digest=digest_of(data))


def _wanted(edit: Edit, read: ReadText) -> tuple[Docs, list[ComponentKey]]:
    """Part what a text says into what may stand in it and what may not."""
    key = edit.key
    kind = split_key(key)[0]
    if is_document(key):
        own = set(_belonging(read.docs, key))
    elif kind == "index":  # its name follows from its fields
        own = {each for each in read.docs if split_key(each)[0] == kind}
    else:
        own = {key}
    parts = {kind} if not is_document(key) else {split_key(each)[0] for each in read.docs}
    docs = {each: doc for each, doc in read.docs.items() if each in own}
    others = [each for each in read.docs if each not in own and split_key(each)[0] in parts]
    return docs, others


def _belonging(docs: Iterable[ComponentKey], key: ComponentKey) -> list[ComponentKey]:
    """List a document's component and what lies in the same document."""
    from_kind, path = split_key(key)
    parts = _PARTS.get(from_kind, frozenset())
    return [
        each
        for each in docs
        if each == key or (split_key(each)[0] in parts and split_key(each)[1][: len(path)] == path)
    ]


def _end(docs: Docs, key: ComponentKey) -> None:
    for each in _belonging(docs, key):
        del docs[each]


def _ordered(docs: Docs, key: ComponentKey) -> SourceTree:
    """Let the object say the order of what it holds now."""
    kind, path = split_key(key)
    if kind in _PARTS["object"]:
        head = with_order(docs, path[0])
        if head is not None:
            docs[head.key] = head
    return make_tree(docs.values())


def _key_of(edit: Edit, read: ReadText | None) -> ComponentKey:
    if read is not None and edit.key.startswith("index:"):
        return next((each for each in read.docs if each.startswith("index:")), edit.key)
    return edit.key


def _stranger(edit: Edit, key: ComponentKey) -> Problem:
    message = f"The text says “{key}”, and this page is about {edit.key}."
    hint = "rename and new ones have buttons of their own"
    return Problem(code="M120", message=message, component=key, hint=hint, line=1, col=1)


def _absent(edit: Edit, wanted: Docs) -> list[Problem]:
    if wanted:
        return []
    message = "The text says nothing about it any more."
    hint = "to end it, use the button Retire"
    return [Problem(code="M108", message=message, component=edit.key, hint=hint, line=1, col=1)]


_PARTS: Mapping[str, frozenset[str]] = {
    "object": frozenset({"field", "record_type", "validation_rule", "index", "duplicate_rule"}),
    "permission_set": frozenset({"object_permission"}),
}


# --- laid over what others did -------------------------------------------------------------------


def _merged(
    running: SourceTree, edit: Edit, edited: SourceTree
) -> tuple[SourceTree, tuple[Conflict, ...]]:
    """Merge an edit into what runs now; texts of authors stay wherever they fit."""
    if edit.base.digest == running.digest:
        return edited, ()
    base, theirs, ours = (_data(tree) for tree in (edit.base, running, edited))
    if edit.mine_wins:
        merge = merge_components(base, ours, theirs)
    else:
        merge = merge_components(base, theirs, ours)
    touched = {key for key in base.keys() | ours.keys() if base.get(key) != ours.get(key)}
    docs: Docs = {key: doc for key, doc in running.docs.items() if key not in touched}
    for key in (key for key in touched if key in merge.components):
        docs[key] = _document(running, edited, key, merge.components[key])
    conflicts = () if edit.mine_wins else merge.conflicts
    return _ordered(docs, edit.key), conflicts


def _document(
    running: SourceTree, edited: SourceTree, key: ComponentKey, data: Mapping[str, object]
) -> SourceDoc:
    digest = digest_of(data)
    for side in (edited, running):
        doc = side.docs.get(key)
        if doc is not None and doc.digest == digest:
            return doc
    text = edited_text(running, key, data) if key in running.docs else ""
    return SourceDoc(key=key, data=data, text=text, digest=digest)


def _data(tree: SourceTree) -> dict[ComponentKey, Mapping[str, object]]:
    return {key: doc.data for key, doc in tree.docs.items()}


def _other_words(running: SourceTree, tree: SourceTree) -> dict[ComponentKey, SourceDoc]:
    """List what says the same as before in another text."""
    return {
        key: doc
        for key, doc in tree.docs.items()
        if doc.text
        and key in running.docs
        and running.docs[key].digest == doc.digest
        and running.docs[key].text != doc.text
    }


def _is_same_text(running: SourceTree, edit: Edit) -> bool:
    """Tell whether the text is the very one that was shown."""
    if edit.text is None or edit.key not in running.docs:
        return False
    return edit.text.strip("\n") == text_of(running, edit.key).strip("\n")


def _content(doc: SourceDoc) -> Content:
    return Content(digest=doc.digest, data=canonical(doc.data), source=doc.text)


__all__ = [
    "Edit",
    "Proposal",
    "carry_out_edit",
    "plan_edit",
    "propose_edit",
    "text_of",
    "text_under_name",
]
