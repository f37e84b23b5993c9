"""Who may call what: one line for every address and every job. A new one without a line fails.

Addresses stand without the environment: `/records/<object>` below the API, `/o/<object>` below
/e/<environment>, others as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OPEN = "open"  # anybody
TOKEN = "token"  # a token of this environment
SESSION = "session"  # a signed-in browser of a member
PERSON = "person"  # a signed-in browser, whatever it may open


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which credential an address asks for, and what a member without any permission set gets.

    `poor`: the statuses that such a member may be answered with. `body`: what is sent, so that the
    answer is about rights and not about the request. `scope`: of narrowed tokens, for the API.
    """

    credential: str
    poor: frozenset[int] = frozenset()
    body: Mapping[str, object] = field(default_factory=dict)
    scope: str = ""


def _api(scope: str, *poor: int, **body: object) -> Rule:
    return Rule(credential=TOKEN, scope=scope, poor=frozenset(poor), body=body)


def _page(*poor: int, **body: object) -> Rule:
    return Rule(credential=SESSION, poor=frozenset(poor), body=body)


def _person(*poor: int) -> Rule:
    return Rule(credential=PERSON, poor=frozenset(poor))


_ANYBODY = Rule(credential=OPEN)
_SHARE: dict[str, object] = {"with": {"user": 1}, "access": "read"}

