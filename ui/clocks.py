"""The deadlines of a record as people read them: what is left of the time, or how late it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.saving.deadlines.timing import Timing, timings
from engine.session import Session
from engine.store.platform.clocks import CANCELLED, MET, MISSED, PAUSED, RUNNING
from web.formats import Formats
from web.texts import later, say

_TONES = {MET: "green", PAUSED: "amber", RUNNING: "blue"}
_MINUTE, _HOUR = 60, 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One deadline on the page. `tone`: the colour of its tag."""

    label: str
    said: str
    detail: str
    tone: str


def gather_clocks(session: Session, fmt: Formats, name: str, record: int) -> Sequence[Shown]:
    """Give the deadlines of a record that the visitor sees: no statement where there are none.

    The newest clock of each deadline; those that were cancelled say nothing.
    """
    if not session.snapshot.model.deadlines.get(name):  # type: ignore[call-overload]  # plain text
        return ()
    newest: dict[str, Timing] = {}
    for one in timings(session.unit, record):
        newest.setdefault(one.sla, one)
    return [_shown(fmt, one) for one in newest.values() if one.state != CANCELLED]


def _shown(fmt: Formats, one: Timing) -> Shown:
    tone = "red" if one.is_late else _TONES.get(one.state, "")
    return Shown(label=one.label, said=_said(one), detail=_detail(fmt, one), tone=tone)


def _said(one: Timing) -> str:
    if one.state == MET:
        return say("Met after {time}", time=_length(one.used))
    if one.state == MISSED:
        return say("Missed: it took {time}", time=_length(one.used))
    left = one.remaining or 0
    if left < 0:
        return say("Late by {time}", time=_length(-left))
    if one.state == PAUSED:
        return say("Paused, {time} left", time=_length(left))
    return say("{time} left", time=_length(left))


def _detail(fmt: Formats, one: Timing) -> str:
    if one.ended_at is not None:
        return fmt.moment(one.ended_at)
    if one.due_at is None:
        return ""
    due = say("due {moment}", moment=fmt.moment(one.due_at))
    return due if not one.hours else f"{due}, {say(_IN_HOURS)}"


def _length(seconds: int) -> str:
    """Give a length of time in hours and minutes."""
    minutes = seconds // _MINUTE
    hours, rest = divmod(minutes, 60)
    if hours:
        return say("{hours} h {minutes} min", hours=hours, minutes=rest)
    return say("{minutes} min", minutes=rest)


_IN_HOURS = later("in working hours")
