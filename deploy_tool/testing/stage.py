"""The throw-away environment in which configuration tests play: SQLite in a temporary folder.

Made the way every environment is made: platform tables, a plan against nothing, and `apply_plan`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy_tool.deploying.applying import Order, apply_plan
from deploy_tool.plans.planning import Incoming, plan_deployment
from deploy_tool.sources.trees import read_running
from engine.clock import Clock
from engine.names import ComponentKey, EnvironmentName, component_key, split_key
from engine.snapshots import Environment
from engine.source import SourceTree, canonical, make_tree, tree_from_stored
from engine.store.database import Database
from engine.store.platform.upgrades import ENVIRONMENT, upgrade

NAME = EnvironmentName("configuration-tests")
# The permission set of whoever a test names by role alone: every record, no system permission.
EVERY_OBJECT = "every_object_in_configuration_tests"
_RIGHTS = ("create", "read", "edit", "delete", "transfer")


@contextmanager
def open_stage(tree: SourceTree, clock: Clock) -> Iterator[Environment]:
    """Give an environment that runs a configuration, and remove it without a trace.

    Raises: MetadataInvalid M100 when the configuration does not compile.
    """
    with TemporaryDirectory(prefix="patron-test-") as folder:
        database = Database(f"sqlite:///{Path(folder) / 'tests.db'}")
        try:
            upgrade(database, ENVIRONMENT)
            _publish(database, with_every_object(tree), clock)
            yield Environment(NAME, database)
        finally:
            database.dispose()


def with_every_object(tree: SourceTree) -> SourceTree:
    """Add the permission set `EVERY_OBJECT` to a configuration."""
    objects = [path[0] for kind, path in map(split_key, tree.docs) if kind == "object"]
    rights = dict.fromkeys(_RIGHTS, True)
    added: dict[ComponentKey, Mapping[str, object]] = {
        component_key("permission_set", EVERY_OBJECT): {"label": "Every object"},
        **{component_key("object_permission", EVERY_OBJECT, name): rights for name in objects},
    }
    rows = ((key, canonical(data), "") for key, data in added.items())
    return make_tree([*tree.docs.values(), *tree_from_stored(rows).docs.values()])


def _publish(database: Database, tree: SourceTree, clock: Clock) -> None:
    with database.read() as tx:
        running = read_running(tx)
    incoming = Incoming(tree=tree, name="configuration tests")
    planned = plan_deployment(NAME, database.dialect, running, incoming)
    apply_plan(database, planned, Order(actor="system", source="import"), clock)
