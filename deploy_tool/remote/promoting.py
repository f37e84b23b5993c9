"""Plans and deployments of another machine. The server decides; here is asked, shown and re-read.

What `apply` cannot know when the connection breaks is read again: the deployments of the plan's
digest say whether it took place.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy_tool.exits import Exit, Refused
from deploy_tool.looking import Answer, entries
from deploy_tool.plans.consenting import ensure_accepted, ensure_decided
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.plan_files import plan_of, read_plan
from deploy_tool.plans.planning import Wishes, ensure_fresh
from deploy_tool.plans.proposing import note_base, noted_base, read_files
from deploy_tool.plans.treatments import ensure_treated
from deploy_tool.remote.client import LONG_PATIENCE, Client, Lost, segment
from deploy_tool.remote.failures import Unreachable
from deploy_tool.remote.looking import RemoteLooking
from deploy_tool.site import Prepared
from deploy_tool.sources.checking import under
from deploy_tool.sources.checkouts import Files, at_hand
from deploy_tool.sources.places import EnvironmentPlace, FolderPlace, read_place
from deploy_tool.sources.scope import is_owned, scope_of
from deploy_tool.sources.sent_trees import ensure_size
from deploy_tool.testing import Report
from deploy_tool.testing.outcomes import outcome_from
from engine.errors import DeploymentFailed, MetadataInvalid
from engine.names import Digest, EnvironmentName
from engine.source.files import read_folder
from engine.store.platform.head import Head

REREAD_SECONDS = 40.0  # how long is asked what became of a deployment
REREAD_EVERY = 1.0
UNPINNED = ""  # nobody works with this head; it is compared with the plan


@dataclass(frozen=True, slots=True)
class RemotePrepared:
    """See `Prepared`."""

    client: Client
    plan: Plan

    def ensure_ready(self, accepted: frozenset[str]) -> None:
        """Refuse conflicts, a missing consent and what a treatment blocks, before asking.

        The server does so again, from the trees themselves.
        """
        ensure_decided(self.plan)
        ensure_accepted(self.plan.changes, accepted)
        ensure_treated((c.component, c.treatment, c.impact.concerned) for c in self.plan.changes)

    def apply(self, accepted: frozenset[str]) -> int:
        """Carry it out; give the version that it became.

        Raises: what the server refuses; DeploymentFailed D104, exit 11, when the connection broke
        and nobody can be asked what became of it.
        """
        path = f"/plans/{segment(self.plan.digest)}/apply"
        try:
            done = self.client.post(path, {"accept": sorted(accepted)}, patience=LONG_PATIENCE)
        except Lost as lost:
            return self._outcome(lost)
        return int(str(done["version"]))

    def _outcome(self, lost: Lost) -> int:
        """Ask what became of it, as long as it may still be under way."""
        until = time.monotonic() + REREAD_SECONDS
        while time.monotonic() < until:
            time.sleep(REREAD_EVERY)
            try:
                found = self._last()
            except Unreachable:
                continue
            if found is not None and found["state"] == "done":
                return int(str(found["version"]))
            if found is not None and found["state"] in {"failed", "aborted"}:
                raise self._undone(found) from lost
            if found is not None and found["state"] == "switched":
                raise self._pending(found) from lost
        raise DeploymentFailed(
            message=f"The connection was lost, and {self.client.address.text} does not say whether "
            "the deployment took place.",
            code="D104",
            step="switch",
            exit_code=Exit.UNKNOWN,
            hint=f"once it can be reached: patron log {self.plan.environment}",
        ) from lost

    def _last(self) -> Answer | None:
        found = self.client.get(
            "/deployments", environment=self.plan.environment, plan=self.plan.digest, limit=1
        )
        return next(iter(entries(found, "deployments")), None)

    def _pending(self, found: Answer) -> DeploymentFailed:
        name = self.plan.environment
        return DeploymentFailed(
            message=f"{name}@{found['version']} runs, and a follow-up is pending.",
            code="D131",
            step="follow-up",
            exit_code=Exit.FOLLOW_UP,
            status=202,
            hint=f"patron log {name} tells, once it is done",
        )

    def _undone(self, found: Answer) -> DeploymentFailed:
        return DeploymentFailed(
            message=f"The deployment failed and was undone: {found['error']}",
            code="D100",
            step="apply",
            exit_code=Exit.UNDONE,
            hint=f"{self.plan.target} goes on as before; patron doctor may know more",
        )


@dataclass(frozen=True, slots=True)
class RemotePromoting:
    """See `Promoting`."""

    client: Client
    looking: RemoteLooking

    def plan(self, source: str, target: str, wishes: Wishes) -> RemotePrepared:
        """Plan the deployment of A, or of some of its components, to an environment."""
        place = read_place(source, self.looking.names)
        name = self.looking.known(target)
        wanted: Answer = {
            "source": source,
            "target": name,
            "patterns": list(wishes.patterns),
            "without": list(wishes.without),
            "treatments": {key: chosen.text for key, chosen in wishes.treatments.items()},
            "resolve": [f"{what}={side}" for what, side in wishes.decisions.typed],
        }
        if isinstance(place, EnvironmentPlace):
            return self._made(self.client.post("/plans", wanted, patience=LONG_PATIENCE))
        with at_hand(place) as files:
            sent = _sent(files, noted_base(place, name), name)
        try:
            return self._made(
                self.client.post("/plans", {**wanted, **sent}, patience=LONG_PATIENCE)
            )
        except MetadataInvalid as invalid:
            invalid.problems = tuple(under(files.shown, p) for p in invalid.problems)
            raise

    def read(self, path: Path) -> RemotePrepared:
        """Prepare the plan in a file for being carried out: it has to be known to the server."""
        plan = read_plan(path)
        self.looking.known(plan.environment)
        self.client.get(f"/plans/{segment(plan.digest)}")
        status = self.looking.status(plan.environment)
        number, tree = int(str(status["version"])), Digest(str(status["tree"]))
        head = Head(version=number, token=UNPINNED, tree=tree)
        ensure_fresh(plan, head)
        return RemotePrepared(self.client, plan)

    def back(
        self, name: str, *, version: int | None, deployment: int | None, resolve: Sequence[str]
    ) -> tuple[RemotePrepared, Sequence[str]]:
        """Plan a rollback; with it, what of the records stays as it is, in sentences."""
        given = {"to": version, "deployment": deployment, "resolve": list(resolve) or None}
        body = {key: value for key, value in given.items() if value is not None}
        found = self.client.post(f"{self.looking.path(name)}/rollback", body)
        stays = found["stays"]
        return self._made(found), [str(one) for one in stays] if isinstance(stays, list) else []

    def restore(self, name: str, component: str) -> RemotePrepared:
        """Plan to bring a retired component back."""
        path = f"{self.looking.path(name)}/restore"
        return self._made(self.client.post(path, {"component": component}))

    def settle(self, source: str, prepared: Prepared, version: int) -> None:
        """Note in a directory that it is the same as a version now, where it is."""
        place = read_place(source, self.looking.names)
        plan = prepared.plan
        if not isinstance(place, FolderPlace) or noted_base(place, plan.environment) is None:
            return
        tree = read_files(place.path)
        scope = scope_of(tree)
        _, there = self.looking.tree(EnvironmentPlace(name=plan.environment, version=version))
        mine, theirs = (
            {key: digest for key, digest in one.tree.items() if is_owned(key, scope)}
            for one in (tree, there)
        )
        if mine == theirs:
            note_base(place.path, plan.environment, version)

    def validate(self, plan: Plan) -> Report:
        """Play the examples and tests of a plan's result."""
        path = f"/plans/{segment(plan.digest)}/validate"
        found = self.client.post(path, {}, patience=LONG_PATIENCE)
        return Report(outcomes=tuple(outcome_from(one) for one in entries(found, "tests")))

    def approve(self, plan: Plan) -> tuple[str, int]:
        """Approve a plan; give who did, and how many approvals it has."""
        found = self.client.post(f"/plans/{segment(plan.digest)}/approve", {})
        return str(found["by"]), int(str(found["approvals"]))

    def _made(self, answer: Answer) -> RemotePrepared:
        """Fetch the whole plan that was made: with what it writes, under its seal."""
        digest = str(answer["digest"])
        sealed = self.client.get(f"/plans/{segment(digest)}", sealed="true")
        try:
            plan = plan_of(sealed)
        except (KeyError, TypeError, ValueError) as error:
            raise self._not_understood() from error
        if plan.digest != digest:
            raise self._not_understood()
        return RemotePrepared(self.client, plan)

    def _not_understood(self) -> Refused:
        return Refused(
            f"{self.client.address.text} sent a plan that this command does not understand.",
            code="U121",
            exit_code=Exit.INTERNAL,
            hint="are both of the same version of Patron?",
        )


def _sent(files: Files, noted: int | None, target: EnvironmentName) -> Answer:
    """Give files, once they can be read, and the version that they were last the same as."""
    read_files(files.path, files.shown)
    texts, _, _ = read_folder(files.path)
    ensure_size(texts)
    base = {} if noted is None else {"base": f"{target}@{noted}"}
    return {"files": texts, "git_revision": files.revision, **base}
