"""Computes a plan: base, merge, whole-tree check, operations, database steps. Changes nothing.

Separate from carrying it out. What runs is read at one instant; the plan says which one it was, and
applying refuses if that has moved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deploy_tool.exits import Exit
from deploy_tool.plans.choosing import choose_components, matches, taken
from deploy_tool.plans.counting import Counts
from deploy_tool.plans.deciding import NO_DECISIONS, Decisions
from deploy_tool.plans.plan import (
    Content,
    FailedCheck,
    Plan,
    PlannedChange,
    PlannedConflict,
    PlannedStep,
    SinceBase,
    Trimmed,
)
from deploy_tool.plans.policy import Policy, load_policy
from deploy_tool.plans.present import missing_values, nobody_in
from deploy_tool.plans.since import since_base, touched_by
from deploy_tool.plans.stepping import Stepping
from deploy_tool.plans.telling import Telling
from deploy_tool.plans.treatments import (
    Treatment,
    choose,
    ensure_all_used,
    misfitting_usual,
)
from deploy_tool.sources.checking import refusal
from deploy_tool.sources.scope import PROJECT, is_owned
from deploy_tool.sources.trees import Running
from engine.access import AccessChange, access_changes
from engine.compile import compile_model
from engine.compiled import Model
from engine.diff import (
    Conflict,
    Merge,
    Operation,
    Rename,
    apply_operations,
    diff_trees,
    merge_components,
)
from engine.errors import DeploymentFailed, Problem, Severity
from engine.impact import Counting, Impact
from engine.names import ComponentKey, Digest, EnvironmentName
from engine.source import SourceDoc, SourceTree, canonical, digest_of, make_tree, tree_from_stored
from engine.store.platform.head import Head
from engine.store.platform.journal import find_by_tree
from engine.store.platform.members import list_members
from engine.store.platform.timings import load_rates
from engine.store.tx import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """What somebody wants to deploy: a tree, how they named it, and where its work began.

    `base` is None where nobody noted it: then files win inside their scope.
    `scope` holds the patterns of files it owns; empty: all. `model` is what the tree compiles to,
    where somebody has compiled it before. `decided`: conflicts that were decided where it was made.
    `project` names whose files it is, "" where it is an environment. `treated`: treatments that
    were chosen where it was made. `refresh`: which version of its parent a sandbox gets all of
    ("production@41"), "" for anything else.
    """

    tree: SourceTree
    name: str
    base: SourceTree | None = None
    base_version: int | None = None
    scope: tuple[str, ...] = ()
    model: Model | None = None
    decided: Mapping[str, str] = field(default_factory=dict)
    project: str = ""
    treated: Mapping[str, Treatment] = field(default_factory=dict)
    refresh: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How somebody wants it: who plans, chosen treatments by component, components to take.

    `patterns` are of components, which bring what they need; empty: all. `without` are of those
    that stay behind all the same. `decisions` say which side of a conflict stands. `optional` are
    patterns of change sets, which may match nothing any more, and `usual` their treatments, which
    give way to `treatments` and may fit nothing any more.
    """

    author: str = ""
    treatments: Mapping[str, Treatment] = field(default_factory=dict)
    patterns: Sequence[str] = ()
    without: Sequence[str] = ()
    decisions: Decisions = NO_DECISIONS
    optional: Sequence[str] = ()
    usual: Mapping[str, Treatment] = field(default_factory=dict)

    @property
    def chooses(self) -> bool:
        """Tell whether only some components are wanted."""
        return bool(self.patterns or self.without or self.optional)

    def means(self, component: ComponentKey) -> bool:
        """Tell whether a component is wanted by its name, whatever becomes of it."""
        if any(matches(component, pattern) for pattern in self.without):
            return False
        named = (*self.patterns, *self.optional)
        return not named or any(matches(component, pattern) for pattern in named)


