"""Lists as visitors meet them: rights, filters, order, pages, counts, hostile texts."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.integration.ui.conftest import HOSTILE, Screens
from tests.support.visitors import Visitor, visitor_of

LIST = "/e/production/o/deal"


@pytest.fixture(scope="module", autouse=True)
def deals(screens: Screens) -> dict[str, int]:
    """Give some records: 60 deals, of which the first have names that would hurt."""
    made = {"account": screens.create("account", name=f"Castor {HOSTILE}")}
    for place in range(60):
        name = f"Deal {place:02} {HOSTILE}" if place < 3 else f"Deal {place:02}"
        made[f"deal {place}"] = screens.create(
            "deal",
            name=name,
            account=made["account"],
            amount=1000 * place,
            margin=place,
            share="0.18",
            units=0 if place == 5 else 2,
            stage="won" if place % 3 == 0 else "open",
            close_date="2026-11-30" if place % 5 else None,
            met_at=f"2026-05-{1 + place % 9:02}T10:00:00Z" if place % 2 else None,
            is_hot=place % 4 == 0,
            notes=HOSTILE * 20,
        )
    return made


def texts(page: str) -> list[str]:
    """Give the names in the first column of a list."""
    found = re.findall(r'<td class="key[^"]*"><a [^>]*>(.*?)</a>', page)
    return [html.unescape(one) for one in found]


def test_a_list_shows_the_columns_order_and_totals_of_its_view(admin: Visitor) -> None:
    """Forty open deals, the richest first, with the sum of all of them below."""
    page = admin.get(f"{LIST}?view=open").text

    assert texts(page)[:2] == ["Deal 59", "Deal 58"]
    assert "40 of 40" in page
    assert "€1,200,000" in page
    assert "Stage: Open" in page


def test_totals_are_of_the_whole_filter_and_not_of_the_page(admin: Visitor) -> None:
    """A page of 25 shows the sum of all forty."""
    page = admin.get(f"{LIST}?view=open&size=25").text

    assert len(texts(page)) == 25
    assert "25 of 40" in page
    assert "€1,200,000" in page


def walk(visitor: Visitor, path: str, way: str) -> list[tuple[str, list[str]]]:
    """Turn pages until the end: the address and the names of each page."""
    pages = []
    while path:
        answer = visitor.get(path)
        assert answer.status_code == 200, answer.text
        pages.append((path, texts(answer.text)))
        found = re.search(rf'href="([^"]+)"[^>]*rel="{way}"', answer.text)
        path = html.unescape(found[1]) if found else ""
    return pages


@pytest.mark.parametrize("down", ["", "-"])
@pytest.mark.parametrize(
    "sort",
    [
        "name",
        "amount",
        "share",
        "close_date",
        "met_at",
        "created_at",
        "is_hot",
        "units",
        "ratio",
        "stage",
        "account.name",
        "owner.name",
        "id",
    ],
)
def test_pages_follow_one_another_in_every_order(admin: Visitor, sort: str, down: str) -> None:
    """Every deal stands on exactly one page, whatever the order; the last page has no next."""
    forth = walk(admin, f"{LIST}?columns=name&sort={down}{sort}&size=25", "next")
    back = walk(admin, forth[-1][0], "prev")

    seen = [name for _, names in forth for name in names]
    assert len(seen) == len(set(seen)) == 60
    assert [names for _, names in back] == [names for _, names in reversed(forth)]
    if sort == "name":
        assert seen == sorted(seen, reverse=bool(down))


@pytest.mark.parametrize(
    ("query", "many"),
    [
        ("where=amount+%3E+50000", 9),
        ("where=amount+%3E+50000&where=stage+%3D+%22won%22", 3),
        ("where=CONTAINS(UPPER(name),UPPER(%22deal+5%22))", 10),
        ("columns=name,amount&sort=-amount&where=amount+%3C+3000", 3),
    ],
)
def test_filters_add_up(admin: Visitor, query: str, many: int) -> None:
    """Each `where` narrows what the others leave."""
    assert len(texts(admin.get(f"{LIST}?{query}").text)) == many


@pytest.mark.parametrize(
    ("field", "op", "more", "written"),
    [
        ("name", "contains", "value=x%22y", 'CONTAINS(UPPER(name), UPPER("x\\"y"))'),
        ("amount", "at_least", "value=1+000,5", "amount >= 1000.5"),
        ("share", "at_most", "value=18+%25", "share <= 0.18"),
        ("stage", "any", "value=open&value=won", 'stage IN ("open", "won")'),
        ("stage", "none", "value=won", 'stage <> "won"'),
        ("is_hot", "no", "", "NOT is_hot"),
        ("close_date", "from", "value=2026-11-30", "close_date >= DATE(2026, 11, 30)"),
        ("close_date", "next", "days=7&value=",
         "close_date >= TODAY() AND close_date <= TODAY() + 7"),
        ("met_at", "before", "value=2026-07-01", 'met_at < DATETIMEVALUE("2026-06-30 22:00:00")'),
        ("owner", "me", "", "owner = $user.id"),
        ("account", "contains", "value=cast", 'CONTAINS(UPPER(account.name), UPPER("cast"))'),
        ("notes", "blank", "", "ISBLANK(notes)"),
    ],
)  # fmt: skip
def test_the_form_writes_expressions_that_work(
    admin: Visitor, field: str, op: str, more: str, written: str
) -> None:
    """What is chosen in the form becomes an ordinary filter in the address, and finds."""
    answer = admin.get(f"{LIST}/filter?field={field}&op={op}&{more}")

    assert answer.status_code == 303
    assert f"where={quote(written, safe='')}".replace("%20", "+") in answer.headers["Location"]
    shown = admin.get(answer.headers["Location"])
    assert shown.status_code == 200, shown.text
    assert 'class="problem' not in shown.text


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("field=amount&op=at_least&value=much", "“much” is no number."),
        ("field=amount&op=at_least&value=", "Say with what Amount is compared."),
        ("field=amount&op=sideways&value=1", "Choose how to compare Amount."),
        ("field=amount&op=is&value=NaN", "“NaN” is no number."),
        ("field=amount&op=is&value=1e99999999", "is no number."),
        ("field=close_date&op=from&value=tomorrow", "“tomorrow” is no date"),
        ("field=close_date&op=past&days=99999", "“99999” is no number of days."),
    ],
)
def test_a_filter_that_cannot_be_is_explained_at_its_form(
    admin: Visitor, query: str, sentence: str
) -> None:
    """The form stays open, and a sentence says what to write."""
    answer = admin.get(f"{LIST}/filter?{query}")

    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert 'class="filter-form"' in answer.text


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("where=amont+%3E+1", 422, "There is no field `amont`"),
        ("where=amount+%3E", 422, "column"),
        ("where=amount", 422, "column"),
        ("where=1%3D1)+OR+(1%3D1", 422, "column"),
        ("where=name+%3D+%22a+/*", 422, "column"),
        ("sort=nothing", 422, "nothing"),
        ("columns=name,nothing", 422, "There is no field “nothing” to show."),
        ("view=nothing", 404, "There is no view “nothing”"),
        ("after=abc", 400, "cursor"),
        ("after=WyIiLDFd&sort=amount", 400, "cursor"),
        ("size=7&start=-1&month=13-13&shape=cube&filter=nothing", 200, "50 of 60"),
        ("shape=calendar", 200, "drawn as it was meant"),
        ("shape=calendar&view=month&month=99999-12", 200, "Mon"),
    ],
)
def test_an_address_that_makes_no_sense_is_explained(
    admin: Visitor, query: str, status: int, sentence: str
) -> None:
    """A list is shown all the same, with a sentence about what was left out."""
    answer = admin.get(f"{LIST}?{query}")

    assert answer.status_code == status, answer.text
    assert sentence in html.unescape(answer.text)


def test_cursors_that_somebody_changed_are_refused(admin: Visitor) -> None:
    """Keys of another type than the order's reach no database."""
    for order, keys in [
        ("amount", ["ten", 1]),
        ("close_date", ["soon", 1]),
        ("met_at", ["2026", 1]),
        ("is_hot", ["x", 1]),
        ("is_hot", [5, 1]),
        ("is_hot", [1, 1]),
        ("is_hot", [True, 1]),
        ("met_at", [12, 1]),
        ("met_at", ["2026-01-01T00:00:00+00:00", 1]),
        ("units", [True, 1]),
        ("name", [7, 1]),
        ("account", ["x", 1]),
        ("amount", [1, 2**80]),
        ("amount", [None, None]),
    ]:
        packed = json.dumps([order, *keys]).encode()
        cursor = base64.urlsafe_b64encode(packed).decode().rstrip("=")

        answer = admin.get(f"{LIST}?sort={order}&after={cursor}")

        assert answer.status_code in {200, 400}, (order, keys, answer.text)


