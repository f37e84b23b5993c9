"""Saving: what was sent is laid over what runs, checked, planned and carried out, or explained.

The same path as `patron apply`: tables, configuration and head change in one transaction, while
everybody goes on working. Looking and checking happen in one reading transaction before it; where
the head has moved in between, all of it is done once more with what runs then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from admin.drafts import Draft
from admin.rights import ensure
from deploy_tool.deploying.applying import Order
from deploy_tool.designing import Edit, Proposal, carry_out_edit, plan_edit, propose_edit
from deploy_tool.plans.planning import Planned
from deploy_tool.sources.trees import Running, past_tree, read_running
from engine.clock import SystemClock
from engine.diff import Risk
from engine.errors import DeploymentFailed, NotFound
from engine.names import ComponentKey
from engine.saving.explaining.simulating import Simulation
from engine.session import Session
from engine.source import SourceTree
from engine.store.platform.versions import Version
from web.frame import Frame, make_frame
from web.visit import PRODUCTION, Visit, visit

PATIENCE_SECONDS = 10.0  # how long a person waits for the environment
TRIES = 4  # others may save at the same time
_STALE = "D102"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a request asks to be saved, read from the form in the transaction that looks.

    `text` None ends the component. `accepted` are words of consent: retire, narrowing.
    """

    key: ComponentKey
    text: str | None
    base: int
    reason: str = ""
    former: ComponentKey | None = None
    mine_wins: bool = False
    accepted: frozenset[str] = frozenset()
    shown_on: tuple[ComponentKey, ...] = ()  # layouts that a new field is added to
    is_tried: bool = False  # only looked at, not saved
    is_simulated: bool = False  # tried on existing records as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it. `version` is set when one was made; `is_same` when nothing differs.

    `refusal` is the sentence of a deployment that did not take place; `needs` the consents that
    would let it, none in production.
    """

    proposal: Proposal
    planned: Planned | None = None
    version: Version | None = None
    is_same: bool = False
    are_words_kept: bool = False
    refusal: str = ""
    needs: tuple[str, ...] = ()
    simulation: Simulation | None = None

    @property
    def is_done(self) -> bool:
        """Tell whether everything is as it was wished."""
        return self.version is not None or self.is_same or self.are_words_kept

    @property
    def can_be_undone(self) -> bool:
        """Tell whether going back loses nothing: every inverse is additive."""
        operations = self.planned.operations if self.planned else ()
        return all(each.reverse().cls is Risk.ADDITIVE for each in operations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What one reading transaction found: the frame of the page, what runs, and the wish."""

    frame: Frame
    running: Running
    tree: SourceTree
    values: Mapping[str, object]
    draft: Draft
    wish: Wish | None
    outcome: Outcome | None


Prepare = Callable[[Session, Running], tuple[Draft, Wish | None]]
Gather = Callable[[Session, SourceTree, Draft], Mapping[str, object]]


def look_and_save(prepare: Prepare, gather: Gather) -> Looked:
    """Read what was sent, save it if that can be, and give what the page needs either way.

    `prepare` reads the form (no wish: nothing shall be saved); `gather` gives what the page shows
    beside the form, in the same transaction. Raises: AccessDenied A100.
    """
    for left in reversed(range(TRIES)):
        looked = visit().read(lambda session: _look(session, prepare, gather))
        outcome = looked.outcome
        if outcome is None or looked.wish is None or outcome.planned is None or outcome.needs:
            return looked
        if outcome.refusal or looked.wish.is_tried:
            return looked
        try:
            return _with_outcome(looked, _carried_out(visit(), looked.wish, outcome))
        except DeploymentFailed as failed:
            if failed.code != _STALE or not left:
                return _with_outcome(looked, _refused(outcome, failed))
    raise AssertionError  # the last try returns


def base_tree(session: Session, running: Running, base: int) -> SourceTree:
    """Give the tree of the version that somebody looked at; what runs, where it never was."""
    if not base or base == running.head.version:
        return running.tree
    try:
        return past_tree(session.unit.tx, base)
    except NotFound:
        return running.tree


def _look(session: Session, prepare: Prepare, gather: Gather) -> Looked:
    ensure(session, "customize")
    running = read_running(session.unit.tx)
    draft, wish = prepare(session, running)
    tree = base_tree(session, running, draft.base)
    outcome = None if wish is None else _considered(session, running, tree, wish)
    return Looked(
        frame=make_frame(session, visit()),
        running=running,
        tree=running.tree,
        values=gather(session, running.tree, draft),
        draft=draft,
        wish=wish,
        outcome=outcome,
    )


def _considered(session: Session, running: Running, tree: SourceTree, wish: Wish) -> Outcome:
    """Check and plan a wish, in the transaction that reads."""
    edit = Edit(
        key=wish.key,
        text=wish.text,
        base=tree,
        former=wish.former,
        mine_wins=wish.mine_wins,
        shown_on=wish.shown_on,
    )
    previous = session.snapshot.model
    proposal = propose_edit(running.tree, edit, previous)
    if proposal.errors or proposal.conflicts:
        return Outcome(proposal=proposal)
    if wish.is_simulated and proposal.model is not None:
        found = session.tracing.simulate(proposal.model, proposal.key)
        return Outcome(proposal=proposal, simulation=found)
    environment = visit().environment
    planned = plan_edit(environment, running, proposal, previous, session.unit.tx)
    if not planned.operations and not proposal.texts:
        return Outcome(proposal=proposal, is_same=True)
    missing = tuple(word for word in planned.plan.needs if word not in wish.accepted)
    if environment.name == PRODUCTION and planned.plan.needs:
        return Outcome(proposal=proposal, planned=planned, refusal=PRODUCTION)
    return Outcome(proposal=proposal, planned=planned, needs=missing)


def _carried_out(visited: Visit, wish: Wish, outcome: Outcome) -> Outcome:
    assert outcome.planned is not None  # the caller saw it
    order = Order(actor=visited.email, reason=wish.reason, source="ui", accepted=wish.accepted)
    version = carry_out_edit(
        visited.environment,
        outcome.proposal,
        outcome.planned,
        order,
        SystemClock(),
        patience=PATIENCE_SECONDS,
    )
    return Outcome(
        proposal=outcome.proposal,
        planned=outcome.planned,
        version=version,
        are_words_kept=version is None,
    )


def _refused(outcome: Outcome, failed: DeploymentFailed) -> Outcome:
    return Outcome(proposal=outcome.proposal, planned=outcome.planned, refusal=str(failed.message))


def _with_outcome(looked: Looked, outcome: Outcome) -> Looked:
    values = {name: getattr(looked, name) for name in Looked.__slots__}
    return Looked(**{**values, "outcome": outcome})
