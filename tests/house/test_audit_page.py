"""The page about the audit names everything that leaves a line in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.repository import ROOT, parsed, sources

PAGE = ROOT / "docs/how-to/verify-the-audit.md"
ACTION = re.compile(r"[a-z_]+\.[a-z_]+|export|deploy|purge|sign_in|backup|import")
ROOMS = ("engine/people", "engine/saving", "engine/delivery", "deploy_tool", "sandbox", "ui", "web")


def noted(tree: ast.AST) -> Iterator[str]:
    """Give the actions that a module notes: in calls of `note`, and where it names an `action`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "action":
            yield from _texts(node.value)
        if isinstance(node, ast.Call):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called.strip("_") == "note":
                named = [one.value for one in node.keywords if one.arg == "action"]
                for argument in (*node.args, *named):
                    yield from _texts(argument)


def _texts(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        text = one.value if isinstance(one, ast.Constant) else None
        if isinstance(text, str) and ACTION.fullmatch(text):
            yield text


def test_every_action_is_on_the_page() -> None:
    """A new line of the audit is told to whoever looks for it, and the page tells of no other."""
    found = {
        action
        for path in sources()
        if str(path.relative_to(ROOT)).startswith(ROOMS)
        for action in noted(parsed(path))
    }
    found |= {f"approval.{answer}" for answer in ("approved", "rejected", "recalled")}  # composed
    told = set(re.findall(r"`([a-z_.]+)`", PAGE.read_text().partition("| action")[2]))

    assert {action for action in found if action not in told} == set()
    assert {action for action in told if "." in action} - found == set()