def test_fields_that_a_visitor_may_not_read_are_nowhere(rep: Visitor) -> None:
    """No column, no total, no filter, no name in a menu: the margin does not exist."""
    page = rep.get(f"{LIST}?view=open").text

    assert "margin" not in page.lower()


@pytest.mark.parametrize("query", ["where=margin+%3E+1", "columns=name,margin", "sort=margin"])
def test_hidden_fields_are_refused_as_unknown_ones(rep: Visitor, query: str) -> None:
    """The words are those for a field that is not there, so nothing is told."""
    hidden = rep.get(f"{LIST}?{query}")
    unknown = rep.get(f"{LIST}?{query.replace('margin', 'zargin')}")

    told = [one.replace("zargin", "margin") for one in sentences(unknown.text)]
    assert hidden.status_code == unknown.status_code == 422
    assert told
    assert sentences(hidden.text) == told


def sentences(page: str) -> list[str]:
    """Give what a list complains about, without hints."""
    found = re.findall(r'<(?:p|span) class="(?:problem strip|pill-problem)"[^>]*>(.*?)<', page)
    return [html.unescape(one).partition(" (did")[0].strip() for one in found]


def test_a_view_that_filters_by_a_hidden_field_says_so(rep: Visitor) -> None:
    """The view is there, and a sentence tells why it shows nothing."""
    answer = rep.get(f"{LIST}?view=rich")

    assert answer.status_code == 403
    assert "field that you may not read" in answer.text
    assert texts(answer.text) == []


