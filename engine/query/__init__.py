"""From a request, a model and somebody's rights to a read plan. Pure: no SQL, no I/O.

A plan names objects, lookups and expressions; the store lowers it once and keeps the statement
under the plan itself, which is a value.
"""

from engine.query.columns import Computed, Fetch, Hop
from engine.query.plan import AggregatePlan, Order, ReadPlan
from engine.query.planner import ListRequest, Planner

__all__ = [
    "AggregatePlan",
    "Computed",
    "Fetch",
    "Hop",
    "ListRequest",
    "Order",
    "Planner",
    "ReadPlan",
]
