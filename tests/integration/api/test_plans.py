"""Plans and deployments over REST: made, shown, validated, approved, carried out, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from time import process_time

import pytest

from engine.store.platform.plans import KEPT_PER_PERSON
from tests.integration.conftest import installed, on_both
from tests.support.houses import Caller, House, Reply

DEAL = """\
object: deal
label: Deal
sharing: read_write
fields:
  name: {type: text, required: true}
  region: {type: text}
  legacy: {type: text}
  email: {type: email}
"""
FILES = {
    "project.yaml": "project: t\nlabel: T\nformat: 1\n",
    "objects/deal.yaml": DEAL,
    "env_vars.yaml": (
        "env_vars:\n  ERP_URL: {type: url, required: true}\n  ERP_KEY: {type: text, secret: true}\n"
    ),
    "access/permission_sets/planner.yaml": "permission_set: planner\npermissions: [customize]\n",
    "access/permission_sets/deployer.yaml": "permission_set: deployer\npermissions: [deploy]\n",
}
PRIVATE = "sofia.private@example.test"


@on_both
def shop(request: pytest.FixtureRequest) -> Iterator[House]:
    """Give an installation with people of every sort."""
    with installed(request, FILES) as house:
        house.admit("planner", "planner")
        house.admit("lea", "deployer")
        house.admit("max", "deployer")
        house.admit("nobody")
        yield house


@pytest.fixture
def lea(shop: House) -> Caller:
    """Give a client that may plan and deploy."""
    return shop.caller("lea")


@pytest.fixture
def admin(shop: House) -> Iterator[Caller]:
    """Give the administrator; the policy is as in a fresh environment afterwards."""
    caller = shop.caller()
    yield caller
    policy = {"approvals": 0, "validation": "no", "freeze": "no"}
    assert caller.patch("/environments/production/policy", policy).status == 200


def plan(caller: Caller, deal: str, **more: object) -> Reply:
    """Ask for the plan of a changed object."""
    files = {**running(caller), "objects/deal.yaml": deal}
    body = {"source": "metadata/", "target": "production", "files": files, **more}
    return caller.post("/plans", body)


def running(caller: Caller) -> dict[str, str]:
    """Give the files of what runs."""
    found: dict[str, str] = caller.get("/environments/production/tree", content="files").json[
        "files"
    ]
    return found


def deal(caller: Caller, *lines: str, without: str = "") -> str:
    """Give the object as it runs, with more lines of fields, and without one."""
    text = running(caller)["objects/deal.yaml"]
    kept = [line for line in text.splitlines() if not without or f" {without}:" not in line]
    place = kept.index("fields:") + 1
    return "\n".join([*kept[:place], *(f"  {line}" for line in lines), *kept[place:]]) + "\n"


def apply(caller: Caller, digest: str, *accept: str) -> Reply:
    """Carry a plan out."""
    return caller.post(f"/plans/{digest}/apply", {"accept": list(accept), "reason": "because"})


def version(caller: Caller) -> int:
    """Give the version that production runs."""
    return int(caller.get("/environments/production").json["version"])


@pytest.mark.parametrize("name", ["no\x00where", "ext\u00e9rieur"])
def test_a_name_that_no_environment_can_have_is_not_found(lea: Caller, name: str) -> None:
    """Neither as the target nor as the source: a database is not asked for what it cannot hold."""
    there = lea.post("/plans", {"source": "production", "target": name})
    here = lea.post("/plans", {"source": name, "target": "production"})

    assert (there.status, here.status) == (404, 404)


def test_files_become_a_plan_a_deployment_and_a_version(lea: Caller) -> None:
    """The plan has the contract's shape; carried out it is a version with author and reason."""
    before = version(lea)

    made = plan(lea, deal(lea, "first: {type: text}"), git_revision="abc1234")
    shown = lea.get(f"/plans/{made.json['digest']}")
    done = apply(lea, made.json["digest"])

    assert made.status == 201, made.raw
    assert set(made.json) - {"access", "git_revision", "project"} == {
        *("digest", "base", "target", "result", "changes", "conflicts", "steps", "checks", "needs")
    }
    assert [(c["op"], c["component"], c["class"]) for c in made.json["changes"]] == [
        ("add", "field:deal.first", 0)
    ]
    assert shown.json == {**made.json, "evidence": []}
    assert (done.status, done.json["version"]) == (200, before + 1)
    newest = lea.get("/environments/production/versions", limit=1).json["versions"][0]
    assert (newest["by"], newest["source"], newest["reason"]) == (
        "lea@example.test",
        "deploy",
        "because",
    )
    assert newest["git_revision"] == "abc1234"
    one = lea.get(f"/deployments/{done.json['deployment']}").json
    assert (one["state"], one["version"], one["plan"]) == ("done", before + 1, made.json["digest"])
    assert one["planned"]["changes"] == made.json["changes"]
    found = lea.get("/deployments", plan=made.json["digest"]).json["deployments"]
    assert [deployment["id"] for deployment in found] == [done.json["deployment"]]


