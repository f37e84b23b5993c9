"""The approval that a request goes by: as it was when the record was submitted.

What was published since, switched off or retired changes nothing for it. The version is compiled
once per process; nearly always the present one has the same approval, and that costs nothing.
"""

from __future__ import annotations

from engine.compile import compile_model
from engine.compiled import Approval, Model
from engine.errors import Conflict
from engine.locale import say
from engine.names import Digest
from engine.saving.unit import Unit
from engine.source import tree_from_stored
from engine.store.memo import Memo
from engine.store.platform.approvals import Request
from engine.store.platform.journal import tree_at
from engine.store.platform.versions import load_revisions, tree_digest

_OLDER: Memo[Digest, Model | None] = Memo(16)


def approval_of(unit: Unit, request: Request) -> Approval:
    """Give the approval that a request goes by. Raises: Conflict W169 when it cannot be read."""
    found = _among(unit.snapshot.model, request)
    if found is None:
        older = _older(unit, request.revision)
        found = None if older is None else _among(older, request)
    if found is None:
        message = say("The configuration by which this was submitted cannot be read any more.")
        raise Conflict(message, code="W169", hint=say("recall it, and submit it again"))
    return found


def label_of(unit: Unit, request: Request) -> str:
    """Give the label of a request's approval, as it is now or was, in the caller's language."""
    now = unit.snapshot.model.approvals.get(request.object, ())
    for approval in now:
        if approval.name == request.approval:
            return approval.title(unit.language)
    return request.approval


def _among(model: Model, request: Request) -> Approval | None:
    return next(
        (
            one
            for one in model.approvals.get(request.object, ())
            if one.name == request.approval and one.digest == request.digest
        ),
        None,
    )


def _older(unit: Unit, version: int) -> Model | None:
    """Compile a version of this environment as it was; what is the same now is shared."""
    tree = tree_at(unit.tx, version)

    def make() -> Model | None:
        rows = load_revisions(unit.tx, tree.items())
        read = tree_from_stored((key, data, text or "") for key, data, text in rows)
        return compile_model(read, unit.snapshot.model)[0]

    return _OLDER.get_or_make(tree_digest(tree), make)
