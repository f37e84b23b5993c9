"""Who may bring records along: only who may read all of them, every field.

Masked records still tell numbers, dates and who is connected with whom. So nobody gets by a sandbox
what the environment itself would not show them.
"""

from __future__ import annotations

from engine.errors import AccessDenied
from engine.locale import say
from engine.session import Session

NEEDS_ALL = "A105"


def ensure_reads_all(session: Session) -> None:
    """Refuse who may not read every field of every record. Raises: AccessDenied A105."""
    access, model = session.unit.access, session.snapshot.model
    for name, compiled in sorted(model.objects.items()):
        own = access.of(name)
        if not own.may("view_all"):
            raise _denied(say("view all of {object}", object=compiled.label))
        hidden = [f for f in compiled.fields.values() if not own.readable & f.bit]
        if hidden:
            label = hidden[0].decl.label
            raise _denied(say("read {field} of {object}", field=label, object=compiled.label))


def _denied(missing: object) -> AccessDenied:
    message = say("Only who may read all records brings them along into a sandbox.")
    hint = say("missing: {right}; without records you may make one", right=missing)
    return AccessDenied(message, code=NEEDS_ALL, hint=hint)
