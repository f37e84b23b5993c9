"""The kinds of components in the words and groups of those who design: what stands where in Setup.

Pure data, beside the registry of kinds; a test holds that every kind has its place here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.model.kinds import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A group of kinds: its heading, its icon, and its kinds in order."""

    name: str
    label: str
    icon: str
    kinds: tuple[str, ...]


FAMILIES: tuple[Family, ...] = (
    Family(
        name="objects",
        label="Objects",
        icon="box",
        kinds=(
            "object",
            "field",
            "record_type",
            "validation_rule",
            "index",
            "duplicate_rule",
            "picklist",
        ),
    ),
    Family(
        name="screens", label="Screens", icon="layout", kinds=("app", "layout", "view", "action")
    ),
    Family(
        name="automation",
        label="Automation",
        icon="zap",
        kinds=("workflow", "approval", "assignment", "sla", "hours", "conversion", "email"),
    ),
    Family(
        name="access",
        label="Access",
        icon="shield",
        kinds=(
            "permission_set",
            "object_permission",
            "permission",
            "role",
            "queue",
            "team",
            "sharing_rule",
        ),
    ),
    Family(name="integration", label="Integration", icon="link", kinds=("endpoint", "env_var")),
    Family(
        name="project",
        label="Project",
        icon="folder",
        kinds=("project", "translation", "data", "test"),
    ),
)

# Kind -> what several of it are called.
PLURALS: Mapping[str, str] = {
    "action": "Actions",
    "app": "Apps",
    "approval": "Approvals",
    "assignment": "Assignments",
    "conversion": "Conversions",
    "data": "Records that travel along",
    "duplicate_rule": "Duplicate rules",
    "email": "E-mails",
    "endpoint": "Endpoints",
    "env_var": "Variables",
    "field": "Fields",
    "hours": "Working hours",
    "index": "Indexes",
    "layout": "Layouts",
    "object": "Objects",
    "object_permission": "Rights on objects",
    "permission": "Permissions",
    "permission_set": "Permission sets",
    "picklist": "Picklists",
    "project": "Project",
    "queue": "Queues",
    "record_type": "Record types",
    "role": "Roles",
    "sharing_rule": "Sharing rules",
    "sla": "Deadlines",
    "team": "Teams",
    "test": "Tests",
    "translation": "Translations",
    "validation_rule": "Validation rules",
    "view": "List views",
    "workflow": "Workflows",
}
SINGULARS: Mapping[str, str] = {
    **{kind: KINDS[kind].words.capitalize() for kind in PLURALS},
    "data": "Records",
    "email": "E-mail",
    "env_var": "Variable",
    "hours": "Working hours",
    "object_permission": "Right on an object",
    "sla": "Deadline",
    "view": "List view",
}
# Kinds of which there is exactly one, or whose name follows from their content.
SINGLE = frozenset({"project"})
UNNAMED = frozenset({"index"})
# The parts of an object's page: kind, or the key of the kinds that name it in `object`.
OBJECT_TABS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("fields", "Fields", ("field",)),
    ("layouts", "Layouts", ("layout",)),
    ("views", "List views", ("view",)),
    ("rules", "Validation rules", ("validation_rule", "duplicate_rule")),
    ("record_types", "Record types", ("record_type",)),
    (
        "automation",
        "Automation",
        ("workflow", "approval", "assignment", "sla", "conversion", "action", "email"),
    ),
    ("access", "Access", ("object_permission",)),
    ("sharing", "Sharing", ("sharing_rule",)),
    ("indexes", "Indexes", ("index",)),
)


def family_of(kind: str) -> Family:
    """Give the group that a kind stands in."""
    return next(family for family in FAMILIES if kind in family.kinds)
