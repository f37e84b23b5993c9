"""Sharing rules and the groups they name, ready to be lowered.

Conditions are checked as expressions with those of all other kinds; here they must also have a form
in SQL, because every list asks them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from engine.compile.groups import check_roles, members_of_groups
from engine.compile.objects import CONDITION, scope_of
from engine.compile.work import Work, name_of
from engine.compiled import Members, SharingRule
from engine.expr import Expression, ExprInvalid, compile_expression
from engine.names import ObjectName, split_key
from engine.source import SourceDoc

DIALECTS = ("sqlite", "postgresql")


def compile_sharing(work: Work) -> None:
    """Fill `groups` and `sharing`."""
    check_roles(work)
    work.groups.update(members_of_groups(work))
    docs: dict[ObjectName, list[SourceDoc]] = {}
    for doc in work.named("sharing_rule").values():
        owner = ObjectName(split_key(doc.key)[1][0])
        if owner in work.declared and doc.data.get("active") is not False:
            docs.setdefault(owner, []).append(doc)
    work.sharing = work.lazily(docs, lambda owner: _rules(work, owner, docs[owner]))


def _rules(work: Work, owner: ObjectName, docs: list[SourceDoc]) -> tuple[SharingRule, ...]:
    rules = (_rule(work, doc, owner) for doc in docs)
    return tuple(rule for rule in rules if rule is not None)


def _rule(work: Work, doc: SourceDoc, owner: ObjectName) -> SharingRule | None:
    where = _condition(work, doc, owner)
    if "where" in doc.data and where is None:
        return None
    owners, to = _group(doc.data.get("owner")), _group(doc.data.get("with"))
    name = name_of(doc.key)
    return SharingRule(
        name=name,
        object=owner,
        label=str(doc.data.get("label") or name),
        where=where,
        owners=owners or None,
        to=to,
        access=str(doc.data.get("access", "read")),
        digest=_digest(doc, work.groups, owners),
    )


def _condition(work: Work, doc: SourceDoc, owner: ObjectName) -> Expression | None:
    text = doc.data.get("where")
    if text is None:
        return None
    try:
        where = compile_expression(_text(text), scope_of(work, owner), expect=CONDITION)
    except ExprInvalid:
        return None  # `check_expressions` says why
    for dialect in DIALECTS:
        problem = where.sql_problem(dialect)
        if problem is not None:
            work.report(doc, problem.code, problem.message, "/where", problem.hint)
            return None
    return where


def _text(value: object) -> str:
    """Write a constant of YAML as an expression (`where: true`)."""
    return str(value).upper() if isinstance(value, bool) else str(value)


def _group(who: object) -> str:
    """Write `{role: emea}` as "role:emea"; "" for what is not one group."""
    if not isinstance(who, Mapping):
        return ""
    return next((f"{sort}:{name}" for sort, name in who.items()), "")


def _digest(doc: SourceDoc, groups: Mapping[str, Members], owners: str) -> str:
    """Stand for all that a predicate is made of beside the objects that it reads."""
    members = groups.get(owners, Members())
    told = f"{doc.digest} {sorted(members.roles)} {sorted(members.users)}"
    return hashlib.sha256(told.encode()).hexdigest()[:32]
