"""The kinds that say who may do and see what: roles, queues, teams, permission sets, sharing."""

from __future__ import annotations

from engine.model.kinds.base import Document, Form, Kind, Schema
from engine.model.kinds.shapes import (
    EXPRESSION,
    FLAG,
    NAME,
    choice,
    component,
    described,
    document,
    exactly_one,
    group,
    list_of,
    map_of,
    with_rules,
)

RIGHTS = ("create", "read", "edit", "delete", "view_all", "modify_all", "share", "transfer")
_BELOW = described(NAME, "A role and all roles below it.")


def _one_of(groups: dict[str, Schema]) -> Schema:
    """Make the shape of one group: exactly one key says of which sort it is."""
    return {**group(groups), "minProperties": 1, "maxProperties": 1}


_MEMBER = _one_of(
    {
        "user": {
            "type": "string",
            "minLength": 1,
            "maxLength": 255,
            "description": "The e-mail of one person.",
        },
        "role": described(NAME, "Everybody with this role."),
        "role_and_below": _BELOW,
        "queue": NAME,
        "team": NAME,
    }
)
_MEMBERS = list_of(_MEMBER, "Who belongs to it.", least=0)

ROLE = Kind(
    name="role",
    document="roles",
    part="roles",
    form=Form.MAP,
    summary="A place in the tree of the organisation; a parent sees what those below own.",
    schema=component({"parent": described(NAME, "The role above.")}),
)
QUEUE = Kind(
    name="queue",
    document="queues",
    part="queues",
    form=Form.MAP,
    summary="Owns records until one of its members takes them.",
    schema=component(
        {
            "members": _MEMBERS,
            "objects": described(list_of(NAME), "Whose records it may own."),
        }
    ),
)
TEAM = Kind(
    name="team",
    document="teams",
    part="teams",
    form=Form.MAP,
    summary="People from several places who work together.",
    schema=component({"members": _MEMBERS}),
)
PERMISSION = Kind(
    name="permission",
    document="permissions",
    part="permissions",
    form=Form.MAP,
    summary="A permission of your own, asked for by HAS_PERMISSION.",
    schema=component({}),
)
OBJECT_PERMISSION = Kind(
    name="object_permission",
    document="permission_set",
    part="objects",
    form=Form.MAP,
    parent="permission_set",
    summary="What one permission set gives on one object.",
    schema=component(
        {
            **dict.fromkeys(RIGHTS, FLAG),
            "fields": map_of(
                choice("none", "read", "edit"),
                description="Fields that do not simply follow the object.",
            ),
        }
    ),
)
_PERMISSIONS = described(list_of(NAME, least=0), "System permissions and your own.")
_SECOND_FACTOR = described(
    FLAG, "Who holds the set signs in with a second factor, or sees no page. Tokens are not asked."
)
PERMISSION_SET = Kind(
    name="permission_set",
    document="permission_set",
    form=Form.DOCUMENT,
    summary="What its holders may do; sets add up.",
    schema=component({"permissions": _PERMISSIONS, "requires_second_factor": _SECOND_FACTOR}),
)
SHARING_RULE = Kind(
    name="sharing_rule",
    document="sharing",
    part="rules",
    form=Form.MAP,
    parent="object",
    summary="Opens records that fulfil a condition, or that somebody owns, to others.",
    schema=with_rules(
        component(
            {
                "where": described(EXPRESSION, "Which records, by what stands in them."),
                "owner": described(
                    _one_of(
                        {
                            "role": described(NAME, "Records whose owner has this role."),
                            "role_and_below": _BELOW,
                            "team": described(NAME, "Records whose owner is in this team."),
                            "queue": described(NAME, "Records that wait in this queue."),
                        }
                    ),
                    "Which records, by who owns them.",
                ),
                "with": described(
                    _one_of(
                        {
                            "role": described(NAME, "Everybody with this role."),
                            "role_and_below": _BELOW,
                            "team": NAME,
                            "queue": NAME,
                            "permission_set": NAME,
                        }
                    ),
                    "Who sees them.",
                ),
                "access": choice("read", "edit", description="How far."),
            },
            required=("with", "access"),
        ),
        exactly_one("where", "owner"),
    ),
)
KINDS: tuple[Kind, ...] = (
    ROLE,
    QUEUE,
    TEAM,
    PERMISSION,
    PERMISSION_SET,
    OBJECT_PERMISSION,
    SHARING_RULE,
)


def _table(keyword: str, kind: Kind) -> Document:
    return Document(
        keyword=keyword,
        file=f"access/{keyword}.yaml",
        parts={keyword: kind.name},
        summary=kind.summary,
        schema=group({keyword: map_of(kind.schema)}, required=(keyword,)),
    )


DOCUMENTS: tuple[Document, ...] = (
    _table("roles", ROLE),
    _table("queues", QUEUE),
    _table("teams", TEAM),
    _table("permissions", PERMISSION),
    Document(
        keyword="permission_set",
        file="access/permission_sets/{name}.yaml",
        own="permission_set",
        parts={"objects": "object_permission"},
        summary=PERMISSION_SET.summary,
        schema=document(
            {"permission_set": NAME},
            component(
                {
                    "objects": map_of(OBJECT_PERMISSION.schema, description="Rights by object."),
                    "permissions": _PERMISSIONS,
                    "requires_second_factor": _SECOND_FACTOR,
                }
            ),
        ),
    ),
    Document(
        keyword="sharing",
        file="access/sharing/{name}.yaml",
        parts={"rules": "sharing_rule"},
        summary=SHARING_RULE.summary,
        schema=group(
            {"sharing": described(NAME, "The object."), "rules": map_of(SHARING_RULE.schema)},
            required=("sharing", "rules"),
        ),
    ),
)
