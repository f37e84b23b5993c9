"""What the history tells of a deployment: who, what and why, its evidence, its counts, its time.

Separate from `looking`, which lists: here is one deployment whole, the same for REST, the command
line and the page in Setup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from deploy_tool.looking import Answer, instant, minute
from deploy_tool.plans.rendering import count_of, named
from deploy_tool.plans.tallies import read_tally
from engine.errors import NotFound
from engine.names import ComponentKey
from engine.store.platform.deployments import Deployment, find_deployment
from engine.store.platform.evidence import Evidence, load_evidence
from engine.store.platform.journal import find_deployed
from engine.store.platform.timings import read_timings
from engine.store.platform.versions import Version
from engine.store.tx import Tx

_SHORT = 7  # digits of a digest that people read
_SAID = {"values": "hold a value", "would_fail": "would not pass", "less_visible": "out of sight"}


def deployment_of(tx: Tx, environment: str, number: int) -> Answer:
    """Tell of one deployment. Raises: NotFound D162."""
    found = find_deployment(tx, number)
    if found is None:
        hint = f"patron log {environment}"
        raise NotFound(f"{environment} has no deployment {number}.", code="D162", hint=hint)
    deployment, text = found
    plan: Mapping[str, object] = orjson.loads(text)
    evidence = load_evidence(tx, deployment.digest)
    version = find_deployed(tx, number)
    return {
        **summary_of(environment, deployment),
        "author": plan.get("author", ""),
        "reason": version.reason if version else "",
        "git_revision": _revision(plan, version),
        "project": deployment.project,
        "evidence": [_evidence(one) for one in evidence],
        "counts": {
            "before": read_tally(deployment.counted_before),
            "after": read_tally(deployment.counted_after) or None,
        },
        "timings": {
            sort: {"rows": rows, "milliseconds": spent}
            for sort, (rows, spent) in read_timings(deployment.timings).items()
            if spent
        },
        "planned": plan,
    }


def summary_of(environment: str, one: Deployment) -> Answer:
    """Tell what a list of deployments says of each."""
    return {
        "id": one.id,
        "environment": environment,
        "plan": one.digest,
        "base": one.base_version,
        "version": one.version,
        "state": one.state,
        "steps": list(one.steps),
        "by": one.actor,
        "started_at": instant(one.started_at),
        "finished_at": None if one.finished_at is None else instant(one.finished_at),
        "error": one.error,
    }


def lines_of(told: Answer) -> Iterator[str]:
    """Say it on a terminal."""
    name = told["environment"]
    became = "" if told["version"] is None else f"  →  {name}@{told['version']}"
    yield f"D-{told['id']}  {told['state']}  {name}@{told['base']}{became}"
    yield f"  by {told['by']}, {minute(told['started_at'])}{_ended(told)}"
    if told["reason"]:
        yield f"  reason: {told['reason']}"
    yield f"  plan {str(told['plan'])[:_SHORT]}{_origin(told)}"
    for each in _items(told["evidence"]):
        detail = _mapping(each["detail"])
        said = ", ".join(f"{detail[name]} {name}" for name in ("passed", "failed") if detail)
        yield f"  {each['kind']} by {each['by']}, {minute(each['at'])}{f': {said}' if said else ''}"
    yield from _count_lines(told)
    for sort, spent in _mapping(told["timings"]).items():
        rows, took = _mapping(spent)["rows"], _mapping(spent)["milliseconds"]
        yield f"  {str(sort).replace('_', ' ')}: {count_of(int(str(rows)), 'row')} in {took} ms"
    if told["error"]:
        yield f"  {told['error']}"


def count_rows(told: Answer) -> list[tuple[str, str, int, int | None]]:
    """Give what was counted: of what, counted as what, before, and after (None: nobody has)."""
    counts = _mapping(told["counts"])
    before, after = _mapping(counts["before"]), counts["after"]
    later = _mapping(after) if after else None
    rows = []
    for key, found in _mapping(before.get("changes", {})).items():
        left = _mapping(_mapping(later["changes"]).get(key, {})) if later else {}
        rows += [(key, n, int(str(c)), _whole(left.get(n))) for n, c in _mapping(found).items()]
    left = _mapping(later["rows"]) if later else {}
    counted = _mapping(before.get("rows", {})).items()
    return [*rows, *((f"object:{n}", "rows", int(str(c)), _whole(left.get(n))) for n, c in counted)]


def _count_lines(told: Answer) -> Iterator[str]:
    for key, name, before, after in count_rows(told):
        now = "not counted" if after is None else f"{after:,}"
        what = "rows" if name == "rows" else _SAID[name]
        yield f"  {named(ComponentKey(key))}: {before:,} {what} before, {now} after"


def _origin(told: Answer) -> str:
    said = [f"planned by {told['author']}"] if told["author"] else []
    said += [f"project {told['project']}"] if told["project"] else []
    revision = str(told["git_revision"] or "")
    commit, plus, merged = revision.partition("+")
    said += [f"git {commit[:_SHORT]}{plus}{merged}"] if revision else []
    return "".join(f", {part}" for part in said)


def _ended(told: Answer) -> str:
    return f", ended {minute(told['finished_at'])}" if told["finished_at"] else ""


def _revision(plan: Mapping[str, object], version: Version | None) -> object:
    return version.git_revision if version else plan.get("git_revision")


def _evidence(one: Evidence) -> Answer:
    detail = orjson.loads(one.detail) if one.detail else {}
    return {"kind": one.kind, "by": one.actor, "at": instant(one.at), "detail": detail}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _items(value: object) -> list[Mapping[str, object]]:
    return [_mapping(one) for one in value] if isinstance(value, list) else []


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
