"""What decides about people, rights, records and deployments leaves a line in the audit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.conftest import installed, on_both
from tests.support.approving import DISCOUNT, PEOPLE, texts
from tests.support.houses import House


@on_both
def house(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with an approval, and its people."""
    with installed(request, texts(DISCOUNT)) as made:
        admin = made.caller()
        for who in ("boss", "rep", "other"):
            made.admit(who, *PEOPLE[who]["permission_sets"])
        boss = admin.get("/people/boss@example.test").json["user"]
        rep = admin.get("/people/rep@example.test").json["user"]
        assert admin.patch(f"/records/user/{rep}", {"manager": boss, "role": "rep"}).status == 200
        yield made


def lines(house: House, action: str) -> list[tuple[str, str, dict[str, object]]]:
    """Give actor, target and detail of what the audit says of an action, newest first."""
    found = house.caller().get("/audit", action=action).json["lines"]
    return [(one["actor"], one["target"], one["detail"]) for one in found]


def submitted(house: House) -> int:
    """Give a deal that waits for the boss."""
    rep = house.caller("rep")
    made = rep.create("deal", name="Licence", amount=1000, discount="0.1")
    rep.patch(f"/records/deal/{made['id']}", {"discount": "0.2"})
    return int(made["id"])


@pytest.mark.parametrize(
    ("who", "deed", "said"),
    [
        ("boss", "approve", "approved"),
        ("boss", "reject", "rejected"),
        ("rep", "recall", "recalled"),
    ],
)
def test_decisions_are_noted(house: House, who: str, deed: str, said: str) -> None:
    """Who decided about which record, for which approval; what they wrote is not in it."""
    deal = submitted(house)

    done = house.caller(who).post(f"/records/deal/{deal}/{deed}", {"comment": "privately"})

    assert done.status == 200
    actor, target, detail = lines(house, f"approval.{said}")[0]
    assert (actor, target, detail["approval"]) == (
        f"{who}@example.test",
        f"deal {deal}",
        "discount",
    )
    assert "privately" not in str(detail)


def test_who_decides_for_whom_is_noted(house: House) -> None:
    """The absence, and a decision in another's place."""
    boss, other = house.caller("boss"), house.caller("other")
    deal = submitted(house)
    number = house.caller().get("/people/boss@example.test").json["user"]

    assert boss.send("PUT", "/absence", {"delegate": "other@example.test"}).status == 200
    assert other.post(f"/records/deal/{deal}/approve", {}).status == 200
    assert boss.send("DELETE", "/absence").status == 200

    assert lines(house, "absence.set")[0][:2] == ("boss@example.test", f"user {number}")
    assert lines(house, "absence.end")[0][1] == f"user {number}"
    assert lines(house, "approval.approved")[0][2]["for"] == f"user {number}"


def test_changes_of_people_are_noted(house: House) -> None:
    """Role, manager and activity on every path; what decides nothing is no line."""
    admin = house.caller()
    number = admin.get("/people/other@example.test").json["user"]
    before = len(lines(house, "user.*"))

    admin.patch(f"/records/user/{number}", {"role": "clerk"})
    admin.patch("/people/other@example.test", {"role": "other"})
    admin.patch(f"/records/user/{number}", {"language": "en"})

    found = lines(house, "user.*")
    assert len(found) == before + 2
    assert [detail["role"] for _, _, detail in found[:2]] == [["clerk", "other"], [None, "clerk"]]
    assert {target for _, target, _ in found[:2]} == {f"user {number}"}
    made = admin.create("user", name="Gone", email="gone@example.test")
    assert admin.send("DELETE", f"/records/user/{made['id']}").status == 204
    assert lines(house, "user.delete")[0][1] == f"user {made['id']}"
    assert lines(house, "user.create")[0][1] == f"user {made['id']}"
