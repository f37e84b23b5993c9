"""Every address and every job against every credential; one without a rule fails."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

import orjson
import pytest
from flask import Flask

from deploy_tool.working import ALL_JOBS as TABLE
from engine.clock import SystemClock
from engine.model.platform import PLATFORM_OBJECTS
from engine.people import NewMember, create_token, create_user, revoke_token
from engine.store.database import Database
from engine.store.platform.control import (
    EnvironmentRow,
    add_environment,
    remove_environment,
)
from engine.store.platform.tokens import list_tokens
from tests.support import access_rules
from tests.support.access_rules import API, JOBS, OPEN, OTHERS, PAGES, PERSON, Rule
from tests.support.houses import PRODUCTION, House, Reply
from tests.support.visitors import CSRF, Visitor, visitor_of
from tests.support.worlds import build_world, texts_of

API_BASE, PAGE_BASE = "/api/v1", "/e/<environment>"
OF_ENVIRONMENT = "/e/<environment>/api/v1"
NAMES = {"object": "deal", "name": "deal", "named": PRODUCTION, "field": "code", "kind": "object"}
NAMES |= {
    "email": "admin@example.test",
    "family": "objects",
    "environment": PRODUCTION,
    "number": "999999",
}
PLACE = re.compile(r"<(?:\w+:)?(\w+)>")
LEADS_TO_SIGN_IN = (204, 302, 303)


def key_of(method: str, rule: str) -> tuple[str, str]:
    """Give the table and the line of an address."""
    if rule.startswith(f"{OF_ENVIRONMENT}/"):
        return "API", f"{method} {rule.removeprefix(OF_ENVIRONMENT)}"
    if rule.startswith(f"{API_BASE}/"):
        return "API", f"{method} {rule.removeprefix(API_BASE)}"
    if rule.startswith(f"{PAGE_BASE}/") and not rule.startswith(f"{PAGE_BASE}/hooks/"):
        return "PAGES", f"{method} {rule.removeprefix(PAGE_BASE)}"
    return "OTHERS", f"{method} {rule}"


def addresses(app: Flask) -> Iterator[tuple[str, str]]:
    """Give every method and rule of an application."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule.rule


def path_of(rule: str) -> str:
    """Fill the places of a rule."""
    return PLACE.sub(lambda found: NAMES.get(found[1], "1"), rule)


def call(
    house: House, method: str, path: str, rule: Rule, token: str, base: str = API_BASE
) -> Reply:
    """Call the API with a token."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    query = {"operation": "delete"} if path.endswith("/bulk") else None
    body: object = [] if path.endswith("/bulk") else dict(rule.body)
    answer = house.client.open(
        f"{base}{path}",
        method=method,
        headers={**headers, "Content-Type": "application/json"},
        data=None if method in {"GET", "DELETE"} else orjson.dumps(body),
        query_string=query,
    )
    return Reply(answer.status_code, dict(answer.headers), answer.data)


def visit(visitor: Visitor, method: str, path: str, rule: Rule) -> int:
    """Open a page, or send its form with the right token."""
    if method == "GET":
        return visitor.get(path).status_code
    token = CSRF.search(visitor.get("/account").text)
    form = {name: str(value) for name, value in rule.body.items()}
    return visitor.post(path, csrf=token[1] if token else "", **form).status_code


def split(line: str) -> tuple[str, str]:
    """Give method and filled path of a line."""
    method, _, rule = line.partition(" ")
    return method, path_of(rule)


def of(rules: Mapping[str, Rule], credential: str) -> list[tuple[str, Rule]]:
    """Give the lines that ask for a credential."""
    return [(line, rule) for line, rule in rules.items() if rule.credential == credential]


@pytest.fixture(scope="module")
def poor(house: House) -> str:
    """Give the token of a member without any permission set."""
    return house.admit("poor")


@pytest.fixture(scope="module")
def stranger(house: House) -> str:
    """Give the e-mail's name of a person who is a member of nothing here."""
    control = house.environments.control
    at = SystemClock().now()
    database = house.environments.open(PRODUCTION).database
    new = NewMember(email="stranger@example.test")
    create_user(control, database, new, at=at, actor="t")
    with database.write() as tx:  # as if they had only ever been let into another environment
        tx.run(
            "DELETE FROM patron_member WHERE person_id = (SELECT max(person_id) FROM patron_member)"
        )
    return "stranger"


