"""A crowd: an organisation of five levels, many deals, rules by condition and shares by hand.

Three roles reach about 0.1 %, 2 % and 50 % of the deals; written straight into the tables, as an
import would.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from engine.compiled import Snapshot
from engine.names import ObjectName
from engine.store.platform.members import NewUser, insert_user
from engine.store.text import native
from engine.store.tx import Tx
from engine.store.writing import insert_many
from tests.support.worlds import World, texts_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
# Role at the top of each branch -> share of all deals that those below it own.
BRANCHES = {"tiny": 0.0007, "small": 0.016, "large": 0.48, "rest": 0.5033}
OPENED = {"tiny": 0.0001, "small": 0.002, "large": 0.01}  # by each rule, of all records
LEVELS = 5
ACCOUNT = """\
object: account
sharing: private
fields:
  name: {type: text, required: true}
  region: {type: text, length: 20, index: true}
"""
DEAL = """\
object: deal
sharing: private
fields:
  name: {type: text, required: true}
  account: {type: lookup, to: account}
  area: {type: text, length: 20}
  amount: {type: currency}
indexes: [{fields: [-amount]}]
"""
SET = "permission_set: rep\nobjects:\n  account: {read: true}\n  deal: {read: true, edit: true}\n"


def roles() -> str:
    """Write a tree: below each branch a chain of five levels."""
    lines = ["roles:", "  top: {}"]
    for branch in BRANCHES:
        above = "top"
        for level in range(LEVELS):
            name = f"{branch}_{level}"
            lines.append(f"  {name}: {{parent: {above}}}")
            above = name
    return "\n".join(lines) + "\n"


def rules() -> str:
    """Write two rules for each branch: over a lookup, and over a field of the deal."""
    lines = ["sharing: deal", "rules:"]
    for branch in BRANCHES:
        to = f"with: {{role_and_below: {branch}_0}}, access: read"
        lines.append(f'  {branch}_region: {{where: account.region = "{branch}", {to}}}')
        lines.append(f'  {branch}_area: {{where: area = "{branch}", {to}}}')
    return "\n".join(lines) + "\n"


def files() -> dict[str, str]:
    """Give the configuration of a crowd."""
    return texts_of(
        {"account": ACCOUNT, "deal": DEAL},
        access__roles=roles(),
        access__sharing__deal=rules(),
        access__permission_sets__rep=SET,
    )


def people() -> dict[str, dict[str, object]]:
    """Give one person at the top of each branch, who sees what the branch reaches."""
    return {branch: {"permission_sets": ["rep"], "role": f"{branch}_0"} for branch in BRANCHES}


@dataclass
class Crowd:
    """Fills a world made of `files()` and `people()`."""

    world: World
    deals: int
    shares: int
    draw: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311  # test data

    def fill(self) -> None:
        """Write users, accounts, deals and shares."""
        snapshot = self.world.run(lambda s: s.snapshot, write=False)
        with self.world.environment.database.write() as tx:
            owners = self._users(tx)
            accounts = self._accounts(tx, snapshot)
            self._share(tx, self._deals(tx, snapshot, owners, accounts))
        if self.world.environment.database.dialect == "postgresql":
            with self.world.environment.database.apart() as tx:
                for table in ("deal", "account", "patron_user", "patron_share", "patron_role_tree"):
                    # What is not on the disk yet VACUUM does not call visible, and what it notes
                    # of one table itself is not yet there for the next.
                    tx.run("CHECKPOINT")
                    tx.run(f"VACUUM ANALYZE {table}")  # as its autovacuum does after a while

    def _users(self, tx: Tx) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {branch: [] for branch in BRANCHES}
        wanted = [(b, n) for b in BRANCHES for n in range(10 if b == "tiny" else 100)]
        ids = self.world.environment.ids.take(tx, ObjectName("user"), len(wanted))
        for number, (branch, place) in zip(ids, wanted, strict=True):
            role = f"{branch}_{1 + place % (LEVELS - 1)}"
            email = f"{branch}{place}@example.test"
            insert_user(tx, NewUser(id=number, email=email, name=email, role=role), by=1, at=AT)
            found[branch].append(number)
        return found

    def _accounts(self, tx: Tx, snapshot: Snapshot) -> list[int]:
        many = max(self.deals // 50, 200)
        ids = self.world.environment.ids.take(tx, ObjectName("account"), many)
        regions = [b for b, part in OPENED.items() for _ in range(max(round(part * many), 1))]
        rows = [
            {
                **platform(number, 1),
                "name": f"Account {place}",
                "region": regions[place] if place < len(regions) else "none",
            }
            for place, number in enumerate(ids)
        ]
        insert_many(tx, snapshot, ObjectName("account"), rows)
        return list(ids)

    def _deals(
        self, tx: Tx, snapshot: Snapshot, owners: dict[str, list[int]], accounts: list[int]
    ) -> list[int]:
        ids = self.world.environment.ids.take(tx, ObjectName("deal"), self.deals)
        branches, weights = list(BRANCHES), list(BRANCHES.values())
        areas, parts = [*OPENED, None], [*OPENED.values(), 1 - sum(OPENED.values())]
        for start in range(0, self.deals, 5000):
            rows = [
                {
                    **platform(number, self.draw.choice(owners[branch])),
                    "name": f"Deal {number}",
                    "account": self.draw.choice(accounts),
                    "area": self.draw.choices(areas, parts)[0],
                    "amount": Decimal(self.draw.randrange(1, 10_000_000)) / 100,
                }
                for number in ids[start : start + 5000]
                for branch in self.draw.choices(branches, weights)
            ]
            insert_many(tx, snapshot, ObjectName("deal"), rows)
        return list(ids)

    def _share(self, tx: Tx, deals: list[int]) -> None:
        sql = native(
            tx,
            "INSERT INTO patron_share (record, object, principal, access, until, created_at,"
            " created_by) VALUES (?, 'deal', ?, 'read', NULL, 0, 1)",
        )
        chosen = self.draw.sample(deals, self.shares)
        names = self.draw.choices(("tiny", "small", "large"), (0.003, 0.05, 0.947), k=self.shares)
        tx.many(sql, [(d, f"role_and_below:{n}_0") for d, n in zip(chosen, names, strict=True)])


def platform(number: int, owner: int) -> dict[str, object]:
    """Give the platform's fields of a record."""
    stamps = {"created_at": AT, "created_by": 1, "updated_at": AT, "updated_by": 1}
    return {"id": number, "owner": owner, **stamps, "version": 1}
