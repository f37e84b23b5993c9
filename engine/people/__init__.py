"""Persons, members and tokens: who may enter, proved by a password or a token.

Public names below. May import the store and what lies under it; knows no HTTP and no session.
"""

from engine.people.control import CONTROL_SCHEMA, address_of, open_control
from engine.people.members import (
    NewMember,
    activate_person,
    add_member,
    check_password,
    create_token,
    create_user,
    deactivate_person,
    revoke_token,
    set_member_active,
    set_password,
    set_permission_sets,
)
from engine.people.sessions import Browser, end_session, find_session, open_session

__all__ = [
    "CONTROL_SCHEMA",
    "Browser",
    "NewMember",
    "activate_person",
    "add_member",
    "address_of",
    "check_password",
    "create_token",
    "create_user",
    "deactivate_person",
    "end_session",
    "find_session",
    "open_control",
    "open_session",
    "revoke_token",
    "set_member_active",
    "set_password",
    "set_permission_sets",
]