@pytest.fixture(scope="module")
def elsewhere(house: House, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give another environment of the installation, which admits none of its people."""
    url = f"sqlite:///{tmp_path_factory.mktemp('elsewhere') / 'elsewhere.db'}"
    database = Database(url)
    build_world(database, texts_of({"note": "object: note\nlabel: Note\nfields: {}\n"}), {})
    row = EnvironmentRow(name="elsewhere", kind="sandbox", url=url)
    with house.environments.control.write() as tx:
        add_environment(tx, row, at=SystemClock().now())
    yield "elsewhere"
    with house.environments.control.write() as tx:
        remove_environment(tx, "elsewhere")
    database.dispose()


def test_every_address_has_a_rule(house: House):
    """A new route needs a line in tests/support/access_rules.py, and one that is gone loses its."""
    found: dict[str, set[str]] = {"API": set(), "PAGES": set(), "OTHERS": set()}
    for method, rule in addresses(house.client.application):
        table, line = key_of(method, rule)
        found[table].add(line)

    for table, lines in found.items():
        known = set(getattr(access_rules, table))
        assert lines - known == set(), f"routes without a rule in {table}"
        assert known - lines == set(), f"rules without a route in {table}"


def test_every_job_has_a_rule():
    """A new job needs a line; none takes anything from whoever sends the message."""
    assert {job.name for job in TABLE} == set(JOBS)
    for job in TABLE:
        assert list(inspect.signature(job.run).parameters) == ["work"], job.name


def test_the_api_asks_for_a_token_everywhere(house: House):
    """Without one, with an invented one, and with a browser's cookie alone: 401 and how to."""
    visitor = visitor_of(house, "admin")

    wrong = []
    for line, rule in API.items():
        method, path = split(line)
        for token in ("", "patron_invented"):
            answer = call(house, method, path, rule, token)
            if answer.status != 401 or "Bearer" not in answer.headers["WWW-Authenticate"]:
                wrong.append((line, token, answer.status))
        if visitor.client.open(f"{API_BASE}{path}", method=method).status_code != 401:
            wrong.append((line, "cookie", 0))

    assert wrong == []


def test_a_token_that_ended_opens_nothing(house: House):
    """Expired and revoked ones are like none, on every address."""
    database = house.environments.open(PRODUCTION).database
    at, email = SystemClock().now(), "admin@example.test"
    past = create_token(database, email, at=at, actor="t", expires=at - timedelta(seconds=1))
    gone = create_token(database, email, at=at, actor="t")
    user = house.caller().get("/people/admin@example.test").json["user"]
    with database.read() as tx:
        number = list_tokens(tx, user)[-1].id
    revoke_token(database, number, at=at, actor="t")

    wrong = {}
    for line, rule in API.items():
        method, path = split(line)
        found = [call(house, method, path, rule, token).status for token in (past, gone)]
        if found != [401, 401]:
            wrong[line] = found

    assert wrong == {}


def test_a_token_opens_its_own_environment_only(house: House, elsewhere: str):
    """One that is good in production is unknown at every address of another environment."""
    token = house.tokens["admin"]

    wrong = {}
    for line, rule in API.items():
        method, path = split(line)
        answer = call(house, method, path, rule, token, base=f"/e/{elsewhere}/api/v1")
        if answer.status != 401:
            wrong[line] = answer.status

    assert wrong == {}


def test_an_environment_that_is_not_there_answers_alike(house: House, elsewhere: str):
    """To a token of another one, to none, and to a wrong header: byte by byte, over REST."""
    credentials = {"admin": house.tokens["admin"], "invented": "patron_x", "none": ""}

    wrong = []
    for line, rule in API.items():
        method, path = split(line)
        for who, token in credentials.items():
            answers = [
                call(house, method, path, rule, token, base=f"/e/{name}/api/v1")
                for name in (elsewhere, "nowhere")
            ]
            if len({(one.status, one.raw, str(one.headers)) for one in answers}) != 1:
                wrong.append((line, who))
    assert wrong == []


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/e/{}/api/v1/objects", {"Authorization": "Bearer x", "Patron-Trace": "not good!"}),
        ("POST", "/e/{}/hooks/form", {"Content-Type": "application/json"}),
        ("GET", "/decide/{}/secret", {}),
        ("GET", "/e/{}/", {}),
        ("GET", "/e/{}/api/v1/no/such/address", {}),
        ("PUT", "/e/{}/api/v1/objects", {}),
    ],
)
def test_nobody_is_told_which_environments_there_are(
    house: House, elsewhere: str, method: str, path: str, headers: dict[str, str]
):
    """Strangers get one answer, wherever the name of an environment stands."""
    answers = []
    for name in (elsewhere, "nowhere"):
        body = b"{}" if method == "POST" else None
        found = house.client.open(path.format(name), method=method, headers=headers, data=body)
        text = CSRF.sub("", found.text).replace(name, "NAME")
        length = {"Content-Length"} if text != found.text else set()
        told = {key: value for key, value in found.headers.items() if key not in length}
        answers.append((found.status_code, text, str(told).replace(name, "NAME")))

    assert answers[0] == answers[1]


