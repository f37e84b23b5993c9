"""Sharing over random organisations: every path shows what the rules say, more sets never less."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from engine.errors import AccessDenied, NotFound
from engine.session import ListRequest, Session
from engine.store.database import Database
from engine.store.platform.members import set_permission_sets
from tests.support.proof import proof_length
from tests.support.worlds import World, build_world, texts_of

SEEDS = range(proof_length(2, 25))
ROLES = [f"r{n}" for n in range(7)]
PEOPLE = [f"p{n}" for n in range(8)]
GROUPS = ("t0", "t1")
REGIONS = ("north", "south", "east")
RIGHTS = "read: true, edit: true, create: true, delete: true, share: true, transfer: true"
SETS = {
    "access__permission_sets__basic": "permission_set: basic\nobjects: {deal: {read: true}}\n",
    "access__permission_sets__work": f"""\
permission_set: work
objects:
  account: {{{RIGHTS}}}
  deal: {{{RIGHTS}}}
  line: {{{RIGHTS}}}
""",
    "access__permission_sets__all": "permission_set: all\nobjects: {deal: {view_all: true}}\n",
}


@dataclass
class Organisation:
    """A random organisation, written as files, and what a plain reading of it says."""

    draw: random.Random
    parents: dict[str, str | None] = field(default_factory=dict)
    roles: dict[str, str | None] = field(default_factory=dict)
    members: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    rules: list[dict[str, str]] = field(default_factory=list)

    def make(self) -> dict[str, str]:
        """Draw roles, people, groups and rules; give the files."""
        pick = self.draw.choice
        for place, name in enumerate(ROLES):
            self.parents[name] = pick([None, *ROLES[:place]]) if place else None
        self.roles = {name: pick([*ROLES, None]) for name in PEOPLE}
        for sort, names in (("team", GROUPS), ("queue", GROUPS)):
            for name in names:
                count = self.draw.randint(0, 2)
                self.members[f"{sort}:{name}"] = [self._member() for _ in range(count)]
        for place in range(3):
            self.rules.append(self._rule(place))
        return texts_of(
            {
                "account": f"object: account\nsharing: private\nfields: {{region: {REGION}}}\n",
                "deal": "object: deal\nsharing: private\nfields:\n  account: {type: lookup, to: "
                f"account}}\n  size: {{type: number}}\n  region: {REGION}\n",
                "line": "object: line\nsharing: parent\nfields:\n  size: {type: number}\n"
                "  deal: {type: master_detail, to: deal}\n",
            },
            access__roles="roles:\n"
            + "".join(
                f"  {n}: {{{f'parent: {p}' if p else ''}}}\n" for n, p in self.parents.items()
            ),
            access__teams=self._groups("team"),
            access__queues=self._groups("queue"),
            access__sharing__deal="sharing: deal\nrules:\n"
            + "".join(f"  {rule['name']}: {rule['text']}\n" for rule in self.rules),
            **SETS,
        )

    def _member(self) -> dict[str, str]:
        sort = self.draw.choice(["user", "role", "role_and_below", "team", "queue"])
        if sort == "user":
            return {sort: f"{self.draw.choice(PEOPLE)}@example.test"}
        return {sort: self.draw.choice(GROUPS if sort in ("team", "queue") else ROLES)}

    def _groups(self, sort: str) -> str:
        lines = [f"{sort}s:\n"]
        for name in GROUPS:
            of = self.members[f"{sort}:{name}"]
            listed = ", ".join(f"{{{k}: {v}}}" for member in of for k, v in member.items())
            lines.append(f"  {name}: {{members: [{listed}]}}\n")
        return "".join(lines)

    def _rule(self, place: int) -> dict[str, str]:
        pick = self.draw.choice
        to = pick([("role", ROLES), ("role_and_below", ROLES), ("team", GROUPS), ("queue", GROUPS)])
        target = f"{to[0]}: {pick(to[1])}"
        access = pick(["read", "edit"])
        owners = pick([("role", ROLES), ("role_and_below", ROLES), ("team", GROUPS)])
        how, value = pick(
            [
                ("near", pick(REGIONS)),
                ("own", pick(REGIONS)),
                ("size", str(self.draw.randint(0, 9))),
                ("owner", f"{owners[0]}: {pick(owners[1])}"),
            ]
        )
        where = {
            "near": f'where: account.region = "{value}"',
            "own": f'where: region <> "{value}"',
            "size": f"where: size >= {value}",
            "owner": f"owner: {{{value}}}",
        }[how]
        text = f"{{{where}, with: {{{target}}}, access: {access}}}"
        return {
            "name": f"rule{place}",
            "text": text,
            "how": how,
            "value": value,
            "to": target.replace(": ", ":"),
            "access": access,
        }

    # --- what it means, read plainly -----------------------------------------------------------

    def above(self, role: str | None) -> set[str]:
        """Give the roles above a role."""
        found: set[str] = set()
        here = self.parents.get(role) if role else None
        while here:
            found.add(here)
            here = self.parents[here]
        return found

    def belongs(self, who: str, group: str, seen: frozenset[str] = frozenset()) -> bool:
        """Tell whether somebody is in a group."""
        sort, _, name = group.partition(":")
        role = self.roles[who]
        if sort == "user":
            return name == f"{who}@example.test"
        if sort == "role":
            return role == name
        if sort == "role_and_below":
            return role is not None and name in {role, *self.above(role)}
        return group not in seen and any(
            self.belongs(who, f"{key}:{value}", seen | {group})
            for member in self.members[group]
            for key, value in member.items()
        )

    def watches(self, who: str, queue: str) -> bool:
        """Tell whether a role below somebody's works on a queue."""
        mine = self.roles[who]
        below = {r for r in ROLES if mine is not None and mine in self.above(r)}
        return any(role in below for role in self.roles_in(queue, frozenset()))

    def roles_in(self, group: str, seen: frozenset[str]) -> set[str]:
        """Name the roles in a group."""
        found: set[str] = set()
        for member in self.members[group]:
            for sort, name in member.items():
                if sort == "role":
                    found.add(name)
                elif sort == "role_and_below":
                    found |= {r for r in ROLES if r == name or name in self.above(r)}
                elif sort in ("team", "queue") and f"{sort}:{name}" not in seen:
                    found |= self.roles_in(f"{sort}:{name}", seen | {group})
        return found

    def reaches(self, who: str, deal: Mapping[str, str], level: str) -> bool:
        """Tell whether somebody reaches a deal for "read" or "edit"."""
        owner, levels = deal["owner"], {"read": ("read", "edit"), "edit": ("edit",)}[level]
        if owner == who or (owner.startswith("queue:") and self.belongs(who, owner)):
            return True
        role = self.roles.get(owner)
        if level == "read" and role and self.roles[who] in self.above(role):
            return True
        if level == "read" and owner.startswith("queue:") and self.watches(who, owner):
            return True
        shared = [s.split("=") for s in deal["shares"].split() if s]
        if any(self.belongs(who, group) and access in levels for group, access in shared):
            return True
        return any(
            rule["access"] in levels and self.belongs(who, rule["to"]) and self.holds(rule, deal)
            for rule in self.rules
        )

    def holds(self, rule: Mapping[str, str], deal: Mapping[str, str]) -> bool:
        """Tell whether a rule speaks of a deal."""
        how, value = rule["how"], rule["value"]
        if how == "near":
            return deal["near"] == value
        if how == "own":
            return deal["region"] != value  # blank text is like ""
        if how == "size":
            return int(deal["size"]) >= int(value)
        owner = deal["owner"]
        return not owner.startswith("queue:") and self.belongs(owner, value.replace(": ", ":"))


