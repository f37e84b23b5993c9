"""What a project is called and what it owns: `project` and `scope` of project.yaml.

Separate, because planning deletes only inside a scope and pulling writes only inside it. A scope is
a list of patterns of files.
"""

from __future__ import annotations

from engine.names import ComponentKey
from engine.source import SourceTree, in_scope
from engine.source.placing import address_of

PROJECT = ComponentKey("project:project")


def scope_of(tree: SourceTree) -> tuple[str, ...]:
    """Give the patterns of a tree's project; () means that it owns everything."""
    project = tree.docs.get(PROJECT)
    patterns = project.data.get("scope") if project is not None else None
    return tuple(map(str, patterns)) if isinstance(patterns, list | tuple) else ()


def project_of(tree: SourceTree) -> str:
    """Give the name of a tree's project, by which its deliveries are told from those of others."""
    project = tree.docs.get(PROJECT)
    return str(project.data.get("project", "")) if project is not None else ""


def is_owned(key: ComponentKey, scope: tuple[str, ...]) -> bool:
    """Tell whether a component belongs to a project, by the file in which its kind lies."""
    return not scope or in_scope(address_of(key).sheet.file, scope)