def test_a_stale_plan_is_refused(lea: Caller) -> None:
    """Gate 7: whoever was faster, a plan made before is not carried out: 409, and exit 7."""
    slow = plan(lea, deal(lea, "slow: {type: text}")).json["digest"]
    fast = plan(lea, deal(lea, "fast: {type: text}")).json["digest"]
    assert apply(lea, fast).status == 200

    refused = apply(lea, slow)
    again = apply(lea, fast)

    assert (refused.status, refused.json["code"]) == (409, "D102")
    assert refused.headers["Patron-Exit"] == "7"
    assert (again.status, again.json["code"]) == (409, "D102")


def test_grown_counts_are_refused(shop: House, lea: Caller) -> None:
    """Gate 7: more records than were consented to, and nothing happens: 409, and exit 5."""
    boss = shop.caller()
    boss.create("deal", name="A", legacy="x")
    made = plan(lea, deal(lea, without="legacy")).json
    boss.create("deal", name="B", legacy="y")
    before = version(lea)

    missing = apply(lea, made["digest"])
    refused = apply(lea, made["digest"], "retire")

    assert (missing.status, missing.json["code"]) == (409, "D101")
    assert (refused.status, refused.json["code"]) == (409, "D108")
    assert {missing.headers["Patron-Exit"], refused.headers["Patron-Exit"]} == {"5"}
    assert version(lea) == before
    assert boss.get("/records/deal", where='legacy = "x"', count="true").json["count"] == 1


def test_a_missing_approval_is_refused_and_the_author_never_approves(
    shop: House, admin: Caller, lea: Caller
) -> None:
    """Gate 7: through the raw API, the author's own approval does not count, under no address."""
    assert admin.patch("/environments/production/policy", {"approvals": 1}).status == 200
    digest = plan(lea, deal(lea, "asked: {type: text}")).json["digest"]

    early = apply(lea, digest)
    own = lea.post(f"/plans/{digest}/approve", {})
    planner = shop.caller("planner").post(f"/plans/{digest}/approve", {})
    other = shop.caller("max").post(f"/plans/{digest}/approve", {})
    twice = shop.caller("max").post(f"/plans/{digest}/approve", {})
    shown = lea.get(f"/plans/{digest}").json
    done = apply(lea, digest)

    assert (early.status, early.json["code"], early.headers["Patron-Exit"]) == (403, "D111", "5")
    assert (own.status, own.json["code"], own.headers["Patron-Exit"]) == (403, "A110", "6")
    assert planner.status == 403
    assert (other.json["approvals"], twice.json["approvals"]) == (1, 1)
    assert [(e["kind"], e["by"]) for e in shown["evidence"]] == [("approved", "max@example.test")]
    assert done.status == 200, done.raw


def test_validation_and_freeze_are_enforced(admin: Caller, lea: Caller) -> None:
    """What the policy asks for is asked for at the switch, whoever calls."""
    admin.patch("/environments/production/policy", {"validation": True})
    digest = plan(lea, deal(lea, "proved: {type: text}")).json["digest"]

    early = apply(lea, digest)
    played = lea.post(f"/plans/{digest}/validate", {})
    admin.patch("/environments/production/policy", {"freeze": True})
    frozen = apply(lea, digest)
    admin.patch("/environments/production/policy", {"freeze": False})
    done = apply(lea, digest)

    assert (early.status, early.json["code"]) == (403, "D111")
    assert (played.status, played.json["failed"]) == (200, 0)
    assert (frozen.status, frozen.json["code"], frozen.headers["Patron-Exit"]) == (403, "D112", "6")
    assert done.status == 200


def test_a_plan_that_a_client_changed_is_no_plan(lea: Caller) -> None:
    """What is carried out lies on the server; another content is another digest, and unknown."""
    made = plan(lea, deal(lea, "mine: {type: text}")).json
    sealed = lea.get(f"/plans/{made['digest']}", sealed="true").json
    other = "0" * len(made["digest"])
    before = version(lea)

    unknown = apply(lea, other)
    told = lea.post(f"/plans/{made['digest']}/apply", {"content": sealed["content"]})

    assert sealed["digest"] == made["digest"]
    assert (unknown.status, unknown.json["code"]) == (404, "D161")
    assert (told.status, told.json["errors"][0]["field"]) == (422, "content")
    assert version(lea) == before