REGION = f"{{type: picklist, values: {{{', '.join(f'{r}: {{}}' for r in REGIONS)}}}}}"


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_every_path_shows_what_the_organisation_says(database: Database, seed: int) -> None:
    """List, get, count, aggregate, bin, parts and changes agree with a plain reading."""
    draw = random.Random(seed)  # noqa: S311  # test data
    firm = Organisation(draw)
    files = firm.make()
    people = {
        name: {
            "permission_sets": ["work"],
            **({"role": firm.roles[name]} if firm.roles[name] else {}),
        }
        for name in PEOPLE
    }
    world = build_world(database, files, people)
    deals = world.run(lambda s: make_deals(s, firm, world))

    for who in PEOPLE:
        wanted = {d for d, deal in deals.items() if firm.reaches(who, deal, "read")}
        changed = {d for d, deal in deals.items() if firm.reaches(who, deal, "edit")}
        binned = {d for d in wanted if deals[d]["binned"]}
        assert look(world, who, deals) == (wanted - binned, binned, changed - binned), (seed, who)
        check_reasons(world, who, deals, wanted)
        before = look(world, who, deals)[0]
        for sets in (["basic"], ["work", "basic"], ["work", "basic", "all"]):
            with database.write() as tx:
                set_permission_sets(tx, world.people[who], sets)
            after = look(world, who, deals)[0]
            assert sets == ["basic"] or before <= after
            before = after


