"""The OpenAPI description of environments, plans and deployments. Data only."""

from __future__ import annotations

from api.openapi_parts import ERRORS
from api.schemas import Json

_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}
_ANY: Json = {"type": "object"}
_TEXTS: Json = {"type": "object", "additionalProperties": _TEXT}
_NAMES: Json = {"type": "array", "items": _TEXT}
_INSTANT: Json = {"type": ["string", "null"], "format": "date-time"}
_SETTINGS: Json = {
    "type": "object",
    "additionalProperties": {"type": ["string", "integer", "boolean"]},
}
_PLAN: Json = {
    "type": "object",
    "required": ["digest", "base", "target", "result", "changes", "conflicts", "needs"],
    "properties": {
        "digest": _TEXT,
        "base": _TEXT,
        "target": _TEXT,
        "result": _TEXT,
        "changes": {"type": "array", "items": _ANY},
        "conflicts": {"type": "array", "items": _ANY},
        "steps": {"type": "array", "items": _ANY},
        "checks": _ANY,
        "needs": {
            "type": "object",
            "properties": {"accept": _NAMES, "approvals": _NUMBER},
        },
    },
}
_NEW_PLAN: Json = {
    "type": "object",
    "required": ["source"],
    "additionalProperties": False,
    "properties": {
        "source": {"type": "string", "description": "an environment, ENV@N, or a name for files"},
        "files": {**_TEXTS, "description": "path below project.yaml -> text"},
        "base": {"type": "string", "description": "ENV@N that the files were last the same as"},
        "target": _TEXT,
        "patterns": _NAMES,
        "without": _NAMES,
        "resolve": {**_NAMES, "description": "COMPONENT/PROPERTY=target or =incoming"},
        "treatments": _TEXTS,
        "git_revision": _TEXT,
    },
}
_CONSENT: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "accept": {"type": "array", "items": {"type": "string", "enum": ["retire", "narrowing"]}},
        "reason": _TEXT,
    },
}
_DEPLOYMENT: Json = {
    "type": "object",
    "properties": {
        "id": _NUMBER,
        "environment": _TEXT,
        "plan": _TEXT,
        "base": _NUMBER,
        "version": {"type": ["integer", "null"]},
        "state": {"type": "string", "enum": ["running", "switched", "done", "failed", "aborted"]},
        "steps": {"type": "array"},
        "by": _TEXT,
        "started_at": _INSTANT,
        "finished_at": _INSTANT,
        "error": _TEXT,
        "author": _TEXT,
        "reason": _TEXT,
        "git_revision": {"type": ["string", "null"]},
        "project": _TEXT,
        "evidence": {"type": "array", "items": _ANY},
        "counts": {
            "type": "object",
            "properties": {"before": _ANY, "after": {"type": ["object", "null"]}},
        },
        "timings": {**_ANY, "description": "sort of step -> rows and milliseconds"},
        "planned": _ANY,
    },
}
_MENDING = {
    "reseed": ("reseed_sandbox", "Bring the records of a sandbox anew"),
    "resume": ("resume_deployment", "Go on with an unfinished deployment"),
    "abort": ("abort_deployment", "Give up a deployment before its switch"),
    "doctor": ("repair_environment", "Repair what can be repaired"),
    "purge": ("purge_retired", "Remove retired components for good"),
}
_PURGE: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "accept": {"type": "array", "items": {"type": "string", "enum": ["purge"]}},
        "due": {"type": "boolean", "description": "only what has been kept long enough"},
    },
}
_NEW_SANDBOX: Json = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": _TEXT,
        "from": _TEXT,
        "data": {"type": "string", "enum": ["none", "sample", "full"]},
        "roots": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "where a sample starts: an expression for each object",
        },
        "most": {**_NUMBER, "description": "records of an object in a sample"},
    },
}
_BACK: Json = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "to": _NUMBER,
        "deployment": _NUMBER,
        "resolve": {**_NAMES, "description": "COMPONENT/PROPERTY=target or =incoming"},
    },
}
_COMPONENT: Json = {
    "type": "object",
    "required": ["component"],
    "additionalProperties": False,
    "properties": {"component": _TEXT},
}
_SET: Json = {
    "type": "object",
    "required": ["name", "components"],
    "additionalProperties": False,
    "properties": {
        "name": _TEXT,
        "reason": _TEXT,
        "components": _NAMES,
        "treatments": _TEXTS,
        "choices": {**_TEXTS, "description": "COMPONENT/PROPERTY -> target or incoming"},
    },
}
_EMPTY: Json = {"type": "object", "additionalProperties": False}


def promotion_paths() -> Json:
    """Give the paths: the same for every caller, who is refused where rights are missing."""
    return {**_environments(), **_plans(), **_deployments()}


