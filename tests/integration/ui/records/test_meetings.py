"""Forms that meet the world: records changed, deleted, hidden, fields retired while open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from engine.session import Session
from engine.settings import Settings
from tests.integration.ui.records.conftest import FILES, Desk, Person, inputs_of, moved
from tests.support.houses import open_house, write_files
from tests.support.worlds import World, publish_texts


def send(person: Person, path: str, held: Mapping[str, object], **typed: object) -> TestResponse:
    """Send a form that was opened before, with some fields typed anew."""
    data = {**held, **{name.replace("__", "."): value for name, value in typed.items()}}
    return person.visitor.client.post(f"{person.root}{path}", data=data)


@pytest.fixture
def deal(desk: Desk) -> int:
    """Give a deal that two people are about to change."""
    return desk.create("deal", name="Shared", amount=10, notes="as it was", margin=5)


def test_a_conflict_shows_both_values_and_saves_what_is_chosen(
    admin: Person, desk: Desk, deal: int
) -> None:
    """Mine and theirs per field; what only they changed stays theirs."""
    held = inputs_of(admin.open(f"/o/deal/{deal}/edit"))
    desk.update("deal", deal, name="Theirs", notes="their note")

    asked = send(admin, f"/o/deal/{deal}/edit", held, name="Mine", amount="99")
    choice = inputs_of(asked.text)
    path = f"/o/deal/{deal}/edit"
    moved(send(admin, path, choice, _take__name="theirs", _take__amount="mine"))

    assert asked.status_code == 409
    for said in ("Two changes at once", "Mine", "Theirs", "€99", "€10", "their note"):
        assert said in asked.text
    record = desk.get("deal", deal)
    assert (record["name"], int(str(record["amount"])[:2]), record["notes"]) == (
        "Theirs",
        99,
        "their note",
    )


def test_a_third_change_is_a_new_conflict(admin: Person, desk: Desk, deal: int) -> None:
    """The page of a conflict saves upon the version that it shows, and no later one."""
    held = inputs_of(admin.open(f"/o/deal/{deal}/edit"))
    desk.update("deal", deal, name="Second")
    choice = inputs_of(send(admin, f"/o/deal/{deal}/edit", held, name="Mine").text)
    desk.update("deal", deal, name="Third")

    again = send(admin, f"/o/deal/{deal}/edit", choice)
    moved(send(admin, f"/o/deal/{deal}/edit", inputs_of(again.text)))

    assert again.status_code == 409
    assert "Third" in again.text
    assert desk.get("deal", deal)["name"] == "Mine"


def test_two_people_who_write_the_same_do_not_meet(admin: Person, desk: Desk, deal: int) -> None:
    """Where both say the same there is nothing to choose."""
    held = inputs_of(admin.open(f"/o/deal/{deal}/edit"))
    desk.update("deal", deal, name="Same")

    assert moved(send(admin, f"/o/deal/{deal}/edit", held, name="Same")) == f"/o/deal/{deal}"


def test_a_conflict_says_nothing_of_hidden_fields(rep: Person, desk: Desk) -> None:
    """Fields that may not be read are not among theirs."""
    made = desk.create("deal", who="rep", name="Rep's own")
    held = inputs_of(rep.open(f"/o/deal/{made}/edit"))
    desk.update("deal", made, margin=4321, name="Boss")

    asked = send(rep, f"/o/deal/{made}/edit", held, name="Mine")

    assert asked.status_code == 409
    assert "4,321" not in asked.text
    assert "Margin" not in asked.text


def test_a_record_deleted_while_it_is_open_is_restored_with_what_was_typed(
    admin: Person, desk: Desk, deal: int
) -> None:
    """Nothing typed is lost: the form comes back and offers both ways on."""
    held = inputs_of(admin.open(f"/o/deal/{deal}/edit"))
    desk.work(lambda s: s.delete("deal", deal))

    gone = send(admin, f"/o/deal/{deal}/edit", held, name="Typed in vain?")
    kept = inputs_of(gone.text)
    moved(send(admin, f"/o/deal/{deal}/edit", kept, _restore="1"))

    assert gone.status_code == 404
    assert "Restore and save" in gone.text
    assert "Save as a new record" in gone.text
    assert kept["name"] == "Typed in vain?"
    assert desk.get("deal", deal)["name"] == "Typed in vain?"


def test_a_record_deleted_while_it_is_open_may_be_made_anew(
    admin: Person, desk: Desk, deal: int
) -> None:
    """The same form makes another record."""
    held = inputs_of(admin.open(f"/o/deal/{deal}/edit"))
    desk.work(lambda s: s.delete("deal", deal))
    kept = inputs_of(send(admin, f"/o/deal/{deal}/edit", held, name="Born again").text)

    made = int(moved(send(admin, "/o/deal/new", kept)).rpartition("/")[2])

    assert made != deal
    assert desk.get("deal", made)["name"] == "Born again"


def test_a_field_edited_in_its_place_outlives_its_record(
    admin: Person, desk: Desk, deal: int
) -> None:
    """What was typed into the cell of a deleted record comes back in a form and is saved."""
    editor = admin.part(f"/o/deal/{deal}/field/amount").text
    was = editor.partition('name="_was" value="')[2].partition('"')[0]
    desk.work(lambda s: s.delete("deal", deal))
    admin.headers = {"HX-Request": "true"}

    gone = admin.send(f"/o/deal/{deal}/field/amount", amount="77", _was=was, _version="1")
    admin.headers = {}
    moved(send(admin, f"/o/deal/{deal}/edit", inputs_of(gone.text), _restore="1"))

    assert gone.status_code == 404
    assert gone.headers["HX-Reselect"] == "#main"
    record = desk.get("deal", deal)
    assert (str(record["amount"]), record["name"]) == ("77.00", "Shared")


def test_a_record_that_was_hidden_meanwhile_is_one_that_is_gone(rep: Person, desk: Desk) -> None:
    """The answer does not tell whether it still exists."""
    made = desk.create("account", who="rep", name="Mine for now")
    held = inputs_of(rep.open(f"/o/account/{made}/edit"))
    other = next(iter(_users(desk, "admin")))
    desk.update("account", made, owner=other, name="Secret now")

    gone = send(rep, f"/o/account/{made}/edit", held, name="Typed")

    assert gone.status_code == 404
    assert "Secret now" not in gone.text
    assert "Restore and save" not in gone.text
    assert inputs_of(gone.text)["name"] == "Typed"


def test_a_field_that_the_visitor_lost_is_explained(rep: Person, desk: Desk) -> None:
    """What was typed into it is repeated, and the rest is saved with the next press."""
    made = desk.create("deal", who="rep", name="Rights")
    held = {**inputs_of(rep.open(f"/o/deal/{made}/edit")), "agreed": "20"}
    held["_was"] = f"{held['_was']} agreed:0000000000"

    told = send(rep, f"/o/deal/{made}/edit", held, name="Renamed")
    kept = inputs_of(told.text)
    kept["_was"] = str(kept["_was"]).replace(" agreed:0000000000", "")
    moved(send(rep, f"/o/deal/{made}/edit", kept))

    assert told.status_code == 422
    assert "You may no longer change “Agreed”. What you typed there was: 20" in told.text
    assert desk.get("deal", made)["name"] == "Renamed"


def _users(desk: Desk, who: str) -> Iterator[int]:
    found = desk.work(lambda s: s.unit.me, who)
    assert isinstance(found, int)
    yield found


@pytest.fixture
def own_desk(tmp_path: Path) -> Iterator[Desk]:
    """Give an installation whose configuration a test may change."""
    files = write_files(tmp_path / "files", FILES)
    with open_house(Settings(home=tmp_path), files) as house:
        house.admit("rep", "rep")
        yield Desk(house)


def test_a_field_retired_while_a_form_is_open_is_explained(own_desk: Desk) -> None:
    """The words typed into it come back with a sentence; the second press saves the rest."""
    admin = own_desk.person("admin")
    made = own_desk.create("deal", name="Before", notes="n")
    held = inputs_of(admin.open(f"/o/deal/{made}/edit"))
    fewer = {
        name: text.replace("  notes: {type: long_text}\n", "").replace(
            "      - {field: notes, required_if: is_hot}\n", ""
        )
        if name.endswith("deal.yaml")
        else text
        for name, text in FILES.items()
    }
    publish_texts(World(own_desk.house.environments.open("production")), fewer)

    told = send(admin, f"/o/deal/{made}/edit", held, name="After", notes="lost words")
    untouched = send(admin, f"/o/deal/{made}/edit", held, amount="5")
    again = send(admin, f"/o/deal/{made}/edit", inputs_of(told.text))

    assert told.status_code == 422
    assert "The field “Notes” is no longer there." in told.text
    assert "lost words" in told.text
    assert inputs_of(told.text)["name"] == "After"
    assert moved(untouched) == f"/o/deal/{made}"
    assert again.status_code in {303, 409}


def test_a_field_renamed_while_a_form_is_open_takes_what_was_typed(own_desk: Desk) -> None:
    """The form says the former name; the value lands in the field, of new and of open records."""
    admin = own_desk.person("admin")
    made = own_desk.create("deal", name="Before", notes="n")
    held = inputs_of(admin.open(f"/o/deal/{made}/edit"))
    fresh = inputs_of(admin.open("/o/deal/new"))
    renamed = {
        name: text.replace(
            "  notes: {type: long_text}\n", "  remarks: {type: long_text, aka: [notes]}\n"
        ).replace("{field: notes, required_if: is_hot}", "{field: remarks, required_if: is_hot}")
        if name.endswith("deal.yaml")
        else text
        for name, text in FILES.items()
    }
    publish_texts(World(own_desk.house.environments.open("production")), renamed)

    saved = send(admin, f"/o/deal/{made}/edit", held, name="After", notes="kept words")
    created = send(admin, "/o/deal/new", fresh, name="New", notes="first words")
    again = send(admin, f"/o/deal/{made}/edit", held, name="Late", notes="late words")

    record = own_desk.get("deal", made)
    assert moved(saved) == f"/o/deal/{made}"
    assert (record["name"], record["remarks"]) == ("After", "kept words")
    number = int(str(moved(created)).rpartition("/")[2])
    assert own_desk.get("deal", number)["remarks"] == "first words"
    assert again.status_code == 409  # somebody saved it meanwhile: both values of the renamed field
    assert "late words" in again.text
    assert "kept words" in again.text


def test_an_object_retired_while_a_form_is_open_is_not_found(own_desk: Desk) -> None:
    """The whole object gone is a page that says so."""
    admin = own_desk.person("admin")
    made = own_desk.create("task", subject="S")
    held = inputs_of(admin.open(f"/o/task/{made}/edit"))
    fewer = {
        name: text
        for name, text in FILES.items()
        if name not in {"objects/task.yaml", "actions/deal.yaml", "conversion/task.yaml"}
    }
    fewer["layouts/deal.yaml"] = "layout: deal.default\nsections: [{name: a, fields: [name]}]\n"
    fewer["access/permission_sets/rep.yaml"] = FILES["access/permission_sets/rep.yaml"].replace(
        "  task: {create: true, read: true, edit: true}\n", ""
    )
    publish_texts(World(own_desk.house.environments.open("production")), fewer)

    answer = send(admin, f"/o/task/{made}/edit", held, subject="T")

    assert answer.status_code == 404


def test_a_hundred_and_fifty_fields_and_long_labels_have_pages(tmp_path: Path) -> None:
    """A label of 200 characters and many fields are shown, edited and saved."""
    fields = "".join(f"  f{n}: {{type: text, label: {'L' * 200}{n}}}\n" for n in range(150))
    files = {
        "project.yaml": FILES["project.yaml"],
        "objects/wide.yaml": f"object: wide\nlabel: {'W' * 200}\nfields:\n{fields}",
    }
    with open_house(Settings(home=tmp_path), write_files(tmp_path / "files", files)) as house:
        desk = Desk(house)
        admin = desk.person("admin")

        made = int(moved(admin.fill("/o/wide/new", f0="first", f149="last")).rpartition("/")[2])
        moved(admin.fill(f"/o/wide/{made}/edit", f1="second"))

        page = admin.open(f"/o/wide/{made}")
        assert "last" in page
        assert f"{'L' * 200}149" in page
        assert desk.get("wide", made)["f1"] == "second"


def test_a_text_of_a_million_characters_is_answered(admin: Person, desk: Desk, deal: int) -> None:
    """Too long for the field is a sentence, with the text kept; too long for a form is one too."""
    long = admin.fill(f"/o/deal/{deal}/edit", notes="x" * 40_000)
    huge = admin.send(f"/o/deal/{deal}/edit", notes="x" * 9_000_000)

    assert long.status_code == 422
    assert "32,000 characters fit" in long.text
    assert "x" * 40_000 in long.text
    assert huge.status_code == 413
    assert desk.get("deal", deal)["notes"] == "as it was"


def test_records_are_written_by_the_screens_in_the_history(admin: Person, desk: Desk) -> None:
    """A save of a form is told with its door."""
    made = int(moved(admin.fill("/o/deal/new", name="Doors")).rpartition("/")[2])

    def source(session: Session) -> str:
        seen = session.look("deal", made, ("name",))
        assert seen is not None
        return session.history(seen)[0].source

    assert desk.work(source) == "ui"