def make_deals(s: Session, firm: Organisation, world: World) -> dict[int, dict[str, str]]:
    """Create accounts, deals with all sorts of owners, shares, and a line for each deal."""
    draw = firm.draw
    queues = {str(r["api_name"]): r["id"] for r in s.list(ListRequest(object="queue")).records}
    near = {r: s.create("account", {"region": r})["id"] for r in REGIONS}
    deals: dict[int, dict[str, str]] = {}
    for place in range(24):
        owner = draw.choice([*PEOPLE, *(f"queue:{g}" for g in GROUPS)])
        region, about = draw.choice([*REGIONS, ""]), draw.choice([*REGIONS, ""])
        number = queues[owner[6:]] if owner.startswith("queue:") else world.people[owner]
        size = draw.randint(0, 9)
        values = {"owner": number, "size": size, "region": region, "account": near.get(about)}
        deal = int(str(s.create("deal", values)["id"]))
        s.create("line", {"deal": deal, "size": size})
        shares = {}
        for _ in range(draw.choice([0, 0, 1, 2])):
            group = draw.choice([f"role:{draw.choice(ROLES)}", f"team:{draw.choice(GROUPS)}"])
            shares[group] = draw.choice(["read", "edit"])
            sort, _, name = group.partition(":")
            s.sharing.share(s.compiled("deal"), deal, {sort: name}, shares[group])
        binned = place % 6 == 0
        if binned:
            s.delete("deal", deal)
        deals[deal] = {
            "owner": owner,
            "region": region,
            "near": about,
            "size": str(size),
            "shares": " ".join(f"{group}={access}" for group, access in shares.items()),
            "binned": "yes" if binned else "",
        }
    return deals


def look(
    world: World, who: str, deals: Mapping[int, object]
) -> tuple[set[int], set[int], set[int]]:
    """Give what somebody sees, sees in the bin and may change, all paths agreeing."""

    def work(s: Session) -> tuple[set[int], set[int], set[int]]:
        page = s.list(ListRequest(object="deal", count=True, sort=("size",)))
        seen = {int(str(r["id"])) for r in page.records}
        got, changed = set(), set()
        for deal in deals:
            try:
                s.get("deal", deal, ["id"])
            except NotFound:
                continue
            got.add(deal)
            told = s.explaining.of_record(s.compiled("deal"), deal)
            changed |= {deal} if told["edits"] else set()
        assert got == seen
        assert page.count == s.aggregate("deal", measures={"n": "COUNT()"})[0]["n"] == len(seen)
        gone = s.list(ListRequest(object="deal", bin=True, count=True))
        assert gone.count == len(gone.records)
        try:
            lines = s.list(ListRequest(object="line", fields=("deal", "deal.size"), count=True))
        except NotFound:
            return seen, {int(str(r["id"])) for r in gone.records}, changed
        assert {r["deal"] for r in lines.records} == seen
        assert lines.count == s.aggregate("line", measures={"n": "COUNT()"})[0]["n"] == len(seen)
        assert all(r["deal.size"] is not None for r in lines.records)
        return seen, {int(str(r["id"])) for r in gone.records}, changed

    return world.run(work, who=who, write=False)


def check_reasons(
    world: World, who: str, deals: Mapping[int, Mapping[str, str]], wanted: set[int]
) -> None:
    """Make sure that there is a reason for exactly what is seen, and that changes obey."""

    def work(s: Session) -> None:
        for deal, about in deals.items():
            told = s.explaining.of_record(s.compiled("deal"), deal, world.people[who])
            assert bool(told["why"]["read"]) == (deal in wanted)  # type: ignore[index]
            assert told["sees"] == (deal in wanted), about

    world.run(work, write=False)
    for deal in [d for d, about in deals.items() if not about["binned"]][:6]:
        try:
            world.run(lambda s, d=deal: s.update("deal", d, {"size": None}), who=who)
            outcome = "changed"
            size = int(deals[deal]["size"])
            world.run(lambda s, d=deal, n=size: s.update("deal", d, {"size": n}))
        except AccessDenied:
            outcome = "seen"
        except NotFound:
            outcome = "hidden"
        assert (outcome == "hidden") == (deal not in wanted)
