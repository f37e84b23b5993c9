"""Signing in by the pages: cookies, throttling, forms of other sites, links that lead away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.people import make_link
from engine.settings import Settings
from tests.support.house_files import FILES
from tests.support.houses import House, open_house, write_files
from tests.support.mailbox import Mailbox, open_mailbox
from tests.support.visitors import PASSWORD, visitor_of

HOME = "/e/production/"
LINK = re.compile(r"/reset/(\S+)")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    """Give a house of one's own, whose failures hold up no other test."""
    files = write_files(tmp_path / "files", FILES)
    with open_house(Settings(home=tmp_path / "home"), files) as made:
        yield made


def test_the_cookie_is_the_browsers_alone(house: House):
    """No script reads it and no other site sends it; it holds a secret and nothing else."""
    visitor = visitor_of(house, "admin")

    cookie = visitor.client.get_cookie("patron_session")

    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    assert cookie.path == "/"
    assert not cookie.secure  # this is plain http
    assert re.fullmatch(r"[\w-]{43}", cookie.value)
    assert visitor.get(HOME).status_code == 200


def test_over_https_the_cookie_never_travels_in_the_open(house: House):
    """And browsers are told to stay with https."""
    visitor_of(house, "admin")
    client = house.client.application.test_client()

    answer = client.post(
        "/sign-in",
        data={"email": "admin@example.test", "password": PASSWORD},
        base_url="https://crm.example.test",
    )

    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def test_signing_in_makes_a_new_secret(house: House):
    """A secret that somebody planted in the browser before is worth nothing afterwards."""
    visitor = visitor_of(house, "admin")
    before = visitor.cookie()

    visitor.sign_in()

    assert visitor.cookie() != before


def test_signing_out_ends_the_session_on_the_server(house: House):
    """Whoever copied the cookie has nothing."""
    visitor = visitor_of(house, "admin")
    secret = visitor.cookie()

    visitor.send(HOME, "/sign-out")
    visitor.client.set_cookie("patron_session", secret)

    assert visitor.get(HOME).headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("email", ["admin@example.test", "nobody@example.test"])
def test_guessing_is_slowed_down_and_tells_nothing(home: House, email: str):
    """Known or not: the same sentence, then the same wait with Retry-After."""
    visitor_of(home, "admin")
    visitor = visitor_of(home)

    answers = [visitor.post("/sign-in", email=email, password="a wrong one") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert "The e-mail or the password is not right." in answers[0].text
    assert 0 < int(answers[5].headers["Retry-After"]) <= 16
    assert "Too many attempts" in answers[5].text


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example.test",
        "https://evil.example.test/",
        "/\\evil.example.test",
        "\\\\evil.example.test",
        "javascript:alert(1)",
        "/\t/evil.example.test",
        "http:evil.example.test",
        "///evil.example.test",
    ],
)
def test_no_address_leads_away_after_the_sign_in(house: House, wanted: str):
    """Whatever `next` says, the way goes on inside this server; nor does the page repeat it."""
    visitor = visitor_of(house, "admin")

    answer = visitor.sign_in(next=wanted)

    assert answer.headers["Location"] == HOME
    assert "evil" not in visitor.get("/sign-in", query_string={"next": wanted}).text


def test_the_way_back_is_kept(house: House):
    """Who opened a link is led there after the sign-in."""
    visitor = visitor_of(house, "admin")

    assert (
        visitor.sign_in(next="/e/production/?tab=2").headers["Location"] == "/e/production/?tab=2"
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_site_cannot_sign_anybody_in(house: House, headers: dict[str, str]):
    """Else its owner could let people work under an account of theirs without noticing."""
    visitor_of(house, "admin")
    client = house.client.application.test_client()

    answer = client.post(
        "/sign-in", data={"email": "admin@example.test", "password": PASSWORD}, headers=headers
    )

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("token", ["", "wrong", "0123456789abcdef.", "a.b.c"])
def test_a_form_without_its_token_changes_nothing(house: House, token: str):
    """A210: missing, invented and cut-off tokens alike; another browser's too."""
    visitor = visitor_of(house, "admin")

    answer = visitor.post(f"{HOME}choose", csrf=token, theme="dark")
    out = visitor.post("/sign-out", csrf=token)

    assert answer.status_code == out.status_code == 403
    assert visitor.get(HOME).status_code == 200


def test_the_token_of_another_session_is_worth_nothing(house: House):
    """Each session has tokens of its own."""
    mine, other = visitor_of(house, "admin"), visitor_of(house, "rep")
    found = re.search(r'name="csrf" (?:value|content)="([^"]+)"', other.get(HOME).text)
    assert found is not None

    assert mine.post(f"{HOME}choose", csrf=found[1], theme="dark").status_code == 403


def test_the_token_of_htmx_counts_as_well(house: House):
    """Parts of pages send it as a header."""
    visitor = visitor_of(house, "admin")
    found = re.search(r'name="csrf" content="([^"]+)"', visitor.get(HOME).text)
    assert found is not None

    answer = visitor.client.post(
        f"{HOME}choose", data={"theme": "dark"}, headers={"X-CSRF-Token": found[1]}
    )

    assert answer.status_code == 303


PAGES = ["/sign-in", "/reset", HOME, "/nowhere", f"{HOME}nowhere", "/e/nowhere/"]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_the_headers_that_keep_it_safe(house: House, page: str):
    """No inline scripts or styles, no frames, no guessing, no cache; on refusals too."""
    visitor = visitor_of(house, "admin")

    answer = visitor.get(page)

    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] in {"same-origin", "strict-origin"}
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=", answer.text)


