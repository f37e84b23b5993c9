"""From what people type, `--from A --to ENV`, to a plan.

Separate from planning, which is pure: here directories, environments and `.patron/base` are read.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from deploy_tool.installation import Installation
from deploy_tool.plans.change_sets import with_sets
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.planning import (
    AS_IT_COMES,
    Incoming,
    Planned,
    Wishes,
    plan_again,
    plan_deployment,
)
from deploy_tool.plans.promoting import parents_incoming, sandbox_incoming
from deploy_tool.sources.checking import check_folder, under
from deploy_tool.sources.checkouts import Files, at_hand
from deploy_tool.sources.places import EnvironmentPlace, FolderPlace, Place, read_place
from deploy_tool.sources.scope import project_of, scope_of
from deploy_tool.sources.trees import environment_tree, past_tree, read_running
from engine.errors import MetadataInvalid, NotFound, Severity
from engine.names import EnvironmentName
from engine.snapshots import Environment
from engine.source import SourceTree, load_tree
from engine.store.platform.journal import find_delivered
from engine.store.tx import Tx

BASE = Path(".patron", "base")  # in a directory: what it was last the same as, "production@118"


def propose(
    installation: Installation,
    source: str,
    target: str,
    wishes: Wishes = AS_IT_COMES,
) -> Planned:
    """Plan the deployment of A, or of some of its components, to an environment.

    Who plans is whoever acts, and decisions kept in a sandbox count beside those of `wishes`.
    Raises: UsageWrong U100 for what is nowhere, U105 for treatments that make no sense;
    MetadataInvalid M100 with every problem.
    """
    place = read_place(source, installation.names)
    name = installation.known(target)
    wishes = replace(wishes, author=installation.actor)
    if isinstance(place, EnvironmentPlace):
        incoming = read_incoming(installation, place, source, name)
        here = with_sets(installation.environment(place.name), wishes)
        return plan_incoming(installation.environment(name), incoming, here)
    with at_hand(place) as files:
        incoming = incoming_files(files, source)
        revision, shown = files.revision, files.shown
    try:
        return plan_incoming(
            installation.environment(name),
            incoming,
            with_sets(None, wishes),
            noted=noted_base(place, name),
            git_revision=revision,
        )
    except MetadataInvalid as invalid:
        invalid.problems = tuple(under(shown, p) for p in invalid.problems)
        raise


def plan_incoming(
    target: Environment,
    incoming: Incoming,
    wishes: Wishes,
    *,
    noted: int | None = None,
    git_revision: str = "",
) -> Planned:
    """Plan what came from somewhere; `noted` is the version of the target its work began from.

    Where nobody noted it, files of a git revision begin from the last one that their project
    delivered here.
    Raises: UsageWrong U100 and U105; MetadataInvalid M100 with every problem.
    """
    database = target.database
    with database.read() as tx:
        running = read_running(tx)
        if noted is None and git_revision:
            noted = find_delivered(tx, incoming.project)
        if noted is not None and noted != running.head.version:
            incoming = _with_base(tx, incoming, noted)
        decisions = replace(wishes.decisions, kept=incoming.decided)
        planned = plan_deployment(
            target.name,
            database.dialect,
            running,
            incoming,
            tx=tx,
            wishes=replace(wishes, decisions=decisions),
        )
    return _revised(planned, git_revision)


def _revised(planned: Planned, git_revision: str) -> Planned:
    """Note the revision that came in; merged with other work, what runs then is not just that."""
    if not git_revision:
        return planned
    plan = planned.plan
    told = git_revision if planned.is_synchronous else f"{git_revision}+{plan.target}"
    return replace(planned, plan=replace(plan, git_revision=told))


def propose_again(installation: Installation, plan: Plan) -> Planned:
    """Prepare a sealed plan for being carried out where it was made for.

    Raises: UsageWrong U100 when the environment is gone; DeploymentFailed D102 when it has moved.
    """
    database = installation.environment(plan.environment).database
    with database.read() as tx:
        return plan_again(plan, read_running(tx))


def read_incoming(
    installation: Installation, place: EnvironmentPlace, name: str, target: EnvironmentName
) -> Incoming:
    """Read what an environment brings: between a sandbox and its parent with where work began."""
    environment = installation.environment(place.name)
    if place.version is None and environment.row.parent == target:
        with environment.database.read() as tx:
            return sandbox_incoming(environment, tx)
    there = installation.environment(target)
    if place.version is None and there.row.parent == place.name:
        return parents_incoming(environment, there)
    return Incoming(tree=environment_tree(installation, place), name=name)


def incoming_files(files: Files, name: str) -> Incoming:
    """Read what files bring. Raises: MetadataInvalid M100 for those that cannot be read."""
    tree = read_files(files.path, files.shown)
    return incoming_tree(tree, name)


def incoming_tree(tree: SourceTree, name: str) -> Incoming:
    """Say whose files a tree is, and what of the target they own."""
    return Incoming(tree=tree, name=name, scope=scope_of(tree), project=project_of(tree))


def read_files(folder: Path, shown: Path | None = None) -> SourceTree:
    """Read the files of a directory; what they mean is checked where they shall run.

    Raises: MetadataInvalid M100 with every problem, those of meaning too.
    """
    tree, problems = load_tree(folder)
    if any(problem.severity is Severity.ERROR for problem in problems):
        check_folder(folder, shown).ensure()
    return tree


def noted_base(place: Place, target: EnvironmentName) -> int | None:
    """Give the version of the target that a directory was pulled from, where one is noted."""
    if not isinstance(place, FolderPlace):
        return None
    try:
        noted = (place.path / BASE).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    name, _, number = noted.partition("@")
    return int(number) if name == target and number.isdigit() else None


def note_base(folder: Path, environment: EnvironmentName, version: int) -> None:
    """Note in a directory which version its files were last the same as."""
    note = folder / BASE
    note.parent.mkdir(parents=True, exist_ok=True)
    # The note is of this working copy alone: in a clone of somebody else it would be wrong.
    (note.parent / ".gitignore").write_text("*\n", encoding="utf-8")
    note.write_text(f"{environment}@{version}\n", encoding="utf-8")


def renew_base(installation: Installation, source: str, planned: Planned, version: int) -> None:
    """Move the note of a directory on once the environment runs just what its files say.

    Work of others that was merged in is not in the files: then the note stays where it is.
    """
    place = read_place(source, installation.names)
    name = planned.plan.environment
    is_noted = noted_base(place, name) is not None
    if isinstance(place, FolderPlace) and is_noted and planned.is_synchronous:
        note_base(place.path, name, version)


def _with_base(tx: Tx, incoming: Incoming, version: int) -> Incoming:
    """Give the merge base, unless the note speaks of a version this environment never had."""
    try:
        return replace(incoming, base=past_tree(tx, version), base_version=version)
    except NotFound:
        return incoming