API: Mapping[str, Rule] = {
    "GET /objects": _api("read", 200),  # of platform objects only
    "GET /objects/<object>": _api("read", 404),
    "GET /objects/<object>/access": _api("read", 403, 404),
    "GET /records/<object>": _api("read", 404),
    "POST /records/<object>": _api("records", 404),
    "GET /records/<object>/<id>": _api("read", 404),
    "PATCH /records/<object>/<id>": _api("records", 404),
    "DELETE /records/<object>/<id>": _api("records", 404),
    "POST /records/<object>/<id>/restore": _api("records", 404),
    "GET /records/<object>/<id>/access": _api("read", 403, 404),
    "POST /records/<object>/<id>/share": _api("records", 404, **_SHARE),
    "GET /records/<object>/<id>/shares": _api("read", 404),
    "DELETE /records/<object>/<id>/shares/<share>": _api("records", 404),
    "POST /records/<object>/<id>/transfer": _api("records", 404, 422),
    "POST /records/<object>/<id>/convert": _api("records", 404),
    "POST /records/<object>/<id>/merge": _api("records", 404, **{"with": [2]}),
    "GET /records/<object>/<id>/clocks": _api("read", 404),
    "GET /records/<object>/<id>/traces": _api("read", 404),
    "GET /records/<object>/<id>/why": _api("read", 404),
    "GET /objects/<object>/views": _api("read", 404),
    "POST /objects/<object>/views": _api("records", 404, label="Mine"),
    "DELETE /objects/<object>/views/<id>": _api("records", 404),
    "GET /traces": _api("metadata", 403),
    "POST /simulations": _api("metadata", 403, component="workflow:x", data={}),
    "POST /traces/switches": _api("metadata", 403, record=1),
    "DELETE /traces/switches": _api("metadata", 403),
    "PUT /records/<object>/by/<field>/<path:value>": _api("records", 404),
    "POST /records/<object>/bulk": _api("records", 404, 422),
    "POST /aggregate/<object>": _api("read", 404, measures={"n": "COUNT()"}),
    "GET /environments": _api("metadata", 200),  # those that admit the caller
    "POST /environments": _api("deploy", 403, name="mine"),
    "GET /environments/<named>": _api("metadata", 403),
    "DELETE /environments/<named>": _api("deploy", 403),
    "GET /environments/<named>/versions": _api("metadata", 403),
    "GET /environments/<named>/tree": _api("metadata", 403),
    "GET /environments/<named>/blame": _api("metadata", 403),
    "GET /environments/<named>/drift": _api("metadata", 403),
    "GET /environments/<named>/policy": _api("metadata", 403),
    "PATCH /environments/<named>/policy": _api("deploy", 403, approvals=0),
    "GET /environments/<named>/values": _api("metadata", 403),
    "PATCH /environments/<named>/values": _api("deploy", 403, ERP_URL="x"),
    "POST /environments/<named>/rollback": _api("deploy", 403),
    "POST /environments/<named>/reseed": _api("deploy", 403),
    "POST /environments/<named>/restore": _api("deploy", 403, component="field:deal.x"),
    "POST /environments/<named>/resume": _api("deploy", 403),
    "POST /environments/<named>/abort": _api("deploy", 403),
    "GET /environments/<named>/doctor": _api("metadata", 403),
    "POST /environments/<named>/doctor": _api("deploy", 403),
    "GET /environments/<named>/retired": _api("metadata", 403),
    "POST /environments/<named>/purge": _api("deploy", 403, due=True),
    "GET /environments/<named>/change-sets": _api("metadata", 403),
    "POST /environments/<named>/change-sets": _api("deploy", 403, name="a", components=["b"]),
    "DELETE /environments/<named>/change-sets/<name>": _api("deploy", 403),
    "POST /plans": _api("metadata", 403, source="mine", files={}),
    "GET /plans/<digest>": _api("metadata", 403),
    "POST /plans/<digest>/validate": _api("metadata", 403),
    "POST /plans/<digest>/approve": _api("deploy", 403),
    "POST /plans/<digest>/apply": _api("deploy", 403),
    "GET /deployments": _api("metadata", 403),
    "GET /deployments/<id>": _api("metadata", 403),
    "GET /people": _api("people", 403),
    "POST /people": _api("people", 403, email="x@example.test"),
    "GET /people/<email>": _api("people", 403),
    "PATCH /people/<email>": _api("people", 403),
    "POST /people/<email>/reset-second-factor": _api("people", 403, reason="lost"),
    "GET /tokens": _api("people", 200),  # one's own
    "POST /tokens": _api("people", 403, email="admin@example.test"),
    "DELETE /tokens/<id>": _api("people", 404),
    "GET /sessions": _api("people", 200),  # one's own
    "DELETE /sessions": _api("people", 200),
    "DELETE /sessions/<id>": _api("people", 404),
    "GET /approvals": _api("read", 200),  # one's own
    "GET /absence": _api("read", 200),  # one's own
    "PUT /absence": _api("records", 422),
    "DELETE /absence": _api("records", 200),
    **{
        f"POST /records/<object>/<id>/{deed}": _api("records", 404)
        for deed in ("submit", "approve", "reject", "recall")
    },
    "GET /records/<object>/<id>/approvals": _api("read", 404),
    "GET /notifications": _api("read", 200),  # one's own
    "POST /notifications/read": _api("read", 204),
    "POST /notifications/<id>/read": _api("read", 404),
    "GET /outbox": _api("metadata", 403),
    "POST /outbox/replay": _api("deploy", 403),
    "GET /outbox/<id>": _api("metadata", 403),
    "POST /outbox/<id>/replay": _api("deploy", 403),
    "POST /outbox/<id>/discard": _api("deploy", 403),
    "GET /audit": _api("people", 403),
    "GET /runs": _api("read", 403),
    "GET /runs/<id>": _api("read", 404),
    "POST /runs/<id>/retry": _api("records", 403),
    "POST /runs/<id>/cancel": _api("records", 403),
    "POST /records/<object>/<id>/actions/<action>": _api("records", 404),
    "GET /openapi.json": _api("read", 200),  # of what the caller may read
}

# Flask-Admin makes the same addresses for each of its tables; what it would write is never open.
_TABLES = (
    *("audit", "deployments", "jobs", "members", "people", "sessions", "tokens", "versions"),
)
_OF_TABLES = (
    ("GET", ""),
    ("POST", "<int:number>/<int:deed>"),
    ("POST", "action/"),
    ("GET", "ajax/lookup/"),
    ("POST", "ajax/update/"),
    ("POST", "delete/"),
    ("GET", "details/"),
    ("GET", "edit/"),
    ("POST", "edit/"),
    ("GET", "export/<export_type>/"),
    ("GET", "new/"),
    ("POST", "new/"),
)