def test_a_form_that_is_too_large_is_refused(house: House):
    """413, before anything of it is looked at."""
    visitor = visitor_of(house)

    answer = visitor.post("/sign-in", email="x" * (3 * 1024 * 1024), password="y")

    assert answer.status_code == 413


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """Give a mail server."""
    with open_mailbox() as opened:
        yield opened


@pytest.fixture
def mailing(tmp_path: Path, mailbox: Mailbox) -> Iterator[House]:
    """Give a house that can send mail."""
    files = write_files(tmp_path / "files", FILES)
    settings = Settings(
        home=tmp_path / "home", smtp_url=mailbox.url, public_url="https://crm.example.test"
    )
    with open_house(settings, files) as made:
        yield made


def test_a_forgotten_password_is_chosen_anew_by_mail(mailing: House, mailbox: Mailbox):
    """Ask, get the mail, choose, sign in; the link works once."""
    visitor = visitor_of(mailing)

    asked = visitor.post("/reset", email="admin@example.test")
    (mail,) = mailbox.wait()
    link = LINK.search(mail.get_content())
    assert link is not None
    page = visitor.get(link[0])
    unlike = visitor.post(link[0], password=PASSWORD, again="something else")
    poor = visitor.post(link[0], password="password12", again="password12")
    done = visitor.post(link[0], password=PASSWORD, again=PASSWORD)

    assert asked.status_code == page.status_code == done.status_code == 200
    assert mail["To"] == "admin@example.test"
    assert "https://crm.example.test/reset/" in mail.get_content()
    assert page.headers["Referrer-Policy"] == "strict-origin"
    assert "not the same" in unlike.text
    assert "easily guessed" in poor.text
    assert visitor.sign_in().status_code == 303
    assert visitor.get(link[0]).status_code == 404
    assert visitor.post(link[0], password=PASSWORD, again=PASSWORD).status_code == 404


def test_the_page_answers_the_same_for_everybody(mailing: House, mailbox: Mailbox):
    """Who is not there gets the same page, and no mail; asking often gets no more mails."""
    visitor = visitor_of(mailing)

    known = [visitor.post("/reset", email="admin@example.test").text for _ in range(5)]
    unknown = visitor.post("/reset", email="nobody@example.test").text
    mails = mailbox.wait(4, seconds=1.5)

    assert {*known, unknown} == {unknown}
    assert len(mails) == 3


def test_the_host_of_a_request_is_not_believed(home: House, mailbox: Mailbox):
    """Else a link could be made to lead to whoever asked for it."""
    object.__setattr__(
        home.client.application.extensions["patron"].settings, "smtp_url", mailbox.url
    )
    client = home.client.application.test_client()

    for host in ("evil.example.test", "localhost:8000"):
        client.post("/reset", data={"email": "admin@example.test"}, base_url=f"http://{host}")
    mails = mailbox.wait()

    assert ["http://localhost:8000/reset/" in mail.get_content() for mail in mails] == [True]


def test_without_mail_the_page_says_whom_to_ask(home: House):
    """And an administrator's link from the command line does the rest."""
    visitor = visitor_of(home)
    at = SystemClock().now()

    page = visitor.get("/reset")
    secret = make_link(home.environments.control, "admin@example.test", at=at, actor="cli")
    done = visitor.post(f"/reset/{secret}", password=PASSWORD, again=PASSWORD)

    assert "Ask your administrator" in page.text
    assert done.status_code == 200
    assert visitor.sign_in().status_code == 303


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9")])
def test_only_our_own_proxies_are_believed(tmp_path: Path, proxies: int, address: str):
    """Else whoever guesses passwords would name a new address every time."""
    files = write_files(tmp_path / "files", FILES)
    with open_house(Settings(home=tmp_path / "home", proxies=proxies), files) as made:
        visitor_of(made, "admin")
        client = made.client.application.test_client()

        client.post(
            "/sign-in",
            data={"email": "admin@example.test", "password": PASSWORD},
            headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Proto": "https"},
        )

        with made.environments.control.read() as tx:
            rows = tx.rows("SELECT address FROM patron_session ORDER BY id DESC LIMIT 1")
    assert rows == [(address,)]


def test_forms_of_the_public_address_are_ours(tmp_path: Path):
    """A proxy may call us by another name than people do."""
    files = write_files(tmp_path / "files", FILES)
    settings = Settings(home=tmp_path / "home", public_url="https://crm.example.test")
    with open_house(settings, files) as made:
        visitor_of(made, "admin")
        client = made.client.application.test_client()

        answer = client.post(
            "/sign-in",
            data={"email": "admin@example.test", "password": PASSWORD},
            headers={"Origin": "https://crm.example.test"},
        )

    assert answer.status_code == 303
    assert "Secure" in answer.headers["Set-Cookie"]
