"""Versions: published whole or not at all, walked back exactly, killed anywhere."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from engine.errors import DeploymentFailed, NotFound
from engine.names import ComponentKey, Digest
from engine.store.database import Database
from engine.store.failures import StoreFailed
from engine.store.platform.fence import switching
from engine.store.platform.head import read_head
from engine.store.platform.journal import (
    diff_versions,
    find_version,
    load_blame,
    load_changes,
    load_log,
    tree_at,
)
from engine.store.platform.versions import (
    PUBLISH_STEPS,
    Content,
    Origin,
    Version,
    load_missing,
    load_tree,
    load_tree_rows,
    publish,
    tree_digest,
)
from engine.store.steps import KILL_AT

ROOT = Path(__file__).parents[5]
ACCOUNT, NAME, AMOUNT = map(
    ComponentKey, ("object:account", "field:account.name", "field:account.amount")
)
CHILD = """
import sys
from datetime import UTC, datetime
from engine.store.database import Database
from engine.store.platform.fence import switching
from engine.store.platform.versions import Content, Origin, publish
from engine.store.steps import at_step

def work(tx):
    tx.run('CREATE TABLE account (id BIGINT PRIMARY KEY)')
    changes = {'object:account': Content(digest='d1', data='{}', source='# mine')}
    origin = Origin(source='deploy', actor='ann', at=datetime.now(UTC))
    publish(tx, base=0, changes=changes, origin=origin)

switching(Database(sys.argv[1], sys.argv[2] or None), work)
at_step('publish.done')
"""


def content(data: str, source: str | None = None) -> Content:
    """Make content with its true digest."""
    return Content(
        digest=Digest(hashlib.sha256(data.encode()).hexdigest()), data=data, source=source
    )


def make(
    database: Database, base: int, changes: dict[ComponentKey, Content | None], now: datetime
) -> Version:
    """Publish one version."""
    origin = Origin(source="ui", actor="ann", at=now, reason="because", git_revision="abc")
    return switching(database, lambda tx: publish(tx, base=base, changes=changes, origin=origin))


def make_three(database: Database, now: datetime) -> list[Version]:
    """Publish: two added; one changed and one added; one removed."""
    return [
        make(database, 0, {ACCOUNT: content("{}"), NAME: content('{"type":"text"}')}, now),
        make(database, 1, {NAME: content('{"type":"email"}'), AMOUNT: content("1")}, now),
        make(database, 2, {AMOUNT: None}, now),
    ]


def test_a_version_is_the_head_with_its_tree(environment: Database, now: datetime):
    """Content, tree digest, head and token all tell of the same version."""
    version = make(environment, 0, {NAME: content('{"a":1}', "a: 1  # mine")}, now)

    with environment.read() as tx:
        head, tree, rows = read_head(tx), load_tree(tx), load_tree_rows(tx)
    assert (head.version, head.token, head.tree) == (1, version.token, version.tree)
    assert version.tree == tree_digest(tree)
    assert rows == [(NAME, '{"a":1}', "a: 1  # mine")]


def test_the_tree_digest_is_that_of_sorted_lines():
    """Files, sandbox and production compute the same hash."""
    tree = {ComponentKey("b:x"): Digest("2"), ComponentKey("a:y"): Digest("1")}

    assert tree_digest(tree) == hashlib.sha256(b"a:y 1\nb:x 2\n").hexdigest()


def test_every_token_is_new(environment: Database, now: datetime):
    """A worker can tell any two heads apart."""
    tokens = {version.token for version in make_three(environment, now)}

    assert len(tokens) == 3


def test_older_trees_are_walked_back_exactly(environment: Database, now: datetime):
    """The tree of each version is the one that was the head's then."""
    trees = []
    for base, changes in enumerate(
        (
            {ACCOUNT: content("{}"), NAME: content('{"type":"text"}')},
            {NAME: content('{"type":"email"}'), AMOUNT: content("1")},
            {AMOUNT: None, ACCOUNT: content('{"label":"A"}')},
            {AMOUNT: content("1")},
        )
    ):
        make(environment, base, changes, now)
        with environment.read() as tx:
            trees.append(load_tree(tx))

    with environment.read() as tx:
        assert [tree_at(tx, number) for number in (1, 2, 3, 4)] == trees
        assert tree_at(tx, 0) == {}
        with pytest.raises(NotFound) as caught:
            tree_at(tx, 5)
    assert caught.value.code == "N102"


def test_two_versions_differ_by_component(environment: Database, now: datetime):
    """What lies between them and cancels out does not show."""
    make_three(environment, now)

    with environment.read() as tx:
        found = diff_versions(tx, 1, 3)

    before, after = content('{"type":"text"}').digest, content('{"type":"email"}').digest
    assert found == {NAME: (before, after)}