def test_rights_are_asked_for_at_every_step(shop: House, lea: Caller) -> None:
    """Who may customize plans and deploys nothing; who may neither sees nothing."""
    planner, nobody = shop.caller("planner"), shop.caller("nobody")
    digest = plan(planner, deal(planner, "wanted: {type: text}")).json["digest"]

    assert apply(planner, digest).json["code"] == "A100"
    assert lea.patch("/environments/production/policy", {"approvals": 0}).status == 403
    values = {"ERP_URL": "https://x.test"}
    assert planner.patch("/environments/production/values", values).status == 403
    assert planner.post("/environments/production/rollback", {}).status == 403
    body = {"source": "production", "target": "production"}
    for refused in (
        nobody.post("/plans", body),
        nobody.get(f"/plans/{digest}"),
        nobody.get("/environments/production/drift"),
        nobody.get("/deployments"),
        nobody.post("/environments", {"name": "mine"}),
    ):
        assert (refused.status, refused.headers["Patron-Exit"]) == (403, "6")


def test_a_sandbox_is_a_source_for_members_of_both(shop: House, lea: Caller) -> None:
    """Made, listed, planned from and deleted over REST; to who is no member it does not exist."""
    made = lea.post("/environments", {"name": "trial"})
    mine = lea.post("/plans", {"source": "trial", "target": "production"})
    other = shop.caller("max").post("/plans", {"source": "trial", "target": "production"})
    absent = shop.caller("max").post("/plans", {"source": "nowhere", "target": "production"})
    into = lea.post("/plans", {"source": "production", "target": "trial"})
    found = lea.get(f"/plans/{into.json['digest']}")
    hidden = shop.caller("max").get(f"/plans/{into.json['digest']}")
    refused = shop.caller("max").send("DELETE", "/environments/trial")
    gone = lea.send("DELETE", "/environments/trial")

    assert (made.status, made.json["members"]) == (201, ["lea@example.test"])
    assert (mine.status, mine.json["changes"]) == (201, [])
    assert other.status == absent.status == 404
    assert other.raw.replace(b"trial", b"nowhere") == absent.raw
    assert (into.status, found.status, hidden.status) == (201, 200, 404)
    assert (refused.status, gone.status) == (404, 204)
    assert "trial" not in {e["name"] for e in lea.get("/environments").json["environments"]}


def test_going_back_is_a_plan_too(lea: Caller) -> None:
    """A rollback and a restore are planned, shown and carried out like everything else."""
    added = plan(lea, deal(lea, "short: {type: text}")).json["digest"]
    assert apply(lea, added).status == 200
    back = lea.post("/environments/production/rollback", {})
    undone = apply(lea, back.json["digest"], "retire")

    again = lea.post("/environments/production/restore", {"component": "field:deal.short"})
    redone = apply(lea, again.json["digest"])

    assert [c["op"] for c in back.json["changes"]] == ["retire"]
    assert (back.json["stays"], undone.status, redone.status) == ([], 200, 200)
    log = lea.get("/environments/production/versions", limit=2).json["versions"]
    assert [one["source"] for one in log] == ["deploy", "rollback"]
    wrong = lea.post("/environments/production/rollback", {"to": 1, "deployment": 1})
    assert (wrong.status, wrong.json["code"], wrong.headers["Patron-Exit"]) == (400, "U100", "64")


def test_what_environments_tell(admin: Caller, lea: Caller) -> None:
    """Tree with its tag, blame, drift, values without secrets, policy."""
    values = {"ERP_URL": "https://erp.test", "ERP_KEY": "hunter2-secret"}
    set_ = lea.patch("/environments/production/values", values)
    tree = lea.get("/environments/production/tree", content="stored")
    tag = {"If-None-Match": tree.headers["ETag"]}
    again = lea.send("GET", "/environments/production/tree", headers=tag)
    first = lea.get("/environments/production/tree", version=1).json
    blame = lea.get("/environments/production/blame", component="field:deal.name").json

    assert set_.json == {"values": {"ERP_URL": "https://erp.test", "ERP_KEY": "set (secret)"}}
    assert set(tree.json["stored"]) == set(tree.json["components"])
    assert tree.headers["ETag"] == f'"{tree.json["digest"]}"'
    assert again.status == 304
    assert (first["version"], "field:deal.legacy" in first["components"]) == (1, True)
    assert {one["version"] for one in blame["properties"]} == {1}
    assert lea.get("/environments/production/blame").json["code"] == "Q206"
    assert lea.get("/environments/production/drift").json["values"] == []
    wrong = admin.patch("/environments/production/policy", {"approval": 1})
    assert (wrong.status, wrong.json["code"]) == (400, "U100")