def test_records_that_a_visitor_may_not_see_are_neither_listed_nor_named(
    rep: Visitor, admin: Visitor
) -> None:
    """Her list of accounts is empty, and the account of a deal is not named to her."""
    accounts = rep.get("/e/production/o/account")
    shown = rep.get(f"{LIST}?view=open").text

    assert "No accounts yet" in accounts.text
    assert "Companies that buy." in accounts.text
    assert "Castor" not in shown
    assert "not visible to you" in shown
    assert "Castor" in admin.get(f"{LIST}?view=open").text


def test_objects_that_a_visitor_may_not_read_are_not_there(rep: Visitor) -> None:
    """Hidden and absent objects answer alike."""
    hidden, absent = (rep.get(f"/e/production/o/{name}") for name in ("secret", "zzzzzz"))

    assert hidden.status_code == absent.status_code == 404
    sentences = [re.findall(r"<h1>(.*?)</h1>", page.text) for page in (hidden, absent)]
    assert sentences[0][0].replace("secret", "zzzzzz") == sentences[1][0]


def test_views_are_offered_to_those_they_are_shared_with(rep: Visitor, reader: Visitor) -> None:
    """A view for reps is in the rep's menu alone; one for a role is in nobody else's."""
    assert "My deals" in rep.get(LIST).text
    assert "My deals" not in reader.get(LIST).text
    assert "For bosses" not in rep.get(LIST).text
    assert reader.get(f"{LIST}?view=mine").status_code == 404


def test_buttons_are_there_for_those_who_may(rep: Visitor, reader: Visitor) -> None:
    """Who may not create has no button for it, who may not delete no ticks."""
    assert f'href="{LIST}/new"' in rep.get(LIST).text
    assert f'href="{LIST}/new"' not in reader.get(LIST).text
    assert 'name="id"' in rep.get(LIST).text
    assert 'name="id"' not in reader.get(LIST).text


def test_texts_are_shown_as_texts(admin: Visitor) -> None:
    """What people typed never becomes a part of the page, wherever it stands."""
    for query in (
        "columns=name,account,notes",
        "where=name+%3D+%22%3Cscript%3E%22",
        "view=%3Cscript%3E",
    ):
        page = admin.get(f"{LIST}?{query}").text

        assert "<script>alert" not in page
        assert not re.search(r"<script>(?! )", page)
    assert f"Deal 00 {HOSTILE}" in texts(admin.get(f"{LIST}?sort=name").text)


def test_no_page_holds_styles_or_scripts_of_its_own(admin: Visitor) -> None:
    """The content security policy would refuse them."""
    for query in (
        "view=open&filter=stage",
        "view=board",
        "view=month",
        "bin=true",
        "filter=expression",
    ):
        page = admin.get(f"{LIST}?{query}").text

        assert " style=" not in page
        assert "<style" not in page
        assert re.findall(r"<script(?! src=)", page) == []
        assert re.findall(r"\son[a-z]+=", page) == []


