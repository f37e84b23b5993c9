"""What an evaluation knows beside the record: the time, the user, the record as it was before.

Built once per request by the unit of work; the same facts go to SQL as parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from types import MappingProxyType

from engine.expr.types import CHECKBOX, LOOKUP, TEXT, ExprType
from engine.model.fields.base import Value
from engine.names import ObjectName

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Mapping[str, Value] = MappingProxyType({})

# What `$user.` may be followed by.
USER_FIELDS: Mapping[str, ExprType] = MappingProxyType(
    {
        "id": ExprType(kind=LOOKUP.kind, targets=(ObjectName("user"),)),
        "name": TEXT,
        "email": TEXT,
        "role": TEXT,
        "manager": ExprType(kind=LOOKUP.kind, targets=(ObjectName("user"),)),
        "active": CHECKBOX,
        "language": TEXT,
        "time_zone": TEXT,
        "delegate": ExprType(kind=LOOKUP.kind, targets=(ObjectName("user"),)),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalContext:
    """The surroundings of an evaluation.

    `now` is aware; `zone` is the acting user's, or the project's in jobs. `prior` holds the record
    as the transaction found it, by dotted path, None on create. `roles` are the user's role and
    those below it, which count as held. `look_up(object, wanted, key, value)` reads one field of
    the record whose `key` is `value`; `rate(currency)` gives the worth of one unit today. Both may
    be missing: VLOOKUP and CURRENCYRATE then fail with that reason.
    """

    now: datetime
    zone: tzinfo
    user: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    env: Mapping[str, Value] = field(default_factory=lambda: _NOTHING)
    prior: Mapping[str, Value] | None = None
    is_new: bool = False
    permissions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    look_up: Callable[[str, str, str, Value], Value] | None = None
    rate: Callable[[str], Decimal | None] | None = None

    @property
    def today(self) -> date:
        """The day it is in the zone of whoever acts."""
        return self.now.astimezone(self.zone).date()

    def sql_params(self) -> dict[str, object]:
        """Give the parameters that lowered expressions may ask for, the same on both databases.

        Their names begin with `ctx_`: ctx_today (text YYYY-MM-DD), ctx_now (milliseconds since
        1970), ctx_zone, ctx_permissions and ctx_roles (";a;b;"), ctx_user_NAME and ctx_env_NAME.
        """
        return {
            "ctx_now": (self.now - _EPOCH) // timedelta(milliseconds=1),
            "ctx_today": self.today.isoformat(),
            "ctx_zone": zone_name(self.zone),
            "ctx_permissions": f";{';'.join(sorted(self.permissions))};",
            "ctx_roles": f";{';'.join(sorted(self.roles))};",
            **{f"ctx_user_{name}": value for name, value in self.user.items()},
            **{f"ctx_env_{name}": value for name, value in self.env.items()},
        }


def zone_name(zone: tzinfo) -> str:
    """Give the name that both databases know a zone by; zones without a name are UTC."""
    return str(getattr(zone, "key", "UTC"))