def test_nothing_secret_or_personal_is_told(shop: House, lea: Caller) -> None:
    """Gate 8: neither plans nor deployments nor the audit hold a secret or a value of a record."""
    boss = shop.caller()
    boss.create("deal", name="Sofia", email=PRIVATE, region=PRIVATE)
    lea.patch("/environments/production/values", {"ERP_KEY": "hunter2-secret"})
    text = deal(lea, "quiet: {type: text}").replace(
        "region: {type: text}", "region: {type: text, length: 5}"
    )
    made = plan(lea, text)
    digest = made.json["digest"]
    done = apply(lea, digest, "narrowing")
    answers = [
        made.raw,
        done.raw,
        lea.get(f"/plans/{digest}", sealed="true").raw,
        lea.get(f"/deployments/{done.json['deployment']}").raw,
        lea.get("/environments/production/values").raw,
        boss.get("/audit", limit=1000).raw,
    ]

    assert sum(change["impact"]["would_fail"] for change in made.json["changes"]) == 1
    told = b"".join(answers)
    assert done.status == 200
    assert PRIVATE.encode() not in told
    assert b"hunter2" not in told


HOSTILE = [
    ({"../../etc/passwd.yaml": "a: 1"}, "M101"),
    ({"/etc/passwd.yaml": "a: 1"}, "M101"),
    ({"objects\\deal.yaml": "a: 1"}, "M101"),
    ({".git/config.yaml": "a: 1"}, "M101"),
    ({"objects/deal.yaml\x00.yaml": "a: 1"}, "M101"),
    ({"objects/" + "x" * 300 + ".yaml": "a: 1"}, "M101"),
    ({"project.py": "a: 1"}, "M101"),
    ({"objects/deal.yaml": "object: deal\nfields: " + "[" * 100_000}, "M106"),
    ({"objects/deal.yaml": "object: deal\nfields: {x: &a {type: text}, y: *a}"}, "M105"),
]


@pytest.mark.parametrize(("files", "code"), HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_tree_is_refused(lea: Caller, files: dict[str, str], code: str) -> None:
    """Names that lead out of the project, and texts that are made to hurt, are problems."""
    refused = lea.post("/plans", {"source": "x/", "files": files})

    assert (refused.status, refused.json["code"]) == (422, "M100"), refused.raw
    assert code in {problem["code"] for problem in refused.json["problems"]}


def test_a_tree_that_is_too_large_is_refused_quickly(lea: Caller) -> None:
    """A megabyte of expression, a hundred thousand components, thousands of files."""
    long = deal(lea, "x: {type: formula, returns: number, formula: '" + "1+" * 500_000 + "1'}")
    many = "object: a\nfields:\n" + "".join(f"  f{n}: {{type: text}}\n" for n in range(100_000))
    began = process_time()

    wordy = plan(lea, long)
    crowd = lea.post("/plans", {"source": "x/", "files": {"objects/a.yaml": many}})
    heap = lea.post(
        "/plans", {"source": "x/", "files": {f"objects/f{n}.yaml": "" for n in range(6000)}}
    )
    large = lea.post("/plans", {"source": "x/", "files": {"a.yaml": "x" * 9_500_000}})

    assert process_time() - began < 120  # minutes, were it parsed and compiled
    assert (wordy.status, wordy.json["problems"][0]["code"]) == (422, "M306")
    assert [(r.status, r.json["code"]) for r in (crowd, heap)] == [(413, "D160")] * 2
    assert (large.status, large.json["code"]) == (413, "Q203")


def test_a_treatment_reads_no_file_of_the_server(lea: Caller) -> None:
    """`map:FILE` is a file of whoever types it; over the wire a map says what it exchanges."""
    refused = plan(lea, deal(lea), treatments={"field:deal.region": "map:/etc/hostname"})

    assert (refused.status, refused.json["code"]) == (400, "U105")


def test_plans_do_not_pile_up(shop: House) -> None:
    """Each person has room for so many; the oldest go."""
    planner = shop.caller("planner")
    files = running(planner)
    bodies = [{"source": f"name {n}", "files": files} for n in range(KEPT_PER_PERSON + 2)]

    digests = [planner.post("/plans", body).json["digest"] for body in bodies]

    first, last = digests[0], digests[-1]
    assert planner.get(f"/plans/{first}").status == 404
    assert planner.get(f"/plans/{last}").status == 200


def test_an_unknown_deployment(lea: Caller) -> None:
    """There is none of that number."""
    assert lea.get("/deployments/999999").json["code"] == "D162"
