"""The routes of plans: made, read, validated, approved, carried out. Everything is enforced here.

What is carried out is the plan that lies on the server under its digest; a client sends the digest
and its consent, never the plan. See docs/decisions/plans-over-rest.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.bodies import read_object
from api.given import Given, read_given
from api.headers import body_is_lines, read_body
from api.inside import SEES, Inside, Who, ensure_may
from api.queries import read_query, read_truth
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.deploying.settling import settle_deployed
from deploy_tool.installation import Installation
from deploy_tool.plans.approving import approve_plan
from deploy_tool.plans.asked import Asked, plan_asked
from deploy_tool.plans.kept_plans import Known, find_known, keep, no_such_plan
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.proposing import propose_again
from deploy_tool.sources.sent_trees import MOST_BYTES
from deploy_tool.testing.rendering import as_json
from deploy_tool.testing.validating import validate_plan
from engine.clock import SystemClock
from engine.errors import AccessDenied, FieldError, RecordInvalid
from engine.store.platform.evidence import load_evidence

CREATED = 201
MOST_BODY = MOST_BYTES + 1_000_000  # what JSON adds to the files
_REVISION = re.compile(r"[0-9a-f]{4,64}")
CONSENTS = frozenset({"retire", "narrowing"})
NEW = {
    "source": str,
    "files": dict,
    "base": str,
    "target": str,
    "patterns": list,
    "without": list,
    "resolve": list,
    "treatments": dict,
    "git_revision": str,
}
CONSENT = {"accept": list, "reason": str}


@dataclass(frozen=True, slots=True)
class PlanRoutes:
    """Views of /plans and what lies below it."""

    inside: Inside

    def create(self, environment: str) -> Response:
        """Plan a deployment, of files or of another environment; 201 with the plan."""
        _query()
        given = _given(NEW, "source", most=MOST_BODY)
        target = given.text("target", environment)
        who = self.inside.who(environment, target, "Planning a deployment", *SEES)
        asked = Asked(
            target=who.environment.name,
            source=given.text("source"),
            files=given.texts("files") if "files" in given else None,
            base=given.text("base"),
            patterns=given.listed("patterns"),
            without=given.listed("without"),
            resolve=given.listed("resolve"),
            git_revision=_revision(given),
            treatments=given.texts("treatments"),
        )
        if asked.files is None:
            named = asked.source_environment
            self.inside.who(environment, named, "Reading a configuration", *SEES)
        installation = self.installation(who)
        plan = plan_asked(installation, asked).plan
        self.keep(who, plan, plan.door, git_revision=plan.git_revision)
        return answer(encode(plan.as_json()), CREATED)

    def read(self, environment: str, digest: str) -> Response:
        """Show a plan, and who validated or approved it; `sealed` gives all that it writes."""
        is_sealed = read_truth(_query("sealed"), "sealed")
        who, known = self.find(environment, digest)
        if is_sealed:
            return answer(encode(known.plan.sealed()))
        with who.environment.database.read() as tx:
            evidence = [
                {"kind": one.kind, "by": one.actor, "at": one.at}
                for one in load_evidence(tx, known.plan.digest)
            ]
        return answer(encode({**known.plan.as_json(), "evidence": evidence}))

    def validate(self, environment: str, digest: str) -> Response:
        """Play the examples and tests of a plan's result; noted where none failed."""
        _given({})
        who, known = self.find(environment, digest)
        report = validate_plan(self.installation(who), known.plan)
        return answer(encode({"plan": known.plan.digest, **as_json(report)}))

    def approve(self, environment: str, digest: str) -> Response:
        """Approve a plan of somebody else."""
        _given({})
        who, known = self.find(environment, digest)
        ensure_may(who, "Approving a plan", "deploy")
        if who.person == known.person:  # whatever address they had when they planned
            message = "You planned this; somebody else has to approve it."
            raise AccessDenied(message, code="A110", hint="ask a colleague who may deploy")
        count = approve_plan(
            who.environment.database, known.plan, actor=who.email, at=SystemClock().now()
        )
        shown = {"plan": known.plan.digest, "approvals": count, "needed": known.plan.approvals}
        return answer(encode({**shown, "by": who.email}))

    def apply(self, environment: str, digest: str) -> Response:
        """Carry a plan out, with the words of consent in `accept`."""
        given = _given(CONSENT)
        accepted = _accepted(given)
        who, known = self.find(environment, digest)
        ensure_may(who, "Deploying", "deploy")
        return answer(encode(self._apply(who, known, accepted, given.text("reason"))))

    def find(self, environment: str, digest: str) -> tuple[Who, Known]:
        """Find a plan where its digest is kept: here, or in another environment of the caller.

        Raises: AccessDenied A100 without the right to see plans; NotFound D161.
        """
        for who in self.inside.each(environment):
            known = find_known(who.environment.database, digest) if who.may(*SEES) else None
            if known is not None:
                return who, known
        self.inside.who(environment, environment, "Reading a plan", *SEES)
        raise no_such_plan(digest)

    def keep(self, who: Who, plan: Plan, source: str, *, git_revision: str = "") -> None:
        """Keep a plan of the caller where it was made for."""
        keep(
            who.environment.database,
            plan,
            person=who.person,
            at=SystemClock().now(),
            source=source,
            git_revision=git_revision,
        )

    def installation(self, who: Who) -> Installation:
        """Give the installation, with the caller as who acts."""
        directory = self.inside.directory
        return Installation(directory.settings, who.email, opened=directory)

    def _apply(
        self, who: Who, known: Known, accepted: frozenset[str], reason: str
    ) -> Mapping[str, object]:
        plan = known.plan
        planned = propose_again(self.installation(who), plan)
        shown: dict[str, object] = {"plan": plan.digest, "changes": len(plan.changes)}
        directory = self.inside.directory
        if not plan.changes and not plan.conflicts:
            settle_deployed(directory, plan)
            return {**shown, "version": plan.version, "deployment": None}
        order = Order(
            actor=who.email,
            reason=reason,
            source=known.source,
            accepted=accepted,
            git_revision=known.git_revision,
        )
        version = apply_plan(who.environment.database, planned, order, SystemClock())
        settle_deployed(directory, plan)
        return {**shown, "version": version.number, "deployment": version.deployment}


def _revision(given: Given) -> str:
    """Read a git revision. Raises: RecordInvalid R100 for what cannot be one."""
    found = given.text("git_revision")
    if not found or _REVISION.fullmatch(found):
        return found
    message = "git_revision is the hash of a commit."
    error = FieldError(field="git_revision", code="R112", message=message)
    raise RecordInvalid(message, errors=(error,))


def _accepted(given: Given) -> frozenset[str]:
    """Read the words of consent. Raises: RecordInvalid R100 for one that is none."""
    words = frozenset(given.listed("accept"))
    unknown = sorted(words - CONSENTS)
    if not unknown:
        return words
    message = f'"{unknown[0][:40]}" is no consent: retire, narrowing, or both.'
    error = FieldError(field="accept", code="R150", message=message)
    raise RecordInvalid(message, errors=(error,))


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _given(kinds: Mapping[str, type], *needed: str, most: int = 100_000) -> Given:
    """Read a body; none at all is an empty one."""
    body_is_lines()
    raw = read_body(most)
    return read_given(read_object(raw) if raw else {}, kinds, *needed)
