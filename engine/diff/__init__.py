"""What changes between two configurations: operations with a class, a reason and an inverse.

`diff_trees(before, after)` gives operations in the order in which they can be applied;
`apply_operations(data, operations)` carries them out on plain component data;
`merge_components(base, target, incoming)` is the three-way merge. Nothing here reads a
file, a database or a clock. Imports: `source` (trees), `model` (kinds), `names`.
"""

from engine.diff.applying import apply_operations
from engine.diff.compare import diff_trees
from engine.diff.facets import PropertyChange, named_items, property_changes
from engine.diff.merge import INCOMING, TARGET, Conflict, Decide, Merge, merge_components
from engine.diff.operations import Add, Change, Operation, Rename, Restore, Retire
from engine.diff.risk import Risk

__all__ = [
    "INCOMING",
    "TARGET",
    "Add",
    "Change",
    "Conflict",
    "Decide",
    "Merge",
    "Operation",
    "PropertyChange",
    "Rename",
    "Restore",
    "Retire",
    "Risk",
    "apply_operations",
    "diff_trees",
    "merge_components",
    "named_items",
    "property_changes",
]
