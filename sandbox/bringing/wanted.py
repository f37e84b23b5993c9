"""What somebody asks to bring along: nothing, a sample or everything. Pure.

Separate from choosing, because it is read from a command, a request or a form, and kept with the
sandbox, which is seeded anew by the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.errors import RequestInvalid
from engine.locale import say

NONE, SAMPLE, FULL = "none", "sample", "full"
KINDS = (NONE, SAMPLE, FULL)
DEFAULT_MOST, MOST = 200, 1000
EXAMPLE = """--root 'account=industry = "energy"'"""
SETTING = "records"  # under which a sandbox keeps what it was made with


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`roots`: expressions by object, for a sample. `most`: records of an object, or of a list."""

    data: str = NONE
    roots: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    most: int = DEFAULT_MOST

    @property
    def brings(self) -> bool:
        """Tell whether any record is brought along."""
        return self.data != NONE

    def as_json(self) -> dict[str, object]:
        """Give it as the sandbox keeps it."""
        return {"data": self.data, "roots": dict(self.roots), "most": self.most}


def read_wanted(data: str, roots: Mapping[str, str], most: int | None = None) -> Wanted:
    """Check what was asked for. Raises: RequestInvalid Q121."""
    if data not in KINDS:
        message = say('"{data}" is no way to bring records along.', data=data)
        raise _refused(message, say("choose {words}", words=", ".join(KINDS)))
    if data != SAMPLE and (roots or most is not None):
        message = say("Where a sample starts and how large it is are said of a sample only.")
        raise _refused(message, say("add --data sample, or leave them out"))
    wanted = DEFAULT_MOST if most is None else most
    if not 1 <= wanted <= MOST:
        raise _refused(say("A sample has 1 to {most} records of an object.", most=MOST), "")
    return Wanted(data=data, roots=MappingProxyType(dict(roots)), most=wanted)


def asked(wanted: Wanted) -> dict[str, object]:
    """Give the words of a request: what is as if nothing were said is not said."""
    told: dict[str, object] = {"data": wanted.data}
    if wanted.data == SAMPLE:
        told.update(roots=dict(wanted.roots), most=wanted.most)
    return told


def read_roots(words: Iterable[str]) -> dict[str, str]:
    """Read `OBJECT=EXPRESSION` words; "OBJECT" alone is all of it. Raises: RequestInvalid Q121."""
    found: dict[str, str] = {}
    for word in words:
        name, _, where = word.partition("=")
        if not name.strip() or name.strip() in found:
            hint = say("write each object once: {example}", example=EXAMPLE)
            raise _refused(say('"{word}" does not say where a sample starts.', word=word), hint)
        found[name.strip()] = where.strip()
    return found


def stored_wanted(value: object) -> Wanted:
    """Read what a sandbox kept; one that kept nothing was made without records."""
    kept = value if isinstance(value, Mapping) else {}
    return Wanted(
        data=str(kept.get("data", NONE)),
        roots=MappingProxyType({str(k): str(v) for k, v in dict(kept.get("roots", {})).items()}),
        most=int(kept.get("most", DEFAULT_MOST)),
    )


def ensure_brings(name: str, wanted: Wanted) -> None:
    """Refuse a sandbox that was made without records. Raises: RequestInvalid Q121."""
    if not wanted.brings:
        message = say("{name} was made without records.", name=name)
        raise _refused(message, say("make one with records: --data sample"))


def _refused(message: str, hint: str) -> RequestInvalid:
    return RequestInvalid(message, code="Q121", hint=hint)