def test_a_formula_that_fails_says_why(admin: Visitor) -> None:
    """Division by zero is no empty cell: it is marked, with the reason."""
    page = admin.get(f"{LIST}?columns=name,ratio&where=units+%3D+0").text

    assert "#ERROR" in page
    assert "division by zero" in page.lower()


def test_a_percent_is_shown_as_points(admin: Visitor) -> None:
    """0.18 is 18 % on screens."""
    assert "18\N{NO-BREAK SPACE}%" in admin.get(f"{LIST}?columns=name,share").text


def test_the_columns_form_orders_by_number(admin: Visitor) -> None:
    """Ticks choose, numbers order; it works without scripts."""
    answer = admin.get(
        f"{LIST}/columns?view=open&column=name&column=amount&column=stage&at.name=2&at.amount=1"
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{LIST}?view=open&columns=amount%2Cname%2Cstage"


def test_labels_words_and_numbers_follow_the_language(screens: Screens) -> None:
    """Marie reads French: labels of metadata, words of the page, numbers."""
    page = visitor_of(screens.house, "marie").get(f"{LIST}?view=open").text

    assert 'lang="fr"' in page
    assert "Affaires ouvertes" in page
    assert "Montant" in page
    assert "Ouverte" in page
    assert "1\N{NARROW NO-BREAK SPACE}200\N{NARROW NO-BREAK SPACE}000\N{NO-BREAK SPACE}€" in page


def test_an_object_with_nothing_but_a_number_has_a_list(admin: Visitor, screens: Screens) -> None:
    """No title, no view, no layout: a list all the same."""
    number = screens.create("plain", size=7)

    page = admin.get("/e/production/o/plain").text

    assert f"/o/plain/{number}" in page
    assert "All plains" in page


def test_lookups_to_several_objects_name_what_they_point_at(
    admin: Visitor, rep: Visitor, screens: Screens, deals: dict[str, int]
) -> None:
    """A note about a deal and one about an account; a hidden account is not named."""
    screens.create("note", subject="on a deal", about=deals["deal 9"])
    screens.create("note", subject="on an account", about=deals["account"])

    seen, partly = (who.get("/e/production/o/note").text for who in (admin, rep))

    assert "Deal 09" in seen
    assert "Castor" in seen
    assert "Deal 09" in partly
    assert "Castor" not in partly


def test_htmx_is_answered_with_the_part_it_asks_for(admin: Visitor) -> None:
    """Sorting sends the table and not the page around it."""
    answer = admin.get(f"{LIST}?view=open", headers={"HX-Request": "true"})

    assert answer.text.lstrip().startswith('<div class="list"')
    assert "<html" not in answer.text


def test_statements_of_a_list_keep_to_their_formula(
    admin: Visitor, statements: Callable[[Visitor, str], int]
) -> None:
    """One to know the browser, one to find the member; then enter, rows, one for all totals.

    Further pages cost their rows alone; lookups, columns and views cost nothing.
    """
    around = 2
    first = admin.get(f"{LIST}?view=open&size=25").text
    found = re.search(r'href="([^"]+)"[^>]*rel="next"', first)
    assert found is not None

    assert statements(admin, f"{LIST}?view=open&size=25") <= around + 3
    assert statements(admin, html.unescape(found[1])) <= around + 2
    assert statements(admin, f"{LIST}?columns=name") <= around + 3
    assert statements(admin, f"{LIST}?view=board") <= around + 3
    assert statements(admin, f"{LIST}?view=month") <= around + 2
    assert statements(admin, "/e/production/o/note") <= around + 4


def test_a_board_has_a_column_per_value_with_its_sum(admin: Visitor) -> None:
    """Forty open and twenty won deals, each with the sum of all of them."""
    page = admin.get(f"{LIST}?view=board").text

    assert re.search(r'tag blue">Open</h2>\s*<span class="faint">40</span>', page)
    assert "€1,200,000" in page
    assert "All 40 …" in page


def test_a_month_shows_records_on_their_days(admin: Visitor) -> None:
    """Forty-eight deals close on the thirtieth: four are shown, the others counted."""
    page = admin.get(f"{LIST}?view=month&month=2026-11").text

    assert page.count('class="event"') == 4
    assert "44 more" in page
    assert "November 2026" in page
