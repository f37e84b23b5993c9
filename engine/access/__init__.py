"""Who may see and do what: object rights, field masks and the row policy of one caller.

Pure: from permission sets and a model to bit masks and a tree. The store lowers the tree to one SQL
predicate; `explain` turns the same tree into the reason. Nothing else decides about access.
"""

from engine.access.difference import AccessChange, access_changes
from engine.access.effective import ADMINISTRATOR, Access, ObjectAccess, effective
from engine.access.policy import (
    AnyOf,
    ByHand,
    Everything,
    InQueues,
    Nothing,
    OwnedBelow,
    OwnedBy,
    RowPolicy,
    Ruled,
    Through,
    leaves,
    reasons,
)
from engine.access.standing import Standing, standing

__all__ = [
    "ADMINISTRATOR",
    "Access",
    "AccessChange",
    "AnyOf",
    "ByHand",
    "Everything",
    "InQueues",
    "Nothing",
    "ObjectAccess",
    "OwnedBelow",
    "OwnedBy",
    "RowPolicy",
    "Ruled",
    "Standing",
    "Through",
    "access_changes",
    "effective",
    "leaves",
    "reasons",
    "standing",
]
