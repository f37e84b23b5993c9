"""The policy of an environment: what a change of it needs. Kept in the environment, read by all.

`direct_edit` (yes, with_reason, no), `approvals` (how many others), `validation` (required or not),
`freeze` (nothing is deployed), `windows` (when deployments are taken), `retention.retired` and
`retention.bin` (days).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from deploy_tool.exits import Exit, UsageWrong
from deploy_tool.plans.plan import Plan
from deploy_tool.plans.windows import DAYS, FORM, is_open, opens_next, read_windows
from engine.errors import DeploymentFailed
from engine.names import did_you_mean
from engine.store.platform.evidence import APPROVED, VALIDATED, load_evidence
from engine.store.platform.values import load_settings, put_setting
from engine.store.tx import Tx

PREFIX = "policy."
DIRECT, BACK = "ui", "rollback"  # sources: an edit in the designer, going back
DIRECT_EDITS = ("yes", "with_reason", "no")
_MOST_APPROVALS, _MOST_DAYS = 9, 3650
_YES, _NO = frozenset({"yes", "true", "on"}), frozenset({"no", "false", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What a change needs. A fresh environment asks for nothing but a reason for direct edits."""

    direct_edit: str = "with_reason"
    approvals: int = 0
    validation: bool = False
    freeze: bool = False
    windows: str = ""  # hours of the week, as `windows` reads them; "" is always
    retention_retired: int = 30  # days that retired components are kept
    retention_bin: int = 30  # days that deleted records are kept

    def as_json(self) -> dict[str, object]:
        """Give the policy by the names that people set it by."""
        return {_shown(field.name): getattr(self, field.name) for field in fields(self)}


def load_policy(tx: Tx) -> Policy:
    """Read the policy; what nobody set is as in a fresh environment."""
    settings = load_settings(tx)
    known = {field.name for field in fields(Policy)}
    found = {
        name.removeprefix(PREFIX): value
        for name, value in settings.items()
        if name.removeprefix(PREFIX) in known and name.startswith(PREFIX)
    }
    return replace(Policy(), **{name: _read(name, str(value)) for name, value in found.items()})  # type: ignore[arg-type]  # by name, in their types


def set_policy(tx: Tx, changes: Iterable[str]) -> Policy:
    """Set `KEY=VALUE …`, all or none. Raises: UsageWrong U100 for any that makes no sense."""
    wanted = dict(_pair(text) for text in changes)
    for name, value in wanted.items():
        put_setting(tx, f"{PREFIX}{name}", value)
    return load_policy(tx)


def ensure_allowed(tx: Tx, plan: Plan, source: str, *, now: datetime, zone: ZoneInfo) -> None:
    """Refuse a plan that the policy does not let through, inside the switch.

    A direct edit (`source` is ui) asks for nobody's approval; the policy allows it or not. Windows
    hold up neither it nor going back.
    Raises: DeploymentFailed D112 (exit 6) in a freeze, outside the windows, and for a direct edit
    that is not allowed; D111 (exit 5) while an approval or the validation is missing.
    """
    policy = load_policy(tx)
    if policy.freeze:
        raise _refused(plan, f"{plan.environment} is frozen; nothing is deployed to it.", "D112")
    if source == DIRECT:
        if policy.direct_edit == "no":
            message = f"{plan.environment} is not edited directly: edit a sandbox and promote it."
            raise _refused(plan, message, "D112")
        return
    if source != BACK and not is_open(policy.windows, now, zone):
        raise _outside(plan, policy.windows, now, zone)
    known = load_evidence(tx, plan.digest)
    approved = {e.actor for e in known if e.kind == APPROVED} - {plan.author}
    missing = policy.approvals - len(approved)
    if missing > 0:
        what = "1 approval is" if missing == 1 else f"{missing} approvals are"
        message = f"{what} missing: somebody other than {plan.author} has to approve the plan."
        raise _refused(plan, message, "D111", hint="patron approve PLAN --as EMAIL")
    if policy.validation and not any(e.kind == VALIDATED for e in known):
        message = f"{plan.environment} asks for a validated plan, and this one was not."
        raise _refused(plan, message, "D111", hint="patron validate PLAN")


def _outside(plan: Plan, windows: str, now: datetime, zone: ZoneInfo) -> DeploymentFailed:
    there, next_one = now.astimezone(zone), opens_next(windows, now, zone)
    message = (
        f"{plan.environment} takes deployments {windows} ({zone.key}) only, and it is"
        f" {_moment(there)} there."
    )
    return _refused(plan, message, "D112", hint=f"the next window opens {_moment(next_one)}")


def _moment(moment: datetime) -> str:
    return f"{DAYS[moment.weekday()]} {moment:%Y-%m-%d %H:%M}"


def _refused(plan: Plan, message: str, code: str, hint: str = "") -> DeploymentFailed:
    exit_code = Exit.NOT_ALLOWED if code == "D112" else Exit.CONSENT_MISSING
    return DeploymentFailed(
        message=f"{message} Nothing was changed.",
        code=code,
        step="verify",
        exit_code=exit_code,
        status=403,
        hint=hint or f"patron env policy {plan.environment}",
    )


def _pair(text: str) -> tuple[str, object]:
    shown, sign, value = text.partition("=")
    names = {_shown(field.name): field.name for field in fields(Policy)}
    if not sign or shown not in names:
        hint = did_you_mean(shown, names) or ", ".join(names)
        raise UsageWrong(message=f'"{text}" is no setting of a policy.', hint=hint)
    return names[shown], _read(names[shown], value)


def _read(name: str, value: str) -> object:
    """Read a value of a setting. Raises: UsageWrong U100."""
    lower = value.strip().lower()
    if name == "direct_edit" and lower in DIRECT_EDITS:
        return lower
    if name in {"validation", "freeze"} and lower in _YES | _NO:
        return lower in _YES
    if name == "windows" and _are_windows(lower):
        return " ".join(lower.split())
    most = _MOST_APPROVALS if name == "approvals" else _MOST_DAYS
    digits = lower.removesuffix("days").strip()
    is_number = name in {"approvals", "retention_retired", "retention_bin"} and digits.isdecimal()
    if is_number and int(digits) <= most:
        return int(digits)
    possible: Mapping[str, str] = {
        "direct_edit": "yes, with_reason or no",
        "validation": "yes or no",
        "freeze": "yes or no",
        "windows": f"days and hours as in {FORM}; nothing for always",
        "approvals": f"a number up to {_MOST_APPROVALS}",
    }
    hint = possible.get(name, f"days, up to {_MOST_DAYS}")
    raise UsageWrong(message=f'"{value}" is no value of {_shown(name)}.', hint=hint)


def _are_windows(text: str) -> bool:
    try:
        read_windows(text)
    except ValueError:
        return False
    return True


def _shown(name: str) -> str:
    return name.replace("retention_", "retention.")
