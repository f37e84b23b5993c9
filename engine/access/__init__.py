"""Who may see and do what: object rights, field masks and the row policy of one caller.

Pure: from permission sets and a model to bit masks and a tree. The store lowers the tree to one SQL
predicate; `explain` turns the same tree into the reason. Nothing else decides about access.
"""

from engine.access.effective import ADMINISTRATOR, Access, ObjectAccess, effective
from engine.access.policy import AnyOf, Everything, Nothing, OwnedBy, RowPolicy, Through

__all__ = [
    "ADMINISTRATOR",
    "Access",
    "AnyOf",
    "Everything",
    "Nothing",
    "ObjectAccess",
    "OwnedBy",
    "RowPolicy",
    "Through",
    "effective",
]