def test_the_log_tells_who_when_and_why(environment: Database, now: datetime):
    """Newest first, in pages, with the author's reason and the commit it came from."""
    versions = make_three(environment, now)

    with environment.read() as tx:
        newest = load_log(tx, limit=2)
        oldest = load_log(tx, before=newest[-1].number)

    assert newest + oldest == versions[::-1]
    assert (newest[0].actor, newest[0].reason, newest[0].at) == ("ann", "because", now)
    assert newest[0].git_revision == "abc"


def test_blame_names_the_versions_of_a_component(environment: Database, now: datetime):
    """Only those that changed it."""
    make_three(environment, now)

    with environment.read() as tx:
        found = [version.number for version in load_blame(tx, NAME)]

    assert found == [2, 1]


def test_the_journal_holds_each_change_once(environment: Database, now: datetime):
    """A change that changes nothing leaves no line."""
    make(environment, 0, {NAME: content("1")}, now)
    make(environment, 1, {NAME: content("1"), AMOUNT: content("2")}, now)

    with environment.read() as tx:
        found = load_changes(tx, after=1)

    assert [(c.component, c.before, c.after) for c in found] == [
        (AMOUNT, None, content("2").digest)
    ]


def test_only_what_a_worker_has_not_seen_is_loaded(environment: Database, now: datetime):
    """Two statements and one component after a change of one."""
    make_three(environment, now)
    with environment.read() as tx:
        known = tree_at(tx, 1)

    with environment.read() as tx:
        missing = load_missing(tx, known)

    assert [key for key, _, _ in missing] == [NAME]
    assert tx.statements == 2


def test_equal_components_keep_comments_of_their_own(environment: Database, now: datetime):
    """Two fields with the same content do not share their authors' text."""
    make(environment, 0, {NAME: content("1", "# name"), AMOUNT: content("1", "# amount")}, now)

    with environment.read() as tx:
        found = {key: source for key, _, source in load_tree_rows(tx)}

    assert found == {NAME: "# name", AMOUNT: "# amount"}


def test_content_that_comes_back_keeps_its_comments(environment: Database, now: datetime):
    """A change without source text (from the designer) does not wipe out the author's."""
    make(environment, 0, {NAME: content("1", "# mine")}, now)
    make(environment, 1, {NAME: content("2")}, now)
    make(environment, 2, {NAME: content("1")}, now)

    with environment.read() as tx:
        assert load_tree_rows(tx) == [(NAME, "1", "# mine")]


def test_a_plan_for_another_version_is_refused(environment: Database, now: datetime):
    """Nobody overwrites what was published since: exit 7, nothing changed."""
    make(environment, 0, {NAME: content("1")}, now)

    with pytest.raises(DeploymentFailed) as caught:
        make(environment, 0, {AMOUNT: content("1")}, now)

    assert (caught.value.code, caught.value.exit_code) == ("D102", 7)
    with environment.read() as tx:
        assert list(load_tree(tx)) == [NAME]


def test_a_commit_can_be_looked_up_by_its_token(environment: Database, now: datetime):
    """Whoever lost the connection at COMMIT learns whether it happened."""
    version = make(environment, 0, {NAME: content("1")}, now)

    with environment.read() as tx:
        assert find_version(tx, token=version.token) == version
        assert find_version(tx, token="never") is None


def has_account(database: Database) -> bool:
    """Tell whether the table of the killed deployment is there."""
    try:
        with database.read() as tx:
            tx.rows("SELECT id FROM account")
    except StoreFailed:
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("step", [*PUBLISH_STEPS, "publish.done"])
def test_a_killed_publication_is_whole_or_not_there(environment: Database, step: str):
    """`kill -9` at every named step: table, content, journal and head agree."""
    url = environment.url.render_as_string(hide_password=False)
    child = subprocess.run(
        [sys.executable, "-c", CHILD, url, environment.schema or ""],
        cwd=ROOT,
        env={**os.environ, KILL_AT: step},
        check=False,
        timeout=60,
    )

    assert child.returncode == -signal.SIGKILL
    expected = 1 if step == "publish.done" else 0
    with environment.read() as tx:
        assert read_head(tx).version == expected
        assert len(load_tree_rows(tx)) == expected
        assert len(load_changes(tx)) == expected
        assert len(load_log(tx)) == expected
        assert tx.rows("SELECT count(*) FROM patron_revision") == [(expected,)]
    assert has_account(environment) == bool(expected)
