"""Commands about people and the audit: links, services, narrowed tokens, the chain."""

from __future__ import annotations

import json

import pytest

from engine.clock import SystemClock
from engine.jobs import JOBS, Work
from engine.people import check_password, use_link
from engine.store.platform import audit
from engine.store.text import native
from tests.support.houses import PRODUCTION, House
from tests.support.servers import patron


def seal(house: House) -> None:
    """Let the worker's job run once."""
    (job,) = (job for job in JOBS if job.name == "engine.seal_audits")
    work = Work(environments=house.environments, clock=SystemClock(), home=house.settings.home)
    job.run(work)


def test_the_chain_is_verified_and_what_was_done_to_it_is_named(house: House):
    """0 while it is whole, unsealed lines named apart; 3 and the line once one was changed."""
    database = house.environments.open(PRODUCTION).database
    seal(house)
    with database.write() as tx:
        audit.note(tx, at=SystemClock().now(), actor="ann", action="late", target="x")
        line = audit.read(tx, limit=2)[1].id
    before = patron(house.settings, "audit", "verify", PRODUCTION)
    with database.write() as tx:
        kept = tx.rows(native(tx, "SELECT actor FROM patron_audit WHERE id = ?"), (line,))[0][0]
        tx.run(native(tx, "UPDATE patron_audit SET actor = 'eve' WHERE id = ?"), (line,))
    changed = patron(house.settings, "audit", "verify", PRODUCTION, "--json")
    with database.write() as tx:
        tx.run(native(tx, "UPDATE patron_audit SET actor = ? WHERE id = ?"), (kept, line))
    seal(house)
    after = patron(house.settings, "audit", "verify", PRODUCTION)

    assert before.returncode == 0, before.stderr
    assert "the chain is whole" in before.stdout
    assert "1 not sealed yet" in before.stdout
    assert changed.returncode == 3
    own, sign_ins = json.loads(changed.stdout)["chains"]
    assert [wrong["line"] for wrong in own["wrong"]] == [line]
    assert sign_ins["wrong"] == []
    assert after.returncode == 0
    assert "not sealed" not in after.stdout


def test_sealing_twice_at_once_is_harmless(house: House):
    """Two workers may run the job; the chain stays one."""
    database = house.environments.open(PRODUCTION).database
    for number in range(3):
        with database.write() as tx:
            audit.note(tx, at=SystemClock().now(), actor="a", action="t", target=str(number))
        seal(house)
    seal(house)

    assert patron(house.settings, "audit", "verify", PRODUCTION).returncode == 0


def test_a_link_from_the_command_line_lets_choose_a_password(house: House):
    """For who has no mail: printed alone, good once."""
    made = patron(house.settings, "user", "reset-link", "rep@example.test")
    nobody = patron(house.settings, "user", "reset-link", "nobody@example.test")

    link = made.stdout.strip()
    secret = link.rpartition("/reset/")[2]
    use_link(house.environments.control, secret, "nine green umbrellas", at=SystemClock().now())

    assert link.startswith("http://127.0.0.1:8000/reset/")
    assert check_password(house.environments.control, "rep@example.test", "nine green umbrellas")
    assert (nobody.returncode, made.returncode) == (3, 0)
    assert "N105" in nobody.stderr


@pytest.mark.parametrize(("scope", "code"), [("read", 0), ("raed", 3)])
def test_a_token_is_narrowed_by_scopes(house: House, scope: str, code: int):
    """An unknown one is refused with the nearest."""
    email = "rep@example.test"

    made = patron(house.settings, "token", "create", PRODUCTION, email, "--scope", scope)

    assert made.returncode == code
    if code:
        assert 'did you mean "read"' in made.stderr


def test_a_service_is_made_by_the_command_line(house: House):
    """It has tokens and no way to sign in."""
    words = ("user", "create", PRODUCTION, "robot@example.test", "--service")

    made = patron(house.settings, *words, "--permission-set", "rep")
    link = patron(house.settings, "user", "reset-link", "robot@example.test")

    assert made.returncode == 0, made.stderr
    assert (link.returncode, "C123" in link.stderr) == (4, True)


def test_an_export_is_noted_and_its_texts_run_nowhere(house: House):
    """Who took how much; a formula in a field is a text in the file, and comes back as it was."""
    admin = house.caller()
    admin.create("account", name='=HYPERLINK("http://evil.test")', erp="F-1")

    done = patron(house.settings, "export", PRODUCTION, "account", "--where", 'erp = "F-1"')

    assert "'=HYPERLINK" in done.stdout
    with house.environments.open(PRODUCTION).database.read() as tx:
        line = next(one for one in audit.read(tx) if one.action == "export")
    assert (line.target, line.detail["records"]) == ("account", 1)
