"""The routes that change environments: sandboxes, values, policy, and plans that go back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Response, request

from api.answers import answer, encode
from api.bodies import read_object
from api.environments import installation_of
from api.given import Given, read_given
from api.headers import body_is_lines, read_body
from api.inside import Inside
from api.plans import PlanRoutes
from api.queries import read_query
from deploy_tool.deploying.taking_back import propose_restore, propose_rollback
from deploy_tool.exits import UsageWrong
from deploy_tool.plans.deciding import read_decisions
from deploy_tool.setting import change_policy, change_values
from engine.clock import SystemClock
from engine.errors import AccessDenied, FieldError, RecordInvalid
from engine.store.platform.members import list_members
from sandbox.bringing.rights import ensure_reads_all
from sandbox.bringing.seeding import ensure_reseedable
from sandbox.bringing.wanted import DEFAULT_MOST, NONE, Wanted, read_wanted
from sandbox.sandboxes import (
    NewSandbox,
    delete_sandbox,
    ensure_deletable,
    ensure_parent,
    make_sandbox,
    reseeding,
)

CREATED, NO_CONTENT = 201, 204
NEW = {"name": str, "from": str, "data": str, "roots": dict, "most": int}
BACK = {"to": int, "deployment": int, "resolve": list}
MOST_BODY = 100_000
MOST_VALUE = 10_000  # characters of a value


@dataclass(frozen=True, slots=True)
class ChangingRoutes:
    """Views of POST, PATCH and DELETE below /environments."""

    inside: Inside
    plans: PlanRoutes

    def create(self, environment: str) -> Response:
        """Make a sandbox of an environment, with the caller as its administrator; 201.

        Answers when its records are there as well.
        """
        given = _given(NEW, "name")
        parent = given.text("from", environment)
        who = self.inside.who(environment, parent, "Making a sandbox", "customize", "deploy")
        wanted = _wanted(given)
        if wanted.brings:
            self.inside.read(environment, parent, ensure_reads_all)
        directory = self.inside.directory
        new = NewSandbox(
            name=given.text("name"),
            actor=who.email,
            parent=parent,
            maker=who.email,
            wanted=wanted,
        )
        row = make_sandbox(directory.settings, directory, new, at=SystemClock().now())
        with directory.open(row.name).database.read() as tx:
            members = [member.email for member in list_members(tx)]
        shown = {"environment": row.name, "kind": row.kind, "parent": row.parent}
        return answer(encode({**shown, "data": wanted.data, "members": members}), CREATED)

    def reseed(self, environment: str, named: str) -> Response:
        """Bring the records of a sandbox anew, by the words it was made with; 200 when done.

        Everything that was done to its records is gone.
        """
        _given({})
        who = self.inside.who(environment, named, "Bringing records anew", "deploy")
        directory = self.inside.directory
        sandbox = directory.open(named)
        parent = ensure_parent(named, sandbox.row.parent)
        self.inside.read(environment, parent, ensure_reads_all)
        wanted = ensure_reseedable(sandbox)
        for _ in reseeding(directory, named, actor=who.email, at=SystemClock().now()):
            pass
        return answer(encode({"environment": named, "data": wanted.data}))

    def delete(self, environment: str, named: str) -> Response:
        """Delete a sandbox with everything in it; 204."""
        _query()
        who = self.inside.who(environment, named, "Deleting a sandbox", "customize")
        directory = self.inside.directory
        ensure_deletable(directory, named)
        delete_sandbox(directory, named, actor=who.email, at=SystemClock().now())
        return Response(status=NO_CONTENT)

    def change_policy(self, environment: str, named: str) -> Response:
        """Set parts of the policy, by name; answers with the whole. For administrators."""
        settings = [f"{name}={text}" for name, text in _texts().items()]
        who = self.inside.who(environment, named, "Changing a policy", "deploy")
        if not who.is_administrator:
            message = f"The policy of {named} is set by its administrators."
            raise AccessDenied(message, hint="who deploys does not choose what a deployment needs")
        return answer(
            encode(change_policy(installation_of(self.inside.directory, who), named, settings))
        )

    def change_values(self, environment: str, named: str) -> Response:
        """Set values of declared variables, by name; answers with all, secrets left out."""
        wanted, digest = _texts("plan"), _query("plan").get("plan", "")
        who = self.inside.who(environment, named, "Setting values", "deploy")
        plan = self.plans.find(environment, digest)[1].plan if digest else None
        return answer(
            encode(change_values(installation_of(self.inside.directory, who), named, wanted, plan))
        )

    def rollback(self, environment: str, named: str) -> Response:
        """Plan to take a deployment back, or to return to a version; 201 with the plan."""
        given = _given(BACK)
        if "to" in given and "deployment" in given:
            raise UsageWrong(message="Name a version or a deployment, not both.")
        who = self.inside.who(environment, named, "Planning a rollback", "deploy")
        taken = propose_rollback(
            installation_of(self.inside.directory, who),
            named,
            version=given.number("to", 0) if "to" in given else None,
            deployment=given.number("deployment", 0) if "deployment" in given else None,
            decisions=read_decisions(given.listed("resolve")),
        )
        plan = taken.planned.plan
        self.plans.keep(who, plan, "rollback")
        return answer(encode({**plan.as_json(), "stays": list(taken.stays)}), CREATED)

    def restore(self, environment: str, named: str) -> Response:
        """Plan to bring a retired component back with its values; 201 with the plan."""
        given = _given({"component": str}, "component")
        who = self.inside.who(environment, named, "Planning a restore", "deploy")
        installation = installation_of(self.inside.directory, who)
        plan = propose_restore(installation, named, given.text("component")).plan
        self.plans.keep(who, plan, "deploy")
        return answer(encode(plan.as_json()), CREATED)


def _wanted(given: Given) -> Wanted:
    """Give the records to bring along. Raises: RequestInvalid Q121."""
    most = given.number("most", DEFAULT_MOST) if "most" in given else None
    return read_wanted(given.text("data", NONE), given.texts("roots"), most)


def _query(*known: str) -> dict[str, str]:
    return read_query(request.environ.get("QUERY_STRING", ""), known)


def _given(kinds: Mapping[str, type], *needed: str) -> Given:
    _query()
    body_is_lines()
    raw = read_body(MOST_BODY)
    return read_given(read_object(raw) if raw else {}, kinds, *needed)


def _texts(*known: str) -> Mapping[str, str]:
    """Read an object of texts, numbers, true and false. Raises: RecordInvalid R100."""
    _query(*known)
    body_is_lines()
    body = read_object(read_body(MOST_BODY))
    errors = tuple(
        FieldError(field=name, code="R170", message=f"{name[:40]} is a short text or a number.")
        for name, value in body.items()
        if not isinstance(value, str | int) or len(str(value)) > MOST_VALUE
    )
    if errors:
        raise RecordInvalid(errors=errors)
    return {name: _text(value) for name, value in body.items()}


def _text(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
