"""Files or stored JSON <-> a tree of components, with line numbers and the authors' comments.

Public: `load_tree`, `tree_from_texts`, `tree_from_stored`, `write_tree`,
`rewrite_texts`, `format_folder`,
`format_text`, `drop_akas`, `SourceTree`, `SourceDoc`, `canonical`, `digest_of`, and for processes
that start `stored_tree`. The only room that reads YAML. Imports `engine.model`, `engine.names`,
`engine.errors`.
"""

from engine.source.canonical import canonical, digest_of, tree_digest
from engine.source.formatting import drop_akas, format_folder, format_text
from engine.source.loading import load_tree, tree_from_texts
from engine.source.stored import Contents, StoredDocs, stored_tree, tree_from_stored
from engine.source.tree import SourceDoc, SourceTree, make_tree
from engine.source.writing import in_scope, rewrite_texts, write_tree

__all__ = [
    "Contents",
    "SourceDoc",
    "SourceTree",
    "StoredDocs",
    "canonical",
    "digest_of",
    "drop_akas",
    "format_folder",
    "format_text",
    "in_scope",
    "load_tree",
    "make_tree",
    "rewrite_texts",
    "stored_tree",
    "tree_digest",
    "tree_from_stored",
    "tree_from_texts",
    "write_tree",
]
