"""A plan: the sealed document that is shown, kept in a file, and carried out as it is.

Separate from how it is computed (`planning`) and carried out (`applying`), because its digest is
what everybody speaks of. It holds whatever has to be written, so that nothing is read again between
looking at a plan and applying it; it holds no secret and no value of a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from engine.access import AccessChange
from engine.diff import Operation, Risk
from engine.impact import NOTHING_TO_TELL, UNCOUNTED, UNTOUCHED, Facts, Impact, Seen
from engine.names import ComponentKey, Digest, EnvironmentName
from engine.source import digest_of

FORMAT = 3


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
    facts: Facts = NOTHING_TO_TELL

    @classmethod
    def of(
        cls,
        operation: Operation,
        impact: Impact | None = None,
        treatment: str = "",
        facts: Facts = NOTHING_TO_TELL,
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
            facts=facts,
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
        impact |= self.facts.as_json()
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
    """A property that both sides changed; the target's value stands, and blocks until decided."""

    component: ComponentKey
    property: str
    base: object
    target: object
    incoming: object
    choice: str = ""  # target | incoming, once somebody decided

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `conflicts`, and of `resolved` with the side chosen."""
        shown: dict[str, object] = {
            "component": self.component,
            "property": self.property,
            "base": self.base,
            "target": self.target,
            "incoming": self.incoming,
        }
        return {**shown, "choice": self.choice} if self.choice else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step in the database: what it does and whether it takes time.

    `rows`: how many it looks at or writes, None where that does not matter. `milliseconds`: about
    how long that takes, None where nobody can tell. `sort`: by which such steps are timed.
    """

    text: str
    pace: str  # instant | online | batched
    rows: int | None = None
    milliseconds: int | None = None
    sort: str = ""

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `steps`."""
        shown: dict[str, object] = {"text": self.text, "pace": self.pace, "rows": self.rows}
        if self.milliseconds is not None:
            shown["milliseconds"] = self.milliseconds
        return {**shown, "sort": self.sort} if self.sort else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A component that a version of the target changed outside of this plan.

    `overlap`: none | merged | conflict, with what comes in.
    """

    component: ComponentKey
    overlap: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SinceBase:
    """A version that the target got since the base: who made it, when (UTC, ISO), through what."""

    version: int
    by: str
    at: str
    source: str
    deployment: int | None
    changes: tuple[Elsewhere, ...]

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `since`."""
        return {
            "version": self.version,
            "by": self.by,
            "at": self.at,
            "source": self.source,
            "deployment": self.deployment,
            "changes": [{"component": c.component, "overlap": c.overlap} for c in self.changes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """An item that a chosen component lists and that was left out, because it is not taken."""

    component: ComponentKey
    item: str
    missing: ComponentKey

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `trimmed`."""
        return {"component": self.component, "item": self.item, "missing": self.missing}


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedCheck:
    """Something that the target lacks: what, and the command that helps."""

    component: ComponentKey
    message: str
    hint: str

    def as_json(self) -> dict[str, object]:
        """Give the shape of one entry of `checks.problems`."""
        return {"component": self.component, "message": self.message, "hint": self.hint}


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
    since: tuple[SinceBase, ...] = ()  # versions of the target since the base, oldest first
    resolved: tuple[PlannedConflict, ...] = ()  # conflicts that somebody decided
    trimmed: tuple[Trimmed, ...] = ()
    access: tuple[AccessChange, ...] = ()  # the difference of effective access
    visibility: tuple[Seen, ...] = ()  # records that come into sight or go out of it, by role
    failed: tuple[FailedCheck, ...] = ()  # what the target lacks: refused until it has it
    git_revision: str = ""  # the commit that the files are, or "REV+production@3" where merged
    project: str = ""  # whose files they are; "" for an environment
    refresh: str = ""  # "production@41": a sandbox gets all of its parent; "" for anything else

    @property
    def target(self) -> str:
        """The version of the environment that this plan was made for."""
        return f"{self.environment}@{self.version}"

    @property
    def door(self) -> str:
        """What the version notes that it becomes: deploy, or refresh."""
        return "refresh" if self.refresh else "deploy"

    @property
    def made_again(self) -> str:
        """The command that makes it again; A where the source is nothing that can be named."""
        is_named = " " not in self.source and ":" not in self.source.removeprefix("git:")
        source = self.source if is_named else "A"
        return f"patron plan --from {source} --to {self.environment}"

    @property
    def needs(self) -> tuple[str, ...]:
        """The words that `--accept` has to say: retire, narrowing."""
        found = {change.cls for change in self.changes}
        return tuple(risk.word for risk in sorted(found) if risk.word)

    @cached_property
    def digest(self) -> Digest:
        """The seal: the hash of the whole document. Cost once: O(what it writes)."""
        return digest_of(self.document())

    @cached_property
    def intent(self) -> Digest:
        """Stand for what is written and how, whatever the counts are at the moment.

        For whoever looks at a plan and carries it out a minute later, while people work: what they
        consented to is this, and that no count grows.
        """
        document = self.document()
        told = {name: document[name] for name in ("environment", "version", "tree", "result")}
        how = [[c.op, c.component, c.treatment] for c in self.changes]
        return digest_of({**told, "how": how, "content": document["content"]})

    @property
    def counts(self) -> Mapping[ComponentKey, int]:
        """How many records each change concerns, where any are."""
        found = ((change.component, change.impact.concerned) for change in self.changes)
        return {component: count for component, count in found if count}

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
            "checks": self._checks(),
            "needs": {"accept": list(self.needs), "approvals": self.approvals},
            **({"git_revision": self.git_revision} if self.git_revision else {}),
            **({"project": self.project} if self.project else {}),
            **({"refresh": self.refresh} if self.refresh else {}),
            **{name: entries for name, entries in self._told().items() if entries},
        }

    def _checks(self) -> dict[str, object]:
        counts = {
            "passed": self.passed,
            "failed": len(self.failed),
            "warnings": len(self.warnings),
        }
        problems = [check.as_json() for check in self.failed]
        return {**counts, "problems": problems} if problems else {**counts}

    def _told(self) -> dict[str, list[dict[str, object]]]:
        """Give what is told beside the contract's entries; what is empty is left out."""
        return {
            "since": [version.as_json() for version in self.since],
            "resolved": [conflict.as_json() for conflict in self.resolved],
            "trimmed": [item.as_json() for item in self.trimmed],
            "access": [access_json(change) for change in self.access],
            "visibility": [seen_json(seen) for seen in self.visibility],
        }


def access_json(change: AccessChange) -> dict[str, object]:
    """Give the shape of one entry of `access`."""
    return {
        "who": change.who,
        "object": change.object,
        "what": change.what,
        "way": change.way,
        "before": change.before,
        "after": change.after,
    }


def seen_json(seen: Seen) -> dict[str, object]:
    """Give the shape of one entry of `visibility`."""
    return {
        "object": seen.object,
        "role": seen.role,
        "members": seen.members,
        "more": seen.more,
        "less": seen.less,
    }
