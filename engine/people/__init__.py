"""Persons, members, passwords, sessions and tokens: who may enter, and how they prove it.

Public names below. May import the store and what lies under it; knows no HTTP and no session.
"""

from engine.people.control import CONTROL_SCHEMA, address_of, open_control
from engine.people.links import ask_for_link, is_good_link, make_link, use_link
from engine.people.members import (
    NewMember,
    add_member,
    create_user,
    let_in,
    set_member_active,
    set_permission_sets,
)
from engine.people.persons import (
    activate_person,
    deactivate_person,
    find_person,
    set_password,
)
from engine.people.sessions import (
    Browser,
    Kind,
    end_session,
    find_session,
    list_sessions,
    open_session,
    revoke_session,
    revoke_sessions,
)
from engine.people.signing_in import SignedIn, check_password, sign_in
from engine.people.tokens import create_token, list_tokens, revoke_token

__all__ = [
    "CONTROL_SCHEMA",
    "Browser",
    "Kind",
    "NewMember",
    "SignedIn",
    "activate_person",
    "add_member",
    "address_of",
    "ask_for_link",
    "check_password",
    "create_token",
    "create_user",
    "deactivate_person",
    "end_session",
    "find_person",
    "find_session",
    "is_good_link",
    "let_in",
    "list_sessions",
    "list_tokens",
    "make_link",
    "open_control",
    "open_session",
    "revoke_session",
    "revoke_sessions",
    "revoke_token",
    "set_member_active",
    "set_password",
    "set_permission_sets",
    "sign_in",
    "use_link",
]