PAGES: Mapping[str, Rule] = {
    "GET /setup/platform/": _page(302),  # leads to /setup/, which is refused
    **{
        f"{method} /setup/platform/{table}/{rest}": _page(403, 404)
        for table in _TABLES
        for method, rest in _OF_TABLES
    },
    "GET /o/<object>/export": _page(403, 404),
    "GET /approvals": _page(200),  # one's own
    "POST /approvals": _page(409, deed="approve"),  # nothing was chosen
    "POST /o/<name>/<int:record>/approval/<deed>": _page(404),
    "GET /": _page(200),
    "GET /me": _page(200),
    "POST /me": _page(200, 303, 422),
    "POST /me/absence": _page(422),  # nobody was named
    "GET /menu": _page(200),
    "POST /choose": _page(303),
    "POST /log-in-as": _page(403, email="admin@example.test"),
    "GET /search": _page(200),
    "GET /o/<object>": _page(404),
    "GET /o/<object>/columns": _page(303),  # a part alone leads to its page, which is not there
    "GET /o/<object>/filter": _page(404),
    "POST /o/<object>/mass": _page(404),
    "GET /o/<name>/<int:record>": _page(404),
    "GET /o/<name>/<int:record>/convert": _page(404),
    "POST /o/<name>/<int:record>/convert": _page(404),
    "GET /o/<name>/merge": _page(404),
    "POST /o/<name>/merge": _page(404),
    "GET /o/<name>/<int:record>/delete": _page(404),
    "POST /o/<name>/<int:record>/delete": _page(404),
    "GET /o/<name>/<int:record>/edit": _page(404),
    "POST /o/<name>/<int:record>/edit": _page(404),
    "GET /o/<name>/<int:record>/field/<field>": _page(303, 404),  # the same
    "POST /o/<name>/<int:record>/field/<field>": _page(404),
    "POST /o/<name>/<int:record>/form": _page(404),
    "POST /o/<name>/<int:record>/restore": _page(404),
    "GET /o/<name>/new": _page(404),
    "POST /o/<name>/new": _page(404),
    "POST /o/<name>/new/form": _page(404),
    "GET /o/<name>/suggest/<field>": _page(404),
    "GET /notifications": _page(200),
    "POST /notifications": _page(303),
    "GET /notifications/count": _page(200),
    "GET /setup/outbox": _page(403),
    "POST /setup/outbox": _page(403),
    "GET /setup/inbox": _page(403),
    "GET /setup/outbox/<int:effect>": _page(403),
    "GET /setup/inbox/<int:effect>": _page(403),
    "GET /setup/outbox/<int:effect>/mail": _page(403),
    "GET /setup/": _page(403),
    "GET /setup/<kind>/": _page(403),
    "GET /setup/runs": _page(403),
    "GET /setup/runs/<int:run>": _page(403),
    "POST /setup/runs/<int:run>/<deed>": _page(403),
    "GET /o/<object>/views": _page(404),
    "POST /o/<object>/views": _page(404, label="Mine"),
    "GET /o/<object>/views/<int:view>": _page(404),
    "POST /o/<object>/views/<int:view>/delete": _page(404),
    "GET /setup/why": _page(403),
    "POST /setup/why": _page(403),
    "POST /o/<name>/<int:record>/action/<action>": _page(404),
    "GET /setup/<kind>/<name>": _page(403),
    "POST /setup/<kind>/<name>": _page(403),
    "POST /setup/<kind>/<name>/rename": _page(403),
    "POST /setup/<kind>/<name>/retire": _page(403),
    "GET /setup/changes": _page(403),
    "GET /setup/deployments/<int:deployment>/back": _page(403),
    "POST /setup/deployments/<int:deployment>/back": _page(403),
    "GET /setup/refresh": _page(403),
    "POST /setup/refresh": _page(403),
    "POST /setup/reseed": _page(403),
    "POST /setup/changes": _page(403),
    "POST /setup/changes/decide": _page(403),
    "POST /setup/changes/treat": _page(403),
    "POST /setup/changes/keep": _page(403),
    "POST /setup/changes/validate": _page(403),
    "GET /setup/changes/export": _page(403),
    "GET /setup/change-sets": _page(403),
    "POST /setup/change-sets": _page(403),
    "POST /setup/change-sets/add": _page(403),
    "POST /setup/change-sets/<name>/drop": _page(403),
    "GET /setup/environments": _page(403),
    "POST /setup/environments": _page(403),
    "POST /setup/environments/<name>/delete": _page(403),
    "GET /setup/in/<family>": _page(403),
    "GET /setup/new/<kind>": _page(403),
    "POST /setup/new/<kind>": _page(403),
    "GET /setup/object/<name>": _page(403),
    "GET /setup/plans/<digest>": _page(403),
    "POST /setup/plans/<digest>/approve": _page(403),
    "POST /setup/undo/<int:version>": _page(403),
    "GET /setup/people/<int:user>": _page(403),
    "POST /setup/people/<int:user>/second-factor": _page(403, 404),
}

