"""Working hours and SLAs made ready: calendars as minutes, deadlines as seconds of them.

Separate from `expressions`, which checks conditions, and from `programs`, which lays out what
follows when a deadline is missed. Here is said what no schema can: spans that make sense, a country
and a zone that exist, a length that can be measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from engine.compile.work import Work, name_of
from engine.compiled import Deadline, WorkingHours
from engine.model.public_holidays import COUNTRIES, parts_of
from engine.names import ComponentKey, Digest, ObjectName, component_key, did_you_mean
from engine.source import SourceDoc

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
MOST_WEEKS = 150
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
Spans = tuple[tuple[int, int], ...]


def compile_deadlines(work: Work) -> None:
    """Fill `hours`, and `deadlines` with the SLAs that are switched on and without problems."""
    for name, doc in work.named("hours").items():
        hours = _hours(work, doc)
        if doc.key not in work.broken and hours is not None:
            work.hours[name] = hours
    found: dict[ObjectName, list[Deadline]] = {}
    for _, doc in sorted(work.named("sla").items()):
        deadline = _deadline(work, doc)
        if deadline is not None and doc.data.get("active") is not False:
            found.setdefault(deadline.object, []).append(deadline)
    work.deadlines.update({name: tuple(deadlines) for name, deadlines in found.items()})


# --- working hours --------------------------------------------------------------------------------


def _hours(work: Work, doc: SourceDoc) -> WorkingHours | None:
    days = _days(work, doc)
    zone = _zone(work, doc)
    country, off = _holidays(work, doc)
    if doc.key not in work.broken and not any(days):
        message = "Nobody ever works in these hours, so no time would pass."
        work.report(doc, "M342", message, pointer="/days")
    if zone is None:
        return None
    return WorkingHours(name=name_of(doc.key), days=days, zone=zone, country=country, days_off=off)


def _days(work: Work, doc: SourceDoc) -> tuple[Spans, ...]:
    given: dict[int, Spans] = {}
    declared = doc.data.get("days")
    for key, listed in declared.items() if isinstance(declared, Mapping) else ():
        spans = tuple(_spans(work, doc, f"/days/{key}", listed))
        for day in _weekdays(key):
            if day in given:
                message = f"{WEEK[day]} stands here a second time."
                work.report(doc, "M343", message, pointer=f"/days/{key}#")
            given[day] = spans
    return tuple(given.get(day, ()) for day in range(len(WEEK)))


def _weekdays(key: str) -> Iterator[int]:
    """Give the days of `mon-fri`, also over the weekend: `sat-mon`."""
    first, _, last = key.partition("-")
    day, end = WEEK.index(first), WEEK.index(last or first)
    yield day
    while day != end:
        day = (day + 1) % len(WEEK)
        yield day


def _spans(work: Work, doc: SourceDoc, at: str, listed: object) -> Iterator[tuple[int, int]]:
    before = 0
    for place, text in enumerate(listed if isinstance(listed, list | tuple) else ()):
        match = _SPAN.fullmatch(str(text))
        assert match is not None  # the schema saw to it
        hour, minute, end_hour, end_minute = map(int, match.groups())
        start, end = hour * 60 + minute, end_hour * 60 + end_minute
        if end > MIDNIGHT or start >= end:
            message = (
                f"{text} is no span of a day: it ends after it begins, at 24:00 at the latest."
            )
            hint = "hours over midnight are two spans: until 24:00, and from 00:00 of the next day"
            work.report(doc, "M343", message, pointer=f"{at}/{place}", hint=hint)
        elif start < before:
            message = f"{text} begins before the span in front of it has ended."
            work.report(doc, "M343", message, pointer=f"{at}/{place}")
        before = max(before, end)
        yield start, end


def _zone(work: Work, doc: SourceDoc) -> ZoneInfo | None:
    project = work.tree.docs.get(ComponentKey("project:project"))
    default = "UTC" if project is None else str(project.data.get("time_zone", "UTC"))
    name = doc.data.get("time_zone")
    known = available_timezones()
    if name is None:
        return ZoneInfo(default if default in known else "UTC")
    if name not in known:
        hint = did_you_mean(str(name), known)
        work.report(
            doc, "M345", f'There is no time zone "{name}".', pointer="/time_zone", hint=hint
        )
        return None
    return ZoneInfo(str(name))


def _holidays(work: Work, doc: SourceDoc) -> tuple[str, frozenset[date]]:
    given = doc.data.get("holidays")
    if isinstance(given, str):
        _check_place(work, doc, given)
        return given, frozenset()
    found = set()
    for place, text in enumerate(given if isinstance(given, list | tuple) else ()):
        try:
            found.add(date.fromisoformat(str(text)))
        except ValueError:
            message = f"{text} is no day of the calendar."
            work.report(doc, "M343", message, pointer=f"/holidays/{place}")
    return "", frozenset(found)


def _check_place(work: Work, doc: SourceDoc, place: str) -> None:
    country, _, part = place.partition("-")
    if country not in COUNTRIES:
        message = f'The holidays of "{country}" are not known: it is no ISO 3166 code of a country.'
        work.report(doc, "M344", message, pointer="/holidays")
    elif part and part not in parts_of(country):
        message = f'{country} has no part "{part}" with holidays of its own.'
        hint = did_you_mean(part, parts_of(country))
        work.report(doc, "M344", message, pointer="/holidays", hint=hint)


# --- deadlines ------------------------------------------------------------------------------------


def _deadline(work: Work, doc: SourceDoc) -> Deadline | None:
    named = doc.data.get("hours")
    hours = work.hours.get(str(named)) if named is not None else None
    if named is not None and hours is None:
        return None  # a dangling reference or a calendar with problems, reported
    seconds = _length(work, doc, hours)
    if doc.key in work.broken or seconds is None:
        return None
    start, stop = work.ready[doc.key, "/start_if"], work.ready[doc.key, "/stop_if"]
    pause = work.ready.get((doc.key, "/pause_if"))
    conditions = (start, stop) if pause is None else (start, stop, pause)
    return Deadline(
        name=name_of(doc.key),
        label=str(doc.data.get("label") or name_of(doc.key)),
        object=ObjectName(str(doc.data.get("object", ""))),
        start_if=start,
        stop_if=stop,
        pause_if=pause,
        seconds=seconds,
        hours=hours,
        has_breach=bool(doc.data.get("on_breach")),
        reads=frozenset(path for one in conditions for path in one.reads),
        parts=_parts(work, doc, named),
    )


def _parts(work: Work, doc: SourceDoc, named: object) -> Mapping[ComponentKey, Digest]:
    parts = {doc.key: doc.digest}
    if named is not None:
        calendar = work.tree.docs[component_key("hours", str(named))]
        parts[calendar.key] = calendar.digest
    return MappingProxyType(parts)


def _length(work: Work, doc: SourceDoc, hours: WorkingHours | None) -> int | None:
    """Give how long it may take. A day of working hours is their average, a week all of them."""
    number, unit = str(doc.data["within"]).split()
    unit = unit.rstrip("s")
    if unit == "month":
        message = "Months differ in length, so no clock can count them."
        work.report(doc, "M342", message, pointer="/within", hint="say it in days or weeks")
        return None
    seconds = int(number) * _unit(unit, hours)
    if seconds > MOST_WEEKS * _unit("week", hours):
        message = f"A deadline lies at most {MOST_WEEKS} weeks ahead."
        work.report(doc, "M342", message, pointer="/within")
        return None
    return seconds


def _unit(unit: str, hours: WorkingHours | None) -> int:
    if unit in _SECONDS:
        return _SECONDS[unit]
    if hours is None:
        return 24 * 3600 * (7 if unit == "week" else 1)
    week = sum(60 * (end - start) for spans in hours.days for start, end in spans)
    return week if unit == "week" else week // sum(1 for spans in hours.days if spans)
