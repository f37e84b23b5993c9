"""The table of the designer's pages, below /e/<environment>/setup/."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint

from admin import (
    change_sets,
    changes,
    components,
    going_back,
    lists,
    making,
    members,
    objects,
    outbox,
    places,
    refreshing,
    runs,
    undoing,
    why,
)
from admin.platform import install_platform
from engine.snapshots import Environments
from web.assets import add_folder


def make_admin(environments: Environments) -> Blueprint:
    """Make the blueprint of the designer."""
    blueprint = Blueprint("admin", __name__, template_folder="templates")
    add_folder(Path(__file__).parent / "static")
    blueprint.record_once(lambda state: install_platform(state.app, environments))
    rule = blueprint.add_url_rule
    rule("/setup/", "start", lists.show_start)
    rule("/setup/in/<family>", "family", lists.show_family)
    rule("/setup/undo/<int:version>", "undo", undoing.undo, methods=["POST"])
    _add_environments(blueprint)
    _add_automation(blueprint)
    rule("/setup/new/<kind>", "new", components.show_new)
    rule("/setup/new/<kind>", "create", components.create_component, methods=["POST"])
    rule("/setup/<kind>/", "kind", lists.show_kind)
    rule("/setup/object/<name>", "object", objects.show_object)
    member = "/setup/people/<int:user>"
    rule(member, "member", members.show_member)
    rule(f"{member}/second-factor", "factor", members.reset_factor, methods=["POST"])
    one = "/setup/<kind>/<name>"
    rule(one, "component", components.show_component)
    rule(one, "save", components.save_component, methods=["POST"])
    rule(f"{one}/rename", "rename", components.rename_component, methods=["POST"])
    rule(f"{one}/retire", "retire", components.retire_component, methods=["POST"])
    return blueprint


def _add_environments(blueprint: Blueprint) -> None:
    """Name the pages between environments: plans, change sets, sandboxes made and brought up."""
    rule = blueprint.add_url_rule
    rule("/setup/changes", "changes", changes.show_changes)
    rule("/setup/changes", "apply", changes.apply_changes, methods=["POST"])
    rule("/setup/changes/decide", "decide", changes.decide_conflict, methods=["POST"])
    rule("/setup/changes/treat", "treat", changes.treat_change, methods=["POST"])
    rule("/setup/changes/validate", "validate", changes.validate_changes, methods=["POST"])
    rule("/setup/changes/keep", "keep", changes.keep_changes, methods=["POST"])
    rule("/setup/changes/export", "export", changes.export_changes)
    sets = "/setup/change-sets"
    rule(sets, "sets", change_sets.show_sets)
    rule(sets, "keep_set", change_sets.keep_set_here, methods=["POST"])
    rule(f"{sets}/add", "add_to_set", change_sets.add_to_set, methods=["POST"])
    rule(f"{sets}/<name>/drop", "drop_set", change_sets.drop_set_here, methods=["POST"])
    back = "/setup/deployments/<int:deployment>/back"
    rule(back, "going_back", going_back.show_going_back)
    rule(back, "go_back", going_back.go_back, methods=["POST"])
    rule("/setup/reseed", "reseed", making.reseed_here, methods=["POST"])
    rule("/setup/refresh", "refresh", refreshing.show_refresh)
    rule("/setup/refresh", "refreshing", refreshing.refresh_here, methods=["POST"])
    rule("/setup/plans/<digest>", "plan", changes.show_plan)
    rule("/setup/plans/<digest>/approve", "approve", changes.approve_plan_here, methods=["POST"])
    rule("/setup/environments", "environments", places.show_environments)
    rule("/setup/environments", "make", places.create_sandbox, methods=["POST"])
    drop = "/setup/environments/<name>/delete"
    rule(drop, "drop", places.remove_sandbox, methods=["POST"])


def _add_automation(blueprint: Blueprint) -> None:
    """Name the pages of what happens by itself: runs, what goes out, and why."""
    rule = blueprint.add_url_rule
    rule("/setup/runs", "runs", runs.show_runs)
    rule("/setup/runs/<int:run>", "run", runs.show_run)
    rule("/setup/runs/<int:run>/<deed>", "act", runs.act, methods=["POST"])
    rule("/setup/outbox", "outbox", outbox.show_outbox)
    rule("/setup/outbox", "change_outbox", outbox.change_outbox, methods=["POST"])
    rule("/setup/inbox", "inbox", outbox.show_inbox)
    for place in ("outbox", "inbox"):
        rule(f"/setup/{place}/<int:effect>", f"effect_of_{place}", outbox.show_effect)
    rule("/setup/outbox/<int:effect>/mail", "mail", outbox.show_mail)
    rule("/setup/why", "why", why.show_why)
    rule("/setup/why", "switch", why.switch, methods=["POST"])