_TELLING: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "versions": ("list_versions", "Versions, newest first", ("limit", "before")),
    "tree": ("read_tree", "Components of a version", ("version", "content")),
    "blame": ("blame_component", "Who changed what of a component", ("component",)),
    "drift": ("read_drift", "What changed outside of deployments", ()),
    "policy": ("read_policy", "What a change needs", ()),
    "values": ("read_values", "Values of declared variables", ("plan",)),
    "doctor": ("examine_environment", "What is wrong, and what helps", ()),
    "retired": ("list_retired", "What is hidden with its values", ()),
}


def _environments() -> Json:
    at = "/environments/{environment}"
    found: Json = {
        "/environments": {
            "get": _of("list_environments", "Environments that admit you", _one(_ANY)),
            "post": _of("create_sandbox", "A sandbox", _one(_ANY, "201"), body=_NEW_SANDBOX),
        },
        at: _named(
            get=_of("read_environment", "One environment", _one(_ANY)),
            delete=_of("delete_sandbox", "Delete a sandbox", {"204": {"description": "Deleted"}}),
        ),
    }
    for name, (name_of, summary, query) in _TELLING.items():
        found[f"{at}/{name}"] = _named(get=_of(name_of, summary, _one(_ANY), query=query))
    for name in ("policy", "values"):
        operation = _of(f"change_{name}", "Set some", _one(_ANY), body=_SETTINGS)
        found[f"{at}/{name}"]["patch"] = operation
    back = _of("plan_rollback", "A plan that goes back", _one(_PLAN, "201"), body=_BACK)
    again = _of("plan_restore", "A plan that restores", _one(_PLAN, "201"), body=_COMPONENT)
    sets = f"{at}/change-sets"
    found[sets] = _named(
        get=_of("list_change_sets", "Change sets", _one(_ANY)),
        post=_of("keep_change_set", "Keep a change set", _one(_ANY, "201"), body=_SET),
    )
    gone = {"204": {"description": "Dropped"}}
    called = {"name": "name", "in": "path", "required": True, "schema": _TEXT}
    dropping = _named(delete=_of("drop_change_set", "Drop a change set", gone))
    dropping["parameters"].append(called)
    found[f"{sets}/{{name}}"] = dropping
    for name, (name_of, summary) in _MENDING.items():
        operation = _of(name_of, summary, _one(_ANY), body=_PURGE if name == "purge" else _EMPTY)
        found[f"{at}/{name}"] = {**found.get(f"{at}/{name}", {}), **_named(post=operation)}
    found[f"{at}/rollback"], found[f"{at}/restore"] = _named(post=back), _named(post=again)
    return found


def _plans() -> Json:
    one = "/plans/{digest}"
    digest = [{"name": "digest", "in": "path", "required": True, "schema": _TEXT}]

    def post(id: str, summary: str, body: Json) -> Json:
        return {"parameters": digest, "post": _of(id, summary, _one(_ANY), body=body)}

    return {
        "/plans": {
            "post": _of("create_plan", "Plan a deployment", _one(_PLAN, "201"), body=_NEW_PLAN)
        },
        one: {
            "parameters": digest,
            "get": _of("read_plan", "A plan", _one(_PLAN), query=("sealed",)),
        },
        f"{one}/validate": post("validate_plan", "Play its tests", _EMPTY),
        f"{one}/approve": post("approve_plan", "Approve a plan of somebody else", _EMPTY),
        f"{one}/apply": post("apply_plan", "Carry it out", _CONSENT),
    }


def _deployments() -> Json:
    number = [{"name": "id", "in": "path", "required": True, "schema": _NUMBER}]
    many: Json = {"type": "array", "items": _DEPLOYMENT}
    page = _one({"type": "object", "properties": {"deployments": many}})
    query = ("environment", "limit", "before", "plan")
    return {
        "/deployments": {"get": _of("list_deployments", "Deployments", page, query=query)},
        "/deployments/{id}": {
            "parameters": number,
            "get": _of(
                "read_deployment", "One deployment", _one(_DEPLOYMENT), query=("environment",)
            ),
        },
    }


def _named(**operations: Json) -> Json:
    name = {"name": "environment", "in": "path", "required": True, "schema": _TEXT}
    return {"parameters": [name], **operations}


def _of(
    id: str, summary: str, answers: Json, *, query: tuple[str, ...] = (), body: Json | None = None
) -> Json:
    found: Json = {"operationId": id, "summary": summary, "tags": ["promotion"]}
    if query:
        found["parameters"] = [{"name": name, "in": "query", "schema": _TEXT} for name in query]
    if body is not None:
        content = {"application/json": {"schema": body}}
        found["requestBody"] = {"required": body is not _EMPTY, "content": content}
    return {**found, "responses": {**answers, **ERRORS}}


def _one(schema: Json, status: str = "200") -> Json:
    return {status: {"description": "OK", "content": {"application/json": {"schema": schema}}}}
