"""The system permissions: what the product itself asks for, beside rights on objects.

`access/permissions.yaml` of a configuration declares more of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SYSTEM_PERMISSIONS: Mapping[str, str] = MappingProxyType(
    {
        "customize": "Change objects, fields, layouts and rules",
        "deploy": "Plan and apply deployments",
        "edit_locked": "Change records that an approval has locked",
        "export_data": "Export records",
        "export_reports": "Export reports",
        "import_data": "Import records",
        "log_in_as": "Work as another user",
        "manage_outbox": "See, send again and discard what leaves the system",
        "manage_sharing": "Change roles, teams, queues and sharing rules",
        "manage_users": "Add users and change what they may do",
        "mass_edit": "Change many records at once",
        "view_audit": "Read the audit",
        "view_setup": "See the set-up without changing it",
    }
)
# The permission set that is built in and grants everything.
ADMINISTRATOR = "system_administrator"
