"""Decisions about conflicts: which side stands, as typed on a command line or kept in a sandbox.

`COMPONENT/PROPERTY=target|incoming`; without a property all conflicts of the component, and `*`
matches anything. A kept decision belongs to the three values it was made for: when one of them is
another, the question is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from deploy_tool.exits import UsageWrong
from deploy_tool.plans.plan import PlannedConflict
from engine.diff import INCOMING, TARGET, Conflict
from engine.names import ComponentKey, did_you_mean
from engine.source import digest_of
from engine.store.platform.values import load_settings, put_setting
from engine.store.tx import Tx

SIDES = (TARGET, INCOMING)
_SETTING = "decision."  # of a sandbox, by what was decided


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Which side stands: `typed` by pattern, the later wins; `kept` by the digest of a conflict.

    `usual` are patterns of a change set: they give way to what is typed, and may match nothing.
    """

    typed: tuple[tuple[str, str], ...] = ()
    usual: tuple[tuple[str, str], ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict)

    def side(self, conflict: Conflict) -> str:
        """Give the side chosen for a conflict, "" where nobody has decided."""
        for pattern, side in reversed((*self.usual, *self.typed)):
            if _matches(pattern, conflict.component, conflict.property):
                return side
        return self.kept.get(mark_of(conflict), "")

    def ensure_all_used(self, decided: Iterable[Conflict]) -> None:
        """Refuse what decides nothing. Raises: UsageWrong U106."""
        known = list(decided)
        for pattern, _ in self.typed:
            if not any(_matches(pattern, c.component, c.property) for c in known):
                names = [_name(c.component, c.property) for c in known]
                hint = did_you_mean(pattern, names) or "patron plan names the conflicts"
                message = f'There is no conflict "{pattern}" to decide.'
                raise UsageWrong(message=message, code="U106", hint=hint)


NO_DECISIONS = Decisions()


def read_decisions(texts: Iterable[str]) -> Decisions:
    """Read `COMPONENT/PROPERTY=target|incoming` as typed. Raises: UsageWrong U106."""
    typed = []
    for text in texts:
        what, sign, side = text.rpartition("=")
        if not sign or not what or side not in SIDES:
            hint = "--resolve field:deal.amount/label=incoming, or =target"
            raise UsageWrong(message=f'"{text}" decides nothing.', code="U106", hint=hint)
        typed.append((what, side))
    return Decisions(typed=tuple(typed))


def mark_of(conflict: Conflict | PlannedConflict) -> str:
    """Stand for a conflict with its three values."""
    sides = (conflict.base, conflict.target, conflict.incoming)
    values = [list(side) if isinstance(side, tuple) else side for side in sides]
    return str(digest_of({"of": [conflict.component, conflict.property], "values": values}))


def load_decisions(tx: Tx) -> Decisions:
    """Give the decisions that were made in a sandbox. One statement."""
    settings = load_settings(tx).items()
    kept = {n.removeprefix(_SETTING): str(v) for n, v in settings if n.startswith(_SETTING)}
    return Decisions(kept=kept)


def keep_decision(tx: Tx, mark: str, side: str) -> None:
    """Keep a decision in the sandbox whose change it is about; `side` "" takes it back."""
    put_setting(tx, f"{_SETTING}{mark}", side)


def _matches(pattern: str, component: ComponentKey, path: str) -> bool:
    what, sign, wanted = pattern.partition("/")
    return fnmatchcase(component, what) and (not sign or fnmatchcase(path, wanted))


def _name(component: ComponentKey, path: str) -> str:
    return f"{component}/{path}" if path else str(component)
