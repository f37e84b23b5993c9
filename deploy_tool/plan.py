"""A plan: the sealed document that is shown, kept in a file, and carried out as it is.

Separate from how it is computed (`planning`) and carried out (`applying`), because its digest is
what everybody speaks of. It holds whatever has to be written, so that nothing is read again between
looking at a plan and applying it; it holds no secret and no value of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.diff import Operation, Risk
from engine.impact import UNCOUNTED, UNTOUCHED, Impact
from engine.names import ComponentKey, Digest, EnvironmentName
from engine.source import digest_of

FORMAT = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedChange:
    """One operation as shown: what, to which component, how dangerous, and what it means.

    `treatment` says what happens to the records that are concerned, "" where none can be.
    """

    op: str  # add | change | rename | retire | restore
    component: ComponentKey
    cls: Risk
    why: str
    impact: Impact = UNTOUCHED
    treatment: str = ""

    @classmethod
    def of(
        cls, operation: Operation, impact: Impact | None = None, treatment: str = ""
    ) -> PlannedChange:
        """Write an operation down; where nothing was counted, only an additive one is known."""
        uncounted = UNTOUCHED if operation.cls is Risk.ADDITIVE else UNCOUNTED
        return cls(
            op=operation.op,
            component=operation.component,
            cls=operation.cls,
            why=operation.explain(),
            impact=impact or uncounted,
            treatment=treatment,
        )

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `changes`; null is what nobody counted."""
        found = self.impact
        impact: dict[str, object] = {
            "values": found.values,
            "would_fail": found.would_fail,
            "more_visible": found.more_visible,
            "less_visible": found.less_visible,
        }
        if found.records:
            impact["records"] = list(found.records)
        if found.is_estimated:
            impact["estimated"] = True
        shown = {
            "op": self.op,
            "component": self.component,
            "class": int(self.cls),
            "why": self.why,
            "impact": impact,
        }
        return {**shown, "treatment": self.treatment} if self.treatment else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedConflict:
    """A component that both sides changed; it keeps the target's value and blocks the plan."""

    component: ComponentKey
    property: str
    base: object
    target: object
    incoming: object

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `conflicts`."""
        return {
            "component": self.component,
            "property": self.property,
            "base": self.base,
            "target": self.target,
            "incoming": self.incoming,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step in the database: what it does and whether it takes time."""

    text: str
    pace: str  # instant | online | batched
    rows: int | None = None

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `steps`."""
        return {"text": self.text, "pace": self.pace, "rows": self.rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is written for one component: its canonical JSON and the author's text."""

    data: str
    text: str


@dataclass(frozen=True, kw_only=True)  # no slots: the digest of a large plan is kept
class Plan:
    """Everything about one deployment, before it happens. Equal content, equal digest."""

    environment: EnvironmentName
    dialect: str  # of the target's database: sqlite | postgresql
    source: str  # as the person named it
    base: str  # "production@116": where both sides started from
    version: int  # of the target when the plan was made
    tree: Digest  # of the target when the plan was made
    result: Digest  # of the target once it is applied
    changes: tuple[PlannedChange, ...]
    conflicts: tuple[PlannedConflict, ...]
    steps: tuple[PlannedStep, ...]
    warnings: tuple[str, ...]
    passed: int  # components that were checked
    content: Mapping[ComponentKey, Content]  # written; every other component stays as it is
    removed: tuple[ComponentKey, ...]
    author: str = ""  # who planned it: may not approve it
    approvals: int = 0  # how many others have to approve it

    @property
    def target(self) -> str:
        """The version of the environment that this plan was made for."""
        return f"{self.environment}@{self.version}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The words that `--accept` has to say: retire, narrowing."""
        found = {change.cls for change in self.changes}
        return tuple(risk.word for risk in sorted(found) if risk.word)

    @cached_property
    def digest(self) -> Digest:
        """The seal: the hash of the whole document. Cost once: O(what it writes)."""
        return digest_of(self.document())

    def document(self) -> dict[str, object]:
        """Give everything that the seal covers."""
        return {
            "format": FORMAT,
            **self._shown(),
            "environment": self.environment,
            "dialect": self.dialect,
            "source": self.source,
            "version": self.version,
            "tree": self.tree,
            "warnings": list(self.warnings),
            "content": {key: [c.data, c.text] for key, c in self.content.items()},
            "removed": list(self.removed),
            "author": self.author,
        }

    def as_json(self) -> dict[str, object]:
        """Give the shape of `patron plan --json`."""
        return {"digest": self.digest, **self._shown()}

    def sealed(self) -> dict[str, object]:
        """Give the shape of the file that `--out` writes: the plan with what it will write."""
        return {"digest": self.digest, **self.document()}

    def _shown(self) -> dict[str, object]:
        return {
            "base": self.base,
            "target": self.target,
            "result": self.result,
            "changes": [change.as_json() for change in self.changes],
            "conflicts": [conflict.as_json() for conflict in self.conflicts],
            "steps": [step.as_json() for step in self.steps],
            "checks": {"passed": self.passed, "failed": 0, "warnings": len(self.warnings)},
            "needs": {"accept": list(self.needs), "approvals": self.approvals},
        }