AS_IT_COMES = Wishes()


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A plan with what it was made from, so that applying it at once computes nothing again.

    `previous` is the model that runs, None where nothing does; `model` the one that will.
    `is_synchronous`: afterwards what came in and what runs say the same, inside the scope.
    """

    plan: Plan
    running: Running
    result: SourceTree
    previous: Model | None
    model: Model
    operations: tuple[Operation, ...]
    is_synchronous: bool


def plan_deployment(
    environment: EnvironmentName,
    dialect: str,
    running: Running,
    incoming: Incoming,
    *,
    previous: Model | None = None,
    tx: Tx | None = None,
    wishes: Wishes = AS_IT_COMES,
) -> Planned:
    """Compute what deploying `incoming` to an environment would do.

    `previous` is the model that runs, where the caller has it already. `tx` reads the environment;
    without it nothing is counted.
    Raises: MetadataInvalid M100 with every problem of the result; UsageWrong U105.
    """
    previous = previous or running_model(running)
    found = _candidate(environment, running, incoming, previous, wishes)
    ensure_all_used(wishes.treatments, found.operations)
    composing = _Composing(
        environment=environment,
        dialect=dialect,
        running=running,
        incoming=incoming,
        previous=previous,
        tx=tx,
        wishes=wishes,
        found=found,
    )
    result = found.result
    return Planned(
        plan=composing.plan(),
        running=running,
        result=result,
        previous=previous,
        model=found.model,
        operations=found.operations,
        is_synchronous=_digests(result, incoming.scope) == _digests(incoming.tree, incoming.scope),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """The tree that would run, compiled; `added`: components that came along, and why."""

    result: SourceTree
    model: Model
    problems: tuple[Problem, ...]
    merge: Merge | None
    operations: tuple[Operation, ...]
    added: Mapping[ComponentKey, str]
    trimmed: tuple[Trimmed, ...] = ()


def _candidate(
    environment: EnvironmentName,
    running: Running,
    incoming: Incoming,
    previous: Model | None,
    wishes: Wishes,
) -> _Candidate:
    """Merge, choose and compile. Raises: MetadataInvalid M100; UsageWrong U100."""
    result, merge = result_tree(running.tree, incoming, wishes.decisions)
    # A tree that was compiled before is the very same model; then there is nothing left to do.
    model, problems = compile_model(result, incoming.model or previous)
    if model is None:
        raise refusal(problems, f"{incoming.name} cannot run in {environment}")
    operations = diff_trees(running.tree, result, retired=running.retired)
    added: Mapping[ComponentKey, str] = {}
    trimmed: tuple[Trimmed, ...] = ()
    if wishes.chooses:
        contested = frozenset(c.component for c in merge.conflicts) if merge else frozenset()
        choice = choose_components(
            operations,
            wishes.patterns,
            model,
            without=wishes.without,
            optional=wishes.optional,
            contested=contested,
        )
        added, trimmed = choice.added, choice.trimmed
        result = taken(choice.operations, running.tree, result)
        model, problems = compile_model(result, model)
        if model is None:
            raise refusal(problems, f"these components alone cannot run in {environment}")
        operations = diff_trees(running.tree, result, retired=running.retired)
    return _Candidate(
        result=result,
        model=model,
        problems=problems,
        merge=merge,
        operations=operations,
        added=added,
        trimmed=trimmed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composing:
    """Writes one plan down: what the candidate means to the environment, read in `tx`."""

    environment: EnvironmentName
    dialect: str
    running: Running
    incoming: Incoming
    previous: Model | None
    tx: Tx | None
    wishes: Wishes
    found: _Candidate

    def plan(self) -> Plan:
        """Give the document."""
        running, found = self.running, self.found
        operations, result = found.operations, found.result
        counting, policy = self._counting(), Policy() if self.tx is None else load_policy(self.tx)
        changes = self._changes(counting, policy)
        conflicts = _conflicts(found, self.wishes)
        base = self._base()
        return Plan(
            environment=self.environment,
            dialect=self.dialect,
            source=self.incoming.name,
            base=f"{self.environment}@{base}",
            version=running.head.version,
            tree=running.tree.digest,
            result=result.digest if operations else running.tree.digest,
            changes=changes,
            conflicts=conflicts,
            steps=self._steps(counting, changes),
            warnings=(*_warnings(found.problems), *self._without_people(), *self._passed_over()),
            passed=len(result.docs),
            content=_content(running.tree, result) if operations else {},
            removed=tuple(key for key in running.tree.docs if key not in result.docs),
            author=self.wishes.author,
            approvals=policy.approvals,
            since=self._since(base, conflicts),
            resolved=_resolved(found),
            trimmed=found.trimmed,
            access=self._access(),
            visibility=counting.visibility_of(operations) if counting else (),
            failed=self._missing_values(),
            project=self.incoming.project,
            refresh=self._refresh,
        )

    def _counting(self) -> Counting | None:
        if self.tx is None or self.previous is None:
            return None
        counts = Counts(
            environment=self.environment,
            running=self.running,
            previous=self.previous,
            model=self.found.model,
        )
        return counts.over(self.tx)

    def _changes(self, counting: Counting | None, policy: Policy) -> tuple[PlannedChange, ...]:
        found = self.found
        telling = Telling(
            running=self.running,
            result=found.result,
            renames={o.former: o.component for o in found.operations if isinstance(o, Rename)},
            previous=self.previous,
            model=found.model,
            counting=counting,
            policy=policy,
        )
        impacts = counting.of(found.operations) if counting else {}
        return tuple(
            self._change(o, impacts.get(o.component), telling, found.added.get(o.component, ""))
            for o in found.operations
        )

    @property
    def _usual(self) -> Mapping[str, Treatment]:
        return {**self.incoming.treated, **self.wishes.usual}

    def _change(
        self, operation: Operation, impact: Impact | None, telling: Telling, reason: str
    ) -> PlannedChange:
        """Write an operation down, with what it means to the records that are there."""
        treatment = choose(operation, self.wishes.treatments, telling.model, self._usual)
        is_needed = treatment is not None and (impact is None or impact.concerned)
        text = treatment.text if treatment is not None and is_needed else ""
        planned = PlannedChange.of(operation, impact, text, telling.facts(operation))
        return replace(planned, why=f"{planned.why}; {reason}") if reason else planned

    def _passed_over(self) -> Iterator[str]:
        found = self.found
        chosen = self.wishes.treatments
        return misfitting_usual(found.operations, chosen, self._usual, found.model)

    def _steps(
        self, counting: Counting | None, changes: Sequence[PlannedChange]
    ) -> tuple[PlannedStep, ...]:
        stepping = Stepping(
            running=self.running,
            previous=self.previous,
            model=self.found.model,
            dialect=self.dialect,
            counting=counting,
            rates={} if self.tx is None else load_rates(self.tx),
        )
        return stepping.steps(self.found.operations, changes)

    def _base(self) -> int:
        """Give the version of the target that the work began from, as far as anybody knows."""
        incoming, head = self.incoming, self.running.head.version
        if incoming.base_version is not None:
            return incoming.base_version
        is_same = incoming.base is None or incoming.base.digest == self.running.tree.digest
        if incoming.base is None or self.tx is None or is_same:
            return head
        found = find_by_tree(self.tx, incoming.base.digest)
        return head if found is None else found

    def _since(self, base: int, conflicts: Sequence[PlannedConflict]) -> tuple[SinceBase, ...]:
        incoming = self.incoming
        if self.tx is None or incoming.base is None or base >= self.running.head.version:
            return ()
        touched = touched_by(incoming.tree, incoming.base)
        both = {conflict.component for conflict in conflicts}
        return since_base(self.tx, base, touched, both)

    def _access(self) -> tuple[AccessChange, ...]:
        if self.previous is None or not self.found.operations:
            return ()
        return tuple(access_changes(self.previous, self.found.model))

    def _without_people(self) -> tuple[str, ...]:
        if self.tx is None or not self.found.operations:
            return ()
        named = nobody_in(self.found.operations, self.found.model, list_members(self.tx))
        return tuple(dict.fromkeys(named))

    @property
    def _refresh(self) -> str:
        """Give what a sandbox is brought up to; "" where it gets only a part of it."""
        return "" if self.wishes.chooses else self.incoming.refresh

    def _missing_values(self) -> tuple[FailedCheck, ...]:
        """Name what the target lacks; a sandbox goes without the values of its parent."""
        if self.tx is None or not self.running.head.version or self._refresh:
            return ()
        found = self.found
        return missing_values(self.tx, self.environment, found.operations, found.result)


def plan_again(plan: Plan, running: Running) -> Planned:
    """Give a sealed plan what it needs to be carried out on what it was made for.

    Raises: DeploymentFailed D102 (exit 7) when that has moved; MetadataInvalid M100 when this
    engine cannot compile its result.
    """
    ensure_fresh(plan, running.head)
    kept = {key: doc for key, doc in running.tree.docs.items() if key not in plan.removed}
    rows = ((key, content.data, content.text) for key, content in plan.content.items())
    result = make_tree({**kept, **tree_from_stored(rows).docs}.values())
    previous = running_model(running)
    model, problems = compile_model(result, previous)
    if model is None:
        raise refusal(problems, f"the plan cannot run in {plan.environment}")
    return Planned(
        plan=plan,
        running=running,
        result=result,
        previous=previous,
        model=model,
        operations=diff_trees(running.tree, result, retired=running.retired),
        is_synchronous=True,
    )


def running_model(running: Running) -> Model | None:
    """Compile what runs, so that only what changes has to be compiled after it."""
    return compile_model(running.tree)[0] if running.head.version else None


def ensure_fresh(plan: Plan, head: Head) -> None:
    """Refuse a plan that was made for another version. Raises: DeploymentFailed D102, exit 7."""
    if head.version != plan.version or head.tree != plan.tree:
        raise DeploymentFailed(
            message=f"The plan was made for {plan.target}, and {plan.environment} is at "
            f"{head.version} now; nothing was changed.",
            code="D102",
            step="verify",
            exit_code=Exit.STALE,
            status=409,
            hint=f"make a new plan: {plan.made_again}",
        )


def result_tree(
    target: SourceTree, incoming: Incoming, decisions: Decisions = NO_DECISIONS
) -> tuple[SourceTree, Merge | None]:
    """Give the tree after the deployment: the target's outside the scope, merged inside.

    Returns: the tree, and the merge when there was something to merge.
    Raises: UsageWrong U106 for decisions about what is no conflict.
    """
    owned = _owned(incoming.tree, incoming.scope)
    outside = {k: d for k, d in target.docs.items() if not is_owned(k, incoming.scope)}
    missing = {k: d for k, d in incoming.tree.docs.items() if k not in target.docs}
    project = {k: d for k, d in missing.items() if k == PROJECT}
    if incoming.base is None or incoming.base.digest == target.digest:
        decisions.ensure_all_used(())
        return make_tree({**project, **outside, **owned}.values()), None
    merge = merge_components(
        _data(_owned(incoming.base, incoming.scope)),
        _data(_owned(target, incoming.scope)),
        _data(owned),
        decisions.side,
    )
    decisions.ensure_all_used([*(c for c, _ in merge.resolved), *merge.conflicts])
    merged = _documents(merge, _owned(target, incoming.scope), owned)
    return make_tree({**project, **outside, **merged}.values()), merge


def _owned(tree: SourceTree, scope: tuple[str, ...]) -> Mapping[ComponentKey, SourceDoc]:
    return {key: doc for key, doc in tree.docs.items() if is_owned(key, scope)}


def _digests(tree: SourceTree, scope: tuple[str, ...]) -> dict[ComponentKey, Digest]:
    return {key: digest for key, digest in tree.tree.items() if is_owned(key, scope)}


def _data(docs: Mapping[ComponentKey, SourceDoc]) -> dict[ComponentKey, Mapping[str, object]]:
    return {key: doc.data for key, doc in docs.items()}


def _documents(
    merge: Merge,
    target: Mapping[ComponentKey, SourceDoc],
    incoming: Mapping[ComponentKey, SourceDoc],
) -> Mapping[ComponentKey, SourceDoc]:
    """Turn merged data into documents: those of one side, with their text, wherever they fit."""
    here, there = (apply_operations(_data(side), ()) for side in (target, incoming))
    found: dict[ComponentKey, SourceDoc] = {}
    for key, data in merge.components.items():
        if key in here and here[key] == data:
            found[key] = target[key]
        elif key in there and there[key] == data:
            found[key] = incoming[key]
        else:
            found[key] = SourceDoc(key=key, data=data, digest=digest_of(data))
    return found


def _content(before: SourceTree, after: SourceTree) -> Mapping[ComponentKey, Content]:
    return {
        key: Content(data=canonical(doc.data), text=doc.text)
        for key, doc in sorted(after.docs.items())
        if before.tree.get(key) != doc.digest
    }


def _conflicts(found: _Candidate, wishes: Wishes) -> tuple[PlannedConflict, ...]:
    """Give the conflicts of a merge; where components were chosen, only theirs.

    A component whose every change is in conflict brings no operation, and is chosen by its name.
    """
    every = () if found.merge is None else found.merge.conflicts
    brought = {operation.component for operation in found.operations}
    return tuple(
        _planned_conflict(c)
        for c in every
        if not wishes.chooses or c.component in brought or wishes.means(c.component)
    )


def _resolved(found: _Candidate) -> tuple[PlannedConflict, ...]:
    decided = () if found.merge is None else found.merge.resolved
    return tuple(replace(_planned_conflict(c), choice=choice) for c, choice in decided)


def _planned_conflict(conflict: Conflict) -> PlannedConflict:
    return PlannedConflict(
        component=conflict.component,
        property=conflict.property,
        base=conflict.base,
        target=conflict.target,
        incoming=conflict.incoming,
    )


def _warnings(problems: tuple[Problem, ...]) -> tuple[str, ...]:
    return tuple(str(p) for p in problems if p.severity is Severity.WARNING)
