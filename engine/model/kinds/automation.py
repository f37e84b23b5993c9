"""The kinds that make things happen: workflows, approvals, assignments, deadlines, conversions."""

from __future__ import annotations

from engine.model.kinds.base import Document, Form, Kind, Schema
from engine.model.kinds.shapes import (
    COMMON,
    DURATION,
    EXPRESSION,
    FLAG,
    LABEL,
    NAME,
    RECIPIENTS,
    SOMEONE,
    STEPS,
    TEXT,
    VALUES,
    choice,
    component,
    described,
    document,
    either,
    exactly_one,
    goes_with,
    group,
    list_of,
    map_of,
    with_rules,
)

_OBJECT = described(NAME, "The object whose records it is about.")
_AT = group(
    {
        "field": described(NAME, "The date or instant that is waited for."),
        "offset": {
            "$ref": "#/$defs/offset",
            "description": "How long after it, or before: -7 days.",
        },
        "where": described(EXPRESSION, "Only records for which this holds."),
    },
    required=("field",),
)
_EVERY = group(
    {
        "cron": {
            "type": "string",
            "pattern": r"^\S+ \S+ \S+ \S+ \S+$",
            "x-is": "minute, hour, day of month, month and weekday: 0 7 * * 1",
            "description": "When, in the project's time zone.",
        },
        "where": described(EXPRESSION, "One run for each record for which this holds."),
    },
    required=("cron",),
)
WORKFLOW = Kind(
    name="workflow",
    document="workflow",
    form=Form.DOCUMENT,
    lists=("/steps",),
    summary="Steps that run when something happens.",
    schema=with_rules(
        component(
            {
                "object": _OBJECT,
                "when": either(
                    choice(
                        "before_save",
                        "created",
                        "updated",
                        "saved",
                        "deleted",
                        "at",
                        "every",
                        "button",
                        "webhook",
                    ),
                    group({"at": _AT}, required=("at",)),
                    group({"every": _EVERY}, required=("every",)),
                    by="*",
                    description="What starts it.",
                ),
                "at": described(_AT, "With `when: at`: the moment."),
                "every": described(_EVERY, "With `when: every`: the schedule."),
                "if": described(EXPRESSION, "Only when this holds."),
                "steps": described(STEPS, "What it does, in order."),
            },
            required=("object", "when", "steps"),
        ),
        goes_with("at", "when", "at"),
        goes_with("every", "when", "every"),
    ),
)
_APPROVERS: Schema = {
    "oneOf": [TEXT, SOMEONE, list_of({"oneOf": [TEXT, SOMEONE]})],
    "description": "A path to a user, a role, queue or user, or a list of these.",
}
_APPROVAL_STEP = group(
    {
        "name": NAME,
        "label": COMMON["label"],
        "if": described(EXPRESSION, "The step is left out when this does not hold."),
        "approvers": _APPROVERS,
        "decide": {
            "oneOf": [
                choice("first", "all"),
                group({"votes": {"type": "integer", "minimum": 1}}, required=("votes",)),
            ],
            "description": "The first answer counts, all must agree, or so many votes (first).",
        },
        "on_reject": choice(
            "previous", "final", description="Back to the step before, or the end (final)."
        ),
        "remind_after": DURATION,
    },
    required=("name", "approvers"),
)
APPROVAL = Kind(
    name="approval",
    document="approval",
    form=Form.DOCUMENT,
    lists=("/steps", "/on_submit", "/on_approve", "/on_reject", "/on_recall"),
    summary="Who has to agree before a record goes on.",
    schema=component(
        {
            "object": _OBJECT,
            "enter_if": described(EXPRESSION, "Which records need it."),
            "submit": group(
                {
                    "by": described(RECIPIENTS, "Who may submit."),
                    "automatic": described(FLAG, "Submitted by saving, without a click (false)."),
                }
            ),
            "lock": described(FLAG, "Nobody changes the record meanwhile (true)."),
            "on_submit": described(STEPS, "What happens when it is submitted."),
            "steps": list_of(_APPROVAL_STEP, "Who decides, in order."),
            "remind_after": described(DURATION, "When approvers are reminded."),
            "on_approve": described(STEPS, "What happens when all steps agreed."),
            "on_reject": described(STEPS, "What happens when a step refused."),
            "on_recall": described(STEPS, "What happens when it is taken back."),
        },
        required=("object", "steps"),
    ),
)
ASSIGNMENT = Kind(
    name="assignment",
    document="assignment",
    form=Form.DOCUMENT,
    summary="Who gets a record: the first entry whose condition holds.",
    schema=component(
        {
            "object": _OBJECT,
            "entries": list_of(
                group(
                    {
                        "name": NAME,
                        "label": COMMON["label"],
                        "if": described(EXPRESSION, "When this holds; left out: always."),
                        "to": {"oneOf": [TEXT, SOMEONE], "description": "Who gets the record."},
                        "by": choice("round_robin", "load", description="In turns, or by load."),
                    },
                    required=("to",),
                )
            ),
        },
        required=("object", "entries"),
    ),
)
_DAY = "(mon|tue|wed|thu|fri|sat|sun)"
HOURS = Kind(
    name="hours",
    document="hours",
    part="hours",
    form=Form.MAP,
    summary="Working hours, for deadlines.",
    schema=component(
        {
            "days": map_of(
                list_of(
                    {
                        "type": "string",
                        "pattern": "^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$",
                        "x-is": 'a span of time: "09:00-12:30"',
                    },
                    least=0,
                ),
                {
                    "type": "string",
                    "pattern": f"^{_DAY}(-{_DAY})?$",
                    "x-is": "a weekday or a span of them: mon-fri",
                },
                "Weekdays, and when somebody works.",
            ),
            "holidays": {
                "oneOf": [
                    {
                        "type": "string",
                        "pattern": "^[A-Z]{2}(-[A-Z0-9]{1,3})?$",
                        "x-is": "a country: FR",
                    },
                    list_of(
                        {
                            "type": "string",
                            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
                            "x-is": "a day: 2026-12-25",
                        }
                    ),
                ],
                "description": "The public holidays of a country, or a list of days.",
            },
            "time_zone": described(LABEL, "As Europe/Paris; left out: the project's."),
        },
        required=("days",),
    ),
)
SLA = Kind(
    name="sla",
    document="sla",
    form=Form.DOCUMENT,
    lists=("/on_breach",),
    summary="A deadline that starts, pauses and stops with the record.",
    schema=component(
        {
            "object": _OBJECT,
            "start_if": described(EXPRESSION, "The clock starts when this holds."),
            "stop_if": described(EXPRESSION, "It stops for good when this holds."),
            "pause_if": described(EXPRESSION, "It stands still while this holds."),
            "within": described(DURATION, "How long it may take."),
            "hours": described(NAME, "Working hours of hours.yaml; left out: around the clock."),
            "on_breach": described(STEPS, "What happens when it took longer."),
        },
        required=("object", "start_if", "stop_if", "within"),
    ),
)
CONVERSION = Kind(
    name="conversion",
    document="conversion",
    form=Form.DOCUMENT,
    summary="One record becomes several.",
    schema=component(
        {
            "to": map_of(
                group(
                    {
                        "optional": described(FLAG, "The person may leave it out (false)."),
                        "match": described(EXPRESSION, "Joins a record for which this holds."),
                        "values": described(VALUES, "The new record's values."),
                    },
                    required=("values",),
                ),
                description="The objects that records are made of.",
            ),
            "set": described(VALUES, "What is then set on the converted record."),
        },
        required=("to",),
    ),
)
EMAIL = Kind(
    name="email",
    document="email",
    form=Form.DOCUMENT,
    summary="A mail with expressions in {{ }}.",
    schema=component(
        {
            "object": _OBJECT,
            "subject": described(TEXT, "The subject line."),
            "body": {
                "type": "string",
                "minLength": 1,
                "maxLength": 100_000,
                "description": "The text. Who receives it reads what it merges.",
            },
            "format": choice("text", "html", description="(text)"),
        },
        required=("object", "subject", "body"),
    ),
)
_AUTH = group(
    {
        "type": choice("bearer", "basic", "header"),
        "secret": described({"$ref": "#/$defs/env_name"}, "The variable that holds the secret."),
        "user": described(TEXT, "With basic: the user."),
        "name": described(TEXT, "With header: the name of the header."),
    },
    required=("type", "secret"),
)
ENDPOINT = Kind(
    name="endpoint",
    document="endpoints",
    part="endpoints",
    form=Form.MAP,
    summary="Where webhooks go to, or come in.",
    schema=with_rules(
        component(
            {
                "url": described(TEXT, "Where it goes; ${env.NAME} takes a variable."),
                "auth": described(_AUTH, "How Patron identifies itself."),
                "sign": choice("hmac", description="Signs every request with the secret."),
                "timeout": described(DURATION, "When to give up (10 seconds)."),
                "incoming": described(FLAG, "Takes requests instead of sending them (false)."),
                "object": described(NAME, "Incoming: the object of which a record is created."),
                "values": described(VALUES, "Incoming: its values, as expressions over `body`."),
                "secret": described(
                    {"$ref": "#/$defs/env_name"}, "Incoming: the variable it is signed with."
                ),
            }
        ),
        exactly_one("url", "incoming"),
    ),
)
KINDS: tuple[Kind, ...] = (
    WORKFLOW,
    APPROVAL,
    ASSIGNMENT,
    HOURS,
    SLA,
    CONVERSION,
    EMAIL,
    ENDPOINT,
)
_FILES = {
    "workflow": "workflows/{name}.yaml",
    "approval": "approvals/{name}.yaml",
    "assignment": "assignment/{name}.yaml",
    "sla": "sla/{name}.yaml",
    "conversion": "conversion/{name}.yaml",
    "email": "emails/{name}.yaml",
}
DOCUMENTS: tuple[Document, ...] = (
    *(
        Document(
            keyword=kind.name,
            file=_FILES[kind.name],
            own=kind.name,
            parts={},
            summary=kind.summary,
            schema=document({kind.name: NAME}, kind.schema),
        )
        for kind in KINDS
        if kind.form is Form.DOCUMENT
    ),
    Document(
        keyword="hours",
        file="hours.yaml",
        parts={"hours": "hours"},
        summary=HOURS.summary,
        schema=group({"hours": map_of(HOURS.schema)}, required=("hours",)),
    ),
    Document(
        keyword="endpoints",
        file="endpoints.yaml",
        parts={"endpoints": "endpoint"},
        summary=ENDPOINT.summary,
        schema=group({"endpoints": map_of(ENDPOINT.schema)}, required=("endpoints",)),
    ),
)
