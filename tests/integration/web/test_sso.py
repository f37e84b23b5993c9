"""Single sign-on against a real OpenID Connect server on this machine."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.clock import SystemClock
from engine.people import deactivate_person
from engine.settings import Settings
from engine.store.platform import audit
from tests.support.house_files import FILES
from tests.support.houses import PRODUCTION, House, open_house, write_files
from tests.support.sign_in_server import SECRET, open_sign_in_server, sign_in_there
from tests.support.visitors import Visitor, visitor_of

HOME, LEAVE = "/e/production/", "/sign-in/sso"


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a sign-in server."""
    with open_sign_in_server(tmp_path_factory.mktemp("sso") / "log") as opened:
        yield opened


@pytest.fixture
def make_house(tmp_path: Path, issuer: str) -> Iterator[Callable[..., House]]:
    """Give a function that makes a house which trusts that server."""
    with ExitStack() as stack:

        def make(**more: str) -> House:
            settings = Settings(
                **{  # type: ignore[arg-type]  # texts, all of them
                    "home": tmp_path / "home",
                    "oidc_issuer": issuer,
                    "oidc_client_id": "patron",
                    "oidc_client_secret": SECRET,
                    "oidc_label": "Acme",
                    **more,
                }
            )
            files = write_files(tmp_path / "files", FILES)
            made = stack.enter_context(open_house(settings, files))
            made.admit("rep", "rep")
            return made

        yield make


@pytest.fixture
def home(make_house: Callable[..., House]) -> House:
    """Give a house that admits who it knows."""
    return make_house()


def leave(visitor: Visitor, wanted: str = "") -> str:
    """Begin a sign-in; give the address that the browser is sent to."""
    answer = visitor.get(LEAVE, query_string={"next": wanted})
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def come_back(visitor: Visitor, address: str) -> tuple[int, str, str]:
    """Open the address that a browser is sent back to: status, where to, and the page."""
    parts = urlsplit(address)
    answer = visitor.get(f"{parts.path}?{parts.query}")
    return answer.status_code, answer.headers.get("Location", ""), answer.text


def test_who_is_known_by_e_mail_signs_in(home: House):
    """Off, back, and where one wanted to go; the second time by who they are over there."""
    visitor = visitor_of(home)
    page = visitor.get("/sign-in").text

    first = come_back(visitor, sign_in_there(leave(visitor, "/e/production/?tab=1"), "rep"))
    again = visitor_of(home)
    second = come_back(again, sign_in_there(leave(again), "rep"))

    assert "Sign in with Acme" in page
    assert first[:2] == (303, "/e/production/?tab=1")
    assert second[:2] == (303, HOME)
    assert visitor.get(HOME).status_code == again.get(HOME).status_code == 200
    with home.environments.control.read() as tx:
        lines = [(line.action, line.actor) for line in audit.read(tx)][::-1]
    assert lines == [("identity.add", "rep@example.test"), *[("sign_in", "rep@example.test")] * 2]


def test_the_request_is_bound_to_this_browser(home: House):
    """PKCE, state and nonce go along, each new every time; nothing of them is in the cookie."""
    visitor = visitor_of(home)

    asked = [parse_qs(urlsplit(leave(visitor)).query) for _ in range(2)]

    for query in asked:
        assert query["code_challenge_method"] == ["S256"]
        assert query["response_type"] == ["code"]
        assert set(query["scope"][0].split()) == {"openid", "email", "profile"}
    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 32
    ticket = visitor.client.get_cookie("patron_ticket", path=LEAVE)
    assert ticket is not None
    assert ticket.http_only
    assert ticket.value not in str(asked)


@pytest.mark.parametrize("who", ["stranger", "eve", "double"])
def test_nobody_is_let_in_whom_we_do_not_know(home: House, who: str):
    """No person is made; an e-mail that is not verified, or belongs to another subject, is none."""
    known = visitor_of(home)
    come_back(known, sign_in_there(leave(known), "rep"))
    visitor = visitor_of(home)

    status, _, page = come_back(visitor, sign_in_there(leave(visitor), who))

    assert status == 403
    assert "Acme says who you are" in page
    assert visitor.cookie() == ""
    assert visitor_of(home).get(HOME).status_code == 303
    with home.environments.control.read() as tx:
        assert audit.read(tx)[0].action == "sign_in.failed"


def test_who_is_deactivated_stays_out(home: House):
    """Whatever the other server says."""
    home.admit("gone", "rep")
    database = home.environments.open(PRODUCTION).database
    at = SystemClock().now()
    deactivate_person(home.environments.control, [database], "gone@example.test", at=at, actor="t")
    visitor = visitor_of(home)

    assert come_back(visitor, sign_in_there(leave(visitor), "gone"))[0] == 403


