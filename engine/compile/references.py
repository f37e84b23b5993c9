"""Third pass: every name that a component mentions must exist, whatever its kind.

What a kind may mention is data of the registry of kinds; this pass only looks the names up. The
same walk fills the where-used index.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.compile.work import Work
from engine.model.kinds import references
from engine.names import PLATFORM_FIELDS, ComponentKey, did_you_mean, split_key
from engine.source import SourceDoc

# Kinds that say something of a component whether or not it is switched off.
MAY_NAME_INACTIVE = frozenset({"translation", "object_permission"})


def check_references(work: Work) -> None:
    """Report what names nothing, once, at the place that names it."""
    every = _known(work)
    active = every - _switched_off(work)
    for doc in work.tree.docs.values():
        if doc.key in work.broken:
            continue
        known = every if split_key(doc.key)[0] in MAY_NAME_INACTIVE else active
        kept = _kept(work, doc)
        if kept is not None and known.issuperset(kept):
            work.uses[doc.key] = kept
        else:
            _check_all(work, doc, known)


def _kept(work: Work, doc: SourceDoc) -> tuple[ComponentKey, ...] | None:
    """Give what an unchanged component named when it was last looked at."""
    previous = work.previous
    if previous is None or previous.tree.get(doc.key) != doc.digest:
        return None
    return previous.links.uses.get(doc.key)


def _check_all(work: Work, doc: SourceDoc, known: set[str]) -> None:
    kind, _ = split_key(doc.key)
    missing: set[str] = set()
    found: dict[ComponentKey, None] = {}
    for pointer, wanted in references(kind, doc.key, doc.data):
        if str(wanted) in known:
            found[wanted] = None
        else:
            _report(work, doc, pointer, wanted, known, missing)
    work.uses[doc.key] = tuple(found)


def _known(work: Work) -> set[str]:
    known: set[str] = set(work.tree.docs)
    for name, parts in work.parts.items():
        known.add(f"object:{name}")
        known.update(str(doc.key) for doc in parts.fields.values())
    known.add("permission_set:system_administrator")
    return known


def _switched_off(work: Work) -> set[str]:
    """Give the fields with `active: false`: nothing may build on them."""
    return {
        str(doc.key)
        for parts in work.parts.values()
        for doc in parts.fields.values()
        if doc.data.get("active") is False
    }


def _report(
    work: Work,
    doc: SourceDoc,
    pointer: str,
    wanted: ComponentKey,
    known: set[str],
    missing: set[str],
) -> None:
    kind, path = split_key(wanted)
    if kind == "field" and path[-1] in PLATFORM_FIELDS:
        return
    if work.tree.is_broken(wanted):
        return  # it is there, and its own problem is reported
    parent = f"object:{path[0]}"
    if kind != "object" and len(path) > 1 and parent not in known:
        kind, path, wanted = "object", path[:1], ComponentKey(parent)
    if str(wanted) in missing:
        return  # said once; its fields follow from it
    missing.add(str(wanted))
    what = kind.replace("_", " ")
    name = path[-1]
    where = f' on "{path[0]}"' if len(path) > 1 else ""
    hint = did_you_mean(name, _siblings(kind, path, known))
    if wanted in work.tree.docs:
        hint = "it is switched off by `active: false`"
    work.report(doc, "M202", f'There is no {what} "{name}"{where}.', pointer=pointer, hint=hint)


def _siblings(kind: str, path: tuple[str, ...], known: Iterable[str]) -> list[str]:
    prefix = f"{kind}:" + "".join(f"{step}." for step in path[:-1])
    found = [key.removeprefix(prefix) for key in known if key.startswith(prefix)]
    return sorted(name for name in found if "." not in name)