OTHERS: Mapping[str, Rule] = {
    "GET /": _ANYBODY,  # leads to production
    "GET /<page:_address>": _ANYBODY,  # says that there is no such page
    "GET /assets/<digest>/<name>": _ANYBODY,
    "GET /healthz": _ANYBODY,
    "POST /hooks/<endpoint>": _ANYBODY,  # the secret of the endpoint is the credential
    "POST /e/<environment>/hooks/<endpoint>": _ANYBODY,
    "GET /sign-in": _ANYBODY,
    "POST /sign-in": _ANYBODY,
    "POST /sign-in/token": _ANYBODY,  # e-mail and password are the credential
    "GET /sign-in/sso": _ANYBODY,
    "GET /sign-in/sso/back": _ANYBODY,
    "POST /sign-out": _ANYBODY,
    "GET /second-factor": _ANYBODY,  # leads to the sign-in unless a code is waited for
    "POST /second-factor": _ANYBODY,
    "GET /reset": _ANYBODY,
    "POST /reset": _ANYBODY,
    "GET /reset/<secret>": _ANYBODY,  # the secret of the link is the credential
    "POST /reset/<secret>": _ANYBODY,
    # The secret of the link is the credential: for one person, one question, once.
    "GET /decide/<environment>/<secret>": _ANYBODY,
    "POST /decide/<environment>/<secret>": _ANYBODY,
    "POST /log-in-as/end": _ANYBODY,  # leads to the sign-in unless somebody works as another
    "GET /account": _person(200),
    "POST /account/password": _person(422),
    "POST /account/sessions/end": _person(303),
    "POST /account/sessions/<int:number>/end": _person(404),
    "GET /account/second-factor": _person(200),
    "POST /account/second-factor": _person(422),
    "POST /account/second-factor/recovery-codes": _person(422),
    "POST /account/second-factor/remove": _person(422),
}

# Job -> as whom it works. Every one works for the system itself and takes nothing from outside.
JOBS: Mapping[str, str] = {
    "deploy.follow": "the system, on what a deployment left after its switch",
    "deploy_tool.retain": "the system, in every environment, on what its policy says is over",
    "engine.forget_requests": "the system, in every environment",
    "engine.forget_traces": "the system, in every environment",
    "engine.notice_deadlines": "the system, in every environment",
    "engine.seal_audits": "the system, on the audit alone",
    "engine.deliver": "the system, on the outbox and the secrets of endpoints alone",
    "engine.tell_approvers": "the system; what each is told, as themselves",
    "engine.sweep_approval_links": "the system, on what has long been over",
    "engine.sweep_outboxes": "the system, on what has long been over",
    "engine.sweep_runs": "the system, on what has long been over",
    "engine.go_on_with_runs": "the system, in the name of who started each run",
    "engine.sweep_messages": "nobody: files of messages that were taken",
    "engine.sweep_sign_ins": "the system, on the control database alone",
}