def test_a_member_without_sets_gets_what_the_rules_say(house: House, poor: str):
    """Nothing of anybody else's, and never an error of ours."""
    wrong = {}
    for line, rule in API.items():
        method, path = split(line)
        answer = call(house, method, path, rule, poor)
        if answer.status not in rule.poor:
            wrong[line] = (answer.status, answer.raw)
    listed = call(house, "GET", "/objects", API["GET /objects"], poor).json["objects"]

    assert wrong == {}
    assert {one["object"] for one in listed} <= set(PLATFORM_OBJECTS)


def test_scopes_reach_what_the_rules_say(house: House):
    """A token narrowed to anything else is refused with A102, on every address."""
    database = house.environments.open(PRODUCTION).database
    at, email = SystemClock().now(), "narrow@example.test"
    house.admit("narrow")
    reach = {"read": {"read"}, "records": {"read", "records"}, "metadata": {"metadata"}}
    reach["people"] = {"people"}
    wrong = {}

    for scope, reached in reach.items():
        token = create_token(database, email, at=at, actor="t", scopes=[scope])
        for line, rule in API.items():
            method, path = split(line)
            answer = call(house, method, path, rule, token)
            is_narrowed = answer.status == 403 and answer.json["code"] == "A102"
            is_made = line == "POST /tokens"  # which no narrowed token may call
            if is_narrowed != (rule.scope not in reached or is_made):
                wrong[scope, line] = (answer.status, answer.raw)

    assert wrong == {}


def test_pages_ask_for_a_session_everywhere(house: House):
    """Without one, or with one that ended, every page and form leads to the sign-in."""
    ended = visitor_of(house, "admin")
    ended.send("/e/production/", "/sign-out")
    invented = visitor_of(house)
    invented.client.set_cookie("patron_session", "invented")

    for visitor in (visitor_of(house), ended, invented):
        for table, prefix in ((PAGES, f"/e/{PRODUCTION}"), (OTHERS, "")):
            for line, rule in table.items():
                if rule.credential == OPEN:
                    continue
                method, path = split(line)
                answer = visitor.client.open(f"{prefix}{path}", method=method)
                assert answer.status_code in LEADS_TO_SIGN_IN, (line, answer.status_code)
                assert answer.headers["Location"].startswith("/sign-in"), line


def test_no_form_is_taken_without_its_token(house: House):
    """Whoever is signed in, another site can send nothing in their name."""
    visitor = visitor_of(house, "admin")

    for table, prefix in ((PAGES, f"/e/{PRODUCTION}"), (OTHERS, "")):
        for line, rule in table.items():
            method, path = split(line)
            if method != "GET" and rule.credential != OPEN:
                answer = visitor.client.open(f"{prefix}{path}", method=method)
                assert (line, answer.status_code) == (line, 403)


def test_pages_of_another_environment_are_not_there(house: House, stranger: str, elsewhere: str):
    """Who is no member here, and who is one here and asks elsewhere: 404 alike."""
    visitor, member = visitor_of(house, stranger), visitor_of(house, "rep")

    wrong = {}
    for line, rule in PAGES.items():
        method, path = split(line)
        here = visit(visitor, method, f"/e/{PRODUCTION}{path}", rule)
        elsewhere = visit(member, method, f"/e/{elsewhere}{path}", rule)
        if (here, elsewhere) != (404, 404):
            wrong[line] = (here, elsewhere)

    assert wrong == {}


def test_pages_show_a_member_without_sets_what_the_rules_say(house: House, poor: str):
    """Their own home and settings, and nothing of the records or of the set-up."""
    assert poor
    visitor = visitor_of(house, "poor")

    wrong = {}
    for line, rule in PAGES.items():
        method, path = split(line)
        status = visit(visitor, method, f"/e/{PRODUCTION}{path}", rule)
        if status not in rule.poor:
            wrong[line] = status

    assert wrong == {}


def test_the_account_is_everybodys_own(house: House, poor: str):
    """A member without sets manages their own password and browsers, and nobody else's."""
    assert poor
    visitor = visitor_of(house, "poor")

    for line, rule in of(OTHERS, PERSON):
        method, path = split(line)
        status = visit(visitor, method, path, rule)
        assert status in rule.poor, (line, status)