def test_newcomers_are_admitted_where_the_installation_says_so(
    make_house: Callable[..., House],
):
    """With the sets it names, and no more; an unverified e-mail still opens nothing."""
    home = make_house(oidc_admits="production:rep")
    visitor, eve = visitor_of(home), visitor_of(home)

    made = come_back(visitor, sign_in_there(leave(visitor), "stranger"))
    refused = come_back(eve, sign_in_there(leave(eve), "eve"))

    assert made[:2] == (303, HOME)
    assert refused[0] == 403
    person = home.caller().get("/people/stranger@example.test").json
    assert (person["name"], person["permission_sets"]) == ("A Stranger", ["rep"])


def test_a_way_back_is_taken_once_and_by_its_own_browser(home: House):
    """Another browser, a changed state and a second time all lead to nothing."""
    visitor, other = visitor_of(home), visitor_of(home)
    leave(other)
    address = sign_in_there(leave(visitor), "rep")

    stolen = come_back(other, address)
    changed = visitor_of(home)
    leave(changed)
    bent = come_back(changed, address.replace("state=", "state=x"))
    good = come_back(visitor, address)
    visitor.client.delete_cookie("patron_session")
    twice = come_back(visitor, address)

    assert (stolen[0], bent[0], twice[0]) == (422, 422, 422)
    assert good[0] == 303
    assert other.cookie() == changed.cookie() == ""


def test_a_way_back_that_takes_too_long_is_closed(home: House):
    """Ten minutes, then one begins again."""
    visitor = visitor_of(home)
    address = sign_in_there(leave(visitor), "rep")
    late = int((SystemClock().now() - timedelta(minutes=1)).timestamp() * 1000)
    with home.environments.control.write() as tx:
        tx.run(f"UPDATE patron_flow SET expires_at = {late}")

    status, _, page = come_back(visitor, address)

    assert status == 422
    assert "took too long" in page


@pytest.mark.parametrize(
    "back", ["error=access_denied", "code=invented", "code=x&iss=http://evil.example.test"]
)
def test_a_refusal_over_there_is_said_here(home: House, back: str):
    """Denied, an invented code, another issuer: back at the sign-in with a sentence."""
    visitor = visitor_of(home)
    state = parse_qs(urlsplit(leave(visitor)).query)["state"][0]

    status, _, page = come_back(visitor, f"{LEAVE}/back?state={state}&{back}")

    assert status == 502
    assert "The sign-in with Acme did not work." in page
    assert visitor.cookie() == ""


@pytest.mark.parametrize("part", ["nonce", "verifier"])
def test_an_answer_to_another_request_is_not_believed(home: House, part: str):
    """The token must hold our nonce, and the code our verifier."""
    visitor = visitor_of(home)
    address = sign_in_there(leave(visitor), "rep")
    with home.environments.control.write() as tx:
        ((data,),) = tx.rows("SELECT data FROM patron_flow")
        changed = {**json.loads(data), part: base64.urlsafe_b64encode(b"x" * 36).decode()}
        tx.run("UPDATE patron_flow SET data = ?", (json.dumps(changed),))

    assert come_back(visitor, address)[0] == 502


@pytest.mark.parametrize("issuer_said", ["http://127.0.0.1:1", "http://sso.example.test"])
def test_a_server_that_cannot_be_used_is_said(make_house: Callable[..., House], issuer_said: str):
    """P105: one that does not answer, and one without https, end in a sentence."""
    visitor = visitor_of(make_house(oidc_issuer=issuer_said))

    answer = visitor.get(LEAVE)

    assert answer.status_code == 502
    assert "did not work" in answer.text


def test_a_second_factor_is_asked_for_after_it(home: House):
    """Whoever set one up here gives its code, unless the other server asked for one."""
    visitor = visitor_of(home, "rep")
    with home.environments.control.write() as tx:
        tx.run(
            "UPDATE patron_person SET totp_at = 1, totp_secret = 'x' WHERE email_key LIKE 'rep%'"
        )
    visitor.client.delete_cookie("patron_session")

    found = come_back(visitor, sign_in_there(leave(visitor), "rep"))

    assert found[1].startswith("/second-factor?next=")
    assert visitor.get(HOME).status_code == 303


def test_without_a_server_there_is_no_such_page(house: House):
    """And no button."""
    visitor = visitor_of(house)

    assert visitor.get(LEAVE).status_code == visitor.get(f"{LEAVE}/back").status_code == 404
    assert LEAVE not in visitor.get("/sign-in").text
