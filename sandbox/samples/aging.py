"""Keeps the sample data young: what nobody has touched moves along with the days.

When the samples are loaded, the day and the version of every record are noted in the environment.
On a later day each record that still has that version is moved by the days in between, with its
history. What somebody has changed since stays exactly as they left it; so do records they made.
docs/decisions/sample-data.md tells why it is done so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from engine.clock import FixedClock
from engine.expr import EvalContext
from engine.names import ObjectName, component_key
from engine.saving.deadlines.clocks import settle_clocks
from engine.saving.refill import refill
from engine.session import Session, run
from engine.snapshots import Environment
from engine.store.platform.enter import SystemCredential
from engine.store.platform.values import load_settings, put_setting
from engine.store.shifting import draw_to, live_versions, shift
from sandbox.samples.values import Today

SETTING = "samples"
Ranges = list[list[int]]  # [first, last] of ids that follow each other
Noted = Mapping[str, Mapping[str, Ranges]]  # object -> version -> ids


def today_of(environment: Environment, now: datetime) -> Today:
    """Give the day it is in the time zone of an environment's project."""

    def work(session: Session) -> Today:
        zone = ZoneInfo(session.snapshot.model.project.time_zone)
        return Today(day=now.astimezone(zone).date(), zone=zone)

    return run(environment, SystemCredential(), work, write=False)


def note_samples(
    environment: Environment, objects: Iterable[str], today: Today, now: datetime
) -> None:
    """Note which records are samples, as they are now, and the day they were made for.

    From here on they are today's: what was to happen to them by now is over, without a mail.
    """

    def work(session: Session) -> None:
        _note(session, {str(name) for name in objects}, today)

    run(environment, SystemCredential(), work, write=True, clock=FixedClock(now))


def move_along(environment: Environment, now: datetime) -> int:
    """Move the samples to today; give by how many days. Costs one statement when they are.

    A clock that goes back moves nothing.
    """
    with environment.database.read() as tx:
        noted = load_settings(tx).get(SETTING)
    if noted is None:
        return 0
    setting = cast("Mapping[str, str]", noted)
    zone = ZoneInfo(setting["zone"])
    today = Today(day=now.astimezone(zone).date(), zone=zone)
    day = date.fromisoformat(setting["day"])
    days = (today.day - day).days
    if days > 0:
        clock = FixedClock(now)
        run(
            environment,
            SystemCredential(),
            lambda s: _move(s, today, days),
            write=True,
            clock=clock,
        )
    return max(days, 0)


def _move(session: Session, today: Today, days: int) -> None:
    unit = session.unit
    setting = cast("Mapping[str, object]", load_settings(unit.tx)[SETTING])
    noted = cast("Noted", setting["versions"])
    kept: dict[str, dict[int, int]] = {}
    for name, versions in noted.items():
        if name not in unit.snapshot.model.objects:
            continue  # retired: it moves no more
        live = live_versions(unit.tx, unit.snapshot, ObjectName(name))
        kept[name] = {n: version for n, version in _spread(versions) if live.get(n) == version}
        ids = sorted(kept[name])
        shift(unit.tx, unit.snapshot, ObjectName(name), ids, days=days)
        at = today.happened(0, unit.now)  # as when they were loaded: a little while ago
        since = today.start
        draw_to(unit.tx, unit.snapshot, ObjectName(name), ids, since=since, at=at)
    # Formulas over the moved dates: as if every one of them were new.
    before = {component_key("object", str(name)): "" for name in unit.snapshot.model.objects}
    context = EvalContext(now=unit.now, zone=today.zone, env=unit.snapshot.env)
    refill(unit.tx, unit.snapshot, context, before)  # type: ignore[arg-type]  # digests of nothing
    for name, records in kept.items():
        _settle(session, name, records)
    _put(session, kept, today)


def _settle(session: Session, name: str, records: Iterable[int]) -> None:
    """Say where the clocks of samples of an object stand today."""
    if session.snapshot.model.deadlines.get(ObjectName(name)):
        settle_clocks(session.unit, set(records))


def _note(session: Session, objects: set[str], today: Today) -> None:
    unit = session.unit
    found = {
        name: live_versions(unit.tx, unit.snapshot, ObjectName(name)) for name in sorted(objects)
    }
    for name, versions in found.items():
        _settle(session, name, versions)
    _put(session, found, today)


def _put(session: Session, found: Mapping[str, Mapping[int, int]], today: Today) -> None:
    noted = {
        "day": today.day.isoformat(),
        "zone": today.zone.key,
        "versions": {name: _gather(ids) for name, ids in found.items()},
    }
    put_setting(session.unit.tx, SETTING, noted)


def _gather(versions: Mapping[int, int]) -> dict[str, Ranges]:
    """Write ids by version, as ranges."""
    gathered: dict[str, Ranges] = {}
    for record in sorted(versions):
        ranges = gathered.setdefault(str(versions[record]), [])
        if ranges and ranges[-1][1] == record - 1:
            ranges[-1][1] = record
        else:
            ranges.append([record, record])
    return gathered


def _spread(versions: Mapping[str, Ranges]) -> Iterator[tuple[int, int]]:
    for version, ranges in versions.items():
        for first, last in ranges:
            yield from ((record, int(version)) for record in range(first, last + 1))
