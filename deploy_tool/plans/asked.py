"""A plan that somebody asks for from afar: of files they send, or of an environment they name.

Separate from `proposing`, which reads directories of this machine: nothing that comes over the wire
is ever taken for a path here. Who may ask is decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deploy_tool.installation import Installation
from deploy_tool.plans.change_sets import with_sets
from deploy_tool.plans.deciding import read_decisions
from deploy_tool.plans.planning import Incoming, Planned, Wishes
from deploy_tool.plans.proposing import incoming_tree, plan_incoming, read_incoming
from deploy_tool.plans.treatments import read_sent_treatment
from deploy_tool.sources.places import VERSION, EnvironmentPlace
from deploy_tool.sources.sent_trees import read_sent
from engine.names import EnvironmentName


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is wanted. `files` None: `source` is an environment, or a version of it.

    With files, `source` is only how their sender calls them, and `base` the version of the target
    ("production@12") that they were last the same as; "" where nobody noted it.
    """

    target: EnvironmentName
    source: str
    files: Mapping[str, object] | None
    base: str
    patterns: tuple[str, ...]
    treatments: Mapping[str, str]
    without: tuple[str, ...] = ()
    resolve: tuple[str, ...] = ()
    git_revision: str = ""

    @property
    def source_environment(self) -> str:
        """The environment that the source names."""
        found = VERSION.match(self.source)
        return self.source if found is None else found["name"]


def plan_asked(installation: Installation, asked: Asked) -> Planned:
    """Plan it, with whoever acts as the author.

    Raises: UsageWrong U100, U105, U106; MetadataInvalid M100 and D160; NotFound N102.
    """
    target = installation.environment(asked.target)
    wishes = Wishes(
        author=installation.actor,
        treatments={key: read_sent_treatment(text) for key, text in asked.treatments.items()},
        patterns=asked.patterns,
        without=asked.without,
        decisions=read_decisions(asked.resolve),
    )
    source = None if asked.files is not None else asked.source_environment
    here = None if source is None else installation.environment(source)
    return plan_incoming(
        target,
        _incoming(installation, asked),
        with_sets(here, wishes),
        noted=_noted(asked),
        git_revision=asked.git_revision if asked.files is not None else "",
    )


def _incoming(installation: Installation, asked: Asked) -> Incoming:
    if asked.files is None:
        place = _place(installation, asked)
        return read_incoming(installation, place, asked.source, asked.target)
    return incoming_tree(read_sent(asked.files, asked.source), asked.source)


def _place(installation: Installation, asked: Asked) -> EnvironmentPlace:
    name = installation.known(asked.source_environment)
    found = VERSION.match(asked.source)
    return EnvironmentPlace(name=name, version=int(found["number"]) if found else None)


def _noted(asked: Asked) -> int | None:
    """Give the version of the target that the files were last the same as."""
    found = VERSION.match(asked.base)
    if asked.files is None or found is None or found["name"] != asked.target:
        return None
    return int(found["number"])
