"""Makes a demo in an empty home: production, its people and records, one sandbox with the same.

A demo that was not made to the end is removed and made again; one that was is never made twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from deploy_tool.demo.home import Demo, clear, new_password, write_demo
from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.installation import Installation
from deploy_tool.plans.planning import Incoming, plan_deployment
from deploy_tool.sources.checking import check_folder
from deploy_tool.sources.trees import read_running
from sandbox.environments import PRODUCTION, make_production
from sandbox.samples.install import install_samples
from sandbox.samples.people import Person, read_people
from sandbox.sandboxes import NewSandbox, make_sandbox

FOLDER = Path(__file__).resolve().parents[2] / "metadata"  # the configuration that is shipped
SANDBOX = "discounts"


def make_demo(
    installation: Installation, left: Demo | None, say: Callable[[str], None], folder: Path = FOLDER
) -> Demo:
    """Make everything; give what a second start needs.

    `left` is what an unfinished demo left: its passwords serve again.
    Raises: MetadataInvalid M100; UsageWrong U110.
    """
    home = installation.settings.home
    people = read_people()
    known = {} if left is None else left.passwords
    passwords = {p.email: known.get(p.email) or new_password() for p in people if p.login}
    unfinished = Demo(is_ready=False, passwords=passwords, metadata=fingerprint(folder))
    if left is not None:
        clear(home)
    write_demo(home, unfinished)
    say(f"Making a demo in {home} ...")
    _make_production(installation, folder)
    _fill(installation, PRODUCTION, people, passwords)
    _make_sandbox(installation, people)
    ready = Demo(is_ready=True, passwords=passwords, metadata=unfinished.metadata)
    write_demo(home, ready)
    return ready


def fingerprint(folder: Path) -> str:
    """Give a hash of the files of a configuration, names and bytes. Takes a few milliseconds."""
    found = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = path.relative_to(folder)
        if not any(part.startswith(".") for part in inside.parts):
            found.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _make_production(installation: Installation, folder: Path) -> None:
    checked = check_folder(folder)
    tree = checked.ensure()
    control, now = installation.environments.control, installation.clock.now()
    make_production(installation.settings, control, url="", at=now)
    database = installation.environments.open(PRODUCTION).database
    with database.read() as tx:
        running = read_running(tx)
    incoming = Incoming(tree=tree, name=str(folder), model=checked.model)
    planned = plan_deployment(PRODUCTION, database.dialect, running, incoming)
    order = Order(actor=installation.actor, reason="demo", source="import")
    apply_plan(database, planned, order, installation.clock)


def _make_sandbox(installation: Installation, people: tuple[Person, ...]) -> None:
    """Make the sandbox and give it the same people and records: something to try changes on."""
    new = NewSandbox(name=SANDBOX, actor=installation.actor, admits=False)
    make_sandbox(installation.settings, installation.environments, new, at=installation.clock.now())
    _fill(installation, SANDBOX, people, {})


def _fill(
    installation: Installation, name: str, people: tuple[Person, ...], passwords: dict[str, str]
) -> None:
    environments = installation.environments
    install_samples(
        environments,
        environments.open(name),
        people,
        passwords,
        at=installation.clock.now(),
    )
