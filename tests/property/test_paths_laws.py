"""Every path to a record is a filter of reading it: runs, traces, approvals, clocks, trials.

Over the random organisations of `test_sharing_laws`, as everybody, with the right to customize.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pytest

from engine.errors import NotFound
from engine.names import ComponentKey
from engine.session import ListRequest, Session, run
from engine.store.database import Database
from engine.store.platform.enter import MemberCredential
from engine.store.platform.runs import Wanted
from tests.property.test_sharing_laws import PEOPLE, REGION, Organisation, make_deals
from tests.support.proof import proof_length
from tests.support.worlds import build_world

SEEDS = range(proof_length(1, 12))
MAKER = "permission_set: maker\nlabel: Maker\npermissions: [customize]\n"
FLOW = """\
workflow: touched
object: deal
when: saved
if: size >= 0 AND account.size <> 77
steps: [{name: say, note: '"Size " & TEXT(size) & TEXT(account.size)'}]
"""
ASK = """\
approval: large
object: deal
submit: {automatic: true}
enter_if: size >= 0
lock: false
steps: [{name: all, approvers: [{role: r0}, {role: r1}, {role: r2}], decide: all}]
"""
SLA = "sla: reply\nobject: deal\nstart_if: size >= 0\nstop_if: size > 100\nwithin: 4 hours\n"
FILES = {
    "access/permission_sets/maker.yaml": MAKER,
    "workflows/deal.yaml": FLOW,
    "approvals/deal.yaml": ASK,
    "sla/deal.yaml": SLA,
}
WHY = "workflow:touched"
Path = Callable[[Session, int], object]
# What tells of one record; each finds it exactly where it can be read.
PATHS: Mapping[str, Path] = {
    "get": lambda s, deal: s.get("deal", deal, ["id"]),
    "look": lambda s, deal: _there(s.look("deal", deal, ("size",))),
    "history": lambda s, deal: s.history(_there(s.look("deal", deal, ("size",)))),
    "runs": lambda s, deal: s.runs.list(Wanted(record=deal)),
    "approvals": lambda s, deal: s.approvals.of_record(s.compiled("deal"), deal),
    "clocks": lambda s, deal: s.clocks("deal", deal),
    "shares": lambda s, deal: s.sharing.shares(s.compiled("deal"), deal),
    "reasons": lambda s, deal: s.explaining.of_record(s.compiled("deal"), deal),
    "titles": lambda s, deal: _there(s.named("deal", [deal])),
}
CUSTOMIZING: Mapping[str, Path] = {
    "traces": lambda s, deal: s.tracing.of_record("deal", deal),
    "why": lambda s, deal: s.tracing.why("deal", deal, WHY),
}


def _there(found: object) -> object:
    if not found:
        raise NotFound
    return found


def finds(session: Session, path: Path, deal: int) -> bool:
    """Tell whether a path leads to a record."""
    try:
        path(session, deal)
    except NotFound:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_no_path_tells_of_what_cannot_be_read(database: Database, seed: int) -> None:
    """Drawn people over drawn records: all paths agree, lists and counts of trials included."""
    draw = random.Random(seed)  # noqa: S311  # test data
    firm = Organisation(draw)
    files = {**firm.make(), **FILES}
    account = "object: account\nsharing: private\nfields:\n  size: {type: number, default: 3}\n"
    files["objects/account.yaml"] = f"{account}  region: {REGION}\n"
    roles = {name: {"role": role} if (role := firm.roles[name]) else {} for name in PEOPLE}
    people = {
        name: {"permission_sets": ["work"] if place % 2 else ["work", "maker"], **roles[name]}
        for place, name in enumerate(PEOPLE)
    }
    world = build_world(database, files, people)
    all_of_them = run(
        world.environment,
        MemberCredential(world.people["admin"]),
        lambda s: make_deals(s, firm, world),
        write=True,
        trace="all",
    )
    deals = [d for d, deal in all_of_them.items() if not deal["binned"]]
    made = world.run(lambda s: (s.runs.list(Wanted()), s.tracing.newest(request="all")))
    assert all(made)  # else nothing would be proved

    for place, who in enumerate(PEOPLE):
        wanted = {d for d in deals if firm.reaches(who, all_of_them[d], "read")}
        paths = PATHS if place % 2 else {**PATHS, **CUSTOMIZING}
        if not place % 2:  # who customizes sees that there are runs, whoever's record it is
            paths = {name: path for name, path in paths.items() if name != "runs"}
        found = world.run(lambda s, p=paths: walk(s, p, deals), who=who, write=False)
        assert found == dict.fromkeys(paths, wanted), (seed, who)
        world.run(lambda s, w=wanted, m=not place % 2: check_lists(s, w, deals, m), who=who)


def walk(session: Session, paths: Mapping[str, Path], deals: list[int]) -> dict[str, set[int]]:
    """Give what each path leads to."""
    return {
        name: {deal for deal in deals if finds(session, path, deal)} for name, path in paths.items()
    }


def check_lists(s: Session, wanted: set[int], deals: list[int], customizes: bool) -> None:
    """Look through what lists records: nothing of a hidden one is in it."""
    asked = {one.told.request.record for one in (*s.approvals.waiting(), *s.approvals.submitted())}
    assert asked <= wanted
    page = s.list(ListRequest(object="deal", limit=1000))
    assert {int(str(one["id"])) for one in page.records} == wanted
    if not customizes:
        return
    hidden = set(deals) - wanted
    for row in s.runs.list(Wanted(), limit=200):
        shown = s.runs.get(row.id)
        told = [shown.run.input, *(step.input for step in shown.steps)]
        texts = [step.output.get("text") for step in shown.steps]
        if row.record in hidden:
            assert not any(told), (row.record, told)
            assert texts == [None] * len(texts)
        elif row.record in wanted:
            assert shown.run.input["size"] is not None
    assert not {row.record for row in s.tracing.newest(request="all")} & hidden
    tried = s.tracing.simulate(s.snapshot.model, ComponentKey(WHY))
    fields = ("account", "account.id")
    near = s.list(ListRequest(object="deal", fields=fields, limit=1000)).records
    assert tried.looked_at == sum(one["account"] is None or bool(one["account.id"]) for one in near)
